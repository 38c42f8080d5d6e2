"""The music of a session, by its journal: its notes to be searched, and a stretch of it as a MIDI score.

Of the lines only those of messages and bars are read.  Blocking.  Knows no folder.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from livegen.daemon.clock import SECOND
from livegen.daemon.recording.takes import bars_of, score_of, session_played
from livegen.errors import LivegenError
from livegen.jam.reports.journal import salvage
from livegen.jam.reports.rows import JournalError, Received, first, parse
from livegen.music.files.smf import Score
from livegen.music.messages import begins_note, channel_of
from livegen.music.parts import DRUM_CHANNEL, MODEL, PLAYER

MOST_NOTES = 100_000  # of a session
_MESSAGES = ('"in":"', '"sent":"')
_BARS = '"bar_ticks":'
BEFORE_S, AFTER_S = 2.0, 6.0  # what is kept around a place, and then whole bars


class NothingThere(LivegenError):
    """A session has no music in a stretch of time."""


class PlayedSession(NamedTuple):
    """The start of a session, seconds since 1970, and notes (seconds from then on, pitch) of each side; no drums."""

    began: float
    notes: dict[str, list[tuple[float, int]]]


def played(path: Path) -> PlayedSession:
    """The notes of a session.  Raises JournalError or OSError."""
    lines = _lines(path, _MESSAGES)
    started, began = first([next(lines, "")])
    notes: dict[str, list[tuple[float, int]]] = {PLAYER: [], MODEL: []}
    for line in lines:
        try:
            rows = parse(line)
        except JournalError:
            continue
        for row in rows:
            data = getattr(row, "data", b"")
            if len(data) == 3 and begins_note(data) and channel_of(data) != DRUM_CHANNEL:
                side = PLAYER if isinstance(row, Received) else MODEL
                notes[side].append(((row.at - began) / SECOND, data[1]))
        if sum(map(len, notes.values())) >= MOST_NOTES:
            break
    return PlayedSession(_wall(started), notes)


def excerpt(path: Path, at: float, seconds: float) -> Score:
    """The bars around a place of a session, both sides.  Raises JournalError, NothingThere or OSError."""
    lines = _lines(path, (*_MESSAGES, _BARS))
    session = salvage(lines)
    begin = session.began + round((at - BEFORE_S) * SECOND)
    end = session.began + round((at + seconds + AFTER_S) * SECOND)
    stretch = [one for one in session_played(session) if begin <= one.at <= end]
    if not stretch:
        raise NothingThere(f"{path.name}: nothing was played there")
    return score_of(stretch, bars_of(session.grids, stretch))


def _lines(path: Path, wanted: tuple[str, ...]) -> Iterator[str]:
    """The first line, and those that hold any of some words."""
    with path.open(encoding="utf-8", errors="replace") as file:
        yield file.readline()
        yield from (line for line in file if any(word in line for word in wanted))


def _wall(started: str) -> float:
    try:
        return datetime.fromisoformat(started).timestamp()
    except (ValueError, OverflowError, OSError):
        raise JournalError(
            f"the journal names no time at which it began, but {started[:40]!r}"
        ) from None
