"""The line of a bass that walks: by steps and small leaps, on in its direction, to the root that it is to reach.

How welcome each pitch is, in nats by pitch (128,), after the pitches before it.  The nats are by hand: a step is worth
as much as a tone of the chord is on a weak beat, and a way back to the pitch before the last one is none.  Knows
pitches; knows no chords, no ticks and no chance.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# By semitones from the pitch before: a repetition, steps, thirds, a fourth, a tritone and a fifth, more, an octave.
_APART = np.array([-5.0, 2.5, 2.5, 1.5, 1.5, 0.5, -1.0, -1.0, -4.0, -4.0, -4.0, -4.0, -2.5])
_ONWARD, _BACK = 1.0, -3.0
# On the last beat before a root, by semitones from it: a step leads to it, a fourth or fifth too, the root does not.
_LEADS = np.array([-4.0, 3.0, 2.5, -1.0, -1.0, 1.0, -1.0])
# The welcome of a pitch from which steps lead to the goal in time, and for each semitone more.
_IN_REACH, _OUT_OF_REACH = 1.0, -0.4
_STEP = 2  # semitones
_PITCHES = np.arange(128)

Favour = NDArray[np.float64]  # (128,), nats by pitch


@lru_cache(256)
def walking(before: tuple[int, ...], goal: int | None, left: int) -> Favour:
    """Give how welcome each pitch is after those `before`, the latest last, at most two of which count.

    `goal` is the pitch class on which the line is to be in `left` beats, 1 where it is the next; None where it may be
    anywhere.
    """
    last = before[-1]
    apart = np.abs(_PITCHES - last)
    nats: Favour = _APART[np.minimum(apart, len(_APART) - 1)].copy()
    if len(before) > 1 and (went := last - before[-2]):
        nats[(_PITCHES - last) * went > 0] += _ONWARD
        nats[before[-2]] += _BACK
    if goal is None:
        return nats
    away = np.minimum((_PITCHES - goal) % 12, (goal - _PITCHES) % 12)
    if left == 1:
        nats += _LEADS[away]
    else:
        reach = _STEP * left
        nats += np.where(away <= reach, _IN_REACH, _OUT_OF_REACH * (away - reach))
    return nats


def approaches(goal: int) -> NDArray[np.bool_]:
    """The pitches (128,) a semitone from a pitch class, in the key or not: who walks may lead to it from there."""
    mask: NDArray[np.bool_] = ((_PITCHES - goal) % 12 == 1) | ((goal - _PITCHES) % 12 == 1)
    return mask
