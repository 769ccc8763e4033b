# SPDX-License-Identifier: Apache-2.0
"""nonsitectl and the local API against a real daemon: every verb, slow clients, stale sockets, a failed journal,
a missing library."""
import json
import os
import socket
import stat
import subprocess
import time

import stories
from harness import BUILD, Rig, kill, run, until

VERBS = ("status", "buses", "devices", "points", "cases", "alarms")
CLIENTS = 32  # served at a time
LIFE_S = 10   # of one connection


def sock(rig):
    return rig.dir / "state/control.sock"


def ctl(rig, *args, path=None):
    return subprocess.run([str(BUILD / "bin/nonsitectl"), "-s", str(path or sock(rig)), *args],
                          capture_output=True, text=True, timeout=30)


def ask(rig, *args):
    done = ctl(rig, "--json", *args)
    assert done.returncode in (0, 1), done
    return json.loads(done.stdout)


def healthy(rig):
    return sock(rig).exists() and ctl(rig, "status").returncode == 0


def telemetry(rig):
    """{point: {(t, v, q)}} of all telemetry so far."""
    seen = {}
    for m in rig.wires("telemetry"):
        for name, p in json.loads(m)["points"].items():
            seen.setdefault(name, set()).add((p["t"], p.get("v"), p["q"]))
    return seen


def verbs(rig):
    """Every verb, as a table and as JSON; values agree with telemetry, cases with the cases document."""
    rig.broker()
    rig.subscribe()
    _, ports = rig.plant(stories.scenario([
        {"at_s": 0, "device": "gas", "set": {"p1": 55.0, "p2_sensor_fault": True}}]))
    gateway = rig.gateway(rig.site(**stories.site(ports)))
    until("healthy", 20, lambda: healthy(rig))
    until("lead", 30, lambda: [r for r in rig.records("lead") if r["finding"] == "GAS-FLT-01"])

    status = ask(rig, "status")
    assert status["healthy"] and status["gateway"] == "gw-test" and not status["troubles"], status
    assert status["devices"] == {"down": 0, "ok": 4, "suspect": 0, "unknown": 0}, status
    assert status["journal"]["state"] == "ok" and status["mqtt"]["state"] == "connected", status

    points = ask(rig, "points")["points"]
    assert len(points) == status["points"] and len({p["id"] for p in points}) == len(points)
    until("telemetry has caught up", 10, lambda: all(
        (p["t"], p.get("value"), p["quality"]) in telemetry(rig).get(p["id"], ()) for p in points))
    flow = next(p for p in points if p["id"] == "flow_in.flow")
    assert flow["value"] == "36.75" and flow["raw"] == [0x0000, 0x4213] and flow["unit"] == "m3/h", flow
    assert all(p["age_ms"] < 2000 and p["link"] == "ok" for p in points)
    only = ask(rig, "points", "gas")["points"]
    assert {p["device"] for p in only} == {"gas"} and len(only) < len(points)

    def same():
        said = (rig.document("cases") or {}).get("cases", [])
        here = ask(rig, "cases")["cases"] + ask(rig, "alarms")["alarms"]
        return {(c["case"], c["state"], c["since"]) for c in said} == \
            {(c["case"], c["state"], c["since"]) for c in here} and here
    here = until("cases as published", 20, same)
    fault = next(c for c in here if c["finding"] == "GAS-FLT-01")
    assert fault["title"]["zh"] and fault["kind"] == "FLT" and fault["asset"] == "paint-1", fault
    alarm = next(c for c in here if c["finding"] == "GAS-EV-HIGH")
    assert alarm["priority"] == 1 and alarm["state"] == "unacked", alarm

    for verb in VERBS:
        done = ctl(rig, verb)
        assert done.returncode == 0 and done.stdout and not done.stderr, (verb, done)
    assert fault["title"]["zh"] in ctl(rig, "cases").stdout
    row = next(ln for ln in ctl(rig, "points", "gas").stdout.splitlines() if ln.startswith("gas.p2 "))
    assert row.split()[1] == "-" and "BAD_FAULT" in row, row

    for args, code in [((), 64), (("bogus",), 64), (("status", "gas"), 64), (("points", "a", "b"), 64),
                       (("points", "../x"), 64), (("--nonsense", "status"), 64), (("points", "none"), 2)]:
        assert ctl(rig, *args).returncode == code, (args, ctl(rig, *args))
    away = ctl(rig, "status", path=rig.dir / "none.sock")
    assert away.returncode == 3 and "none.sock" in away.stderr and not away.stdout, away
    assert ctl(rig, "--version").stdout.startswith("nonsitectl ")
    assert "usage" in ctl(rig, "--help").stdout

    assert stat.S_IMODE(sock(rig).stat().st_mode) == 0o660
    gateway.terminate()
    assert gateway.wait(15) == 0 and not sock(rig).exists()
    assert ctl(rig, "status").returncode == 3


