"""Counts of songs, for the cold start: which chord follows which, and when the chord changes.

Chords are taken as triads, 24 classes: twice the root, one more where the third is minor.  What follows is counted
after the last one to four chords, seen from the root of the last, so that no key must be known; longer contexts are
mixed with shorter ones by how many different chords followed them (Witten and Bell 1991, their method C).  When it
changes is counted by place in the bar and by how long the chord has held.

Counted by `python -m export.progressions DATA` on the McGill Billboard annotations (Burgoyne, Wild and Fujinaga 2011,
CC0) and on RS 200 (Temperley and de Clercq 2013, CC BY 4.0).  Knows no ticks and no song.
"""

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegen.music.chords.chord import INTERVALS, Chord

COUNTED = Path(__file__).with_name("progressions.json")
ORDER = 4  # chords before, at most
CLASSES = 24
TRIADS = tuple(Chord(root, kind) for root in range(12) for kind in ("maj", "min"))  # by class
# The ages of a chord that are told apart, in beats, and as a part of the bar.
AGES = (1, 2, 3, 4, 6, 8, 12, 16)
# Beats of a bar; all others are one kind, of which only the first beat is told apart.
BARS = (2, 3, 4)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWX"

Floats = NDArray[np.float64]


def class_of(chord: Chord) -> int:
    """Give a chord's class: twice the root, one more where it has a minor third and no major one."""
    intervals = INTERVALS[chord.kind]
    return 2 * chord.root + (3 in intervals and 4 not in intervals)


def context(before: Sequence[int]) -> str:
    """The last chords, by class, seen from the root of the very last: a letter each."""
    root = before[-1] // 2
    return "".join(LETTERS[(one - 2 * root) % CLASSES] for one in before)


def age_of(beats: int) -> int:
    """The one of AGES that a chord has that has held for so many beats, at least one."""
    return bisect_right(AGES, beats) - 1


def place_of(phase: int, beats: int) -> tuple[int, int]:
    """Kind of bar and place in it, of beat `phase` in bars of so many beats."""
    return (BARS.index(beats), phase) if beats in BARS else (len(BARS), min(phase, 1))


@dataclass(frozen=True, slots=True)
class Table:
    """The counts.

    `followed` has by context how often each class came next, seen from the root of the last chord (24,); `when` by kind
    of bar, place in it and age how often the chord changed.
    """

    followed: dict[str, Floats]
    when: list[list[list[float]]]

    @classmethod
    def of(cls, follows: dict[str, str], when: list[list[list[float]]]) -> "Table":
        """The table as it is written: what follows as letters with numbers, "B3 C1"."""
        followed = {}
        for name, text in follows.items():
            counts = np.zeros(CLASSES)
            for pair in text.split():
                counts[LETTERS.index(pair[0])] = int(pair[1:])
            followed[name] = counts
        return cls(followed, when)

    def following(self, before: Sequence[int]) -> Floats:
        """Shares of the chords that may come next (24,), after chords by class, the last one last.

        That one itself has none, for a chord that goes on is no change.  Of no chords all are as likely.
        """
        shares = np.full(CLASSES, 1 / CLASSES)
        if not before:
            return shares
        for order in range(min(ORDER, len(before)) + 1):
            counts = self.followed.get(context(before[-order:]) if order else "")
            if counts is None:
                break
            different = np.count_nonzero(counts)
            shares = (counts + different * shares) / (counts.sum() + different)
        shares = np.roll(shares, 2 * (before[-1] // 2))
        shares[before[-1]] = 0.0
        total: float = shares.sum()
        return shares / total

    def changes(self, phase: int, beats: int, age: int) -> float:
        """Give how likely the chord changes on beat `phase` of a bar of so many, after it held for `age` beats."""
        kind, place = place_of(phase, beats)
        return self.when[kind][place][age_of(age)]


@cache
def facts() -> dict[str, Any]:
    """The counts as they stand in the file."""
    counted: dict[str, Any] = json.loads(COUNTED.read_text())
    return counted


@cache
def shipped() -> Table:
    """The table that comes with livegen."""
    return Table.of(facts()["follows"], facts()["when"])
