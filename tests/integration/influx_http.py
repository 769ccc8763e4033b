# SPDX-License-Identifier: Apache-2.0
"""Row 16: writes as InfluxDB 2.x and 3.x see them, and every way in which a server may answer: nothing good is lost.

The server here records each post and plays what it is told to; the lines of posts that it answered with 204
are what it has. The truth is what arrived over MQTT.
"""
import email.utils
import gzip
import http.server
import json
import math
import re
import socket
import struct
import threading
import time

import stories
from harness import Rig, run, until

LINE = re.compile(r"nonsite,county=371311,device=(\w+),enterprise=91371311MAXX00015G,gateway=gw-test"
                  r"(?:,plant=east)? \S+=\S+,clock_sync=[01]i (\d{13})")


class Server:
    """play: called with a post, returns (status, headers, body), "hang", "reset" or "endless"."""

    def __init__(self):
        self.posts, self.stored, self.lock, self.play = [], {}, threading.Lock(), self.fine
        self.open = threading.Event()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                text = gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body
                post = {"at": time.monotonic(), "path": self.path, "headers": dict(self.headers),
                        "lines": text.decode().splitlines()}
                with server.lock:
                    server.posts.append(post)
                    play = server.play
                answer = play(post)
                if answer == "hang":
                    server.open.wait(30)
                    self.close_connection = True
                elif answer == "reset":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    self.close_connection = True
                elif answer == "endless":
                    self.send_response(200)
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    try:
                        while True:
                            self.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                    except OSError:
                        self.close_connection = True
                else:
                    status, headers, text = answer
                    if status == 204:
                        with server.lock:
                            for line in post["lines"]:
                                device, t = LINE.fullmatch(line).groups()
                                server.stored[device, int(t)] = line
                    self.send_response(status)
                    for key, value in headers.items():
                        self.send_header(key, value)
                    if status != 204:
                        self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)

            def log_message(self, *args):
                pass

        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.httpd.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.httpd.server_port}"
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()

    @staticmethod
    def fine(_):
        return 204, {}, b""

    def set(self, play):
        """From the next post on; returns how many there were."""
        with self.lock:
            self.play = play
            return len(self.posts)

    def once(self, answer):
        """The next post gets that answer, later ones are fine; returns the posts from it on, two at least."""
        def play(_):
            self.play = self.fine
            return answer

        n = self.set(play)
        until("another post after the answer", 60, lambda: len(self.posts) >= n + 2)
        return self.posts[n:]


def health(rig):
    return (rig.document("health") or {}).get("influx")


def next_health(rig):
    """One that was written after now."""
    n = len(rig.wires("health"))
    until("health", 30, lambda: len(rig.wires("health")) > n + 1)
    return health(rig)


def arrived(rig, until_ms):
    rows = [json.loads(w) for w in rig.wires("telemetry")]
    return {(r["device"], r["t"]) for r in rows if r["t"] <= until_ms}


def nothing_is_lost(rig, server, without=()):
    """All passes up to now are stored, but for those of the devices `without`."""
    mark = int(time.time() * 1000)
    want = {d for d, _ in arrived(rig, mark)}
    until("later passes", 90, lambda: all(
        any(d == x and t > mark for x, t in list(server.stored)) for d in want - set(without)))
    until("the same over MQTT", 30, lambda: all(
        any(d == x and t > mark for x, t in arrived(rig, 1 << 62)) for d in want))
    missing = {k for k in arrived(rig, mark) if k[0] not in without} - set(server.stored)
    assert not missing, sorted(missing)[:5]
    strange = {k for k in server.stored if k[1] <= mark} - arrived(rig, mark)
    assert not strange, sorted(strange)[:5]


def gap(posts):
    return posts[1]["at"] - posts[0]["at"]


