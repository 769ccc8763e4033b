# SPDX-License-Identifier: Apache-2.0
"""An InfluxDB 1.x of Debian of our own, on loopback and in the test's folder."""
import json
import urllib.error
import urllib.parse
import urllib.request

from harness import free_port, until

CONF = """reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{dir}/meta"
[data]
  dir = "{dir}/data"
  wal-dir = "{dir}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
"""


class Influx:
    def __init__(self, rig):
        self.rig, self.port, self.n = rig, free_port(), 0
        self.url = f"http://127.0.0.1:{self.port}"
        self.conf = rig.dir / "influxdb.conf"
        self.conf.write_text(CONF.format(rpc=free_port(), port=self.port, dir=rig.dir / "influx"))
        self.process = None

    def start(self):
        self.n += 1
        self.process = self.rig.start(f"influxd{self.n}", ["influxd", "-config", self.conf])
        until("influxd", 60, self.answers)

    def answers(self):
        try:
            return urllib.request.urlopen(f"{self.url}/ping", timeout=5).status == 204
        except OSError:
            return False

    def query(self, text, method="GET"):
        """Rows of the first series; [] when there is none. Stamps in ms."""
        args = urllib.parse.urlencode({"db": "plant", "epoch": "ms", "q": text})
        request = urllib.request.Request(f"{self.url}/query?{args}", method=method)
        answer = json.load(urllib.request.urlopen(request, timeout=30))["results"][0]
        assert "error" not in answer, answer
        series = answer.get("series", [])
        return [dict(zip(series[0]["columns"], v)) for v in series[0]["values"]] if series else []

    def write(self, lines):
        """Status of the answer."""
        request = urllib.request.Request(f"{self.url}/write?db=plant&precision=ms", data=lines.encode())
        try:
            return urllib.request.urlopen(request, timeout=30).status
        except urllib.error.HTTPError as e:
            return e.code
