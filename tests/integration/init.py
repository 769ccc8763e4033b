# SPDX-License-Identifier: Apache-2.0
"""nonsitectl init: a site file that --check accepts, or whose only errors are the named blanks; live with a plant."""
import json
import os
import pathlib
import pty
import re
import subprocess

import stories
from harness import BUILD, ROOT, Rig, run, until

CTL = str(BUILD / "bin/nonsitectl")
HERE = ["--catalogue", str(ROOT / "config/findings.json"), "--profiles", str(ROOT / "config/devices")]
WHO = ["--id", "gw-1", "--uscc", "91371311MAXX00015G", "--name", "测试铸造有限公司", "--county", "371311"]
PLANT = ["--sector", "machinery", "--asset", "if_furnace:if-1:1号炉", "--asset", "paint-mix:paint-1"]


def init(rig, *args, output=None, **more):
    path = output or rig.dir / f"site-{len(list(rig.dir.iterdir()))}.json"
    done = subprocess.run([CTL, "init", *HERE, "-o", str(path), *args], capture_output=True, text=True, timeout=60,
                          **more)
    return done, path


def check(path):
    return subprocess.run([str(BUILD / "bin/nonsited"), "--check", str(path)], capture_output=True, text=True, timeout=60)


def plain(path):
    """The file without its comments."""
    text = path.read_text(encoding="utf-8")
    return json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.M)), text


