# SPDX-License-Identifier: Apache-2.0
"""The broker is gone for 20 s: polling goes on, everything arrives, soon and fast.

Each row bears the number of its pass, which the server counts; so the server knows whether a pass was left out, and the
numbers that arrive tell whether a row was lost. The subscriber's session outlives the broker. Time counts from the moment
at which the broker was started anew.
"""
import time

from harness import Rig

from .common import BROKER, Server, STAMPED, STAMPS, Watch, running, site, stamp

DEVICES, REGISTERS = 50, 40
FIRST_S, TIMES = 2.0, 10


def lost(rows):
    """How many numbers of passes are missing between the first and the last of each device."""
    seen = {}
    for _, _, _, row in rows:
        seen.setdefault(row.split('"', 4)[3], []).append(stamp(row, "a_pass"))
    return sum(max(n) - min(n) + 1 - len(set(n)) for n in seen.values()), sum(len(n) - len(set(n)) for n in seen.values())


def run(bench):
    away_s = bench.size(20, 8)
    with Rig() as rig:
        conf = BROKER.replace("persistence false", f"persistence true\npersistence_location {rig.dir}/")
        broker = rig.broker(conf)
        server = Server(rig, DEVICES, stamps=True, roles=False)
        watch = Watch(rig, "nonsite/v1/#")
        gateway = rig.gateway(site(rig, server, [(STAMPED, REGISTERS - STAMPED)], extra=STAMPS))
        running(rig, gateway, DEVICES)
        time.sleep(bench.size(40, 5))  # the connection has stood for a while, as it would have

        since = server.reset()
        broker.terminate()
        broker.wait()
        time.sleep(away_s)
        rates = list(server.rates(time.monotonic() - since))
        back = time.monotonic() * 1e6
        rig.broker(conf)
        messages = list(watch.new())
        end = time.monotonic() + bench.size(60, 40)
        while time.monotonic() < end:
            messages += watch.new()
            old = [m for m in messages if m[0] > back and m[1] and m[2] == "telemetry"]
            live = [m for m in messages if m[0] > back and not m[1] and m[2] == "telemetry"]
            if len(old) >= DEVICES * away_s * 0.9 and len(live) > 10 * DEVICES and live[-1][0] - old[-1][0] > 5e6:
                break
            time.sleep(0.2)
        rows = [m for m in messages if m[2] == "telemetry"]
    missing, twice = lost(rows)
    assert old, "nothing came that was written while the broker was away"
    bench.say(f"{len(old)} rows were kept for {away_s} s and came within {(old[-1][0] - old[0][0]) / 1000:.0f} ms; "
              f"{len(rows)} rows in all, {missing} missing, {twice} twice")
    # The edge of a span of so many passes is worth one.
    polled = sum(min(1.0, (passes * away_s + 1) / away_s) for _, passes, _ in rates) / len(rates)
    bench.must(f"polling while the broker was away for {away_s} s", polled, 1.0, least=True, digits=3)
    bench.must("rows of telemetry that did not arrive", missing, 0, digits=0)
    # The will that the old broker published comes late; it is not the gateway's.
    first = min(m[0] for m in messages if m[0] > back and '"state":"offline"' not in m[3])
    bench.must("broker back to first message", (first - back) / 1e6, FIRST_S, "s")
    rate = len(old) / max(1e-6, (old[-1][0] - old[0][0]) / 1e6)
    bench.must("rate of the backlog by the live rate", rate / DEVICES, TIMES, least=True, digits=1)
