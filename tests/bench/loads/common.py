# SPDX-License-Identifier: Apache-2.0
"""What the loads share: programs in C, a fast server, a subscriber with a clock, sites, figures of a process."""
import json
import os
import pathlib
import struct
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = ROOT / "tests/bench"
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
# Where the registers of an asset lie in each device, and what the server would have to show there: a furnace
# that runs well.
ROLES = {"T_OUT": (20, 42), "T_IN": (21, 31), "Q_IN": (22, 36), "Q_OUT": (23, 35), "RUN": (24, 1)}
UNITS = {"T_OUT": "degC", "T_IN": "degC", "Q_IN": "m3/h", "Q_OUT": "m3/h"}


class Bench:
    """What was asked for, and what came of it."""

    def __init__(self, quick, rounds, seconds):
        self.quick, self.rounds, self.seconds = quick, rounds, seconds
        self.lines, self.skipped = [], []

    def size(self, whole, quick):
        return quick if self.quick else whole

    @staticmethod
    def say(text):
        print(f"  {text}", flush=True)

    def must(self, text, value, bound, unit="", least=False, digits=2):
        """One line of what must be reached; printed at once and again at the end."""
        met = value >= bound if least else value <= bound
        unit = f" {unit}" if unit else ""
        line = (f"{text}: {value:.{digits}f}{unit} (bound {'at least' if least else 'at most'} "
                f"{bound:.{digits}f}{unit}): {'met' if met else 'MISSED'}")
        self.lines.append((met, line))
        print(f"* {line}", flush=True)

    def skip(self, text):
        self.skipped.append(text)
        print(f"* SKIPPED: {text}", flush=True)


# ---- programs ----

def compiled(rig, name, *flags, shared=False):
    """A program of this folder, built into the rig's folder."""
    out = rig.dir / (f"{name}.so" if shared else name)
    if not out.exists():
        subprocess.run(["cc", "-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-D_POSIX_C_SOURCE=200809L",
                        *(["-shared", "-fPIC"] if shared else []), HERE / f"{name}.c", "-o", out, *flags], check=True)
    return out


def libraries(*names):
    return subprocess.run(["pkg-config", "--cflags", "--libs", *names], check=True, capture_output=True,
                          text=True).stdout.split()


