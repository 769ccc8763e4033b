# SPDX-License-Identifier: Apache-2.0
"""What a unit that dies costs its serial line, from the first moment on; a line that goes silent as a whole; and
registers that an instrument refuses. Polls are counted, not timed."""
import json
import time

from harness import Rig, run, until
from spoilt import samples

UNITS = 10
DEAD = 5
PERIOD_MS = 500
WATCH = 60  # polls of each, from the death on
POINT = {"fc": 3, "address": 10, "type": "u16", "decimals": 0}


def by_id(health, what):
    return {d["id"]: d for d in health[what]} if health else {}


def events(rig, *kinds):
    return [(e["kind"], e["subject"]) for e in map(json.loads, rig.wires("event")) if e["kind"] in kinds]


def part(now, then):
    return {k: now["polls"][k] - then["polls"][k] for k in ("scheduled", "read", "failed", "skipped")}


def scenario():
    names = [f"d{u}" for u in range(1, UNITS + 1)]
    return {
        "endpoints": {"line": {"serial": "pty", "baud": 115200, "units": {str(u): f"d{u}" for u in range(1, UNITS + 1)}},
                      "other": {"serial": "pty", "baud": 115200, "units": {"1": "o1"}},
                      "net": {"units": {"1": "tcp"}}},
        "devices": {n: {"kind": "map", "regs": {"10": [7]}} for n in names + ["o1", "tcp"]},
    }


def a_death_is_cheap_from_its_first_moment():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        plant, ports = rig.plant(scenario(), stdin=True)
        serial = {"driver": "modbus-rtu", "baud": 115200, "timeout_ms": PERIOD_MS}
        units = [f"d{u}" for u in range(1, UNITS + 1)]
        rig.gateway(rig.site(
            buses={"line": dict(serial, port=ports["line"]), "other": dict(serial, port=ports["other"]),
                   "net": {"driver": "modbus-tcp", "host": "127.0.0.1", "port": ports["net"]}},
            devices={f"d{u}": {"bus": "line", "unit": u, "period_ms": PERIOD_MS} for u in range(1, UNITS + 1)} |
                    {"o1": {"bus": "other", "period_ms": PERIOD_MS}, "tcp": {"bus": "net", "period_ms": PERIOD_MS}},
            points={f"{n}.x": POINT for n in units + ["o1", "tcp"]}))

        def healthy():
            d = by_id(rig.document("health"), "devices")
            return d if d and all(x["link"] == "ok" and x["polls"]["read"] >= 8 for x in d.values()) else None

        then = until("all well", 60, healthy)
        rig.tell(plant, {"device": f"d{DEAD}", "fault": "silence"})

        def watched():
            d = by_id(rig.document("health"), "devices")
            return d if part(d["tcp"], then["tcp"])["read"] >= WATCH else None

        now = until(f"{WATCH} polls", 120, watched)
        dead = now.pop(f"d{DEAD}")
        assert dead["link"] == "down" and dead["comm"]["timeouts"] >= 3 and dead["comm"]["tries"] >= 3, dead
        share = {}
        for name, d in now.items():
            p = part(d, then[name])
            share[name] = p["read"] / (p["scheduled"] or 1)
            alone = name in ("o1", "tcp")
            assert p["failed"] == 0 and (p["skipped"] == 0 or not alone), (name, p)
            assert p["read"] >= (1 if alone else 0.95) * p["scheduled"] - 1, (name, p)
        print("share of polls read since the death:", {n: round(s, 3) for n, s in share.items()},
              "tries at the dead one:", part(dead, then[f"d{DEAD}"])["failed"])
        assert events(rig, "device_down", "bus_down") == [("device_down", f"d{DEAD}")], events(rig, "device_down")

        # It is back within one probe period, and the whole line: one event each.
        rig.tell(plant, {"device": f"d{DEAD}", "clear": True})
        until("back", dead["comm"]["hold_ms"] / 1000 + 40, lambda: ("device_up", f"d{DEAD}") in events(rig, "device_up")[len(units) + 2:])
        mark = len(events(rig, "device_down", "bus_down"))
        for n in units:
            rig.tell(plant, {"device": n, "fault": "silence"})
        until("bus_down", 60, lambda: ("bus_down", "line") in events(rig, "bus_down"))
        assert by_id(until("told", 10, lambda: by_id(rig.document("health"), "buses")["line"]["link"] == "down"
                           and rig.document("health")), "buses")["other"]["link"] == "ok"
        for n in units:
            rig.tell(plant, {"device": n, "clear": True})
        until("bus_up", 60, lambda: ("bus_up", "line") in events(rig, "bus_up"))
        start = time.monotonic()
        until("all well again", 30, lambda: all(x["link"] == "ok" for x in by_id(rig.document("health"), "devices").values()))
        print(f"after the first answer all {UNITS} answered within {time.monotonic() - start:.1f} s")
        told = events(rig, "device_down", "bus_down")[mark:]
        assert told == [("bus_down", "line")], told
        assert events(rig, "bus_down", "bus_up") == [("bus_down", "line"), ("bus_up", "line")]


def refused_registers_are_read_around():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        plant, ports = rig.plant({
            "endpoints": {"line": {"serial": "pty", "baud": 115200, "units": {"1": "s"}}, "net": {"units": {"1": "t"}}},
            "devices": {n: {"kind": "map", "regs": {"10": [7], "14": [8]}} for n in ("s", "t")},
        }, stdin=True)
        rig.gateway(rig.site(
            buses={"line": {"driver": "modbus-rtu", "port": ports["line"], "baud": 115200},
                   "net": {"driver": "modbus-tcp", "host": "127.0.0.1", "port": ports["net"]}},
            devices={"s": {"bus": "line", "period_ms": 200}, "t": {"bus": "net", "period_ms": 200}},
            points={f"{d}.{n}": dict(POINT, address=a) for d in ("s", "t") for n, a in (("a", 10), ("b", 14), ("c", 16))}))
        until("20 samples", 30, lambda: all(len(samples(rig, 0, f"{d}.c")) >= 20 for d in ("s", "t")))
        for d in ("s", "t"):
            # From the first pass on: what was refused is asked in its parts at once.
            assert set(samples(rig, 0, f"{d}.a")) == {("GOOD", "7")} and set(samples(rig, 0, f"{d}.b")) == {("GOOD", "8")}
            assert set(samples(rig, 0, f"{d}.c")) == {("BAD_COMM", None)}
        mark = len(rig.wires("health"))
        until("health", 20, lambda: len(rig.wires("health")) > mark)
        for d in by_id(rig.document("health"), "devices").values():
            comm = d["comm"]
            assert d["link"] == "ok" and "exception 2" in d["fault"] and "address 16..16" in d["fault"], d
            assert comm["splits"] == 2 and comm["refused"] == 1, d
            assert list(comm["exceptions"]) == ["2"] and 3 <= comm["exceptions"]["2"] < 20, d


def main():
    refused_registers_are_read_around()
    a_death_is_cheap_from_its_first_moment()


run(main)