def slow_clients(rig):
    """A hundred clients that send a byte now and then: the plant is polled as before, the rest is told so."""
    rig.broker()
    rig.subscribe()
    _, ports = rig.plant(stories.scenario())
    gateway = rig.gateway(rig.site(**stories.site(ports)))
    until("healthy", 20, lambda: healthy(rig))

    def polls():
        devices = [d for d in rig.document("health")["devices"]]
        return {d["id"]: d["polls"] for d in devices}

    def health():
        return len(rig.wires("health"))

    clients, refused, ended = [], 0, 0
    before, at, start = polls(), health(), time.monotonic()
    files = len(os.listdir(f"/proc/{gateway.pid}/fd"))
    for _ in range(100):
        s = socket.socket(socket.AF_UNIX)
        s.connect(str(sock(rig)))  # waits for a place in the queue
        s.setblocking(False)
        clients.append(s)
    busy = until("one more is told", 5, lambda: [d for d in [ctl(rig, "status")] if d.returncode == 2])
    assert "too many clients" in busy[0].stderr, busy
    assert len(os.listdir(f"/proc/{gateway.pid}/fd")) <= files + CLIENTS
    request = b"GET /v1/points HTTP/1.1\r\nHost: " + b"x" * 1000
    sent = 0
    while time.monotonic() - start < LIFE_S + 3 and clients:
        for s in list(clients):
            try:
                s.send(request[sent:sent + 1])
            except OSError:
                pass  # closed; an answer may have come before
            try:
                got = s.recv(4096)
            except BlockingIOError:
                continue
            except OSError:
                got = b""
            refused += b"503" in got
            ended += not got
            clients.remove(s)
            s.close()
        sent += 1
        time.sleep(0.2)
    assert refused >= 100 - CLIENTS, (refused, ended)
    assert not clients, "each connection ends after its time"
    took = time.monotonic() - start
    until("served again", 5, lambda: healthy(rig))
    until("two health documents more", 20, lambda: health() >= at + 2)
    after = polls()
    for name, p in after.items():
        read = p["read"] - before[name]["read"]
        assert p["failed"] == before[name]["failed"] and p["skipped"] - before[name]["skipped"] <= 1, (name, p)
        assert read >= took / 0.2 - 5 / 0.2 - 5, (name, read, took)  # a health document each 5 s
    # A reader that does not read holds its place no longer either.
    deaf = socket.socket(socket.AF_UNIX)
    deaf.connect(str(sock(rig)))
    deaf.sendall(b"GET /v1/points HTTP/1.1\r\nHost: x\r\n\r\n")
    assert ctl(rig, "points").returncode == 0
    deaf.close()


def sockets(rig):
    """A crash's socket is replaced; a living daemon's is not, and a second daemon does not start."""
    rig.broker()
    _, ports = rig.plant(stories.scenario())
    parts = stories.site(ports)
    site = rig.site(**parts)
    first = rig.gateway(site)
    until("served", 20, lambda: sock(rig).exists() and ctl(rig, "status").returncode in (0, 1))
    second = rig.gateway(site, name="second")
    assert second.wait(15) == 71 and "another nonsited serves there" in rig.log("second")
    assert ctl(rig, "status").returncode in (0, 1)
    kill(first)
    assert sock(rig).exists() and ctl(rig, "status").returncode == 3
    third = rig.gateway(site, name="third")
    until("served", 20, lambda: ctl(rig, "status").returncode in (0, 1))
    third.terminate()
    assert third.wait(15) == 0 and not sock(rig).exists()

    # A path of its own; a folder that comes late keeps nobody from watching the plant.
    parts["local"] = {"socket": "late/gw.sock", "socket_mode": "0600"}
    fourth = rig.gateway(rig.site(**parts), name="fourth")
    until("says so", 10, lambda: "no local API" in rig.log("fourth"))
    assert fourth.poll() is None
    (rig.dir / "late").mkdir()
    until("served", 30, lambda: ctl(rig, "status", path=rig.dir / "late/gw.sock").returncode in (0, 1))
    assert stat.S_IMODE((rig.dir / "late/gw.sock").stat().st_mode) == 0o600

    for local, words in [({"socket_mode": "0999"}, "/local/socket_mode"), ({"socket_mode": "0066"}, "0066"),
                         ({"socket": "x" * 120}, "/local/socket"), ({"port": 1}, "/local/port")]:
        parts["local"] = local
        done = subprocess.run([str(BUILD / "bin/nonsited"), "--check", str(rig.site(**parts))],
                              capture_output=True, text=True)
        assert done.returncode == 78 and words in done.stderr, (local, done)


