# SPDX-License-Identifier: Apache-2.0
"""A window of evidence that is lost between gateway and desk: the record that vouches for it gets no receipt, the window is
asked for, comes again or is given up; and whoever asks for one that is not there is told why.

The broker's access list loses it: what the desk may not read is acknowledged to the gateway all the same.
"""
import json
import signal
import time

import stories
from command import keys, replies
from desk import Desk, publish
from harness import Rig, kill, run, unique, until

WAIT_S = 9


class Bench(Rig):
    def prepare(self):
        self.acl = self.dir / "acl"
        self.acl.write_text("topic readwrite #\nuser desk\ntopic readwrite #\n")
        self.broker_process = self.broker(f"persistence false\nacl_file {self.acl}")
        self.subscribe()
        self.plant_process, ports = self.plant(stories.scenario(), stdin=True)
        site = self.site(**stories.site(ports), platform={"keys": keys(self)["keys"][:1]}, mqtt={"receipts": True})
        self.daemon = self.gateway(site)
        until("birth", 20, lambda: (self.document("status") or {}).get("state") == "online")
        self.desk = Desk(self, [self.public_key()])
        conf = json.loads(self.desk.file.read_text())
        conf["broker"]["username"] = "desk"
        conf["window_wait_s"] = WAIT_S
        self.desk.file.write_text(json.dumps(conf))
        self.desk_process = self.desk.start()
        until("the desk", 20, lambda: "connected to" in self.log("desk1"))

    def lose_windows(self, lose):
        deny = "topic deny nonsite/v1/+/evidence/+\n" if lose else ""
        self.acl.write_text(f"topic readwrite #\nuser desk\n{deny}topic readwrite #\n")
        before = self.log("broker").count("Reloading config")
        self.broker_process.send_signal(signal.SIGHUP)
        until("the broker has read it", 10, lambda: self.log("broker").count("Reloading config") > before)

    def evidence(self, finding, seconds=40):
        """The evidence record about the newest lead of this finding."""
        def found():
            leads = {r["id"] for r in self.records("lead") if r["finding"] == finding}
            return next((r for r in reversed(self.records("record")) if r["class"] == "evidence" and r["record"] in leads),
                        None)
        return until(f"evidence of {finding}", seconds, found)

    def windows(self, about):
        return self.wires(f"evidence/{about}")

    def receipted(self, record):
        return any(r["seq"] == record["seq"] for w in self.wires("command/receipt")
                   for r in json.loads(w)["command"]["args"]["records"])

    def asked(self):
        return [json.loads(w)["command"]["args"].get("record") for w in self.wires("command/evidence")]


def given_up(rig):
    """Lost for good: asked for once, in vain; then the record is receipted and the sheet says what is missing."""
    rig.lose_windows(True)
    rig.tell(rig.plant_process, {"device": "gas", "set": {"p2_sensor_fault": True}})
    ev = rig.evidence("GAS-FLT-01")
    begin = time.monotonic()
    until("the window is sent", 10, lambda: rig.windows(ev["record"]))
    until("the lead's receipt", 10, lambda: any(rig.receipted(r) for r in rig.records("lead") if r["id"] == ev["record"]))
    until("it is asked for", WAIT_S, lambda: ev["record"] in rig.asked())
    assert not rig.receipted(ev), "receipted without its window"
    until("sent again", 10, lambda: len(rig.windows(ev["record"])) >= 2)
    until("an answer", 10, lambda: [r for r in replies(rig, "evidence") if r["done"]])
    until("given up", 3 * WAIT_S, lambda: rig.receipted(ev))
    assert time.monotonic() - begin >= WAIT_S - 2, "given up too early"
    until("the sheet says so", 20, lambda: "证据窗口缺失" in rig.desk.sheet("GAS-FLT-01"))
    assert len(set(rig.windows(ev["record"]))) == 1 and rig.asked().count(ev["record"]) == 1, rig.asked()
    # By hand, once the desk may read again.
    rig.lose_windows(False)
    out = rig.desk.run("send", "gw-test", "evidence", f"record={ev['record']}")
    assert out.returncode == 0 and "published again" in out.stdout, out
    until("the sheet is whole", 20, lambda: "<svg" in rig.desk.sheet("GAS-FLT-01"))
    assert "证据窗口缺失" not in rig.desk.sheet("GAS-FLT-01")
    lead = next(r for r in rig.records("lead") if r["id"] == ev["record"])
    out = rig.desk.run("send", "gw-test", "evidence", f"case={lead['case']}")
    assert out.returncode == 0, out
    return ev


def healed(rig):
    """Lost on the way, and another one in its place: asked for at once, and then it is there."""
    rig.lose_windows(True)
    rig.tell(rig.plant_process, {"device": "pt", "set": {"t1": 58.21}})
    ev = rig.evidence("CW-ILK-01")
    until("the window is sent", 10, lambda: rig.windows(ev["record"]))
    rig.lose_windows(False)
    publish(rig, f"gw-test/evidence/{ev['record']}", '{"points":[],"record":"forged"}')
    until("it is asked for", WAIT_S, lambda: ev["record"] in rig.asked())
    until("the receipt", WAIT_S, lambda: rig.receipted(ev))
    until("the sheet", 20, lambda: "<svg" in rig.desk.sheet("CW-ILK-01"))
    assert rig.asked().count(ev["record"]) == 1
    until("all receipted", 90, lambda: rig.document("health")["journal"]["records_waiting"] == 0)
    return ev


def refused(rig, ev):
    """Whoever asks for what is not there is told why, and a desk that forgot may ask for everything again."""
    for record, word in ((ev["id"], "no window is kept"), (f"{ev['chain']}-99999", "no such record"),
                         ("0123456789abcdef-1", "no such record"), ("nonsense", "no record id")):
        out = rig.desk.run("send", "gw-test", "evidence", f"record={record}")
        assert out.returncode == 1 and word in out.stdout, (record, out)
    assert rig.desk.run("send", "gw-test", "evidence").returncode == 64
    kill(rig.desk_process)
    for path in (rig.dir).glob("desk.db*"):
        path.unlink()
    rig.desk_process = rig.desk.start()
    before = len(rig.windows(ev["record"]))
    out = rig.desk.run("send", "gw-test", "evidence", f"record={ev['record']}")
    assert out.returncode == 0, out
    until("sent again", 20, lambda: len(rig.windows(ev["record"])) > before)


def main():
    with Bench() as rig:
        rig.prepare()
        given_up(rig)
        refused(rig, healed(rig))
        rig.check_chain(unique(rig.wires("lead", "alarm", "record")))


run(main)
