# SPDX-License-Identifier: Apache-2.0
"""The demo where the kernel can simulate GPIO lines: the dust collector's contacts are some.

Runs in the guest that tests/gpio/run boots. The story is cut after the explosion vent.
"""
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEEP = pathlib.Path("/tmp/demo")
SIMULATED = pathlib.Path("/sys/kernel/config/gpio-sim")
CONTACTS = ("contacts.fan", "contacts.vent_loop", "contacts.airlock_run", "contacts.airlock_fault")


def messages(topic):
    for line in (KEEP / "messages.log").read_text(encoding="utf-8").splitlines():
        name, _, payload = line.partition(" ")
        if name.split("/", 3)[3] == topic:
            yield json.loads(payload)


def main():
    done = subprocess.run([str(ROOT / "config/demo/run"), "--headless", "60", "--build", os.environ["GW_BUILD"],
                           "--keep", str(KEEP)], capture_output=True, text=True)
    print(done.stderr)
    assert done.returncode == 0, done.returncode
    assert "the contacts of the booth are GPIO lines" in done.stderr
    assert not list(SIMULATED.iterdir()), "the chip is gone"

    inventory = list(messages("inventory"))[-1]["document"]
    contacts = [d for d in inventory["devices"] if d["id"] == "contacts"][0]
    assert (contacts["driver"], contacts["bus"]) == ("gpio", "cabinet"), contacts
    rows = [m["points"] for m in messages("telemetry") if m["device"] == "contacts"]
    assert all(p["q"] == "GOOD" for row in rows for p in row.values()), "no contact was ever bad"
    first = {name: rows[0][name]["v"] for name in CONTACTS}
    assert first == dict(zip(CONTACTS, ("true", "true", "true", "false"))), first

    records = [m["record"] for topic in ("alarm", "lead") for m in messages(topic)]
    dust = [(r["finding"], r["state"]) for r in records if r["asset"]["id"] == "dust-1"]
    assert sorted(dust) == [("DC-ABS-04", "raised"), ("DC-EV-BURST", "raised"), ("DC-FLT-01", "raised")], dust
    lead = [r for r in records if r["finding"] == "DC-FLT-01"][0]
    loop = [p for p in lead["evidence"]["points"] if p["role"] == "DI_VENT_LOOP"][0]
    assert (loop["id"], loop["value"], loop["quality"]) == ("contacts.vent_loop", "false", "GOOD"), loop
    print("ok")


main()
