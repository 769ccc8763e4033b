# SPDX-License-Identifier: Apache-2.0
"""From the edge of a contact to its alarm at a subscriber. Part of the load `latency`.

Wants a kernel that can simulate GPIO lines (gpio-sim). Where this one cannot, the emulated machine of tests/gpio is taken,
if it was prepared (tests/gpio/prepare build/gpio-guest); emulation is slow, so its figures show how the time divides, and
are held against no bound.

The edge is the write to the simulated line. The alarm's time is split as for registers: debounce and decide up to the
beginning of the wait for the disk, commit, publish.
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
SIMULATED = pathlib.Path("/sys/kernel/config/gpio-sim")
DEBOUNCE_MS, SLACK_MS = 20, 5


class Chip:
    """Two simulated lines: 0 the contact, 1 that the furnace runs."""

    LABEL = "nonsite-bench"

    def __init__(self):
        self.conf = SIMULATED / self.LABEL
        bank = self.conf / "bank"
        bank.mkdir(parents=True)
        (bank / "num_lines").write_text("2")
        (bank / "label").write_text(self.LABEL)
        (self.conf / "live").write_text("1")
        name = (bank / "chip_name").read_text().strip()
        self.lines = pathlib.Path("/sys/devices/platform") / (self.conf / "dev_name").read_text().strip() / name

    def set(self, line, high):
        """Returns the microsecond of the edge."""
        with open(self.lines / f"sim_gpio{line}/pull", "w", encoding="ascii") as f:
            at = time.monotonic()
            f.write("pull-up" if high else "pull-down")
        return at * 1e6

    def close(self):
        (self.conf / "live").write_text("0")
        (self.conf / "bank").rmdir()
        self.conf.rmdir()


def measure(samples):
    """{part: [ms, ...]}, and all waits for the disk."""
    from harness import BUILD, Rig, until
    from loads.common import BROKER, Spy, Watch
    from loads.latency import lifted
    rand = random.Random(7)
    parts = {"debounce and decide": [], "commit": [], "publish": [], "all": []}
    chip = Chip()
    try:
        with Rig() as rig:
            chip.set(0, False)
            chip.set(1, True)
            rig.broker(BROKER)
            watch = Watch(rig, "nonsite/v1/#", most=6000)
            spy = Spy(rig)
            path = rig.site(
                gateway={"catalogue": lifted(rig)}, buses={"cabinet": {"driver": "gpio", "chip": Chip.LABEL}},
                devices={"di": {"bus": "cabinet"}},
                points={"di.hot": {"line": 0, "debounce_ms": DEBOUNCE_MS}, "di.run": {"line": 1}},
                assets={"f0": {"type": "if_furnace", "name": "0号炉", "facts": {"loop": "closed"},
                               "roles": {"RUN": "di.run", "DI_TOUT_H": "di.hot"},
                               "overrides": {"CW-EV-TOUT-HH": {"delay_s": 0, "off_s": 0}}}})
            gateway = rig.start("gateway", [BUILD / "bin/nonsited", path], env=spy.env)
            until("the gateway runs", 120, lambda: gateway.poll() is None and "connected to" in rig.log() and
                  "journal open" in rig.log())
            time.sleep(2)
            first = None
            for i in range(samples + 2):
                time.sleep(rand.uniform(0.2, 0.3))
                edge = chip.set(0, i % 2 == 0)
                came = watch.wait("alarm", 60, lambda t, m: t == "alarm" and '"finding":"CW-EV-TOUT-HH"' in m)[0]
                if i < 2:
                    continue
                first = first or edge
                begin, end = next((a, b) for a, b in spy.syncs() if a >= edge)
                for name, a, b in (("debounce and decide", edge, begin), ("commit", begin, end), ("publish", end, came),
                                   ("all", edge, came)):
                    parts[name].append((b - a) / 1000)
            return parts, [(b - a) / 1000 for a, b in spy.syncs() if a >= first]
    finally:
        chip.close()


def tell(bench, where, parts, commits):
    from loads.common import spread
    for name, took in parts.items():
        bench.say(f"contact to alarm{where}, {name}: {spread(took)}")
    bench.say(f"waits for the disk{where}: {spread(commits)}")


def emulated(bench):
    folder = ROOT / "build/gpio-guest"
    if not (folder / "ready").exists():
        bench.skip("GPIO edge to alarm: this kernel has no gpio-sim, and tests/gpio/prepare build/gpio-guest was not run")
        return
    done = subprocess.run([ROOT / "tests/gpio/run", folder, sys.executable, __file__, os.environ["GW_BUILD"],
                           str(bench.size(100, 10))], capture_output=True, text=True)
    line = next((t for t in done.stdout.splitlines() if t.startswith('{"parts"')), None)
    if line is None:
        bench.skip(f"GPIO edge to alarm: the emulated machine ended with {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}")
        return
    got = json.loads(line)
    tell(bench, " (emulated processor, RAM disk)", got["parts"], got["commits"])
    bench.skip("the bound of GPIO edge to alarm: this kernel has no gpio-sim; an emulated machine was measured")


def run(bench):
    from loads.common import percentile
    if not SIMULATED.exists() or os.getuid() != 0:
        emulated(bench)
        return
    parts, commits = measure(bench.size(500, 25))
    tell(bench, "", parts, commits)
    commit = percentile(commits, 99)
    bench.must(f"GPIO edge to alarm, p99 (bound: debounce {DEBOUNCE_MS} ms + commit p99 {commit:.1f} ms + {SLACK_MS} ms)",
               percentile(parts["all"], 99), DEBOUNCE_MS + commit + SLACK_MS, "ms", digits=1)


if __name__ == "__main__":
    os.environ["GW_BUILD"] = sys.argv[1]
    sys.path[:0] = [str(ROOT / "tests/bench"), str(ROOT / "tests/integration")]
    figures = measure(int(sys.argv[2]))
    print(json.dumps({"parts": figures[0], "commits": figures[1]}))
