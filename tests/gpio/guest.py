# SPDX-License-Identifier: Apache-2.0
"""Contacts on real GPIO lines, from the edge to the record at the broker.

Runs in the guest that tests/gpio/run boots: a kernel with gpio-sim, the real gateway and a real broker. One
boot and one gateway for the whole story, since everything is slow here.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import Rig, run, until  # noqa: E402
from watchdog import bury, stop, thread  # noqa: E402

WAIT = 60  # seconds; an emulated machine on a busy one
QUIET_S = 10  # how long a chattering contact must be quiet
OFF_S = 6  # how long an alarm contact must be quiet before its alarm returns
CONFIG = pathlib.Path("/sys/kernel/config/gpio-sim/nonsite")


class Chip:
    """A simulated chip of 8 lines with some names, and one line that the kernel holds."""

    LABEL = "nonsite-cabinet"

    def __init__(self):
        bank = CONFIG / "bank"
        for line, name in ((1, "tout_high"), (4, "taken")):
            (bank / f"line{line}").mkdir(parents=True)
            (bank / f"line{line}/name").write_text(name)
        (bank / "line4/hog").mkdir()
        (bank / "line4/hog/name").write_text("somebody")
        (bank / "line4/hog/direction").write_text("input")
        (bank / "num_lines").write_text("8")
        (bank / "label").write_text(self.LABEL)
        self.plug()

    def plug(self):
        (CONFIG / "live").write_text("1")
        name = (CONFIG / "bank/chip_name").read_text().strip()
        device = (CONFIG / "dev_name").read_text().strip()
        self.path = pathlib.Path("/dev") / name
        self.lines = pathlib.Path("/sys/devices/platform") / device / name

    @staticmethod
    def unplug():
        (CONFIG / "live").write_text("0")

    def set(self, line, high):
        with open(self.lines / f"sim_gpio{line}/pull", "w", encoding="ascii") as f:
            f.write("pull-up" if high else "pull-down")


def catalogue(rig):
    """The catalogue, but a contact that chattered is quiet again after seconds."""
    text = (pathlib.Path(__file__).resolve().parents[2] / "config/findings.json").read_text(encoding="utf-8")
    assert '"chatter_quiet_s": 600' in text
    path = rig.dir / "findings.json"
    path.write_text(text.replace('"chatter_quiet_s": 600', f'"chatter_quiet_s": {QUIET_S}'), encoding="utf-8")
    return str(path)


def site(rig):
    return rig.site(
        gateway={"catalogue": catalogue(rig)},
        buses={"cabinet": {"driver": "gpio", "chip": Chip.LABEL}},
        devices={"di": {"bus": "cabinet", "period_ms": 500}},
        points={
            "di.flow_low": {"line": 0, "debounce_ms": 30, "edges": True},
            # Normally closed: the loop is broken when the temperature is too high.
            "di.tout_high": {"line": "tout_high", "wiring": "nc"},
            "di.run": {"line": 2},
            "di.burst": {"line": 3, "edges": True},
            "di.taken": {"line": 4},
            "di.driven": {"line": 6},
            "di.pulled": {"line": 5, "active_low": True, "bias": "pull-up"},
        },
        assets={"if-1": {
            "type": "if_furnace", "name": "1号中频炉", "facts": {"loop": "closed"},
            "roles": {"RUN": "di.run", "DI_QIN_L": "di.flow_low", "DI_TOUT_H": "di.tout_high"},
            "overrides": {"CW-EV-LOWQ": {"delay_s": 0, "off_s": OFF_S},
                          "CW-EV-TOUT-HH": {"delay_s": 0, "off_s": 0},
                          "DAT-EV-CHATTER": {"off_s": 0}}}},
        mqtt={"health_s": 5})


def alarms(rig, code, state):
    return [r for r in rig.records("alarm") if r["finding"] == code and r["state"] == state]


def rows(rig, point):
    """(quality, value, time) of a point, in the order of arrival."""
    got = []
    for text in rig.wires("telemetry"):
        p = json.loads(text)["points"].get(point)
        if p:
            got.append((p["q"], p.get("v"), p["t"]))
    return got


def latest(rig, point):
    got = rows(rig, point)
    return got[-1][:2] if got else None


def device(rig):
    health = rig.document("health")
    return health["devices"][0] if health else None


def at_the_start(rig):
    """A broken loop and a running furnace are seen at once, a taken line is named."""
    until("birth", WAIT, lambda: (rig.document("status") or {}).get("state") == "online")
    until("the alarm that stood before", WAIT, lambda: alarms(rig, "CW-EV-TOUT-HH", "raised"))
    until("telemetry", WAIT, lambda: latest(rig, "di.run") == ("GOOD", "true"))
    assert rows(rig, "di.tout_high")[0][:2] == ("GOOD", "true"), rows(rig, "di.tout_high")
    assert latest(rig, "di.flow_low") == ("GOOD", "false")
    assert latest(rig, "di.pulled") == ("GOOD", "false"), "the pull-up holds it high"
    assert latest(rig, "di.taken") == ("BAD_COMM", None)
    assert latest(rig, "di.driven") == ("BAD_COMM", None), "an output is left alone"
    until("health", WAIT, lambda: device(rig) and device(rig)["fault"])
    assert device(rig)["fault"] == f'chip {Chip.LABEL}, line 4 (taken): held by "somebody"', device(rig)
    assert device(rig)["link"] == "ok"


def inputs_only(chip):
    """The kernel's own word on what the gateway holds."""
    info = subprocess.run(["gpioinfo", chip.path.name], capture_output=True, text=True, check=True).stdout
    held = [line for line in info.splitlines() if '"nonsited"' in line]
    assert len(held) == 5 and all(" input " in line for line in held), info
    assert any("line   6:" in line and " output " in line for line in info.splitlines()), info
    print(info, end="", flush=True)


