"""Batches for training: endless streams of event segments, drawn by a seeded generator.

Each stream runs through segments of pieces end to end; the network's state goes with it and is
zeroed where a segment starts.  What sounds at each step is counted here.  Knows no torch.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from heapq import heappop, heappush
from typing import Any

import numpy as np
import numpy.typing as npt

from livegen.codec.layout import ADVANCE, NO_PITCH, SOUNDING, UNKNOWN_STYLE, Event
from livegen.music.parts import DRUMS
from livegen.training import articulation
from livegen.training.corpora import BEFORE, ON, PART, PITCH, TIME, Piece, Rows

FEWEST = 8  # pieces of a set in a shard; fewer would be learned by heart
TOUCHES = (0.3, 0.95)  # shares of notes that are left of them where they are played detached
FROM_THE_START = 0.4  # share of segments of long pieces that begin with the piece


@dataclass(frozen=True, slots=True)
class Pool:
    """Pieces of one set to draw from, with their style classes, and its share of all events."""

    events: Rows
    pieces: Sequence[Piece]
    styles: Sequence[int]
    share: float


@dataclass(frozen=True, slots=True)
class Batch:
    """T steps of B streams.

    `rows`, what the network is given of each event, and `targets`, the events that follow, uint8
    (T, B, 8), `style` int64 (T, B), `sounding` bool (T, B, 384) after
    each row, `keep` float32 (T, B, 1), 0 where a segment starts.
    """

    rows: Rows
    targets: Rows
    style: npt.NDArray[np.int64]
    sounding: npt.NDArray[np.bool_]
    keep: npt.NDArray[np.float32]


@dataclass(slots=True)
class Cursor:
    """The place of a stream: event `at` of a segment, which is rows `first` to `end` of a pool's events, transposed
    by `shift`, with about the share `held` of each note held, by chance of the seed `touch`.
    """

    pool: int = 0
    first: int = 0
    end: int = 0
    at: int = 0
    shift: int = 0
    style: int = 0
    held: float = 1.0
    touch: int = 0


def transposed(rows: Rows, shift: int) -> Rows:
    """Rows with every pitched note moved by `shift` semitones, which must keep it in 0..127."""
    if not shift:
        return rows
    moved = rows.copy()
    pitched = (rows[:, PART] != DRUMS) & (rows[:, TIME] != ADVANCE)
    moved[pitched, PITCH] = (rows[pitched, PITCH].astype(np.int16) + shift).astype(np.uint8)
    near = rows[:, BEFORE] != NO_PITCH
    moved[near, BEFORE] = (rows[near, BEFORE].astype(np.int16) + shift).astype(np.uint8)
    return moved


def given(rows: Rows) -> Rows:
    """Give the network's inputs of events (N, 8): `before` makes way for the class of the interval."""
    found = rows.copy()
    found[:, BEFORE] = _intervals()[rows[:, ON], rows[:, PITCH], rows[:, BEFORE]]
    return found


@cache
def _intervals() -> npt.NDArray[np.uint8]:
    """The table of `Event.interval`: (2, 128, 256) by on, pitch and `before`."""
    shape = (2, 128, 256)
    found = [
        Event(0, 0, on, pitch, 0, 0, 0, before).interval for on, pitch, before in np.ndindex(shape)
    ]
    return np.array(found, np.uint8).reshape(shape)


def changes(rows: Rows) -> npt.NDArray[np.int8]:
    """Give the change of each row to what sounds, 1 or -1, int8 (N, 384)."""
    delta = np.zeros((len(rows), SOUNDING), np.int8)
    steps = np.flatnonzero((rows[:, PART] != DRUMS) & (rows[:, TIME] != ADVANCE))
    keys = rows[steps, PART].astype(np.int64) * 128 + rows[steps, PITCH]
    delta[steps, keys] = np.where(rows[steps, ON] == 1, 1, -1)
    return delta


