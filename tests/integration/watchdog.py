# SPDX-License-Identifier: Apache-2.0
"""Row 21: a hang of the core, of the journal or of a worker ends in a restart, and the log says which; a hang of a
polling thread does not, because that is replaced, nor does a broker or a database that is silent.

The test plays the service manager: it hands out the notification socket, and restarts a daemon whose watchdog
was not fed. Threads are stopped from outside, as a debugger stops them; the daemon knows nothing of it.
"""
import ctypes
import os
import pathlib
import signal
import socket
import time

import stories
from broker_away import black_hole
from harness import BUILD, Rig, free_port, run, until

INTERVAL_S = 10  # WatchdogSec of the unit is 30
# The thread that hangs in the daemon of that name, and what the log calls it.
RESTARTED = {"core": "nonsited", "journal": "journal", "mqtt": "mqtt", "influx": "influx", "local-api": "local-api",
             "modbus-names": "modbus-names"}
REPLACED = {"polling": "modbus-tcp"}
ABORT_S = 1  # from SIGABRT to SIGKILL: a stopped thread takes no other signal

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
WALL = 0x40000000  # of waitpid: threads, too
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long


def ptrace(request, tid):
    if LIBC.ptrace(request, tid, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of {tid}")


def thread(pid, name):
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int(task.name)
    raise AssertionError(f"{pid} has no thread {name}")


def stop(tid):
    """The thread does not run any more."""
    ptrace(PTRACE_SEIZE, tid)
    ptrace(PTRACE_INTERRUPT, tid)
    _, status = os.waitpid(tid, WALL)
    assert os.WIFSTOPPED(status), status


def bury(tid):
    """Of a stopped thread that was killed, who stopped it hears first; its process is not gone before."""
    try:
        os.waitpid(tid, os.WNOHANG | WALL)
    except ChildProcessError:
        pass


class Service:
    """A daemon with its notification socket."""

    def __init__(self, rig, name, site):
        self.rig, self.name, self.site = rig, name, site
        self.starts = 0
        self.said = []
        self.stopped = None  # a thread of it
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        # An abstract name and a path are both valid.
        path = "\0" + f"{rig.dir}/{name}" if name == "core" else str(rig.dir / f"{name}.notify")
        self.socket.bind(path)
        self.env = dict(os.environ, NOTIFY_SOCKET=path.replace("\0", "@"), WATCHDOG_USEC=str(INTERVAL_S * 1000000))
        self.start()

    def start(self):
        self.starts, self.ready, self.fed, self.aborted = self.starts + 1, False, None, None
        self.process = self.rig.start(self.name, [BUILD / "bin/nonsited", self.site], env=self.env)

    def look(self):
        """Takes what was told; restarts what did not tell enough."""
        while True:
            try:
                text = self.socket.recv(4096).decode()
            except BlockingIOError:
                break
            self.said.append(text)
            if "READY=1" in text:
                self.ready, self.fed = True, time.monotonic()
            if "WATCHDOG=1" in text:
                self.fed = time.monotonic()
        if self.aborted and time.monotonic() - self.aborted > ABORT_S:
            self.process.kill()
            self.gone()
            self.start()
        elif self.ready and not self.aborted and time.monotonic() - self.fed > INTERVAL_S:
            self.process.send_signal(signal.SIGABRT)
            self.aborted = time.monotonic()

    def hang(self, name):
        self.stopped = thread(self.process.pid, name)
        stop(self.stopped)

    def gone(self):
        """Waits for the end of a process that has, or had, a stopped thread."""
        def ended():
            if self.stopped and self.stopped != self.process.pid:
                bury(self.stopped)
            return self.process.poll() is not None
        until("the process is gone", 30, ended)
        self.stopped = None


def service(rig, name, ports, influx=None, **mqtt):
    """A daemon of its own id and state folder."""
    parts = stories.site(ports, period_ms=1000)
    parts["buses"]["io"]["host"] = "localhost"  # a name is looked up
    site = rig.site(gateway={"id": f"gw-{name}", "state_dir": f"state-{name}"}, mqtt=mqtt, publish={"influx": {
        "enabled": influx is not None, "url": f"http://127.0.0.1:{influx or 1}", "allow_plaintext": True, "version": 1,
        "db": "x", "batch_s": 1}}, **parts)
    return Service(rig, name, site.rename(rig.dir / f"{name}.json"))


def story(rig, services):
    def watched(seconds, what, ready):
        def look():
            for s in services.values():
                s.look()
            return ready()
        until(what, seconds, look)

    watched(60, "all are ready", lambda: all(s.ready for s in services.values()))
    for s in services.values():
        assert "READY=1\nSTATUS=watching 4 devices and 2 assets" in s.said, s.said
    # Files that are still being opened may take minutes, so the journal's hang begins after that.
    watched(60, "all journals are open", lambda: all("journal open" in rig.log(name) for name in services))
    watched(60, "all feed the watchdog", lambda: all("WATCHDOG=1" in s.said for s in services.values()))

    began = time.monotonic()
    for name, comm in (RESTARTED | REPLACED).items():
        services[name].hang(comm)
    watched(60, "all are restarted", lambda: all(services[n].starts == 2 for n in RESTARTED))
    took = time.monotonic() - began
    print(f"restarted within {took:.1f} s of the hang; the watchdog's interval is {INTERVAL_S} s")
    assert took <= 2 * INTERVAL_S, took
    for name in RESTARTED:
        log = rig.log(name)
        assert f"watchdog: thread {name} hangs" in log, log
        assert log.count(" hangs: ") == 1, log
    watched(30, "they are ready again", lambda: all(s.ready for s in services.values()))

    # The daemon whose polling thread stands still was not restarted, said so, and polls again.
    watched(60, "the thread is replaced", lambda: " worker modbus-tcp" in rig.log("polling"))
    watched(2 * INTERVAL_S, "an interval more", lambda: time.monotonic() - began > 2 * INTERVAL_S)
    for name in ("polling", "silence"):
        assert services[name].starts == 1, name
        assert " hangs: " not in rig.log(name), rig.log(name)
    for fault in ("no answer from", "Operation timed out"):
        assert fault in rig.log("silence"), rig.log("silence")

    services["polling"].process.kill()
    services["polling"].gone()

    # An ordinary end says so, and takes no restart.
    last = services["journal"]
    last.process.terminate()
    assert last.process.wait(30) == 0
    last.look()
    assert any(m.startswith("STOPPING=1") for m in last.said), last.said


def main():
    with Rig() as rig:
        rig.broker()
        _, ports = rig.plant(stories.scenario())
        silent = socket.create_server(("127.0.0.1", 0))
        held, hole = black_hole()
        services = {name: service(rig, name, ports, influx=free_port() if name == "influx" else None)
                    for name in RESTARTED | REPLACED}
        # Connecting takes 5 s and a write 10 s to fail: more than half of the interval.
        services["silence"] = service(rig, "silence", ports, influx=silent.getsockname()[1], port=hole)
        try:
            story(rig, services)
        finally:
            for s in services.values():
                s.process.kill()
                s.gone()


if __name__ == "__main__":
    run(main)
