# SPDX-License-Identifier: Apache-2.0
"""The local API against a real daemon: every document and its schema, the page, who may tell and what comes of it,
metrics, and clients that mean it ill."""
import contextlib
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

import stories
from harness import ROOT, Rig, free_port, run, until
from local_http import Hostile, Local

PASSWORD = "s&cret 密码"
CLIENTS = 24  # over TCP at a time; GW_HTTP_TCP_CLIENTS
spec = importlib.util.spec_from_file_location("interface", ROOT / "tests/unit/publish/interface.py")
interface = importlib.util.module_from_spec(spec)
spec.loader.exec_module(interface)
interface.SCHEMAS["local"] = json.loads((ROOT / "config/interface/local/local.schema.json").read_text(encoding="utf-8"))


def faults(name, doc):
    return list(interface.faults(interface.SCHEMAS["local"]["$defs"][name], doc, "local"))


def start(rig, timeline=(), **local):
    """A gateway with both doors; returns the process, and a client for each."""
    rig.broker()
    rig.subscribe()
    _, ports = rig.plant(stories.scenario(timeline))
    parts = stories.site(ports)
    (rig.dir / "password").write_text(PASSWORD + "\n", encoding="utf-8")
    port = free_port()
    path = rig.dir / "gw.sock"
    parts["local"] = {"socket": str(path), "http": {"listen": f"127.0.0.1:{port}", "password_file": "password"}, **local}
    gateway = rig.gateway(rig.site(**parts))
    unix, tcp = Local(path), Local(port)
    until("served", 30, lambda: path.exists() and unix.get("/readyz").code == 200)
    until("served over TCP", 30, lambda: str(port) in rig.log())
    return gateway, unix, tcp


