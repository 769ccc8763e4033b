# SPDX-License-Identifier: Apache-2.0
"""The README's demo, as a newcomer runs it: leads of four families and six kinds, all verifiable, and an
InfluxDB that holds the telemetry of the run."""
import json
import os
import pathlib
import subprocess
import tempfile

import pages
from harness import BUILD, ROOT, run, unique

SECONDS = os.environ.get("NONSITE_DEMO_SECONDS", "180")
FAMILIES = {"GAS", "CW", "GM", "DC"}
KINDS = {"ABS", "FLT", "BYP", "ILK", "TRP", "CAL"}


def messages(keep):
    """(topic below the gateway's, payload) of all that arrived."""
    for line in (keep / "messages.log").read_text(encoding="utf-8").splitlines():
        topic, _, payload = line.partition(" ")
        yield topic.split("/", 3)[3], payload


def of(records, code):
    """How many were raised."""
    return sum(r["finding"] == code and r["state"] == "raised" for r in records)


def check_influx(keep):
    """The demo's own table: what the database holds is what came over MQTT, of every device, all along."""
    rows = [line.split() for line in (keep / "stored").read_text(encoding="ascii").splitlines()]
    assert rows[0] == ["measurement", "nonsite"] and rows[-1][-1] == "equal", rows
    devices = {r[0]: [int(n) for n in r[1:]] for r in rows[2:-1]}
    telemetry = {}
    for topic, payload in messages(keep):
        if topic == "telemetry":
            row = json.loads(payload)
            telemetry.setdefault(row["device"], []).append(len(row["points"]))
    assert set(devices) == set(telemetry), (devices, set(telemetry))
    for name, (passes, points, by_mqtt, points_by_mqtt) in devices.items():
        assert (passes, points) == (by_mqtt, points_by_mqtt), (name, devices)
        # No less than all but what was under way at the end: 5 s of twice a second at most.
        assert len(telemetry[name]) - 10 <= passes <= len(telemetry[name]), (name, passes, len(telemetry[name]))
        assert passes > int(SECONDS) / 4, (name, passes)  # the slowest is read each 2 s
    assert sum(points for _, points, _, _ in devices.values()) == int(rows[-1][1]), rows


def main():
    with tempfile.TemporaryDirectory(prefix="nonsite-test.") as tmp:
        keep = pathlib.Path(tmp, "demo")
        done = subprocess.run([str(ROOT / "config/demo/run"), "--headless", SECONDS, "--influx",
                               "--build", str(BUILD), "--keep", str(keep)], capture_output=True, text=True)
        print(done.stderr)
        assert done.returncode == 0, done.returncode
        lines = done.stdout.splitlines()
        leads = [json.loads(line)["record"] for line in unique(lines)]
        kinds = {(r["finding"].split("-")[0], r["kind"]) for r in leads}
        assert {f for f, _ in kinds} >= FAMILIES, kinds
        assert {k for _, k in kinds} >= KINDS, kinds
        # The second fall of the gas pressure closes the valve, and the second vapour starts the fan. Gas high
        # latches: it stands until somebody acknowledges it.
        tripped = [json.loads(payload)["record"] for topic, payload in messages(keep) if topic == "alarm"]
        for alarm, lead, times in (("GM-EV-LL", "GM-ILK-01", 2), ("GAS-EV-HIGH", "GAS-TRP-01", 1)):
            assert [of(tripped, alarm), of(leads, lead)] == [times, 1], (alarm, lead)
        for r in leads:
            assert r["class"] == "lead" and r["kind"] != "EV" and "-EV-" not in r["finding"]
            assert r["title"]["zh"] and r["title"]["en"] and r["clauses"]
            assert "degC" not in json.dumps([r["condition"]["text"], r["title"], r["advice"]]), r["condition"]
            if r["kind"] != "ABS":
                points = r["evidence"]["points"]
                assert points and any(p["raw"] for p in points), r["id"]
                assert all(p["quality"] for p in points)
                assert any("value" in p for p in points), r["id"]
        check_influx(keep)

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
        chained = [payload for topic, payload in messages(keep) if topic in ("lead", "alarm", "record")]
        check(unique(chained))
        whole = unique(chained)
        assert openssl_alone(whole) == 0
        assert openssl_alone(whole[:2] + [whole[2].replace('"v":1', '"v":2', 1)] + whole[3:]) == 1
        assert openssl_alone(whole[:2] + [whole[3], whole[2]] + whole[4:]) == 1
        assert set(lines) <= set(chained)
        # What it leaves behind and names is the chain, with the key that proves it.
        kept = keep / "records"
        assert (kept / "records.jsonl").read_text(encoding="utf-8").splitlines() == whole
        again = subprocess.run([str(BUILD / "bin/nonsitectl"), "verify", "-k", str(kept / "signing.key.pub"),
                                str(kept / "records.jsonl")], capture_output=True, text=True)
        assert again.returncode == 0 and again.stdout.strip() in done.stderr, again
        assert str(kept / "records.jsonl") in done.stderr
        # The desk has them all, and the demo names a sheet for each case of a lead.
        done_desk = subprocess.run([str(BUILD / "bin/nonsite-desk"), str(keep / "desk.json"), "export", "demo-01"],
                                   capture_output=True, text=True)
        assert done_desk.returncode == 0 and set(whole) <= set(done_desk.stdout.splitlines()), done_desk.stderr
        sheets = [line.split() for line in done.stderr.splitlines() if line.endswith(".html") and "overview" not in line]
        assert len(sheets) == len({r["case"] for r in leads}), sheets
        assert {r["finding"] for r in leads} == {finding for finding, _ in sheets}, sheets
        assert all(pathlib.Path(path).is_file() for _, path in sheets), sheets
        print("valid: %d Atom feeds, %d JSON feeds, %d pages" % pages.validate(keep / "pages"))
        # Every message is what config/interface says it is.
        done = subprocess.run(["python3", str(ROOT / "tests/unit/publish/interface.py"), "--messages",
                               str(keep / "messages.log")], capture_output=True, text=True)
        print(done.stdout)
        assert done.returncode == 0, done.stdout + done.stderr


run(main)
