"""The record of a session: lines for its journals, the last half hour, and the takes that are saved from it.

Knows frames and files by name; whoever owns the process brings both, and the time.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from livegen.daemon.processes.frames import Frame, HeardFrame, JournalFrame, SentFrame
from livegen.daemon.recording import recordings
from livegen.daemon.recording.history import History
from livegen.daemon.recording.recordings import MIDI, Log, RecordingError
from livegen.daemon.recording.takes import (
    Band,
    Bar,
    SideMessage,
    is_music,
    is_note,
    score_of,
)
from livegen.jam.reports import rows
from livegen.jam.reports.rows import Grid, Received, Row, Sent
from livegen.music.parts import MODEL, PLAYER

if TYPE_CHECKING:
    from livegen.music.files.smf import Score

CLOCKS_US = 1_000_000  # how long clock bytes are gathered for one line
MOST_CLOCKS = 1000
LEAVING_US = 100_000  # what was due at the end of a response has left by then
_CLOCK = b"\xf8"


class Keeper:
    """The record of one session.  Threads: loop only."""

    def __init__(self, logs: Mapping[str, Log], folder: Path | None, tempo_bpm: float) -> None:
        self._logs = dict(logs)
        self._folder = folder
        self._failures: dict[str, str | None] = dict.fromkeys(self._logs)
        self._ring = History(tempo_bpm)
        self._clocks: list[int] = []
        self._band = Band()
        self.has_music = False

    def take(self, frame: Frame) -> None:
        """Write down one frame."""
        match frame:
            case HeardFrame(micros=at, payload=data) if data == _CLOCK:
                self._clock(at)
            case HeardFrame(micros=at, payload=data) if data:
                self._end_clocks()
                self._put(Received(at, data))
                self._play(SideMessage(at, PLAYER, data))
            case SentFrame(micros=at, payload=data) if data:
                self._put(Sent(at, data))
                self._play(SideMessage(at, MODEL, data))
            case JournalFrame():
                self._account(frame)
            case _:
                pass

    def flush(self, now: int) -> list[str]:
        """Write what there is; lines for the person where writing stops or goes on again."""
        if self._clocks and now - self._clocks[0] >= CLOCKS_US:
            self._end_clocks()
        said = []
        for name, log in self._logs.items():
            log.flush(now)
            if (self._failures[name] is None) != (log.failure is None):
                stopped = (
                    f"cannot be written ({log.failure}); the jam goes on, and it is tried again"
                )
                said.append(f"{name}: {stopped if log.failure else 'is being written again'}")
            self._failures[name] = log.failure
        return said

    def close(self) -> None:
        """Write what is left and close the journals."""
        self._end_clocks()
        for log in self._logs.values():
            log.close()

    def capture(self, bars: int | None, now: datetime) -> Path:
        """Save the last jam, or the last so many bars of it.  Raises what saving raises."""
        return self._capture(self._ring.last(bars), now)

    def capture_all(self, now: datetime) -> Path:
        """Save all that is remembered.  Raises what saving raises."""
        return self._capture(self._ring.all(), now)

    def _capture(self, lines: Sequence[Bar], now: datetime) -> Path:
        if not lines:
            raise RecordingError("nothing was played yet")
        number = len(lines) - 1
        name = f"{recordings.moment(now)} {number}bar{'s' if number > 1 else ''}"
        return self._save(name, score_of(self._ring.played, lines))

    def keep(self, start: int, end: int, now: datetime) -> Path:
        """Save what the model played between two micros.  Raises what saving raises."""
        end += LEAVING_US
        sent = [one for one in self._ring.played if one.side == MODEL and one.at <= end]
        response = [one for one in sent if one.at >= start]
        if not response:
            raise RecordingError("there is no answer to keep")
        before = [one for one in sent if one.at < start and not is_note(one.data)]
        score = score_of(before + response, self._ring.bars_of(response), [MODEL])
        return self._save(f"{recordings.moment(now)} response", score)

    def _save(self, stem: str, score: "Score") -> Path:
        from livegen.music.files.smf import write
        from livegen.notation.notate import chord_markers

        if self._folder is None:
            raise RecordingError("recordings are turned off (recording.keep)")
        score = self._band.tracks(score)
        fill = partial(write, score=score, markers=chord_markers(score))
        return recordings.save(self._folder, stem, MIDI, fill)

    def _account(self, frame: JournalFrame) -> None:
        with suppress(*rows.NONSENSE):
            for row in rows.row_of(frame.micros, frame.values):
                self._put(row)
                if isinstance(row, Grid):
                    self._ring.follow(row)
                self._band = self._band.after(row)

    def _play(self, played: SideMessage) -> None:
        self.has_music = self.has_music or is_music(played.data)
        self._ring.add(played)

    def _clock(self, at: int) -> None:
        self._clocks.append(at)
        if len(self._clocks) >= MOST_CLOCKS:
            self._end_clocks()

    def _end_clocks(self) -> None:
        if self._clocks:
            self._write(rows.clock_line(self._clocks))
            self._clocks = []

    def _put(self, row: Row) -> None:
        self._write(rows.line(row))

    def _write(self, line: str) -> None:
        for log in self._logs.values():
            log.put(line)
