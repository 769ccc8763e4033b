# SPDX-License-Identifier: Apache-2.0
"""What one item costs: tests/bench/item, a program of its own; no time on it has a bound, because the instructions have one
in CI (tests/ci/instructions)."""
import os
import subprocess

from .common import HERE


def run(bench):
    program = HERE / "item"
    if not program.exists():
        bench.skip("items: there is no tests/bench/item")
        return
    done = subprocess.run([program, "--build", os.environ["GW_BUILD"], *(["--rounds", "50"] if bench.quick else [])],
                          capture_output=True, text=True)
    for line in done.stdout.splitlines():
        bench.say(line)
    if done.returncode != 0:
        bench.skip(f"items: tests/bench/item ended with {done.returncode}: {done.stderr[-300:]}")
