# SPDX-License-Identifier: Apache-2.0
"""What real instruments do beside measuring, through plant, gateway and broker."""
import json

from harness import Rig, run, until

SCENARIO = {
    "endpoints": {
        "gas": {"port": 0, "units": {"99": "gas", "1": "mk", "2": "panel"}},
        "process": {"port": 0, "units": {"1": "ai", "2": "press", "3": "flow"}},
    },
    "devices": {
        # It has found two of its four detectors and goes on to search.
        "gas": {"kind": "kb6000iii", "detectors": 4,
                "set": {"found": 2, "d1": 25.3, "d2": 12, "d2_point": 0}},
        "mk": {"kind": "mk102", "set": {"c1": 2.5, "c8_absent": True}},
        "panel": {"kind": "ax100", "probes": 2, "set": {"p1": 3.2}},
        "ai": {"kind": "ai-module", "show": "uA", "set": {"i1": 12, "i2": 12}},
        "press": {"kind": "qdy30a", "set": {"value": 18.6}},
        "flow": {"kind": "mfe600h", "set": {"flow": 36.75}},
    },
}

DEVICES = {
    "gas": {"bus": "gas", "unit": 99, "profile": "kb6000iii", "channels": 4, "search_s": 6},
    "mk": {"bus": "gas", "unit": 1, "profile": "mk102"},
    "panel": {"bus": "gas", "unit": 2, "profile": "ax100", "channels": 2},
    "ai": {"bus": "process", "unit": 1, "profile": "ai-module"},
    "press": {"bus": "process", "unit": 2, "profile": "qdy30a"},
    "flow": {"bus": "process", "unit": 3, "profile": "mfe600h"},
}

POINTS = {
    "ai.gas": {"from": "i1", "signal": "honeywell-xcd", "range": [0, 100], "unit": "%LEL"},
    "ai.gas_state": {"from": "i1", "as": "state", "signal": "honeywell-xcd"},
    "ai.p": {"from": "i2", "signal": "ne43", "range": [0, 40], "unit": "kPa"},
}

# Current in mA: the detector's quality and state, the transmitter's quality.
CURRENTS = [
    (2.0, "INHIBIT", "INHIBIT", "BAD_FAULT"),
    (3.55, "UNCERTAIN", "UNKNOWN", "BAD_FAULT"),
    (3.7, "UNCERTAIN", "UNKNOWN", "UNCERTAIN"),
    (20.3, "GOOD", "NORMAL", "GOOD"),
    (20.7, "GOOD", "OVER_RANGE", "UNCERTAIN"),
    (22.0, "GOOD", "OVER_RANGE", "BAD_FAULT"),
    (0.0, "BAD_FAULT", "SENSOR_FAULT", "BAD_FAULT"),
]


def main():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        plant, ports = rig.plant(SCENARIO, stdin=True)
        bus = {"driver": "modbus-tcp", "host": "127.0.0.1"}
        devices = {k: dict(d, period_ms=200) for k, d in DEVICES.items()}
        rig.gateway(rig.site(buses={k: dict(bus, port=v) for k, v in ports.items()},
                             devices=devices, points=POINTS))

        def now(point):
            """(value, quality) of the newest telemetry of a point."""
            for wire in reversed(rig.wires("telemetry")):
                got = json.loads(wire)["points"].get(point)
                if got:
                    return got.get("v"), got["q"]
            return None

        def becomes(point, value, quality, seconds=10):
            def reached():
                got = now(point)
                return got is not None and got[1] == quality and (value is None or got[0] == value)
            try:
                until(f"{point} {value} {quality}", seconds, reached)
            except AssertionError as e:
                raise AssertionError(f"{e}; it is {now(point)}") from None

        # Nobody is absent while the controller searches, and nobody is forgotten after it.
        becomes("gas.d1", "25.30", "GOOD")
        becomes("gas.d1_state", "LOW", "GOOD")
        becomes("gas.d2", "12.00", "GOOD")
        becomes("gas.d3_state", "UNKNOWN", "UNCERTAIN")
        rig.tell(plant, {"device": "gas", "set": {"found": 3}})
        becomes("gas.d3_state", "NORMAL", "GOOD")
        becomes("gas.d4_state", "ABSENT", "GOOD", 20)
        absent = [w for w in rig.wires("telemetry") if '"gas.d3_state"' in w and '"ABSENT"' in w
                  and json.loads(w)["points"]["gas.d3_state"].get("v") == "ABSENT"]
        assert not absent, absent[0]
        rig.tell(plant, {"device": "gas", "set": {"found": 2}})  # started anew
        becomes("gas.d4_state", "UNKNOWN", "UNCERTAIN")
        becomes("gas.d3_state", "ABSENT", "GOOD", 20)

        # Code 7 of the MK102, and power from the battery.
        becomes("mk.c1", "2.5", "GOOD")
        becomes("mk.c8_state", "ABSENT", "GOOD")
        rig.tell(plant, {"device": "mk", "set": {"mains_fault": True}})
        becomes("mk.mains_fault", "true", "GOOD")
        becomes("panel.on_backup", "false", "GOOD")
        rig.tell(plant, {"device": "panel", "set": {"mains_fault": True}})
        becomes("panel.on_backup", "true", "GOOD")
        becomes("panel.mains_fault", "true", "GOOD")
        becomes("panel.p1", "3.2", "GOOD")  # the controller measures on

        # Units and decimals changed by somebody with a keypad.
        becomes("press.value", "18.60", "GOOD")
        rig.tell(plant, {"device": "press", "set": {"decimals": 2}})
        becomes("press.point", "2", "GOOD")
        becomes("press.value", "18.60", "GOOD")
        rig.tell(plant, {"device": "press", "set": {"unit": 2}})
        becomes("press.value", "18.60", "UNCERTAIN")
        until("fault told", 10, lambda: "unit_code is 2 (Pa), expected 1 (kPa)" in rig.log())
        rig.tell(plant, {"device": "press", "set": {"unit": 1}})
        becomes("press.value", "18.60", "GOOD")
        becomes("flow.flow", "36.75", "GOOD")
        rig.tell(plant, {"device": "flow", "set": {"unit": 0}})
        becomes("flow.flow", "10.21", "UNCERTAIN")

        # The same current says another thing for each kind of instrument.
        becomes("ai.gas", "50.00", "GOOD")
        becomes("ai.p", "20.00", "GOOD")
        for ma, quality, state, transmitter in CURRENTS:
            rig.tell(plant, {"device": "ai", "set": {"i1": ma, "i2": ma}})
            becomes("ai.i1", f"{ma:.3f}", "GOOD")
            becomes("ai.gas", None, quality)
            becomes("ai.gas_state", state, "UNCERTAIN" if state == "UNKNOWN" else "GOOD")
            becomes("ai.p", None, transmitter)
        print("search, absence, battery, units, decimals and", len(CURRENTS), "currents")


run(main)
