# SPDX-License-Identifier: Apache-2.0
"""The package in a clean Debian 12: install, try out and purge, by the commands of the README, word for word.

The programs are those of the release build beside this one. The root file system is a folder, so no systemd runs in
it: where the README starts a service, its own ExecStart is run as its own user. tests/gpio boots the real thing.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/release"
BASE = ROOT / "build/package/base.tar"
WAIT = 90  # seconds; for what takes seconds


def until(what, seconds, ready):
    end = time.monotonic() + seconds
    while True:
        got = ready()
        if got:
            return got
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.2)


def build():
    """Makes the package anew; returns its path."""
    out = pathlib.Path(tempfile.mkdtemp(prefix="nonsite-deb."))
    subprocess.run(["cmake", "--build", str(BUILD), "--target", "nonsited", "nonsitectl", "nonsite-plant",
                    "nonsite-desk"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cpack", "-G", "DEB", "-B", str(out), "--config", "CPackConfig.cmake"], cwd=BUILD, check=True,
                   stdout=subprocess.DEVNULL)
    (deb,) = out.glob("*.deb")
    return deb


def lint(deb):
    """lintian finds nothing but what config/deb/lintian-overrides justifies."""
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", str(deb)], capture_output=True,
                          text=True)
    assert done.returncode == 0 and not re.search(r"^[EW]:", done.stdout, re.M), done.stdout + done.stderr


def contents(deb):
    """Each program has its manual, what is typed completes, and what a unit says of its documents is there."""
    listed = subprocess.run(["dpkg-deb", "-c", str(deb)], capture_output=True, text=True, check=True).stdout
    files = {line.split(None, 5)[5].lstrip(".") for line in listed.splitlines()}
    programs = {f for f in files if re.fullmatch(r"/usr/s?bin/.+", f)}
    assert len(programs) == 4, programs
    want = {f"/usr/share/man/man{'8' if '/sbin/' in p else '1'}/{p.split('/')[-1]}.{'8' if '/sbin/' in p else '1'}.gz"
            for p in programs}
    want |= {"/usr/share/man/man5/nonsite-site.5.gz"}
    for tree in ("gateway/ctl/completion", "systemd/examples", "config/training"):
        place = {"gateway/ctl/completion": "bash-completion/completions", "systemd/examples":
                 "doc/nonsite-gateway/examples", "config/training": "nonsite-gateway/training"}[tree]
        want |= {f"/usr/share/{place}/{f.name}" for f in (ROOT / tree).iterdir()}
    for unit in (ROOT / "systemd").glob("*.service"):
        text = unit.read_text()
        want |= {f"/lib/systemd/system/{unit.name}", re.search(r"^ExecStart=(\S+)", text, re.M)[1]}
        want |= set(re.findall(r"file://(\S+)", text))
        want |= {f"/usr/share/man/man{n}/{page}.{n}.gz" for page, n in re.findall(r"man:([\w-]+)\((\d)\)", text)}
    assert not want - files, (want - files, sorted(files))


def version(deb, name):
    depends = subprocess.run(["dpkg-deb", "-f", str(deb), "Depends"], capture_output=True, text=True,
                             check=True).stdout
    got = dict(re.findall(r"([a-z0-9.+-]+)(?: \(>= ([^)]*)\))?", depends))
    return got.get(name)


def depends(deb):
    """What the list in config/deb/package.cmake lacks: dpkg-shlibdeps reads it from the programs."""
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        (work / "debian").mkdir()
        (work / "debian/control").write_text("Source: nonsite-gateway\n\nPackage: nonsite-gateway\nArchitecture: any\n")
        programs = [str(BUILD / "bin" / p) for p in ("nonsited", "nonsitectl", "nonsite-plant", "nonsite-desk")]
        seen = subprocess.run(["dpkg-shlibdeps", "-O", *programs], cwd=work, capture_output=True, text=True,
                              check=True).stdout
    for name, least in re.findall(r"([a-z0-9.+-]+) \(>= ([^)]*)\)", seen):
        ours = version(deb, name)
        assert ours, f"Depends lacks {name} (>= {least})"
        assert subprocess.run(["dpkg", "--compare-versions", ours, "ge", least]).returncode == 0, (name, ours, least)


def commands():
    """The command blocks of the README's section Install, in order; each block a list of lines."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("\n## Install\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```", section, re.M | re.S)
    assert blocks, "the README has no commands"
    blocks = [re.sub(r" *\\\n *", " ", b) for b in blocks]  # a command on several lines
    return [[line.split(" #")[0].rstrip() for line in b.splitlines() if line.strip()] for b in blocks]