def documents(rig):
    """Every document over both ways, against its schema; what they say of a plant with three troubles."""
    _, unix, tcp = start(rig, [{"at_s": 0, "device": "gas", "set": {"p1": 55.0, "p2_sensor_fault": True}}])
    until("leads", 30, lambda: len(unix.doc("/v1/cases")["cases"]) >= 2 and len(unix.doc("/v1/leads")["leads"]) >= 2)
    alarm = next(a for a in unix.doc("/v1/alarms")["alarms"] if a["finding"] == "GAS-EV-LOW")
    names = ["status", "buses", "devices", "points", "assets", "cases", "alarms", "leads", "events", "permits", "orders",
             "shelves"]
    paths = {f"/v1/{n}": n for n in names} | {
        "/v1/trends?point=gas.p1&minutes=5": "trends", f"/v1/evidence?record={alarm['record']}": "evidence",
        f"/v1/evidence?case={alarm['case'].replace('#', '%23')}": "evidence"}
    for path, name in paths.items():
        for way in (unix, tcp):
            assert not faults(name, way.doc(path)), (path, faults(name, way.doc(path)))

    status = tcp.doc("/v1/status")
    assert status["write"] == {"allowed": False, "how": "password"}, status["write"]
    assert unix.doc("/v1/status")["write"] == {"allowed": True, "how": "group"}
    assert tcp.doc("/v1/status", password=PASSWORD)["write"]["allowed"] is True
    assert status["chain"]["seq"] >= 4 and len(status["chain"]["head"]) == 64

    assets = {a["id"]: a for a in unix.doc("/v1/assets")["assets"]}
    def state(asset, point=None, role=None):
        return next(i for i in assets[asset]["instruments"] if (point in i["points"] if point else i["role"] == role))
    assert state("if-1", "pt.t1")["state"] == "present" and assets["if-1"]["mode"] == "run"
    assert state("if-1", "pt.t1")["clauses"] and state("if-1", "pt.t1")["needed"] == "required"
    absent = state("if-1", role="Q_OUT")
    assert absent["state"] == "absent" and absent["demand"] == "CW-ABS-02" and absent["case"], absent
    assert state("paint-1", "gas.p2_state")["state"] == "failed"
    assert state("paint-1", "gas.p2_state")["finding"] == "GAS-FLT-01"
    assert state("paint-1", "gas.p1_state")["state"] == "tripped"
    assert state("paint-1", "gas.p1")["state"] == "tripped" and state("paint-1", "gas.p1")["value"] == "55.0"

    assert alarm["points"] and alarm["advice"]["zh"] and alarm["asset_name"] == "调漆间", alarm
    lead = unix.doc("/v1/leads?limit=1")["leads"]
    assert len(lead) == 1 and lead[0]["seq"] == max(r["seq"] for r in unix.doc("/v1/leads")["leads"]), lead
    trend = until("some history", 10, lambda: (lambda t: len(t["samples"]) > 10 and t)(
        unix.doc("/v1/trends?point=pt.t1")))
    assert trend["unit"] == "degC" and trend["samples"] == sorted(trend["samples"]), trend
    assert {(w["finding"], w["side"]) for w in trend["limits"]} >= {("CW-EV-TOUT-H", "high"), ("CW-EV-TOUT-HH", "high")}
    events = unix.doc("/v1/events")
    assert events["first"] == 1 and [e["n"] for e in events["events"]] == list(range(1, events["last"] + 1))
    assert {"started", "device_up"} <= {e["kind"] for e in events["events"]}
    assert [e["n"] for e in unix.doc(f"/v1/events?from={events['last']}")["events"]] == [events["last"]]

    assert [e["n"] for e in unix.doc("/v1/events?limit=2")["events"]] == [events["last"] - 1, events["last"]]

    # The window of an alarm is pending first, then it is the one that was published.
    path = f"/v1/evidence?record={alarm['record']}"
    first = unix.doc(path)
    assert first["window_state"] in ("pending", "stored") and first["record"]["record"]["id"] == alarm["record"], first
    got = until("the window", 60, lambda: (lambda d: d["window_state"] == "stored" and d)(unix.doc(path)))
    published = until("published", 20, lambda: rig.wires(f"evidence/{alarm['record']}"))
    assert got["window"] == json.loads(published[0])
    mine = next(json.loads(w) for w in rig.wires("alarm") if json.loads(w)["record"]["id"] == alarm["record"])
    assert got["record"] == mine

    health = unix.doc("/v1/health")
    said = until("health", 20, lambda: rig.document("health"))
    assert set(health) == set(said) - {"kid"} and health["class"] == "health"
    for path, code in [("/v1/trends", 404), ("/v1/trends?point=none", 404), ("/v1/trends?point=pt.t1&minutes=0", 400),
                       ("/v1/evidence", 400), ("/v1/evidence?record=x", 400), ("/v1/evidence?case=x%231", 404),
                       ("/v1/evidence?record=0123456789abcdef-1", 404), ("/v1/leads?limit=51", 400),
                       ("/v1/evidence?record=1&case=2", 400), ("/v1/events?from=x", 400), ("/v1/none", 404)]:
        assert unix.get(path).code == code, (path, unix.get(path))


def metrics_faults(text):
    """What is wrong with a page of metrics, strictly by the text format 0.0.4."""
    types, helped, seen, last = {}, set(), set(), None
    name = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
    sample = re.compile(rf'^({name})(?:\{{((?:{name}="(?:[^"\\\n]|\\[\\"n])*",?)*)\}})? (NaN|[+-]Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)$')
    if not text.endswith("\n"):
        yield "no line feed at the end"
    for line in text.rstrip("\n").split("\n"):
        if line.startswith("# HELP "):
            helped.add(line.split(" ", 3)[2])
        elif line.startswith("# TYPE "):
            _, _, of, kind = line.split(" ")
            if of in types or kind not in ("counter", "gauge", "histogram"):
                yield f"type: {line}"
            types[of], last = kind, of
        else:
            m = sample.match(line)
            if not m:
                yield f"no sample: {line}"
                continue
            base = re.sub(r"_(bucket|sum|count)$", "", m[1]) if types.get(m[1]) is None else m[1]
            if base != last or base not in helped:
                yield f"not under its TYPE and HELP: {line}"
            if (types.get(base) == "counter") != base.endswith("_total"):
                yield f"counters end in _total, others do not: {line}"
            if (m[1], m[2]) in seen:
                yield f"twice: {line}"
            seen.add((m[1], m[2]))


