# SPDX-License-Identifier: Apache-2.0
"""Row 18: what somebody may do to the records of a real gateway, and who sees it.

Changed, deleted, swapped, repeated, a tail cut off, signed anew by another key, an old image of the gateway come to life,
and history written anew with the gateway's own key: each is found, and the record named, by `nonsitectl verify`, by
the desk, and by check_chain (Python and the openssl program) and check_signatures (bash and openssl). Where a record is hit
is random; the seed is printed and can be given as NONSITE_SEED. To one who takes records as they come, order and
repetition are no fault; what only the platform can know shows in what it had before: receipts and health."""
import json
import os
import random
import subprocess

import busy
from desk import Desk, forge, publish
from harness import BUILD, ROOT, Rig, kill, run, unique, until

RECORDS = 16


class Checks:
    """The four who look, on a list of wire lines. head: the signed health document that the platform has."""

    def __init__(self, rig, head):
        self.rig, self.head, self.n = rig, head, 0
        self.key = rig.public_key()

    def write(self, lines):
        path = self.rig.dir / "export.jsonl"
        path.write_text("".join(s + "\n" for s in lines), encoding="utf-8")
        return path

    def verify(self, lines):
        head = self.rig.dir / "health.json"
        head.write_text(self.head, encoding="utf-8")
        done = subprocess.run([str(BUILD / "bin/nonsitectl"), "verify", "-k", str(self.key), "--head", str(head),
                               str(self.write(lines))], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout

    def script(self, name, lines):
        done = subprocess.run([str(ROOT / "tests/integration" / name), str(self.key), str(self.write(lines))],
                              capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout

    def desk(self, lines):
        """What a desk that has nothing yet says of these and of the health document."""
        self.n += 1
        folder = f"desk{self.n}"
        desk = Desk(self.rig, [self.key])
        conf = json.loads(desk.file.read_text())
        conf.update(store=f"{folder}.db", pages=folder)
        desk.file, desk.pages = self.rig.dir / f"{folder}.json", self.rig.dir / folder
        desk.file.write_text(json.dumps(conf))
        process = self.rig.start(folder, [BUILD / "bin/nonsite-desk", desk.file])
        until("the desk", 30, lambda: "connected to" in self.rig.log(folder))
        for line in lines:
            publish(self.rig, f"gw-test/{topic(line)}", line)
        publish(self.rig, "gw-test/health", self.head)

        def settled():
            g = desk.gateway()
            return g and g["records"] + g["repeated"] + g["refused"] + g["forked"] >= len(lines) and g

        until("all taken in", 60, settled)
        until("its page", 30, lambda: "gw-test" in (desk.pages / "index.html").read_text(encoding="utf-8"))
        told = desk.run("status").stdout
        kill(process)
        return settled(), told


def topic(line):
    try:
        cls = json.loads(line)["record"]["class"]
    except ValueError:
        return "record"
    return cls if cls in ("alarm", "lead") else "record"


def alter(line):
    """One letter of the record, so that its form stays right."""
    i = line.index('"recorded":"20') + len('"recorded":"20')
    return line[:i] + ("1" if line[i] != "1" else "3") + line[i + 1:]


def resealed(rig, key, body, i):
    """History from record i on, written anew: changed, and each linked and signed by this key."""
    import hashlib
    out, prev = body[:i], None
    for line in body[i:]:
        record = json.loads(line)["record"]
        change = {"prev": prev} if prev else {"time": {**record["time"], "recorded": "2020" + record["time"]["recorded"][4:]}}
        out.append(forge(rig, key, record, **change))
        data = out[-1][len('{"record":'):out[-1].rindex(',"sig":"')].encode()
        prev = hashlib.sha256(data).hexdigest()
    return out


def collect(rig):
    """Records of a real gateway; the document of its health; its own key, as a thief would take it."""
    rig.broker("persistence false\nmax_queued_messages 0")
    rig.subscribe()
    plant = busy.scenario()
    plant["timeline"] = [e for e in plant["timeline"] if "wave" not in e or "p1" in e["wave"] or "p2" in e["wave"]]
    _, ports = rig.plant(plant)
    gateway = rig.gateway(rig.site(**busy.site(rig, ports)))

    def known():
        heads = [w for w in rig.wires("health") if json.loads(w)["document"]["journal"]["seq"] >= RECORDS]
        return heads[0] if heads else None

    head = until("a health document", 60, known)
    last = json.loads(head)["document"]["journal"]["seq"]

    def whole():
        body = unique(rig.wires("lead", "alarm", "record"))[:last]
        return len(body) == last and json.loads(body[-1])["record"]["seq"] == last and body

    body = until("all of them", 30, whole)
    gateway.terminate()
    assert gateway.wait(20) == 0
    return body, head


def main():
    seed = int(os.environ.get("NONSITE_SEED", random.SystemRandom().randrange(1 << 32)))
    print("seed", seed, flush=True)
    rng = random.Random(seed)
    with Rig() as rig:
        body, head = collect(rig)
        check, n = Checks(rig, head), len(body)
        own, other = rig.dir / "state/signing.key", rig.dir / "other.key"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ED25519", "-out", other], check=True)
        i = rng.randrange(2, n - 3)
        name = [json.loads(w)["record"]["id"] for w in body]
        record = json.loads(body[i])["record"]
        anew = resealed(rig, own, body, i)
        # name: lines; what verify calls it and where; whether check_chain and check_signatures see it; the desk's word
        table = {
            "nothing": (body, None, None, False, False, {"state": "offline"}),
            "changed": ([*body[:i], alter(body[i]), *body[i + 1:]], "broken", i, True, True, {"refused": 1, "missing": 1}),
            "deleted": ([*body[:i], *body[i + 1:]], "missing", i, True, None, {"missing": 1}),
            "swapped": ([*body[:i], body[i + 1], body[i], *body[i + 2:]], "reordered", i, None, True, {"state": "offline"}),
            "repeated": ([*body[:i + 1], body[i], *body[i + 1:]], "repeated", i, None, True, {"repeated": 1}),
            "tail cut off": (body[:n - 3], "missing", n - 1, None, None, {"missing": 3}),
            "signed by another": ([*body[:i], forge(rig, other, record), *body[i + 1:]], "broken", i, True, True,
                                  {"refused": 1, "missing": 1}),
            "an old image": ([*body, anew[i]], "repeated", i, True, True, {"state": "forked", "forked": 1}),
            "written anew": ([*body, *anew[i:]], "repeated", i, True, True, {"state": "forked", "forked": n - i}),
        }
        for what, (lines, fault, at, chain, signatures, word) in table.items():
            code, said = check.verify(lines)
            first = said.splitlines()[0] if said else ""
            assert code == (1 if fault else 0), (what, code, said)
            assert not fault or fault in first and str(at + 1) in first, (what, first)
            for script, sees in (("check_chain", chain), ("check_signatures", signatures)):
                if sees is not None:
                    code, told = check.script(script, lines)
                    assert code == (1 if sees else 0), (what, script, told)
                    assert not sees or str(at + 1) in told, (what, script, told)
            standing, told = check.desk(lines)
            assert all(standing[k] == v for k, v in word.items()), (what, standing, told)
            print(f"{what}: verify: {first or 'good'}; desk: {standing['state']}, missing {standing['missing']}, "
                  f"refused {standing['refused']}, forked {standing['forked']}", flush=True)
        # By the gap check_signatures tells how many it did not see.
        code, told = check.script("check_signatures", table["deleted"][0])
        assert code == 0 and ", 1 gaps" in told, told
        del name


run(main)
