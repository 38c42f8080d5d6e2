"""The folder of recordings: where it lies, what its files are called, and how they are written safely.

Nothing in it is ever written over.  Whatever cannot be written costs neither the music nor what was written
before.  Knows paths and lines; knows no music.  Standard library only.

A person's recordings are never deleted unless `journals` says how many to keep; what goes then are the oldest
journals, never a MIDI file.
"""

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from livegen import whole_files
from livegen.daemon.recording import names
from livegen.errors import LivegenError
from livegen.home import base_folder, home

JOURNAL, MIDI = ".jsonl", ".mid"
_WRITTEN = (MIDI, ".midi")  # names of the MIDI files that livegen writes
RETRY_US = 5_000_000  # between two attempts to write where it failed
SYNC_US = 1_000_000  # how much may be lost to a power failure; to a crash of ours nothing that was flushed
MAX_WAITING = 8 << 20  # bytes kept for a disk that is full

_SESSION = re.compile(r"\d{4}-\d\d-\d\d \d{6}( \d+)?\.jsonl")
_MOST_NAMES = 1000
_CHUNK = 1 << 20


class RecordingError(LivegenError):
    """A recording cannot be named or written so."""


class BusyError(RecordingError):
    """Another livegen records there."""


# --- names --------------------------------------------------------------------------------------------------------


def default_folder(
    environment: Mapping[str, str] = os.environ, platform: str = sys.platform
) -> Path:
    """The folder of recordings unless somebody says otherwise: the person's data folder, as each system has it.

    Raises ConfigError where there is no home folder.
    """
    if platform == "win32":
        base = base_folder(environment, "LOCALAPPDATA", "AppData", "Local")
    elif platform == "darwin":
        base = home() / "Library" / "Application Support"
    else:
        base = base_folder(environment, "XDG_DATA_HOME", ".local", "share")
    return base / "livegen" / "recordings"


def checked_name(name: str) -> str:
    """The name, if a file of any system may have it.  Raises RecordingError."""
    if not names.is_safe(name):
        raise RecordingError(f"{name!r:.60} is no name for a recording: {names.RULE}")
    return name


def place(folder: Path, name: str) -> Path:
    """The path of a name in the folder, nowhere else.  Raises RecordingError."""
    path = folder / checked_name(name)
    if path.resolve().parent != folder.resolve():
        raise RecordingError(f"{name!r} leads out of the folder of recordings")
    return path


def moment(when: datetime) -> str:
    """The name of a file by its time: `2026-11-21 063012`."""
    return f"{when:%Y-%m-%d %H%M%S}"


def create(folder: Path, stem: str, suffix: str) -> tuple[Path, int]:
    """Create a file that was not there, "stem 2" and so on where one is; its path and descriptor.

    Only the person may read it; its name is on the disk when its folder is synced.  Raises OSError or RecordingError.
    """
    whole_files.make_folder(folder, 0o700)
    for path in _candidates(folder, stem, suffix):
        with suppress(FileExistsError):
            return path, os.open(path, whole_files.NEW, 0o600)
    raise RecordingError(f"{folder}: {_MOST_NAMES} files have the name {stem}; move some elsewhere")


