"""Cadences: the chord on which music comes to rest, and an introduction that leads to it.

Knows keys and chords; knows no notes, and not where a chord is from.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from livegen.jam.harmony.outline import ChordFrom
from livegen.music.chords.chord import INTERVALS, Chord
from livegen.music.keys.key import Key

_TURNAROUND = {
    "major": ((0, "maj"), (9, "min"), (2, "min"), (7, "7")),
    "minor": ((0, "min"), (8, "maj"), (5, "min"), (7, "7")),
}  # semitones above the tonic, and kinds of chords


class Introduction(NamedTuple):
    """The bars before the top of a song that has no chart: the turnaround of its key, up to the tick `until`."""

    changes: tuple[ChordFrom, ...]
    until: int

    @classmethod
    def of(cls, key: Key, line: int, bar: int) -> "Introduction":
        """Begin at a bar line, with bars of so many ticks."""
        chords = turnaround(key)
        changes = tuple(ChordFrom(line + at * bar, chord) for at, chord in enumerate(chords))
        return cls(changes, line + len(chords) * bar)

    def chord(self, tick: int) -> Chord | None:
        """The chord that holds at a tick; None outside."""
        if tick >= self.until:
            return None
        return next((it.chord for it in reversed(self.changes) if it.tick <= tick), None)


def turnaround(key: Key) -> tuple[Chord, ...]:
    """Four chords that lead back to the tonic of a key, a bar each: I vi ii V7, in minor i VI iv V7."""
    return tuple(Chord((key.tonic + step) % 12, kind) for step, kind in _TURNAROUND[key.mode])


def tonic(key: Key) -> Chord:
    """The triad on which a key rests."""
    return Chord(key.tonic, "maj" if key.mode == "major" else "min")


def at_rest(
    key: Key | None, played: Sequence[Chord | None], opening: Chord | None = None
) -> Chord | None:
    """The chord on which music comes to rest: that of the tonic as it was played, else the first of `played`.

    A song that opens with the tonic of the relative key is in that: the two share their notes, and most songs end
    where they began.
    """
    chords = [replace(chord, bass=None) for chord in played if chord]
    if key is None:
        return chords[0] if chords else None
    home = key.relative if _is_tonic(opening, key.relative) else key
    return next((chord for chord in chords if _is_tonic(chord, home)), tonic(home))


def _is_tonic(chord: Chord | None, key: Key) -> bool:
    """True of the tonic triad of a key, with or without more notes."""
    third = INTERVALS[tonic(key).kind][1]
    return chord is not None and chord.root == key.tonic and third in INTERVALS[chord.kind]