def metrics(rig):
    """Metrics, by our own strict reader and by Prometheus' promtool; health checks while the journal fails."""
    _, unix, tcp = start(rig)
    got = unix.get("/metrics?points=1")
    text = got.body.decode()
    assert got.code == 200 and got.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8", got
    assert not list(metrics_faults(text)), list(metrics_faults(text))
    assert list(metrics_faults(text + "x{ 1\n")) and list(metrics_faults(text.replace("# TYPE nonsite_leads ", "# TIPE ")))
    assert 'nonsite_device_up{bus="panel",device="gas"} 1\n' in text and 'point="gas.p1"' in text
    assert 'point="' not in tcp.get("/metrics").body.decode()
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        assert done.returncode == 0 and not done.stdout + done.stderr, done
    else:
        print("promtool is not there")
    assert unix.get("/healthz").body == b"ok\n" and tcp.get("/readyz").code == 200


def page(rig):
    """The page and its headers; addresses that are not ours; a port that is taken."""
    gateway, unix, tcp = start(rig)
    for path in ("/", "/page.css", "/page.js", "/favicon.svg"):
        got = tcp.get(path)
        assert got.code == 200 and got.headers["content-security-policy"].startswith("default-src 'none'; "), got
        assert got.headers["x-content-type-options"] == "nosniff" and got.headers["cache-control"] == "no-cache"
        again = tcp.get(path, headers={"If-None-Match": got.headers["etag"]})
        assert again.code == 304 and not again.body, again
        assert tcp.ask("HEAD", path).headers["content-length"] == str(len(got.body))
    assert tcp.get("/v1/status").headers["cache-control"] == "no-store"
    port = tcp.where
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port + 1}", f"127.0.0.2:{port}"):
        assert tcp.get("/v1/status", headers={"Host": host}).code == 403, host
        assert tcp.get("/", headers={"Host": host}).code == 403, host
    assert tcp.get("/v1/status", headers={"Host": f"localhost:{port}"}).code == 200
    assert tcp.get("/v1/status", headers={"Origin": "http://evil.example"}).code == 403
    assert tcp.get("/v1/status", headers={"Origin": f"http://127.0.0.1:{port}"}).code == 200
    gateway.terminate()
    assert gateway.wait(15) == 0

    # Another program has the port: everything else goes on. Without the section there is no listener.
    site = json.loads((rig.dir / "site.json").read_text(encoding="utf-8"))
    site["local"]["http"]["listen"] = f"127.0.0.1:{rig.broker_port}"
    site["local"]["http"]["page"] = False
    (rig.dir / "site.json").write_text(json.dumps(site), encoding="utf-8")
    second = rig.gateway(rig.dir / "site.json", name="second")
    until("served", 30, lambda: (rig.dir / "gw.sock").exists() and unix.get("/readyz").code == 200)
    assert "no local page" in rig.log("second"), rig.log("second")
    second.terminate()
    assert second.wait(15) == 0


def as_nobody(path, group, *args):
    """curl's answer code for a user who is in that group alone."""
    done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", str(path), *args],
                          capture_output=True, text=True, user=65534, group=65534, extra_groups=[group] if group else [])
    return done.stdout