def files(rig):
    whole, path = init(rig, *PLANT, *WHO, "--mqtt", "mqtt.platform.example:8884",
                       "--device", "gas:ax100@tcp:192.168.10.20/1,channels=3,asset=paint-1",
                       "--asset", "spray_booth:booth", "--fact", "booth:paint=solvent",
                       "--device", "pt:dampt100@rtu:/dev/ttyS0/2", "--device", "fm:mfe600h@rtu-tcp:dtu-1:8899/3",
                       "--device", "fm2:mfe600h@rtu-tcp:dtu-1:8899/4", "--device", "g2:mk102@tcp:[fd00::7]:1502/0,asset=booth",
                       "--fact", "if-1:loop=closed", "--fact", "paint-1:paint=solvent", "--rated", "if-1:Q_IN=40",
                       "--role", "if-1:T_OUT=pt.t1,pt.t2", "--role", "if-1:Q_IN=fm.flow",
                       "--override", "paint-1:GAS-FLT-01.delay_s=10.5", "--override", "if-1:CW-ABS-02.delay_s=0",
                       "--override", "paint-1:GAS-FLT-02.delay_s=60", "--override", "paint-1:GAS-FLT-01.clear_s=60")
    assert whole.returncode == 0 and not whole.stderr, whole
    assert check(path).returncode == 0, check(path)
    site, text = plain(path)
    assert [b.get("host", b.get("port")) for b in site["buses"].values()] == \
        ["192.168.10.20", "/dev/ttyS0", "dtu-1", "fd00::7"], site["buses"]
    assert site["buses"]["bus-3"]["framing"] == "rtu" and site["buses"]["bus-3"]["port"] == 8899
    assert site["devices"]["fm2"] == {"bus": "bus-3", "unit": 4, "profile": "mfe600h"}
    # What the profiles say is mapped, what was told is kept, what is left is told in both places.
    paint, furnace = site["assets"]["paint-1"], site["assets"]["if-1"]
    assert paint["roles"]["GAS"] == ["gas.p1", "gas.p2", "gas.p3"] and len(paint["roles"]) == 5, paint
    booth = site["assets"]["booth"]["roles"]
    assert len(booth["GAS_STATE"]) == 8 and booth["CTRL_MAINS_FAULT"] == ["g2.mains_fault"], booth
    assert furnace["roles"] == {"T_OUT": ["pt.t1", "pt.t2"], "Q_IN": "fm.flow"}, furnace
    assert furnace["rated"] == {"Q_IN": 40} and furnace["facts"] == {"loop": "closed"}
    assert furnace["overrides"] == {"CW-ABS-02": {"delay_s": 0}}, furnace
    assert paint["overrides"] == {"GAS-FLT-01": {"delay_s": 10.5, "clear_s": 60}, "GAS-FLT-02": {"delay_s": 60}}, paint
    assert "// the catalogue's: delay_s 600, clear_s 86400\n" in text, text
    assert site["publish"]["mqtt"] == {"host": "mqtt.platform.example", "port": 8884, "receipts": False}, site["publish"]
    assert path.stat().st_mode & 0o044 == 0o044, "the service can read it"
    assert "Q_OUT or DI_QDIFF is required [CW-ABS-02]" in whole.stdout, whole.stdout
    to_do = [ln for ln in text.splitlines() if "to do" in ln]
    assert len(to_do) == 2 and "Q_OUT 冷却水出水流量" in to_do[1], to_do  # the head of the file explains the word
    assert "fm2.flow" in text.split("Q_OUT 冷却水出水流量")[1] and "7(4)" in text, text

    # Never over a file; nothing is left of one that cannot be made.
    before = path.read_bytes()
    again, _ = init(rig, *PLANT, *WHO, output=path)
    assert again.returncode == 2 and "never written over" in again.stderr and path.read_bytes() == before, again
    assert init(rig, *PLANT, *WHO, output=rig.dir / "no/such/folder.json")[0].returncode == 2

    # A broker: by TLS, but for one on this box that has none.
    for broker, want in (("127.0.0.1:1883", ("127.0.0.1", 1883, False)), ("[::1]:1883", ("::1", 1883, False)),
                         ("localhost", ("localhost", 8883, None)), ("10.0.0.1:1883", ("10.0.0.1", 1883, None)),
                         ("[fd00::7]", ("fd00::7", 8883, None))):
        done, path = init(rig, *PLANT, *WHO, "--mqtt", broker)
        assert done.returncode == 0 and check(path).returncode == 0, (broker, done)
        mqtt = plain(path)[0]["publish"]["mqtt"]
        assert (mqtt["host"], mqtt["port"], mqtt.get("tls")) == want, (broker, mqtt)

    # Blanks: named, and the only errors.
    bare, path = init(rig, *PLANT)
    assert bare.returncode == 1, bare
    blanks = {"id", "uscc", "name", "county"}
    said = check(path)
    assert said.returncode == 78 and set(re.findall(r'"(\w+)" is missing', said.stderr)) == blanks, said
    assert "4 issues" in said.stderr and all(f"/{key}: " in bare.stdout for key in blanks), (said, bare)
    assert all(f'// to do: "{key}"' in path.read_text() for key in blanks)
    # Filled in where they stand, they are all that was missing.
    values = dict(zip(("id", "uscc", "name", "county"), WHO[1::2]))
    text = re.sub(r'// to do: "(\w+)": "", - .*', lambda m: f'"{m[1]}": "{values[m[1]]}",', path.read_text())
    path.write_text(text)
    assert check(path).returncode == 0, check(path)

    # Every sector with every asset type: each file is accepted.
    catalogue, _ = plain(ROOT / "config/findings.json")
    types = [t for t in catalogue["asset_types"] if t != "gateway"]
    for sector in ("metallurgy", "nonferrous", "building", "machinery", "light", "textile", "tobacco", "commerce"):
        assets = [w for t in types for w in ("--asset", f"{t}:a-{t}")]
        done, path = init(rig, "--sector", sector, *WHO, *assets)
        assert done.returncode == 0 and check(path).returncode == 0, (sector, done, check(path))
    # Every profile: its roles are roles of the catalogue, and points of the right kind.
    for profile in sorted((ROOT / "config/devices").glob("*.json")):
        of, _ = plain(profile)
        if "points" not in of:
            continue
        done, path = init(rig, "--sector", "machinery", *WHO, "--asset", "paint_mix:a",
                          "--device", f"d:{profile.stem}@tcp:127.0.0.1/1,asset=a")
        assert done.returncode == 0, done
        named = {p["role"] for p in of["points"] if "role" in p}
        assert set(plain(path)[0]["assets"]["a"]["roles"]) == named, (profile, named)
        said = check(path)
        assert said.returncode == 0, said

    # Several assets that need a controller: it is asked whose it is.
    two, path = init(rig, "--sector", "machinery", *WHO, "--asset", "paint_mix:a", "--asset", "spray_booth:b",
                     "--device", "gas:ax100@tcp:127.0.0.1/1")
    assert two.returncode == 0 and "device gas: several assets need it" in two.stdout, two
    assert not plain(path)[0]["assets"]["a"]["roles"]
    assert init(rig, *PLANT, *WHO, output="-")[0].stdout.startswith("// A site file")

    wrong = [("--sector", "heavy"), ("--asset", "furnace:x"), ("--asset", "if_furnace"), ("--asset", "if_furnace:a b"),
             ("--device", "gas"), ("--device", "gas:ax100@192.168.1.1/1"), ("--device", "gas:ax100@tcp:h/256"),
             ("--device", "gas:ax100@tcp:h:0/1"), ("--device", "gas:ax100@rtu:ttyS0/1"),
             ("--device", "gas:ax100@tcp:h/1,asset=none"), ("--device", "gas:ax100@tcp:h/1,bogus=1"),
             ("--fact", "if-1:loop=round"), ("--fact", "if-1:bogus=x"), ("--fact", "none:loop=open"),
             ("--rated", "if-1:Q_IN=much"), ("--rated", "if-1:Q_IN=-1"), ("--role", "if-1:BOGUS=x.y"),
             ("--role", "if-1:T_OUT="), ("--role", "nobody:T_OUT=pt.t1"), ("--uscc", "91371311MAXX00015X"),
             ("--mqtt", "fd00::7"), ("--mqtt", ":1883"), ("--mqtt", "h:0"), ("--rated", "if-1:Q_IN=40."),
             ("--override", "if-1:CW-ABS-02=10"), ("--override", "if-1:CW-ABS-02.delay_s=ten"),
             ("--override", "if-1:CW-ABS-02.delay_s=259201"), ("--override", "if-1:CW-ABS-02.limit=1"),
             ("--override", "if-1:CW-ABS-99.delay_s=1"), ("--override", "none:CW-ABS-02.delay_s=1"),
             ("--override", "if-1:CW-ABS-02.delay_s=1", "--override", "if-1:CW-ABS-02.delay_s=2"),
             ("--county", "37"), ("--id", "a b"), ("--bogus", "x"), ("word",)]
    for args in wrong:
        done, path = init(rig, *PLANT, *args)
        assert done.returncode == 64 and done.stderr and not path.exists(), (args, done)
    done, _ = init(rig, "--sector", "machinery", "--asset", "furnace:x")
    assert "if_furnace" in done.stderr, done
    done, path = init(rig, *PLANT, "--device", "gas:nosuch@tcp:h/1")
    assert done.returncode == 2 and "no profile nosuch" in done.stderr and not path.exists(), done
    done, path = init(rig, *PLANT, *WHO, "--role", "if-1:T_OUT=pt.t9")
    assert done.returncode == 1 and 'no device "pt"' in done.stdout, done  # as --check says it
    listed = init(rig, "--list")[0]
    assert listed.returncode == 0 and all(w in listed.stdout for w in ("machinery", "if_furnace", "ax100", "T_OUT",
                                                                       "loop=closed|open", "honeywell-xcd")), listed
    assert init(rig, *PLANT, "--catalogue", str(rig.dir / "none.json"))[0].returncode == 2


