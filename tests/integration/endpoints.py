# SPDX-License-Identifier: Apache-2.0
"""200 endpoints that answer after 10 ms keep their polls, by one thread; polls are counted, not timed."""
import os

from harness import Rig, run, until

N = 200
DELAY_MS = 10
POLLS = 20      # of each
SHARE = 0.001   # of the polls of each may be missed
SLOW = 0.01     # of all answers may be seen much later, on a busy machine


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def main():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        names = [f"d{i}" for i in range(N)]
        _, ports = rig.plant({
            "endpoints": {f"e{i}": {"port": 0, "units": {"1": n}} for i, n in enumerate(names)},
            "devices": {n: {"kind": "map", "regs": {"10": [i]}, "latency_ms": DELAY_MS}
                        for i, n in enumerate(names)},
        })
        gateway = rig.gateway(rig.site(
            buses={k: {"driver": "modbus-tcp", "host": "127.0.0.1", "port": v} for k, v in ports.items()},
            devices={n: {"bus": f"e{i}", "period_ms": 1000} for i, n in enumerate(names)},
            points={f"{n}.x": {"fc": 3, "address": 10, "type": "u16", "decimals": 0} for n in names},
            mqtt={"telemetry": False}))

        def polled(least):
            health = rig.document("health")
            devices = health["devices"] if health else []
            return devices if devices and min(d["polls"]["scheduled"] for d in devices) >= least else None

        until("all polled", 60, lambda: polled(2))
        before = threads(gateway.pid)
        devices = until(f"{POLLS} polls of each", 120, lambda: polled(POLLS))
        assert threads(gateway.pid) == before <= 12, (before, threads(gateway.pid))
        polls = [d["polls"] for d in devices]
        for p in polls:
            assert 0 <= p["scheduled"] - p["read"] - p["failed"] - p["skipped"] <= 1, p
        # Of so few polls of one endpoint, a thousandth is none.
        missed = {d["id"]: p for d, p in zip(devices, polls) if p["failed"] + p["skipped"] > SHARE * p["scheduled"]}
        assert not missed, missed
        scheduled = sum(p["scheduled"] for p in polls)
        worst = min(p["read"] / (p["read"] + p["failed"] + p["skipped"]) for p in polls)
        assert len(devices) == N and all(d["link"] == "ok" for d in devices)
        # Every answer took what the devices take, and few took much longer.
        times = [sum(d["comm"]["times"][k] for d in devices) for k in range(9)]
        assert sum(times[:1]) == 0 and sum(times[6:]) <= SLOW * sum(times), times
        print(f"{N} endpoints, {before} threads: each kept {100 * worst:.2f} % of its polls or more, {scheduled} in all; answers by class: {times}")


run(main)
