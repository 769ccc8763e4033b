# SPDX-License-Identifier: Apache-2.0
"""nonsitectl commission against a real daemon: what was seen to move and to act is recorded, what was not is refused."""
import json
import os
import pty
import subprocess
import time

import stories
from harness import BUILD, Rig, run, until


def ctl(rig, *args):
    return subprocess.run([str(BUILD / "bin/nonsitectl"), "-s", str(rig.dir / "state/control.sock"), *args],
                          capture_output=True, text=True, timeout=60)


def ask(rig, verb):
    done = ctl(rig, verb, "--json")
    assert done.returncode in (0, 1), done
    return json.loads(done.stdout)


def say(plant, entry):
    plant.stdin.write((json.dumps(entry) + "\n").encode())
    plant.stdin.flush()


def records(rig):
    done = ctl(rig, "export")
    return [json.loads(ln)["record"] for ln in done.stdout.splitlines()]


def main():
    with Rig() as rig:
        plant, ports = rig.plant(stories.scenario(), stdin=True)
        site = rig.site(**stories.site(ports), mqtt={"enabled": False})
        gateway = rig.gateway(site)
        until("deciding", 30, lambda: ctl(rig, "status").stdout and ask(rig, "cases")["deciding"])
        until("live", 30, lambda: {p["quality"] for p in ask(rig, "points")["points"]} == {"GOOD"})

        open_before = ctl(rig, "commission", "--list")
        assert open_before.returncode == 1 and "never" in open_before.stdout, open_before
        # What did not move is not recorded; neither is what nobody knows.
        still = ctl(rig, "commission", "--point", "gas.p1_state", "--moved", "--wait", "1")
        assert still.returncode == 4 and "未见" in still.stderr, still
        still = ctl(rig, "commission", "--point", "gas.p1_state", "--moved", "--last", "900", "--en")
        assert still.returncode == 4 and "did not see it move" in still.stderr, still
        assert ctl(rig, "commission", "--point", "none.x", "--moved").returncode == 4
        for args in (["--point", "gas.p1_state"], ["--point", "gas.p1_state", "--moved", "--acted"], ["--role", "Zhang"],
                     ["--wait", "0"], ["word"],
                     ["--last", "60"], ["--point", "gas.p1_state", "--moved", "--last", "901"],
                     ["--point", "gas.p1_state", "--moved", "--last", "60", "--wait", "5"]):
            assert ctl(rig, "commission", *args).returncode == 64, args
        assert not [r for r in records(rig) if r["class"] == "command"]

        # The test button: the signal moves, and that is recorded with what was seen.
        say(plant, {"device": "gas", "set": {"p1": 55.0}})
        moved = until("seen to move", 20, lambda: (lambda d: d.returncode == 0 and d)(
            ctl(rig, "commission", "--point", "gas.p1_state", "--moved", "--last", "60", "--note", "标准气")))
        assert "gas.p1_state: seen to move, record " in moved.stdout, moved
        record = until("a record", 10, lambda: [r for r in records(rig) if r["class"] == "command"])[0]
        assert record["command"] == "proof" and record["what"] == "moved" and record["point"] == "gas.p1_state", record
        assert (record["from_value"], record["to_value"], record["role"]) == ("NORMAL", "HIGH", "GAS_STATE"), record
        assert record["by"] == "local" and record["who"].startswith("technician/uid "), record
        assert record["reason"] == "标准气" and record["id"] in moved.stdout, record
        value = until("the value, too", 20, lambda: (lambda d: d.returncode == 0 and d)(
            ctl(rig, "commission", "--point", "gas.p1", "--moved", "--last", "60", "--role", "third_party")))
        assert "gas.p1: seen to move" in value.stdout
        # No interlock of the room ends in that: nothing acted.
        assert ctl(rig, "commission", "--point", "gas.p1_state", "--acted", "--last", "60").returncode == 4

        def proof(point):
            return next(i for a in ask(rig, "assets")["assets"] for i in a["instruments"] if point in i["points"]).get("proof")
        shown = until("shown", 10, lambda: proof("gas.p1_state"))
        assert shown["what"] == "moved" and shown["role"] == "technician", shown
        until("both", 10, lambda: proof("gas.p1"))
        assert proof("gas.p2_state") is None
        listed = ctl(rig, "commission", "--list").stdout
        assert "moved technician" in listed and "moved third_party" in listed, listed

        # The other verbs, against the real thing: the alarm that the test gas raised is acknowledged.
        for verb in ("assets", "leads", "events", "health", "alarms", "cases"):
            done = ctl(rig, verb)
            assert done.returncode == 0 and done.stdout and not done.stderr, (verb, done)
            assert ctl(rig, verb, "--json", "--en").returncode == 0, verb
        alarm = until("an alarm", 20, lambda: [a for a in ask(rig, "alarms")["alarms"] if a["finding"] == "GAS-EV-HIGH"])[0]
        acked = ctl(rig, "ack", alarm["case"], "--note", "在试验")
        assert acked.returncode == 0 and acked.stdout.startswith("done, record "), acked
        again = ctl(rig, "ack", alarm["case"])
        assert again.returncode == 4 and again.stderr, again
        shelved = ctl(rig, "shelve", alarm["case"], "--minutes", "5", "--reason", "x")
        assert shelved.returncode == 4, shelved  # one of priority 1 never is
        permit = ctl(rig, "permit", "paint-1", "--kind", "maintenance", "--hours", "1", "--reason", "换探头", "--number", "A-7")
        assert permit.returncode == 0, permit
        assert ctl(rig, "permit", "--end", "A-7").returncode == 0
        tail = ctl(rig, "tail", "--seconds", "1", "-n", "50", "--json")
        classes = [json.loads(ln).get("record", {}).get("class") for ln in tail.stdout.splitlines()]
        assert tail.returncode == 0 and classes.count("command") >= 4 and "alarm" in classes and None in classes, classes

        # It survives a restart, and the walk goes on with what is open.
        gateway.terminate()
        assert gateway.wait(15) == 0
        rig.gateway(site, name="again")
        until("proved still", 30, lambda: ctl(rig, "status").stdout and proof("gas.p1_state"))
        until("live", 30, lambda: {p["quality"] for p in ask(rig, "points")["points"]} == {"GOOD"})
        # What moved before the walk asks for it is not what somebody did then: the value stays put and is not recorded.
        say(plant, {"device": "gas", "set": {"p2": 30.0}})
        until("up", 20, lambda: [p for p in ask(rig, "points")["points"] if p["id"] == "gas.p2_state" and p["value"] != "NORMAL"])
        say(plant, {"device": "gas", "set": {"p2": 0.0}})
        until("down", 20, lambda: [p for p in ask(rig, "points")["points"] if p["id"] == "gas.p2_state" and p["value"] == "NORMAL"])
        late = tell(rig, "/v1/proof", asset="paint-1", point="gas.p2_state", role="technician", what="moved", since=int(time.time() * 1000) + 1)
        assert "did not see it move" in late, late
        late = ctl(rig, "commission", "--point", "gas.p2_state", "--moved", "--wait", "1", "--en")
        assert late.returncode == 4 and "did not see it move" in late.stderr, late
        assert "since is missing" in tell(rig, "/v1/proof", asset="paint-1", point="gas.p2_state", role="technician", what="moved")
        assert {p["point"] for p in ask_proofs(rig)} == {"gas.p1_state", "gas.p1"}, ask_proofs(rig)
        # Without questions: it waits for the movement, which comes after the call.
        watch = subprocess.Popen([str(BUILD / "bin/nonsitectl"), "-s", str(rig.dir / "state/control.sock"), "commission", "--point",
                                "gas.p2", "--moved"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert "make gas.p2 move" in watch.stdout.readline()
        say(plant, {"device": "gas", "set": {"p2": 20.0}})
        said = watch.communicate(timeout=60)[0]
        assert watch.returncode == 0 and "gas.p2: seen to move" in said, said
        say(plant, {"device": "gas", "set": {"p2": 0.0}})
        until("down", 20, lambda: [p for p in ask(rig, "points")["points"] if p["id"] == "gas.p2_state" and p["value"] == "NORMAL"])
        ours, theirs = pty.openpty()
        walk = subprocess.Popen([str(BUILD / "bin/nonsitectl"), "-s", str(rig.dir / "state/control.sock"), "commission",
                                 "--asset", "paint-1"], stdin=theirs, stdout=subprocess.PIPE, text=True)
        os.close(theirs)
        asked = []
        for line in walk.stdout:  # whatever it asks for is skipped, but the second detector
            asked.append(line)
            if "make " in line and "gas.p2_state" not in line:
                os.write(ours, b"s\n")
            elif "gas.p2_state: seen to move" in line:
                os.write(ours, b"q\n")
            elif "(" in line and asked[-3:] and any("make gas.p2_state" in ln for ln in asked[-3:]):
                say(plant, {"device": "gas", "set": {"p2": 30.0}})
        os.close(ours)
        assert walk.wait(60) == 1, asked
        assert not [ln for ln in asked if "make gas.p1_state" in ln], asked
        assert until("shown", 10, lambda: proof("gas.p2_state"))["what"] == "moved", asked
        assert {p["point"] for p in ask_proofs(rig)} == {"gas.p1_state", "gas.p1", "gas.p2", "gas.p2_state"}, ask_proofs(rig)
        print("as wanted")


def tell(rig, path, **body):
    return subprocess.run(["curl", "-s", "--unix-socket", str(rig.dir / "state/control.sock"), "-H",
                           "Content-Type: application/json", "-d", json.dumps(body), "http://localhost" + path],
                          capture_output=True, text=True, timeout=30).stdout


def ask_proofs(rig):
    done = subprocess.run(["curl", "-s", "--unix-socket", str(rig.dir / "state/control.sock"), "http://localhost/v1/proofs"],
                          capture_output=True, text=True, timeout=30)
    return json.loads(done.stdout)["proofs"]


run(main)
