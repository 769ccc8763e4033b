# SPDX-License-Identifier: Apache-2.0
"""What a broken or foreign device sends is never published as good: table test on the real daemon.

Each row plays one misbehaviour on a device whose registers hold a known value, while a healthy device
on another endpoint is watched; spoilt.py says what may be published.
"""
from harness import Rig, run
from spoilt import play, samples

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
            healthy = len(samples(rig, 0, "good.x"))
            play(rig, plant, ["bad"], fault, must_fail)
            assert len(samples(rig, 0, "good.x")) > healthy, "the healthy device went on"
            print("as wanted:", fault)
        for q, v in samples(rig, 0, "good.x"):
            assert (q, v) == ("GOOD", "77"), (q, v)


run(main)