def terminal(rig):
    """The questions, on a terminal."""
    answers = ["heavy", "machinery", "gw-2", "not a code", "91371311MAXX00015G", "测试铸造有限公司", "371311",
               "?", "furnace:x", "if_furnace:if-1:1号炉", "round", "closed", "paint_mix:paint-1", "", "",
               "gas:ax100@tcp:127.0.0.1/1", "nonsense", "", ""]
    path = rig.dir / "asked.json"
    ours, theirs = pty.openpty()
    done = subprocess.Popen([CTL, "init", *HERE, "-o", str(path)], stdin=theirs, stdout=subprocess.PIPE, text=True)
    os.close(theirs)
    os.write(ours, ("\n".join(answers) + "\n").encode())
    said = done.communicate(timeout=30)[0]
    os.close(ours)
    assert done.returncode == 0, said
    assert check(path).returncode == 0
    site, _ = plain(path)
    assert site["assets"]["if-1"]["facts"] == {"loop": "closed"} and site["gateway"]["id"] == "gw-2"
    assert len(site["assets"]["paint-1"]["roles"]["GAS"]) == 4
    for words in ('no sector "heavy"', "That cannot be it", "is one of these meant", "--list shows"):
        assert words in said, (words, said)
    # An input that ends writes nothing.
    done, path = init(rig, "--ask", input="machinery\n")
    assert done.returncode == 64 and not path.exists(), done
    assert init(rig, input="")[0].returncode == 64


def live(rig):
    """From nothing to live points with a plant."""
    _, ports = rig.plant(stories.scenario())
    site = stories.site(ports)
    gas = next(d for d in site["devices"].values() if d["profile"] == "ax100")
    port = site["buses"][gas["bus"]]["port"]
    done, path = init(rig, *PLANT, *WHO, "--state-dir", str(rig.dir / "state"), "--device",
                      f"gas:ax100@tcp:127.0.0.1:{port}/{gas['unit']},channels={gas.get('channels', 4)}")
    assert done.returncode == 0, done
    rig.gateway(path)

    def points():
        asked = subprocess.run([CTL, "-s", str(rig.dir / "state/control.sock"), "--json", "points"], capture_output=True,
                               text=True, timeout=30)
        return asked.returncode == 0 and {p["quality"] for p in json.loads(asked.stdout)["points"]} == {"GOOD"}
    until("live points", 30, points)


def main():
    for part in (files, terminal, live):
        with Rig() as rig:
            part(rig)
        print("as wanted:", part.__name__)


run(main)
