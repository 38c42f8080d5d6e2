"""The length of a song's form, and where it begins: from how well the song is like itself some bars later.

Of each length in bars it is asked how much likelier what was heard is if the song comes back after so many bars than
if chords come as often as they do, but anywhere: a likelihood ratio, over cells that could be compared, in which those
that hold a chord count little.  The shortest of equally good lengths wins of itself, for more cells speak for it.

Knows cells; knows no ticks.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.song_past import LAGS, UNKNOWN, Past

LONGEST = 64  # bars
SHORTEST = 2
COMES_BACK = 0.93  # share of cells that are as they were, where the form comes back
CHANCE = (0.1, 0.85)  # the least and the most that chance is taken to be right
# In nats: how much likelier a form is beforehand than none, by its length in bars; all others, even and odd.
USUAL = {4: 1.0, 8: 1.0, 12: 1.5, 16: 1.0, 24: 0.5, 32: 1.5}
EVEN, ODD = -1.0, -2.0
NONE = 4.0  # nats that speak for no form beforehand
KEEPS = 2.0  # nats by which another length must be better than the one that was found

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


class Length(NamedTuple):
    """Length of the form in bars, and how sure that is, 0 to 1."""

    bars: int
    sure: float


def worth(past: Past, bar: int) -> tuple[Places, Floats]:
    """Lengths in bars that could be the form's, and how much likelier than none each is, in nats."""
    most = min(LONGEST, (min(past.count, LAGS) - 1) // bar)
    bars = np.arange(SHORTEST, most + 1)
    heard = past.heard[: past.count]
    heard = heard[heard != UNKNOWN]
    if not len(bars) or not len(heard):
        return bars[:0], np.zeros(0)
    classes = past.classes[heard]
    usual = np.bincount(classes) / len(classes)
    chance = min(max(float(usual @ usual), CHANCE[0]), CHANCE[1])
    changed = float(np.mean(classes[1:] != classes[:-1])) if len(classes) > 1 else 0.0
    at = bars * bar - 1
    right, known = past.right[at], past.known[at]
    likelier = right * np.log(COMES_BACK / chance) + (known - right) * np.log(
        (1 - COMES_BACK) / (1 - chance)
    )
    prior = [USUAL.get(length, ODD if length % 2 else EVEN) for length in bars.tolist()]
    return bars, changed * likelier + np.array(prior)


def length_of(past: Past, bar: int, before: int | None) -> Length | None:
    """The form's length, `before` being the one found until now; None where none is likelier than not."""
    bars, nats = worth(past, bar)
    if not len(bars):
        return None
    if before is not None and SHORTEST <= before <= int(bars[-1]):
        nats[before - SHORTEST] += KEEPS
    best = int(nats.argmax())
    top = max(NONE, float(nats[best]))
    all_of_them = float(np.exp(nats - top).sum() + np.exp(NONE - top))
    sure = float(np.exp(nats[best] - top)) / all_of_them
    return Length(int(bars[best]), sure) if nats[best] > NONE else None


def start_of(past: Past, bar: int, bars: int, phase: int) -> int:
    """The cell on a bar line from which on the song comes back after so many bars; `phase` is that of cell 0."""
    classes = np.where(
        past.heard[: past.count] == UNKNOWN, UNKNOWN, past.classes[past.heard[: past.count]]
    )
    same = classes[: -bars * bar] == classes[bars * bar :]
    gains = np.where(same, 1 - COMES_BACK + 0.1, -COMES_BACK + 0.1)
    since = np.append(np.cumsum(gains[::-1])[::-1], 0.0)
    lines = np.arange((-phase) % bar, len(since), bar)
    return int(lines[since[lines].argmax()]) if len(lines) else 0
