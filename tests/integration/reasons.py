# SPDX-License-Identifier: Apache-2.0
"""Reason codes of MQTT 5 by their class, from a broker that says what the test wants (npm's mqtt-packet).

A refused record is held alone and tried again, a refused connection is told in words, limits of the broker
are kept, and a hostile broker costs at most a restart: no record is ever lost.
"""
import json
import os
import random
import subprocess
import time

import stories
from brokers import Scripted
from harness import BUILD, Rig, run, until

RECORDS = ("lead", "alarm", "record")


class Bench(Rig):
    def prepare(self, **mqtt):
        self.peer = Scripted(self)
        self.plant_process, self.ports = self.plant(stories.scenario(), stdin=True)
        self.broker_port = self.peer.port
        self.high, self.turn = {"p1": False, "p2": False}, 0
        self.path = self.site(**stories.site(self.ports), mqtt={"keepalive_s": 5, **mqtt})
        self.daemon, self.starts = self.gateway(self.path), 0

    def again(self):
        """A gateway in its first second, whose waits have not grown; also after it died. True: it had."""
        died = self.daemon.poll() is not None
        if not died:
            self.daemon.terminate()
            self.daemon.wait(20)
        self.starts += 1
        self.daemon = self.gateway(self.path, f"gateway{self.starts}")
        return died

    def status(self):
        done = subprocess.run([str(BUILD / "bin/nonsitectl"), "-s", str(self.dir / "state/control.sock"), "--json",
                               "status"], capture_output=True, text=True)
        return json.loads(done.stdout) if done.stdout.startswith("{") else None

    def wait(self, what, seconds, ready):
        return until(what, seconds, lambda: (s := self.status()) and ready(s), every=0.2)

    def connected(self):
        return self.wait("connected", 90, lambda s: s["mqtt"]["state"] == "connected" and s)

    def fault(self, text, seconds=30):
        got = self.wait(text, seconds, lambda s: text in s["mqtt"]["fault"] and s)
        print("told:", got["mqtt"]["fault"], flush=True)
        return got

    def happen(self):
        """Makes an alarm record at once."""
        before = self.wait("engine", 20, lambda s: s["engine"]["state"] == "running" and s)["journal"]["seq"]
        probe = ("p1", "p2")[self.turn % 2]  # in turn, lest one alarm be told as chattering
        self.turn += 1
        self.high[probe] = not self.high[probe]
        self.tell(self.plant_process, {"device": "gas", "set": {probe: 62.0 if self.high[probe] else 3.0}})
        self.wait("a record", 20, lambda s: s["journal"]["seq"] > before)

    def drained(self, seconds=90):
        last = self.wait("drained", seconds, lambda s: s["journal"]["records_waiting"] == 0 and s)["journal"]["seq"]

        def seqs():
            return {json.loads(p["payload"])["record"]["seq"] for w in RECORDS for p in self.peer.published(w)}

        until("every record", 30, lambda: seqs() >= set(range(1, last + 1)))
        return last


def refusals(rig):
    """Held alone, passed by the others, tried again."""
    rig.connected()
    for code, word in ((0x10, "nobody is subscribed"), (0x83, "mplementation"), (0x87, "uthori"), (0x95, "too large"),
                       (0x97, "uota")):
        rig.peer.tell(puback={"alarm": code})
        mark = len(rig.peer.seen)
        rig.happen()
        status = rig.fault(word)
        assert status["mqtt"]["held"] >= 1 and status["journal"]["records_waiting"] >= 1, status
        assert "alarm" in status["mqtt"]["fault"] and status["mqtt"]["state"] == "connected", status
        until("others pass", 20, lambda: rig.peer.published("telemetry", mark))
        # The wait before the next try is at most half a minute and a fifth.
        until("another try", 40, lambda: len(rig.peer.published("alarm", mark)) >= 2)
        rig.peer.tell(puback={})
        rig.wait("taken in the end", 60, lambda s: s["mqtt"]["held"] == 0 and not s["mqtt"]["fault"])
    rig.drained()


def connection_refusals(rig):
    """A refused CONNECT is told in words and tried again."""
    for code, word in ((0x86, "user name or password is wrong"), (0x85, "client id is not accepted"),
                       (0x88, "unavailable"), (0x8a, "banned"), (0x84, "set version to 3.1.1"), (0x9f, "0x9f")):
        rig.peer.tell(connack={"reasonCode": code})
        rig.again()
        rig.fault(word)
    rig.happen()
    rig.peer.tell(connack={"reasonCode": 0})
    rig.connected()
    rig.drained()


def limits(rig):
    """The broker's Receive Maximum and Maximum Packet Size are kept."""
    for most in (1, 2, 5):
        rig.peer.tell(connack={"reasonCode": 0, "properties": {"receiveMaximum": most}}, delay=30, cut=True)
        mark = len(rig.peer.seen)
        until("another connection", 90, lambda: rig.peer.packets("connect", mark))
        until("messages", 60, lambda: len(rig.peer.packets("publish", mark)) > 20)
        start = next(i for i in range(mark, len(rig.peer.seen)) if rig.peer.seen[i]["cmd"] == "connect")
        reached = max(p["most"] for p in rig.peer.packets("publish", start))
        assert reached <= most, (most, reached)
        print(f"Receive Maximum {most}: {reached} at once", flush=True)
    # A record of a few kilobytes is too large for this broker, and is not sent; telemetry passes.
    rig.peer.tell(connack={"reasonCode": 0, "properties": {"maximumPacketSize": 1500}}, delay=0, cut=True)
    mark = len(rig.peer.seen)
    until("another connection", 90, lambda: rig.peer.packets("connect", mark))
    rig.happen()
    rig.fault("bytes are too many for this broker")
    until("telemetry passes", 30, lambda: rig.peer.published("telemetry", mark))
    start = next(i for i in range(mark, len(rig.peer.seen)) if rig.peer.seen[i]["cmd"] == "connect")
    assert all(p["size"] <= 1500 for p in rig.peer.packets("publish", start))
    rig.peer.tell(connack={"reasonCode": 0}, cut=True)
    rig.connected()
    rig.drained()


