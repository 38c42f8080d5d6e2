"""The file that tells plug-ins where their process is, and the lock that leaves one such process at a time.

`plugin.json` in livegen's data folder, read and written by its owner only: protocol, port, token, process, and
the command that starts another.  A process that ends leaves it with no port.
"""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from livegen import whole_files
from livegen.daemon import page_files
from livegen.daemon.recording.recordings import lock
from livegen.plugin.words import PROTOCOL

FILE, LOCK = "plugin.json", "plugin.lock"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The process: its port on 127.0.0.1 (None: it has ended), its token, its number, and how another is started."""

    port: int | None
    token: str
    pid: int
    command: Sequence[str]
    protocol: int = PROTOCOL


def tell(place: Path, where: Whereabouts) -> None:
    """Write the file.  Raises OSError."""
    page_files.write(place / FILE, json.dumps(asdict(where)))


def told(place: Path) -> dict[str, object]:
    """Give what the file says; nothing where there is none that can be believed."""
    with suppress(page_files.UnfitFile, OSError, ValueError):
        found = json.loads(page_files.read(place / FILE))
        if isinstance(found, dict):
            return found
    return {}


def claim(place: Path) -> int | None:
    """Be the one process of this user, until the file that is given back is closed; None if there is one already.

    Raises OSError.
    """
    whole_files.make_folder(place, 0o700)
    file = os.open(place / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    if lock(file):
        return file
    os.close(file)
    return None
