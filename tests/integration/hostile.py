# SPDX-License-Identifier: Apache-2.0
"""The real daemon among hostile peers: each row of the table is one misbehaviour on a line of its own.

All rows misbehave at once. Every device shows a value that rises with the plant's time, so that each
published sample tells which moment it was measured at: one that is GOOD must be of the moment it is
stamped with. Beside each bad device a good one stands on the same line, and others stand elsewhere;
what they lost is counted in polls from the first moment of the misbehaviour on, not timed. At last everything is dead, and the processor's time is
read. Behaviour that belongs to one instrument (states, decimals, search, currents) is in devices.py.
"""
import json
import os
import socket
import struct
import threading
import time

from harness import Rig, run, until

PERIOD_MS = 1000
TIMEOUT_MS = 300
POLLS = 45           # that a device elsewhere does while the table misbehaves
NEIGHBOUR = 0.95     # of its polls a device must keep beside a bad one on its line
FIRST, RATE = 1000, 50  # the value at the beginning, and how much it rises in a second
SLOW_MS = 900        # the time-out of those elsewhere
STALE_S = 0.45       # beyond the time-out; an answer to the request before is a whole period old
PATIENCE_S = 200     # the longest back-off is 36 s, and a slow machine may miss a probe or two
DEAD_S = 20
CPU_MAX = 0.02

REPLIES = [
    # fault, may an answer still be good
    ({"fault": "foreign_unit"}, False),
    ({"fault": "short_count"}, False),
    ({"fault": "long_count"}, False),
    ({"fault": "fewer"}, False),
    ({"fault": "wrong_fc"}, False),
    ({"fault": "truncate"}, False),
    ({"fault": "late"}, False),
    ({"fault": "delay", "ms": 700}, False),
    ({"fault": "dribble", "ms": 100}, False),
    ({"fault": "silence"}, False),
    ({"fault": "close"}, False),
    ({"fault": "exception", "code": 2}, False),
    ({"fault": "exception", "code": 6}, False),
    ({"fault": "exception_storm", "code": 6, "times": 50}, False),
    ({"fault": "swap_words"}, False),
    ({"fault": "junk_tail"}, True),
    ({"fault": "clash"}, True),
]
ONLY_TCP = [
    ({"fault": "reset"}, False),
    ({"fault": "wrong_tid"}, False),
    ({"fault": "wrong_protocol"}, False),
    ({"fault": "wrong_length", "by": 1}, False),
    ({"fault": "wrong_length", "by": -1}, False),
    ({"fault": "junk_head"}, False),
    ({"fault": "dribble", "ms": 1}, True),
    ({"fault": "exception", "code": 11}, False),
]
ONLY_RTU = [
    ({"fault": "bad_crc"}, False),
    ({"fault": "junk_head"}, False),
]
ENDPOINTS = [
    ({"fault": "refuse"}, False),
    ({"fault": "black_hole"}, False),
    ({"fault": "mute"}, False),
    ({"fault": "half_open"}, True),
    ({"fault": "hang_up"}, False),
    ({"fault": "garbage", "bytes": 7, "ms": 130}, True),
    ({"fault": "garbage", "bytes": 256, "ms": 10}, True),
]
LINES = [r for r in ENDPOINTS if r[0]["fault"] in ("refuse", "mute", "garbage")]
FRAMINGS = (("tcp", REPLIES + ONLY_TCP, ENDPOINTS), ("rtu", REPLIES + ONLY_RTU, LINES),
            ("dtu", REPLIES + ONLY_RTU, [r for r in ENDPOINTS if r[0]["fault"] in ("black_hole", "mute", "hang_up")]))
DEAD_NAME = "plc.nonsite.test"


class Row:
    def __init__(self, number, framing, fault, may_be_good, whole):
        self.name = f"{framing}{number}"
        self.framing, self.fault, self.may_be_good, self.whole = framing, fault, may_be_good, whole
        self.mate = None if whole else f"{self.name}m"
        self.what = framing + " " + " ".join(str(v) for v in fault.values())

    def act(self, **more):
        return dict({"endpoint" if self.whole else "device": self.name}, **more)


def table():
    rows = []
    for framing, replies, endpoints in FRAMINGS:
        for whole, faults in ((False, replies), (True, endpoints)):
            rows += [Row(len(rows) + i, framing, *f, whole) for i, f in enumerate(faults)]
    return rows


