# SPDX-License-Identifier: Apache-2.0
"""The platform's desk against a real gateway and broker: what it keeps, acknowledges, shows and refuses."""
import base64
import hashlib
import json
import subprocess
import xml.etree.ElementTree as ET

import pages
import stories
from harness import BUILD, Rig, kill, run, unique, until

ATOM = "{http://www.w3.org/2005/Atom}"


class Desk:
    def __init__(self, rig, keys):
        self.rig, self.file, self.n = rig, rig.dir / "desk.json", 0
        self.pages = rig.dir / "pages"
        self.file.write_text(json.dumps({
            "store": "desk.db", "pages": "pages", "key_file": "platform.key", "silent_s": 10,
            "broker": {"host": "127.0.0.1", "port": rig.broker_port, "tls": False},
            "gateways": {"gw-test": {"keys": [str(k) for k in keys]}}}))

    def start(self):
        self.n += 1
        return self.rig.start(f"desk{self.n}", [BUILD / "bin/nonsite-desk", self.file])

    def run(self, *args):
        return subprocess.run([str(BUILD / "bin/nonsite-desk"), str(self.file), *args], capture_output=True,
                              text=True, timeout=60)

    def gateway(self):
        path = self.pages / "gateways.json"
        rows = json.loads(path.read_text()) if path.exists() else []
        return next((g for g in rows if g["gateway"] == "gw-test"), {})

    def feed(self):
        path = self.pages / "371311/feed.json"
        return json.loads(path.read_text())["items"] if path.exists() else []

    def sheet(self, finding):
        for item in self.feed():
            if item["_nonsite"]["finding"] == finding:
                return (self.pages / "371311" / item["url"]).read_text(encoding="utf-8")
        return ""


def publish(rig, topic, payload):
    subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(rig.broker_port), "-q", "1", "-V", "5", "-t",
                    f"nonsite/v1/{topic}", "-s"], input=payload.encode(), check=True, timeout=20)


def sign(rig, key, domain, data):
    (rig.dir / "msg").write_bytes(domain + data)
    subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", rig.dir / "msg", "-out",
                    rig.dir / "sig"], check=True)
    sig = base64.urlsafe_b64encode((rig.dir / "sig").read_bytes()).rstrip(b"=").decode()
    return sig


def forge(rig, key, record, **change):
    """The record with members changed, canonical and signed by this key."""
    record = {**record, **change}
    data = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return '{"record":%s,"sig":"%s"}' % (data.decode(), sign(rig, key, b"nonsite-record-v1\n", data))


def check_receipts(rig, wires):
    """Every record has a receipt that names its hash, signed by the platform's key."""
    pub = rig.dir / "platform.key.pub"
    told = {}
    for text in rig.wires("command/receipt"):
        data = text[len('{"command":'):text.rindex(',"sig":"')].encode()
        sig = json.loads(text)["sig"]
        (rig.dir / "msg").write_bytes(b"nonsite-command-v1\n" + data)
        (rig.dir / "sig").write_bytes(base64.urlsafe_b64decode(sig + "=="))
        subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", pub, "-rawin", "-in", rig.dir / "msg",
                        "-sigfile", rig.dir / "sig"], check=True, capture_output=True)
        command = json.loads(data)
        assert command["name"] == "receipt" and command["gateway"] == "gw-test"
        for r in command["args"]["records"]:
            told[f"{command['args']['chain']}-{r['seq']}"] = r["hash"]
    for w in wires:
        data = w[len('{"record":'):w.rindex(',"sig":"')].encode()
        if told.get(json.loads(data)["id"]) != hashlib.sha256(data).hexdigest():
            return False
    return True


def check_atom(path):
    """What RFC 4287 demands of a feed and its entries (4.1.1, 4.1.2)."""
    feed = ET.parse(path).getroot()
    assert feed.tag == ATOM + "feed"
    assert 'href="feed.css"' in path.read_text(encoding="utf-8") and path.with_name("feed.css").stat().st_size > 100
    for node in [feed, *feed.findall(ATOM + "entry")]:
        for name in ("id", "title", "updated"):
            assert len(node.findall(ATOM + name)) == 1 and node.find(ATOM + name).text, (name, node)
    assert feed.find(ATOM + "author") is not None
    ids = [e.find(ATOM + "id").text for e in feed.findall(ATOM + "entry")]
    assert ids and len(ids) == len(set(ids))


def refusals(rig, desk, record, wire):
    """None of these changes what is kept; each is counted."""
    other = rig.dir / "other.key"
    own = rig.dir / "state/signing.key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ED25519", "-out", other], check=True)
    bad = [
        ("gw-test/lead", wire.replace('"severity":"major"', '"severity":"info"', 1)),
        ("gw-test/lead", forge(rig, other, record, seq=900, id=f"{record['chain']}-900")),
        ("gw-test/alarm", wire),
        ("gw-test/lead", forge(rig, own, record, gateway="gw-else")),
        ("gw-test/lead", "{}"),
        ("gw-test/health", "nonsense"),
    ]
    before = until("pages", 20, desk.gateway)
    for topic, payload in bad:
        publish(rig, topic, payload)
    publish(rig, "gw-else/lead", wire)  # not enrolled: told in the log alone, and kept nowhere
    now = until("six refusals", 30, lambda: desk.gateway()["refused"] >= before["refused"] + len(bad) and desk.gateway())
    assert now["refused"] == before["refused"] + len(bad), now
    assert now["forked"] == 0 and now["broken"] == 0, now
    assert "gw-else" not in (desk.pages / "gateways.json").read_text()


