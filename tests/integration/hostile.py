# SPDX-License-Identifier: Apache-2.0
"""What a broken or foreign device sends is never published as good: table test on the real daemon.

Each row plays one misbehaviour on a device whose registers hold a known value, while a healthy device
on another endpoint is watched. During the fault every published value of the bad device must be either
not GOOD or the true one; afterwards the device must be GOOD again with the value of that time.
"""
import json

from harness import Rig, run, until

# fault, must the device fail (no GOOD sample from a reply that was spoilt)
TABLE = [
    ({"fault": "foreign_unit"}, True),
    ({"fault": "wrong_tid"}, True),
    ({"fault": "wrong_protocol"}, True),
    ({"fault": "wrong_length", "by": 1}, True),
    ({"fault": "wrong_length", "by": -1}, True),
    ({"fault": "short_count"}, True),
    ({"fault": "long_count"}, True),
    ({"fault": "fewer"}, True),
    ({"fault": "wrong_fc"}, True),
    ({"fault": "truncate"}, True),
    ({"fault": "late"}, True),
    ({"fault": "delay", "ms": 700}, True),
    ({"fault": "dribble", "ms": 400}, True),
    ({"fault": "silence"}, True),
    ({"fault": "close"}, True),
    ({"fault": "reset"}, True),
    ({"fault": "exception", "code": 2}, True),
    ({"fault": "exception", "code": 6}, True),
    ({"fault": "junk_tail"}, False),
]
TRUE = {"before": 1000, "during": 2000, "after": 3000}


def samples(rig, start, point):
    """(quality, value) of every telemetry sample of the point from message `start` on."""
    out = []
    for topic, payload in rig.messages[start:]:
        if topic == "telemetry" and f'"{point}"' in payload:
            p = json.loads(payload)["points"][point]
            out.append((p["q"], p.get("v")))
    return out


def play(rig, plant, fault, must_fail):
    def put(value):
        rig.tell(plant, {"device": "bad", "clear": True, "set": {"r10": value}})

    put(TRUE["before"])
    start = len(rig.messages)
    until("healthy before", 60,
          lambda: ("GOOD", str(TRUE["before"])) in samples(rig, start, "bad.x"))
    # The value changes together with the fault: a late reply with the old value would show.
    healthy = len(samples(rig, 0, "good.x"))
    start = len(rig.messages)
    rig.tell(plant, dict(fault, device="bad", set={"r10": TRUE["during"]}))
    until("enough passes", 60, lambda: len(samples(rig, start, "bad.x")) >= 3)
    during = samples(rig, start, "bad.x")
    put(TRUE["after"])
    mark = len(rig.messages)
    until("healthy after", 60, lambda: ("GOOD", str(TRUE["after"])) in samples(rig, mark, "bad.x"))
    seen = during + samples(rig, mark, "bad.x")
    good = [v for q, v in seen if q == "GOOD"]
    allowed = {str(v) for v in TRUE.values()}
    assert set(good) <= allowed, f"{fault}: published as good: {set(good) - allowed}"
    # Once the value changed, the one of before may not come back as fresh.
    after_during = good[good.index("2000"):] if "2000" in good else []
    assert "1000" not in after_during, f"{fault}: an old value came back"
    after = good[good.index("3000"):]
    assert set(after) == {"3000"}, f"{fault}: after recovery: {after}"
    if must_fail:
        assert "2000" not in good, f"{fault}: a spoilt reply was published as good"
        assert any(q == "BAD_COMM" for q, _ in during), f"{fault}: {during}"
    assert all(v is None for q, v in seen if q == "BAD_COMM"), f"{fault}: {seen}"
    assert len(samples(rig, 0, "good.x")) > healthy, "the healthy device went on"


def main():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        plant, ports = rig.plant({
            "endpoints": {"a": {"port": 0, "units": {"1": "bad"}},
                          "b": {"port": 0, "units": {"1": "good"}}},
            "devices": {"bad": {"kind": "map", "regs": {"10": [1000]}},
                        "good": {"kind": "map", "regs": {"10": [77]}}},
        }, stdin=True)
        bus = {"driver": "modbus-tcp", "host": "127.0.0.1", "timeout_ms": 300}
        point = {"fc": 3, "address": 10, "type": "u16", "decimals": 0}
        rig.gateway(rig.site(
            buses={k: dict(bus, port=v) for k, v in ports.items()},
            devices={"bad": {"bus": "a", "period_ms": 100}, "good": {"bus": "b", "period_ms": 100}},
            points={"bad.x": point, "good.x": point}))
        for fault, must_fail in TABLE:
            play(rig, plant, fault, must_fail)
            print("as wanted:", fault)
        for q, v in samples(rig, 0, "good.x"):
            assert (q, v) == ("GOOD", "77"), (q, v)


run(main)