def takeover(rig):
    """Another client with this client id: told, an event, and no fight."""
    mark = len(rig.peer.seen)
    rig.peer.tell(send={"cmd": "disconnect", "reasonCode": 0x8e})
    begin = time.monotonic()
    rig.fault("session taken over")
    until("another connection", 90, lambda: rig.peer.packets("connect", mark))
    waited = time.monotonic() - begin
    assert waited >= 55, waited
    rig.connected()
    until("an event", 30, lambda: any('"taken_over"' in p["payload"] for p in rig.peer.published("event", mark)))
    print(f"taken over: back after {waited:.0f} s", flush=True)


def session(rig):
    """The subscription outlives a connection for as long as the site says, at its start and after it was lost."""
    subprocess.run(["openssl", "genpkey", "-algorithm", "ED25519", "-out", rig.dir / "platform.key"], check=True)
    subprocess.run(["openssl", "pkey", "-in", rig.dir / "platform.key", "-pubout", "-out", rig.dir / "platform.pub"],
                   check=True)
    trusted = {"platform": {"keys": [{"file": "platform.pub", "may": ["challenge"]}]}}
    plain = rig.path.read_text()
    for parts, seconds in (({}, 0), (trusted, 86400), (trusted, 7200), (trusted, 0)):
        mqtt = {"keepalive_s": 5} if seconds == 86400 else {"keepalive_s": 5, "session_s": seconds}
        rig.site(**stories.site(rig.ports), mqtt=mqtt, **parts)
        mark = len(rig.peer.seen)
        rig.again()
        rig.connected()
        rig.peer.tell(cut=True)
        connects = until("two connections", 90, lambda: (c := rig.peer.packets("connect", mark))[1:] and c)
        for c in connects:
            assert c["clean"] == (seconds == 0), c
            assert (c["properties"] or {}).get("sessionExpiryInterval") == (seconds or None), c
    rig.path.write_text(plain)
    rig.again()
    rig.connected()


def hostile(rig, seed):
    """Row 15: whatever comes, the records are kept; a dead process is started again at once."""
    rng = random.Random(seed)
    pings = "d000"
    attacks = {
        "PUBACK for unknown ids": "4003123400" + "40021235" + "4003fffe87",
        "unknown property": "40050001000299" + "01",
        "unknown property in PUBACK": "400600010002f701",
        "bad UTF-8 in a topic": "300a0004c328c32800" + "78797a",
        "reserved type": "f00100",
        "endless topic": "30ffffff7f" + "ffff" + "61" * 4096,
        "length without end": "30ffffffffff",
        "DISCONNECT with an unknown property": "e0040002f701",
        "CONNACK again": "20030000" + "00",
        "noise": bytes(rng.randrange(256) for _ in range(200)).hex(),
        "nothing wrong": pings,
    }
    deaths = 0

    def again(name):
        """As its supervisor would: at once, should it have died."""
        begin = time.monotonic()
        if rig.again():
            print(f"{name}: it died and was started again", flush=True)
        mark = len(rig.peer.seen)
        until(f"back after: {name}", 30, lambda: rig.peer.packets("connect", mark))
        assert time.monotonic() - begin <= 5, "more than 5 s to be back"

    for name, raw in attacks.items():
        rig.connected()
        rig.happen()
        mark = len(rig.peer.seen)
        rig.peer.tell(raw=raw)
        if name in ("nothing wrong", "PUBACK for unknown ids"):
            rig.happen()
            rig.drained()
            assert rig.daemon.poll() is None
        else:
            until(f"an end after: {name}", 30,
                  lambda: rig.peer.packets("closed", mark) or rig.daemon.poll() is not None)
        deaths += rig.daemon.poll() is not None
        again(name)
    # The same in the CONNACK, where a connection is youngest.
    for raw in ("2006000003f70102", "20ffffff7f00", "200300002600c3"):
        rig.peer.tell(connack={"raw": raw})
        mark = len(rig.peer.seen)
        rig.again()
        until("another try", 30, lambda: rig.peer.packets("connect", mark))
        until("closed", 30, lambda: rig.peer.packets("closed", mark) or rig.daemon.poll() is not None)
        deaths += rig.daemon.poll() is not None
    rig.peer.tell(connack={"raw": "", "reasonCode": 0})
    again("CONNACK")
    rig.connected()
    last = rig.drained()
    print(f"{len(attacks) + 3} attacks, {deaths} deaths, {last} records, none missing")


def main():
    seed = int(os.environ.get("NONSITE_SEED", random.SystemRandom().randrange(1 << 32)))
    print("seed", seed, flush=True)
    with Bench() as rig:
        rig.prepare()
        for part in (refusals, limits, session, takeover, connection_refusals):
            begin = time.monotonic()
            part(rig)
            print(f"{part.__name__}: {time.monotonic() - begin:.0f} s", flush=True)
        hostile(rig, seed)


run(main)
