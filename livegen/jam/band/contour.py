"""The contour of a solo: where it lies as it goes on, four bars at a time, and that it moves.

Of people's choruses (`wjd_jazz`, validation split, 32 bars) four bars span 15 semitones and all of them 25; from the
lowest to the highest four bars the mean moves by 10, and .06 of the notes are the one before again.

Knows ticks and pitches; knows no chords, no model and no chance.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from livegen.music.time.metre import Metre

GROUP = 4  # bars
RISES = (
    -4,
    0,
    5,
    1,
)  # semitones off the middle, of each four bars in a row: a chorus rises, and comes back
_FREE = 4  # semitones off where a line lies that cost nothing
_APART = 0.35  # nats for each more
_AGAIN = 2.0  # nats that the pitch before loses


@dataclass(frozen=True, slots=True)
class Contour:
    """A solo's contour about pitch `middle`, from bar line `origin` on."""

    metre: Metre
    origin: int
    middle: int

    def welcome(self, tick: int, before: int) -> NDArray[np.float64]:
        """Give how welcome each pitch (128,) is at a tick after a pitch, in nats."""
        bar = self.metre.place(tick).bar
        group = (tick - self.origin) // bar // GROUP % len(RISES)
        nats = _about(self.middle + RISES[group]).copy()
        nats[before : before + 1] -= _AGAIN  # NO_PITCH is none of them
        return nats


@lru_cache(64)
def _about(middle: int) -> NDArray[np.float64]:
    apart = np.maximum(0, np.abs(np.arange(128) - middle) - _FREE)
    nats: NDArray[np.float64] = -_APART * apart
    return nats