class DeadDns(threading.Thread):
    """A name server that hears and says nothing, until it is told to answer 127.0.0.1."""

    def __init__(self, rig):
        super().__init__(daemon=True)
        self.answers = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.bind(("127.77.0.1", 53))
            self.conf = rig.dir / "resolv.conf"
            self.conf.write_text("nameserver 127.77.0.1\n")
            self.start()
        except PermissionError:
            self.conf = None

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(512)
            if not self.answers:
                continue
            end = query.index(b"\0", 12) + 5
            a = query[end - 4:end - 2] == b"\0\1"
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x05\0\4\x7f\0\0\1" if a else b""
            self.socket.sendto(query[:2] + b"\x81\x80\0\1" + (b"\0\1" if a else b"\0\0") + b"\0\0\0\0" +
                               query[12:end] + answer, peer)


class Stalls(threading.Thread):
    """How long this machine leaves its processes waiting; what it costs is not the daemon's doing."""

    def __init__(self):
        super().__init__(daemon=True)
        self.worst = 0.0
        self.long = 0
        self.start()

    def run(self):
        while True:
            before = time.monotonic()
            time.sleep(0.02)
            late = time.monotonic() - before - 0.02
            self.worst = max(self.worst, late)
            self.long += late > TIMEOUT_MS / 2000


def value_of(port):
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(struct.pack(">HHHBBHH", 1, 0, 6, 1, 3, 10, 1))
        reply = s.recv(64)
    return struct.unpack(">H", reply[9:11])[0]


def begin_of_story(port):
    """Wall time at which the value was FIRST, from readings of our own."""
    lo, hi = 0.0, float("inf")
    for _ in range(20):
        before = time.time()
        value = value_of(port)
        lo = max(lo, before - (value - FIRST + 1) / RATE)
        hi = min(hi, time.time() - (value - FIRST - 1) / RATE)
        time.sleep(0.01)
    assert lo <= hi + 0.01, (lo, hi)
    return (lo + hi) / 2


class Watch:
    """What was published of every device: {device: [(t, quality, value of x, value of own)]}."""

    def __init__(self, rig):
        self.rig, self.at, self.of = rig, 0, {}

    def look(self):
        messages = self.rig.messages
        while self.at < len(messages):
            topic, payload = messages[self.at]
            self.at += 1
            if topic == "telemetry":
                m = json.loads(payload)
                x, own = (m["points"].get(f"{m['device']}.{p}", {}) for p in ("x", "own"))
                self.of.setdefault(m["device"], []).append((x["t"] / 1000, x["q"], x.get("v"), own.get("v")))
        return self.of

    def since(self, device, t):
        return [s for s in self.look().get(device, []) if s[0] > t]

    def good(self, device, t):
        return any(q == "GOOD" for _, q, _, _ in self.since(device, t))


def devices_of(rig):
    health = rig.document("health")
    return {d["id"]: d for d in health["devices"]} if health else {}


def polls(rig):
    return {k: d["polls"] for k, d in devices_of(rig).items()}


def later(rig, device, count):
    """The polls of all devices once the device has done `count` more."""
    start = until("health", 20, lambda: polls(rig))[device]["scheduled"]

    def there():
        now = polls(rig)
        return now if now[device]["scheduled"] >= start + count else None
    return until(f"{count} polls", count * 4 + 60, there)


def lost(before, after):
    """(scheduled, read, failed, skipped) in between."""
    return tuple(after[k] - before[k] for k in ("scheduled", "read", "failed", "skipped"))


