# SPDX-License-Identifier: Apache-2.0
"""Row 4: every state in which a crash can leave the disk: the gateway starts from it and has what was ever seen.

usage: crash_states.py [STATES]     100 of them. A guest (guest.py) runs the gateway on a disk of which dm-log-writes
keeps each write, flush and forced write; whenever records have reached a subscriber, a mark goes into that log. A
crash state is a point in the log: what a flush before it covers is on the disk, and so is what was forced; of the
writes after that flush, each block is there or not, by chance, as with a disk that reorders and forgets. The gateway
must start from it within 2 s, with all records that were seen before the point, byte for byte. The seed is printed
and can be given as NONSITE_SEED."""
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

import busy
from guest import MODULES, Guest, make_disk, needed, nonsitectl, unpack_disk
from harness import BUILD, ROOT, SITE, Rig, run

STATES = int(sys.argv[1]) if sys.argv[1:2] != ["inside"] and len(sys.argv) > 1 else 100
SECONDS = 12  # of life that are kept
START_S = 2
DISK = pathlib.Path("/run/disk")
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8  # of an entry in the log
BLOCK = 4096


def inside():
    """In the guest: SECONDS of the gateway on a disk that is watched, from an empty one on."""
    for module in ("dm-mod", "dm-log-writes"):
        subprocess.run(["insmod", next(MODULES.rglob(f"{module}.ko"))], check=True)
    size = subprocess.check_output(["blockdev", "--getsz", "/dev/ubda"], text=True).strip()
    subprocess.run(["dmsetup", "create", "watched", "--noudevsync", "--table",
                    f"0 {size} log-writes /dev/ubda /dev/ubdb"], check=True)
    device = subprocess.check_output(["dmsetup", "info", "-c", "--noheadings", "-o", "major,minor", "--separator", " ",
                                      "watched"], text=True).split()
    subprocess.run(["mknod", "/run/watched", "b", *device], check=True)
    DISK.mkdir()
    subprocess.run(["mount", "-t", "ext4", "-o", "noatime", "/run/watched", DISK], check=True)
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        _, ports = rig.plant(busy.scenario())
        gateway = rig.gateway(rig.site(**busy.site(rig, ports, state_dir=str(DISK / "state"))))
        told, end, n = 0, time.monotonic() + SECONDS, 0
        while time.monotonic() < end:
            assert gateway.poll() is None, rig.log()
            wires = rig.wires("lead", "alarm", "record")
            if len(wires) > told:
                n += 1
                subprocess.run(["dmsetup", "message", "watched", "0", f"mark {n}"], check=True)
                print(*wires[told:], f"mark {n}", sep="\n", flush=True)
                told = len(wires)
            time.sleep(0.005)
        subprocess.run(["dmsetup", "message", "watched", "0", "mark end"], check=True)


class Log:
    """What dm-log-writes has kept: entries of (sector, sectors, flags, mark, where the data begins)."""

    def __init__(self, path):
        self.file = open(path, "rb")
        magic, _, count, self.sector = struct.unpack("<QQQI", self.file.read(28))
        assert magic == 0x6A736677736872, hex(magic)
        self.entries, at = [], self.sector
        for _ in range(count):
            self.file.seek(at)
            sector, sectors, flags, length = struct.unpack("<QQQQ", self.file.read(32))
            mark = self.file.read(length).decode() if flags & MARK else None
            at += self.sector
            has_data = sectors > 0 and not flags & (MARK | DISCARD)
            self.entries.append((sector, sectors, flags, mark, at if has_data else 0))
            at += sectors * self.sector if has_data else 0

    def write(self, disk, entry, rng=None):
        """Writes the entry to the disk; with rng, each block of it or not."""
        sector, sectors, _, _, where = entry
        self.file.seek(where)
        data = self.file.read(sectors * self.sector)
        for i in range(0, len(data), BLOCK):
            if rng is None or rng.random() < 0.5:
                disk.seek(sector * self.sector + i)
                disk.write(data[i:i + BLOCK])


class States:
    """Makes crash states, one by one in the order of the log."""

    def __init__(self, folder, log, rng):
        self.log, self.rng, self.done = log, rng, 0
        self.sure = folder / "sure"  # what is certain up to entry `done`
        shutil.copyfile(folder / "base", self.sure)
        first = next(i for i, e in enumerate(log.entries) if e[3] == "1")
        last = next(i for i, e in enumerate(log.entries) if e[3] == "end")
        self.points = sorted(rng.randrange(first, last) for _ in range(STATES))
        self.lock = threading.Lock()

    def make(self, disk):
        """Returns the point, None when there is no more."""
        with self.lock:
            if not self.points:
                return None
            point = self.points.pop(0)
            entries = self.log.entries
            flush = max((i for i in range(point + 1) if entries[i][2] & FLUSH), default=0)
            with open(self.sure, "r+b") as f:
                for e in entries[self.done:flush]:
                    if e[4]:
                        self.log.write(f, e)
            self.done = max(self.done, flush)
            subprocess.run(["cp", "--sparse=always", self.sure, disk], check=True)
            with open(disk, "r+b") as f:
                for e in entries[self.done:point + 1]:
                    if e[4]:
                        self.log.write(f, e, None if e[2] & FUA else self.rng)
            return point


