# SPDX-License-Identifier: Apache-2.0
"""Whether every device is asked when it is due: 200 devices that take 10 ms for each answer, and 200 of which some never
answer. Who counts is the server: a device's passes by those that were due, and the longest time between two.
"""
import time

from harness import Rig

from .common import BROKER, Server, percentile, running, site

DEVICES, BLOCKS = 200, [(0, 34), (50, 33), (100, 33)]
SLOW_MS, SLOW_RATE = 10, 0.999
SILENT, SILENT_RATE, GAP = 0.05, 0.99, 1.2
FURNACES = 10


def measure(bench, what, **kind):
    with Rig() as rig:
        rig.broker(BROKER)
        server = Server(rig, DEVICES, **kind)
        gateway = rig.gateway(site(rig, server, BLOCKS, furnaces=FURNACES))
        running(rig, gateway, DEVICES - len(server.silent))
        time.sleep(bench.size(30, 5))  # the silent ones have been found out
        since = server.reset()
        time.sleep(bench.size(60, 10))
        lasted = time.monotonic() - since
        rates = list(server.rates(lasted))
    # One pass is the edge of the time in which they were counted.
    rate = sum(min(1.0, passes + 1 / lasted) for _, passes, _ in rates) / len(rates)
    worst = min(min(1.0, passes + 1 / lasted) for _, passes, _ in rates)
    gaps = [gap for _, _, gap in rates]
    bench.say(f"{what}: {rate:.4f} of the polls, the worst device {worst:.4f}; longest gap of a device p50 "
              f"{percentile(gaps, 50):.3f}, worst {max(gaps):.3f} periods, in {lasted:.0f} s")
    return worst, max(gaps)


def run(bench):
    worst, _ = measure(bench, f"{DEVICES} devices of {SLOW_MS} ms", latency_ms=SLOW_MS)
    bench.must(f"poll rate of the worst of {DEVICES} devices that take {SLOW_MS} ms", worst, SLOW_RATE, least=True, digits=4)
    worst, gap = measure(bench, f"{SILENT:.0%} of {DEVICES} devices silent", silent=int(SILENT * DEVICES))
    bench.must(f"poll rate of the worst other device beside {SILENT:.0%} silent ones", worst, SILENT_RATE, least=True, digits=4)
    bench.must("longest gap of any other device, in periods", gap, GAP)