class Test:
    def __init__(self, rig):
        self.rig, self.rows, self.stalls, self.watch = rig, table(), Stalls(), Watch(rig)
        self.dns = DeadDns(rig)
        self.elsewhere = ["well0", "well1", "well2", "line"]
        self.swapped = {r.name for r in self.rows if r.fault["fault"] == "swap_words"}
        self.own = {}
        self.worst = (1.0, "any")

    def start(self):
        names = list(self.elsewhere)
        endpoints = {f"well{i}": {"units": {"1": f"well{i}"}} for i in range(3)}
        endpoints["line"] = {"serial": "pty", "baud": 115200, "units": {"1": "line"}}
        for r in self.rows:
            units = {"1": r.name} if r.whole else {"1": r.name, "2": r.mate}
            kind = {"tcp": {}, "rtu": {"serial": "pty", "baud": 115200, "link": str(self.rig.dir / r.name)},
                    "dtu": {"framing": "rtu"}}[r.framing]
            endpoints[r.name] = dict(kind, units=units)
            names += list(units.values())
        self.own = {n: 100 + i for i, n in enumerate(names)}
        self.plant, self.ports = self.rig.plant({
            "endpoints": endpoints,
            "devices": {n: {"kind": "map", "regs": {"10": [FIRST], "12": [self.own[n]]}, "range": [10, 12],
                            "ramp": {"r10": {"to": FIRST + 1200 * RATE, "over_s": 1200}}} for n in names},
        }, stdin=True)
        self.begin = begin_of_story(self.ports["well0"])
        self.daemon = self.rig.gateway(self.site(names), wrap=self.wrap())

    def wrap(self):
        """Runs the daemon where the dead name server is the only one."""
        if self.dns.conf is None:
            return []
        return ["unshare", "-m", "sh", "-c", f"mount --bind {self.dns.conf} /etc/resolv.conf && exec \"$@\"", "sh"]

    def site(self, names):
        def bus(name, framing):
            # Those elsewhere have time enough for a machine that is slow; the others must not wait.
            timeout = {"timeout_ms": SLOW_MS if name in self.elsewhere else TIMEOUT_MS}
            if framing == "rtu":
                return dict({"driver": "modbus-rtu", "port": self.ports[name], "baud": 115200}, **timeout)
            more = {"framing": "rtu"} if framing == "dtu" else {}
            return dict({"driver": "modbus-tcp", "host": "127.0.0.1", "port": self.ports[name],
                         "connect_timeout_ms": 1000}, **timeout, **more)

        framing = {r.name: r.framing for r in self.rows} | {"line": "rtu"}
        buses = {n: bus(n, framing.get(n, "tcp")) for n in self.ports}
        buses["named"] = dict(buses["well0"], host=DEAD_NAME)
        devices = {n: {"bus": n, "period_ms": PERIOD_MS} for n in self.ports} | \
                  {r.mate: {"bus": r.name, "unit": 2, "period_ms": PERIOD_MS} for r in self.rows if r.mate} | \
                  {"named": {"bus": "named", "period_ms": PERIOD_MS}}
        self.own["named"] = self.own["well0"]
        point = {"fc": 3, "type": "u16", "decimals": 0}
        return self.rig.site(buses=buses, devices=devices,
                             points={f"{d}.x": dict(point, address=10, sane=[FIRST, 65535]) for d in devices} |
                                    {f"{d}.own": dict(point, address=12) for d in devices})

    def tell_all(self, **more):
        for r in self.rows:
            self.rig.tell(self.plant, r.act(**(more or r.fault)))

    def all_good(self, t, but=()):
        missing = {n for n in self.own if n not in but}

        def all_there():
            missing.difference_update([n for n in missing if self.watch.good(n, t)])
            return not missing
        try:
            until("all devices are good", PATIENCE_S, all_there, every=0.5)
        except AssertionError:
            print("not good:", sorted(missing))
            raise

    # --- judging ------------------------------------------------------------------------------

    def every_good_sample_is_true(self):
        worst = 0.0
        for device, samples in self.watch.look().items():
            for t, q, x, own in samples:
                if q != "GOOD":
                    # Only what came well-formed has a value.
                    whole = device in self.swapped and q == "BAD_RANGE"
                    assert whole or (q == "BAD_COMM" and x is None), (device, t, q, x)
                    continue
                assert own == str(self.own[device]), f"{device} shows another one's value: {own}"
                age = t - (self.begin + (int(x) - FIRST) / RATE)
                patient = device in self.elsewhere or device == "named"
                limit = (SLOW_MS if patient else TIMEOUT_MS) / 1000 + STALE_S + self.stalls.worst
                assert -0.15 < age < limit, \
                    f"{device}: a value of {age:.2f} s ago was published as good"
                worst = max(worst, age)
        print(f"every good sample was true at its time; the oldest answer was {worst:.2f} s old, "
              f"this machine stalled for {self.stalls.worst:.2f} s at most")

    def those_elsewhere_lost_nothing(self, before, after):
        for name in self.elsewhere:
            scheduled, read, failed, skipped = lost(before[name], after[name])
            print(f"elsewhere: {name} read {read} of {scheduled}")
            # Only a poll that the machine itself overslept may be missing.
            assert failed + skipped <= self.stalls.long, (name, failed, skipped, self.stalls.long)
            assert scheduled - read - failed - skipped <= 1, (name, scheduled, read)

    def judge(self, r, t, before, after):
        """One row, from its samples during the fault and since; returns a line of the table."""
        on, off = t
        during = [s for s in self.watch.since(r.name, on + 1.5) if s[0] < off]
        bad = [s for s in self.watch.since(r.name, on) if s[0] < off and s[1] != "GOOD"]
        good = [s for s in during if s[1] == "GOOD"]
        assert r.may_be_good or not good, f"{r.what}: a spoilt answer was published as good: {good}"
        assert r.may_be_good or bad, f"{r.what}: nobody noticed"
        since = self.watch.since(r.name, off + 1.5)
        back = next(i for i, s in enumerate(since) if s[1] == "GOOD")
        first = next(s[0] for s in self.watch.since(r.name, off) if s[1] == "GOOD")
        assert back <= 1 + self.stalls.long, f"{r.what}: {back} probes failed after the fault had ended"
        mate = ""
        if r.mate:
            scheduled, read, failed, skipped = lost(before[r.mate], after[r.mate])
            mate = f"{read}/{scheduled}"
            self.worst = min(self.worst, (read / scheduled, r.what), key=lambda w: w[0])
            # A poll in flight at the one end, and what the machine itself overslept.
            allowed = (1 - NEIGHBOUR) * scheduled + self.stalls.long
            assert scheduled - read - failed - skipped <= 1, (r.what, scheduled, read)
            tries, losses = ([round(s[0] - on, 1) for s in self.watch.since(n, on) if s[1] == "BAD_COMM"]
                             for n in (r.name, r.mate))
            assert failed + skipped <= allowed, \
                f"{r.what}: its neighbour lost {failed} + {skipped} of {scheduled}, at {losses}; tries at {tries}"
        return f"{r.what:32} {len(good):5} {len(bad):4} {mate:>9} {first - off:7.1f}"

    def cpu_s(self):
        with open(f"/proc/{self.daemon.pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # --- the phases ---------------------------------------------------------------------------

    def misbehave(self):
        before = later(self.rig, "well0", 1)
        self.tell_all()
        on = time.time()
        after = later(self.rig, "well0", POLLS)
        self.tell_all(clear=True)
        off = time.time()
        self.dns.answers = True
        self.all_good(off + 1.5, but=() if self.dns.conf else ("named",))
        self.those_elsewhere_lost_nothing(before, after)
        print(f"\n{'misbehaviour':32} {'good':>5} {'bad':>4} {'neighbour':>9} {'back s':>7}")
        for r in self.rows:
            print(self.judge(r, (on, off), before, after))
        bad = [s for s in self.watch.of.get("named", []) if s[0] < off]
        assert bad and all(q == "BAD_COMM" for _, q, _, _ in bad), "a name that does not resolve"
        print(f"{'tcp dead name server':32} {0:5} {len(bad):4}\n")
        print(f"of its polls a neighbour kept {100 * self.worst[0]:.1f} % at least, beside {self.worst[1]}")

    def die(self):
        ways = [{"fault": f} for f in ("refuse", "black_hole", "mute", "hang_up")]
        for i, name in enumerate(self.ports):
            self.rig.tell(self.plant, dict(ways[i % len(ways)], endpoint=name))

        def all_down():
            links = {k: d["link"] for k, d in devices_of(self.rig).items()}
            alive = [k for k, link in links.items() if link != "down" and not k.startswith("rtu")]
            return links and not alive
        # A line has nothing to hang up, so those rows stay; they are silenced as devices.
        for r in self.rows:
            for name in [r.name] + ([r.mate] if r.mate else []):
                if r.framing == "rtu":
                    self.rig.tell(self.plant, {"device": name, "fault": "silence"})
        self.rig.tell(self.plant, {"device": "line", "fault": "silence"})
        until("everything is down", 200, all_down, every=0.5)
        t, cpu = time.monotonic(), self.cpu_s()
        time.sleep(DEAD_S)
        share = (self.cpu_s() - cpu) / (time.monotonic() - t)
        print(f"everything is dead: {100 * share:.2f} % of one core for {len(self.own)} devices")
        assert share <= CPU_MAX, share

    def come_back(self):
        for name in self.ports:
            self.rig.tell(self.plant, {"endpoint": name, "clear": True})
        for name in self.own:
            if name != "named":
                self.rig.tell(self.plant, {"device": name, "clear": True})
        self.all_good(time.time(), but=() if self.dns.conf else ("named",))
        print("and all of them came back")


def main():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        test = Test(rig)
        test.start()
        test.all_good(0, but=("named",))
        test.misbehave()
        test.die()
        test.come_back()
        test.every_good_sample_is_true()
        assert test.daemon.poll() is None, "the daemon ended"


run(main)
