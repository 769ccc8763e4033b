# SPDX-License-Identifier: Apache-2.0
"""A Linux kernel of the test's own: it may be killed at any moment, its disks may forget, its clock may be set.

Debian's user-mode-linux, an ordinary program: it needs neither KVM nor modules nor privileges, and boots in two
seconds. The guest's files are this machine's, read-only, but for /run, which is empty and in memory."""
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

from harness import BUILD, ROOT

INIT = ROOT / "tests/integration/guest_init"
MODULES = pathlib.Path("/usr/lib/uml/modules")
NO_TEST = 77


def needed(*programs):
    """Ends the test as skipped where one of the programs is missing."""
    for program in programs:
        if not shutil.which(program):
            print(f"SKIPPED: there is no {program} (tests/packages.txt)")
            sys.exit(NO_TEST)


class Guest:
    """Runs a command as root in a guest. disks: files that are /dev/ubda, ... there. heard: called with each line
    that the command prints, as it comes, in a thread."""

    def __init__(self, argv, disks=(), memory_mb=256, heard=print):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="nonsite-guest."))
        self.heard, self.status = heard, None
        command = self.dir / "command"
        names = ["GW_BUILD", *(n for n in os.environ if n.startswith("NONSITE_"))]
        command.write_text(
            "export LANG=C.UTF-8 HOME=/root TMPDIR=/run PYTHONDONTWRITEBYTECODE=1\n"
            + "".join(f"export {n}={shlex.quote(os.environ[n])}\n" for n in names if n in os.environ)
            + "cd /run\n" + shlex.join(str(a) for a in argv) + " 2>&1\n", encoding="utf-8")
        with open(self.dir / "kernel", "wb") as kernel:
            self.process = subprocess.Popen(
                ["linux.uml", f"mem={memory_mb}M", "rootfstype=hostfs", "rootflags=/", "ro", f"init={INIT}",
                 f"command={command}", *(f"ubd{i}={disk}" for i, disk in enumerate(disks)), "con=null", "con0=null,fd:1",
                 "ssl=null", "quiet", "loglevel=0", "umid=guest", f"uml_dir={self.dir}"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=kernel, start_new_session=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            line = line.decode(errors="replace").rstrip("\r\n")
            end = re.fullmatch(r"guest: status (\d+)", line)
            if end:
                self.status = int(end.group(1))
            else:
                self.heard(line)

    def end(self, seconds):
        """Waits for its end; returns the command's status, None when there was none."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            print(f"guest: not at its end after {seconds} s")
        self.cut()
        return self.status

    def log(self):
        """What the kernel said last."""
        return (self.dir / "kernel").read_text(errors="replace")[-4000:]

    def cut(self):
        """A power cut: what the guest has handed to its disks is there, all else is gone."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.reader.join(10)
        shutil.rmtree(self.dir, ignore_errors=True)


def make_disk(path, megabytes):
    with open(path, "wb") as f:
        f.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-m0", path], check=True)


def unpack_disk(disk, folder):
    """Copies the files of an ext4 disk as a mount would show them: with its journal replayed. False: it cannot be."""
    done = subprocess.run(["e2fsck", "-y", "-E", "journal_only", disk], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        print(done.stdout, done.stderr)
        return False
    subprocess.run(["debugfs", "-R", f"rdump / {folder}", disk], check=True, capture_output=True)
    return True


def nonsitectl(*args):
    return subprocess.run([str(BUILD / "bin/nonsitectl"), *map(str, args)], capture_output=True, text=True)
