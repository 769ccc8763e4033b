# SPDX-License-Identifier: Apache-2.0
"""Row 6: between gateway and broker lies a line that delays, loses and goes away; every record comes over it, once.

usage: flaky.py [SECONDS [LONGEST]]     20 s with outages of 1 to 10 s, the lengths evenly spread over their logarithm
and the second of them the longest. Runs in a guest (guest.py), which has netem where this machine's kernel may not:
gateway and plant live in a network namespace of their own, broker and desk at the other end of a veth pair, whose both
ends delay by 150±50 ms and lose 5 %, the outages apart. In one half of these, by chance, every packet vanishes, in the
other the interface itself is down. The seed is printed and can be given as NONSITE_SEED.

The gateway is back when its count of the broker's acknowledgements grows (nonsitectl status): a message went over the
line and its answer returned, on the connection that the gateway has now; what an old connection's last bytes still
bring does not count.

Repeats are the copies of records beyond the first that come out of the broker. They are counted against the different
records that came out of it: these were sent while the line was up, since nothing crosses it otherwise; a copy that an
outage swallows has cost nobody anything and counts nowhere."""
import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import time

import busy
from command import keys
from desk import Desk
from guest import MODULES, Guest, needed
from harness import BUILD, Rig, kill, run, until

INSIDE = sys.argv[1:2] == ["inside"]
ARGS = sys.argv[2:] if INSIDE else sys.argv[1:]
SECONDS = int(ARGS[0]) if ARGS else 20
LONGEST = int(ARGS[1]) if len(ARGS) > 1 else 10
PAUSE_S = max(3, LONGEST / 15)  # between two outages, once the gateway is back; from half of it to half more
PERIOD_S, POLL_MS = 16, 1000    # 1.5 alarm records a second: such a line carries some 20 kB/s
NEAR, FAR = "10.77.0.1", "10.77.0.2"
BACK_S, REPEATED = 30, 0.05     # the targets
SETTLE_S = 400                  # to drain at the end


def module(name):
    return next(MODULES.rglob(f"{name}.ko"), None)


class Line:
    """The veth pair: near0 is the broker's end, far0 in the namespace far the gateway's."""

    FAIR, GONE = "5%", "100%"

    def __init__(self):
        self.do("insmod", module("sch_netem"))
        self.do("insmod", module("veth"))
        self.do("ip", "netns", "add", "far")
        self.do("ip", "link", "add", "near0", "type", "veth", "peer", "name", "far0", "netns", "far")
        self.do("ip", "addr", "add", f"{NEAR}/24", "dev", "near0")
        self.do("ip", "link", "set", "near0", "up")
        self.do("ip", "-n", "far", "addr", "add", f"{FAR}/24", "dev", "far0")
        self.do("ip", "-n", "far", "link", "set", "lo", "up")
        self.do("ip", "-n", "far", "link", "set", "far0", "up")
        self.loses("add", self.FAIR)

    @staticmethod
    def do(*argv):
        subprocess.run([str(a) for a in argv], check=True)

    def loses(self, verb, share):
        what = ["root", "netem", "delay", "150ms", "50ms", "loss", share]
        self.do("tc", "qdisc", verb, "dev", "near0", *what)
        self.do("tc", "-n", "far", "qdisc", verb, "dev", "far0", *what)

    def away(self, down):
        if down:
            self.do("ip", "-n", "far", "link", "set", "far0", "down")
        else:
            self.loses("change", self.GONE)

    def back(self, down):
        if down:
            self.do("ip", "-n", "far", "link", "set", "far0", "up")
        else:
            self.loses("change", self.FAIR)


class Ear:
    """Stands in for Rig.messages: counts, and keeps what is newest."""

    def __init__(self):
        self.copies = collections.Counter()  # of records, by number
        self.health = None

    def append(self, message):
        topic, text = message
        if topic in ("lead", "alarm", "record"):
            self.copies[json.loads(text)["record"]["seq"]] += 1
        elif topic == "health":
            self.health = json.loads(text)["document"]

    def drained(self):
        return self.health and self.health["journal"]["records_waiting"] == 0 and self.health["journal"]["seq"]


def acknowledged(rig):
    done = subprocess.run([str(BUILD / "bin/nonsitectl"), "-s", str(rig.dir / "state/control.sock"), "--json", "status"],
                          capture_output=True, text=True)
    assert done.stdout.startswith("{"), done  # its exit code tells that the line is away
    return json.loads(done.stdout)["mqtt"]["acked"]


