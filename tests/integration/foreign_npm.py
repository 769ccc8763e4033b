# SPDX-License-Identifier: Apache-2.0
"""Servers of others from the npm registry, at the versions and hashes of npm/package-lock.json."""
import shutil
import subprocess

from harness import BUILD, ROOT

HERE = ROOT / "tests/integration"


def npm_folder():
    """The folder with the installed packages of npm/package-lock.json."""
    folder = BUILD / "foreign-npm"
    done = folder / "done"
    lock = (HERE / "npm/package-lock.json").read_text()
    if not done.exists() or done.read_text() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "npm" / name, folder)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        done.write_text(lock)
    return folder
