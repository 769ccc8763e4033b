# SPDX-License-Identifier: Apache-2.0
"""The installed units under systemd: their sandboxes, devices, credentials, reloads and the watchdog.

Runs in the guest that guest.py boots. First the daemon with contacts on real GPIO lines, then the spine test with the
unit in place of a plain process; there a system call that the sandbox denies kills the daemon.
"""
import json
import os
import pathlib
import re
import runpy
import subprocess
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "integration"))
STATE = pathlib.Path("/var/lib/nonsite-gateway")
os.environ["TMPDIR"] = str(STATE)  # what both the tests and the daemon in its sandbox see
import harness  # noqa: E402
from harness import Rig, until  # noqa: E402

WAIT = 120  # seconds; an emulated machine on a busy one
CONFIG = pathlib.Path("/sys/kernel/config/gpio-sim/nonsite")
ETC = pathlib.Path("/etc/nonsite-gateway")
DROP_IN = pathlib.Path("/run/systemd/system/nonsited.service.d")


def systemctl(*words, check=True):
    done = subprocess.run(["systemctl", *words], capture_output=True, text=True)
    assert not check or done.returncode == 0, f"systemctl {words}: {done.stderr}\n{journal()}"
    return done.stdout.strip()


def show(prop, unit="nonsited"):
    return systemctl("show", "--value", "-p", prop, unit)


def journal(unit="nonsited"):
    return subprocess.run(["journalctl", "-u", unit, "-o", "cat", "--no-pager"], capture_output=True, text=True).stdout


def drop_in(name, text):
    DROP_IN.mkdir(parents=True, exist_ok=True)
    (DROP_IN / f"{name}.conf").write_text(text)
    systemctl("daemon-reload")


class Chip:
    """A simulated chip of four lines."""

    LABEL = "nonsite-cabinet"

    def __init__(self):
        (CONFIG / "bank").mkdir(parents=True)
        (CONFIG / "bank/num_lines").write_text("4")
        (CONFIG / "bank/label").write_text(self.LABEL)
        (CONFIG / "live").write_text("1")
        name = (CONFIG / "bank/chip_name").read_text().strip()
        self.path = pathlib.Path("/dev") / name
        until("udev's group", WAIT, lambda: self.path.exists() and self.path.group() == "gpio")
        self.pull = pathlib.Path("/sys/devices/platform") / (CONFIG / "dev_name").read_text().strip() / name


def points():
    done = subprocess.run(["nonsitectl", "--json", "points"], capture_output=True, text=True)
    return {p["id"]: p for p in json.loads(done.stdout)["points"]} if done.returncode == 0 else {}


def reload(pid):
    """systemd knows when a reload ends, whether the file was good or not."""
    path = ETC / "site.json"
    text = path.read_text()
    for file, status in ((text.replace('"gpio"', '"gpoi"', 1), "a reload was refused: "), (text, "and 0 assets")):
        path.write_text(file)
        systemctl("reload", "nonsited")
        until(f"the status {status}", WAIT, lambda: show("ActiveState") == "active" and show("SubState") == "running" and
              status in show("StatusText"))
    assert "refused" not in show("StatusText") and show("MainPID") == pid and "READY" not in journal(), journal()
    print(f"reloaded: {show('StatusText')}", flush=True)


def desk():
    """The other unit: a system call that its sandbox denies kills it here."""
    assert systemctl("is-enabled", "nonsite-desk", check=False) == "disabled"
    systemctl("start", "nonsite-desk")
    assert show("ActiveState", "nonsite-desk") == "inactive" and show("ConditionResult", "nonsite-desk") == "no"
    place = pathlib.Path("/run/systemd/system/nonsite-desk.service.d")
    place.mkdir(parents=True)
    (place / "test.conf").write_text("[Service]\nSystemCallErrorNumber=\n")
    systemctl("daemon-reload")
    etc, state = pathlib.Path("/etc/nonsite-desk"), pathlib.Path("/var/lib/nonsite-desk")
    (etc / "secrets/mqtt.password").write_text("secret\n")
    subprocess.run(["install", "-m", "644", STATE / "signing.key.pub", etc / "box.pub"], check=True)
    (etc / "desk.json").write_text(json.dumps({
        "store": f"{state}/desk.db", "pages": f"{state}/pages", "key_file": f"{state}/platform.key",
        "broker": {"host": "127.0.0.1", "port": 1883, "tls": False, "username": "desk",
                   "password_file": "/run/credentials/nonsite-desk.service/secret_mqtt.password"},
        "gateways": {"box": {"keys": ["box.pub"]}}}))
    systemctl("start", "nonsite-desk", "nonsited")

    def heard():
        path = state / "pages/gateways.json"
        rows = json.loads(path.read_text()) if path.exists() else []
        assert show("NRestarts", "nonsite-desk") == "0", journal("nonsite-desk")
        return any(g["gateway"] == "box" and g["state"] != "never" for g in rows)
    until("the desk hears the gateway", WAIT, heard)
    status = pathlib.Path(f"/proc/{show('MainPID', 'nonsite-desk')}/status").read_text()
    assert re.search(r"^CapEff:\s0+$", status, re.M) and re.search(r"^Seccomp:\s2$", status, re.M), status
    systemctl("stop", "nonsited", "nonsite-desk")
    assert show("Result", "nonsite-desk") == "success" and show("NRestarts", "nonsite-desk") == "0", journal("nonsite-desk")
    print("the desk: ok", flush=True)


