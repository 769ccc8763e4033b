# SPDX-License-Identifier: Apache-2.0
"""Row 14: somebody sets the clock; nothing is raised, missed or doubled for it, and each step is told with its size.

Runs in a guest (guest.py), whose clock is its own. The same story is played twice: under a clock that runs 500 ppm
fast, with one step at its end; and from 1970 on, with 100 steps of ±1 s, ±30 s, ±1 h, ±10 years, to
1970 and back. Both must tell the same. The seed is printed and can be given as NONSITE_SEED."""
import ctypes
import json
import os
import pathlib
import random
import re
import sys
import time

import stories
from guest import Guest, needed
from harness import Rig, run, unique, until

STEPS = 100
HOUR, YEAR = 3600, 365 * 86400
NOW = 1795348315.0  # 2026-11-22: when the guest believes to be
DELAY_S = 8
CLOCK_SET = "DAT-INT-01"
STEP = re.compile(r"the wall clock was set by ([+-]\d+) ms")


class Timex(ctypes.Structure):
    _fields_ = [("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long),
                ("maxerror", ctypes.c_long), ("esterror", ctypes.c_long), ("status", ctypes.c_int),
                ("rest", ctypes.c_char * 256)]


def adjust(modes, **what):
    tx = Timex(modes=modes, **what)
    assert ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(tx)) >= 0, ctypes.get_errno()


def synchronised():
    """As a time daemon says it: an error of 1 ms, and not unsynchronised."""
    adjust(0x4 | 0x8 | 0x10, maxerror=1000, esterror=1000, status=0)


def slew(ppm):
    adjust(0x2, freq=ppm << 16)


class Clock:
    """Sets the clock, and holds the gateway to tell each step, once and with its size."""

    def __init__(self, rig):
        self.rig, self.steps = rig, 0
        self.worst = 0

    @staticmethod
    def offset():
        """Wall minus boot time, by the quickest of some readings: a guest is often put aside between two."""
        best = (1.0, 0.0)
        for _ in range(8):
            begin = time.clock_gettime(time.CLOCK_BOOTTIME)
            wall = time.clock_gettime(time.CLOCK_REALTIME)
            end = time.clock_gettime(time.CLOCK_BOOTTIME)
            best = min(best, (end - begin, wall - (begin + end) / 2))
        return best[1]

    def step(self, to=None, by=None):
        before = self.offset()
        time.clock_settime(time.CLOCK_REALTIME, to if to is not None else time.time() + by)
        size = (self.offset() - before) * 1000
        self.steps += 1
        until("the step is told", 20, lambda: len(STEP.findall(self.rig.log())) >= self.steps, every=0.02)
        told = STEP.findall(self.rig.log())
        assert len(told) == self.steps, (self.steps, told[-3:])
        self.worst = max(self.worst, abs(int(told[-1]) - size))
        assert abs(int(told[-1]) - size) <= 10, (told[-1], size)


def random_step(clock, rng):
    kind = rng.randrange(6)
    if kind == 0:
        clock.step(to=rng.uniform(600, HOUR))  # 1970; no clock goes back before its boot
    elif kind == 1:
        clock.step(to=NOW + rng.uniform(0, HOUR))
    else:
        clock.step(by=rng.choice((-1, 1)) * (HOUR, 10 * YEAR, 1.1, 30)[kind - 2]
                   if time.time() > 11 * YEAR else 50 * YEAR)


