"""Recordings of rooms become MIDI files in a folder, beside the music.  Knows files."""

import logging
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Thread

from livegen.daemon.recording import recordings
from livegen.daemon.recording.recordings import MIDI
from livegen.errors import LivegenError
from livegen.jam.reports.rows import JournalError
from livegen.music.files import smf
from livegen.studio.recording import RoomRecording

log = logging.getLogger(__name__)


class RoomKeeper:
    """Writes the recordings of a process's rooms into a folder, which is made where it is missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, recording: RoomRecording, now: int) -> Thread:
        """Write a recording that was over at `now`, micros, in a thread: the process does not end before it."""
        thread = Thread(target=self.write, args=(recording, now, datetime.now()))
        thread.start()
        return thread

    def write(self, recording: RoomRecording, now: int, at: datetime) -> Path | None:
        """Write it, and give the file; None for one in which nothing was played, or that cannot be written."""
        try:
            if (score := recording.score(now)) is None:
                return None
            stem = f"{recordings.moment(at)} {recording.room}"
            return recordings.save(self._folder, stem, MIDI, partial(smf.write, score=score))
        except (OSError, LivegenError, JournalError, ValueError) as error:
            log.warning("%s: the recording of a room cannot be written (%s)", self._folder, error)
            return None
