"""Chords: a root, a kind and perhaps another bass, as a value; and the chord that pitches form.

Knows pitches that sound together; knows no time (`chords_heard` does) and no key.
"""

from collections.abc import Iterable
from dataclasses import dataclass

# Name after the root, and the intervals above it.  Of two equally good readings the earlier wins.
KINDS: dict[str, tuple[int, ...]] = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "m7b5": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus4": (0, 5, 7),
    "sus2": (0, 2, 7),
    "7sus4": (0, 5, 7, 10),
    "5": (0, 7),
}
_SUFFIXES = {"maj": "", "min": "m"}  # of the others the kind itself
_LETTERS, _NATURALS = "CDEFGAB", (0, 2, 4, 5, 7, 9, 11)
_ROOTS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_ROOTS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
# How many letters above the root a bass so many semitones above it is written.
_LETTER_STEPS = (0, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 6)

# What a reading costs: a fifth that is left out, a pitch class that is no chord tone, an inversion.
_WITHOUT_FIFTH, _ADDED, _INVERTED = 3, 2, 1
_MOST_ADDED, _DEAREST = 2, 5


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord: `root` and `bass` are pitch classes, `kind` one of KINDS; `bass` None is the root."""

    root: int
    kind: str
    bass: int | None = None

    @property
    def pitch_classes(self) -> frozenset[int]:
        """Chord tones; a foreign bass is not one of them."""
        return frozenset((self.root + interval) % 12 for interval in KINDS[self.kind])

    @property
    def name(self) -> str:
        """As on a lead sheet: "Dm7", "G/B"."""
        flat_third = KINDS[self.kind][1] == 3
        root = (_MINOR_ROOTS if flat_third else _ROOTS)[self.root]
        suffix = _SUFFIXES.get(self.kind, self.kind)
        bass = "" if self.bass is None else "/" + _spelled(root, self.root, self.bass)
        return f"{root}{suffix}{bass}"


def _spelled(root: str, root_class: int, bass: int) -> str:
    """The name of a bass on the letter that its interval from the root asks for, if that is a usual name."""
    steps = _LETTER_STEPS[(bass - root_class) % 12]
    letter = (_LETTERS.index(root[0]) + steps) % 7
    raised = (bass - _NATURALS[letter] + 6) % 12 - 6
    accidental = {0: "", 1: "#", -1: "b"}.get(raised)
    return _ROOTS[bass] if accidental is None else _LETTERS[letter] + accidental


def chord_of(pitches: Iterable[int]) -> Chord | None:
    """The chord that pitches sounding together form; None when they form none.

    At least three pitch classes, or a fifth alone.  The lowest pitch counts as the root where
    several roots would do: C E G A is C6 above C and Am7/C nowhere, above A it is Am7.
    """
    sounding = set(pitches)
    if not sounding:
        return None
    lowest = min(sounding) % 12
    classes = {pitch % 12 for pitch in sounding}
    readings = [
        ((cost, rank, (root - lowest) % 12), root, kind)
        for root in classes
        for rank, kind in enumerate(KINDS)
        if (cost := _cost({(other - root) % 12 for other in classes}, kind)) is not None
        and (cost := cost + _INVERTED * (root != lowest)) <= _DEAREST
    ]
    if not readings:
        return None
    _, root, kind = min(readings)
    return Chord(root, kind, None if root == lowest else lowest)


def _cost(intervals: set[int], kind: str) -> int | None:
    """Give the cost of hearing intervals above a root as a kind; None when they cannot be."""
    tones = set(KINDS[kind])
    missing, added = tones - intervals, intervals - tones
    if len(added) > (_MOST_ADDED if len(tones) > 2 else 0):
        return None
    if missing and (missing != {7} or len(tones) < 4):
        return None
    return _WITHOUT_FIFTH * len(missing) + _ADDED * len(added)