def play(disturb):
    """disturb: called with the clock whenever there is time for it. Returns the story: what was told, in order."""
    with Rig() as rig:
        clock = Clock(rig)
        rig.broker()
        rig.subscribe()
        plant, ports = rig.plant(stories.scenario(), stdin=True)
        site = stories.site(ports)
        site["assets"]["paint-1"]["overrides"].update({
            "GAS-FLT-01": {"delay_s": DELAY_S, "clear_s": 10}, "GAS-CAL-01": {"delay_s": 0}})
        rig.gateway(rig.site(**site))

        def of(finding, state):
            return [r for r in rig.records() if r.get("finding") == finding and r.get("state") == state]

        until("birth", 30, lambda: (rig.document("status") or {}).get("state") == "online")
        until("the standing lead", 30, lambda: of("CW-ABS-02", "raised"))
        rig.tell(plant, {"device": "pt", "set": {"t1": 58.5}})
        until("an alarm", 30, lambda: of("CW-EV-TOUT-HH", "raised"))
        until("its lead", 30, lambda: of("CW-ILK-01", "raised"))
        disturb(clock, "alarm")
        rig.tell(plant, {"device": "pt", "set": {"t1": 42.0}})
        until("its end", 30, lambda: of("CW-EV-TOUT-HH", "returned"))

        # A delay is counted on the monotonic clock.
        rig.tell(plant, {"device": "gas", "set": {"p2_sensor_fault": True}})
        begin = time.monotonic()
        while time.monotonic() < begin + DELAY_S - 1:
            disturb(clock, "delay")
            assert not of("GAS-FLT-01", "raised"), "a step made a delay end early"
        until("the lead", 10, lambda: of("GAS-FLT-01", "raised"))
        took = time.monotonic() - begin
        assert took > DELAY_S - 0.3, took
        rig.tell(plant, {"device": "gas", "set": {"p2_sensor_fault": False}})
        disturb(clock, "rest")
        until("it is cleared", 30, lambda: of("GAS-FLT-01", "cleared"))
        last = rig.records()[-1]["seq"]
        disturb(clock, "end")
        until("events arrive", 30, lambda: sum("clock_step" in w for w in rig.wires("event")) == clock.steps)
        wires = unique(rig.wires("lead", "alarm", "record"))
        rig.check_chain(wires)
        records = [json.loads(w)["record"] for w in wires]
        order = [(r["time"]["boot"], r["time"]["t_boot_ms"]) for r in records]
        assert len({boot for boot, _ in order}) == 1 and order == sorted(order), "not ordered by their numbers"
        print(f"{clock.steps} steps told, the worst by {clock.worst:.1f} ms; the lead after {took:.1f} s", flush=True)
        # Records of evidence come when their windows are full, those after the end by chance.
        records = [r for r in records[:last] if r["class"] in ("lead", "alarm")]
        return [(r["finding"], r["state"]) for r in records], [r["time"]["sync"] for r in records]


def slewed(clock, when):
    if when == "delay":
        time.sleep(0.5)
    elif when == "end":
        clock.step(by=HOUR)


def stepped(rng, clock, when):
    if when == "alarm":
        clock.step(to=NOW)  # the network is up
        synchronised()
    elif when == "delay":
        time.sleep(0.1)
        random_step(clock, rng)
    elif when == "rest":
        while clock.steps < STEPS:
            random_step(clock, rng)


def inside():
    rng = random.Random(int(os.environ["NONSITE_SEED"]))
    time.clock_settime(time.CLOCK_REALTIME, NOW)
    synchronised()
    slew(500)
    begin = [time.clock_gettime(c) for c in (time.CLOCK_MONOTONIC, time.CLOCK_MONOTONIC_RAW)]
    plain, sync = play(slewed)
    took, raw = [time.clock_gettime(c) - b for c, b in zip((time.CLOCK_MONOTONIC, time.CLOCK_MONOTONIC_RAW), begin)]
    assert 300 < (took / raw - 1) * 1e6 < 700, (took, raw)
    assert all(sync), "synchronised, and said otherwise"
    slew(0)
    time.clock_settime(time.CLOCK_REALTIME, 1000)  # as a box without a battery starts
    told, sync = play(lambda clock, when: stepped(rng, clock, when))
    # That the clock was set is told, too.
    assert (CLOCK_SET, "raised") in told, told
    told = [(r, s) for r, s in zip(told, sync) if r[0] != CLOCK_SET]
    plain = [r for r in plain if r[0] != CLOCK_SET]
    assert sorted(r for r, _ in told) == sorted(plain), f"without steps: {plain}\nwith steps: {told}"
    # Between the time daemon's word and the next step alone.
    assert all(s == (r[0].startswith("CW-EV-TOUT") and r[1] == "returned") for r, s in told), told
    print("the same story:", *plain)


def main():
    if sys.argv[1:] == ["inside"]:
        return inside()
    needed("linux.uml")
    seed = os.environ.setdefault("NONSITE_SEED", str(random.SystemRandom().randrange(1 << 32)))
    print("seed", seed, flush=True)
    heard = []

    def hear(line):
        heard.append(line)
        print(line, flush=True)

    status = Guest([sys.executable, pathlib.Path(__file__).resolve(), "inside"], heard=hear).end(300)
    assert status == 0, status
    assert any(f"{STEPS} steps told" in line for line in heard)


run(main)
