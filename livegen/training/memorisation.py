"""Memorisation: the longest run of notes that one music has in common with another, in whatever key and tempo.

A melody is its onset line, as steps: the interval, and the ratio of the inter-onset interval to the one before, in half
octaves.  So neither key nor tempo hides a copy.  What a line shares with known music is the length of its longest run
of steps that stands in any known line.  All known lines are searched at once: a run of n steps can only lie where one
of n - 1 did, so what is left to look at shrinks with every step, and millions of notes take seconds.  Runs are compared
by 64-bit hashes.  Scales and repeated notes are common to all music: read a figure beside that of music which cannot
have copied.  Pure functions of pitches and ticks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from livegen.codec.layout import ADVANCE
from livegen.music.parts import PITCHED
from livegen.training.corpora import Rows
from livegen.training.markov import Hashes, mixed

LONGEST = 256  # steps: nobody looks further
LARGEST = 24  # semitones of an interval that are told apart
LONG = 16  # notes: a copy so long is told with its source

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class JoinedLines:
    """Lines end to end, (S,) each: steps, how many of its line are left from each on, and whose line it is."""

    steps: Hashes
    left: Integers
    owner: Integers


@dataclass(frozen=True, slots=True)
class Copy:
    """The longest run of a line that stands elsewhere: its notes, and the owner of one such place (-1: none)."""

    notes: int
    owner: int


def steps_of(pitches: Integers, ticks: Integers) -> Hashes:
    """Steps of one line of N notes, MIDI pitches and ticks: (N - 2,); the first interval has no ratio yet."""
    if len(pitches) < 3:
        return np.zeros(0, np.uint64)
    intervals = np.clip(np.diff(pitches), -LARGEST, LARGEST) + LARGEST
    times = np.maximum(np.diff(ticks), 1).astype(np.float64)
    ratios = np.clip(np.round(2 * np.log2(times[1:] / times[:-1])), -6, 6).astype(np.int64) + 6
    return (intervals[1:] * 16 + ratios).astype(np.uint64)


def lines_of_rows(rows: Rows, starts: Integers) -> JoinedLines:
    """Lines of pieces, one for each pitched part: rows (N, 8) end to end, and where each begins.

    The owner is the number of the piece.
    """
    lengths = np.diff(np.append(starts, len(rows)))
    piece = np.repeat(np.arange(len(starts)), lengths)
    # Ticks since the beginning of all: pieces are told apart by their number.
    ticks = np.cumsum(rows[:, 0], dtype=np.int64)
    begins = (rows[:, 0] != ADVANCE) & (rows[:, 2] == 1)
    found, owners = [], []
    for part in range(len(PITCHED)):
        where = np.flatnonzero(begins & (rows[:, 1] == part))
        if not len(where):
            continue
        whose, when, pitch = piece[where], ticks[where], rows[where, 3].astype(np.int64)
        first = np.flatnonzero(np.append(True, (np.diff(when) != 0) | (np.diff(whose) != 0)))
        highest = np.maximum.reduceat(pitch, first)
        whose, when = whose[first], when[first]
        cuts = np.flatnonzero(np.diff(whose)) + 1
        for pitches, moments, owner in zip(
            np.split(highest, cuts), np.split(when, cuts), whose[np.append(0, cuts)], strict=True
        ):
            found.append(steps_of(pitches, moments))
            owners.append(int(owner))
    return joined(found, owners)


def joined(found: Sequence[Hashes], owners: Sequence[int]) -> JoinedLines:
    """Lines of these steps, each with its owner."""
    lengths = [len(steps) for steps in found]
    left = [np.arange(length, 0, -1) for length in lengths]
    return JoinedLines(
        np.concatenate([*found, np.zeros(0, np.uint64)]),
        np.concatenate([*left, np.zeros(0, np.int64)]),
        np.repeat(np.array(owners, np.int64), lengths),
    )


def copies(some: JoinedLines, count: int, known: JoinedLines) -> list[Copy]:
    """For each of `count` owners the longest run of its line that stands in the known lines.

    Of n steps are n + 1 notes (and the inter-onset interval before them); a run of no steps is of no notes.
    """
    longest, whose = np.zeros(count, np.int64), np.full(count, -1, np.int64)
    mine, theirs = np.arange(len(some.steps)), np.arange(len(known.steps))
    my_hash, their_hash = np.zeros(len(mine), np.uint64), np.zeros(len(theirs), np.uint64)
    for length in range(1, LONGEST + 1):
        mine, my_hash = _longer(some, mine, my_hash, length)
        theirs, their_hash = _longer(known, theirs, their_hash, length)
        if not len(mine) or not len(theirs):
            break
        wanted = np.unique(my_hash)
        kept = _within(their_hash, wanted)
        theirs, their_hash = theirs[kept], their_hash[kept]
        order = np.argsort(their_hash, kind="stable")
        ranked = their_hash[order]
        kept = _within(my_hash, np.unique(ranked))
        mine, my_hash = mine[kept], my_hash[kept]
        owners = some.owner[mine]
        longest[owners] = length
        whose[owners] = known.owner[theirs[order[np.searchsorted(ranked, my_hash)]]]
    return [
        Copy(int(steps) + 1 if steps else 0, int(owner))
        for steps, owner in zip(longest, whose, strict=True)
    ]


def _longer(
    lines: JoinedLines, places: Integers, hashes: Hashes, length: int
) -> tuple[Integers, Hashes]:
    """Of the places where runs of one step less begin, those that go on so long, with their hashes."""
    kept = lines.left[places] >= length
    places, hashes = places[kept], hashes[kept]
    return places, mixed(hashes, lines.steps[places + length - 1])


def _within(values: Hashes, wanted: Hashes) -> npt.NDArray[np.bool_]:
    """Tell which values are among the wanted ones, which are sorted."""
    if not len(wanted):
        return np.zeros(len(values), np.bool_)
    at = np.minimum(np.searchsorted(wanted, values), len(wanted) - 1)
    found: npt.NDArray[np.bool_] = wanted[at] == values
    return found
