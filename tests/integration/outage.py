# SPDX-License-Identifier: Apache-2.0
"""The broker is gone for a while and the gateway lives on: what was written meanwhile comes marked as historical, records
first, and what happens now does not wait behind it.

The broker that comes back is a slow one (npm's mqtt-packet, each acknowledgement after a while), so that the drain lasts.
Only the order of messages decides, no clock.
"""
import json
import os
import subprocess
import time

import stories
from brokers import Scripted
from harness import BUILD, Rig, kill, run, until

AWAY_S = int(os.environ.get("NONSITE_AWAY_S", 15))


def status(rig):
    done = subprocess.run([str(BUILD / "bin/nonsitectl"), "-s", str(rig.dir / "state/control.sock"), "--json", "status"],
                          capture_output=True, text=True)
    return json.loads(done.stdout) if done.stdout.startswith("{") else None


def word(p):
    return p["topic"].split("/")[3]


def historical(p):
    properties = p.get("properties") or {}
    return (properties.get("userProperties") or {}).get("historical") == "1"


def stamp(p):
    return json.loads(p["payload"])["t"]


def happen(rig, seconds):
    """Alarms and leads for so long."""
    end, high = time.monotonic() + seconds, False
    rig.tell(rig.plant_process, {"device": "gas", "set": {"p2_sensor_fault": True}})
    while time.monotonic() < end:
        high = not high
        rig.tell(rig.plant_process, {"device": "pt", "set": {"t1": 58.0 if high else 42.0}})
        rig.tell(rig.plant_process, {"device": "gas", "set": {"p1": 62.0 if high else 3.0}})
        time.sleep(2)


def check(sent, last):
    """sent: messages since the connection, in the order in which they came; last: number of the newest record."""
    rows = [p for p in sent if word(p) == "telemetry"]
    records = [p for p in sent if word(p) in ("lead", "alarm", "record")]
    old, new = [p for p in rows if historical(p)], [p for p in rows if not historical(p)]
    assert old and new and any(historical(p) for p in records), (len(old), len(new), len(records))
    # Each in its order, and the mark parts them by time.
    for some in (old, new):
        stamps = [stamp(p) for p in some]
        assert stamps == sorted(stamps), "out of order"
    assert stamp(old[-1]) <= stamp(new[0]), (stamp(old[-1]), stamp(new[0]))
    # What happens now comes while the backlog goes out.
    before = [p for p in rows[:rows.index(old[-1])] if not historical(p)]
    assert len(before) >= len(old) // 20 and before, (len(before), len(old))
    # Records first: one message in eight at most is something else until they are out.
    end = max(i for i, p in enumerate(sent) if p in records and historical(p))
    among = [p for p in sent[:end] if word(p) in ("telemetry", "event")]
    waiting = [p for p in sent[:end] if p in records]
    assert len(among) <= len(waiting) // 7 + 1, (len(among), len(waiting))
    assert not any(historical(p) for p in among), "an old row before an old record"
    seqs = {json.loads(p["payload"])["record"]["seq"] for p in records}
    assert last in seqs or max(seqs) >= last, (last, seqs)
    print(f"{len(old)} old rows, {len(new)} new ones ({len(before)} of them before the last old one); "
          f"{len(waiting)} records, {len(among)} rows among them", flush=True)


def main():
    with Rig() as rig:
        peer = Scripted(rig)
        rig.broker_port = peer.port
        rig.plant_process, ports = rig.plant(stories.scenario(), stdin=True)
        gateway = rig.gateway(rig.site(**stories.site(ports), mqtt={"keepalive_s": 5, "window": 5}))
        until("telemetry", 40, lambda: len(peer.published("telemetry")) > 20)
        live = [p for p in peer.published("telemetry")[-5:]]
        assert not any(historical(p) for p in live), "what happens now is not historical"

        kill(peer.process)
        until("away", 20, lambda: (s := status(rig)) and s["mqtt"]["state"] == "away")
        happen(rig, AWAY_S)
        waiting = until("status", 20, lambda: status(rig))["journal"]
        assert waiting["records_waiting"] >= 5 and waiting["telemetry_waiting"] >= 100, waiting
        mark = len(peer.seen)
        peer.start()
        peer.tell(delay=60)
        until("a connection", 120, lambda: peer.packets("connect", mark))
        until("drained", 180, lambda: (s := status(rig)) and s["mqtt"]["state"] == "connected" and
              s["journal"]["records_waiting"] == 0 and s["journal"]["telemetry_waiting"] < 60)
        check(peer.packets("publish", mark), waiting["seq"])
        del gateway


run(main)
