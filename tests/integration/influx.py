# SPDX-License-Identifier: Apache-2.0
"""Telemetry in a real InfluxDB: over outages, restarts and partial-write errors, exactly the accepted points.

The truth is what arrived over MQTT: both are fed from the same rows. The field t1 is a string in the
database before the gateway comes, so that it refuses every line of the device pt, and stores those beside it.
"""
import json
import time

import stories
from harness import Rig, kill, run, until
from influxd import Influx

TAGS = {"车间": "东 跨,1=2", "path": "C:\\plant", "note": "say \"hi\""}


def stamps(rig):
    """{device: {t: points}} of what came over MQTT."""
    rows = {}
    for wire in rig.wires("telemetry"):
        row = json.loads(wire)
        rows.setdefault(row["device"], {})[row["t"]] = row["points"]
    return rows


def written(influx, device):
    return {r["time"]: r for r in influx.query(f"select * from nonsite where device = '{device}' and gateway = 'gw-test'")}


def health(rig):
    doc = rig.document("health")
    return doc and doc.get("influx")


def same_value(point, field):
    """Is the field what the row says?"""
    if "v" not in point:
        return field is None
    v = point["v"]
    if v in ("true", "false"):
        return field == (v == "true") and isinstance(field, int)
    if v[0] in "-0123456789":
        return field == float(v)
    return isinstance(field, int)


def compare(rig, influx, until_ms, killed_ms=0):
    """Both have the same passes up to that time, with the same values and qualities. Of the second before a kill one of
    them may lack some: what was delivered to the other was not on the disk yet."""
    total = 0
    for device, rows in stamps(rig).items():
        want = {t: p for t, p in rows.items() if t <= until_ms}
        got = {t: r for t, r in written(influx, device).items() if t <= until_ms}
        if device == "pt":
            assert not got, f"{len(got)} lines of pt were stored"
            continue
        differ = sorted(t for t in set(got) ^ set(want) if not killed_ms - 1500 <= t <= killed_ms)
        assert not differ, (device, len(got), len(want), differ[:5])
        total += len(got)
        for t, points in want.items():
            if t not in got:
                continue
            for name, point in points.items():
                field = name.split(".", 1)[1]
                assert got[t][field + "_q"] == point["q"], (device, t, name)
                assert same_value(point, got[t].get(field)), (device, t, name, point, got[t].get(field))
    return total


def counted(rig):
    """Every line of pt that the gateway was rid of is counted, and no other is: (rejected, of how many)."""
    n = len(rig.wires("health"))
    before = len(stamps(rig)["pt"])
    until("a later health message", 30, lambda: len(rig.wires("health")) > n + 1)
    h, after = health(rig), len(stamps(rig)["pt"])
    assert before - 30 <= h["rejected"] <= after, (before, h, after)  # 30: what waits for its batch
    return h


def settled(rig, influx, mark_ms):
    """Everything up to mark_ms has arrived on both ways."""
    rows = stamps(rig)
    h = health(rig)
    if not h or h["fault"] or any(max(r) <= mark_ms for r in rows.values()):
        return False
    return all(max(written(influx, d), default=0) > mark_ms for d in rows if d != "pt")


def main():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        influx = Influx(rig)
        influx.start()
        influx.query("create database plant", "POST")
        now = int(time.time() * 1000)
        assert influx.write(f'nonsite,device=seed t1="text" {now}\n') == 204
        assert influx.write(f"nonsite,device=seed t1=1 {now + 1}\n") == 400, "the conflict is a real one"
        kill(influx.process)

        plant, ports = rig.plant(stories.scenario(), stdin=True)
        site = rig.site(**stories.site(ports), publish={
            "influx": {"enabled": True, "url": influx.url, "version": 1, "db": "plant",
                       "batch_s": 1, "batch_lines": 100, "tags": TAGS}})
        gateway = rig.gateway(site)
        # The database is away when the gateway comes.
        until("a fault in health", 30, lambda: (health(rig) or {}).get("fault"))
        until("50 passes", 30, lambda: sum(map(len, stamps(rig).values())) > 50)
        assert not health(rig)["connected"] and health(rig)["sent"] == 0, health(rig)
        influx.start()
        until("what waited", 90, lambda: settled(rig, influx, int(time.time() * 1000) - 3000))
        n = compare(rig, influx, int(time.time() * 1000) - 5000)
        h = counted(rig)
        assert h["connected"] and h["rejected"] > 0 and h["held"] == 0, h
        assert [r["device"] for r in h["rejects"]] == ["pt"], h
        assert "field type conflict" in h["rejects"][0]["text"], h
        assert h["posts"] <= 9 * h["rejected"] + 60, h  # 7 to find one in 100, one for the rest behind it
        print(f"after the first outage: {n} passes stored, {h['rejected']} rejected, {h['posts']} posts")

        # The database is killed under load, then the gateway, too; bad values on the way.
        rig.tell(plant, {"device": "gas", "set": {"p2_sensor_fault": True}})
        rig.tell(plant, {"device": "flow_in", "fault": "silence"})
        kill(influx.process)
        until("a fault in health", 30, lambda: health(rig)["fault"])
        kill(gateway)
        killed_ms = int(time.time() * 1000)
        gateway = rig.gateway(site, "gateway2")
        rig.tell(plant, {"device": "flow_in", "clear": True})
        start = time.monotonic()
        until("some seconds of backlog", 30, lambda: time.monotonic() > start + 6)
        influx.start()
        mark = int(time.time() * 1000)
        until("what waited", 120, lambda: settled(rig, influx, mark))
        n = compare(rig, influx, mark, killed_ms)
        h = health(rig)
        assert h["connected"] and h["rejected"] > 0, h
        print(f"after the second: {n} passes stored, {h['rejected']} rejected, {h['posts']} posts")

        # Tags come back as they were given.
        row = influx.query("select * from nonsite where device = 'gas' limit 1")[0]
        assert {k: row[k] for k in TAGS} == TAGS, row
        assert row["county"] == "371311" and row["enterprise"] == "91371311MAXX00015G", row
        assert row["p1"] == 3.0 and row["p1_q"] == "GOOD" and row["p1_state"] == 1, row

        # A silent end costs no time.
        kill(influx.process)
        start = time.monotonic()
        gateway.terminate()
        assert gateway.wait(20) == 0
        took = time.monotonic() - start
        assert took < 5, f"the end took {took:.1f} s"


run(main)
