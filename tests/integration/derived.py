# SPDX-License-Identifier: Apache-2.0
"""Derived points that play roles: a dust collector whose pressure difference is computed from two transmitters,
and whose sparks a minute are computed from a counter.

What is computed is published as telemetry, decides alarms and leads, stands in their evidence, and is
never better than what it is made of.
"""
import json

from harness import Rig, run, until

TRANSMITTER = {"address": 10, "type": "i16", "unit": "Pa", "decimals": 0}


def scenario():
    return {
        "endpoints": {"net": {"units": {"1": "dirty", "2": "clean", "3": "sparks", "4": "di"}}},
        "devices": {"dirty": {"kind": "map", "regs": {"10": [1200]}}, "clean": {"kind": "map", "regs": {"10": [400]}},
                    "sparks": {"kind": "map", "regs": {"10": [1000]}},
                    "di": {"kind": "di-module", "channels": 1, "set": {"di1": True}}},
    }


def site(rig, port):
    return rig.site(
        buses={"net": {"driver": "modbus-tcp", "host": "127.0.0.1", "port": port, "timeout_ms": 300}},
        devices={"dirty": {"bus": "net", "unit": 1, "period_ms": 200}, "clean": {"bus": "net", "unit": 2, "period_ms": 200},
                 "sparks": {"bus": "net", "unit": 3, "period_ms": 200},
                 "di": {"bus": "net", "unit": 4, "profile": "di-module", "channels": 1, "period_ms": 200}},
        points={"dirty.p": TRANSMITTER, "clean.p": TRANSMITTER, "sparks.count": {"address": 10}},
        derived={"dp": {"kind": "difference", "of": ["dirty.p", "clean.p"], "unit": "Pa", "decimals": 0},
                 "rate": {"kind": "rate", "of": ["sparks.count"], "window_s": 5, "unit": "1/min", "decimals": 1}},
        assets={"dust-1": {
            "type": "dust_dry", "name": "除尘器", "facts": {"dust": "wood", "sander": "yes"},
            "roles": {"RUN": "di.di1", "DP": "derived.dp", "SPARK_CNT": "derived.rate"},
            "overrides": {"DC-EV-DP": {"delay_s": 0, "off_s": 0}, "DC-EV-SPARK": {"delay_s": 0, "off_s": 0},
                          "DC-FLT-03": {"delay_s": 1}, "DC-ILK-01": {"delay_s": 2}}}})


def latest(rig, point):
    """(quality, value) in the last telemetry that has it."""
    for text in reversed(rig.wires("telemetry")):
        p = json.loads(text)["points"].get(point)
        if p:
            return p["q"], p.get("v")
    return None


def found(rig, code, state="raised"):
    return [r for r in rig.records("alarm", "lead") if r["finding"] == code and r["state"] == state]


def evidence(record, role):
    return [p for p in record["evidence"]["points"] if p["role"] == role][0]


def the_difference(rig, plant):
    until("the difference", 30, lambda: latest(rig, "derived.dp") == ("GOOD", "800"))
    assert latest(rig, "dirty.p") == ("GOOD", "1200") and latest(rig, "clean.p") == ("GOOD", "400")
    assert not found(rig, "DC-EV-DP")
    rig.tell(plant, {"device": "dirty", "set": {"r10": 2000}})
    alarm = until("the alarm", 30, lambda: found(rig, "DC-EV-DP"))[0]
    p = evidence(alarm, "DP")
    assert (p["id"], p["value"], p["quality"], p["unit"]) == ("derived.dp", "1600", "GOOD", "Pa"), p
    assert "1600 Pa" in alarm["condition"]["text"]["en"], alarm["condition"]


def no_better_than_its_sources(rig, plant):
    """One transmitter fails: the difference has no value, the alarm stands, and the failure is a lead."""
    rig.tell(plant, {"device": "clean", "fault": "exception"})
    lead = until("the lead", 60, lambda: found(rig, "DC-FLT-03"))[0]
    p = evidence(lead, "DP")
    assert lead["subject"] == "derived.dp" and p["quality"] != "GOOD" and "value" not in p, (lead["subject"], p)
    assert latest(rig, "dirty.p") == ("GOOD", "2000"), "the other one is well"
    assert latest(rig, "derived.dp")[0] != "GOOD"
    assert not found(rig, "DC-EV-DP", "returned"), "what is not known ends nothing"
    rig.tell(plant, {"device": "clean", "clear": True})
    rig.tell(plant, {"device": "dirty", "set": {"r10": 1000}})
    until("the difference", 60, lambda: latest(rig, "derived.dp") == ("GOOD", "600"))
    until("the end of the alarm", 30, lambda: found(rig, "DC-EV-DP", "returned"))
    assert len(found(rig, "DC-EV-DP")) == 1


def the_rate(rig, plant):
    until("no sparks", 30, lambda: latest(rig, "derived.rate") == ("GOOD", "0.0"))
    assert not found(rig, "DC-EV-SPARK")
    rig.tell(plant, {"device": "sparks", "ramp": {"r10": {"to": 1100, "over_s": 20}}})
    p = evidence(until("the alarm", 30, lambda: found(rig, "DC-EV-SPARK"))[0], "SPARK_CNT")
    assert p["id"] == "derived.rate" and float(p["value"]) >= 1 and p["quality"] == "GOOD", p
    # The collector goes on: the interlock that is declared for a sander did not act.
    lead = until("the lead", 30, lambda: found(rig, "DC-ILK-01"))[0]
    assert lead["alarm"] == found(rig, "DC-EV-SPARK")[0]["id"]
    rate = until("a steady rate", 30, lambda: (lambda q, v: q == "GOOD" and 240 <= float(v or 0) <= 360 and v)(
        *latest(rig, "derived.rate")))
    print("100 sparks in 20 s, sparks a minute:", rate)


def main():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        plant, ports = rig.plant(scenario(), stdin=True)
        rig.gateway(site(rig, ports["net"]))
        the_difference(rig, plant)
        no_better_than_its_sources(rig, plant)
        the_rate(rig, plant)
        device = [d for d in rig.document("inventory")["devices"] if d["id"] == "derived"]
        assert len(device) == 1, "the inventory tells that they are computed"
        print(rig.check_chain(rig.wires("lead", "alarm", "record")).strip())


run(main)
