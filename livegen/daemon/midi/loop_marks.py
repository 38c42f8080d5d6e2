"""Marks: what goes before a note of ours, so that it is known when it comes back.

A mark is two note-offs of the note's key, which is silent, with release velocities drawn for the purpose.  They move
nothing that sounds, nobody plays such a pair, and they take the way of the notes, late or transposed.

Sans-IO: times in, micros.  All memory is bounded.  Knows nothing of loops, nor of ports.
"""

import random
from collections import deque
from dataclasses import dataclass

from livegen.music.messages import NOTE_OFF, begins_note, channel_of

MARK_EVERY_US = 1_000_000
MARKED_US = 8_000_000  # how late a mark is known: two bars at 60 bpm
TOGETHER_US = 20_000  # a mark and its note leave at one moment; a period of 512 frames at 44.1 kHz may part them
# 0, 64 and 127 are what others put where they know nothing.
RELEASES = tuple(v for v in range(1, 127) if v != 64)


@dataclass(frozen=True, slots=True)
class Mark:
    """Two offs that left `at` micros, before a note-on of `pitch`, and their release velocities."""

    at: int
    pitch: int
    releases: tuple[int, int]


class Marks:
    """The marks of one output, and which of them came in to one input.  Threads: loop only.

    A key is a channel and a pitch.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._sent: deque[Mark] = deque(maxlen=MARKED_US // MARK_EVERY_US + 1)
        self._last_off: dict[tuple[int, int], tuple[int, int]] = {}  # of a key: time and velocity
        self._came: dict[tuple[int, int], tuple[int, Mark]] = {}

    def before(self, at: int, data: bytes) -> tuple[bytes, ...]:
        """Give the mark of a message that leaves at `at` micros: of a note-on, at most once a second."""
        is_on = begins_note(data)
        if not is_on or (self._sent and at - self._sent[-1].at < MARK_EVERY_US):
            return ()
        first, second = self._chance.choice(RELEASES), self._chance.choice(RELEASES)
        self._sent.append(Mark(at, data[1], (first, second)))
        status = NOTE_OFF | channel_of(data)
        return bytes((status, data[1], first)), bytes((status, data[1], second))

    def heard_off(self, at: int, key: tuple[int, int], velocity: int) -> bool:
        """Take an off as it came in; whether it is the second of a mark, on whatever key."""
        before, release = self._last_off.get(key, (at - TOGETHER_US - 1, 0))
        self._last_off[key] = at, velocity
        for mark in self._sent:
            is_pair = mark.releases == (release, velocity) and at - before <= TOGETHER_US
            if is_pair and 0 <= at - mark.at <= MARKED_US:
                self._came[key] = at, mark
                return True
        return False

    def left(self, at: int, pitch: int, velocity: int, within_us: int) -> bool:
        """True if an off of a mark has left near `at` micros, of this pitch and release velocity."""
        return any(
            velocity in mark.releases and mark.pitch == pitch and abs(at - mark.at) <= within_us
            for mark in self._sent
        )

    def announcing(self, at: int, key: tuple[int, int]) -> Mark | None:
        """The mark that came in right before this note-on, if one did; it is told once."""
        came_at, mark = self._came.pop(key, (at, None))
        return mark if at - came_at <= TOGETHER_US else None
