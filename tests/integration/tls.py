# SPDX-License-Identifier: Apache-2.0
"""Mutual TLS with mosquitto: what must be refused, in which words, and that no record is lost meanwhile.

Makes its own authority with openssl. Every refusal must stand in the log and in the local health as a
sentence of its own; the gateway tries for ever, keeps its records, and has lost none when the fault is
mended in place, without being told.
"""
import datetime
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading

import stories
from harness import BUILD, Rig, free_port, listens, run, unique, until

RECORDS = ("lead", "alarm", "record")


class Authority:
    """A CA with a folder of its own: openssl ca keeps the index that a CRL is made from."""

    def __init__(self, folder, name="Test CA"):
        self.dir = pathlib.Path(folder)
        self.dir.mkdir()
        (self.dir / "index.txt").touch()
        (self.dir / "serial").write_text("1000\n")
        (self.dir / "crlnumber").write_text("01\n")
        (self.dir / "ca.conf").write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndir={self.dir}\ndatabase={self.dir}/index.txt\n"
            f"serial={self.dir}/serial\ncrlnumber={self.dir}/crlnumber\nnew_certs_dir={self.dir}\n"
            f"certificate={self.dir}/ca.crt\nprivate_key={self.dir}/ca.key\ndefault_md=sha256\n"
            "policy=p\ndefault_crl_days=30\nunique_subject=no\n[p]\ncommonName=supplied\n")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", f"/CN={name}", "-keyout", self.dir / "ca.key", "-out", self.dir / "ca.crt")

    def issue(self, path, name, san, days=(-1, 30), usage="serverAuth"):
        """Writes path.crt and path.key."""
        path = pathlib.Path(path)
        extensions = path.with_suffix(".ext")
        extensions.write_text(f"basicConstraints=CA:FALSE\nextendedKeyUsage={usage}\n" +
                              (f"subjectAltName={san}\n" if san else ""))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={name}", "-keyout", f"{path}.key", "-out", f"{path}.csr")
        now = datetime.datetime.now(datetime.timezone.utc)
        start, end = ((now + datetime.timedelta(days=d)).strftime("%Y%m%d%H%M%SZ") for d in days)
        openssl("ca", "-batch", "-notext", "-config", self.dir / "ca.conf", "-extfile", extensions,
                "-startdate", start, "-enddate", end, "-in", f"{path}.csr", "-out", f"{path}.new")
        os.replace(f"{path}.new", f"{path}.crt")

    def revoke(self, path):
        openssl("ca", "-config", self.dir / "ca.conf", "-revoke", f"{path}.crt")

    def crl(self, path):
        openssl("ca", "-config", self.dir / "ca.conf", "-gencrl", "-out", path)


def openssl(*args):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class Relay:
    """Passes bytes between the gateway and the broker, until it is told to cut."""

    def __init__(self, target):
        self.target, self.pairs = target, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.create_connection(("127.0.0.1", self.target))
            self.pairs.append((near, far))
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    @staticmethod
    def pump(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self):
        for pair in self.pairs:
            for s in pair:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.pairs.clear()


class Bench(Rig):
    """A broker that listens with TLS for the gateway and without for the test."""

    def prepare(self):
        self.ca = Authority(self.dir / "ca")
        self.other = Authority(self.dir / "other", "Other CA")
        self.good_broker()
        self.good_client()
        self.ca.crl(self.dir / "crl.pem")
        self.tls_port = free_port()
        self.server = self.broker(
            "persistence false\n"
            f"listener {self.tls_port} 127.0.0.1\n"
            f"cafile {self.ca.dir}/ca.crt\ncertfile {self.dir}/broker.crt\nkeyfile {self.dir}/broker.key\n"
            f"crlfile {self.dir}/crl.pem\nrequire_certificate true\nuse_identity_as_username true\n")
        self.relay = Relay(self.tls_port)
        self.plant_process, self.ports = self.plant(stories.scenario(), stdin=True)
        self.daemon, self.starts, self.high = None, 0, False

    def good_broker(self):
        self.ca.issue(self.dir / "broker", "localhost", "DNS:localhost")

    def good_client(self):
        self.ca.issue(self.dir / "client", "gw-test", None, usage="clientAuth")

    def reload(self):
        """Mosquitto reads its certificates and its list of revoked ones again."""
        self.server.send_signal(signal.SIGHUP)

    def restart(self, **mqtt):
        """A gateway in its first second, for whom no wait has grown long yet."""
        if self.daemon:
            self.daemon.terminate()
            self.daemon.wait(20)
        self.starts += 1
        settings = {"tls": True, "host": "localhost", "port": self.relay.port, "ca_file": f"{self.ca.dir}/ca.crt",
                    "cert_file": f"{self.dir}/client.crt", "private_key_file": f"{self.dir}/client.key", **mqtt}
        settings = {k: v for k, v in settings.items() if v is not None}
        self.daemon = self.gateway(self.site(**stories.site(self.ports), mqtt=settings), f"gateway{self.starts}")

    def status(self):
        """The gateway's own word by the local API, since the broker may be out of reach."""
        done = subprocess.run([str(BUILD / "bin/nonsitectl"), "-s", str(self.dir / "state/control.sock"), "--json",
                               "status"], capture_output=True, text=True)
        return json.loads(done.stdout) if done.stdout.startswith("{") else None

    def wait(self, what, seconds, ready):
        return until(what, seconds, lambda: (s := self.status()) and ready(s), every=0.2)

    def connected(self):
        self.wait("connected", 30, lambda s: s["mqtt"]["state"] == "connected")

    def happen(self):
        """Something that makes a record at once."""
        before = self.wait("engine", 20, lambda s: s["engine"]["state"] == "running" and s)["journal"]["seq"]
        self.high = not self.high
        self.tell(self.plant_process, {"device": "gas", "set": {"p1": 62.0 if self.high else 3.0}})
        self.wait("a record", 20, lambda s: s["journal"]["seq"] > before)

    def drained(self):
        last = self.wait("drained", 60, lambda s: s["journal"]["records_waiting"] == 0 and s)["journal"]["seq"]
        until("every record", 60, lambda: len(unique(self.wires(*RECORDS))) >= last)

    def refused(self, text):
        """The fault is told in these words, is tried again, and costs no record."""
        # The record comes first, so that it is there before the mending.
        self.happen()
        fault = self.wait(text, 20, lambda s: text in s["mqtt"]["fault"] and s["mqtt"]["fault"])
        assert text in self.log(f"gateway{self.starts}"), "not in the log"
        status = self.status()
        assert status["mqtt"]["state"] == "away" and not status["healthy"], status
        assert status["journal"]["records_waiting"] > 0, status
        print("refused:", fault, flush=True)

    def mended(self):
        self.connected()
        self.drained()
        assert self.daemon.poll() is None


