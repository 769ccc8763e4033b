# SPDX-License-Identifier: Apache-2.0
"""Who the instruments are: asked by function 17, shown, and asked again of what came back."""
import json
import subprocess

import stories
from harness import BUILD, Rig, kill, run, until


def devices(rig):
    done = subprocess.run([str(BUILD / "bin/nonsitectl"), "-s", str(rig.dir / "state/control.sock"), "--json",
                           "devices"], capture_output=True, text=True, timeout=30)
    return {d["id"]: d for d in json.loads(done.stdout)["devices"]} if done.returncode == 0 else {}


def identity(rig, device):
    return devices(rig).get(device, {}).get("identity")


def health(rig):
    return {d["id"]: d.get("identity") for d in (rig.document("health") or {"devices": []})["devices"]}


def scenario(serial, ports=None):
    plant = stories.scenario()
    plant["devices"]["gas"]["id"] = f"AX100 sn {serial}"
    plant["devices"]["flow_in"]["id"] = "MFE600H with a serial number that is far too long: 20241187"
    for name, port in (ports or {}).items():
        plant["endpoints"][name]["port"] = port
    return plant


def main():
    with Rig() as rig:
        rig.broker()
        rig.subscribe()
        plant, ports = rig.plant(scenario("20241187"))
        site = stories.site(ports)
        site["devices"]["flow_in"]["fn17"] = True
        gateway = rig.gateway(rig.site(**site))

        # The profile of the gas controller asks, that of the input module does not, the site file may differ.
        until("the controller says who it is", 20, lambda: identity(rig, "gas") == "AX100 sn 20241187")
        until("so does the meter", 20, lambda: identity(rig, "flow_in"))
        long = identity(rig, "flow_in")
        assert len(long) == 47 and long.startswith("MFE600H with a serial") and long[-11] == "~", long
        assert identity(rig, "di") == "" and identity(rig, "pt") == "", devices(rig)
        said = until("health tells it", 40, lambda: health(rig).get("gas") and health(rig))
        assert said["gas"] == "AX100 sn 20241187" and said["di"] is None, said
        polls = devices(rig)["gas"]["polls"]
        assert polls["failed"] == 0, polls

        # Another one in its place.
        kill(plant)
        until("it is away", 20, lambda: devices(rig)["gas"]["link"] == "down")
        rig.plant(scenario("20250001", ports), name="other")
        until("the other one says who it is", 60, lambda: identity(rig, "gas") == "AX100 sn 20250001")
        gateway.terminate()
        assert gateway.wait(15) == 0


if __name__ == "__main__":
    run(main)
