"""Pieces as tensors of steps: at step t frame t is heard and frame t + 1 is to be predicted.

Shapes: T steps, B streams or pieces, K keys.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.polyphony.rolls import KEYS, Roll, endless

PLACES = 32  # the frame's number, modulo

Arrays = dict[str, NDArray[Any]]


class Steps(NamedTuple):
    """The inputs of each step: `now` and `recalled` (T, B, K), `match` and `place` (T, B).

    What is asked: `target` (T, B, K), where `scored` (T, B).  `keep` (T, B, 1) is 0 where a piece begins.
    """

    now: Tensor
    recalled: Tensor
    match: Tensor
    place: Tensor
    target: Tensor
    scored: Tensor
    keep: Tensor


def empty(steps: int, streams: int) -> Arrays:
    """Arrays of silence, nothing of it scored."""
    wide, narrow = (steps, streams, KEYS), (steps, streams)
    return {
        "now": np.zeros(wide, np.float32),
        "recalled": np.zeros(wide, np.float32),
        "match": np.zeros(narrow, np.int64),
        "place": np.zeros(narrow, np.int64),
        "target": np.zeros(wide, bool),
        "scored": np.zeros(narrow, bool),
        "keep": np.ones((*narrow, 1), np.float32),
    }


def lay(arrays: Arrays, at: int, stream: int, piece: Roll, start: int, count: int) -> None:
    """Write `count` steps of a piece, from its step `start` on, into a stream from step `at` on."""
    here, there = slice(at, at + count), slice(start, start + count)
    arrays["now"][here, stream] = piece.frames[there]
    arrays["recalled"][here, stream] = piece.recalled[there]
    arrays["match"][here, stream] = piece.match[there]
    arrays["place"][here, stream] = np.arange(start, start + count) % PLACES
    arrays["target"][here, stream] = piece.frames[start + 1 : start + 1 + count]
    arrays["scored"][here, stream] = True
    if start == 0:
        arrays["keep"][at, stream] = 0


def tensors(arrays: Arrays) -> Steps:
    """The arrays as a value."""
    return Steps(**{name: torch.from_numpy(array) for name, array in arrays.items()})


def whole(pieces: Sequence[Roll], most: int = 4096) -> Iterator[Steps]:
    """All pieces from their beginnings, those of like length side by side, at most about `most` frames at once.

    Behind the end of a shorter piece stands silence that is not scored; what comes later reaches no prediction.
    """
    waiting = sorted((piece for piece in pieces if len(piece) > 1), key=len)
    while waiting:
        steps = len(waiting[-1]) - 1
        chosen = [waiting.pop() for _ in range(min(len(waiting), max(1, most // steps)))]
        arrays = empty(steps, len(chosen))
        for stream, piece in enumerate(chosen):
            lay(arrays, 0, stream, piece, 0, len(piece) - 1)
        yield tensors(arrays)


class Streams:
    """Training: pieces end to end in B streams, cut into chunks of T steps; the state goes on across cuts."""

    def __init__(
        self, pieces: Sequence[Roll], streams: int, steps: int, farthest: int, seed: int
    ) -> None:
        """Transpositions reach `farthest` semitones up and down."""
        long_enough = [piece for piece in pieces if len(piece) > 1]
        self.source = endless(long_enough, farthest, np.random.default_rng(seed))
        self.steps = steps
        self.reading: list[tuple[Roll, int] | None] = [None] * streams
        self.passes = 0

    def next(self) -> Steps:
        """The next chunk of every stream."""
        arrays = empty(self.steps, len(self.reading))
        for stream in range(len(self.reading)):
            at = 0
            while at < self.steps:
                at += self._fill(arrays, at, stream)
        return tensors(arrays)

    def _fill(self, arrays: Arrays, at: int, stream: int) -> int:
        """Lay as much of the stream's piece as there is and fits; how many steps that were."""
        piece, start = self.reading[stream] or (self._fresh(), 0)
        count = min(self.steps - at, len(piece) - 1 - start)
        lay(arrays, at, stream, piece, start, count)
        ended = start + count == len(piece) - 1
        self.reading[stream] = None if ended else (piece, start + count)
        return count

    def _fresh(self) -> Roll:
        piece, self.passes = next(self.source)
        return piece
