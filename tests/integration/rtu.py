# SPDX-License-Identifier: Apache-2.0
"""Modbus RTU on lines made of ptys, and RTU frames over TCP, on the real daemon.

What a dead unit costs is counted in polls of its neighbours, not timed.
"""
from harness import Rig, run, until
from spoilt import play, samples

# fault, must the device fail (no GOOD sample from a reply that was spoilt)
TABLE = [
    ({"fault": "bad_crc"}, True),
    ({"fault": "foreign_unit"}, True),
    ({"fault": "short_count"}, True),
    ({"fault": "long_count"}, True),
    ({"fault": "fewer"}, True),
    ({"fault": "wrong_fc"}, True),
    ({"fault": "truncate"}, True),
    ({"fault": "junk_head"}, True),
    ({"fault": "junk_tail"}, True),
    ({"fault": "late"}, True),
    ({"fault": "delay", "ms": 700}, True),
    ({"fault": "delay", "ms": 1700}, True),
    ({"fault": "dribble", "ms": 400}, True),
    ({"fault": "silence"}, True),
    ({"fault": "close"}, True),
    ({"fault": "exception", "code": 2}, True),
    ({"fault": "exception", "code": 6}, True),
]
UNITS = 10
DEAD = 5
POINT = {"fc": 3, "address": 10, "type": "u16", "decimals": 0}


def line(port, **more):
    return dict({"driver": "modbus-rtu", "port": port, "baud": 115200, "timeout_ms": 300}, **more)


def devices_of(health):
    return {d["id"]: d for d in health["devices"]} if health else {}


def downs(rig):
    return [m for m in rig.wires("event") if '"device_down"' in m]


def a_dead_unit_costs_its_line_little():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        alive = [u for u in range(1, UNITS + 1) if u != DEAD]
        _, ports = rig.plant({
            "endpoints": {"line": {"serial": "pty", "baud": 115200, "units": {str(u): f"d{u}" for u in alive}},
                          "net": {"units": {"1": "tcp"}}},
            "devices": {f"d{u}": {"kind": "map", "regs": {"10": [u]}} for u in alive} |
                       {"tcp": {"kind": "map", "regs": {"10": [99]}}},
        })
        names = [f"d{u}" for u in range(1, UNITS + 1)]
        rig.gateway(rig.site(
            buses={"line": line(ports["line"]),
                   "net": {"driver": "modbus-tcp", "host": "127.0.0.1", "port": ports["net"]}},
            devices={f"d{u}": {"bus": "line", "unit": u, "period_ms": 500} for u in range(1, UNITS + 1)} |
                    {"tcp": {"bus": "net", "period_ms": 500}},
            points={f"{n}.x": POINT for n in names + ["tcp"]}))

        def polled():
            devices = devices_of(rig.document("health"))
            return devices if devices and devices["tcp"]["polls"]["read"] >= 80 else None

        devices = until("80 polls", 90, polled)
        dead, tcp = devices.pop(f"d{DEAD}"), devices.pop("tcp")["polls"]
        assert dead["link"] == "down" and dead["polls"]["read"] == 0, dead
        assert dead["polls"]["failed"] >= 3, dead
        assert tcp["failed"] == 0 and tcp["skipped"] == 0 and tcp["scheduled"] - tcp["read"] <= 1, tcp
        for name, d in devices.items():
            p = d["polls"]
            assert d["link"] == "ok" and p["failed"] == 0, (name, d)
            assert p["read"] >= 0.95 * p["scheduled"] - 1, (name, p)
            assert abs(p["scheduled"] - tcp["scheduled"]) <= 2, (name, p, tcp)
        print("polls read beside a dead unit:", [d["polls"]["read"] for d in devices.values()],
              "on TCP:", tcp["read"], "tries at the dead one:", dead["polls"]["failed"])
        for u in alive:
            assert set(samples(rig, 0, f"d{u}.x")) == {("GOOD", str(u))}, u
        assert set(samples(rig, 0, f"d{DEAD}.x")) == {("BAD_COMM", None)}


