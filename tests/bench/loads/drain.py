# SPDX-License-Identifier: Apache-2.0
"""Records a second, and a backlog of a million rows of telemetry beside live ones. Neither has a bound: what must be
reached when a broker comes back is measured by the load `away`.

Records: every pass of every device raises an alarm or sees it return, 2,000 a second, which is far beyond any plant; the catalogue's limits
on chatter and floods are lifted. Rows: a gateway is stopped, fill.c puts copies of its last row into telemetry.db, and the
gateway starts again with devices that are read ten times a second.
"""
import subprocess
import time

from harness import Rig, until

from .common import BROKER, Server, STAMPED, STAMPS, Watch, compiled, ctl, disk, libraries, running, site, spread, stamp
from .latency import AT_ONCE, lifted

FURNACES, PERIOD_MS = 200, 100
DEVICES, REGISTERS, LIVE_MS = 10, 10, 100
QUIET_S = 4


def records(bench):
    with Rig() as rig:
        rig.broker(BROKER)
        server = Server(rig, FURNACES, step=30)  # 42 degC and 72 by turns
        watch = Watch(rig, "nonsite/v1/#", most=1)  # what nobody takes, the broker refuses
        gateway = rig.gateway(site(rig, server, [(20, 10)], PERIOD_MS, 1, overrides=AT_ONCE, gateway={"catalogue": lifted(rig)},
                                   mqtt={"telemetry": False}))
        running(rig, gateway, FURNACES)
        until("alarms", 30, lambda: any(m[2] == "alarm" for m in watch.new()))
        time.sleep(3)
        list(watch.new())
        server.reset()
        since, before = time.monotonic(), ctl(rig, "status")["journal"]["seq"]
        time.sleep(bench.size(20, 5))
        stored, lasted = ctl(rig, "status")["journal"]["seq"] - before, time.monotonic() - since
        came = sum(m[2] == "alarm" for m in watch.new())
        rates = [passes for _, passes, _ in server.rates(lasted, PERIOD_MS / 1000)]
    bench.say(f"records: {stored / lasted:.0f} a second were stored on {disk('/tmp')}, each signed and chained; {came / lasted:.0f} "
              f"alarms a second came to the subscriber; polling at {sum(rates) / len(rates):.3f}")


def rows(bench):
    count = bench.size(1_000_000, 20_000)
    with Rig() as rig:
        rig.broker(BROKER)
        server = Server(rig, DEVICES, stamps=True, roles=False)
        path = site(rig, server, [(STAMPED, REGISTERS - STAMPED)], LIVE_MS, extra=STAMPS, journal={"telemetry_mb": 4096},
                    mqtt={"window": 100})
        gateway = rig.gateway(path)
        running(rig, gateway, DEVICES)
        # Without a broker for some seconds, so that there is a row to copy.
        rig.procs[0].terminate()
        rig.procs[0].wait()
        time.sleep(3)
        gateway.terminate()
        gateway.wait(30)
        subprocess.run([compiled(rig, "fill", *libraries("sqlite3")), rig.dir / "state/telemetry.db", str(count)], check=True)
        rig.broker(BROKER)
        watch = Watch(rig, "nonsite/v1/+/telemetry")
        gateway = rig.gateway(path, name="again")
        since, old, first, last, ages = server.reset(), 0, None, None, []
        end = time.monotonic() + 900
        # Until nothing old has come for some seconds.
        while time.monotonic() < end and not (last and time.monotonic() * 1e6 - last > QUIET_S * 1e6):
            time.sleep(0.5)
            for us, historical, _, row in watch.new():
                if historical:
                    old, first, last = old + 1, first or us, us
                elif first and (sent := stamp(row, "a_us")):
                    ages.append((us - sent) / 1000)
        rates = [passes for _, passes, _ in server.rates(time.monotonic() - since, LIVE_MS / 1000)]
    assert old >= count, f"{old} of {count} rows came"
    took = (last - first) / 1e6
    bench.say(f"backlog: {old} rows in {took:.1f} s, {old / took:.0f} a second, {old / took / (DEVICES * 1000 / LIVE_MS):.0f} "
              f"times the live rate; polling at {sum(rates) / len(rates):.3f}")
    bench.say(f"live rows beside it came {spread(ages)} after the reading")


def run(bench):
    records(bench)
    rows(bench)
