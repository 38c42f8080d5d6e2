"""A left hand that plays single low notes where it has played chords: each may be the bass of another chord.

Knows micros and pitches; knows no beats and no names of chords.
"""

from typing import NamedTuple

from livegen.music.melody.phrase import CHORD_US

BELOW = 12  # semitones below the melody, from which on a key of its own part is a bass
DEEP = 48  # and without a melody
# Beats after the last chord of that hand, from which on a single note is no part of it; and on a bar line, where hands
# that play basses and chords by turns begin what is new.
APART, APART_ON_LINE = 2, 0.25


class LowNote(NamedTuple):
    """A single low note: when it began, and when it ended, micros, None while it is held."""

    since: int
    until: int | None
    pitch: int

    def sounds(self, at: int) -> bool:
        """True if it is held at a time, micros."""
        return self.since <= at and (self.until is None or self.until > at)


class BassAlone:
    """The last single low note since a chord was heard, if there is one.  Threads: loop only.

    `on_line` is the last that was struck on a bar line, None since a chord was.
    """

    def __init__(self) -> None:
        self.on_line: LowNote | None = None
        self._note: LowNote | None = None
        self._chord_us: int | None = None  # when a chord sounded last

    def chord(self, at: int, is_on_line: bool = False) -> None:
        """A chord is struck, or sounds; `is_on_line` says that it does on a bar line."""
        self._chord_us, self._note = at, None
        self.on_line = None if is_on_line else self.on_line

    def strike(self, at: int, pitch: int, beat_us: int, is_on_line: bool = False) -> None:
        """A key of the left hand goes down, and no other with it; `is_on_line` says that it does on a bar line."""
        apart = APART_ON_LINE if is_on_line else APART
        if self._chord_us is None or at - self._chord_us >= apart * beat_us:
            self._note = LowNote(at, None, pitch)
            self.on_line = self._note if is_on_line else self.on_line

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
