# SPDX-License-Identifier: Apache-2.0
"""Row 3: the power goes while records are committed and sent; nothing that anybody has seen is lost or altered.

usage: power.py [CUTS]     30 of them, half on each of two machines that lose their power side by side. A machine is a
whole kernel with its disk (guest.py), SIGKILLed 0.1 to 3 s after its first record of that boot, or while it starts.
After each cut its disk is read: every record that a subscriber had seen by then must be there, byte for byte, under
the same number; the chain must verify, and both files be whole. The seed is printed and can be given as
NONSITE_SEED."""
import contextlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import busy
from guest import Guest, make_disk, needed, nonsitectl, unpack_disk
from harness import Rig, run, until

CUTS = int(sys.argv[1]) if sys.argv[1:2] != ["inside"] and len(sys.argv) > 1 else 30
MACHINES = 2
STATE = pathlib.Path("/run/disk")
QUIET_S = 180  # then a guest from which no record comes tells what it has


def inside():
    """In the guest: a plant, a broker, a gateway whose state is on the disk, and a subscriber on the console."""
    STATE.mkdir()
    subprocess.run(["mount", "-t", "ext4", "-o", "noatime", "/dev/ubda", STATE], check=True)
    with Rig() as rig:
        rig.broker()
        topics = [w for t in ("lead", "alarm", "record") for w in ("-t", f"nonsite/v1/+/{t}")]
        rig.start("sub", ["stdbuf", "-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", rig.broker_port, "-q", "1", *topics,
                          "-F", "%p"], stdout=sys.stdout)
        _, ports = rig.plant(busy.scenario())
        gateway = rig.gateway(rig.site(**busy.site(rig, ports, state_dir=str(STATE / "state"))))
        print("started", flush=True)
        try:
            code = gateway.wait(QUIET_S)
        except subprocess.TimeoutExpired:
            print(f"no cut in {QUIET_S} s: {rig.log()}{rig.log('sub')}", flush=True)
            code = gateway.wait()
        print(f"the gateway ended with {code}: {rig.log()}", flush=True)


class Machine:
    def __init__(self, folder, seed):
        self.dir, self.rng = folder, random.Random(seed)
        self.disk, self.state = folder / "disk", folder / "state"
        make_disk(self.disk, 64)
        self.seen, self.heard, self.faults = {}, 0, []
        self.cuts = self.stored = self.started = 0

    def hear(self, line):
        if not line.startswith('{"record":'):
            if line == "started":
                self.started += 1
            else:
                self.faults.append(line)
            return
        try:  # the last line may have been cut with the power
            record = json.loads(line)["record"]
        except ValueError:
            return
        place = record["chain"], record["seq"]
        if self.seen.setdefault(place, line) != line:
            self.faults.append(f"number {place} was used twice:\n{self.seen[place]}\n{line}")
        self.heard += 1

    def cut(self):
        """One boot and its end."""
        before = self.heard
        guest = Guest([sys.executable, pathlib.Path(__file__).resolve(), "inside"], disks=[self.disk], heard=self.hear)
        try:
            if self.cuts % 5 == 4:
                time.sleep(self.rng.uniform(1.5, 5))  # somewhere in its start
            else:
                started = self.started
                until("all started", 240, lambda: self.started > started or self.faults)
                until("a record", 240, lambda: self.heard > before or self.faults)
                time.sleep(self.rng.uniform(0.1, 3))
        except AssertionError as e:
            raise AssertionError(f"{e}; its kernel says: {guest.log()}") from e
        finally:
            guest.cut()
        self.cuts += 1
        self.check()

    def check(self):
        assert not self.faults, "\n".join(self.faults)
        shutil.rmtree(self.state, ignore_errors=True)
        self.state.mkdir()
        copy = self.dir / "copy"
        subprocess.run(["cp", "--sparse=always", self.disk, copy], check=True)
        assert unpack_disk(copy, self.state), "the file system is damaged"
        folder = self.state / "state"
        if not (folder / "records.db").exists():
            assert not self.seen, "records.db is gone"
            return
        assert not [f for f in folder.iterdir() if "damaged" in f.name], list(folder.iterdir())
        export = self.dir / "export.jsonl"
        export.unlink(missing_ok=True)
        done = nonsitectl("export", "--db", folder / "records.db", "-o", export)
        assert done.returncode == 0 and not done.stderr, done
        stored = {}
        for line in export.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)["record"]
            stored[record["chain"], record["seq"]] = line
        lost = [p for p, line in self.seen.items() if stored.get(p) != line]
        assert not lost, f"lost or altered: {sorted(lost)[:5]} of {len(self.seen)} seen, {len(stored)} stored"
        assert len({chain for chain, _ in stored}) <= 1, "the chain began anew"
        if stored:
            done = nonsitectl("verify", "-k", folder / "signing.key.pub", export)
            assert done.returncode == 0, done
        for name in ("records.db", "telemetry.db"):
            with contextlib.closing(sqlite3.connect(folder / name)) as db:
                said = db.execute("PRAGMA integrity_check").fetchone()[0]
            assert said == "ok", (name, said)
        self.stored = len(stored)


def main():
    if sys.argv[1:] == ["inside"]:
        return inside()
    needed("linux.uml", "mkfs.ext4", "e2fsck", "debugfs")
    seed = int(os.environ.get("NONSITE_SEED", random.SystemRandom().randrange(1 << 32)))
    print("seed", seed, flush=True)
    begin, failed = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="nonsite-test.") as tmp:
        machines = []
        for i in range(MACHINES):
            folder = pathlib.Path(tmp, str(i))
            folder.mkdir()
            machines.append(Machine(folder, seed + i))

        def work(i):
            try:
                while machines[i].cuts < CUTS // MACHINES and not failed:
                    machines[i].cut()
            except Exception as e:  # told by the main thread
                failed.append(f"machine {i}, cut {machines[i].cuts}: {e!r}")

        threads = [threading.Thread(target=work, args=(i,)) for i in range(MACHINES)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not failed, "\n".join(failed)
        for m in machines:
            assert m.seen and m.stored >= len(m.seen), (len(m.seen), m.stored)
        print(f"{sum(m.cuts for m in machines)} power cuts in {time.monotonic() - begin:.0f} s: "
              f"{sum(m.stored for m in machines)} records, {sum(len(m.seen) for m in machines)} of them seen before a cut, "
              "none lost, none altered, no number used twice; chains and files whole")


run(main)