def broker_faults(rig):
    """(text, how the broker's certificate is spoilt)"""
    at = rig.dir / "broker"
    for text, spoil in (
            ("does not lead to a trusted CA", lambda: rig.other.issue(at, "localhost", "DNS:localhost")),
            ("a certificate of the broker has expired",
             lambda: rig.ca.issue(at, "localhost", "DNS:localhost", days=(-9, -1))),
            ("is not valid yet; is the clock of this gateway right?",
             lambda: rig.ca.issue(at, "localhost", "DNS:localhost", days=(1, 9))),
            ("is for another host name", lambda: rig.ca.issue(at, "elsewhere", "DNS:elsewhere")),
            ("is not one for a server",
             lambda: rig.ca.issue(at, "localhost", "DNS:localhost", usage="clientAuth"))):
        spoil()
        rig.reload()
        rig.restart()
        rig.refused(text)
        rig.good_broker()
        rig.reload()
        rig.mended()


def client_faults(rig):
    at = rig.dir / "client"

    def revoke():
        rig.ca.revoke(at)
        rig.ca.crl(rig.dir / "crl.pem")
        rig.reload()

    for text, spoil in (
            ("this gateway's certificate is revoked", revoke),
            ("this gateway's certificate has expired",
             lambda: rig.ca.issue(at, "gw-test", None, days=(-9, -1), usage="clientAuth")),
            ("does not know the CA of this gateway's certificate",
             lambda: rig.other.issue(at, "gw-test", None, usage="clientAuth"))):
        spoil()
        rig.restart()
        rig.refused(text)
        rig.good_client()
        rig.mended()
    rig.restart(cert_file=None, private_key_file=None)
    rig.refused("wants a certificate of this gateway")
    rig.restart()
    rig.mended()


def old_protocols(rig):
    """TLS 1.1 is not spoken, and a port without TLS is called so."""
    port = free_port()
    rig.start("tls11", ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", rig.dir / "broker.crt",
                        "-key", rig.dir / "broker.key", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-quiet"],
              stdin=subprocess.PIPE)
    until("TLS 1.1", 10, lambda: listens(port))
    rig.restart(port=port)
    rig.refused("has no TLS 1.2 or newer")
    rig.restart(port=rig.broker_port)
    rig.refused("does its port speak TLS?")
    rig.restart()
    rig.mended()


def rotation(rig):
    """New certificates on both sides under a running gateway, and the next connection takes them."""
    rig.connected()
    for connects in (1, 2):
        rig.ca.revoke(rig.dir / "client")  # whoever still came with the old one would be turned away
        rig.good_client()
        rig.good_broker()
        rig.ca.crl(rig.dir / "crl.pem")
        rig.reload()
        rig.happen()
        rig.relay.cut()
        rig.happen()
        until("another connection", 60, lambda: len(re.findall(
            "connected to|connection works again", rig.log(f"gateway{rig.starts}"))) > connects)
        rig.mended()


def main():
    with Bench() as rig:
        rig.watchdog()
        rig.prepare()
        rig.subscribe()
        rig.restart()
        rig.mended()
        broker_faults(rig)
        client_faults(rig)
        old_protocols(rig)
        rotation(rig)
        wires = unique(rig.wires(*RECORDS))
        seqs = [json.loads(w)["record"]["seq"] for w in wires]
        assert seqs == list(range(1, len(seqs) + 1)), seqs
        rig.check_chain(wires)
        print(f"{len(seqs)} records over {rig.starts} starts, none missing")


if __name__ == "__main__":
    run(main)
