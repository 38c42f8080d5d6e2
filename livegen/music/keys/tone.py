"""The tone of what is played: how likely each key is, by all that was heard, once a beat.

A small convolutional network.  Its first two layers look at the last four beats from each of the twelve pitch classes
with the same weights, so that what they know holds in every key: music that is transposed has its tone transposed.
What they find at each beat goes into four means, of which half is forgotten after 2, 8, 32 and 128 beats: the history,
of which no more is kept however long the music lasts.  Two more layers make the keys of the means.  A beat in which
little sounds counts for little, and silence changes nothing.

The group-equivariant idea is Cohen and Welling's (2016), over transpositions; convolution for keys is Korzeniowski
and Widmer's (2017).  Trained by `python -m export.tone DATA`.  Knows pitch classes and beats; knows no micros.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.files.weights import Shape, read_weights, width
from livegen.music.note import Note
from livegen.music.parts import SPLIT_PITCH

WEIGHTS = Path(__file__).with_name("tone.npz")
MOST_BYTES = 85_000  # of that file
# Rows of a beat: beats that sound, onsets, and both of the bass alone.
LASTING, STRUCK, LOW = range(3)
ROWS = 3
LOOK = 4  # beats that are looked at together
HALF_LIVES = (2.0, 8.0, 32.0, 128.0)  # beats in which a mean forgets half of what was before
DOUBT = 0.5  # so much weight of a mean says only half of what it could
KEEPS = np.array([0.5 ** (1 / life) for life in HALF_LIVES], np.float32)
LONGEST = 8.0  # quarters that a note counts as sounding at most
_WHOLE = 2_000  # quarters of a piece that are heard
_FIRST = 8  # beats of a whole that say little yet
_FINEST = 1024.0  # parts of a nat: what another order of sums could change is rounded off

Floats = NDArray[np.float32]


class ToneWeights(NamedTuple):
    """Of the network: the two layers that look, from 12 places, and the two that say."""

    first: Floats  # (LOOK * ROWS * 12, A), of the oldest beat first
    first_bias: Floats  # (A,)
    second: Floats  # (A * 12, B)
    second_bias: Floats  # (B,)
    third: Floats  # (len(HALF_LIVES) * (B + 1), C): means, and how much went into each
    third_bias: Floats  # (C,)
    last: Floats  # (C * 12, 2): major, minor
    last_bias: Floats  # (2,)


def read(path: Path) -> ToneWeights:
    """The weights that a file holds.  Raises ModelError for one that is not of this network."""
    return ToneWeights(*read_weights(path, ToneWeights._fields, _shapes, "the tone", "tone"))


def _shapes(found: Sequence[Shape]) -> list[Shape]:
    a, b, c = map(width, found[1:6:2])
    return [
        *((LOOK * ROWS * 12, a), (a,), (a * 12, b), (b,)),
        *((len(HALF_LIVES) * (b + 1), c), (c,), (c * 12, 2), (2,)),
    ]


@cache
def shipped() -> ToneWeights:
    """The weights that come with livegen.  Raises ModelError where they are damaged."""
    return read(WEIGHTS)


@cache
def _turned(rows: int) -> NDArray[np.intp]:
    """The places of so many rows of pitch classes, one after the other, as they are seen from each of them."""
    seen_from = (np.arange(12)[:, None, None] + np.arange(12)) % 12
    places = np.arange(rows)[:, None] * 12 + seen_from
    return places.reshape(12, -1)


def _around(rows: Floats) -> Floats:
    """Rows of pitch classes (R, 12) as they are seen from each of them (12, R * 12)."""
    result: Floats = rows.reshape(-1).take(_turned(len(rows)))
    return result


def seen(beat: Floats) -> tuple[Floats, float]:
    """A beat (ROWS, 12) as the network sees it, each row as shares, and how much the beat counts, 0 to 1."""
    sums = beat.sum(1, keepdims=True)
    total = float(sums[LASTING, 0] + sums[STRUCK, 0])
    shares: Floats = beat / (sums + 1)
    return shares, total / (total + 1)


def beats_of(notes: Sequence[Note], since: float, length: float = 1.0) -> Floats:
    """The beats of music from one on, each `length` quarters long (n, ROWS, 12).

    As a tracker counts them: the bass is what is struck below middle C and below all that sounds.
    """
    until = max(note.end for note in notes)
    found = np.zeros((int((until - since) / length) + 1, ROWS, 12), np.float32)
    ends = dict[int, float]()
    for onset, end, pitch, *_ in notes:
        ends = {other: until for other, until in ends.items() if until > onset}
        is_low = pitch < SPLIT_PITCH and pitch <= min(ends, default=128)
        ends[pitch] = end
        first, over = int((onset - since) / length), min(end, onset + LONGEST)
        for row in (STRUCK, LOW) if is_low else (STRUCK,):
            found[first, row, pitch % 12] += 1
        for at in range(first, min(len(found), int((over - since) / length) + 1)):
            begins = since + at * length
            lasted = min(over, begins + length) - max(onset, begins)
            for row in (LASTING, LOW) if is_low else (LASTING,):
                found[at, row, pitch % 12] += max(0.0, lasted)
    return found


def tone_of(notes: Sequence[Note]) -> list[float]:
    """Give how likely each key is, in nats, of music known as a whole: the mean over its beats but the first ones.

    Notes in quarters, by onset, one at least; of very long music the beginning counts.
    """
    since, tone = int(notes[0].onset), Tone()
    some = [
        note._replace(end=min(note.end, note.onset + LONGEST))
        for note in notes
        if note.onset < since + _WHOLE
    ]
    told = [tone.hear(beat) for beat in beats_of(some, since)]
    return [fmean(key) for key in zip(*(told[_FIRST:] or told[-1:]), strict=True)]


@dataclass(slots=True)
class Tone:
    """The tone of music that is given beat by beat.  About 0.07 ms a beat; its size does not grow."""

    weights: ToneWeights = field(default_factory=shipped)
    beats: int = 0  # that were heard
    _latest: Floats = field(default_factory=lambda: np.zeros((LOOK, ROWS, 12), np.float32))
    _sums: Floats | None = None  # (means, 12, B)
    _counts: Floats = field(default_factory=lambda: np.zeros(len(HALF_LIVES), np.float32))

    def hear(self, beat: Floats) -> list[float]:
        """A beat (ROWS, 12) is over: how likely each key is, in nats, the twelve major keys first."""
        weights = self.weights
        shares, counts = seen(beat)
        self.beats += 1
        self._latest = np.concatenate([self._latest[1:], shares[None]])
        hidden = np.maximum(
            _around(self._latest.reshape(-1, 12)) @ weights.first + weights.first_bias, 0
        )
        hidden = np.maximum(_around(hidden.T) @ weights.second + weights.second_bias, 0)
        before = (
            np.zeros((len(HALF_LIVES), *hidden.shape), np.float32)
            if self._sums is None
            else self._sums
        )
        self._sums = before * KEEPS[:, None, None] + np.float32(counts) * hidden
        self._counts = self._counts * KEEPS + np.float32(counts)
        return self._said()

    def forget(self, kept: float) -> None:
        """Let all that was heard so far count for a share of what it did, `kept` from 0 to 1."""
        if self._sums is not None:
            self._sums, self._counts = (
                self._sums * np.float32(kept),
                self._counts * np.float32(kept),
            )

    def _said(self) -> list[float]:
        assert self._sums is not None
        weights = self.weights
        means = self._sums / (self._counts + DOUBT)[:, None, None]
        age = np.broadcast_to(np.log1p(self._counts)[:, None, None], (len(HALF_LIVES), 12, 1))
        found = np.concatenate([means, age], axis=2).transpose(1, 0, 2).reshape(12, -1)
        hidden = np.maximum(found @ weights.third + weights.third_bias, 0)
        scores = (_around(hidden.T) @ weights.last + weights.last_bias).T.reshape(-1)
        scores = scores - scores.max()
        nats = scores - np.log(np.exp(scores).sum())
        result: list[float] = (np.round(nats * _FINEST) / _FINEST).tolist()
        return result
