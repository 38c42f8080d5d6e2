"""The files of the page: token and port, kept from one run to the next, and the note for the command `open`.

Three kinds of small files of the person's own, in livegen's data folder, read and written by nobody else (0600):

* `page-token`: the token, made once, so that a page that is open is let in again after a restart;
* `page-port`: the port at which the page was last, tried again where the configured one is taken;
* `running/PID.json`: the address of one livegen that runs now, the token in it; removed when that ends.

Whatever stands there is looked at before it is believed.  Nothing here may keep livegen from starting: a file that
cannot be had is a line for the person.  Standard library only: the port process comes by here.
"""

import json
import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from livegen import whole_files
from livegen.daemon.recording.recordings import default_folder

TOKEN, PORT, RUNNING = "page-token", "page-port", "running"
MOST_BYTES = 4096
PORTS = range(1024, 65536)

_IS_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")
_IS_ADDRESS = re.compile(r"http://[A-Za-z0-9.:\[\]-]{1,255}:\d{1,5}/#[A-Za-z0-9_-]{16,128}")
_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

Say = Callable[[str], object]


class UnfitFile(Exception):
    """A file that is not believed; says why."""


@dataclass(frozen=True, slots=True)
class Running:
    """A livegen whose page is served: its process, and the page's address for a browser of this machine."""

    pid: int
    url: str


def folder() -> Path:
    """The folder of these files: livegen's data folder, in which the recordings are, too."""
    return default_folder().parent


# --- the token ----------------------------------------------------------------------------------------------------


def is_token(text: str) -> bool:
    """True if a text could be a token."""
    return _IS_TOKEN.fullmatch(text) is not None


def token(place: Path, chance: Callable[[], str], say: Say) -> str:
    """The token that is kept in a folder; `chance` makes one where there is none that can be believed.

    `say` takes a line where one was replaced, or where it cannot be kept and holds for this run only.
    """
    path = place / TOKEN
    kept, why = _kept_token(path)
    if kept:
        return kept
    if why:
        say(f"{path}: {why}; it is replaced, and pages that are open must be opened again")
    made = chance()
    try:
        write(path, f"{made}\n")
    except OSError as error:
        say(
            f"{path}: cannot be written ({_reason(error)}); the page's address is for this run only"
        )
    return made


def _kept_token(path: Path) -> tuple[str, str]:
    """The token in a file, "" where there is none; and why what lies there is not believed."""
    try:
        kept = read(path).strip()
    except FileNotFoundError:
        return "", ""
    except (UnfitFile, OSError) as why:
        return "", _reason(why)
    return (kept, "") if is_token(kept) else ("", "is no token")


# --- the port -----------------------------------------------------------------------------------------------------


def last_port(place: Path) -> int | None:
    """The port at which the page was last; None where nobody knows."""
    try:
        port = int(read(place / PORT))
    except (UnfitFile, OSError, ValueError):
        return None
    return port if port in PORTS else None


def remember_port(place: Path, port: int) -> None:
    """Keep the port for the next run; where that cannot be, the next run does without."""
    if last_port(place) != port:
        with suppress(OSError):
            write(place / PORT, f"{port}\n")


# --- who runs -----------------------------------------------------------------------------------------------------


def announce(place: Path, running: Running) -> None:
    """Tell `livegen open` where the page is.  Raises OSError."""
    write(_file_of(place, running.pid), json.dumps(asdict(running)))


def withdraw(place: Path, pid: int) -> None:
    """Forget that process: it serves no page any more."""
    with suppress(OSError):
        _file_of(place, pid).unlink(missing_ok=True)


def announced(place: Path) -> list[Running]:
    """Give the notes of livegens that run, the latest first; one that was killed may be among them."""
    found = []
    for path in (place / RUNNING).glob("*.json"):
        with suppress(UnfitFile, OSError):
            found.append((path.lstat().st_mtime_ns, _running(read(path))))
    return [running for _, running in sorted(found, key=lambda one: one[0], reverse=True)]


def _running(text: str) -> Running:
    try:
        match json.loads(text):
            case {"pid": int(pid), "url": str(url)} if pid > 0 and _IS_ADDRESS.fullmatch(url):
                return Running(pid, url)
    except (ValueError, RecursionError):
        pass
    raise UnfitFile("is no address of a page")


def _file_of(place: Path, pid: int) -> Path:
    return place / RUNNING / f"{pid}.json"


# --- files that nobody else reads or writes -----------------------------------------------------------------------


def read(path: Path) -> str:
    """The text of a file of one's own.  Raises Unfit for any other, FileNotFoundError and other OSError."""
    if path.is_symlink():  # asked first, for systems that cannot refuse one when they open it
        raise UnfitFile("is a link")
    file = os.open(path, _OPEN)
    try:
        _judge(os.fstat(file))
        data = os.read(file, MOST_BYTES + 1)
    finally:
        os.close(file)
    if len(data) > MOST_BYTES or not data.isascii():
        raise UnfitFile("holds something else")
    return data.decode("ascii")


def _judge(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise UnfitFile("is no plain file")
    if os.name != "posix":
        return  # elsewhere the folder's own rights say who may read
    if found.st_uid != os.geteuid():
        raise UnfitFile("belongs to somebody else")
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UnfitFile(
            f"others may read or write it (mode {stat.S_IMODE(found.st_mode):04o}, expected 0600)"
        )


def write(path: Path, text: str) -> None:
    """Put a file in place, whole or not at all; what lay there, a link too, is replaced.  Raises OSError."""
    whole_files.make_folder(path.parent, 0o700)
    whole_files.write_text(path, text, replace=True, mode=0o600)


def _reason(why: Exception) -> str:
    return (isinstance(why, OSError) and why.strerror) or str(why)
