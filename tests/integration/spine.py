# SPDX-License-Identifier: Apache-2.0
"""From a register to a verified lead: the whole way, once, with every kind of record and document."""
import hashlib
import json

import stories
from harness import Rig, cases, kill, run, unique, until


def lead(rig, code):
    for r in rig.records("lead"):
        if r["finding"] == code:
            return r
    return None


def check_record(r):
    """What every record that leaves must carry."""
    assert r["title"]["zh"] and r["title"]["en"]
    assert r["v"] == 1 and r["gateway"] == "gw-test"
    assert r["enterprise"]["uscc"] == "91371311MAXX00015G"
    assert r["time"]["observed"].endswith("+08:00") and isinstance(r["time"]["sync"], bool)
    assert isinstance(r["condition"]["delay_ms"], int)
    for p in r["evidence"]["points"]:
        assert p["quality"], p
        if p["quality"] == "GOOD":
            assert p["raw"] and p["value"] != "", p
    if r["class"] == "lead":
        assert r["kind"] in ("ABS", "FLT", "BYP", "ILK", "TRP"), r["kind"]
        assert "EV" not in r["finding"].split("-")
        assert r["clauses"] and all(c["document"] and c["article"] for c in r["clauses"])
        assert r["law"]["obligation"]["zh"] and r["law"]["penalty"]["zh"]
        assert r["advice"]["zh"]
    else:
        assert r["kind"] == "EV" and "clauses" not in r


def main():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        plant, ports = rig.plant(stories.scenario(), stdin=True)
        gateway = rig.gateway(rig.site(**stories.site(ports)))
        until("birth", 20, lambda: (rig.document("status") or {}).get("state") == "online")
        until("telemetry", 20, lambda: rig.wires("telemetry"))
        until("CW-ABS-02", 30, lambda: lead(rig, "CW-ABS-02"))

        rig.tell(plant, {"device": "gas", "set": {"p2_sensor_fault": True}})
        until("GAS-FLT-01", 30, lambda: lead(rig, "GAS-FLT-01"))
        rig.tell(plant, {"device": "gas", "set": {"p1_shielded": True}})
        until("GAS-BYP-01", 30, lambda: lead(rig, "GAS-BYP-01"))
        rig.tell(plant, {"device": "gas", "set": {"p1_shielded": False}})

        rig.tell(plant, {"device": "gas", "set": {"linkage_broken": True, "p1": 62.0}})
        trp = until("GAS-TRP-01", 30, lambda: lead(rig, "GAS-TRP-01"))
        high = [r for r in rig.records("alarm") if r["finding"] == "GAS-EV-HIGH"]
        assert high and high[0]["seq"] < trp["seq"], "the alarm comes before the lead"
        assert trp["alarm"] in [r["id"] for r in rig.records("alarm")], "quotes its alarm"

        rig.tell(plant, {"device": "pt", "set": {"t1": 58.21}})
        ilk = until("CW-ILK-01", 30, lambda: lead(rig, "CW-ILK-01"))
        t_out = [p for p in ilk["evidence"]["points"] if p["role"] == "T_OUT"][0]
        assert t_out["value"] == "58.21" and t_out["raw"] == [5821] and t_out["quality"] == "GOOD"
        rig.tell(plant, {"device": "flow_in", "set": {"empty_pipe": True}})
        until("CW-FLT-01", 30, lambda: lead(rig, "CW-FLT-01"))
        until("evidence", 30, lambda: len(rig.records("record")) >= 3)

        # Documents: signed, and true to what was sent.
        until("cases", 20, lambda: len((rig.document("cases") or {}).get("cases", [])) >= 6)
        standing = {c["case"] for c in rig.document("cases")["cases"] if c["kind"] != "EV"}
        assert standing == set(cases(rig.records("lead"))), standing
        inventory = rig.document("inventory")
        assert inventory["key"] == rig.public_key().read_text()
        health = rig.document("health")
        assert health["journal"]["state"] == "ok" and health["mqtt"]["connected"]
        assert {d["link"] for d in health["devices"]} == {"ok"}

        # A killed gateway is told by its will; after a restart the chain goes on.
        kill(gateway)
        until("will", 60, lambda: rig.document("status")["state"] == "offline")
        before = len(rig.wires("lead"))
        rig.gateway(rig.dir / "site.json", "gateway2")
        until("birth again", 20, lambda: rig.document("status")["state"] == "online")
        rig.tell(plant, {"device": "gas", "set": {"p2_sensor_fault": False, "p1": 3.0}})
        until("alarm returns", 30, lambda: [r for r in rig.records("alarm")
                                            if r["finding"] == "GAS-EV-LOW"
                                            and r["state"] == "returned"])
        until("the high one is latched", 30, lambda: "latched" in [
            c["state"] for c in rig.document("cases")["cases"] if c["finding"] == "GAS-EV-HIGH"])
        wires = unique(rig.wires("lead", "alarm", "record"))
        records = [json.loads(w)["record"] for w in wires]
        assert [r["seq"] for r in records] == list(range(1, len(records) + 1)), "no gap"
        cases(records)
        assert len(unique(rig.wires("lead"))) == before, "nothing is raised again"
        for r in records:
            if r["class"] in ("lead", "alarm"):
                check_record(r)
        print(rig.check_chain(wires))
        # Every window is the one that its record names.
        windows = {t.split("/", 1)[1]: m for t, m in rig.messages if t.startswith("evidence/")}
        for r in records:
            if r["class"] == "evidence" and r["record"] in windows:
                digest = hashlib.sha256(windows[r["record"]].encode()).hexdigest()
                assert digest == r["evidence"]["sha256"], r["record"]
        assert windows


run(main)