def waits(rig, server):
    """429, 503, no answer, an endless one."""
    for what, answer, least, most in [
        ("429, in seconds", (429, {"Retry-After": "3"}, b""), 2.9, 8),
        ("429, as a date", 429, 2, 10),
        ("503, as a date", 503, 2, 10),
        ("503", (503, {}, b"{\"error\":\"timeout\"}"), 0.7, 6),
        ("500", (500, {}, b"{\"error\":\"internal error\"}"), 0.7, 6),
        ("502, a proxy's page", (502, {"Content-Type": "text/html"}, b"<html>bad gateway</html>"), 0.7, 6),
        ("504", (504, {}, b""), 0.7, 6),
        ("a reset; libcurl itself tries a fresh connection at once", "reset", 0, 6),
        ("nothing", "hang", 1.5, 8),
        ("a body without end", "endless", 0.7, 6),
    ]:
        if isinstance(answer, int):  # a date has whole seconds, and the post comes within 2 s
            answer = (answer, {"Retry-After": email.utils.formatdate(time.time() + 7, usegmt=True)}, b"")
        posts = server.once(answer)
        assert least <= gap(posts) <= most, (what, gap(posts))
        # What was not accepted comes again, oldest first.
        again = [line for p in posts[1:] for line in p["lines"]]
        until("the same lines", 20, lambda: posts[0]["lines"][0] in server.stored.values())
        assert posts[0]["lines"][0] == again[0], what
        print(f"{what}: again after {gap(posts):.1f} s")
    nothing_is_lost(rig, server)


def holds(rig, server, token):
    """401, 403, 404 and a redirect: one post each, loud, slow; a new token is taken up without a restart."""
    def denied(post):
        good = post["headers"]["Authorization"] == "Token new-token"
        return server.fine(post) if good else (401, {}, b'{"code":"unauthorized","message":"unauthorized access"}')

    n = server.set(denied)
    h = until("the fault", 30, lambda: "401" in health(rig)["fault"] and health(rig))
    assert "token" in h["fault"] and not h["connected"] and h["held"] > 0, h
    assert "old-token" not in rig.log() and "401" in rig.log()
    token.write_text("new-token\n")
    until("posts with the new token", 40, lambda: len(server.posts) >= n + 2)
    bad = [p for p in server.posts[n:] if p["headers"]["Authorization"] != "Token new-token"]
    assert len(bad) <= 2, len(bad)
    assert gap(server.posts[n:]) >= 7.9
    for answer in ((404, {}, b'{"code":"not found","message":"bucket not found"}'),
                   (403, {}, b'{"code":"forbidden","message":"insufficient permissions"}'),
                   (307, {"Location": "http://127.0.0.1:9/elsewhere"}, b"")):
        posts = server.once(answer)
        assert gap(posts) >= 7.9, (answer, gap(posts))
        assert posts[0]["lines"][0] in posts[1]["lines"], answer
    until("no fault", 30, lambda: health(rig)["fault"] == "" and health(rig)["connected"])
    nothing_is_lost(rig, server)


def splits(rig, server):
    """413 halves, 400 and 422 bisect."""
    n = server.set(lambda p: (413, {}, b"too large") if len(p["lines"]) > 3 else server.fine(p))
    until("small posts", 60, lambda: sum(len(p["lines"]) <= 3 for p in server.posts[n:]) >= 5)
    sizes = [len(p["lines"]) for p in server.posts[n:]]
    large = [s for s in sizes if s > 3]
    assert len(large) <= 1 + math.log2(max(sizes)) and large == sorted(large, reverse=True), sizes
    print("413: lines a post:", *sizes[:12])
    nothing_is_lost(rig, server)

    for status in (400, 422):
        before = health(rig)["rejected"]

        def refuse(post):
            if any(",device=pt," in line for line in post["lines"]):
                return status, {}, b'{"code":"invalid","message":"no such field type"}'
            return server.fine(post)

        server.set(refuse)
        until("rejected lines", 60, lambda: health(rig)["rejected"] >= before + 3)
        h = health(rig)
        assert h["rejects"][0]["device"] == "pt" and h["rejects"][0]["text"] == "no such field type", h
        assert h["fault"] == "" and h["connected"], h
        nothing_is_lost(rig, server, without=("pt",))

    # A page is not the database's word on a line: nothing is rejected for it.
    server.set(server.fine)
    until("all is well", 30, lambda: any(d == "pt" and t > time.time() * 1000 - 5000 for d, t in list(server.stored)))
    before = next_health(rig)["rejected"]
    server.once((400, {}, b"<html>plain HTTP sent to HTTPS port</html>"))
    assert next_health(rig)["rejected"] == before, health(rig)