def lock(file: int) -> bool:
    """Take an open file for this process until it is closed; False if another has it.  Windows locks by itself."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def save(folder: Path, stem: str, suffix: str, write: Callable[[Path], None]) -> Path:
    """Let `write` fill a new file and give its path: all of it is there under that name, or nothing.

    Raises what `write` raises, OSError or RecordingError; then no file is left.
    """
    whole_files.make_folder(folder, 0o700)
    with whole_files.draft(place(folder, f"{stem}{suffix}"), 0o600) as draft:
        write(draft)
        for path in _candidates(folder, stem, suffix):
            with suppress(FileExistsError):
                whole_files.give_name(draft, path)
                return path
    raise RecordingError(f"{folder}: {_MOST_NAMES} files have the name {stem}; move some elsewhere")


def midi_name(path: Path) -> Path:
    """The path of a MIDI file to be written.  Raises RecordingError for one that is called like something else."""
    if path.suffix.lower() not in _WRITTEN:
        raise RecordingError(f"{path}: livegen writes MIDI; name it {path.with_suffix(MIDI)}")
    return path


def numbered(path: Path) -> Iterator[Path]:
    """Names to try for a file: its own, jam.mid, then jam-2.mid and so on."""
    yield path
    for number in range(2, _MOST_NAMES):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def _candidates(folder: Path, stem: str, suffix: str) -> Iterator[Path]:
    yield place(folder, f"{stem}{suffix}")
    for number in range(2, _MOST_NAMES):
        yield place(folder, f"{stem} {number}{suffix}")


def is_session(name: str) -> bool:
    """True if a file of this name is the journal of a session."""
    return _SESSION.fullmatch(name) is not None


def keep_newest(folder: Path, journals: int) -> list[Path]:
    """Delete all journals of sessions but the newest ones; which.  0 deletes none."""
    found = sorted(path for path in folder.glob(f"*{JOURNAL}") if is_session(path.name))
    gone = found[:-journals] if journals > 0 else []
    for path in gone:
        with suppress(OSError):
            path.unlink()
    return gone


def fingerprint(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal; "" where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


# --- a file that grows --------------------------------------------------------------------------------------------


class Log:
    """An append-only file of lines that outlives a disk that is full, away or read-only.

    `open_file` creates it, and is asked again where that failed.  Lines wait up to a limit for better times;
    beyond it they are lost, and `lost(count)` gives the line that says so.  `failure` tells why nothing is written
    now, else None.  What is in the file always ends with a whole line.
    """

    def __init__(self, open_file: Callable[[], int], lost: Callable[[int], str]) -> None:
        self._open_file, self._lost_line = open_file, lost
        self._file: int | None = None
        self._waiting = bytearray()
        self._whole = 0  # bytes of the file that end with a whole line
        self._lost = 0
        self._retry_at = self._synced_at = 0
        self._is_dirty = False
        self.failure: str | None = None

    def put(self, line: str) -> None:
        """Take a line, without its end."""
        if len(self._waiting) > MAX_WAITING:
            self._lost += 1
        else:
            self._waiting += line.encode() + b"\n"

    def flush(self, now: int) -> None:
        """Hand all lines to the system, and once a second to the disk; after a failure every five seconds."""
        if self.failure is None or now >= self._retry_at:
            try:
                self._write()
                self.failure = None
                self._sync(now)
            except (OSError, RecordingError) as error:
                self.failure = getattr(error, "strerror", None) or str(error)
                self._retry_at = now + RETRY_US

    def close(self) -> None:
        """Write what can be written now, and close the file."""
        with suppress(OSError, RecordingError):
            self._write()
            if self._file is not None:
                os.fsync(self._file)
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self) -> None:
        if self._file is None:
            self._file = self._open_file()
        while self._waiting or self._lost:
            self._append()
            if self._lost:
                self._waiting += self._lost_line(self._lost).encode() + b"\n"
                self._lost = 0

    def _append(self) -> None:
        """Append what waits in pieces of whole lines, so that a failure leaves no part of one behind."""
        assert self._file is not None
        while self._waiting:
            piece = bytes(self._waiting[: self._waiting.find(b"\n", _CHUNK) + 1 or None])
            try:
                self._append_piece(piece)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(self._file, self._whole)
                raise
            self._whole += len(piece)
            del self._waiting[: len(piece)]

    def _append_piece(self, piece: bytes) -> None:
        assert self._file is not None
        self._is_dirty = True
        while piece:
            piece = piece[os.write(self._file, piece) :]

    def _sync(self, now: int) -> None:
        if self._is_dirty and self._file is not None and now - self._synced_at >= SYNC_US:
            self._synced_at, self._is_dirty = now, False
            os.fsync(self._file)
