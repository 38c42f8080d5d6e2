"""Which lags of a song's past are to be believed, and the chords that follow from them.

Each lag that was right of late says what comes: what came then.  They vote, with weights that are a softmax over a few
facts: for how many chords and cells it was right on end, how often in all, whether it is whole bars, four or eight of
them.  The table of `progressions.py` votes too, and wins where nothing comes back.  The weights of the facts are such
that on songs with and without mistakes of the players the chord that came was as likely as can be (`python -m
export.progressions`); so the shares of the votes are probabilities.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.progressions import CLASSES, Table, facts, shipped
from livegen.music.song_past import LAGS, UNKNOWN, Past

FACTS = 10
MOST = 160  # lags that vote
RIGHT = 0.5  # chords on end that a lag must have been right for, or a bar
LONGEST = 8  # chords on end; more are no better
RARE = 1e-4  # what the table gives to a chord that never came

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


class Place(NamedTuple):
    """Where in its bar a cell lies, and how many cells that bar has."""

    phase: int
    cells: int


class Trust(NamedTuple):
    """What each fact about a lag is worth (FACTS,), and those about the table (3,)."""

    lags: Floats
    table: Floats


@cache
def trust() -> Trust:
    """As it was learned."""
    learned = facts()["trust"]
    return Trust(np.array(learned["lags"]), np.array(learned["table"]))


def facts_of(past: Past, bar: int) -> tuple[Places, Floats]:
    """Lags that were right of late (N,), in cells, and the facts about each (N, FACTS); bars have so many cells."""
    length = min(past.count, LAGS)
    chords, cells = past.in_chords[:length], past.in_cells[:length]
    at = np.flatnonzero((chords >= RIGHT) | (cells >= bar))
    if len(at) > MOST:
        best = 2 * chords[at] + cells[at] / bar
        at = at[np.argpartition(-best, MOST)[:MOST]]
    lags, chords, cells = at + 1, chords[at], cells[at]
    known = past.known[at]
    share = (past.right[at] + 1) / (known + 2)
    rows = (
        np.minimum(chords, 2),
        np.minimum(chords, LONGEST),
        np.log1p(chords),
        np.log1p(cells / bar),
        share,
        (share - 0.5) * np.log1p(known / bar),
        lags % bar == 0,
        lags % (4 * bar) == 0,
        lags % (8 * bar) == 0,
        np.log(lags / bar),
    )
    return lags, np.stack(rows, axis=1).astype(np.float64)


def facts_of_table(ahead: int, heard: int) -> Floats:
    """The facts about the table (3,), so many cells ahead after so many that were heard."""
    return np.array([1.0, np.log(ahead), np.log1p(heard) / 5])


def sources(lags: Places, ahead: int, count: int) -> Places:
    """The cells (N,) in which the lags see what comes so many cells after the last of `count`."""
    at = count + ahead - 1
    seen: Places = at - lags * ((at - count) // lags + 1)
    return seen


def tabled(past: Past, coming: Sequence[Place], table: Table) -> Floats:
    """By each cell that comes, how likely the table finds each class (M, CLASSES): the last chord or one after it."""
    before = past.changes(4)
    shares = np.full((len(coming), CLASSES), RARE)
    if not before:
        return shares + 1 / CLASSES
    next_one, age, holds = table.following(before), past.age(), 1.0
    begun = list[float]()  # by cell, how likely the next chord began there and holds
    for at, place in enumerate(coming):
        change = table.changes(*place, age + at)
        begun = [
            share * (1 - table.changes(*place, at - since)) for since, share in enumerate(begun)
        ]
        begun.append(holds * change)
        holds *= 1 - change
        shares[at] += sum(begun) * next_one
        shares[at, before[-1]] += holds
    return shares


def shares(worth: Floats, table: float) -> tuple[Floats, float]:
    """Weights of the lags (N,) and of the table; their sum is 1."""
    top = max(table, float(worth.max())) if len(worth) else table
    weights, rest = np.exp(worth - top), float(np.exp(table - top))
    total = float(weights.sum()) + rest
    return weights / total, rest / total


class Vote(NamedTuple):
    """A chord by its number in the past (or its class, which is the same), how likely, and how much memory says so."""

    number: int
    share: float
    remembered: float


def voted(past: Past, coming: Sequence[Place], bar: int, first: int = 1) -> list[Vote]:
    """The likeliest chord of cells to come, from the `first` after the last heard on; `coming` has all of them."""
    lags, about = facts_of(past, bar)
    believed = trust()
    worth, table = about @ believed.lags, tabled(past, coming, shipped())
    votes = []
    for ahead in range(first, len(coming) + 1):
        weights, rest = shares(worth, float(facts_of_table(ahead, past.count) @ believed.table))
        numbers = past.heard[sources(lags, ahead, past.count)]
        weights[numbers == UNKNOWN] = 0.0
        classes = past.classes[numbers]
        remembered = np.bincount(classes, weights, CLASSES)
        likely = remembered + rest * table[ahead - 1]
        best = int(likely.argmax())
        of_best = np.flatnonzero((classes == best) & (weights > 0))
        by_number = np.bincount(numbers[of_best], weights[of_best], 1)
        number = int(by_number.argmax()) if len(of_best) else best
        votes.append(Vote(number, float(likely[best]), float(remembered[best])))
    return votes
