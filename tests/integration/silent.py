# SPDX-License-Identifier: Apache-2.0
"""One silent device costs the others no poll: counted, not timed."""
from harness import Rig, run, until

N = 6
PERIOD_MS = 200


def main():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        scenario = {
            "endpoints": {f"e{i}": {"port": 0, "units": {"1": f"d{i}"}} for i in range(N)},
            "devices": {f"d{i}": {"kind": "dampt100", "channels": 4, "set": {"t1": 20.0 + i}}
                        for i in range(N)},
            "timeline": [{"at_s": 0, "device": "d0", "fault": "silence"}],
        }
        _, ports = rig.plant(scenario)
        bus = {"driver": "modbus-tcp", "host": "127.0.0.1", "timeout_ms": 1000}
        rig.gateway(rig.site(
            buses={k: dict(bus, port=v) for k, v in ports.items()},
            devices={f"d{i}": {"bus": f"e{i}", "profile": "dampt100", "channels": 4,
                               "period_ms": PERIOD_MS} for i in range(N)}))

        def polls():
            health = rig.document("health")
            if not health:
                return None
            devices = {d["id"]: d for d in health["devices"]}
            return devices if devices["d1"]["polls"]["read"] >= 100 else None

        devices = until("100 polls of d1", 60, polls)
        silent = devices.pop("d0")
        assert silent["link"] == "down" and silent["polls"]["read"] == 0, silent
        assert silent["polls"]["failed"] >= 3, silent
        for name, d in devices.items():
            p = d["polls"]
            assert d["link"] == "ok", (name, d)
            assert p["failed"] == 0 and p["skipped"] == 0, (name, p)
            assert 0 <= p["scheduled"] - p["read"] <= 1, (name, p)
        counts = [d["polls"]["read"] for d in devices.values()]
        assert max(counts) - min(counts) <= 2, counts
        print("polls read beside a silent device:", counts)
        # Everybody was due as often as everybody else: nobody lost a period to the silent one.
        due = [d["polls"]["scheduled"] for d in devices.values()]
        assert max(due) - min(due) <= 2, due
        down = [m for m in rig.wires("event") if '"device_down"' in m and '"subject":"d0"' in m]
        assert len(down) == 1, down
        for m in rig.wires("telemetry"):
            assert '"d0.t1":{"q":"GOOD"' not in m


run(main)