def spoilt_replies_are_never_good():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        # bad shares its line with good; lone has its own line, where nobody else meets its late
        # answers; net speaks RTU over TCP.
        device = {"kind": "map", "regs": {"10": [1000, 5, 5]}}
        plant, ports = rig.plant({
            "endpoints": {"shared": {"serial": "pty", "baud": 115200, "units": {"1": "bad", "2": "good"}},
                          "own": {"serial": "pty", "baud": 115200, "units": {"1": "lone"}},
                          "dtu": {"framing": "rtu", "units": {"1": "net"}},
                          "tcp": {"units": {"1": "well"}}},
            "devices": {"bad": device, "lone": device, "net": device,
                        "good": {"kind": "map", "regs": {"10": [77]}},
                        "well": {"kind": "map", "regs": {"10": [77]}}},
        }, stdin=True)
        tcp = {"driver": "modbus-tcp", "host": "127.0.0.1", "timeout_ms": 300}
        bad = ["bad", "lone", "net"]
        rig.gateway(rig.site(
            buses={"shared": line(ports["shared"]), "own": line(ports["own"]),
                   "dtu": dict(tcp, framing="rtu", port=ports["dtu"]), "tcp": dict(tcp, port=ports["tcp"])},
            devices={"bad": {"bus": "shared", "unit": 1, "period_ms": 100},
                     "good": {"bus": "shared", "unit": 2, "period_ms": 100},
                     "lone": {"bus": "own", "period_ms": 100}, "net": {"bus": "dtu", "period_ms": 100},
                     "well": {"bus": "tcp", "period_ms": 100}},
            points={f"{d}.x": POINT for d in bad + ["good", "well"]} |
                   {f"{d}.y": dict(POINT, address=12) for d in bad}))
        for fault, must_fail in TABLE:
            before = len(samples(rig, 0, "good.x")), len(samples(rig, 0, "well.x"))
            play(rig, plant, bad, fault, must_fail)
            assert len(samples(rig, 0, "good.x")) > before[0], "the neighbour on the line went on"
            assert len(samples(rig, 0, "well.x")) > before[1], "the TCP device went on"
            print("as wanted:", fault)
        # A neighbour can be hit by bytes that are not its own, but it never takes them for its own.
        assert set(samples(rig, 0, "good.x")) <= {("GOOD", "77"), ("BAD_COMM", None)}
        assert set(samples(rig, 0, "well.x")) == {("GOOD", "77")}


def noise_is_no_value():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        plant, ports = rig.plant({
            "endpoints": {"line": {"serial": "pty", "baud": 115200, "units": {"1": "d"}}},
            "devices": {"d": {"kind": "map", "regs": {"10": [77]}}},
        }, stdin=True)
        rig.gateway(rig.site(buses={"line": line(ports["line"])},
                             devices={"d": {"bus": "line", "period_ms": 100}}, points={"d.x": POINT}))
        until("healthy", 30, lambda: ("GOOD", "77") in samples(rig, 0, "d.x"))
        for every_ms in (10, 130):
            mark = len(rig.messages)
            rig.tell(plant, {"endpoint": "line", "fault": "garbage", "bytes": 7, "ms": every_ms})
            until("passes", 60, lambda: len(samples(rig, mark, "d.x")) >= 5)
            rig.tell(plant, {"endpoint": "line", "clear": True})
            mark = len(rig.messages)
            until("healthy again", 60, lambda: ("GOOD", "77") in samples(rig, mark, "d.x"))
        assert set(samples(rig, 0, "d.x")) <= {("GOOD", "77"), ("BAD_COMM", None)}


def a_port_may_vanish_and_come_back():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        link = rig.dir / "ttyUSB-panel"
        plant, ports = rig.plant({
            "endpoints": {"usb": {"serial": "pty", "baud": 115200, "link": str(link), "units": {"1": "d"}}},
            "devices": {"d": {"kind": "map", "regs": {"10": [1]}}},
        }, stdin=True)
        assert ports["usb"] == str(link), ports
        rig.gateway(rig.site(buses={"usb": line(ports["usb"])},
                             devices={"d": {"bus": "usb", "period_ms": 200}}, points={"d.x": POINT}))
        until("healthy", 30, lambda: ("GOOD", "1") in samples(rig, 0, "d.x"))
        for turn in (2, 3):
            mark = len(rig.messages)
            rig.tell(plant, {"endpoint": "usb", "fault": "refuse"})
            until("noticed", 30, lambda: ("BAD_COMM", None) in samples(rig, mark, "d.x"))
            until("gone", 10, lambda: not link.is_symlink())
            until("down", 30, lambda: len(downs(rig)) == turn - 1)
            rig.tell(plant, {"device": "d", "set": {"r10": turn}})
            mark = len(rig.messages)
            rig.tell(plant, {"endpoint": "usb", "clear": True})
            until("healthy again", 30, lambda: ("GOOD", str(turn)) in samples(rig, mark, "d.x"))
            # Nothing but the new value, as soon as there is one.
            good = {v for q, v in samples(rig, mark, "d.x") if q == "GOOD"}
            assert good == {str(turn)}, good
        text = rig.log()
        assert "the serial port is gone" in text and str(link) in text
        assert len(downs(rig)) == 2, downs(rig)


def main():
    a_port_may_vanish_and_come_back()
    noise_is_no_value()
    a_dead_unit_costs_its_line_little()
    spoilt_replies_are_never_good()


run(main)
