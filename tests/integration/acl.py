# SPDX-License-Identifier: Apache-2.0
"""config/interface/mosquitto.acl in a real broker: every right that is meant, and no other.

Every user writes every topic; what arrives at those who may read is compared with a table made from the
interface's own list of topics.
"""
import json
import re
import subprocess

from harness import ROOT, Rig, run, until

ACL = ROOT / "config/interface/mosquitto.acl"
USERS = ("gw-a", "gw-b", "platform", "reader", "")  # the last has no name


def own_topics():
    """Below a gateway's name, from the table of topics in README.md."""
    text = (ROOT / "config/interface/README.md").read_text(encoding="utf-8")
    table = text[text.index("\n## Topics"):text.index("\n## Order and repeats")]
    topics = {t.replace("<id>", "x-1") for t in re.findall(r"^\| `([^`]+)` \|", table, re.M)}
    assert {"lead", "alarm", "record", "evidence/x-1", "status", "health", "telemetry"} <= topics, topics
    # What a gateway reads is no topic of its own, and a reply is.
    return {t for t in topics if not t.startswith("command")} | {"reply"}


def client(rig, program, user, *args):
    name = ["-u", user] if user else []
    return [program, "-h", "127.0.0.1", "-p", str(rig.broker_port), "-V", "5", "-q", "1", *name, *args]


def main():
    with Rig() as rig:
        rig.broker(f"persistence false\nacl_file {ACL}")
        heard = {}
        filters = {"gw-a": ["nonsite/v1/gw-a/#", "nonsite/v1/gw-a/command/+", "nonsite/v1/gw-b/command/+"],
                   "gw-b": ["#"], "platform": ["nonsite/v1/#"], "reader": ["#"], "": ["#"]}
        for user in USERS:
            out = rig.dir / f"heard-{user or 'nobody'}"
            with open(out, "wb") as f:
                rig.start(f"sub-{user or 'nobody'}", ["stdbuf", "-oL", *client(rig, "mosquitto_sub", user),
                                                      *[a for t in filters[user] for a in ("-t", t)], "-F", "%t %p"],
                          stdout=f)
            heard[user] = out
        topics = own_topics()
        every = [f"nonsite/v1/{g}/{t}" for g in ("gw-a", "gw-b")
                 for t in sorted(topics | {"command/order", "command", "x", "evidence/a/b"})] + ["nonsite/v2/x", "other"]

        def may_write(user, topic):
            _, _, gateway, below = (topic.split("/", 3) + ["", "", ""])[:4]
            if user == "platform":
                return topic.startswith("nonsite/v1/") and below == "command/order"
            return topic.startswith("nonsite/v1/") and gateway == user and below in topics

        def lines(user):
            return set(heard[user].read_text().splitlines())

        def say(user, topic, word):
            subprocess.run(client(rig, "mosquitto_pub", user, "-t", topic, "-m", word), capture_output=True, check=False)

        # Everybody who may hear something does, before anything is counted.
        def all_listen():
            say("gw-a", "nonsite/v1/gw-a/event", "ready")
            say("platform", "nonsite/v1/gw-a/command/order", "ready")
            return any("ready" in m for m in lines("platform")) and any("ready" in m for m in lines("gw-a"))

        until("listeners", 20, all_listen)
        for user in USERS:
            for topic in every:
                say(user, topic, f"by:{user}")
        say("gw-a", "nonsite/v1/gw-a/event", "end")
        say("platform", "nonsite/v1/gw-a/command/order", "end")
        until("the end", 20, lambda: "nonsite/v1/gw-a/event end" in lines("platform") and
              "nonsite/v1/gw-a/command/order end" in lines("gw-a"))

        written = {f"{t} by:{u}" for u in USERS for t in every if may_write(u, t)}
        got = {m for m in lines("platform") if " by:" in m}
        assert got == written, (got ^ written)
        for user in ("gw-a", "gw-b"):
            commands = {m for m in written if m.startswith(f"nonsite/v1/{user}/command/")}
            got = {m for m in lines(user) if " by:" in m}
            assert got == commands, (user, got ^ commands)
        for user in ("reader", ""):
            assert not lines(user), (user, lines(user))
        print(json.dumps({"topics": len(every), "users": len(USERS), "accepted": len(written)}))


run(main)