class Server:
    """server.c: `endpoints` Modbus TCP servers in one process."""

    def __init__(self, rig, endpoints, units=1, latency_ms=0, silent=0, holes=(), stamps=False, roles=True, step=1, name="server"):
        argv = [compiled(rig, "server"), "-u", units, "-l", latency_ms, "-s", silent, "-j", step]
        for at, count in holes:
            argv += ["-x", f"{at},{count}"]
        argv += ["-t"] if stamps else []
        self.units, self.devices = units, endpoints * units
        self.process = rig.start(name, [*argv, endpoints], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = [int(p) for p in self.process.stdout.readline().split()]
        assert len(self.ports) == endpoints, "the server did not start"
        self.silent = {i * self.devices // silent for i in range(silent)}
        if roles:
            for device in range(self.devices):
                for at, value in ROLES.values():
                    self.set(device, at, value)
        self.reset()

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def set(self, device, register, value):
        """Returns the microsecond at which it was set."""
        return int(self.ask(f"set {device} {register} {value}").split()[1])

    def served(self):
        """The microsecond at which the value of the last set() was first told to somebody; waits for it."""
        word, at = self.process.stdout.readline().split()
        assert word == "served", word
        return int(at)

    def reset(self):
        self.ask("reset")
        return time.monotonic()

    def stats(self):
        return json.loads(self.ask("stats"))

    def rates(self, seconds, period_s=1.0):
        """(device, passes by those that were due, longest gap in periods) of those that answer."""
        stats = self.stats()
        for d in range(self.devices):
            if d not in self.silent:
                yield d, stats["passes"][d] * period_s / seconds, stats["gap_us"][d] / 1e6 / period_s


class Watch:
    """watch.c: the messages of a topic with the microsecond of their arrival."""

    def __init__(self, rig, topic, most=250, name="watch"):
        from harness import until
        self.path = rig.dir / f"{name}.txt"
        with open(self.path, "wb") as out:
            self.process = rig.start(name, [compiled(rig, "watch", *libraries("libmosquitto")), rig.broker_port, topic, most],
                                     stdout=out)
        until("subscribed", 20, lambda: "ready" in rig.log(name), every=0.01)
        self.at = 0

    def new(self):
        """(us, historical, topic below the gateway's, payload) of whole lines that came since the last call."""
        with open(self.path, "rb") as f:
            f.seek(self.at)
            block = f.read()
        end = block.rfind(b"\n") + 1
        self.at += end
        for line in block[:end].splitlines():
            us, old, topic, payload = line.split(b" ", 3)
            parts = topic.decode().split("/", 3)
            yield int(us), old == b"1", parts[3] if len(parts) > 3 else parts[-1], payload.decode(errors="replace")

    def wait(self, what, seconds, wanted):
        """The first new message that wanted(topic, payload) is true of."""
        end = time.monotonic() + seconds
        while True:
            for message in self.new():
                if wanted(message[2], message[3]):
                    return message
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            time.sleep(0.005)


BROKER = "persistence false\nset_tcp_nodelay true\nmax_queued_messages 0\nmax_inflight_messages 0"


# ---- sites ----

def site(rig, server, blocks, period_ms=1000, furnaces=0, extra=(), overrides=None, **parts):
    """A site file for all devices of the server, which have the registers of blocks; with furnaces, each so manieth
    device feeds one (31 checks). extra: further points of the profile."""
    profiles = rig.dir / "profiles"
    profiles.mkdir(exist_ok=True)
    roles = {at: role for role, (at, _) in ROLES.items()} if furnaces else {}
    points = [{"name": f"r{a}", "fc": 3, "address": a,
               **({"as": "bool"} if roles.get(a) == "RUN" else {"decimals": 0, "unit": UNITS.get(roles.get(a), "")})}
              for at, count in blocks for a in range(at, at + count)]
    (profiles / "bench.json").write_text(json.dumps({
        "profile": "bench", "title": {"zh": "基准", "en": "bench"}, "source": "made for this benchmark",
        "confirmed": "published", "device": {}, "points": [*extra, *points]}), encoding="utf-8")
    names = [f"d{i}" for i in range(server.devices)]
    assets = {f"f{i}": {
        "type": "if_furnace", "name": f"{i}号炉", "facts": {"loop": "closed"}, "rated": {"Q_IN": 40},
        "roles": {role: f"{n}.r{at}" for at, role in roles.items()}, "overrides": overrides or {}} for i, n in enumerate(names) if furnaces and i % furnaces == 0}
    journal = {"window_before_s": 300, "window_after_s": 120, **parts.pop("journal", {})}
    path = rig.site(
        buses={f"e{i}": {"driver": "modbus-tcp", "host": "127.0.0.1", "port": port}
               for i, port in enumerate(server.ports)},
        devices={n: {"bus": f"e{i // server.units}", "unit": i % server.units + 1, "period_ms": period_ms, "profile": "bench"}
                 for i, n in enumerate(names)},
        assets=assets, journal=journal,
        mqtt={"health_s": 30, **parts.pop("mqtt", {})}, **parts)
    whole = json.loads(path.read_text(encoding="utf-8"))
    whole["gateway"]["profiles"] = str(profiles)
    path.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return path


STAMPED = 6  # registers of server.c's stamps
# The first points of a row, in the order of their names: when the server sent the reading, and its number.
STAMPS = ({"name": "a_us", "fc": 3, "address": 0, "type": "u64", "as": "int"},
          {"name": "a_pass", "fc": 3, "address": 4, "type": "u32", "as": "int"})


def stamp(payload, point):
    """The value of one of STAMPS in a row, or None."""
    at = payload.find(f'.{point}":')
    at = payload.find('"v":"', at) if at >= 0 else -1
    return int(payload[at + 5:payload.index('"', at + 5)]) if at >= 0 else None


def running(rig, gateway, devices, seconds=60):
    """Waits until every device was read once and the broker is there."""
    from harness import until

    def runs():
        assert gateway.poll() is None, "the gateway ended"
        return rig.log().count(": answers") >= devices and "connected to" in rig.log()

    until("the gateway runs", seconds, runs)


def ctl(rig, what):
    """What nonsitectl says, or None; its exit status tells of faults, which do not matter here."""
    from harness import BUILD
    done = subprocess.run([BUILD / "bin/nonsitectl", "-s", rig.dir / "state/control.sock", "--json", what],
                          capture_output=True, text=True)
    return json.loads(done.stdout) if done.stdout.startswith("{") else None


# ---- figures of a process ----

def cpu_ms(pid):
    """Of all threads of the process, finer than the ticks of /proc/PID/stat where the kernel tells."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            total += int(pathlib.Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) * TICK_MS
    return total / 1e6


def memory_kb(pid):
    """{"Rss": kB, "Pss": kB, ...}"""
    rows = (line.split() for line in open(f"/proc/{pid}/smaps_rollup", encoding="ascii"))
    return {row[0][:-1]: int(row[1]) for row in rows if len(row) == 3 and row[0].endswith(":")}


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(p / 100 * len(values)))] if values else float("nan")


def spread(values, unit="ms"):
    return (f"p50 {percentile(values, 50):.2f}, p95 {percentile(values, 95):.2f}, p99 {percentile(values, 99):.2f}, "
            f"worst {max(values):.2f} {unit} ({len(values)})")


class Spy:
    """spy.c in a process that was started with its environment."""

    WHO = ("nonsited", "libmosquitto", "libsqlite3", "other libraries", "libc")
    PLACES, SYNCS = 256, 65536

    def __init__(self, rig):
        self.path = rig.dir / "spy.bin"
        self.env = {**os.environ, "LD_PRELOAD": str(compiled(rig, "spy", "-ldl", shared=True)), "NONSITE_SPY": str(self.path)}

    def words(self, at, n):
        with open(self.path, "rb") as f:
            f.seek(8 * at)
            return struct.unpack(f"={n}Q", f.read(8 * n))

    def allocations(self):
        return dict(zip(self.WHO, self.words(0, 5)))

    def places(self):
        words = self.words(10, 2 * self.PLACES)
        return {words[i]: words[i + 1] for i in range(0, len(words), 2) if words[i]}

    def syncs(self):
        """(from us, to us) of the last waits for the disk."""
        n = self.words(10 + 2 * self.PLACES, 1)[0]
        words = self.words(11 + 2 * self.PLACES, 2 * min(n, self.SYNCS))
        return [(words[i], words[i + 1]) for i in range(0, len(words), 2)]

    @staticmethod
    def named(program, places):
        """Functions behind offsets of the program."""
        done = subprocess.run(["addr2line", "-f", "-e", program, *(hex(p - 1) for p in places)], capture_output=True, text=True)
        return dict(zip(places, done.stdout.splitlines()[::2]))


def disk(path):
    """Which disk and file system a folder is on."""
    done = subprocess.run(["df", "--output=source,fstype", path], capture_output=True, text=True)
    return " ".join(done.stdout.splitlines()[-1].split()) if done.returncode == 0 else "unknown"
