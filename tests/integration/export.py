# SPDX-License-Identifier: Apache-2.0
"""nonsitectl export: from a gateway that goes on writing, from one that is stopped, and from a damaged file; what it
writes is what nonsitectl verify and the independent check take for whole."""
import json
import subprocess

import stories
from harness import BUILD, Rig, run, until


def ctl(*args):
    return subprocess.run([str(BUILD / "bin/nonsitectl"), *map(str, args)], capture_output=True, text=True, timeout=60)


def export(rig, name, *args):
    """What was written is whole; its lines."""
    out = rig.dir / name
    done = ctl("export", *args, "-o", out)
    assert done.returncode == 0 and not done.stderr, done
    said = ctl("verify", "-k", rig.public_key(), "--json", out)
    assert said.returncode == 0, said
    lines = out.read_text(encoding="utf-8").splitlines()
    assert json.loads(said.stdout)["records"] == len(lines)
    rig.check_chain(lines)
    return lines


def main():
    waves = [{"at_s": 0.5 * i, "device": "gas", "set": {"p1": 55.0 if i % 2 else 3.0}} for i in range(80)]
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        _, ports = rig.plant(stories.scenario(waves))
        gateway = rig.gateway(rig.site(**stories.site(ports)))
        sock = rig.dir / "state/control.sock"
        until("records", 30, lambda: len(rig.records()) > 5)
        sizes = []
        for i in range(5):
            before = len(rig.records())
            sizes.append(len(export(rig, f"live{i}.jsonl", "-s", sock)))
            until("another record", 30, lambda: len(rig.records()) > before)
        assert sizes[-1] > sizes[0] > 5, sizes

        # Asked wrongly, or for what is not there.
        again = ctl("export", "-s", sock, "-o", rig.dir / "live0.jsonl")
        assert again.returncode == 2 and "exists" in again.stderr, again
        part = ctl("export", "-s", sock, "--from", 4)
        assert part.returncode == 0 and json.loads(part.stdout.splitlines()[0])["record"]["seq"] == 4
        assert ctl("export", "-s", sock, "--from", 999999).stdout == ""
        assert ctl("export", "--from", "x").returncode == 64
        assert ctl("export", "-s", rig.dir / "nobody.sock").returncode == 3
        state = rig.dir / "state/records.db"
        busy = ctl("export", "--db", state)
        assert busy.returncode == 2 and "in use by another program" in busy.stderr, busy
        assert ctl("export", "--db", rig.dir / "none.db").returncode == 2
        for query, code in (("", 400), ("?from=0", 400), ("?from=-1", 400), ("?from=1x", 400), ("?from=1", 200)):
            got = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", sock,
                                  f"http://localhost/v1/records{query}"], capture_output=True, text=True)
            assert got.stdout == str(code), (query, got)

        # Stopped: the same from the file, twice, and it is none the worse for it.
        gateway.terminate()
        gateway.wait(20)
        whole = export(rig, "stopped.jsonl", "--db", state)
        assert whole == export(rig, "again.jsonl", "--db", state)
        assert len(whole) >= sizes[-1]

        # One byte of one record: the others are written, and it says that one is not.
        data = state.read_bytes()
        prev = json.dumps(json.loads(whole[2])["record"]["prev"]).encode()
        assert prev in data
        # All of it is in the file, but for what its WAL still repeats. Wherever it stands: pages that are no longer in use keep old bytes.
        state.write_bytes(data.replace(prev, prev[:5] + (b"0" if prev[5:6] != b"0" else b"1") + prev[6:]))
        (rig.dir / "state/records.db-wal").unlink()
        hurt = ctl("export", "--db", state, "-o", rig.dir / "hurt.jsonl")
        assert hurt.returncode == 2 and "1 damaged records were left out" in hurt.stderr, hurt
        said = ctl("verify", "-k", rig.public_key(), rig.dir / "hurt.jsonl")
        assert said.returncode == 1 and ": missing: " in said.stdout, said
        print(f"exports of {sizes} records from a running gateway, {len(whole)} from its file")


run(main)
