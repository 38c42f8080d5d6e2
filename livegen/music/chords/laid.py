"""The chord of keys that are struck at once, four tones or more; some such sets have two names.

A C E G is Am7 and C6, B D F A is Bm7b5 and Dm6: a hand that goes by the shortest way plays either with any tone lowest.
Which it is follows from the two chords before, and from the lowest key as far as this hand has its roots there.

What comes before either was counted by `python -m export.laid DATA`.  Knows pitches; knows no time and no key.
"""

import json
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import log
from pathlib import Path
from typing import NamedTuple

from livegen.music.chords.chord import INTERVALS, Chord

COUNTED = Path(__file__).with_name("laid.json")
LEAST = 4  # tones of a set that is read here
SIXTHS = {
    "6": "m7",
    "m6": "m7b5",
}  # each with the seventh chord that has its tones, a minor third below
BELOW = 3  # semitones from the root of a sixth down to that of its seventh
FAMILIES = ("dominant", "major", "minor", "diminished", "other")

# Kinds as hands strike them, and as they are heard.
_HEARD = {
    "7": "7", "maj7": "maj7", "m7": "m7", "m7b5": "m7b5", "6": "6", "m6": "m6", "7sus4": "7sus4", "7b9": "7",
    "7#9": "7", "7#5": "7", "7#5#9": "7", "7#5b9": "7", "9": "7", "m9": "m7", "maj9": "maj7", "m11": "m7",
    "69": "6", "m69": "m6",
}  # fmt: skip
_TRIADS = ("maj", "min")  # say how a hand lays its chords
_THIRTEENTH = (0, 4, 9, 10)  # as it is struck: without its fifth and its ninth

# The weights were chosen on songs that were counted for no table: a fifth of the train splits.
_WEIGHTS = (1.0, 0.5)  # of the chord before, and of the one before that
_DOUBT = 5.0  # so many chords that are as all others, beside those that were counted
_APART = 7  # semitones below the next key, from which on the lowest is a bass of its own
_SURELY = 0.98  # and the root
_ON_ROOT, _ELSEWHERE = (
    3.0,
    1.0,
)  # chords of a hand that has struck none: with the root lowest, with another tone
_FADES = 0.85  # what a chord of the hand counts after the next one


class ChordBefore(NamedTuple):
    """A chord before a set of two names: its family, and its semitones above the root of the seventh chord."""

    family: int
    above: int


class _Name(NamedTuple):
    root: int
    kind: str


def family_of(chord: Chord) -> int:
    """Give the index in FAMILIES of a chord."""
    steps = {step % 12 for step in INTERVALS[chord.kind]}
    if 4 in steps:
        return 0 if 10 in steps else 1
    if 3 in steps:
        return 3 if 6 in steps and 7 not in steps else 2
    return 4


def contexts(before: Sequence[Chord], root: int) -> list[ChordBefore]:
    """Give the chords before one whose seventh has this root, the last one first, two at most."""
    last = list(reversed(before))[: len(_WEIGHTS)]
    return [ChordBefore(family_of(chord), (chord.root - root) % 12) for chord in last]


def _bits(classes: Collection[int]) -> int:
    return sum(1 << one for one in set(classes))


def _names() -> dict[int, list[_Name]]:
    """The names of each set of tones, a bit for each pitch class."""
    rows = [(INTERVALS[written], heard) for written, heard in _HEARD.items()]
    rows += [(INTERVALS[kind], kind) for kind in _TRIADS]
    found: dict[int, list[_Name]] = {}
    for steps, kind in (*rows, (_THIRTEENTH, "7")):
        for root in range(12):
            tones = _bits([(root + step) % 12 for step in steps])
            found.setdefault(tones, []).append(_Name(root, kind))
    return found


_NAMES = _names()


@cache
def _counts() -> dict[str, list[list[list[list[int]]]]]:
    """Of each of SIXTHS by place before it, family and semitones: how often it was the sixth, and its seventh."""
    counts: dict[str, list[list[list[list[int]]]]] = json.loads(COUNTED.read_text())["counts"]
    return counts


@dataclass(slots=True)
class Laid:
    """The way a hand lays its chords, and the last ones that stood."""

    _before: deque[Chord] = field(default_factory=lambda: deque(maxlen=len(_WEIGHTS)))
    _on_root: float = _ON_ROOT
    _elsewhere: float = _ELSEWHERE

    def stood(self, chord: Chord, keys: Collection[int]) -> None:
        """Take note of a chord that stood and is over; `keys` are those that it was heard by."""
        if self._before and self._before[-1] == chord:
            return
        self._before.append(chord)
        if len(_named(keys)) == 1 and not _is_apart(keys):
            is_on_root = min(keys) % 12 == chord.root
            self._on_root = self._on_root * _FADES + is_on_root
            self._elsewhere = self._elsewhere * _FADES + (not is_on_root)

    def read(self, keys: Collection[int], standing: Chord | None) -> tuple[int, str] | None:
        """Root and kind of keys that were struck at once; None where this table has no name for them.

        `standing` is the chord that stands, None where none has for long enough: then the one that stood last is the
        last, for what came since were keys on their way.
        """
        names = _named(keys)
        if not names or len({key % 12 for key in keys}) < LEAST:
            return None
        sixth = next((name for name in names if name.kind in SIXTHS), None)
        if sixth is None or len(names) == 1:
            return names[0]
        before = [*self._before, standing] if standing else list(self._before)
        seventh = _Name((sixth.root - BELOW) % 12, SIXTHS[sixth.kind])
        lowest = self._by_lowest(keys, sixth.root, seventh.root)
        if before and not lowest and (held := _Name(before[-1].root, before[-1].kind)) in names:
            return held
        return seventh if _odds(sixth.kind, contexts(before, seventh.root)) + lowest > 0 else sixth

    def _by_lowest(self, keys: Collection[int], sixth: int, seventh: int) -> float:
        """The logarithm of the odds of the seventh chord by the lowest key."""
        on_root = _SURELY if _is_apart(keys) else self._on_root / (self._on_root + self._elsewhere)
        as_root = log(on_root / ((1 - on_root) / (LEAST - 1)))
        return {sixth: -as_root, seventh: as_root}.get(min(keys) % 12, 0.0)


def _odds(sixth: str, before: Sequence[ChordBefore]) -> float:
    """The logarithm of the odds that a set after these chords is the seventh chord and not the sixth."""
    counts = _counts()[sixth]
    every = [pair for family in counts[0] for pair in family]
    share = sum(pair[1] for pair in every) / sum(sum(pair) for pair in every)
    usual = log(share / (1 - share))
    odds = usual
    for weight, (family, above), counted in zip(_WEIGHTS, before, counts, strict=False):
        sixths, sevenths = counted[family][above]
        here = log((sevenths + _DOUBT * share) / (sixths + _DOUBT * (1 - share)))
        odds += weight * (here - usual)
    return odds


def _named(keys: Collection[int]) -> list[_Name]:
    """All names of the tones of some keys."""
    return _NAMES.get(_bits([key % 12 for key in keys]), [])


def _is_apart(keys: Collection[int]) -> bool:
    """True where the lowest key is a bass of its own."""
    low, *others = sorted(keys)
    return bool(others) and others[0] - low >= _APART
