# SPDX-License-Identifier: Apache-2.0
"""The gateway at a broker that nobody here wrote (aedes from npm, MQTT 3.1.1).

Birth, documents, records, a broken connection, the will of a gateway that was killed, and a broker that
forgets everything it retains: nothing is missing in the end, and the documents are there again.
"""
import json
import signal

import stories
from brokers import Aedes
from harness import Rig, kill, run, unique, until

RECORDS = ("lead", "alarm", "record")


def state_of(rig):
    return (rig.document("status") or {}).get("state")


def complete(rig):
    """Every record of the chain has come."""
    health = rig.document("health")
    if not health or health["journal"]["records_waiting"]:
        return False
    seqs = {json.loads(w)["record"]["seq"] for w in rig.wires(*RECORDS)}
    return health["journal"]["seq"] > 0 and seqs == set(range(1, health["journal"]["seq"] + 1))


def main():
    with Rig() as rig:
        broker = Aedes(rig)
        rig.broker_port = broker.port
        rig.subscribe()
        plant, ports = rig.plant(stories.scenario(), stdin=True)
        site = rig.site(**stories.site(ports), mqtt={"version": "3.1.1"})
        gateway = rig.gateway(site)
        until("birth", 20, lambda: state_of(rig) == "online")
        for name in ("inventory", "cases", "health"):
            until(name, 20, lambda: rig.document(name))
        rig.tell(plant, {"device": "gas", "set": {"p1": 62.0}})
        until("an alarm", 30, lambda: rig.wires("alarm"))
        until("a lead", 40, lambda: rig.wires("lead"))
        until("telemetry", 20, lambda: rig.wires("telemetry"))

        broker.kick("gw-test")
        until("the will", 20, lambda: any('"offline"' in m for m in rig.wires("status")))
        rig.tell(plant, {"device": "gas", "set": {"p1": 3.0}})
        until("online again", 30, lambda: state_of(rig) == "online")
        until("every record", 60, lambda: complete(rig))

        kill(gateway)
        until("the will of a killed one", 60, lambda: state_of(rig) == "offline")
        gateway = rig.gateway(site, "gateway2")
        until("online again", 30, lambda: state_of(rig) == "online")

        broker.stop()  # and with it all that it retained
        rig.tell(plant, {"device": "gas", "set": {"p1": 62.0}})
        before = len(rig.messages)
        # With 3.1.1 a broker cannot tell that nobody is subscribed, so the listener has to be first.
        gateway.send_signal(signal.SIGSTOP)
        broker.start()
        rig.subscribe()
        gateway.send_signal(signal.SIGCONT)
        for name in ("status", "inventory", "cases", "health"):
            until(f"{name} again", 90, lambda: any(t == name for t, _ in rig.messages[before:]))
        until("every record", 90, lambda: complete(rig))
        wires = unique(rig.wires(*RECORDS))
        rig.check_chain(wires)
        print(f"{len(wires)} records, none missing")


run(main)
