# SPDX-License-Identifier: Apache-2.0
"""CPU time and memory of the polling, against the cheapest program that could do it at all (floor.c).

Both poll the same server once a second and tell the same broker, one after the other, in each round: CPU time of the
whole process (user and system) per 1,000 registers that it asked for and got, and PSS at the end. The bound holds for the
median of the rounds' ratios. The floor checks, decides, stores and signs nothing; the gateway does all of it: every tenth
device feeds a furnace with its alarms and findings (31 checks), and all is journalled. The registers are those that are wanted; what a program
reads beside them to save a request does not count.

The variants (slow, dead and patchy devices) have no bound: they show what becomes of both.
"""
import statistics
import subprocess
import time

from harness import Rig, until

from .common import BROKER, Server, compiled, cpu_ms, libraries, memory_kb, running, site

LOADS = {"W1": (50, [(0, 8), (20, 8), (40, 8), (200, 8), (220, 8)]),
         "W2": (200, [(0, 34), (50, 33), (100, 33)])}
FURNACES = 10  # one for so many devices
VARIANTS = {"no furnace": {"furnaces": 0}, "a furnace for each device": {"furnaces": 1},
            "10 ms": {"latency_ms": 10}, "5 % silent": {"silent": 0.05}, "holes": {"holes": [(8, 12), (28, 12), (208, 12)]}}
RATIO, PSS_KB = 1.0, 16 * 1024
VARIANT_S = 10
SETTLE_S = 3  # after the start, before counting


def measure(server, pid, registers, seconds):
    """(ms per 1,000 registers, poll rate, PSS in kB)"""
    time.sleep(SETTLE_S)
    start, before = server.reset(), cpu_ms(pid)
    time.sleep(seconds)
    spent, lasted = cpu_ms(pid) - before, time.monotonic() - start
    passes = sum(server.stats()["passes"][d] for d in range(server.devices) if d not in server.silent)
    answering = server.devices - len(server.silent)
    return spent / max(1, passes * registers) * 1000, passes / lasted / answering, memory_kb(pid)["Pss"]


def one_round(load, seconds, silent=0.0, furnaces=FURNACES, **kind):
    devices, blocks = LOADS[load]
    registers = sum(count for _, count in blocks)
    with Rig() as rig:
        rig.broker(BROKER)
        rig.start("listener", ["mosquitto_sub", "-h", "127.0.0.1", "-p", rig.broker_port, "-t", "#"],
                  stdout=subprocess.DEVNULL)
        server = Server(rig, devices, silent=int(silent * devices), **kind)
        floor = rig.start("floor", [compiled(rig, "floor", *libraries("libmodbus", "libmosquitto")), rig.broker_port, 1000,
                                    ":".join(f"{at},{count}" for at, count in blocks), *server.ports])
        until("floor", 60, lambda: "ready" in rig.log("floor"))
        first = measure(server, floor.pid, registers, seconds)
        floor.terminate()
        floor.wait()
        gateway = rig.gateway(site(rig, server, blocks, furnaces=furnaces))
        running(rig, gateway, devices - len(server.silent))
        return first, measure(server, gateway.pid, registers, seconds)


def tell(bench, name, floor, gateway):
    bench.say(f"{name}: floor {floor[0]:.3f} ms per 1,000 registers at {floor[1]:.3f} of the polls, {floor[2]} kB; "
              f"gateway {gateway[0]:.3f} ms at {gateway[1]:.3f}, {gateway[2]} kB; ratio {gateway[0] / floor[0]:.2f}")


def run(bench):
    for load in LOADS:
        rounds = []
        for _ in range(bench.rounds):
            rounds.append(one_round(load, bench.seconds))
            tell(bench, load, *rounds[-1])
        bench.must(f"{load}: CPU per 1,000 registers, gateway by floor",
                   statistics.median(gateway[0] / floor[0] for floor, gateway in rounds), RATIO, digits=3)
        if load == "W2":
            bench.must("W2: PSS of 200 devices x 100 registers", max(g[2] for _, g in rounds) / 1024, PSS_KB / 1024, "MiB")
    for name, kind in VARIANTS.items():
        for load in LOADS if "furnaces" in kind else ["W1"]:
            tell(bench, f"{load}, {name}", *one_round(load, min(bench.seconds, VARIANT_S), **kind))
