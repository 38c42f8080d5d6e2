"""Recordings of rooms become MIDI files in a folder, beside the music.  Knows files.

What is recorded is written down as it comes, row by row, into a draft that lies there until the MIDI file is written.
The draft of a process that was killed is found by the next one, which writes the file.
"""

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

from livegen import whole_files
from livegen.daemon.recording import recordings
from livegen.daemon.recording.recordings import MIDI, BusyError, RecordingError
from livegen.errors import LivegenError
from livegen.jam.reports.rows import JournalError
from livegen.music.files import smf
from livegen.studio.recording import RoomRecording

log = logging.getLogger(__name__)

DRAFT = ".room"
FAULTS = OSError, LivegenError, JournalError, ValueError  # of whatever cannot be written


class NoDraftError(RecordingError):
    """A file is no draft of a recording."""


class Draft(NamedTuple):
    """The draft of a recording: its path, and the open file, which is locked while its process lives."""

    path: Path
    file: int

    def write(self, row: Sequence[Any]) -> None:
        """Write a row; what cannot be written costs the draft, and not the recording."""
        with suppress(OSError):
            os.write(self.file, json.dumps(row, separators=(",", ":")).encode() + b"\n")

    def sync(self) -> None:
        """See what was written to the disk; its name is seen there with its folder."""
        with suppress(OSError):  # it may be thrown away at this moment
            os.fsync(self.file)

    def throw_away(self) -> None:
        """Delete it."""
        with suppress(OSError):
            whole_files.remove(self.path)
        os.close(self.file)


class RoomKeeper:
    """Writes the recordings of a process's rooms into a folder, which is made where it is missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._drafts: dict[RoomRecording, Draft] = {}

    def begin(self, room: str, parts: Mapping[int, str]) -> RoomRecording:
        """A recording of a room begins."""
        try:
            stem = f"{recordings.moment(datetime.now())} {room}"
            draft = Draft(*recordings.create(self._folder, stem, DRAFT))
        except (OSError, LivegenError) as error:
            log.warning("%s: a recording is not written down as it comes (%s)", self._folder, error)
            return RoomRecording(room, parts)
        recordings.lock(draft.file)
        draft.write(["room", room, {str(channel): part for channel, part in parts.items()}])
        recording = RoomRecording(room, parts, draft.write)
        self._drafts[recording] = draft
        return recording

    def keep(self, recording: RoomRecording, now: int) -> Thread:
        """Write a recording that was over at `now`, micros, in a thread: the process does not end before it."""
        draft = self._drafts.pop(recording, None)
        thread = Thread(target=self._finish, args=(recording, now, datetime.now(), draft))
        thread.start()
        return thread

    def sync(self) -> None:
        """See what was written of all recordings to the disk, which takes its time: for a thread, once a second."""
        drafts = list(self._drafts.values())
        for draft in drafts:
            draft.sync()
        if drafts:
            whole_files.sync_folder(self._folder)

    def rescue(self) -> list[Path]:
        """Write the recordings of processes that were killed, and give the files."""
        found: list[Path] = []
        for path in sorted(self._folder.glob(f"*{DRAFT}")):
            try:
                file = self.rescued(path)
            except (BusyError, NoDraftError):
                continue
            except FAULTS as error:
                self._tell(error)
                continue
            if file is not None:
                log.warning("the recording of a room whose process ended is kept: %s", file.name)
                found.append(file)
        return found

    def rescued(self, path: Path) -> Path | None:
        """Write the recording of a draft; the file, or None where nothing was played.

        Raises BusyError if it goes on, NoDraftError for another file, and `FAULTS` where no file can be written: then
        the draft stays.
        """
        draft = Draft(path, os.open(path, os.O_RDWR))
        try:
            if not recordings.lock(draft.file):  # its process lives
                raise BusyError("a studio is still recording it")
            recording = _read(path)
            at = datetime.fromtimestamp(os.fstat(draft.file).st_mtime)
            file = self._save(recording, recording.ends, at)
        except BaseException:
            os.close(draft.file)
            raise
        draft.throw_away()
        return file

    def _finish(
        self, recording: RoomRecording, now: int, at: datetime, draft: Draft | None
    ) -> None:
        """Write a file, if anything was played; the draft goes, unless the file cannot be written."""
        try:
            self._save(recording, now, at)
        except FAULTS as error:
            self._tell(error)
            if draft is not None:
                os.close(draft.file)
        else:
            if draft is not None:
                draft.throw_away()

    def _tell(self, error: Exception) -> None:
        log.warning("%s: the recording of a room cannot be written (%s)", self._folder, error)

    def _save(self, recording: RoomRecording, now: int, at: datetime) -> Path | None:
        if (score := recording.score(now)) is None:
            return None
        stem = f"{recordings.moment(at)} {recording.room}"
        return recordings.save(self._folder, stem, MIDI, partial(smf.write, score=score))


def _read(path: Path) -> RoomRecording:
    """The recording of a draft, as far as it was written.  Raises NoDraftError for another file."""
    rows = _rows(path)
    match next(rows, None):
        case ["room", str(room), dict(parts)]:
            return RoomRecording.again(
                room, {int(at): str(part) for at, part in parts.items()}, rows
            )
        case _:
            raise NoDraftError(
                "livegen did not write it: expected the recording of a studio's room"
            )


def _rows(path: Path) -> Iterator[Any]:
    with path.open("rb") as lines, suppress(ValueError):  # the last line may be half a line
        for line in lines:
            yield json.loads(line)