def outages(rng, rig, line):
    """Until the time is up; returns [(s away, interface down?, s from its return to the gateway's)]."""
    done, end = [], time.monotonic() + SECONDS
    while True:
        time.sleep(rng.uniform(PAUSE_S / 2, PAUSE_S * 1.5))
        left = end - time.monotonic()
        if left < 1:
            return done
        length = min(LONGEST if len(done) == 1 else LONGEST ** rng.random(), left)
        down = rng.random() < 0.5
        line.away(down)
        time.sleep(length)
        before = acknowledged(rig)  # none comes while the line is away
        line.back(down)
        begin = time.monotonic()
        until("the gateway is back", 180, lambda: acknowledged(rig) > before, every=0.2)
        done.append((length, down, time.monotonic() - begin))
        print(f"{'down' if down else 'silent'} for {length:.1f} s, back after {done[-1][2]:.1f} s", flush=True)


def check(rig, desk, ear):
    """What the desk keeps is whole and as signed; returns it."""
    try:
        last = until("all receipted", SETTLE_S - 60, ear.drained)
    except AssertionError as e:
        space = subprocess.run(["df", "-m", rig.dir], capture_output=True, text=True).stdout
        raise AssertionError(f"{e}: {ear.health['journal']}, {desk.gateway()}, {space}") from e
    lines = [s for s in desk.run("export", "gw-test").stdout.split("\n") if s]
    numbers = [json.loads(s)["record"]["seq"] for s in lines]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= last, f"lost, or kept twice: {last}, {numbers}"
    standing = until("the desk's view", 30, desk.gateway)
    assert standing["forked"] == 0 and standing["broken"] == 0 and standing["refused"] == 0, standing
    export = rig.dir / "export.jsonl"
    export.write_text("".join(s + "\n" for s in lines), encoding="utf-8")
    done = subprocess.run([str(BUILD / "bin/nonsitectl"), "verify", "-k", str(rig.public_key()), str(export)],
                          capture_output=True, text=True)
    assert done.returncode == 0, done
    return lines


def inside():
    rng = random.Random(int(os.environ["NONSITE_SEED"]))
    line, ear = Line(), Ear()
    far = ["ip", "netns", "exec", "far"]
    with Rig() as rig:
        rig.messages = ear
        rig.broker(f"persistence false\nmax_queued_messages 0\nlistener 1883 {NEAR}")
        rig.subscribe()
        plant, ports = rig.plant(busy.scenario(PERIOD_S), wrap=far)
        parts = busy.site(rig, ports)
        parts["devices"]["gas"]["period_ms"] = POLL_MS
        rig.gateway(rig.site(**parts, platform=keys(rig), mqtt={
            "host": NEAR, "port": 1883, "allow_plaintext": True, "receipts": True}), wrap=far)
        until("a key", 20, lambda: rig.public_key().exists())
        desk = Desk(rig, [rig.public_key()])
        desk.start()
        until("the first records", 60, lambda: len(ear.copies) > 5)
        done = outages(rng, rig, line)
        kill(plant)  # nothing new but its own silence, so that there is an end
        lines = check(rig, desk, ear)
        worst = max(back for _, _, back in done)
        repeated = sum(ear.copies.values()) - len(ear.copies)
        print(f"{len(done)} outages, {sum(d for _, d, _ in done)} of the interface, {sum(s for s, _, _ in done):.0f} s of "
              f"{SECONDS}, the longest {max(s for s, _, _ in done):.1f} s: all {busy.summary(lines)} reached the desk; "
              f"back after {worst:.1f} s at most; {repeated} repeats, {repeated / len(ear.copies):.2%}", flush=True)
        assert worst <= BACK_S, f"back after {worst:.1f} s"
        assert repeated <= REPEATED * len(ear.copies), f"{repeated} repeats of {len(ear.copies)}"


def main():
    if INSIDE:
        return inside()
    needed("linux.uml", "ip", "tc", "insmod")
    if not module("sch_netem"):
        print("SKIPPED: the guest's kernel has no netem")
        sys.exit(77)
    seed = os.environ.setdefault("NONSITE_SEED", str(random.SystemRandom().randrange(1 << 32)))
    print("seed", seed, flush=True)
    # All that journal and desk keep is in the guest's memory.
    status = Guest([sys.executable, pathlib.Path(__file__).resolve(), "inside", *ARGS], memory_mb=1536,
                   heard=lambda line: print(line, flush=True)).end(SECONDS + SETTLE_S + 200)
    assert status == 0, status


run(main)