def telling(rig):
    """Acknowledging, shelving and permits: who may, what it leaves in the chain, what is refused, and a restart."""
    gateway, unix, tcp = start(rig, [{"at_s": 0, "device": "gas", "set": {"p1": 30.0}}], socket_mode="0666",
                               operator_group="games")
    alarm = until("alarm", 30, lambda: [a for a in unix.doc("/v1/alarms")["alarms"] if a["finding"] == "GAS-EV-LOW"])[0]
    ack = {"case": alarm["case"], "role": "值班员", "note": "到场查看"}
    for headers, kw, code in [({"X-Nonsite": None}, {}, 403), ({}, {}, 401), ({}, {"password": "wrong"}, 401),
                              ({"Content-Type": "text/plain"}, {"password": PASSWORD}, 415),
                              ({"Origin": "http://evil.example"}, {"password": PASSWORD}, 403)]:
        got = tcp.post("/v1/ack", ack, headers=headers, **kw)
        assert got.code == code, (headers, kw, got)
    for body, words in [(b"", "no JSON"), ({"case": "x"}, "role"), ({**ack, "by": "me"}, "by is no member"),
                        ({**ack, "case": 7}, "case must be a string")]:
        got = tcp.post("/v1/ack", body, password=PASSWORD)
        assert got.code == 422 and words in got.json()["error"], (body, got)
    assert tcp.post("/v1/ack", b"x" * 5000, password=PASSWORD).code == 413
    assert tcp.post("/v1/status", {}).code == 405 and tcp.get("/v1/ack").code == 405
    assert next(a for a in unix.doc("/v1/alarms")["alarms"] if a["case"] == alarm["case"])["state"] == "unacked"

    got = tcp.post("/v1/ack", ack, password=PASSWORD)
    assert got.code == 200 and not faults("told", got.json()), got
    record = until("its record", 10, lambda: [r for r in rig.records("record") if r["id"] == got.json()["record"]])[0]
    assert (record["class"], record["command"], record["by"], record["who"], record["target"], record["reason"]) == \
        ("command", "ack", "local", "值班员/password", alarm["case"].rsplit("#", 1)[0], "到场查看"), record
    assert next(a for a in unix.doc("/v1/alarms")["alarms"] if a["case"] == alarm["case"])["state"] == "acked"
    again = tcp.post("/v1/ack", ack, password=PASSWORD)
    assert again.code == 409 and not faults("refused", again.json()), again
    assert unix.post("/v1/ack", {**ack, "case": alarm["case"].rsplit("#", 1)[0] + "#99"}).code == 409

    # By user and group, as the kernel says it.
    if os.getuid() == 0:
        import grp
        os.chmod(rig.dir, 0o755)
        post = ["-H", "Content-Type: application/json", "-d", json.dumps({**ack, "case": "none#1"}), "http://localhost/v1/ack"]
        games = grp.getgrnam("games").gr_gid
        assert as_nobody(unix.where, 0, *post) == "403" and as_nobody(unix.where, 0, "http://localhost/v1/status") == "200"
        assert as_nobody(unix.where, games, *post) == "409"

    shelve = {"case": alarm["case"], "minutes": 5, "reason": "检修", "role": "shift"}
    assert unix.post("/v1/shelve", {**shelve, "minutes": 10000}).code == 409
    assert unix.post("/v1/shelve", shelve).code == 200
    until_ms = int(time.time() * 1000) + 3600000
    permit = {"asset": "*", "kind": "maintenance", "until": until_ms, "reason": "检修", "role": "shift", "number": "P-7"}
    assert unix.post("/v1/permit", permit).code == 200 and unix.post("/v1/permit", permit).code == 409
    assert unix.post("/v1/permit", {**permit, "number": "P-8", "until": 5}).code == 409
    shown = next(a for a in unix.doc("/v1/alarms")["alarms"] if a["case"] == alarm["case"])["shelved"]
    assert shown["reason"] == "检修" and shown["who"].startswith("shift/uid "), shown
    gateway.terminate()
    assert gateway.wait(15) == 0

    rig.gateway(rig.dir / "site.json", name="second")
    until("served", 30, lambda: unix.where.exists() and unix.get("/readyz").code == 200)
    for name in ("permits", "shelves"):
        assert not faults(name, unix.doc(f"/v1/{name}")), faults(name, unix.doc(f"/v1/{name}"))
        assert len(unix.doc(f"/v1/{name}")[name]) == 1, unix.doc(f"/v1/{name}")
    assert unix.doc("/v1/permits")["permits"][0]["ref"] == "P-7"
    assert unix.post("/v1/permit_end", {"id": "P-7", "role": "shift"}).code == 200
    assert unix.post("/v1/unshelve", {"case": alarm["case"], "role": "shift"}).code == 200
    assert unix.doc("/v1/permits")["permits"] == [] and unix.doc("/v1/shelves")["shelves"] == []
    until("every command in the chain", 10, lambda: [r["command"] for r in rig.records("record") if r["class"] == "command"]
          == ["ack", "shelve", "permit", "revoke", "unshelve"])
    rig.check_chain(sorted(set(rig.wires("lead", "alarm", "record")), key=lambda w: json.loads(w)["record"]["seq"]))

    # Five wrong passwords close the door, and only that one.
    codes = [tcp.post("/v1/ack", ack, password="wrong").code for _ in range(6)]
    assert codes == [401] * 5 + [429], codes
    late = tcp.post("/v1/ack", ack, password=PASSWORD)
    assert late.code == 429 and 1 <= int(late.headers["retry-after"]) <= 60, late
    assert unix.post("/v1/ack", ack).code == 409 and tcp.get("/v1/status").code == 200