def sounding_after(rows: Rows) -> npt.NDArray[np.int8]:
    """Give the notes that sound after all of `rows`, int8 (384,)."""
    pitched = rows[(rows[:, PART] != DRUMS) & (rows[:, TIME] != ADVANCE)]
    keys = pitched[:, PART].astype(np.int64) * 128 + pitched[:, PITCH]
    counts = np.bincount(keys, np.where(pitched[:, ON] == 1, 1, -1), SOUNDING)
    return counts.astype(np.int8)


class Streams:
    """`batch` endless streams over `pools`, cut into segments of at most `segment` events.

    Each stream has a generator of its own, so a process may have every n-th of them only (`deal`) and draw
    what one process would.  With `shards` the pieces of each set are dealt into so many parts of a size, and a
    stream draws from one of them: as many processes then read a part each.

    `state()` and `restore()` make a resumed run draw the same batches.
    """

    def __init__(
        self,
        pools: Sequence[Pool],
        batch: int,
        segment: int,
        transpose: tuple[int, int],
        style_unknown: float,
        seed: int,
        deal: tuple[int, int] = (0, 1),
        shards: int = 1,
        detached: float = 0.0,
    ) -> None:
        """`transpose` is the lowest and the highest shift; every piece has two events or more.

        `deal` is the first stream of this process, and how many processes there are; of the segments the share
        `detached` is played with shorter notes.
        """
        self.pools = pools
        self.segment = segment
        self.transpose = transpose
        self.style_unknown = style_unknown
        self.detached = detached
        self.numbers = range(batch)[deal[0] :: deal[1]]
        self.rngs = [np.random.default_rng((seed, number)) for number in self.numbers]
        self.cursors = [Cursor() for _ in self.numbers]
        self._segments = [self._segment(cursor) for cursor in self.cursors]
        self.sounding = np.zeros((len(self.numbers), SOUNDING), np.int8)
        self._shares = np.array([pool.share for pool in pools]) / sum(pool.share for pool in pools)
        lengths = [
            np.array([piece.end - piece.start for piece in pool.pieces], float) for pool in pools
        ]
        self.shards = [dealt_out(length, shards) for length in lengths]
        self._chances = [
            [length[shard] / length[shard].sum() for shard in own]
            for length, own in zip(lengths, self.shards, strict=True)
        ]

    def state(self) -> dict[str, list[Any]]:
        """Everything that the next batch depends on, as plain values, for each stream here."""
        return {
            "rngs": [rng.bit_generator.state for rng in self.rngs],
            "cursors": [asdict(cursor) for cursor in self.cursors],
            "sounding": [np.flatnonzero(row).tolist() for row in self.sounding],
        }

    @staticmethod
    def is_state(kept: dict[str, list[Any]]) -> bool:
        """True if it is a `state()` of this livegen's."""
        return all(cursor.keys() == asdict(Cursor()).keys() for cursor in kept["cursors"])

    def restore(self, state: dict[str, list[Any]]) -> None:
        """Go on from the `state()` of all streams (see `joined`)."""
        for rng, kept in zip(self.rngs, self._own(state["rngs"]), strict=True):
            rng.bit_generator.state = kept
        self.cursors = [Cursor(**cursor) for cursor in self._own(state["cursors"])]
        self._segments = [self._segment(cursor) for cursor in self.cursors]
        self.sounding[:] = 0
        for row, keys in zip(self.sounding, self._own(state["sounding"]), strict=True):
            row[keys] = 1

    def _own(self, values: list[Any]) -> list[Any]:
        return [values[number] for number in self.numbers]

    def next(self, steps: int) -> Batch:
        """The next `steps` steps of every stream."""
        width, columns = len(self.cursors), self.pools[0].events.shape[1]
        batch = Batch(
            np.empty((steps, width, columns), np.uint8),
            np.empty((steps, width, columns), np.uint8),
            np.empty((steps, width), np.int64),
            np.empty((steps, width, SOUNDING), np.bool_),
            np.ones((steps, width, 1), np.float32),
        )
        for index, cursor in enumerate(self.cursors):
            self._fill(batch, index, cursor, steps)
        return batch

    def _fill(self, batch: Batch, index: int, cursor: Cursor, steps: int) -> None:
        filled = 0
        while filled < steps:
            if cursor.at >= len(self._segments[index]) - 1:
                self._begin(index, cursor)
                batch.keep[filled, index] = 0
            segment = self._segments[index]
            take = min(steps - filled, len(segment) - 1 - cursor.at)
            rows = segment[cursor.at : cursor.at + take + 1]
            sounding = self.sounding[index] + changes(rows[:-1]).cumsum(0, dtype=np.int8)
            span = slice(filled, filled + take)
            batch.rows[span, index], batch.targets[span, index] = given(rows[:-1]), rows[1:]
            batch.style[span, index] = cursor.style
            batch.sounding[span, index] = sounding > 0
            self.sounding[index] = sounding[-1]
            cursor.at += take
            filled += take

    def _begin(self, index: int, cursor: Cursor) -> None:
        """Draw the next segment of a stream: set by share, piece by length, then a place in it."""
        rng = self.rngs[index]
        cursor.pool = int(rng.choice(len(self.pools), p=self._shares))
        pool, shards = self.pools[cursor.pool], self.shards[cursor.pool]
        shard = self.numbers[index] % len(shards)
        which = int(rng.choice(shards[shard], p=self._chances[cursor.pool][shard]))
        piece = pool.pieces[which]
        cursor.at, cursor.first = 0, piece.start
        if piece.end - piece.start > self.segment and rng.random() >= FROM_THE_START:
            cursor.first = int(rng.integers(piece.start, piece.end - self.segment + 1))
        cursor.end = min(piece.end, cursor.first + self.segment)
        unknown = rng.random() < self.style_unknown
        cursor.style = UNKNOWN_STYLE if unknown else pool.styles[which]
        cursor.shift = self._shift(rng, pool.events[piece.start : cursor.end])
        cursor.held = 1.0
        if self.detached and rng.random() < self.detached:
            cursor.held, cursor.touch = float(rng.uniform(*TOUCHES)), int(rng.integers(1 << 32))
        self._segments[index] = self._segment(cursor)
        self.sounding[index] = sounding_after(
            transposed(pool.events[piece.start : cursor.first], cursor.shift)
        )

    def _segment(self, cursor: Cursor) -> Rows:
        """The events of a segment as they are played."""
        rows = self.pools[cursor.pool].events[cursor.first : cursor.end]
        if cursor.held < 1:
            rows = articulation.detached(rows, cursor.held, np.random.default_rng(cursor.touch))
        return transposed(rows, cursor.shift)

    def _shift(self, rng: np.random.Generator, rows: Rows) -> int:
        """A transposition that keeps every pitched note within 0..127."""
        pitches = rows[(rows[:, PART] != DRUMS) & (rows[:, TIME] != ADVANCE), PITCH]
        low, high = self.transpose
        if len(pitches):
            low, high = max(low, -int(pitches.min())), min(high, 127 - int(pitches.max()))
        return int(rng.integers(min(low, 0), max(high, 0) + 1))


