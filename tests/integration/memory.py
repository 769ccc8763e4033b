# SPDX-License-Identifier: Apache-2.0
"""The release build idles below 12 MB of resident memory, with its journal open and its broker up."""
import stories
from harness import Rig, run, until


def rss_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    raise AssertionError("no VmRSS")


def main():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        _, ports = rig.plant(stories.scenario())
        gateway = rig.gateway(rig.site(**stories.site(ports, period_ms=1000)))
        until("6 health documents", 90, lambda: len(rig.wires("health")) >= 6)
        kb = rss_kb(gateway.pid)
        print(f"nonsited idles at {kb} kB")
        assert kb < 12 * 1000, kb


run(main)
