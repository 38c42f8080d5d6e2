"""The MIDI files in the folder of recordings: listed, given, renamed, thrown away and taken back, by name only.

Whatever is asked for is one name in one folder: no paths, no links, no other kinds of file, and nothing is written
over.  What is thrown away lies in the folder `.trash` inside until a person empties it.  Blocking: call it in a
thread.  Knows no HTTP.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

from livegen import whole_files
from livegen.daemon.recording import names
from livegen.daemon.recording.recordings import MIDI, RecordingError, checked_name
from livegen.errors import LivegenError

MOST_LISTED = 500
MOST_BYTES = 32 << 20
MOST_TIMED = 4 << 20  # bytes; how long a longer file plays is not looked for
TRASH = ".trash"
_MOST_NAMES = 1000
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_READ |= getattr(os, "O_NOFOLLOW", 0) | getattr(
    os, "O_NONBLOCK", 0
)  # no links, and no pipe that waits


class NotThere(LivegenError):
    """No recording has that name."""


class NameTaken(LivegenError):
    """Another recording has that name."""


class Shelf:
    """A folder, which need not exist.  Threads: any, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._trash = folder, folder / TRASH
        self._seconds: dict[tuple[str, int, int], float | None] = {}

    def listed(self) -> list[dict[str, Any]]:
        """Name, bytes, when it was modified (seconds since 1970) and seconds of each, newest first."""
        found = []
        with suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            found = [
                (entry.stat(follow_symlinks=False), entry.name)
                for entry in entries
                if _is_recording(entry.name) and entry.is_file(follow_symlinks=False)
            ]
        found.sort(key=lambda one: (one[0].st_mtime_ns, one[1]), reverse=True)
        known = {self._key(name, about): name for about, name in found[:MOST_LISTED]}
        self._seconds = {key: value for key, value in self._seconds.items() if key in known}
        return [self._told(about, name) for about, name in found[:MOST_LISTED]]

    def read(self, name: str) -> bytes:
        """The bytes of a recording.  Raises NotThere or RecordingError."""
        path = self._path(name)
        try:
            file = os.open(path, _READ)
        except OSError:
            raise NotThere(f"there is no recording {name}") from None
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise NotThere(f"there is no recording {name}")
        with os.fdopen(file, "rb") as opened:
            data = opened.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise RecordingError(f"{name} is longer than {MOST_BYTES >> 20} MB")
        return data

    def rename(self, name: str, to: str) -> str:
        """Give a recording another name, without `.mid`; the whole new name, its accents composed.

        Raises NotThere, Taken or RecordingError.
        """
        path, target = (
            self._path(name),
            self._path(f"{names.composed(to).removesuffix(MIDI)}{MIDI}"),
        )
        if path != target:
            self._move(path, target)
        return target.name

    def throw_away(self, name: str) -> str:
        """Put a recording into the trash; its name there.  Raises NotThere or RecordingError."""
        path = self._path(name)
        _expect_file(path)
        self._trash.mkdir(mode=0o700, exist_ok=True)
        if self._trash.is_symlink():
            raise RecordingError(f"{TRASH} in the folder of recordings is a link")
        for number in range(1, _MOST_NAMES):
            again = "" if number == 1 else f" {number}"
            room = names.MOST_BYTES - len(f"{again}{MIDI}")
            target = self._trash / f"{names.cut(path.stem, room)}{again}{MIDI}"
            with suppress(NameTaken):
                self._move(path, target)
                return target.name
        raise RecordingError(f"the trash holds {_MOST_NAMES} recordings of this name; empty it")

    def take_back(self, name: str) -> str:
        """Take a recording out of the trash; its name.  Raises NotThere, Taken or RecordingError."""
        target = self._path(name)
        self._move(self._trash / target.name, target)
        return target.name

    def _path(self, name: str) -> Path:
        if not name.endswith(MIDI):
            raise RecordingError(f"{name!r:.80} is no recording")
        return self._folder / checked_name(name)

    def _move(self, path: Path, target: Path) -> None:
        _expect_file(path)
        try:
            whole_files.move(path, target)
        except FileExistsError:
            raise NameTaken(f"there is a recording {target.name} already") from None

    def _told(self, about: os.stat_result, name: str) -> dict[str, Any]:
        key = self._key(name, about)
        if key not in self._seconds:
            self._seconds[key] = self._length(name, about.st_size)
        told = {"name": name, "bytes": about.st_size, "modified": round(about.st_mtime, 3)}
        return told | {"seconds": self._seconds[key]}

    def _key(self, name: str, about: os.stat_result) -> tuple[str, int, int]:
        return name, about.st_mtime_ns, about.st_size

    def _length(self, name: str, size: int) -> float | None:
        """The length of a file as it plays; None for one that cannot be read."""
        from livegen.music.files import smf

        if size > MOST_TIMED:
            return None
        try:
            score = smf.read(self.read(name))
        except LivegenError:
            return None
        last = max((track.messages[-1][0] for track in score.tracks), default=0)
        return round(score.tempo_map.micros(last) / 1e6, 3)


def _is_recording(name: str) -> bool:
    try:
        return name.endswith(MIDI) and bool(checked_name(name))
    except RecordingError:
        return False


def _expect_file(path: Path) -> None:
    if path.is_symlink() or not path.is_file():
        raise NotThere(f"there is no recording {path.name}")