def one_alarm(rig, chip):
    """A contact that bounces, then chatters slowly, makes one alarm and asks for maintenance once."""
    before = time.time() * 1000
    for i in range(15):
        chip.set(0, i % 2 == 0)
        time.sleep(0.002)
    raised = until("the alarm", WAIT, lambda: alarms(rig, "CW-EV-LOWQ", "raised"))
    contact = [p for p in raised[0]["evidence"]["points"] if p["role"] == "DI_QIN_L"][0]
    assert (contact["quality"], contact["value"], contact["raw"]) == ("GOOD", "true", [1]), contact
    until("telemetry of the edge", WAIT, lambda: latest(rig, "di.flow_low") == ("GOOD", "true"))
    first = [t for q, v, t in rows(rig, "di.flow_low") if v == "true"][0]
    assert before - 50 <= first <= time.time() * 1000, "stamped when it happened"
    until("all edges", WAIT, lambda: latest(rig, "di.flow_low_edges")[1] == "15")
    for i in range(21):  # each level stands long enough to count
        chip.set(0, i % 2 == 1)
        time.sleep(0.1)
    until("quiet", WAIT, lambda: alarms(rig, "CW-EV-LOWQ", "returned"))
    assert len(alarms(rig, "CW-EV-LOWQ", "raised")) == 1, "one alarm"
    until("maintenance over", WAIT, lambda: alarms(rig, "DAT-EV-CHATTER", "returned"))
    chatter = alarms(rig, "DAT-EV-CHATTER", "raised")
    assert len(chatter) == 1 and "CW-EV-LOWQ" in chatter[0]["condition"]["text"]["en"], chatter
    assert latest(rig, "di.flow_low") == ("GOOD", "false")


def a_full_queue(rig, chip, gateway):
    """41 edges while the gateway cannot fetch them: the kernel keeps 16, the last of them wrong."""
    assert latest(rig, "di.burst_edges") == ("GOOD", "0")
    gateway.send_signal(signal.SIGSTOP)
    for i in range(41):
        chip.set(3, i % 2 == 0)
    gateway.send_signal(signal.SIGCONT)
    until("the count is uncertain", WAIT, lambda: latest(rig, "di.burst_edges") == ("UNCERTAIN", "16"))
    until("the level is right", WAIT, lambda: latest(rig, "di.burst") == ("GOOD", "true"))


def unplugged(rig, chip):
    """The chip goes, all its points are bad; it comes back under another number and is read anew."""
    old = chip.path
    chip.unplug()
    until("points are bad", WAIT, lambda: latest(rig, "di.flow_low") == ("BAD_COMM", None))
    assert latest(rig, "di.run") == ("BAD_COMM", None)
    until("the device is down", WAIT, lambda: device(rig)["link"] == "down")
    assert device(rig)["fault"].startswith(f"chip {Chip.LABEL}: "), device(rig)
    chip.plug()
    for line in (0, 1, 2):  # water is low, the loop is whole again, the furnace runs
        chip.set(line, True)
    until("the alarm after it", WAIT, lambda: len(alarms(rig, "CW-EV-LOWQ", "raised")) == 2)
    until("the loop is whole", WAIT, lambda: alarms(rig, "CW-EV-TOUT-HH", "returned"))
    until("the device is up", WAIT, lambda: device(rig)["link"] == "ok")
    assert latest(rig, "di.flow_low_edges")[0] == "UNCERTAIN", "edges were missed meanwhile"
    polls = device(rig)["polls"]
    assert polls["failed"] >= 1 and polls["skipped"] >= 1, polls
    assert polls["scheduled"] - sum(polls[k] for k in ("read", "failed", "skipped")) in (0, 1), polls
    print("plugged in again:", old, "->", chip.path, flush=True)


def a_hang(rig):
    """The watchdog names the chip's thread when it turns no more."""
    os.environ["WATCHDOG_USEC"] = "10000000"
    gateway = rig.gateway(rig.dir / "site.json", "watched")
    until("its start", WAIT, lambda: "journal open" in rig.log("watched"))
    tid = thread(gateway.pid, "gpio")
    stop(tid)
    until("the watchdog's word", WAIT, lambda: "thread gpio of buses.cabinet hangs" in rig.log("watched"))
    gateway.kill()
    until("its end", WAIT, lambda: bury(tid) or gateway.poll() is not None)


def main():
    start = time.monotonic()
    chip = Chip()
    chip.set(2, True)
    subprocess.run(["gpioset", chip.path.name, "6=1"], check=True)  # it stays an output
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        gateway = rig.gateway(site(rig))

        def done(what):
            print(f"{what}: {time.monotonic() - start:.1f} s", flush=True)

        at_the_start(rig)
        inputs_only(chip)
        done("at the start")
        one_alarm(rig, chip)
        done("one alarm")
        a_full_queue(rig, chip, gateway)
        done("a full queue")
        unplugged(rig, chip)
        done("unplugged and plugged in")
        assert len(alarms(rig, "CW-EV-TOUT-HH", "raised")) == 1
        gateway.terminate()
        assert gateway.wait(WAIT) == 0
        a_hang(rig)
        done("a hang")


run(main)
