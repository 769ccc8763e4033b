# SPDX-License-Identifier: Apache-2.0
"""nonsited --probe against a simulated plant: byte order, units, messages, a point that can be pasted."""
import json
import re
import socket
import subprocess
import threading
import time

import stories
from harness import BUILD, Rig, free_port, run


def probe(*args):
    return subprocess.run([str(BUILD / "bin/nonsited"), "--probe", *map(str, args)], capture_output=True,
                          text=True, timeout=60)


def rows(text):
    """{(address, type): [texts in the four orders]}"""
    out = {}
    for line in text.splitlines():
        m = re.match(r" *(\d+)  ([uif]\d\d) ", line)
        if m:
            out[int(m.group(1)), m.group(2)] = re.split(r"\s{2,}", line[m.end():].strip())
    return out


def read(rig, ports):
    flow = f"tcp:127.0.0.1:{ports['cooling']}"
    done = probe(flow, "--fc", 4, "--address", 4112, "--count", 4)
    assert done.returncode == 0 and not done.stderr, done
    table = rows(done.stdout)
    f32 = table[4112, "f32"]
    assert [t.endswith("*") for t in f32] == [False, True, False, False] and f32[1] == "36.75 *", f32
    assert set(t for _, t in table) == {"u32", "i32", "u64", "f32", "f64"}, table
    assert re.search(r"^ +4113  4213 +16915 +16915 +4213 +\S+  B\.$", done.stdout, re.M), done.stdout

    # More than one request holds, over all that the device has.
    done = probe(flow, "--fc", 4, "--address", 4112, "--count", 2, "--unit", "1-2")
    assert done.returncode == 0 and "unit 2" in done.stderr and "exception 2" in done.stderr, done
    done = probe(f"tcp:localhost:{ports['cooling']}", "--fc", 4, "--address", 4112, "--type", "f32")
    assert done.returncode == 0 and "u32" not in done.stdout and "36.75 *" in done.stdout, done


def paste(rig, ports):
    """What is printed can be pasted: the site is fine and reads the same value."""
    done = probe(f"tcp:127.0.0.1:{ports['cooling']}", "--fc", 4, "--address", 4112, "--point", "meter.flow",
                 "--type", "f32", "--order", "CDAB")
    assert done.returncode == 0 and "reads 36.75 now" in done.stdout, done
    members = done.stdout.split("to choose):\n")[1]
    site = rig.site()
    text = json.loads(site.read_text())
    for key in ("buses", "devices"):
        del text[key]
    body = json.dumps(text, ensure_ascii=False)
    site.write_text("{\n" + members + ",\n" + body[1:], encoding="utf-8")
    checked = subprocess.run([str(BUILD / "bin/nonsited"), "--check", str(site)], capture_output=True, text=True)
    assert checked.returncode == 0 and "1 points" in checked.stdout, (checked, site.read_text())


def scan(rig, ports):
    done = probe(f"tcp:127.0.0.1:{ports['cooling']}", "--scan", "--unit", "1-20")
    assert done.returncode == 0, done
    assert re.findall(r"^unit +(\d+): (.*)$", done.stdout, re.M) == [
        ("1", 'identity of 9 bytes: "MFE600H"'), ("2", 'identity of 10 bytes: "DAMPT100"')], done.stdout
    assert "2 of 20 units answer" in done.stdout
    none = probe(f"tcp:127.0.0.1:{ports['cooling']}", "--scan", "--unit", "9-12")
    assert none.returncode == 1 and "0 of 4 units answer" in none.stdout, none


def identity(rig, ports):
    done = probe(f"tcp:127.0.0.1:{ports['cooling']}", "--identity", "--unit", "1-2")
    assert done.returncode == 0 and not done.stderr, done
    assert "unit 1, function 17, 9 bytes\n  01 FF 4D 46 45 36 30 30 48\nidentity: MFE600H\n" in done.stdout, done
    assert "identity: DAMPT100\n" in done.stdout, done
    none = probe(f"tcp:127.0.0.1:{ports['cooling']}", "--identity", "--unit", 9)
    assert none.returncode == 1 and "function 17: exception 11" in none.stderr and not none.stdout, none


