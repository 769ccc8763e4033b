# SPDX-License-Identifier: Apache-2.0
"""Runs the real programs against each other: plants, broker, gateway, subscriber.

Every server listens on loopback on a free port and lives in one temporary folder; everything that was
started is ended by its own pid. Nothing here sleeps to wait for a state: `until` polls with a deadline.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["GW_BUILD"])
os.environ["PATH"] += ":/usr/sbin:/sbin"

SITE = {
    "gateway": {"id": "gw-test", "state_dir": "state", "log_level": "info"},
    "enterprise": {"uscc": "91371311MAXX00015G", "name": "测试铸造有限公司", "county": "371311",
                   "sector": "machinery"},
    "buses": {}, "devices": {}, "assets": {},
    "publish": {"mqtt": {"host": "127.0.0.1", "port": 0, "tls": False, "receipts": False, "health_s": 5}},
    "journal": {"window_before_s": 10, "window_after_s": 10},
}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(what, seconds, ready, every=0.05):
    """Polls ready() until it returns something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        got = ready()
        if got:
            return got
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(every)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Rig:
    """A temporary folder and the processes in it. Use as a context manager."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="nonsite-test."))
        self.procs = []
        self.messages = []  # (topic below the gateway's, payload text)
        self.broker_port = None
        self.reports = "Sanitizer|runtime error:"  # what no log may say

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for p in reversed(self.procs):
            if p.poll() is None:
                p.terminate()
        for p in reversed(self.procs):
            try:
                p.wait(15)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        reports = [log.name for log in self.dir.glob("*.log")
                   if re.search(self.reports, log.read_text(errors="replace"))]
        if kind or reports:
            for log in sorted(self.dir.glob("*.log")):
                text = log.read_text(errors="replace")[-6000:]
                print(f"--- {log.name}\n{text}", file=sys.stderr)
        shutil.rmtree(self.dir, ignore_errors=True)
        assert not reports or kind, f"a sanitizer or the watchdog reported: {reports}"

    def watchdog(self, seconds=16):
        """Every daemon looks after its threads from now on, as under a service manager. seconds: WatchdogSec; one that
        turns no more for half of it fails the test."""
        os.environ["WATCHDOG_USEC"] = str(seconds * 1000000)
        self.reports += "|watchdog: thread .* hangs"

    def start(self, name, argv, **kw):
        log = open(self.dir / f"{name}.log", "ab")
        p = subprocess.Popen([str(a) for a in argv], stdout=kw.pop("stdout", log),
                             stderr=kw.pop("stderr", log), cwd=self.dir, **kw)
        log.close()
        self.procs.append(p)
        return p

    # --- broker -------------------------------------------------------------------------------

    def broker(self, extra="persistence false"):
        if self.broker_port is None:
            self.broker_port = free_port()
        user = "user root\n" if os.getuid() == 0 else ""
        conf = self.dir / "mosquitto.conf"
        conf.write_text(f"listener {self.broker_port} 127.0.0.1\nallow_anonymous true\n"
                        f"{user}{extra}\n")
        p = self.start("broker", ["mosquitto", "-c", conf])
        until("broker", 10, lambda: listens(self.broker_port))
        return p

    def subscribe(self):
        """Collects every message of the gateway in self.messages, in the order of arrival."""
        p = self.start("sub", ["stdbuf", "-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", self.broker_port, "-q", "1",
                               "-t", "nonsite/v1/#", "-F", "%t %p", "-d"], stdout=subprocess.PIPE)
        subscribed = threading.Event()

        def read():
            for line in p.stdout:
                line = line.decode().rstrip("\n")
                if line.startswith("nonsite/v1/"):
                    topic, _, payload = line.partition(" ")
                    self.messages.append((topic.split("/", 3)[3], payload))
                elif "Subscribed" in line or "SUBACK" in line:
                    subscribed.set()

        threading.Thread(target=read, daemon=True).start()
        assert subscribed.wait(10), "not subscribed"
        return p

    def wires(self, *topics):
        """Wire lines of these topics, in the order of arrival."""
        return [m for t, m in list(self.messages) if t in topics]

    def records(self, *topics):
        return [json.loads(m)["record"] for m in self.wires(*(topics or ("lead", "alarm", "record")))]

    def document(self, name):
        got = self.wires(name)
        if not got:
            return None
        doc = json.loads(got[-1])
        return doc.get("document", doc)

    # --- plant --------------------------------------------------------------------------------

    def plant(self, scenario, name="plant", hold=False, stdin=False, wrap=()):
        """Starts a plant; returns (process, {endpoint: port}). wrap: as in gateway()."""
        path, ports = self.dir / f"{name}.json", self.dir / f"{name}.ports"
        path.write_text(json.dumps(scenario, ensure_ascii=False), encoding="utf-8")
        argv = [BUILD / "bin/nonsite-plant", "--ports", ports, path]
        if hold:
            argv.insert(1, "--hold")
        kw = {}
        if stdin:
            argv.insert(1, "--stdin")
            kw["stdin"] = subprocess.PIPE
        p = self.start(name, [*wrap, *argv], **kw)
        until("plant", 10, lambda: ports.exists() and ports.stat().st_size and p.poll() is None)
        return p, json.loads(ports.read_text())

    @staticmethod
    def tell(plant, action):
        """Changes a plant that was started with stdin=True."""
        plant.stdin.write((json.dumps(action) + "\n").encode())
        plant.stdin.flush()

    # --- gateway ------------------------------------------------------------------------------

    def site(self, **parts):
        """Writes site.json from SITE with the given sections; returns its path."""
        site = json.loads(json.dumps(SITE))
        site["gateway"]["catalogue"] = str(ROOT / "config/findings.json")
        site["gateway"]["profiles"] = str(ROOT / "config/devices")
        site["publish"]["mqtt"]["port"] = self.broker_port or free_port()
        for key, value in parts.items():
            if key == "mqtt":
                site["publish"]["mqtt"].update(value)
            elif isinstance(site.get(key), dict):
                site[key].update(value)
            else:
                site[key] = value
        path = self.dir / "site.json"
        path.write_text(json.dumps(site, ensure_ascii=False, indent=1), encoding="utf-8")
        return path

    def gateway(self, site, name="gateway", wrap=()):
        """wrap: words of a command that runs the rest of its words."""
        return self.start(name, [*wrap, BUILD / "bin/nonsited", site])

    def log(self, name="gateway"):
        return (self.dir / f"{name}.log").read_text(errors="replace")

    def public_key(self):
        return self.dir / "state/signing.key.pub"

    def check_chain(self, wires, *options):
        """Runs the independent checker over wire lines; returns its output."""
        path = self.dir / "wires.jsonl"
        path.write_text("".join(w + "\n" for w in wires), encoding="utf-8")
        done = subprocess.run([str(ROOT / "tests/integration/check_chain"), *options,
                               str(self.public_key()), str(path)], capture_output=True, text=True)
        assert done.returncode == 0, f"check_chain: {done.stdout}{done.stderr}"
        return done.stdout


def kill(p):
    """SIGKILL, and gone."""
    p.send_signal(signal.SIGKILL)
    p.wait()


def cases(records):
    """{case: last state} of leads, and a check that no case is raised twice without having cleared."""
    last = {}
    for r in records:
        if r["class"] != "lead":
            continue
        before = last.get(r["case"])
        if r["state"] == "raised":
            assert before is None, f"{r['case']} raised twice"
        elif r["state"] == "reopened":
            assert before == "cleared", f"{r['case']} reopened while {before}"
        last[r["case"]] = r["state"]
    return last


def unique(wires):
    """Wire lines without repetitions (at-least-once delivery), by sequence number."""
    seen = {}
    for w in wires:
        record = json.loads(w)["record"]
        if record["id"] in seen:
            assert seen[record["id"]] == w, f"{record['id']} arrived in two versions"
        seen[record["id"]] = w
    return [seen[k] for k in sorted(seen, key=lambda i: int(i.rsplit("-", 1)[1]))]


def run(main):
    """Entry point of a test script."""
    if not re.fullmatch(r".*\.py", sys.argv[0]):
        raise SystemExit("run me as a script")
    main()
    print("ok")