def joined(states: Sequence[dict[str, list[Any]]]) -> dict[str, list[Any]]:
    """The state of all streams from those of every process, by rank."""
    count = sum(len(state["cursors"]) for state in states)
    every = len(states)
    return {
        key: [states[number % every][key][number // every] for number in range(count)]
        for key in states[0]
    }


def dealt_out(lengths: npt.NDArray[np.float64], shards: int) -> list[npt.NDArray[np.int64]]:
    """Numbers of the pieces in each of so many parts of about one size; all in one where pieces are few.

    The longest first, each to the part that has least.
    """
    if shards == 1 or len(lengths) < FEWEST * shards:
        return [np.arange(len(lengths))]
    parts: list[list[int]] = [[] for _ in range(shards)]
    sizes = [(0.0, part) for part in range(shards)]
    for piece in np.argsort(-lengths, kind="stable").tolist():
        size, part = heappop(sizes)
        parts[part].append(piece)
        heappush(sizes, (size + float(lengths[piece]), part))
    return [np.array(sorted(part)) for part in parts]


def sounding_steps(rows: Rows) -> npt.NDArray[np.bool_]:
    """Give the notes that sound after each of `rows`, bool (N, 384), when none sounded before them."""
    return changes(rows).cumsum(0, dtype=np.int8) > 0
