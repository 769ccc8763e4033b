# SPDX-License-Identifier: Apache-2.0
"""A replay of what a running gateway wrote tells what that gateway told.

The telemetry is taken as it left, over MQTT (JSON rows) and as InfluxDB gets it (line protocol), and as CSV made from
the rows. Compared are all alarm and lead records in their order for each check: class, finding, asset, subject, state,
case, priority and the applied delay; and their times, `recorded` and `observed`, to within NEAR_S. Not
compared: ids, sequence and signature (the chain is another one), raw registers and links (telemetry has none).
"""
import datetime
import http.server
import json
import re
import subprocess
import threading

import stories
from harness import BUILD, Rig, run, until

NEAR_S = 3.0  # 0.1 on an idle machine; a busy gateway decides later than its data would let it


def sink(path):
    """An InfluxDB that takes everything, and keeps it in a file. Returns its port."""
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with open(path, "ab") as f:
                f.write(body)
            self.send_response(204)
            self.end_headers()

        def do_GET(self):
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def told(records):
    """{check: [(what, recorded, observed)]}"""
    out = {}
    for r in records:
        key = (r["asset"]["id"], r["finding"], r["subject"])
        what = (r["class"], r["state"], r["case"], r["priority"], r["condition"]["delay_ms"], r["title"]["zh"])
        times = tuple(datetime.datetime.fromisoformat(r["time"][t]).timestamp() for t in ("recorded", "observed"))
        out.setdefault(key, []).append((what, times))
    return out


def compare(name, live, replayed):
    assert set(live) == set(replayed), f"{name}: {set(live) ^ set(replayed)}"
    worst = 0.0
    for key, records in live.items():
        assert [w for w, _ in records] == [w for w, _ in replayed[key]], (name, key, records, replayed[key])
        for (_, a), (_, b) in zip(records, replayed[key]):
            worst = max([worst] + [abs(x - y) for x, y in zip(a, b)])
    assert worst <= NEAR_S, f"{name}: {worst} s apart"
    print(f"{name}: {sum(map(len, live.values()))} records, at most {worst:.3f} s apart")


def replay(rig, data, *options):
    done = subprocess.run([str(BUILD / "bin/nonsited"), "--replay", str(rig.dir / "site.json"), "--data", str(data),
                           "--json", *options], capture_output=True, text=True)
    assert done.returncode == 0, (done.returncode, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def csv(rows):
    """The rows as CSV with one value a line."""
    yield "time,point,value,quality"
    for row in rows:
        for point, p in row["points"].items():
            yield f'{row["t"]},{point},{p.get("v", "")},{p["q"]}'


def main():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        lines = rig.dir / "data.lp"
        port = sink(lines)
        plant, ports = rig.plant(stories.scenario(), stdin=True)
        site = stories.site(ports)
        rig.site(**site)
        doc = json.loads((rig.dir / "site.json").read_text())
        doc["publish"]["influx"] = {"enabled": True, "url": f"http://127.0.0.1:{port}", "version": 1, "db": "plant", "gzip": False,
                                    "batch_s": 1}
        (rig.dir / "site.json").write_text(json.dumps(doc, ensure_ascii=False), encoding="utf-8")
        gateway = rig.gateway(rig.dir / "site.json")

        def count(code, state, n=1):
            until(f"{code} {state}", 40, lambda: len([r for r in rig.records("lead", "alarm")
                                                      if r["finding"] == code and r["state"] == state]) >= n)
            # What is decided between two passes is in the telemetry only if the next pass says the same.
            before = len(rig.wires("telemetry"))
            until("four more passes over each", 20, lambda: len(rig.wires("telemetry")) >= before + 16)

        # A story with every kind of condition: absent, failed, shielded, tripped, not interlocked, silent.
        count("CW-ABS-02", "raised")
        rig.tell(plant, {"device": "gas", "set": {"p2_sensor_fault": True}})
        count("GAS-FLT-01", "raised")
        rig.tell(plant, {"device": "gas", "set": {"p2_sensor_fault": False, "p1_shielded": True}})
        count("GAS-BYP-01", "raised")
        rig.tell(plant, {"device": "gas", "set": {"p1_shielded": False}})
        rig.tell(plant, {"device": "gas", "set": {"linkage_broken": True, "p1": 62.0}})
        count("GAS-TRP-01", "raised")
        rig.tell(plant, {"device": "gas", "set": {"p1": 3.0}})
        count("GAS-EV-LOW", "returned")
        rig.tell(plant, {"device": "pt", "set": {"t1": 58.21}})
        count("CW-ILK-01", "raised")
        count("CW-TRP-01", "raised")
        rig.tell(plant, {"device": "flow_in", "set": {"empty_pipe": True}})
        count("CW-FLT-01", "raised")
        rig.tell(plant, {"device": "flow_in", "set": {"empty_pipe": False}})
        rig.tell(plant, {"device": "pt", "set": {"t1": 42.0}})
        count("CW-EV-TOUT-HH", "returned")
        rig.tell(plant, {"device": "flow_in", "set": {"flow": 12.0}})
        count("CW-EV-LOWQ", "raised")
        rig.tell(plant, {"device": "pt", "fault": "silence"})
        count("CW-FLT-01", "raised", 2)

        # A clean end: what was decided and what was measured has left.
        rows_before = len(rig.wires("telemetry"))
        until("more telemetry", 20, lambda: len(rig.wires("telemetry")) > rows_before + 20)
        mark_ms = max(json.loads(w)["t"] for w in rig.wires("telemetry"))
        until("all lines", 30, lambda: lines.exists() and max(
            [int(n) for n in re.findall(r" (\d{13})\n", lines.read_text())] + [0]) >= mark_ms)
        gateway.terminate()
        assert gateway.wait(30) == 0
        until("offline", 20, lambda: rig.document("status")["state"] == "offline")
        rows = [json.loads(w) for w in rig.wires("telemetry")]
        live = told(rig.records("lead", "alarm"))
        jsonl = rig.dir / "data.jsonl"
        jsonl.write_text("".join(w + "\n" for w in rig.wires("telemetry")), encoding="utf-8")
        table = rig.dir / "data.csv"
        table.write_text("\n".join(csv(rows)) + "\n", encoding="utf-8")
        for data in (jsonl, table, lines):
            records, said = replay(rig, data)
            compare(data.name, live, told(records))
        # The same twice, byte by byte; and with other limits, others.
        assert replay(rig, jsonl)[0] == replay(rig, jsonl)[0]
        other, _ = replay(rig, jsonl, "--override", "if-1:CW-EV-TOUT-HH:high=59")
        assert "CW-EV-TOUT-HH" in {r["finding"] for r in replay(rig, jsonl)[0]}
        assert "CW-EV-TOUT-HH" not in {r["finding"] for r in other}


run(main)
