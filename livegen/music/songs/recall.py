"""Finds the lags of a song's past that are to be believed, and the chords that follow from them.

Each lag that was right of late says what comes: what came then.  They vote, with weights that are a softmax over a few
facts: for how many chords and cells it was right on end, how often in all, whether it is whole bars, four or eight of
them.  The table of `progressions.py` votes too, and wins where nothing comes back; when the chord changes it says
together with what this song did of late at that place of the bar.  The weights of the facts are such
that on songs with and without mistakes of the players the chord that came was as likely as can be (`python -m
export.progressions`); so the shares of the votes are probabilities.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.chords.progressions import CLASSES, Table, facts, shipped
from livegen.music.songs.song_past import LAGS, UNKNOWN, Past

FACTS = 10
MOST = 160  # lags that vote
RIGHT = 0.5  # chords on end that a lag must have been right for, or a bar
LONGEST = 8  # chords on end; more are no better
RARE = 1e-4  # what the table gives to a chord that never came
OF_LATE = 65  # cells in which it is counted at which places of the bar this song changes
OTHERS = 2.0  # bars of this song that other songs weigh as much as

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


class CellPlace(NamedTuple):
    """The place of a cell in its bar, and the number of cells of that bar."""

    phase: int
    cells: int


class Trust(NamedTuple):
    """The worth of each fact about a lag (FACTS,), and of those about the table (3,)."""

    lags: Floats
    table: Floats


@cache
def trust() -> Trust:
    """Give the trust as it was learned."""
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


def facts_of_table(ahead: Places, heard: int) -> Floats:
    """The facts about the table (M, 3), so many cells ahead (M, 1) after so many that were heard."""
    return np.concatenate(
        [np.ones(ahead.shape), np.log(ahead), np.full(ahead.shape, np.log1p(heard) / 5)], axis=1
    )


def sources(lags: Places, ahead: Places, count: int) -> Places:
    """The cells (M, N) in which the lags (N,) see what comes so many cells (M, 1) after the last of `count`."""
    seen: Places = count + ahead - 1 - lags * ((ahead - 1) // lags + 1)
    return seen


def habits(past: Past, coming: CellPlace) -> tuple[Floats, Floats]:
    """By place in the bar, how often the chord changed there of late, and how often it might have (both cells,).

    `coming` is the place of the cell after the last one.
    """
    tail = past.heard[max(0, past.count - OF_LATE) : past.count]
    known = (tail[1:] != UNKNOWN) & (tail[:-1] != UNKNOWN)
    other = past.classes[tail[1:]] != past.classes[tail[:-1]]
    places = (coming.phase - 1 - np.arange(len(known))[::-1]) % coming.cells
    changed: Floats = np.bincount(places, known & other, coming.cells).astype(float)
    might_have: Floats = np.bincount(places, known, coming.cells).astype(float)
    return changed, might_have


def tabled(past: Past, coming: Sequence[CellPlace], table: Table) -> Floats:
    """By each cell that comes, how likely the table finds each class (M, CLASSES): the last chord or one after it."""
    before = past.changes(4)
    shares = np.full((len(coming), CLASSES), RARE)
    if not before or not coming:
        return shares + 1 / CLASSES
    next_one, age, holds = table.following(before), past.age(), 1.0
    changed, seen = habits(past, coming[0])

    def changes(place: CellPlace, age: int) -> float:
        by_others = OTHERS * table.changes(*place, age)
        here = place.phase % len(seen)
        return float((by_others + changed[here]) / (OTHERS + seen[here]))

    begun = list[float]()  # by cell, how likely the next chord began there and holds
    for at, place in enumerate(coming):
        change = changes(place, age + at)
        begun = [share * (1 - changes(place, at - since)) for since, share in enumerate(begun)]
        begun.append(holds * change)
        holds *= 1 - change
        shares[at] += sum(begun) * next_one
        shares[at, before[-1]] += holds
    return shares


def shares(worth: Floats, table: Floats) -> tuple[Floats, Floats]:
    """Weights of the lags (M, N) and of the table (M,); their sums are 1."""
    top = np.maximum(table, worth.max(axis=1, initial=-np.inf))
    weights, rest = np.exp(worth - top[:, None]), np.exp(table - top)
    total = weights.sum(axis=1) + rest
    return weights / total[:, None], rest / total


class Likely(NamedTuple):
    """The likelihood of each class in M cells to come (M, CLASSES), and who in the past says so.

    `numbers` (M, N) are the chords by number that the lags see, `weights` (M, N) what they count, 0 where they see
    none.
    """

    shares: Floats
    numbers: Places
    weights: Floats


def likely(past: Past, coming: Sequence[CellPlace], bar: int) -> Likely:
    """The likelihoods of the cells `coming`, the first of which follows the last heard; bars have so many cells."""
    lags, about = facts_of(past, bar)
    believed, ahead = trust(), np.arange(1, len(coming) + 1)[:, None]
    worth = np.broadcast_to(about @ believed.lags, (len(ahead), len(lags)))
    weights, rest = shares(worth, facts_of_table(ahead, past.count) @ believed.table)
    numbers = past.heard[sources(lags, ahead, past.count)]
    weights = np.where(numbers == UNKNOWN, 0.0, weights)
    cells = past.classes[numbers] + CLASSES * (ahead - 1)
    remembered: Floats = np.zeros(len(ahead) * CLASSES)
    remembered += np.bincount(cells.ravel(), weights.ravel(), len(remembered))
    remembered = remembered.reshape(len(ahead), CLASSES)
    in_all = remembered + rest[:, None] * tabled(past, coming, shipped())
    return Likely(in_all, numbers, weights)


class CellVote(NamedTuple):
    """A chord by its number in the past (or its class, which is the same), and how likely it is."""

    number: int
    share: float


def number_of(past: Past, found: Likely, at: int, best: int) -> int:
    """The chord of class `best` that memory is most for in cell `at`, by its number in the past.

    Where memory has none, it is the chord that sounds, if it is of that class, with its bass; or else the class.
    """
    numbers, weights = found.numbers[at], found.weights[at]
    of_best = np.flatnonzero((past.classes[numbers] == best) & (weights > 0))
    by_number = np.bincount(numbers[of_best], weights[of_best], 1)
    if len(of_best):
        return int(by_number.argmax())
    now = int(past.heard[past.count - 1]) if past.count else UNKNOWN
    return now if now != UNKNOWN and past.classes[now] == best else best


def voted(past: Past, coming: Sequence[CellPlace], bar: int) -> list[CellVote]:
    """The likeliest chord of each cell in `coming`, the first of which follows the last heard."""
    found, votes = likely(past, coming, bar), []
    for at, best in enumerate(found.shares.argmax(axis=1).tolist()):
        votes.append(CellVote(number_of(past, found, at, best), float(found.shares[at, best])))
    return votes
