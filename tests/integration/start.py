# SPDX-License-Identifier: Apache-2.0
"""Bad input and bad starts: a clear message that names the place, and the process goes on where it can."""
import json
import subprocess

import stories
from harness import BUILD, ROOT, Rig, free_port, run, until


def nonsited(*args):
    return subprocess.run([str(BUILD / "bin/nonsited"), *map(str, args)], capture_output=True, text=True)


def check_file(rig):
    """--check and --print-config on good and bad files."""
    rig.broker_port = free_port()
    site = rig.site(**stories.site({"panel": 1502, "cooling": 1503, "io": 1504}))
    done = nonsited("--check", site)
    assert done.returncode == 0 and "fine" in done.stdout, done
    done = nonsited("--print-config", site)
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["gateway"]["id"] == "gw-test"

    bad = rig.dir / "bad.json"
    text = site.read_text()
    for old, new, words in [
        ('"id": "gw-test"', '"id": "gw-test",\n"id": "twice"', ["/gateway/id", "duplicate"]),
        ('"log_level": "info"', '"log_level": "loud"', ["/gateway/log_level"]),
        ('"91371311MAXX00015G"', '"91371311MAXX00015H"', ["/enterprise/uscc", "G"]),
        ('"type": "paint_mix"', '"type": "paint_mixer"', ["/assets/paint-1/type", "paint_mixer"]),
        ('"pt.t1"', '"pt.t9"', ["/assets/if-1/roles/T_OUT", "\"pt\"", "\"t9\""]),
        ('"receipts": false', '"receipts": true', ["/publish/mqtt/receipts"]),
        ('"delay_s": 2\n', '"delay_s": 999999\n', ["delay_s", "999999"]),
        ('"port": 1502', '"port": 70000', ["/buses/panel/port", "70000"]),
        ('"buses"', '"busses"', ["/busses"]),
    ]:
        assert old in text, old
        bad.write_text(text.replace(old, new, 1))
        done = nonsited("--check", bad)
        assert done.returncode == 78, (new, done)
        line = [ln for ln in done.stderr.splitlines() if all(w in ln for w in words)]
        assert line and "bad.json:" in line[0], (words, done.stderr)
        # What --check refuses does not start either.
        assert nonsited(bad).returncode == 78
    # All errors at once.
    bad.write_text(text.replace('"log_level": "info"', '"log_level": "loud"')
                   .replace('"pt.t1"', '"pt.t9"').replace('"port": 1502', '"port": 70000'))
    done = nonsited("--check", bad)
    assert all(w in done.stderr for w in ("log_level", "t9", "70000")), done.stderr
    assert nonsited("--check", rig.dir / "none.json").returncode == 78
    assert nonsited().returncode == 64 and nonsited("--nonsense").returncode == 64
    example = nonsited("--check", ROOT / "config/site.example.json")
    assert example.returncode == 0, example.stderr
    rig.broker_port = None


def broker_away(rig):
    """The broker comes late: what was decided before arrives then."""
    rig.broker_port = free_port()
    _, ports = rig.plant(stories.scenario([{"at_s": 0, "device": "gas",
                                            "set": {"p2_sensor_fault": True}}]))
    gateway = rig.gateway(rig.site(**stories.site(ports)))
    until("says what is missing", 20,
          lambda: f"127.0.0.1:{rig.broker_port}" in rig.log() and "refused" in rig.log())
    until("state is stored", 20, lambda: (rig.dir / "state/records.db").exists())
    assert gateway.poll() is None
    rig.broker()
    rig.subscribe()
    until("lead", 90, lambda: [r for r in rig.records("lead") if r["finding"] == "GAS-FLT-01"])
    gateway.terminate()
    assert gateway.wait(15) == 0, "a clean end"
    until("offline", 10, lambda: rig.document("status")["state"] == "offline")


def journal_unwritable(rig):
    """A file stands where the state folder should be: status goes on, no record exists, then it heals."""
    rig.broker()
    rig.subscribe()
    key = rig.dir / "signing.key"
    state = rig.dir / "blocked/state"
    state.parent.mkdir()
    state.mkdir()
    (state / "records.db").mkdir()  # no database can be opened or made there
    _, ports = rig.plant(stories.scenario([{"at_s": 0, "device": "gas",
                                            "set": {"p2_sensor_fault": True}}]))
    parts = stories.site(ports)
    parts["gateway"] = {"state_dir": str(state), "key_file": str(key)}
    gateway = rig.gateway(rig.site(**parts))
    health = until("health says failed", 30, lambda: (rig.document("health") or {}).get("journal", {})
                   .get("state") == "failed" and rig.document("health"))
    assert "records.db" in health["journal"]["fault"], health["journal"]
    until("polling goes on", 20, lambda: min(d["polls"]["read"]
                                             for d in rig.document("health")["devices"]) >= 10)
    assert not rig.records(), "no alarm or lead exists while the journal is away"
    assert "journal: failed" in rig.log()
    (state / "records.db").rmdir()
    until("lead after it is back", 90,
          lambda: [r for r in rig.records("lead") if r["finding"] == "GAS-FLT-01"])
    assert gateway.poll() is None


def device_away(rig):
    """An unreachable device is named; the others work; nothing is invented for it."""
    rig.broker()
    rig.subscribe()
    _, ports = rig.plant(stories.scenario())
    ports["panel"] = free_port()  # nobody listens there
    rig.gateway(rig.site(**stories.site(ports)))
    until("device_down event", 40, lambda: [m for m in rig.wires("event")
                                            if '"device_down"' in m and '"subject":"gas"' in m])
    event = [m for m in rig.wires("event") if '"device_down"' in m][0]
    assert f"127.0.0.1:{ports['panel']}" in event, event
    until("CW lead", 30, lambda: [r for r in rig.records("lead") if r["finding"] == "CW-ABS-02"])
    for m in rig.wires("telemetry"):
        for name, p in json.loads(m)["points"].items():
            if name.startswith("gas."):
                assert p["q"] != "GOOD" and "v" not in p, (name, p)
    assert not [r for r in rig.records() if r["finding"].startswith("GAS-EV")]


def main():
    for part in (check_file, broker_away, journal_unwritable, device_away):
        with Rig() as rig:
            part(rig)
        print("as wanted:", part.__name__)


run(main)
