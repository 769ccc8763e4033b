# SPDX-License-Identifier: Apache-2.0
"""Brokers of others, for foreign_broker.py and reasons.py."""
import json
import subprocess
import threading

from foreign_npm import npm_folder
from harness import ROOT, free_port, listens, until

NPM = ROOT / "tests/integration/npm"


class Aedes:
    """A broker that nobody here wrote; speaks MQTT 3.1.1."""

    def __init__(self, rig, port=None):
        self.rig, self.port = rig, port or free_port()
        self.start()

    def start(self):
        self.process = self.rig.start("aedes", ["env", "-C", npm_folder(), "node", NPM / "aedes.js", self.port],
                                      stdin=subprocess.PIPE)
        until("aedes", 30, lambda: listens(self.port))

    def stop(self):
        self.process.kill()
        self.process.wait()

    def kick(self, client):
        self.process.stdin.write(f"kick {client}\n".encode())
        self.process.stdin.flush()


class Scripted:
    """A broker that answers as it is told, packet by packet; see npm/scripted.js."""

    def __init__(self, rig):
        self.rig, self.seen, self.port = rig, [], free_port()
        self.start()

    def start(self):
        """Again after a kill, on the same port; what it was told is forgotten."""
        self.process = self.rig.start("scripted", ["env", "-C", npm_folder(), "node", NPM / "scripted.js", self.port],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        threading.Thread(target=self.read, args=(self.process.stdout,), daemon=True).start()
        until("scripted broker", 30, lambda: listens(self.port))

    def read(self, stdout):
        for line in stdout:
            self.seen.append(json.loads(line))

    def tell(self, **what):
        self.process.stdin.write((json.dumps(what) + "\n").encode())
        self.process.stdin.flush()

    def packets(self, cmd, since=0):
        return [p for p in self.seen[since:] if p["cmd"] == cmd]

    def published(self, word, since=0):
        """Messages on nonsite/v1/<gateway>/<word>."""
        return [p for p in self.packets("publish", since) if p["topic"].split("/")[3] == word]