def refused(port, n):
    """How many of n connections that say nothing are told that there is no room."""
    with contextlib.ExitStack() as stack:
        told = 0
        for s in [stack.enter_context(socket.create_connection(("127.0.0.1", port), 5)) for _ in range(n)]:
            s.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                told += b" 503 " in s.recv(4096)
        return told


def ill_meant(rig):
    """60 clients of six bad kinds at both doors: the plant is polled as planned, a good client gets through."""
    gateway, unix, tcp = start(rig)
    assert refused(tcp.where, CLIENTS + 8) == 8
    until("they are gone", 15, lambda: tcp.get("/v1/status").code == 200)

    def polls():
        return {d["id"]: d["polls"] for d in unix.doc("/v1/devices")["devices"]}
    rss = next(int(ln.split()[1]) for ln in open(f"/proc/{gateway.pid}/status", encoding="ascii") if "VmRSS" in ln)
    files = len(os.listdir(f"/proc/{gateway.pid}/fd"))
    before = polls()
    with Hostile([("127.0.0.1", tcp.where)] * 3 + [str(unix.where)], n=60) as crowd:
        end = time.monotonic() + 12
        served = 0
        while time.monotonic() < end:
            try:
                served += unix.get("/v1/status").code == 200
            except OSError:
                pass
            assert len(os.listdir(f"/proc/{gateway.pid}/fd")) <= files + 40
            time.sleep(0.2)
        after = polls()
    print(f"{crowd.counts}, {served} good answers")
    assert served >= 20, (served, crowd.counts)
    for name, p in after.items():
        assert p["failed"] == before[name]["failed"] and p["skipped"] - before[name]["skipped"] <= 1, (name, p, before)
        assert p["scheduled"] - p["read"] - p["failed"] - p["skipped"] in (0, 1), (name, p)
    until("all are gone", 15, lambda: tcp.get("/v1/status").code == 200
          and len(os.listdir(f"/proc/{gateway.pid}/fd")) <= files + 1)
    more = next(int(ln.split()[1]) for ln in open(f"/proc/{gateway.pid}/status", encoding="ascii") if "VmRSS" in ln)
    print(f"{rss} kB before, {more} kB after")
    gateway.terminate()
    assert gateway.wait(15) == 0


def main():
    parts = {p.__name__: p for p in (documents, metrics, page, telling, ill_meant)}
    for name in sys.argv[1:] or parts:
        with Rig() as rig:
            parts[name](rig)
        print("as wanted:", name)


run(main)
