# SPDX-License-Identifier: Apache-2.0
"""The README's demo, as a newcomer runs it: leads of both families and four kinds, all verifiable."""
import json
import os
import pathlib
import subprocess
import tempfile

from harness import BUILD, ROOT, run, unique

SECONDS = os.environ.get("NONSITE_DEMO_SECONDS", "150")


def main():
    with tempfile.TemporaryDirectory(prefix="nonsite-test.") as tmp:
        keep = pathlib.Path(tmp, "demo")
        done = subprocess.run([str(ROOT / "config/demo/run"), "--headless", SECONDS, "--build", str(BUILD),
                               "--keep", str(keep)], capture_output=True, text=True)
        print(done.stderr)
        assert done.returncode == 0, done.returncode
        lines = done.stdout.splitlines()
        leads = [json.loads(line)["record"] for line in unique(lines)]
        kinds = {(r["finding"].split("-")[0], r["kind"]) for r in leads}
        assert {f for f, _ in kinds} >= {"GAS", "CW"}, kinds
        assert {k for _, k in kinds} >= {"ABS", "FLT", "BYP", "ILK"}, kinds
        for r in leads:
            assert r["class"] == "lead" and r["kind"] != "EV" and "-EV-" not in r["finding"]
            assert r["title"]["zh"] and r["title"]["en"] and r["clauses"]
            if r["kind"] != "ABS":
                points = r["evidence"]["points"]
                assert points and any(p["raw"] for p in points), r["id"]
                assert all(p["quality"] for p in points)
                assert any("value" in p for p in points), r["id"]

        key = keep / "site/state/signing.key.pub"
        checker = ROOT / "tests/integration/check_chain"

        def check(wires, *options):
            path = pathlib.Path(tmp, "wires")
            path.write_text("".join(w + "\n" for w in wires), encoding="utf-8")
            done = subprocess.run([str(checker), *options, str(key), str(path)],
                                  capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
            print(done.stdout.strip())

        def openssl_alone(wires):
            path = pathlib.Path(tmp, "ordered")
            path.write_text("".join(w + "\n" for w in wires), encoding="utf-8")
            done = subprocess.run([str(ROOT / "tests/integration/check_signatures"), str(key), str(path)],
                                  capture_output=True, text=True)
            print(done.stdout.strip())
            return done.returncode

        check(unique(lines), "--subset")
        assert openssl_alone(unique(lines)) == 0
        # The same leads with what arrived beside them: one unbroken chain.
        chained = []
        for line in (keep / "messages.log").read_text(encoding="utf-8").splitlines():
            topic, _, payload = line.partition(" ")
            if topic.split("/")[3] in ("lead", "alarm", "record"):
                chained.append(payload)
        check(unique(chained))
        whole = unique(chained)
        assert openssl_alone(whole) == 0
        assert openssl_alone(whole[:2] + [whole[2].replace('"v":1', '"v":2', 1)] + whole[3:]) == 1
        assert openssl_alone(whole[:2] + [whole[3], whole[2]] + whole[4:]) == 1
        assert set(lines) <= set(chained)
        # Every message is what config/interface says it is.
        done = subprocess.run(["python3", str(ROOT / "tests/unit/publish/interface.py"), "--messages",
                               str(keep / "messages.log")], capture_output=True, text=True)
        print(done.stdout)
        assert done.returncode == 0, done.stdout + done.stderr


run(main)
