# SPDX-License-Identifier: Apache-2.0
"""How long it takes from a reading to its telemetry, and from a change in the plant to its alarm, at a subscriber.

Every clock is CLOCK_MONOTONIC of this machine. A reading carries the microsecond at which the server sent it as a value,
so that telemetry tells its own age: the way to the gateway, decoding, deciding, publishing, the broker and the way to the
subscriber are all in it. The floor program's messages are timed beside it, for what the machine itself does to such a
figure.

An alarm's time is split where it can be seen from outside:
  poll wait  from the change to the answer that tells of it (the server knows both)
  decide     from there to the beginning of the wait for the disk: decoding, rules, signing, SQLite
  commit     that wait: fdatasync, timed by spy.c inside the gateway
  publish    from there to the subscriber: hand-out, libmosquitto, the broker
The bound wants the p99 of commits in this run; those are all waits for the disk while the samples were taken.
"""
import json
import random
import time

from harness import BUILD, Rig

from .common import BROKER, Server, Spy, STAMPED, STAMPS, Watch, compiled, disk, libraries, percentile, running, site, spread, stamp
from . import gpio

DEVICES, REGISTERS, PERIOD_MS = 10, 10, 100
P50_MS, P99_MS, SLACK_MS = 0.5, 10, 5
T_OUT = 20                # the register that makes the alarm
CALM, TRIPPED = 42, 70
AT_ONCE = {code: {"delay_s": 0, "off_s": 0} for code in ("CW-EV-TOUT-H", "CW-EV-TOUT-HH")}


def lifted(rig):
    """The catalogue without its limits on chatter and floods, which would hold such alarms back."""
    import busy
    return busy.catalogue(rig)


def by_floor(bench):
    with Rig() as rig:
        rig.broker(BROKER)
        server = Server(rig, DEVICES, stamps=True, roles=False)
        watch = Watch(rig, "floor/#")
        rig.start("floor", [compiled(rig, "floor", *libraries("libmodbus", "libmosquitto")), rig.broker_port, PERIOD_MS,
                            f"0,{REGISTERS}", *server.ports])
        time.sleep(3)
        list(watch.new())
        time.sleep(bench.size(20, 3))
        took = []
        for us, _, _, row in watch.new():
            words = json.loads(row)
            took.append((us - sum(words[f"r{i}"] << 16 * (3 - i) for i in range(4))) / 1000)
    bench.say(f"reading to the floor program's message, the same devices: {spread(took)}")


def telemetry(bench):
    with Rig() as rig:
        rig.broker(BROKER)
        server = Server(rig, DEVICES, stamps=True, roles=False)
        watch = Watch(rig, "nonsite/v1/+/telemetry")
        gateway = rig.gateway(site(rig, server, [(STAMPED, REGISTERS - STAMPED)], PERIOD_MS, extra=STAMPS))
        running(rig, gateway, DEVICES)
        time.sleep(3)
        list(watch.new())
        time.sleep(bench.size(60, 5))
        took = [(us - sent) / 1000 for us, _, _, row in watch.new() if (sent := stamp(row, "a_us"))]
    bench.say(f"reading to telemetry, {DEVICES} x {REGISTERS} registers each {PERIOD_MS} ms: {spread(took)}")
    bench.must("reading to telemetry at the subscriber, p50", percentile(took, 50), P50_MS, "ms")
    bench.must("reading to telemetry at the subscriber, p99", percentile(took, 99), P99_MS, "ms")


def alarms(bench):
    samples = bench.size(500, 25)
    rand = random.Random(7)
    parts = {"poll wait": [], "decide": [], "commit": [], "publish": [], "all": []}
    with Rig() as rig:
        rig.broker(BROKER)
        server = Server(rig, DEVICES)
        watch = Watch(rig, "nonsite/v1/#", most=6000)  # what nobody takes, the broker refuses
        spy = Spy(rig)
        path = site(rig, server, [(T_OUT, REGISTERS)], PERIOD_MS, DEVICES, overrides=AT_ONCE,
                    gateway={"catalogue": lifted(rig)})
        gateway = rig.start("gateway", [BUILD / "bin/nonsited", path], env=spy.env)
        running(rig, gateway, DEVICES)
        state = disk(rig.dir)
        first = None
        for i in range(samples + 2):
            time.sleep(rand.uniform(0.2, 0.3))  # anywhere between two polls, and seldom enough for its window of chatter
            changed = server.set(0, T_OUT, CALM if i % 2 else TRIPPED)
            served = server.served()
            came = watch.wait("alarm", 20, lambda t, m: t == "alarm" and '"finding":"CW-EV-TOUT-HH"' in m)[0]
            if i < 2:
                continue
            first = first or changed
            # The commit that stored it is the first whose wait began after the answer.
            begin, end = next((a, b) for a, b in spy.syncs() if a >= served)
            for name, a, b in (("poll wait", changed, served), ("decide", served, begin), ("commit", begin, end),
                               ("publish", end, came), ("all", changed, came)):
                parts[name].append((b - a) / 1000)
        commits = [(b - a) / 1000 for a, b in spy.syncs() if a >= first]
    for name, took in parts.items():
        bench.say(f"change to alarm, {name:9}: {spread(took)}")
    bench.say(f"waits for the disk ({state}): {spread(commits)}")
    commit = percentile(commits, 99)
    bench.must(f"register change to alarm, p99 (bound: poll period {PERIOD_MS} ms + commit p99 {commit:.1f} ms + {SLACK_MS} ms)",
               percentile(parts["all"], 99), PERIOD_MS + commit + SLACK_MS, "ms", digits=1)


def run(bench):
    by_floor(bench)
    telemetry(bench)
    alarms(bench)
    gpio.run(bench)
