# SPDX-License-Identifier: Apache-2.0
"""From 10 endpoints and 1,000 points to 500 endpoints and 100,000: what a point costs, in time and memory.

Devices of 100 registers each, read once a second; at 100,000 points there are two behind each endpoint. Every tenth
feeds a furnace, at every size. The profile keeps the site file small: it may have 1 MiB.
"""
import time

from harness import Rig

from .common import BROKER, Server, Watch, cpu_ms, memory_kb, running, site

REGISTERS, FURNACES = 100, 10
SIZES = [(10, 1), (100, 1), (500, 2)]  # endpoints, devices behind each
RSS_KB, RATIO = 60 * 1024, 1.2


def measure(bench, endpoints, units):
    devices, seconds = endpoints * units, bench.size(20, 5)
    with Rig() as rig:
        rig.broker(BROKER)
        server = Server(rig, endpoints, units)
        Watch(rig, "nonsite/v1/+/telemetry", most=1)
        gateway = rig.gateway(site(rig, server, [(0, REGISTERS)], furnaces=FURNACES))
        running(rig, gateway, devices, 120)
        time.sleep(5)
        since, before = server.reset(), cpu_ms(gateway.pid)
        time.sleep(seconds)
        spent, lasted = cpu_ms(gateway.pid) - before, time.monotonic() - since
        stats, kb = server.stats(), memory_kb(gateway.pid)
    each = spent / stats["registers"] * 1000
    bench.say(f"{endpoints} endpoints, {devices * REGISTERS} points: {each:.3f} ms per 1,000 points, "
              f"{sum(stats['passes']) / lasted / devices:.3f} of the polls, RSS {kb['Rss']} kB, PSS {kb['Pss']} kB")
    return each, kb["Rss"]


def run(bench):
    rounds = []
    for _ in range(bench.rounds):
        rounds.append([measure(bench, *size) for size in bench.size(SIZES, SIZES[:2])])
    ratios = sorted(sizes[-1][0] / sizes[0][0] for sizes in rounds)
    points = bench.size(SIZES, SIZES[:2])[-1][0] * bench.size(SIZES, SIZES[:2])[-1][1] * REGISTERS
    bench.must(f"cost of a point at {points} points by that at {SIZES[0][0] * REGISTERS}", ratios[len(ratios) // 2], RATIO)
    bench.must(f"RSS at {points} points", max(sizes[-1][1] for sizes in rounds) / 1024, RSS_KB / 1024, "MiB", digits=1)
