"""Writes the locks anew: `make lock`, after a change of pyproject.toml or constraints.txt.

A lock has every package that an extra brings along, of the version that constraints.txt says, with the hashes of all
its files for all systems.  `serve` is livegen without extras; the lock of an extra has what comes on top of that.
"""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
SERVE = "serve"
# Torch is built for each kind of processor and card, and the builds come from several places: train and cluster, which
# need it, have versions and no hashes.
LOCKED = ("link", "listen", "mcp", "score", "sound", "words", "fuzz", "dev")
HEADING = "# Written by `make lock`, never by hand: every package with the hashes of its files.\n"
_UV = (
    "pip",
    "compile",
    "--quiet",
    "--universal",
    "--generate-hashes",
    "--no-annotate",
    "--no-header",
)


def rows(lock: str) -> list[str]:
    """The packages of a lock, each with its hashes, as they are written."""
    return re.findall(r"^[^\s#].*(?:\n +--hash.*)*\n", lock, re.MULTILINE)


def compiled(*extra: str) -> list[str]:
    """The packages of livegen with an extra.  Asks the package index."""
    given = [
        "--constraint",
        "constraints.txt",
        "--python-version",
        "3.11",
        *(f"--extra={one}" for one in extra),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "uv", *_UV, *given, "pyproject.toml"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return rows(done.stdout)


def main() -> None:
    """Write all locks."""
    base = compiled()
    written = {SERVE: base} | {
        extra: [row for row in compiled(extra) if row not in base] for extra in LOCKED
    }
    for name, found in written.items():
        (HERE / f"{name}.txt").write_text(HEADING + "".join(found))
        print(f"{name}: {len(found)} packages")


if __name__ == "__main__":
    main()
