# SPDX-License-Identifier: Apache-2.0
"""The desk's pages before validators that nobody here wrote: Atom by xmllint and the grammar of RFC 4287, JSON Feed by
ajv, HTML by html-validate (standard and accessibility rules).

usage: pages.py FOLDER     GW_BUILD: where the npm packages are kept. desk.py and demo.py call validate()."""
import pathlib
import shutil
import subprocess
import sys

from foreign_npm import npm_folder
from harness import ROOT

HERE = ROOT / "tests/integration"


def validate(folder):
    """Every feed and page below the folder is valid; returns how many of each."""
    folder = pathlib.Path(folder).resolve()
    atoms, feeds, pages = (sorted(folder.rglob(p)) for p in ("feed.atom", "feed.json", "*.html"))
    assert atoms and feeds and pages, (atoms, feeds, pages)
    npm = npm_folder()
    for name in ("jsonfeed.js", "htmlvalidate.json"):
        shutil.copy(HERE / "npm" / name, npm)
    for argv in (
        ["xmllint", "--noout", "--nonet", "--relaxng", HERE / "schema/atom.rng", *atoms],
        ["node", "jsonfeed.js", HERE / "schema/jsonfeed.schema.json", *feeds],
        ["node", "node_modules/html-validate/bin/html-validate.js", "--config", "htmlvalidate.json", *pages],
    ):
        done = subprocess.run([str(a) for a in argv], cwd=npm, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{argv[:2]}: {done.stdout[-6000:]}{done.stderr[-3000:]}"
    return len(atoms), len(feeds), len(pages)


if __name__ == "__main__":
    print("valid: %d Atom feeds, %d JSON feeds, %d pages" % validate(sys.argv[1]))
