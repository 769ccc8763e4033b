#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""nonsitectl verify and the independent check (check_chain: Python and the openssl program) over the sample
chain and over everything that may be done to it: both find each fault, and agree on what is good."""
import json, pathlib, random, subprocess, sys, tempfile, time

from harness import BUILD, ROOT

SAMPLES = ROOT / "config/interface/samples"
KEY = SAMPLES / "signing.key.pub"
CTL = [str(BUILD / "bin/nonsitectl"), "verify"]


def verify(*args, stdin=None):
    return subprocess.run([*CTL, *map(str, args)], capture_output=True, text=True, input=stdin, timeout=60)


def judge(lines, tmp, fault):
    """Both checks over these lines; fault None: good."""
    path = tmp / "export.jsonl"
    path.write_bytes(b"".join(s + b"\n" for s in lines))
    ours = verify("-k", KEY, path)
    theirs = subprocess.run([sys.executable, str(ROOT / "tests/integration/check_chain"), str(KEY), str(path)],
                            capture_output=True, text=True, timeout=120)
    if fault is None:
        assert (ours.returncode, theirs.returncode) == (0, 0), (ours.stdout, theirs.stdout)
        return
    assert ours.returncode == 1, (fault, ours.stdout, ours.stderr)
    assert f": {fault}: " in ours.stdout.splitlines()[0], (fault, ours.stdout)
    # Order and repeats are no fault to the one who received records as they came.
    if fault not in ("reordered", "repeated"):
        assert theirs.returncode == 1, (fault, theirs.stdout)


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else int(time.time())
    print("seed", seed)
    rnd = random.Random(seed)
    lines = [s for s in (SAMPLES / "chain.jsonl").read_bytes().split(b"\n") if s]
    chains = [json.loads(s)["record"]["chain"] for s in lines]
    body = [s for s, c in zip(lines, chains) if c == chains[0]]
    with tempfile.TemporaryDirectory() as d:
        tmp = pathlib.Path(d)
        judge(lines, tmp, None)
        i = rnd.randrange(1, len(body) - 1)
        judge(body[:i] + body[i + 1:], tmp, "missing")
        judge(body[:i] + [body[i + 1], body[i]] + body[i + 2:], tmp, "reordered")
        judge(body[:i + 1] + [body[i]] + body[i + 1:], tmp, "repeated")
        # One letter of a title, so that the form stays right and only the signature can tell.
        j = body[i].index(b'"en":"') + 7
        judge(body[:i] + [body[i][:j] + (b"X" if body[i][j:j + 1] != b"X" else b"Y") + body[i][j + 1:]] + body[i + 1:],
              tmp, "broken")
        judge(body[:i] + [body[i].replace(b'"kid":"', b'"kid":"0', 1)[:-1]] + body[i + 1:], tmp, "no record")

        # A tail that was cut off shows only by a head that is known from elsewhere.
        whole = tmp / "whole.jsonl"
        whole.write_bytes(b"".join(s + b"\n" for s in body))
        cut = tmp / "cut.jsonl"
        cut.write_bytes(b"".join(s + b"\n" for s in body[:-1]))
        assert verify("-k", KEY, cut).returncode == 0
        out = json.loads(verify("-k", KEY, "--json", whole).stdout)
        assert out["good"] and out["records"] == len(body), out
        health = json.loads((SAMPLES / "health.json").read_text())["document"]["journal"]
        head = verify("-k", KEY, "--head", SAMPLES / "health.json", whole)
        want = 0 if (health["chain"], health["seq"] <= len(body)) == (chains[0], True) else 1
        assert head.returncode == want, head
        short = tmp / "short.jsonl"
        short.write_bytes(b"".join(s + b"\n" for s in body[:health["seq"] - 1]))
        head = verify("-k", KEY, "--head", SAMPLES / "health.json", short)
        assert head.returncode == 1 and "missing at the end" in head.stdout, head

        # By standard input, a part, and the ways to ask wrongly.
        text = b"\n".join(body[3:]).decode()
        assert verify("-k", KEY, stdin=text).returncode == 1
        assert verify("-k", KEY, "--part", stdin=text).returncode == 0
        assert verify(whole).returncode == 64
        assert verify("-k", tmp / "none.pem", whole).returncode == 2
        assert verify("-k", KEY, tmp / "none.jsonl").returncode == 2
        assert verify("-k", KEY, stdin="").returncode == 2
    print("verify: both checks agree")


main()