class Box:
    """A Debian in a folder, with a network of its own once it is cut off."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="debian-box."))
        self.background, self.holder = [], None
        subprocess.run(["tar", "-xf", str(BASE), "-C", str(self.root)], check=True)
        self.root.chmod(0o755)
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        (self.root / "etc/hosts").write_text("127.0.0.1 localhost\n")  # the installer of Debian writes it
        # As on any box that is not to start daemons while it is being built.
        policy = self.root / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        for kind, target in (("proc", "proc"), ("tmpfs", "run")):
            subprocess.run(["mount", "-t", kind, kind, str(self.root / target)], check=True)
        # Packages that were fetched once for this build folder.
        cache = ROOT / "build/package/archives"
        (cache / "partial").mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "--bind", str(cache), str(self.root / "var/cache/apt/archives")], check=True)
        (self.root / "etc/apt/apt.conf.d/90keep").write_text('APT::Keep-Downloaded-Packages "true";\n'
                                                              'APT::Sandbox::User "root";\n')

    def argv(self, command, user=None):
        argv = ["chroot", str(self.root)]
        if self.holder:
            argv = ["nsenter", "--net", f"--target={self.holder.pid}", *argv]
        if user:
            name, group = user
            argv += ["setpriv", f"--reuid={name}", f"--regid={group}", "--init-groups", "--"]
        return [*argv, *command]

    def run(self, line, check=True):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LANG": "C.UTF-8",
               "HOME": "/root"}
        done = subprocess.run(self.argv(["sh", "-ec", f"cd /root\n{line}"]), env=env, capture_output=True, text=True)
        assert not check or done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done

    def start(self, command, user=None, **environment):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **environment}
        log = open(self.root / "root" / f"{len(self.background)}-{pathlib.Path(command[0]).name}.log", "ab")
        p = subprocess.Popen(self.argv(command, user), env=env, stdout=log, stderr=log, start_new_session=True)
        log.close()
        self.background.append(p)
        return p

    def cut_off(self):
        """From here on there is nothing but loopback, and no port of this machine is taken."""
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && exec sleep 3600"])
        until("the network of the box", WAIT, lambda: subprocess.run(
            ["nsenter", "--net", f"--target={self.holder.pid}", "ip", "-o", "addr", "show", "lo", "up"],
            capture_output=True).stdout)

    def serve(self, name):
        """What systemd does with a unit, as far as a folder goes."""
        unit = (self.root / f"lib/systemd/system/{name}.service").read_text()

        def value(key):
            found = re.search(rf"^{key}=(.*)$", unit, re.M)
            return found and found[1]
        condition = value("ConditionPathExists")
        assert (self.root / condition[1:]).exists(), condition
        for program in re.findall(r"^Exec\w+=(/\S+)", unit, re.M):
            self.run(f"test -x {program}")
        environment = {}
        for kind, place in (("Runtime", "/run"), ("State", "/var/lib")):
            if value(f"{kind}Directory"):
                folder = environment[f"{kind.upper()}_DIRECTORY"] = f"{place}/{value(f'{kind}Directory')}"
                self.run(f"install -d -m {value(f'{kind}DirectoryMode')} -o {value('User')} -g {value('Group')} {folder}")
        return self.start(["sh", "-c", f"umask {value('UMask')}; exec {value('ExecStart')}"],
                          (value("User"), value("Group")), **environment)

    def end(self, p):
        if p.poll() is None:
            os.killpg(p.pid, signal.SIGTERM)
        p.wait(60)
        return p.returncode

    def close(self):
        for p in reversed(self.background):
            try:
                self.end(p)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
        if self.holder:
            self.holder.kill()
        for target in ("var/cache/apt/archives", "run", "proc"):
            subprocess.run(["umount", "-l", str(self.root / target)])
        shutil.rmtree(self.root)

    def traces(self):
        """Everything of ours that is on the box."""
        skip = [f"{self.root}/{d}" for d in ("proc", "var/log", "var/cache", "var/lib/apt", "root")]
        prune = sum((["-path", d, "-prune", "-o"] for d in skip), [])
        found = subprocess.run(["find", str(self.root), *prune, "(", "-name", "*nonsite*", "-o", "-nouser", "-o",
                                "-nogroup", ")", "-print"], capture_output=True, text=True, check=True).stdout.split()
        for file in ("passwd", "group", "shadow", "gshadow"):
            found += [f"{file}: {line}" for line in (self.root / "etc" / file).read_text().splitlines()
                      if "nonsite" in line or line.startswith("gpio:")]
        return found


def try_out(box, lines):
    """The README's block, command by command."""
    said = {}
    for line in lines:
        if line.startswith("systemctl start "):
            box.daemon = box.serve(line.split()[-1])
            until("the daemon's socket", WAIT, lambda: box.run("test -S /run/nonsite-gateway/control.sock", False)
                  .returncode == 0)
        elif line.endswith("&"):
            words = line[:-1].strip()
            box.start(["sh", "-c", f"cd /root; exec {words}"])
        else:
            said[line] = box.run(line).stdout
        print(f"  {line}", flush=True)
    return said


