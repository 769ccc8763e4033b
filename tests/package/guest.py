# SPDX-License-Identifier: Apache-2.0
"""Makes the root of a guest with systemd and the package in it, boots it, and runs unit.py there."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from deb import ROOT, build

BASE = ROOT / "build/package/guest.tar"
# What the package depends on comes with the root, so that it can be installed without a network.
PACKAGES = ("systemd", "systemd-sysv", "udev", "dbus", "python3", "openssl", "mosquitto", "mosquitto-clients", "kmod",
            "gpiod", "iproute2", "libcjson1", "libcurl4", "libgpiod2", "libmicrohttpd12", "libmodbus5", "libsqlite3-0",
            "zlib1g", "ca-certificates")


def main():
    if os.geteuid() != 0:
        print("only root can make a root file system")
        sys.exit(77)
    made = subprocess.run([str(ROOT / "tests/package/root"), str(BASE), *PACKAGES])
    if made.returncode:
        sys.exit(made.returncode)
    deb = build()
    root = pathlib.Path(tempfile.mkdtemp(prefix="debian-guest."))
    try:
        subprocess.run(["tar", "-xf", str(BASE), "-C", str(root)], check=True)
        root.chmod(0o755)
        shutil.copy(deb, root / "root")
        (root / "etc/hosts").write_text("127.0.0.1 localhost gpio-guest\n")
        subprocess.run(["chroot", str(root), "dpkg", "-i", f"/root/{deb.name}"], check=True)
        # The harness looks for its programs in one folder.
        (root / "opt/bin").mkdir()
        for name in ("nonsited", "nonsitectl", "nonsite-plant"):
            (root / "opt/bin" / name).symlink_to(f"/usr/{'sbin' if name == 'nonsited' else 'bin'}/{name}")
        done = subprocess.run([str(ROOT / "tests/gpio/run"), "--boot", str(root), str(ROOT / "build/gpio-guest"),
                               "python3", f"/mnt{ROOT}/tests/package/unit.py"],
                              env=dict(os.environ, GW_BUILD="/opt"))
    finally:
        shutil.rmtree(root)
        shutil.rmtree(deb.parent)
    sys.exit(done.returncode)


main()