class Judge:
    def __init__(self, folder, wires, log):
        self.dir, self.state, self.disk = folder, folder / "state", folder / "disk"
        folder.mkdir()
        self.wires = wires  # by mark: all that was seen then, {place: wire}
        self.marks = [(i, e[3]) for i, e in enumerate(log.entries) if e[3]]
        site = json.loads(json.dumps(SITE))
        site["gateway"]["state_dir"] = str(self.state / "state")
        site["gateway"]["catalogue"] = str(ROOT / "config/findings.json")
        site["publish"]["mqtt"].update(enabled=False, port=1883)
        self.site = folder / "site.json"
        self.site.write_text(json.dumps(site), encoding="utf-8")
        self.slowest = 0

    def start(self):
        """Starts the gateway, which must have its journal open in time, and ends it."""
        begin, text = time.monotonic(), ""
        with subprocess.Popen([BUILD / "bin/nonsited", self.site], stderr=subprocess.PIPE, text=True) as p:
            try:
                for line in p.stderr:
                    text += line
                    if "journal open" in line:
                        break
                took = time.monotonic() - begin
            finally:
                p.terminate()
            text += p.stderr.read()
        assert "journal open" in text and p.returncode == 0 and "damaged" not in text, text
        assert took <= START_S, f"started after {took:.1f} s"
        self.slowest = max(self.slowest, took)

    def judge(self, point):
        shutil.rmtree(self.state, ignore_errors=True)
        self.state.mkdir()
        assert unpack_disk(self.disk, self.state), "the file system is damaged"
        self.start()
        export = self.dir / "export"
        export.unlink(missing_ok=True)
        folder = self.state / "state"
        done = nonsitectl("export", "--db", folder / "records.db", "-o", export)
        assert done.returncode == 0 and not done.stderr, done
        done = nonsitectl("verify", "-k", folder / "signing.key.pub", export)
        assert done.returncode == 0, done
        stored = set(export.read_text(encoding="utf-8").splitlines())
        mark = [m for i, m in self.marks if i <= point][-1]
        lost = [json.loads(w)["record"]["seq"] for w in self.wires[mark] if w not in stored]
        assert not lost, f"lost: {lost[:5]} of {len(self.wires[mark])}"


def main():
    if sys.argv[1:] == ["inside"]:
        return inside()
    needed("linux.uml", "mkfs.ext4", "e2fsck", "debugfs", "dmsetup")
    seed = int(os.environ.get("NONSITE_SEED", random.SystemRandom().randrange(1 << 32)))
    print("seed", seed, flush=True)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nonsite-test.") as tmp:
        folder = pathlib.Path(tmp)
        make_disk(folder / "base", 40)
        shutil.copyfile(folder / "base", folder / "disk")
        with open(folder / "log", "wb") as f:
            f.truncate(1 << 30)
        wires, seen, strange = {}, [], []

        def hear(line):
            if line.startswith('{"record":'):
                seen.append(line)
            elif line.startswith("mark "):
                wires[line.split()[1]] = list(seen)
            else:
                strange.append(line)

        guest = Guest([sys.executable, pathlib.Path(__file__).resolve(), "inside"], [folder / "disk", folder / "log"],
                      heard=hear)
        status = guest.end(120)
        assert status == 0 and len(seen) > 30, (status, len(seen), strange)
        log = Log(folder / "log")
        wires["end"] = seen
        states, judges, failed = States(folder, log, random.Random(seed)), [], []

        def work(judge):
            while not failed:
                point = states.make(judge.disk)
                if point is None:
                    return
                try:
                    judge.judge(point)
                except Exception as e:  # told by the main thread
                    failed.append(f"after entry {point} of {len(log.entries)}: {e!r}")

        judges = [Judge(folder / str(i), wires, log) for i in range(2)]
        threads = [threading.Thread(target=work, args=(j,)) for j in judges]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not failed, "\n".join(failed)
        writes = sum(bool(e[4]) for e in log.entries)
        print(f"{len(seen)} records in {writes} writes, {sum(e[2] & FLUSH for e in log.entries)} flushes: {STATES} crash "
              f"states in {time.monotonic() - begin:.0f} s, none lost a record that was seen, none damaged; slowest start "
              f"{max(j.slowest for j in judges):.2f} s")


run(main)
