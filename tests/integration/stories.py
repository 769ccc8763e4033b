# SPDX-License-Identifier: Apache-2.0
"""A small plant with its site, shared by the tests: a furnace and a paint room, short delays."""

FAST = 2  # seconds: short enough to wait for, long enough for a poll period of 200 ms


def scenario(timeline=(), follow=()):
    return {
        "seed": 7,
        "endpoints": {
            "panel": {"port": 0, "units": {"1": "gas"}},
            "cooling": {"port": 0, "units": {"1": "flow_in", "2": "pt"}},
            "io": {"port": 0, "units": {"1": "di"}},
        },
        "devices": {
            "gas": {"kind": "ax100", "probes": 2, "set": {"p1": 3.0, "p2": 2.0}},
            "flow_in": {"kind": "mfe600h", "set": {"flow": 36.75}},
            "pt": {"kind": "dampt100", "channels": 2, "set": {"t1": 42.0, "t2": 31.0}},
            "di": {"kind": "di-module", "channels": 8, "set": {"di1": True}},
        },
        "follow": list(follow),
        "timeline": list(timeline),
    }


def site(ports, delay_s=FAST, period_ms=200):
    """Sections for Rig.site."""
    bus = {"driver": "modbus-tcp", "host": "127.0.0.1", "timeout_ms": 300}
    return {
        "buses": {name: dict(bus, port=port) for name, port in ports.items()},
        "devices": {
            "gas": {"bus": "panel", "unit": 1, "profile": "ax100", "channels": 2,
                    "period_ms": period_ms, "serial": "AX-1", "cal_due": "2027-03-10"},
            "flow_in": {"bus": "cooling", "unit": 1, "profile": "mfe600h", "period_ms": period_ms},
            "pt": {"bus": "cooling", "unit": 2, "profile": "dampt100", "channels": 2,
                   "period_ms": period_ms},
            "di": {"bus": "io", "unit": 1, "profile": "di-module", "channels": 8,
                   "period_ms": period_ms},
        },
        "assets": {
            "if-1": {
                "type": "if_furnace", "name": "1号中频炉", "facts": {"loop": "closed"},
                "rated": {"Q_IN": 40},
                "roles": {"T_OUT": "pt.t1", "T_IN": "pt.t2", "Q_IN": "flow_in.flow",
                          "RUN": "di.di1"},
                "overrides": {
                    "CW-ABS-02": {"delay_s": delay_s}, "CW-FLT-01": {"delay_s": delay_s},
                    "CW-TRP-01": {"delay_s": 2 * delay_s}, "CW-ILK-01": {"delay_s": delay_s},
                    "CW-EV-TOUT-H": {"delay_s": 0, "off_s": 0},
                    "CW-EV-TOUT-HH": {"delay_s": 0, "off_s": 0},
                    "CW-EV-LOWQ": {"delay_s": 0, "off_s": 0},
                },
            },
            "paint-1": {
                "type": "paint_mix", "name": "调漆间", "facts": {"paint": "solvent"},
                "roles": {
                    "GAS": ["gas.p1", "gas.p2"], "GAS_STATE": ["gas.p1_state", "gas.p2_state"],
                    "GAS_SHIELDED": ["gas.p1_shielded", "gas.p2_shielded"], "DI_FAN": "di.di2",
                },
                "overrides": {
                    "GAS-FLT-01": {"delay_s": delay_s}, "GAS-FLT-02": {"delay_s": delay_s},
                    "GAS-BYP-01": {"delay_s": delay_s}, "GAS-ILK-01": {"delay_s": delay_s},
                    "GAS-TRP-01": {"delay_s": 2 * delay_s},
                    "GAS-EV-LOW": {"delay_s": 0, "off_s": 0},
                    "GAS-EV-HIGH": {"delay_s": 0, "off_s": 0},
                },
            },
        },
    }
