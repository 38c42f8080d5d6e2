"""A left hand that plays single low notes where it has played chords: each may be the bass of another chord.

Knows micros and pitches; knows no beats and no names of chords.
"""

from typing import NamedTuple

from livegen.music.melody.phrase import CHORD_US

BELOW = 12  # semitones below the melody, from which on a key of its own part is a bass
DEEP = 48  # and without a melody
APART = 2  # beats after the last chord of that hand, from which on a single note is no part of it


class LowNote(NamedTuple):
    """A single low note: when it began, and when it ended, micros, None while it is held."""

    since: int
    until: int | None
    pitch: int

    def sounds(self, at: int) -> bool:
        """True if it is held at a time, micros."""
        return self.since <= at and (self.until is None or self.until > at)


class BassAlone:
    """The last single low note since a chord was heard, if there is one.  Threads: loop only."""

    def __init__(self) -> None:
        self._note: LowNote | None = None
        self._chord_us: int | None = None  # when a chord sounded last

    def chord(self, at: int) -> None:
        """A chord is struck, or sounds."""
        self._chord_us, self._note = at, None

    def strike(self, at: int, pitch: int, beat_us: int) -> None:
        """A key of the left hand goes down, and no other with it."""
        if self._chord_us is None or at - self._chord_us >= APART * beat_us:
            self._note = LowNote(at, None, pitch)

    def walk(self, at: int, pitch: int) -> None:
        """A bass that walks comes to a bar line."""
        self._note = LowNote(at, None, pitch)

    def release(self, at: int, pitch: int) -> None:
        """A key of the left hand comes up."""
        if self._note and self._note.pitch == pitch and self._note.until is None:
            self._note = self._note._replace(until=at)

    def is_new(self, now: int) -> bool:
        """True while keys may come that make a chord of the note."""
        return self._note is not None and now - self._note.since < CHORD_US

    def heard(self, now: int) -> LowNote | None:
        """The note, once it is known to be a single one."""
        return None if self.is_new(now) else self._note