def journal_failed(rig):
    """Status works, and says so, while no journal can be opened."""
    rig.broker()
    state = rig.dir / "state"
    (state / "records.db").mkdir(parents=True)  # no database can be opened or made there
    _, ports = rig.plant(stories.scenario())
    rig.gateway(rig.site(**stories.site(ports)))
    until("degraded", 20, lambda: sock(rig).exists() and ctl(rig, "status").returncode == 1)
    status = until("journal: failed", 20, lambda: (lambda s: s["journal"]["state"] == "failed" and
                                                   s["journal"]["fault"] and s)(ask(rig, "status")))
    assert any(t["part"] == "journal" and "records.db" in t["text"] for t in status["troubles"]), status
    assert "DEGRADED" in ctl(rig, "status").stdout and "failed" in ctl(rig, "status").stdout
    until("polling goes on", 20, lambda: {p["quality"] for p in ask(rig, "points")["points"]} == {"GOOD"})
    cases = ask(rig, "cases")
    assert cases["deciding"] is False and cases["cases"] == []
    assert "journal" in ctl(rig, "cases").stdout
    (state / "records.db").rmdir()
    until("works again", 60, lambda: ask(rig, "status")["journal"]["state"] == "ok")


def device_down(rig):
    """A silent device degrades the gateway, and its points say that they are not to be trusted."""
    rig.broker()
    rig.subscribe()
    plant, ports = rig.plant(stories.scenario())
    rig.gateway(rig.site(**stories.site(ports)))
    until("healthy", 20, lambda: healthy(rig))
    plant.terminate()
    plant.wait()
    status = until("all down", 60, lambda: (lambda s: s["devices"]["down"] == 4 and s)(ask(rig, "status")))
    assert not status["healthy"] and ctl(rig, "status").returncode == 1
    assert any(t["part"] == "devices" for t in status["troubles"]), status
    for p in ask(rig, "points")["points"]:
        assert p["quality"] == "BAD_COMM" and p["link"] == "down" and "value" not in p, p
    devices = ask(rig, "devices")["devices"]
    assert all("refused" in d["fault"] and d["polls"]["failed"] > 0 for d in devices), devices


def library(rig):
    """The HTTP library comes with the first client; while it cannot be loaded, clients and log are told."""
    rig.broker()
    _, ports = rig.plant(stories.scenario())
    broken = rig.dir / "lib/libmicrohttpd.so.12"
    broken.parent.mkdir()
    broken.touch()  # found before the real one, and no library
    gateway = rig.start("gateway", ["/usr/bin/env", f"LD_LIBRARY_PATH={broken.parent}",
                                    BUILD / "bin/nonsited", rig.site(**stories.site(ports))])

    def loaded():
        with open(f"/proc/{gateway.pid}/maps", encoding="utf-8") as f:
            return "libmicrohttpd" in f.read()
    until("a socket", 20, lambda: sock(rig).exists())
    assert not loaded()
    for _ in range(20):
        done = ctl(rig, "status")
        assert done.returncode == 2 and "log of nonsited" in done.stderr, done
    said = [ln for ln in rig.log().splitlines() if "libmicrohttpd.so.12" in ln]
    assert 1 <= len(said) < 4 and "(package libmicrohttpd12)" in said[0], said  # once, then ever more rarely
    broken.unlink()
    until("healthy", 20, lambda: healthy(rig))
    assert loaded() and "the local API works again" in rig.log(), rig.log()
    gateway.terminate()
    assert gateway.wait(15) == 0


def main():
    for part in (library, verbs, slow_clients, sockets, journal_failed, device_down):
        with Rig() as rig:
            part(rig)
        print("as wanted:", part.__name__)


run(main)
