# SPDX-License-Identifier: Apache-2.0
"""From the start of the process to the first message at a subscriber, with 50 devices and a journal that is there.

Two firsts: any message (the birth on topic status), and the first values. The bound is for both, on the median of the
starts; the very first start, which makes keys and files, is not one of them.
"""
import statistics
import time

from harness import Rig

from .common import BROKER, Server, Watch, running, site

DEVICES, REGISTERS = 50, 40
FIRST_S = 0.3


def run(bench):
    firsts = {"message": [], "telemetry": []}
    with Rig() as rig:
        rig.broker(BROKER)
        server = Server(rig, DEVICES)
        path = site(rig, server, [(0, REGISTERS)], furnaces=10)
        watch = Watch(rig, "nonsite/v1/#")
        gateway = rig.gateway(path)
        running(rig, gateway, DEVICES)
        for _ in range(bench.size(10, 3)):
            gateway.terminate()
            gateway.wait(30)
            time.sleep(0.5)
            list(watch.new())
            start = time.monotonic() * 1e6
            gateway = rig.gateway(path)
            time.sleep(3)
            messages = list(watch.new())
            firsts["message"].append((messages[0][0] - start) / 1e6)
            firsts["telemetry"].append((next(m for m in messages if m[2] == "telemetry")[0] - start) / 1e6)
    for what, took in firsts.items():
        bench.say(f"start to first {what}: " + ", ".join(f"{t:.3f}" for t in took) + " s")
        bench.must(f"restart to first {what}, {DEVICES} devices, median", statistics.median(took), FIRST_S, "s", digits=3)
