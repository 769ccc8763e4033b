# SPDX-License-Identifier: Apache-2.0
"""A broker that is away in every way there is: the plant is watched as ever, and the gateway stops in time.

Refused, a black hole (connections are not even refused), a peer that takes the connection and says nothing,
and a name server that does not answer; 15 s each. Measured: age of every sample, processor time, the stop. No thread
may take so long over it that the watchdog would be left without food.
"""
import json
import os
import pathlib
import socket
import subprocess
import time

import stories
from harness import BUILD, Rig, free_port, run, until

SECONDS = 15
PERIOD_MS = 500


def ctl(rig, verb):
    done = subprocess.run([str(BUILD / "bin/nonsitectl"), "-s", str(rig.dir / "state/control.sock"), "--json", verb],
                          capture_output=True, text=True)
    return json.loads(done.stdout) if done.stdout.startswith("{") else None


def cpu_s(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")



def measure(rig, name, start):
    """Starts the gateway, watches it for a while, stops it."""
    (rig.dir / "state/control.sock").unlink(missing_ok=True)
    gateway = start()
    until("decides", 20, lambda: (s := ctl(rig, "status")) and s["engine"]["state"] == "running")
    until("all answer", 20, lambda: (s := ctl(rig, "status")) and s["devices"]["ok"] == 4)
    ages, used, begin = [], cpu_s(gateway), time.monotonic()
    seq = ctl(rig, "status")["journal"]["seq"]
    for high in (62.0, 3.0):
        rig.tell(rig.plant_process, {"device": "gas", "set": {"p1": high}})
        end = time.monotonic() + SECONDS / 2
        while time.monotonic() < end:
            ages += [p["age_ms"] for p in ctl(rig, "points")["points"]]
            time.sleep(0.2)
    used = (cpu_s(gateway) - used) / (time.monotonic() - begin)
    ages.sort()
    p99 = ages[int(len(ages) * 0.99)]
    status = ctl(rig, "status")
    assert status["journal"]["seq"] >= seq + 2, "the alarm and its end were not recorded"
    assert status["mqtt"]["state"] == "away", status["mqtt"]
    begin = time.monotonic()
    gateway.terminate()
    assert gateway.wait(30) == 0
    stop = time.monotonic() - begin
    print(f"{name}: age p99 {p99} ms of {len(ages)}, processor {used:.1%}, stop {stop:.1f} s: "
          f"{status['mqtt']['fault'] or 'connecting'}", flush=True)
    # The copy that the local API answers from is up to 300 ms old itself.
    assert p99 <= 2 * PERIOD_MS + 300, p99
    # The target is 2 %; a sanitizer costs several times as much.
    assert used <= (0.02 if b"__asan_init" not in (BUILD / "bin/nonsited").read_bytes() else 0.15), used
    assert stop <= 15, stop


def black_hole():
    """A listener whose queue is full: the kernel drops whatever else comes."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    held = [listener]
    for _ in range(4):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(listener.getsockname())
        held.append(s)
    return held, listener.getsockname()[1]


def dead_dns(rig, parts):
    """A name server that is there and does not answer, for this gateway alone."""
    deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        deaf.bind(("127.0.0.77", 53))
        (rig.dir / "resolv.conf").write_text("nameserver 127.0.0.77\n")
        mount = ["unshare", "-m", "sh", "-c", f"mount --bind {rig.dir}/resolv.conf /etc/resolv.conf && exec \"$@\"", "-"]
        subprocess.run([*mount, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as e:
        print(f"SKIPPED: dead name server: {e}")
        return
    site = rig.site(**parts, mqtt={"host": "broker.example", "port": 1883, "tls": False, "allow_plaintext": True})
    measure(rig, "dead name server", lambda: rig.start("gateway", [*mount, BUILD / "bin/nonsited", site]))


def main():
    with Rig() as rig:
        rig.watchdog()
        rig.plant_process, ports = rig.plant(stories.scenario(), stdin=True)
        parts = stories.site(ports)
        for device in parts["devices"].values():
            device["period_ms"] = PERIOD_MS
        silent = socket.create_server(("127.0.0.1", 0))
        held, hole = black_hole()
        for name, port in (("refused", free_port()), ("silent peer", silent.getsockname()[1]), ("black hole", hole)):
            for tls in (False, True):
                site = rig.site(**parts, mqtt={"port": port, "tls": tls, "host": "localhost" if tls else "127.0.0.1"})
                measure(rig, f"{name}{', TLS' if tls else ''}", lambda: rig.gateway(site))
        dead_dns(rig, parts)
        del held


if __name__ == "__main__":
    run(main)
