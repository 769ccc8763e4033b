# SPDX-License-Identifier: Apache-2.0
"""Programs of others from the npm registry, at the versions and hashes of a package-lock.json."""
import shutil
import subprocess

from harness import BUILD, ROOT

HERE = ROOT / "tests/integration"


def npm_folder(source=HERE / "npm", name="foreign-npm"):
    """The folder with the installed packages of source/package-lock.json."""
    folder = BUILD / name
    done = folder / "done"
    lock = (source / "package-lock.json").read_text()
    if not done.exists() or done.read_text() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for part in ("package.json", "package-lock.json"):
            shutil.copy(source / part, folder)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        done.write_text(lock)
    return folder