def live(box):
    points = json.loads(box.run("nonsitectl --json points").stdout)["points"]
    good = [p for p in points if p["quality"] == "GOOD"]
    return good if len(good) == len(points) else None


def leads(box):
    """As nonsitectl tells them, once the broker has had each one, too."""
    path = box.root / "root/leads"
    sent = [json.loads(line)["record"]["id"] for line in path.read_text().splitlines()] if path.exists() else []
    told = json.loads(box.run("nonsitectl --json leads").stdout)["leads"]
    return told if all(lead["id"] in sent for lead in told) else []


def desk(box):
    """The platform's end as a service: it keeps what the gateway sends, and only its user and group can look."""
    folder, state = box.root / "etc/nonsite-desk", box.root / "var/lib/nonsite-desk"
    box.run("install -m 644 /var/lib/nonsite-gateway/signing.key.pub /etc/nonsite-desk/training-01.pub")
    text = (ROOT / "config/interface/desk.md").read_text(encoding="utf-8").split("\n## As a service\n")[1]
    example = re.search(r"^    (\{\n.*?\n    \})$", text, re.M | re.S)[1]
    conf = json.loads(example)
    conf["broker"] = {"host": "127.0.0.1", "port": 1883, "tls": False}
    conf["gateways"] = {"training-01": {"keys": ["training-01.pub"]}}
    (folder / "desk.json").write_text(json.dumps(conf))
    box.run("systemctl enable nonsite-desk")
    process = box.serve("nonsite-desk")

    def heard():
        path = state / "pages/gateways.json"
        rows = json.loads(path.read_text()) if path.exists() else []
        return any(g["gateway"] == "training-01" and g["state"] != "never" for g in rows)
    until("the desk hears the gateway", WAIT, heard)
    assert "training-01" in box.run("runuser -u nonsite-desk -- nonsite-desk /etc/nonsite-desk/desk.json status").stdout
    modes = {p.name: p.stat().st_mode & 0o777 for p in (state, state / "platform.key", state / "pages/index.html")}
    assert modes == {"nonsite-desk": 0o750, "platform.key": 0o600, "index.html": 0o640}, modes
    assert box.end(process) == 0


