# SPDX-License-Identifier: Apache-2.0
"""Row 2: gateway, broker and desk are killed while records flow; with receipts every record reaches the desk, once.

usage: broker_kill.py [KILLS]     30 of them. NONSITE_BROKER_KILLS of these (a third, unless told) are for the broker:
one half by SIGKILL, which costs it what it has acknowledged since its last save, half an hour ago; in every second
of them the desk dies first, so that the broker alone has what comes. The others are for the gateway, by SIGKILL. The
seed is printed and can be given as NONSITE_SEED."""
import json
import os
import random
import subprocess
import sys
import time

import busy
from command import keys
from desk import Desk
from harness import BUILD, Rig, kill, run, until

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 30
BROKER_KILLS = int(os.environ.get("NONSITE_BROKER_KILLS", KILLS // 3))


class Parts:
    """Gateway, broker and desk, each of which can go and come back."""

    def __init__(self, rig, rng):
        self.rig, self.rng, self.n, self.broker_kills = rig, rng, 0, 0
        self.start_broker()
        _, ports = self.plant = rig.plant(busy.scenario())
        self.site = rig.site(**busy.site(rig, ports), platform=keys(rig), mqtt={"receipts": True})
        self.start_gateway()
        until("a key", 20, lambda: rig.public_key().exists())
        self.desk = Desk(rig, [rig.public_key()])
        self.desk_process = self.desk.start()

    def start_broker(self):
        self.broker = self.rig.broker(f"persistence true\npersistence_location {self.rig.dir}/\nmax_queued_messages 0")

    def start_gateway(self):
        self.gateway = self.rig.gateway(self.site, f"gateway{self.n}")
        self.n += 1

    def kept(self):
        return [s for s in self.desk.run("export", "gw-test").stdout.split("\n") if s]

    def kill_gateway(self):
        assert self.gateway.poll() is None, "the gateway ended by itself"
        kill(self.gateway)
        self.start_gateway()

    def kill_broker(self):
        self.broker_kills += 1
        hard, alone = self.broker_kills % 2 == 1, self.broker_kills // 2 % 2 == 1
        if alone:
            kill(self.desk_process)
            time.sleep(self.rng.uniform(0.5, 1.5))  # what comes now has only the broker's word
        if hard:
            kill(self.broker)
        else:
            self.broker.terminate()
            self.broker.wait(15)
        time.sleep(self.rng.uniform(0, 0.5))
        self.start_broker()
        if alone:
            self.desk_process = self.desk.start()


def main():
    seed = int(os.environ.get("NONSITE_SEED", random.SystemRandom().randrange(1 << 32)))
    print("seed", seed, flush=True)
    rng = random.Random(seed)
    victims = ["broker"] * BROKER_KILLS + ["gateway"] * (KILLS - BROKER_KILLS)
    rng.shuffle(victims)
    with Rig() as rig:
        parts = Parts(rig, rng)
        until("the first records", 60, parts.kept)
        for victim in victims:
            time.sleep(rng.uniform(0.3, 2.5))
            getattr(parts, f"kill_{victim}")()
        kill(parts.plant[0])  # nothing new but its own silence, so that there is an end
        parts.kill_gateway()
        rig.subscribe()

        def drained():
            health = rig.document("health")
            return health and health["journal"]["records_waiting"] == 0 and health["journal"]["seq"]

        last = until("all receipted", 300, drained)
        lines = parts.kept()
        assert [json.loads(s)["record"]["seq"] for s in lines] == list(range(1, last + 1)), "lost, or kept twice"
        standing = until("the desk's view", 30, lambda: parts.desk.gateway())
        assert standing["forked"] == 0 and standing["broken"] == 0 and standing["refused"] == 0, standing
        export = rig.dir / "export.jsonl"
        export.write_text("".join(s + "\n" for s in lines), encoding="utf-8")
        done = subprocess.run([str(BUILD / "bin/nonsitectl"), "verify", "-k", str(rig.public_key()), str(export)],
                              capture_output=True, text=True)
        assert done.returncode == 0, done
        rig.check_chain(lines[-200:], "--subset")
        print(f"{KILLS} kills, {BROKER_KILLS} of them of the broker: all {busy.summary(lines)} reached the desk; "
              f"{standing['repeated']} came again, none is kept twice")


run(main)
