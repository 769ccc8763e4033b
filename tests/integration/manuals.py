# SPDX-License-Identifier: Apache-2.0
"""Every example of the manuals, run as it stands there, against a plant, a gateway and a desk's file."""
import json
import os
import re
import subprocess

import stories
from harness import BUILD, ROOT, Rig, run, until

MAN = ROOT / "gateway/ctl/man"


def wrapper(path, *argv):
    path.write_text("#!/bin/sh\nexec " + " ".join(str(a) for a in argv) + ' "$@"\n')
    path.chmod(0o755)


def stage(rig):
    """What the examples take for granted; returns how their words are changed and the environment."""
    _, ports = rig.plant(stories.scenario([{"at_s": 0, "device": "gas", "set": {"p1": 55.0}}]))
    site = rig.site(**stories.site(ports))
    (rig.dir / "plant.json").write_text(json.dumps(stories.scenario()))
    here = rig.dir / "bin"
    here.mkdir()
    for name in ("nonsited", "nonsite-plant", "nonsite-desk"):
        wrapper(here / name, BUILD / "bin" / name)
    # The socket and the installed files are where they are here.
    (here / "nonsitectl").write_text(
        "#!/bin/sh\nverb=$1\n[ $# -gt 0 ] && shift\ncase $verb in\n"
        f'init) exec {BUILD}/bin/nonsitectl init --catalogue {ROOT}/config/findings.json '
        f'--profiles {ROOT}/config/devices "$@" ;;\n'
        f'*) exec {BUILD}/bin/nonsitectl -s {rig.dir}/state/control.sock "$verb" "$@" ;;\nesac\n')
    (here / "nonsitectl").chmod(0o755)
    rig.gateway(site)
    first = site_port(stories.site(ports))
    return [("/etc/nonsite-gateway", str(rig.dir)), ("/var/lib/nonsite-gateway", str(rig.dir / "state")),
            ("127.0.0.1:15020", f"127.0.0.1:{first}")], dict(os.environ, PATH=f"{here}:" + os.environ["PATH"])


def site_port(site):
    gas = next(d for d in site["devices"].values() if d["profile"] == "ax100")
    return site["buses"][gas["bus"]]["port"]


def example_file(rig):
    """The whole file that nonsite-site(5) shows is one."""
    text = (MAN / "nonsite-site.5").read_text(encoding="utf-8")
    shown = re.search(r"\.Bd -literal.*?\n(.*?)\.Ed", text, re.S)[1]
    path = rig.dir / "shown.json"
    path.write_text(shown.replace('"id": "linyi-0017"', '"id": "linyi-0017", '
                                  f'"catalogue": "{ROOT}/config/findings.json", "profiles": "{ROOT}/config/devices"'))
    done = subprocess.run([str(BUILD / "bin/nonsited"), "--check", str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done


def main():
    with Rig() as rig:
        example_file(rig)
        changes, env = stage(rig)
        until("a key", 20, lambda: rig.public_key().exists())
        (rig.dir / "desk.json").write_text(json.dumps({
            "store": "desk.db", "pages": "pages", "key_file": "platform.key",
            "broker": {"host": "127.0.0.1", "port": 1, "tls": False},
            "gateways": {"gw-test": {"keys": [str(rig.public_key())]}}}))

        def shell(command):
            for a, b in changes:
                command = command.replace(a, b)
            return subprocess.run(["sh", "-c", command], cwd=rig.dir, env=env, capture_output=True, text=True, timeout=60)
        until("an answer", 20, lambda: shell("nonsitectl status").returncode == 0 or
              "DEGRADED" in shell("nonsitectl status").stdout)
        until("a record", 30, lambda: shell("nonsitectl export").stdout)
        count = 0
        for path in sorted(MAN.glob("*.[158]")):
            for command in re.findall(r"^\.Dl \$ (.*)$", path.read_text(encoding="utf-8"), re.M):
                command = command.replace("\\e", "\\").replace("\\-", "-")
                if command.endswith("&"):  # runs until it is ended
                    argv = command[:-1].split()
                    rig.start("example", [BUILD / "bin" / argv[0], *(rig.dir / a if "plant." in a else a for a in argv[1:])])
                    until("it runs", 10, lambda: "ready" in rig.log("example"))
                else:
                    done = shell(command)
                    # A gateway without a broker is degraded, and a site file with blanks is not accepted yet.
                    fine = (0, 1) if "status" in command or "init --sector" in command or "commission" in command else (0,)
                    assert done.returncode in fine, (command, done)
                count += 1
        assert count >= 12, count
        print(count, "examples as written")


run(main)
