"""The news from the port process to the pages, and the notes that pages play.

Notes as they come and go, lines for people, figures of the last minute.  All of it may be lost: `tell` sends
nothing while the other side does not read, so that nobody who looks on can hold up the music.  Notes and figures
are only told while somebody watches.  Sans-IO: times are arguments; knows bytes and figures, no processes.
Standard library only.
"""

import logging
import os
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from livegen.daemon.clock import SECOND
from livegen.daemon.lateness import Recent
from livegen.daemon.processes.frames import FiguresFrame, Frame, HeardFrame, NewsFrame, SentFrame
from livegen.music.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    CONTROL_CHANGE,
    NOTE_OFF,
    NOTE_ON,
    RESET_CONTROLLERS,
    SUSTAIN,
    channel_of,
    decode,
    kind_of,
)

MISSED_US = 5_000  # a message sent later than this after its time missed it
FIRST_US = 10 * SECOND  # a note of the model's later than this answers nothing
FIGURES_EVERY_US = SECOND
LONGEST_LINE = 2000
MAX_HELD = 1024

_PEDALS = (SUSTAIN, 66, 67)
_ENDS_NOTES = (ALL_SOUND_OFF, *range(ALL_NOTES_OFF, 128))

Tell = Callable[[Frame], object]
Hold = tuple[int, int]  # status of what holds, and key or pedal


class PageSink:
    """The sink that tells the open pages of notes, lines and figures.  Threads: loop only.

    `is_watched` says that at least one page is open; the port process sets it.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.is_watched = False
        self._lateness, self._first, self._missed = Recent(), Recent(), Recent()
        self._counts: dict[str, Counter[int]] = {"in": Counter(), "out": Counter()}
        self._heard_at: int | None = None
        self._figures_at = 0
        self._cpu = (0, 0.0)
        self.engine: dict[str, Any] = {}

    def heard(self, now: int, data: bytes) -> None:
        """A message of the player's was passed on."""
        if data[0] >= 0xF0:
            return
        self._counts["in"][channel_of(data)] += 1
        if kind_of(data) in (NOTE_ON, NOTE_OFF):
            self._heard_at = now
        if self.is_watched:
            self._tell(HeardFrame(now, data))

    def sent(self, due: int, now: int, data: bytes) -> None:
        """Tell that a message has left."""
        if data[0] >= 0xF0:
            return
        late_us = now - due
        self._counts["out"][channel_of(data)] += 1
        self._lateness.add(now, late_us)
        if late_us > MISSED_US:
            self._missed.add(now, late_us)
        if kind_of(data) == NOTE_ON and self._heard_at is not None:
            if now - self._heard_at <= FIRST_US:
                self._first.add(now, now - self._heard_at)
            self._heard_at = None
        if self.is_watched:
            self._tell(SentFrame(now, data))

    def line(self, now: int, line: str, kind: str = "note", name: str = "") -> None:
        """A line that a person should read; of "saved" ones, the file's name."""
        said = {"line": line[:LONGEST_LINE], "kind": kind} | ({"name": name} if name else {})
        self._tell(NewsFrame.of(now, said))

    def figures(self, now: int, others: Mapping[str, Any], at_once: bool = False) -> None:
        """Tell the figures, `others` among them, if it is time to or something in them must be known at once.

        `others` overrides what the engine process gave (`engine`).
        """
        if not at_once and (not self.is_watched or now < self._figures_at):
            return
        self._figures_at = now + FIGURES_EVERY_US
        figures = {
            "lateness": self._lateness.summary(now),
            "in_to_first": self._first.summary(now),
            "missed": self._missed.summary(now)["count"],
            "in": dict(self._counts["in"]),
            "out": dict(self._counts["out"]),
        }
        cpu = {"ports": self._cpu_share(now), **self.engine.get("cpu", {})}
        all_figures = self.engine | figures | {"cpu": cpu} | dict(others)
        self._tell(FiguresFrame.of(now, all_figures))
        for counter in self._counts.values():
            counter.clear()

    def _cpu_share(self, now: int) -> float:
        """Of one core, since the last time."""
        before, self._cpu = self._cpu, (now, sum(os.times()[:2]))
        return round((self._cpu[1] - before[1]) / max(1, now - before[0]) * SECOND, 4)


class PageKeys:
    """The notes that come over the control process instead of a port: checked, and released when it goes."""

    def __init__(self) -> None:
        self._held: set[Hold] = set()

    def play(self, value: object) -> bytes | None:
        """The message that a `play` command asks for; None for what may not be played."""
        data = playable(value)
        if data is None:
            return None
        kind, hold = kind_of(data), (data[0] | NOTE_ON, data[1])
        if kind == CONTROL_CHANGE:
            self._control(*data)
        elif kind == NOTE_ON and data[2] and len(self._held) < MAX_HELD:
            self._held.add(hold)
        elif kind in (NOTE_ON, NOTE_OFF):
            self._held.discard(hold)
        return data

    def _control(self, status: int, number: int, value: int) -> None:
        """Follow what a controller holds or ends on its channel."""
        if number in _PEDALS:
            (self._held.add if value >= 64 else self._held.discard)((status, number))
        elif number in _ENDS_NOTES:
            ended = NOTE_ON | status & 0x0F
            self._held = {hold for hold in self._held if hold[0] != ended}
        elif number == RESET_CONTROLLERS:
            self._held = {hold for hold in self._held if hold[0] != status}

    def would_end(self, data: bytes) -> bool:
        """True if a message ends something that is held."""
        kind, hold = kind_of(data), (data[0] | NOTE_ON, data[1])
        if kind == CONTROL_CHANGE:
            return data[2] < 64 and (data[0], data[1]) in self._held
        return (
            kind in (NOTE_ON, NOTE_OFF) and (kind == NOTE_OFF or not data[2]) and hold in self._held
        )

    def release(self) -> list[bytes]:
        """Give the messages that end all that is held: pedals, then notes."""
        held, self._held = sorted(self._held, reverse=True), set()
        return [
            bytes((status, key, 0))
            if kind_of((status,)) == CONTROL_CHANGE
            else bytes((NOTE_OFF | status & 0x0F, key, 64))
            for status, key in held
        ]


def playable(value: object) -> bytes | None:
    """The bytes of a message that may be played so, from a list of them; None for any other value.

    Whatever belongs to a channel, as at a port: notes, controllers, programs, bend and pressure.
    """
    if not isinstance(value, list) or not 2 <= len(value) <= 3:
        return None
    if not all(type(byte) is int and 0 <= byte <= 255 for byte in value):
        return None
    data = bytes(value)
    return data if NOTE_OFF <= data[0] < 0xF0 and decode(data) is not None else None


class LogLines(logging.Handler):
    """Gives what is logged for people to `say(line, kind, name)`.

    A record with `private` is left out; one with `file` tells of a file that was saved.  `page` are the words for a
    musician, where they are not those of the terminal, and `kind` says what kind of line it is.
    """

    def __init__(self, say: Callable[[str, str, str], object]) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on."""
        if getattr(record, "private", False):
            return
        name = str(getattr(record, "file", ""))
        usual = "saved" if name else "bad" if record.levelno >= logging.ERROR else "note"
        line = getattr(record, "page", record.getMessage())
        self._say(line, getattr(record, "kind", usual), name)
