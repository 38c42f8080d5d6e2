"""A song's own past, against which what is heard now is held at all lags at once.

Somebody who plays along says: "this is like twelve bars ago".  Here each lag, in cells (beats), is such a claim.  Of
each is kept how many chords and cells it has been right for, on end and in all.  A lag of what was skipped or added
further gains as soon as it is right again, so that a place lost is found by itself.  Each beat costs a few dozen
operations on arrays of at most LAGS numbers; nothing grows beyond CELLS.

Knows cells and chords; knows no ticks and no metre.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from livegen.music.chords.chord import Chord
from livegen.music.chords.progressions import TRIADS, class_of

CELLS = 4096  # that are remembered: ten minutes of beats at 300 bpm, and a quarter more
LAGS = 3072
SPARE = 1024  # cells that are forgotten at once
CHORDS = 512  # different ones that are remembered; of others the triad
UNKNOWN = -1  # a cell of which nobody said a chord
SHARED = 0.75  # of all tones: chords with other roots that share so many are alike
FORGIVES = 0.5  # share of a run that is left after a chord that is not as it was
# Of what a lag was right in all, what is left a cell later: half of it 170 bars later.
LASTING = 0.999

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


def alike(one: Chord, other: Chord) -> bool:
    """True if one may be heard or written for the other: C for C6, Cmaj7, C5 and Am7, but not for Cm."""
    tones, others = one.pitch_classes, other.pitch_classes
    if one.root == other.root:
        thirds = {(chord.root + third) % 12 for chord in (one, other) for third in (3, 4)}
        return len(thirds & (tones | others)) < 2 or bool(thirds & tones & others)
    return len(tones & others) >= SHARED * len(tones | others)


@dataclass(slots=True)
class Past:
    """The chords of all cells so far, by number in `chords`, and what each lag was worth.

    `count` cells are remembered, `dropped` more are forgotten.  Arrays over lags have lag 1 first.
    """

    chords: list[Chord] = field(default_factory=lambda: list(TRIADS))
    count: int = 0
    dropped: int = 0
    heard: Places = field(default_factory=lambda: np.full(CELLS, UNKNOWN, np.int64))
    in_chords: Floats = field(default_factory=lambda: np.zeros(LAGS))  # right on end, in changes
    in_cells: Floats = field(default_factory=lambda: np.zeros(LAGS))  # right on end, in cells
    right: Floats = field(default_factory=lambda: np.zeros(LAGS))  # right in all, in cells
    known: Floats = field(default_factory=lambda: np.zeros(LAGS))  # cells that could be compared
    classes: Places = field(default_factory=lambda: np.zeros(CHORDS, np.int64))
    _numbers: dict[Chord, int] = field(default_factory=dict)
    _alike: Flags = field(default_factory=lambda: np.zeros((CHORDS, CHORDS + 1), np.bool_))
    _undo: list[Floats] = field(default_factory=list)

    def __post_init__(self) -> None:
        for chord in list(self.chords):
            self._note(chord)

    def number(self, chord: Chord | None) -> int:
        """The number of a chord, a new one if need be; UNKNOWN of None."""
        if chord is None:
            return UNKNOWN
        found = self._numbers.get(chord)
        if found is None and len(self.chords) == CHORDS:
            return class_of(chord)
        if found is None:
            self.chords.append(chord)
            found = self._note(chord)
        return found

    def _note(self, chord: Chord) -> int:
        number = self._numbers[chord] = len(self._numbers)
        self.classes[number] = class_of(chord)
        for other, at in self._numbers.items():
            self._alike[number, at] = self._alike[at, number] = alike(chord, other)
        return number

    def hear(self, chord: Chord | None) -> None:
        """The chord of the next cell; None where nobody knows."""
        if self.count == CELLS:
            self._forget()
        self._undo = [lags.copy() for lags in self._lags()]
        self.count += 1
        self._take(self.number(chord))

    def pass_over(self, cells: int) -> None:
        """Pass over so many cells, SPARE at most, of which nobody knows a chord."""
        if self.count + cells > CELLS:
            self._forget()
        self.heard[self.count : self.count + cells] = UNKNOWN
        self.count += cells

    def revise(self, chord: Chord | None, back: int = 0) -> None:
        """Another chord for the cell so many cells before the last one; what was compared since then stays."""
        number = self.number(chord)
        if back:
            self.heard[self.count - 1 - back] = number
        elif number != self.heard[self.count - 1]:
            for lags, before in zip(self._lags(), self._undo, strict=True):
                lags[:] = before
            self._take(number)

    def _lags(self) -> tuple[Floats, ...]:
        return self.in_chords, self.in_cells, self.right, self.known

    def _take(self, number: int) -> None:
        now = self.count - 1
        self.heard[now] = number
        if number != UNKNOWN and now:
            self._compare(number, now)

    def _forget(self) -> None:
        self.heard[:-SPARE] = self.heard[SPARE:]
        self.count -= SPARE
        self.dropped += SPARE

    def compared(self, now: int, lags: Places) -> tuple[Flags, Flags]:
        """Say of lags, in cells, each shorter than `now`, whether it is right about that cell, and whether wrong.

        A cell early or late is neither.
        """
        like = self._alike[self.heard[now]]  # whose last entry, that of UNKNOWN, is never true
        before = self.heard[now - lags]
        right = like[before]
        near = like[self.heard[now - lags + 1]] | like[self.heard[now - lags - 1]]
        return right, ~right & ~near & (before != UNKNOWN)

    def _compare(self, number: int, now: int) -> None:
        """Say of each lag whether it was right about cell `now`; a cell early or late is neither right nor wrong."""
        length = min(now, LAGS)
        like = self._alike[number]  # whose last entry, that of UNKNOWN, is never true
        before = self.heard[now - length : now][::-1]
        same = like[before]
        near = np.zeros(length, np.bool_)
        near[1:] = same[:-1]
        near[:-1] |= same[1:]
        wrong = ~same & ~near & (before != UNKNOWN)
        changed = not like[self.heard[now - 1]]
        keeps = np.where(wrong, FORGIVES, 1.0)
        for run in (self.in_chords, self.in_cells):
            run[:length] *= keeps
        if changed:
            self.in_chords[:length] += same
        self.in_cells[:length] += same
        for kept in (self.right, self.known):
            kept[:length] *= LASTING
        self.right[:length] += same
        self.known[:length] += same | wrong

    def favour(self, lags: Places, chords: float, cells: float) -> None:
        """Take lags as right for so many chords and cells on end, and all others as wrong just now."""
        lags = lags[(lags > 0) & (lags <= LAGS)]
        kept = self._lags(), self._undo or self._lags()
        for in_chords, in_cells, *_ in kept:
            in_chords *= FORGIVES
            in_cells *= FORGIVES
            in_chords[lags - 1], in_cells[lags - 1] = chords, cells

    def changes(self, most: int) -> list[int]:
        """The classes of the last chords, at most so many, the last one last; those that go on count once."""
        found = list[int]()
        for number in self.heard[max(0, self.count - 64 * most) : self.count][::-1].tolist():
            if number != UNKNOWN and (not found or self.classes[number] != found[-1]):
                found.append(int(self.classes[number]))
            if len(found) == most:
                break
        return found[::-1]

    def age(self) -> int:
        """For how many cells the last chord has held by now, at least 1."""
        tail = self.heard[max(0, self.count - 64) : self.count]
        if not len(tail):
            return 1
        other = np.flatnonzero(tail != tail[-1])
        return len(tail) - 1 - int(other[-1]) if len(other) else len(tail)
