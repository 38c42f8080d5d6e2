"""The last events that a network has heard, and whose they were: all that it can learn from a player.

A value, as the memory is: `after` gives the lesson after one more event and leaves the old one as it was.  Knows
events; knows no network.
"""

import base64
import binascii
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegen.codec.layout import ADVANCE, FIELDS, MAX_BAR_CLASS, NO_GRID, NO_PITCH, Event
from livegen.errors import LivegenError

ENDING = ".lesson"  # of the file beside what is remembered of a player
MOST = 2048  # events: some ten minutes of playing
_SIZES = (*FIELDS.values(), NO_GRID + 1, MAX_BAR_CLASS + 1, NO_PITCH + 1, 256, 2)
# Those of an event, the style in which it was heard, and 1 where the player played it.
COLUMNS = len(_SIZES)
STYLE, PLAYED = COLUMNS - 2, COLUMNS - 1

Rows = NDArray[np.uint8]


@dataclass(slots=True)
class _EventLog:
    """Events in their order; lessons share it and know how many of its rows are theirs."""

    rows: Rows = field(default_factory=lambda: np.zeros((2 * MOST, COLUMNS), np.uint8))
    count: int = 0

    def from_here(self, count: int) -> "_EventLog":
        """The log in which row `count` is free: this one, or a copy if others have gone on in it or it is full."""
        if count == self.count < len(self.rows):
            return self
        newest = self.rows[max(0, count - MOST + 1) : count]
        other = _EventLog(count=len(newest))
        other.rows[: other.count] = newest
        return other


@dataclass(frozen=True, eq=False, slots=True)
class Lesson:
    """See the module's first lines; `played` counts the player's strokes, also those that were let go."""

    _log: _EventLog = field(default_factory=_EventLog)
    _count: int = 0
    played: int = 0

    @property
    def rows(self) -> Rows:
        """The events, oldest first: (at most `MOST`, `COLUMNS`)."""
        return self._log.rows[max(0, self._count - MOST) : self._count]

    @property
    def text(self) -> str:
        """The lesson as a line of at most 30,000 characters."""
        return base64.b64encode(zlib.compress(self.rows.tobytes())).decode("ascii")

    def after(self, event: Event, style: int, is_played: bool) -> "Lesson":
        """The lesson after an event that was heard in a style."""
        log = self._log.from_here(self._count)
        log.rows[log.count] = (*event, style, is_played)
        log.count += 1
        return Lesson(log, log.count, self.played + (is_played and event.time != ADVANCE))


def lesson_from(text: str) -> Lesson:
    """The lesson of such a line.  Raises LivegenError for any other."""
    try:
        unpacker: Any = zlib.decompressobj()
        data = unpacker.decompress(base64.b64decode(text, validate=True), MOST * COLUMNS)
        rows = np.frombuffer(data, np.uint8).reshape(-1, COLUMNS)
        if not unpacker.eof or (rows >= np.array(_SIZES)).any():
            raise ValueError
    except (binascii.Error, zlib.error, ValueError):
        raise LivegenError("expected a lesson, got another text") from None
    log = _EventLog(count=len(rows))
    log.rows[: len(rows)] = rows
    return Lesson(log, len(rows), int((rows[:, PLAYED] & (rows[:, 0] != ADVANCE)).sum()))
