# SPDX-License-Identifier: Apache-2.0
"""The local page in Chromium: its files by themselves (texts), against a gateway that says what it is told to (faked), on
the real daemon with plant and broker (live)."""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

import stories  # noqa: E402
from foreign_npm import npm_folder  # noqa: E402
from harness import Rig, free_port, listens, until  # noqa: E402

PASSWORD = "eight-ducks-swim"


def node(script, *args, **kw):
    return subprocess.Popen(["node", HERE / script, *map(str, args)], cwd=npm_folder(HERE, "page-npm"), text=True, **kw)


def alone(script):
    assert node(script).wait() == 0, script


def live():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        plant, ports = rig.plant(stories.scenario(), stdin=True)
        port = free_port()
        secret = rig.dir / "operator.password"
        secret.write_text(PASSWORD + "\n")
        secret.chmod(0o600)
        site = rig.site(**stories.site(ports),
                        local={"http": {"listen": f"127.0.0.1:{port}", "password_file": str(secret)}})
        daemon = rig.gateway(site)
        until("the page", 30, lambda: listens(port))

        def acknowledged():
            return [r for r in rig.records("alarm") if r["finding"] == "CW-EV-TOUT-HH" and r["state"] == "acknowledged"]

        def act(what):
            nonlocal daemon
            if what == "hot":
                rig.tell(plant, {"device": "pt", "set": {"t1": 58.2}})
            elif what == "acknowledged":
                until("the signed record of it", 20, acknowledged)
            elif what == "cut":
                rig.tell(plant, {"endpoint": "cooling", "fault": "refuse"})
            elif what == "stop":
                daemon.terminate()
                assert daemon.wait(15) == 0
            elif what == "start":
                daemon = rig.gateway(site, name="gateway-again")
            else:
                return False
            return True

        browser = node("live.js", f"http://127.0.0.1:{port}/", PASSWORD, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        rig.procs.append(browser)
        for line in browser.stdout:
            if not act(line.strip()):
                print(line, end="")
                continue
            browser.stdin.write("done\n")
            browser.stdin.flush()
        assert browser.wait() == 0, "live.js"


def main():
    what = sys.argv[1:] or ["texts", "faked", "live"]
    for name in what:
        live() if name == "live" else alone(f"{name}.js")
        print(f"{name}: ok")


if __name__ == "__main__":
    main()
