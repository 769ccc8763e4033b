# SPDX-License-Identifier: Apache-2.0
"""A client of the local API, over its Unix socket or over TCP, and clients that mean it ill.

    python3 local_http.py PORT SOCKET

runs 32 of the latter until its standard input ends, and prints what became of them."""
import base64
import http.client
import json
import os
import random
import socket
import sys
import threading


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=15)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(15)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, response):
        self.code = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.code} {self.headers} {self.body[:400]!r}"


class Local:
    """where: a socket's path, or a port."""

    def __init__(self, where):
        self.where = where

    def ask(self, method, path, body=None, headers=(), password=None):
        tcp = isinstance(self.where, int)
        c = http.client.HTTPConnection("127.0.0.1", self.where, timeout=15) if tcp else UnixConnection(self.where)
        sent = dict(headers)
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            if tcp:
                sent.setdefault("X-Nonsite", "1")
            body = body if isinstance(body, (bytes, str)) else json.dumps(body)
        if password is not None:
            sent["Authorization"] = "Basic " + base64.b64encode(f"operator:{password}".encode()).decode()
        try:
            c.request(method, path, body=body, headers={k: v for k, v in sent.items() if v is not None})
            return Answer(c.getresponse())
        finally:
            c.close()

    def get(self, path, **kw):
        return self.ask("GET", path, **kw)

    def doc(self, path, **kw):
        got = self.get(path, **kw)
        assert got.code == 200, (path, got)
        return got.json()

    def post(self, path, body, **kw):
        return self.ask("POST", path, body=body, **kw)


class Hostile:
    """Clients that connect and hold, dribble, flood with heads, send garbage or ask without reading, over and
    over, until stopped: `n` at a time."""

    def __init__(self, addresses, n=32, seed=1, pause_s=0.05):
        self.pause_s = pause_s
        self.addresses, self.stopping = addresses, threading.Event()
        self.counts = {"connected": 0, "told 503": 0, "cut": 0}
        self.random = random.Random(seed)
        kinds = [self.dribble, self.hold, self.oversized, self.garbage, self.deaf, self.post_dribble]
        self.threads = [threading.Thread(target=self.again, args=(kinds[i % len(kinds)], addresses[i % len(addresses)]),
                                         daemon=True) for i in range(n)]

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for t in self.threads:
            t.join(20)
            assert not t.is_alive()

    def again(self, kind, address):
        while not self.stopping.wait(self.pause_s):
            s = socket.socket(socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX)
            s.settimeout(1)
            try:
                s.connect(address)
                self.counts["connected"] += 1
                kind(s)
            except OSError:
                self.counts["cut"] += 1
            finally:
                s.close()

    def ended(self, s):
        """Whether the other side has said something or gone; waits a second at most."""
        try:
            got = s.recv(4096)
        except socket.timeout:
            return self.stopping.is_set()
        self.counts["told 503"] += b" 503 " in got
        return True

    def dribble(self, s):
        for c in b"GET /v1/assets HTTP/1.1\r\nHost: " + b"x" * 100:
            s.send(bytes([c]))
            if self.ended(s):
                return

    def post_dribble(self, s):
        s.send(b"POST /v1/ack HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Nonsite: 1\r\n"
               b"Content-Length: 4000\r\n\r\n")
        for _ in range(60):
            s.send(b"{")
            if self.ended(s):
                return

    def hold(self, s):
        while not self.ended(s):
            pass

    def oversized(self, s):
        s.sendall(b"GET /v1/status HTTP/1.1\r\n" + b"X-Long: " + b"a" * 60000 + b"\r\n\r\n")
        self.ended(s)

    def garbage(self, s):
        s.sendall(self.random.randbytes(2000))
        self.ended(s)

    def deaf(self, s):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        s.sendall(b"GET /v1/assets HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for _ in range(40):
            if self.stopping.wait(0.25):
                return


def main():
    os.nice(19)  # what is measured beside them is the gateway, not this program's hunger
    with Hostile([("127.0.0.1", int(sys.argv[1]))] * 3 + [sys.argv[2]], pause_s=0.2) as crowd:
        print("running", flush=True)
        sys.stdin.read()
    print(json.dumps(crowd.counts))


if __name__ == "__main__":
    main()