def main():
    with Rig() as rig:
        rig.broker("persistence true\nautosave_on_changes true\nautosave_interval 1\n"
                   f"persistence_location {rig.dir}/")
        rig.subscribe()
        plant, ports = rig.plant(stories.scenario(), stdin=True)
        gateway = rig.gateway(rig.site(**stories.site(ports)))
        until("birth", 20, lambda: (rig.document("status") or {}).get("state") == "online")
        desk = Desk(rig, [rig.public_key()])
        assert subprocess.run([str(BUILD / "bin/nonsite-desk"), "--check", str(desk.file)]).returncode == 0
        running = desk.start()
        until("the desk", 20, lambda: "connected to" in rig.log("desk1"))

        rig.tell(plant, {"device": "gas", "set": {"p2_sensor_fault": True}})
        until("a sheet", 40, lambda: desk.sheet("GAS-FLT-01"))
        rig.tell(plant, {"device": "pt", "set": {"t1": 58.21}})
        until("CW-ILK-01", 40, lambda: desk.sheet("CW-ILK-01"))
        until("its window, plotted", 40, lambda: "<svg" in desk.sheet("CW-ILK-01"))

        # A proof test has a sheet of its own, which the overview leads to.
        tested = subprocess.run([str(BUILD / "bin/nonsitectl"), "-s", str(rig.dir / "state/control.sock"), "commission", "--point",
                                 "pt.t1", "--moved", "--last", "120", "--note", "<b>\"热水\"</b>"], capture_output=True, text=True)
        assert tested.returncode == 0, tested
        proofs = desk.pages / "371311/gw-test/proofs.html"
        until("the sheet of proofs", 30, lambda: proofs.exists() and "gas.p1_state" in proofs.read_text(encoding="utf-8"))
        tests = proofs.read_text(encoding="utf-8")
        assert "<td>pt.t1<br>T_OUT</td>" in tests and "&lt;b&gt;&quot;热水&quot;&lt;/b&gt;" in tests, tests
        until("a link", 20, lambda: "371311/gw-test/proofs.html" in (desk.pages / "index.html").read_text())

        # This gateway sends nothing again, so what the desk has is receipted before it is killed.
        until("receipts", 30, lambda: check_receipts(rig, unique(rig.wires("lead", "alarm", "record"))))

        # While the desk is away, killed, the broker keeps what comes.
        kill(running)
        rig.tell(plant, {"device": "gas", "set": {"p1_shielded": True}})
        until("a lead meanwhile", 40, lambda: any(r["finding"] == "GAS-BYP-01" for r in rig.records("lead")))
        running = desk.start()
        until("it arrives", 40, lambda: desk.sheet("GAS-BYP-01"))
        wires = unique(rig.wires("lead", "alarm", "record"))
        until("all receipts", 30, lambda: check_receipts(rig, wires))

        record = next(r for r in rig.records("lead") if r["finding"] == "GAS-BYP-01")
        wire = next(w for w in rig.wires("lead") if json.loads(w)["record"]["id"] == record["id"])
        refusals(rig, desk, record, wire)
        publish(rig, "gw-test/lead", wire)
        until("a repetition", 20, lambda: desk.gateway()["repeated"] >= 1)

        # What is kept is what came, and both checks take it.
        out = desk.run("export", "gw-test")
        assert out.returncode == 0, out
        kept = [s for s in out.stdout.split("\n") if s]
        assert set(wires) <= set(kept) <= set(rig.wires("lead", "alarm", "record"))
        rig.check_chain(kept)
        export = rig.dir / "export.jsonl"
        export.write_text(out.stdout)
        done = subprocess.run([str(BUILD / "bin/nonsitectl"), "verify", "-k", str(rig.public_key()), str(export)],
                              capture_output=True, text=True)
        assert done.returncode == 0, done

        check_atom(desk.pages / "371311/feed.atom")
        print("valid: %d Atom feeds, %d JSON feeds, %d pages" % pages.validate(desk.pages))
        page = desk.sheet("CW-ILK-01")
        for text in ("58.21 °C", "第7条第（4）项", "签名正确", "接收时间", "下一步", "整改状态", "0x16BD", record["kid"]):
            assert text in page, text
        assert "http://" not in page.replace("http://www.w3.org/2000/svg", "") and "https://" not in page

        # An old image came back to life: the gateway's own key, a number that was used.
        publish(rig, "gw-test/lead", forge(rig, rig.dir / "state/signing.key", record, severity="info"))
        until("forked", 30, lambda: desk.gateway()["state"] == "forked")

        # Pages can be made anew from what is kept.
        kill(running)
        before = desk.sheet("GAS-FLT-01")
        for path in desk.pages.rglob("*.html"):
            path.unlink()
        assert desk.run("pages").returncode == 0
        assert desk.sheet("GAS-FLT-01") == before and proofs.read_text(encoding="utf-8") == tests

        # Wrong use and a wrong file are told.
        assert desk.run("send", "gw-test", "order", "id=1", "order=burn", "reason=x").returncode == 64
        assert desk.run("send", "gw-else", "ack", "target=x").returncode == 64
        assert desk.run("nonsense").returncode == 64
        wrong = rig.dir / "wrong.json"
        wrong.write_text('{"store": "a", "pages": "b", "broker": {"host": "10.1.1.1", "tls": false}, "gateway": {}}')
        done = subprocess.run([str(BUILD / "bin/nonsite-desk"), "--check", str(wrong)], capture_output=True, text=True)
        assert done.returncode == 78 and "/gateway" in done.stderr and "plaintext" in done.stderr, done
        del gateway


if __name__ == "__main__":
    run(main)
