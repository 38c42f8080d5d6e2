"""Chords: a root, a kind and perhaps another bass, as a value; and the chord that pitches form.

Knows pitches that sound together; knows no time (`chords_heard` does) and no key.  How a chord may be written is in
`chord_names`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

# Kinds that are heard: name after the root, and the intervals above it.  Of two equally good readings the earlier wins.
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

_FIFTHS = {"": 7, "b5": 6, "#5": 8}
_NINTHS: dict[str, tuple[int, ...]] = {"": (), "b9": (13,), "#9": (15,), "b9#9": (13, 15)}


def _dominants() -> dict[str, tuple[int, ...]]:
    """Sevenths, ninths and thirteenths with every alteration: "7#5", "7b9b13", "13#11" …"""
    found = {}
    for fifth, ninth, eleventh, thirteenth in product(_FIFTHS, _NINTHS, ("", "#11"), ("", "b13")):
        altered = (*_NINTHS[ninth], *((18,) if eleventh else ()))
        body = (0, 4, _FIFTHS[fifth], 10)
        if not (thirteenth and fifth == "#5"):  # which is the same tone
            last = (20,) if thirteenth else ()
            found[f"7{fifth}{ninth}{eleventh}{thirteenth}"] = (*body, *altered, *last)
        if not thirteenth:
            natural = () if ninth else (14,)
            found[f"13{fifth}{ninth}{eleventh}"] = (*body, *sorted((*natural, *altered)), 21)
        if not ninth:
            last = (20,) if thirteenth and fifth != "#5" else ()
            suffix = "b13" if last else ""
            found[f"9{fifth}{eleventh}{suffix}"] = (*body, 14, *altered, *last)
    return {kind: intervals for kind, intervals in found.items() if kind not in KINDS}


# Kinds that are written and never heard: what is heard stays as it is.  Tones within the octave are the chord's body;
# from 13 on they are its tensions (14 the ninth, 17 the eleventh, 21 the thirteenth).  In a dominant chord an eleventh
# takes the place of the third, and a thirteenth does without the eleventh, as they are played.
WRITTEN: dict[str, tuple[int, ...]] = {
    **_dominants(),
    "7alt": (0, 4, 10, 13, 15, 20),
    "11": (0, 7, 10, 14, 17),
    "7add13": (0, 4, 7, 10, 21),
    "7add11": (0, 4, 7, 10, 17),
    "9sus4": (0, 5, 7, 10, 14),
    "13sus4": (0, 5, 7, 10, 14, 21),
    "7sus4b9": (0, 5, 7, 10, 13),
    "7sus4#9": (0, 5, 7, 10, 15),
    "7sus4b13": (0, 5, 7, 10, 20),
    "7sus4b9b13": (0, 5, 7, 10, 13, 20),
    "13sus4b9": (0, 5, 7, 10, 13, 21),
    "7sus2": (0, 2, 7, 10),
    "maj7sus4": (0, 5, 7, 11),
    "maj7sus2": (0, 2, 7, 11),
    "maj9sus4": (0, 5, 7, 11, 14),
    "6sus4": (0, 5, 7, 9),
    "6sus2": (0, 2, 7, 9),
    "69sus4": (0, 5, 7, 9, 14),
    "sus4sus2": (0, 2, 5, 7),
    "b5": (0, 4, 6),
    "69": (0, 4, 7, 9, 14),
    "69#11": (0, 4, 7, 9, 14, 18),
    "6#11": (0, 4, 7, 9, 18),
    "add9": (0, 4, 7, 14),
    "addb9": (0, 4, 7, 13),
    "add#9": (0, 4, 7, 15),
    "add11": (0, 4, 7, 17),
    "add#11": (0, 4, 7, 18),
    "add9add11": (0, 4, 7, 14, 17),
    "augadd9": (0, 4, 8, 14),
    "maj9": (0, 4, 7, 11, 14),
    "maj11": (0, 4, 7, 11, 14, 17),
    "maj13": (0, 4, 7, 11, 14, 21),
    "maj7add13": (0, 4, 7, 11, 21),
    "maj7#11": (0, 4, 7, 11, 18),
    "maj9#11": (0, 4, 7, 11, 14, 18),
    "maj13#11": (0, 4, 7, 11, 14, 18, 21),
    "maj7b5": (0, 4, 6, 11),
    "maj9b5": (0, 4, 6, 11, 14),
    "maj7#5": (0, 4, 8, 11),
    "maj9#5": (0, 4, 8, 11, 14),
    "maj7b9": (0, 4, 7, 11, 13),
    "maj7#9": (0, 4, 7, 11, 15),
    "m9": (0, 3, 7, 10, 14),
    "m11": (0, 3, 7, 10, 14, 17),
    "m13": (0, 3, 7, 10, 14, 21),
    "m7add11": (0, 3, 7, 10, 17),
    "m7add13": (0, 3, 7, 10, 21),
    "m7b9": (0, 3, 7, 10, 13),
    "m7#5": (0, 3, 8, 10),
    "m7b13": (0, 3, 7, 10, 20),
    "m9#5": (0, 3, 8, 10, 14),
    "m69": (0, 3, 7, 9, 14),
    "madd9": (0, 3, 7, 14),
    "madd11": (0, 3, 7, 17),
    "maddb13": (0, 3, 7, 20),
    "m#5": (0, 3, 8),
    "mmaj7": (0, 3, 7, 11),
    "mmaj9": (0, 3, 7, 11, 14),
    "mmaj11": (0, 3, 7, 11, 14, 17),
    "mmaj13": (0, 3, 7, 11, 14, 21),
    "m9b5": (0, 3, 6, 10, 14),
    "m11b5": (0, 3, 6, 10, 14, 17),
    "m7b5add11": (0, 3, 6, 10, 17),
    "m7b5b9": (0, 3, 6, 10, 13),
    "m7b5b13": (0, 3, 6, 10, 20),
    "dimmaj7": (0, 3, 6, 11),
    "dim7add9": (0, 3, 6, 9, 14),
}
INTERVALS: Mapping[str, tuple[int, ...]] = KINDS | WRITTEN  # of every kind that a chord can have

# Of the others the kind itself.
_SUFFIXES = {"maj": "", "min": "m", "b5": "(b5)", "mmaj7": "m(maj7)", "mmaj9": "m(maj9)",
             "mmaj11": "m(maj11)", "mmaj13": "m(maj13)"}  # fmt: skip
_LETTERS, _NATURALS = "CDEFGAB", (0, 2, 4, 5, 7, 9, 11)
_ROOTS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_ROOTS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
# The number of letters above the root at which a bass so many semitones above it is written.
_LETTER_STEPS = (0, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 6)

# The costs of a reading: a fifth that is left out, a pitch class that is no chord tone, an inversion.
_WITHOUT_FIFTH, _ADDED, _INVERTED = 3, 2, 1
_MOST_ADDED, _DEAREST = 2, 5


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord: `root` and `bass` are pitch classes, `kind` one of INTERVALS; `bass` None is the root.

    What is heard has one of KINDS; what is written may have any.
    """

    root: int
    kind: str
    bass: int | None = None

    @property
    def pitch_classes(self) -> frozenset[int]:
        """Chord tones; a foreign bass is not one of them."""
        return frozenset((self.root + interval) % 12 for interval in INTERVALS[self.kind])

    @property
    def name(self) -> str:
        """The chord's name as on a lead sheet: "Dm7", "G/B"."""
        flat_third = INTERVALS[self.kind][1] == 3
        return self.named((_MINOR_ROOTS if flat_third else _ROOTS)[self.root])

    def named(self, root: str) -> str:
        """Give the name on a root that is spelled otherwise: on "Gb" it is "Gb7/Bb", on "F#" the same is "F#7/A#"."""
        suffix = _SUFFIXES.get(self.kind, self.kind)
        bass = "" if self.bass is None else "/" + _spelled(root, self.root, self.bass)
        return f"{root}{suffix}{bass}"

    def transposed(self, semitones: int) -> "Chord":
        """The same chord so many semitones higher; pitch classes go round."""
        bass = None if self.bass is None else (self.bass + semitones) % 12
        return Chord((self.root + semitones) % 12, self.kind, bass)


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
