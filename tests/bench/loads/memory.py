# SPDX-License-Identifier: Apache-2.0
"""Allocations in the steady state, by who asks for them (spy.c), and whether memory grows over 10 million samples.

Two gateways, one after the other, since what the spy notes is memory, too. Both read 100 registers of each device ten
times a second and send every value. Rings and queues were full once before growth is counted.
"""
import signal
import time

from harness import BUILD, Rig, until

from .common import BROKER, Server, Spy, Watch, ctl, memory_kb, running, site

DEVICES, REGISTERS, PERIOD_MS = 100, 100, 100
FURNACES = 10   # one for so many devices
SETTLE_S = 115  # rings of history hold up to 1,024 samples, and are memory that fills
STALL_S = 3     # the broker holds still for so long, so that every queue was full once
GROWTH_KB = 64  # a page here and there is no growth
# What is told twice a minute, such as health, is no cost of a sample.
PER_SAMPLE = 0.0005


def start(rig, devices, **kw):
    rig.broker(BROKER)
    server = Server(rig, devices)
    watch = Watch(rig, "nonsite/v1/+/telemetry", most=1)
    path = site(rig, server, [(0, REGISTERS)], PERIOD_MS, FURNACES, journal={"window_before_s": 10, "window_after_s": 10})
    gateway = rig.start("gateway", [BUILD / "bin/nonsited", path], **kw)
    running(rig, gateway, devices)
    return server, watch, gateway


def allocations(bench):
    devices = DEVICES // 5
    with Rig() as rig:
        rig_spy = Spy(rig)
        server, watch, _ = start(rig, devices, env=rig_spy.env)
        time.sleep(bench.size(30, 5))
        list(watch.new())
        since = server.reset()
        before, places = rig_spy.allocations(), rig_spy.places()
        time.sleep(bench.size(60, 5))
        after, at = rig_spy.allocations(), rig_spy.places()
        samples, lasted = server.stats()["registers"], time.monotonic() - since
        rows = sum(1 for _ in watch.new())
        by = {who: after[who] - before[who] for who in after}
        where = {p: n - places.get(p, 0) for p, n in at.items() if n > places.get(p, 0)}
        names = Spy.named(BUILD / "bin/nonsited", where)
    bench.say(f"allocations while {samples} samples came in {rows} rows, in {lasted:.0f} s:")
    for who, n in by.items():
        bench.say(f"  {who:15} {n:8}: {n / samples:.4f} a sample, {n / rows:.2f} a row, {n / lasted * 3600:.3g} an hour")
    for place, n in sorted(where.items(), key=lambda item: -item[1])[:8]:
        bench.say(f"  {n / rows:8.3f} a row by {names.get(place, hex(place))}")
    bench.must("allocations per sample in the gateway's own code", by["nonsited"] / samples, PER_SAMPLE, digits=4)


def fill_queues(bench, rig, broker):
    broker.send_signal(signal.SIGSTOP)
    time.sleep(STALL_S)
    broker.send_signal(signal.SIGCONT)
    until("drained", 60, lambda: (s := ctl(rig, "status")) and s["journal"]["telemetry_waiting"] < 200)
    time.sleep(bench.size(10, 2))


def growth(bench):
    devices, samples = bench.size(DEVICES, DEVICES // 5), bench.size(10_000_000, 200_000)
    with Rig() as rig:
        server, _, gateway = start(rig, devices)
        fill_queues(bench, rig, rig.procs[0])
        time.sleep(bench.size(SETTLE_S, 5))
        since, first = server.reset(), memory_kb(gateway.pid)
        while (got := server.stats()["registers"]) < samples:
            assert gateway.poll() is None and time.monotonic() - since < 1200, got
            time.sleep(0.5)
        last, lasted = memory_kb(gateway.pid), time.monotonic() - since
    bench.say(f"{got} samples of {devices * REGISTERS} points in {lasted:.0f} s: RSS {first['Rss']} kB, then {last['Rss']} kB; "
              f"PSS {first['Pss']} kB, then {last['Pss']} kB")
    bench.must(f"growth of RSS over {samples / 1e6:.1f} million samples", max(0, last["Rss"] - first["Rss"]), GROWTH_KB, "kB", digits=0)


def run(bench):
    allocations(bench)
    growth(bench)
