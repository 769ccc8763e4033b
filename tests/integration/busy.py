# SPDX-License-Identifier: Apache-2.0
"""A plant that never rests, for the tests that kill: 12 detectors around their low limit make 12 alarm records a
second, a 13th fails and recovers for leads with windows. The catalogue's limits on chatter and floods are lifted."""
import json
import re

from harness import ROOT

DETECTORS, FAILING, PERIOD_S = 13, 13, 2


def scenario(period_s=PERIOD_S):
    """period_s: of each detector; 24 alarm records come in one."""
    waves = [{"at_s": period_s * i / DETECTORS, "device": "gas", "wave": {
        f"p{i + 1}": {"shape": "square", "mean": 20, "amplitude": 15, "period_s": period_s}}}
        for i in range(DETECTORS - 1)]
    faults = [{"at_s": 1 + 16 * i, "device": "gas", "set": {f"p{FAILING}_sensor_fault": True}, "for_s": 5}
              for i in range(60)]
    return {"seed": 7, "endpoints": {"panel": {"port": 0, "units": {"1": "gas"}}},
            "devices": {"gas": {"kind": "ax100", "probes": DETECTORS, "set": {}}},
            "timeline": waves + faults}


def catalogue(rig):
    """The shipped one, but chatter and floods are told as they come."""
    text = (ROOT / "config/findings.json").read_text(encoding="utf-8")
    for key, value in (("chatter_count", 8), ("chatter_window_s", 1), ("flood_start", 63), ("flood_end", 62),
                       ("flood_window_s", 10)):
        text, n = re.subn(rf'"{key}": \d+', f'"{key}": {value}', text)
        assert n == 1, key
    path = rig.dir / "findings.json"
    path.write_text(text, encoding="utf-8")
    return str(path)


def site(rig, ports, **gateway):
    """Sections for Rig.site."""
    numbers = range(1, DETECTORS + 1)
    return {
        "gateway": {"catalogue": catalogue(rig), **gateway},
        "buses": {"panel": {"driver": "modbus-tcp", "host": "127.0.0.1", "port": ports["panel"], "timeout_ms": 300}},
        "devices": {"gas": {"bus": "panel", "unit": 1, "profile": "ax100", "channels": DETECTORS, "period_ms": 200,
                            "serial": "AX-1", "cal_due": "2099-03-10"}},
        "assets": {"paint-1": {
            "type": "paint_mix", "name": "调漆间", "facts": {"paint": "solvent"},
            "roles": {"GAS": [f"gas.p{i}" for i in numbers], "GAS_STATE": [f"gas.p{i}_state" for i in numbers],
                      "GAS_SHIELDED": [f"gas.p{i}_shielded" for i in numbers]},
            "overrides": {"GAS-EV-LOW": {"delay_s": 0, "off_s": 0}, "GAS-FLT-01": {"delay_s": 2, "clear_s": 10}}}},
        "journal": {"window_before_s": 10, "window_after_s": 10},
    }


def summary(wires):
    records = [json.loads(w)["record"] for w in wires]
    return f"{len(records)} records, {sum(r['class'] == 'lead' for r in records)} leads"