def messages(rig, ports):
    flow, di = f"tcp:127.0.0.1:{ports['cooling']}", f"tcp:127.0.0.1:{ports['io']}"
    nobody = f"tcp:127.0.0.1:{free_port()}"
    for args, code, words in [
        ((flow, "--address", 4112, "--fc", 4, "--unit", 9), 1, ["unit 9", "exception 11", "--scan"]),
        ((flow, "--address", 9, "--fc", 3), 1, ["function 3", "exception 1 ", "--fc"]),
        ((flow, "--address", 60000, "--fc", 4), 1, ["address 60000", "exception 2", "--count 1"]),
        ((nobody, "--address", 0), 1, [nobody, "connection refused"]),
        ((nobody, "--scan"), 1, [nobody, "connection refused"]),
        (("tcp:no-such-host.invalid", "--address", 0), 1, ["no-such-host.invalid", "no address"]),
        (("tcp:127.0.0.1:0", "--address", 0), 64, ["tcp:127.0.0.1:0"]),
        (("tcp:127.0.0.1:65536", "--address", 0), 64, ["65536"]),
        (("tcp:", "--address", 0), 64, ["tcp:"]),
        (("tcp:[::1", "--address", 0), 64, ["tcp:[::1"]),
        ((flow,), 64, ["--address"]),
        ((flow, "--address", 0, "--fc", 6), 64, ["--fc"]),
        ((), 64, ["endpoint", "tcp:HOST"]),
    ]:
        done = probe(*args)
        assert done.returncode == code and all(w in done.stderr for w in words), (args, done)
        assert not re.search(r"^ +\d+  ", done.stdout, re.M), (args, done.stdout)
    done = probe(di, "--fc", 2, "--address", 0, "--count", 8)
    assert done.returncode == 0 and re.search(r"^ +0  1 0 0 0 0 0 0 0$", done.stdout, re.M), done
    assert probe("--help").returncode == 0


def silence(rig, ports):
    """Peers that say nothing, hang up or lie cost a bounded time and give no value."""
    def server(handle):
        s = socket.create_server(("127.0.0.1", 0))

        def serve():
            held = []
            while True:
                try:
                    c, _ = s.accept()
                except OSError:
                    return
                held.append(c)
                handle(c)
        threading.Thread(target=serve, daemon=True).start()
        return s, f"tcp:127.0.0.1:{s.getsockname()[1]}"

    def foreign_unit(c):
        try:
            q = c.recv(12)
            c.sendall(q[:4] + b"\0\x07" + bytes([q[6] + 1]) + b"\x03\x04\x42\x13\0\0")
        except OSError:
            pass

    mute, at = server(lambda c: None)
    start = time.monotonic()
    done = probe(at, "--address", 0, "--timeout", 200)
    assert done.returncode == 1 and "no answer within 200 ms" in done.stderr and "--scan" in done.stderr, done
    done = probe(at, "--scan", "--timeout", 100, "--time", 1)
    assert done.returncode == 1 and re.search(r"go on with --unit \d+-247", done.stdout), done
    assert time.monotonic() - start < 8
    mute.close()
    shut, at = server(lambda c: c.close())
    done = probe(at, "--address", 0)
    assert done.returncode == 1 and done.stderr and not done.stdout, done
    shut.close()
    liar, at = server(foreign_unit)
    done = probe(at, "--address", 0, "--count", 2)
    assert done.returncode == 1 and "36.75" not in done.stdout and "unit" in done.stderr, done
    liar.close()


def main():
    with Rig() as rig:
        _, ports = rig.plant(stories.scenario())
        for part in (read, paste, scan, identity, messages, silence):
            part(rig, ports)
            print("as wanted:", part.__name__)


run(main)