def poison(rig, server):
    """One line among many, refused as 2.x does, and as 1.x and 3.x do, which keep the others at once."""
    for partial in (False, True):
        before, state = next_health(rig)["rejected"], {"line": None, "refused": 0, "lines": 0}

        def refuse(post, partial=partial, state=state):
            if state["line"] is None and len(post["lines"]) >= 4:
                state["line"], state["lines"] = post["lines"][len(post["lines"]) // 3], len(post["lines"])
            if state["line"] not in post["lines"]:
                return server.fine(post)
            state["refused"] += 1
            if partial:
                for line in post["lines"]:
                    if line != state["line"]:
                        device, t = LINE.fullmatch(line).groups()
                        server.stored[device, int(t)] = line
                return 400, {}, b'{"error":"partial write: field type conflict: dropped=1"}'
            return 400, {}, b'{"code":"invalid","message":"field type conflict"}'

        server.set(refuse)
        until("the line is rejected", 60, lambda: health(rig)["rejected"] == before + 1)
        assert next_health(rig)["rejected"] == before + 1
        assert state["refused"] <= math.ceil(math.log2(state["lines"])) + 1, state
        print(f"one bad line of {state['lines']}: {state['refused']} refused posts")
        server.set(server.fine)
        bad = tuple(LINE.fullmatch(state["line"]).groups())
        missing = {k for k in arrived(rig, int(time.time() * 1000) - 5000) if k[0] != "pt"} - set(server.stored)
        assert missing <= {(bad[0], int(bad[1]))}, sorted(missing)[:5]
        server.stored[bad[0], int(bad[1])] = state["line"]  # what follows asks for good lines alone


def main():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        _, ports = rig.plant(stories.scenario())
        server = Server()
        token = rig.dir / "influx.token"
        token.write_text("old-token\n")
        conf = {"enabled": True, "url": server.url + "/base/", "version": 2, "org": "应急", "bucket": "b 1",
                "token_file": "influx.token", "batch_s": 1, "timeout_ms": 1000, "tags": {"plant": "east"}}
        site = rig.site(**stories.site(ports), publish={"influx": conf})
        gateway = rig.gateway(site)
        post = until("a post", 30, lambda: server.posts)[0]
        assert post["path"] == "/base/api/v2/write?org=%E5%BA%94%E6%80%A5&bucket=b%201&precision=ms", post["path"]
        headers = post["headers"]
        assert headers["Authorization"] == "Token old-token" and headers["Content-Encoding"] == "gzip", headers
        assert headers["Content-Type"] == "text/plain; charset=utf-8" and "Expect" not in headers, headers
        assert all(",plant=east " in line for line in post["lines"]), post["lines"]
        nothing_is_lost(rig, server)

        waits(rig, server)
        holds(rig, server, token)
        poison(rig, server)
        splits(rig, server)

        # A server that says nothing does not keep the gateway from ending.
        n = server.set(lambda p: "hang")
        until("a silent post", 30, lambda: len(server.posts) > n)
        start = time.monotonic()
        gateway.terminate()
        assert gateway.wait(20) == 0
        assert time.monotonic() - start < 5
        server.open.set()

        # The rest, as a 3.x sees it; what the end left behind comes first.
        server.set(server.fine)
        n = len(server.posts)
        del conf["org"], conf["bucket"]
        site = rig.site(**stories.site(ports), publish={
            "influx": dict(conf, url=server.url, version=3, db="plant", gzip=False)})
        gateway = rig.gateway(site, "gateway3")
        post = until("a post", 30, lambda: server.posts[n:])[0]
        assert post["path"] == "/api/v3/write_lp?db=plant&precision=millisecond", post["path"]
        assert post["headers"]["Authorization"] == "Bearer new-token", post["headers"]
        assert "Content-Encoding" not in post["headers"], post["headers"]
        nothing_is_lost(rig, server, without=("pt",))
        for secret in ("old-token", "new-token"):
            assert secret not in rig.log() and secret not in rig.log("gateway3")


run(main)