def contacts(chip):
    """A contact of the box is read by a daemon that may open GPIO chips, and nothing else of the kind."""
    assert systemctl("is-enabled", "nonsited") == "enabled"
    systemctl("start", "nonsited")  # no site file: no start, and no failure
    assert show("ActiveState") == "inactive" and show("ConditionResult") == "no"

    (ETC / "secrets/mqtt.password").write_text("secret\n")
    (ETC / "site.json").write_text(json.dumps({
        "gateway": {"id": "box"},
        "enterprise": {"uscc": "91371311MAXX00015G", "name": "测试", "county": "371311", "sector": "machinery"},
        "buses": {"cabinet": {"driver": "gpio", "chip": Chip.LABEL}},
        "devices": {"di": {"bus": "cabinet", "period_ms": 500}},
        "points": {"di.run": {"line": 2}},
        "assets": {},
        "publish": {"mqtt": {"host": "127.0.0.1", "port": 1883, "tls": False, "receipts": False, "username": "box",
                             "password_file": "/run/credentials/nonsited.service/secret_mqtt.password"}}}))
    began = time.monotonic()
    systemctl("start", "nonsited")  # Type=notify: it is ready when this returns
    print(f"ready after {time.monotonic() - began:.1f} s: {show('StatusText')}", flush=True)
    assert show("StatusText") == "watching 1 devices and 0 assets", show("StatusText")
    until("the contact is open", WAIT, lambda: points().get("di.run", {}).get("value") == "false")
    (chip.pull / "sim_gpio2/pull").write_text("pull-up")
    until("the contact is closed", WAIT, lambda: points().get("di.run", {}).get("value") == "true")
    until("the broker knows the password", WAIT, lambda: "connected to 127.0.0.1" in journal())
    said = json.loads(subprocess.run(["nonsitectl", "--json", "status"], capture_output=True, text=True).stdout)
    assert said["boot"] == pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip(), said["boot"]
    pid = show("MainPID")
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    assert re.search(r"^CapEff:\s0+$", status, re.M) and re.search(r"^Seccomp:\s2$", status, re.M), status
    assert re.search(r"^NoNewPrivs:\s1$", status, re.M), status
    print(f"runs as {show('User')}:{show('Group')}, {re.search('VmRSS.*', status)[0]}", flush=True)
    assert not re.search("not permitted|EPERM", journal()), journal()
    reload(pid)

    # Without the one line of the unit the same chip is out of reach: the device filter is at work.
    allowed = re.findall(r"^DeviceAllow=(.*)$", pathlib.Path("/lib/systemd/system/nonsited.service").read_text(), re.M)
    assert "char-gpiochip rw" in allowed
    others = "".join(f"DeviceAllow={d}\n" for d in allowed if "gpio" not in d)
    drop_in("closed", f"[Service]\nDeviceAllow=\n{others}")
    systemctl("restart", "nonsited")
    until("no GPIO chip", WAIT, lambda: points().get("di.run", {}).get("quality") == "BAD_COMM")
    (DROP_IN / "closed.conf").unlink()
    systemctl("daemon-reload")
    systemctl("restart", "nonsited")
    until("the contact again", WAIT, lambda: points().get("di.run", {}).get("value") == "true")
    systemctl("stop", "nonsited")
    assert show("Result") == "success", show("Result")
    print("contacts: ok", flush=True)


class Unit:
    """nonsited.service, as the harness knows a process."""

    def __init__(self, rig, name, site):
        for path in (rig.dir, site):
            path.chmod(0o755)
        subprocess.run(["chown", "-R", "nonsite:nonsite-operator", str(STATE)], check=True)
        log = rig.dir / f"{name}.log"
        drop_in("test", "[Unit]\nConditionPathExists=\n[Service]\nExecStart=\n"
                        f"ExecStart=/usr/sbin/nonsited {site}\nStandardError=append:{log}\nSystemCallErrorNumber=\n")
        systemctl("start", "nonsited")
        self.pid = int(show("MainPID"))

    def poll(self):
        return None if show("ActiveState") in ("active", "activating") else 0

    def send_signal(self, number):
        systemctl("kill", f"--signal={int(number)}", "nonsited")

    def terminate(self):
        systemctl("stop", "nonsited")

    def kill(self):
        systemctl("kill", "--signal=9", "nonsited")

    @staticmethod
    def wait(timeout=None):
        del timeout  # systemd starts a killed one anew by itself
        return 0


def gateway(rig, site, name="gateway", wrap=()):
    assert not wrap
    unit = Unit(rig, name, site)
    rig.procs.append(unit)
    return unit


def rules():
    """udev understands every line of ours."""
    done = subprocess.run(["udevadm", "test", "/sys/class/tty/console"], capture_output=True, text=True)
    said = [line for line in (done.stdout + done.stderr).splitlines() if "60-nonsite-gateway.rules" in line]
    assert said and not [line for line in said if re.search(r"rules:\d+ ", line)], said


def main():
    rules()
    chip = Chip()
    systemctl("start", "mosquitto")
    contacts(chip)
    desk()
    harness.Rig.gateway = gateway
    sys.argv = [str(TESTS / "integration/spine.py")]
    began = time.monotonic()
    before = int(show("NRestarts"))
    runpy.run_path(sys.argv[0], run_name="__main__")
    assert int(show("NRestarts")) - before == 1, "the killed one, and no other"
    print(f"spine under the unit: {time.monotonic() - began:.1f} s", flush=True)


main()