def main():
    if os.geteuid() != 0:
        print("only root can make a root file system")
        sys.exit(77)
    began = time.monotonic()

    def done(what):
        print(f"{time.monotonic() - began:5.1f} s  {what}", flush=True)

    subprocess.run([str(ROOT / "tests/package/root"), str(BASE)], check=True)
    done("a clean Debian 12")
    deb = build()
    lint(deb)
    contents(deb)
    depends(deb)
    done(f"{deb.name}: {deb.stat().st_size // 1024} KiB, lintian is content")

    install, trial, removal = commands()
    box = Box()
    try:
        before = box.traces()
        assert not before, before
        shutil.copy(deb, box.root / "root")
        box.run("apt-get update -qq")
        for line in install:
            box.run(line.replace("apt-get install", "apt-get install -y --no-install-recommends"))
            print(f"  {line}", flush=True)
        done("installed")
        enabled = box.root / "etc/systemd/system/multi-user.target.wants/nonsited.service"
        assert enabled.is_symlink(), "the unit is not enabled"
        assert not (box.root / "etc/nonsite-gateway/site.json").exists()
        assert box.run("id -nG nonsite").stdout.split() == ["nonsite", "dialout", "gpio"]

        box.cut_off()
        box.run("install -d -o mosquitto /run/mosquitto")  # its unit does it
        box.start(["mosquitto", "-c", "/etc/mosquitto/mosquitto.conf"])
        until("the broker", WAIT, lambda: box.run("mosquitto_pub -t x -n", False).returncode == 0)
        said = try_out(box, trial)
        assert any("fine: " in text for text in said.values()), said
        until("live points", WAIT, lambda: live(box))
        done("live points")
        first = until("a lead", WAIT, lambda: leads(box))
        assert [(lead["finding"], lead["asset"]) for lead in first] == [("CW-ABS-02", "if-1")], first
        assert "if-1" in box.run("nonsitectl cases").stdout and "CW-ABS-02" in box.run("nonsitectl leads").stdout
        done("a lead")
        desk(box)
        done("the desk")
        second = until("the lead of the dead detector", WAIT, lambda: leads(box) if len(leads(box)) > 1 else None)
        assert {(lead["finding"], lead["asset"]) for lead in second} >= {("GAS-FLT-01", "paint-1")}, second
        done("another one")
        # A member of the operators' group may ask, others may not.
        box.run("useradd -G nonsite-operator anna && useradd bert")
        for name, status in (("anna", 0), ("bert", 3)):
            got = box.run(f"setpriv --reuid={name} --regid={name} --init-groups nonsitectl cases", False)
            assert got.returncode == status, (name, got)
        assert box.end(box.daemon) == 0

        # A technician's files outlive a new version and a removal.
        site = box.root / "etc/nonsite-gateway/site.json"
        text = site.read_text() + "// changed by a technician\n"
        site.write_text(text)
        (box.root / "etc/nonsite-gateway/secrets/mqtt.password").write_text("secret\n")
        box.run("dpkg -i /root/nonsite-gateway_*.deb")
        box.run("apt-get remove -y nonsite-gateway")
        assert site.read_text() == text and (box.root / "var/lib/nonsite-gateway/signing.key").exists()
        box.run("dpkg -i /root/nonsite-gateway_*.deb")
        assert enabled.is_symlink(), "the unit is enabled again"
        for line in removal:
            box.run(line.replace("apt-get purge", "apt-get purge -y"))
            print(f"  {line}", flush=True)
        after = box.traces()
        assert not after, after
        done("purged without a trace")
    except BaseException:
        for log in sorted((box.root / "root").glob("*.log")):
            print(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}", file=sys.stderr)
        raise
    finally:
        box.close()
        shutil.rmtree(deb.parent)
    print("ok")


if __name__ == "__main__":
    main()
