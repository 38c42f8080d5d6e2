"""The length of a song's form, and where it begins: from how well the song is like itself some bars later.

Of each length in bars it is asked how much likelier what was heard is if the song comes back after so many bars than
if chords come as often as they do, but anywhere: a likelihood ratio, over cells that could be compared, in which those
that hold a chord count little.  The shortest of equally good lengths wins of itself, for more cells speak for it.
Who leaves a bar out, or plays one twice, is a bar off for as long as the form is: that costs a length one slip, not
each cell that is wrong meanwhile.

Knows cells; knows no ticks.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.songs.song_past import LAGS, LASTING, UNKNOWN, Past

LONGEST = 64  # bars
SHORTEST = 2
# Chosen on training pieces of wjd_jazz, whose forms are written, and on openewld_leadsheets, played three times.
COMES_BACK = 0.93  # share of cells that are as they were, where the form comes back
CHANCE = (0.1, 0.85)  # the least and the most that chance is taken to be right
SLIP = 1.5  # nats that a slip costs
# In nats: how much likelier a form is beforehand than others, by its length in bars; all others, and by each log of it.
USUAL, OTHERS, BY_LENGTH = {4: 0.5, 8: -1.0, 12: 3.0, 16: 1.0, 24: -1.0, 32: 3.0}, -1.5, 0.5
BELONGS = 0.8  # share of cells that come back, from where on they are taken to belong to the form
NONE = 5.0  # nats that speak for no form beforehand
HEARD = 2.0  # nats that must speak for a form of what was heard alone
TWICE = 6.0  # nats that speak against a length of which a part alone comes back as well
AS_WELL = 0.03  # share of cells that may be wrong more often, to be as well
RIGHT = 0.95  # share of lengths that are the written one, where all speaks for them
HOLDS = 20.0  # nats against no form, and any that is not so many of it, while what is heard is as it has it
KEEPS = 2.0  # nats by which another length must be better than the one that was found

_BARS = np.arange(SHORTEST, LONGEST + 1)
_PRIOR = np.array([USUAL.get(bars, OTHERS) for bars in _BARS.tolist()]) + BY_LENGTH * np.log(
    _BARS / 8
)
_IS_PART = (_BARS[:, None] % _BARS == 0) & (_BARS[:, None] > _BARS)  # of the length of the row

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


class FormLength(NamedTuple):
    """Length of the form in bars, and how sure that is, 0 to 1."""

    bars: int
    sure: float


@dataclass(slots=True)
class Returns:
    """The evidence, in nats, that the song comes back after so many bars: 1 first, a bar more than a form has last.

    `on` is it if the bars are as they were so many ago, `off` if there was a slip since then.
    """

    on: Floats = field(default_factory=lambda: np.zeros(LONGEST + 1))
    off: Floats = field(default_factory=lambda: np.zeros(LONGEST + 1))

    def take(self, past: Past, bar: int) -> None:
        """Take the last cell of the past, whose bars have so many cells, as it was heard in the end."""
        now = past.count - 1
        lags = bar * np.arange(1, min(LONGEST + 1, max(0, min(now, LAGS) - 1) // bar) + 1)
        if not len(lags) or past.heard[now] == UNKNOWN:
            return
        said, on, off = _said(past, now, lags), self.on[: len(lags)], self.off[: len(lags)]
        # A bar off: the lag a bar longer or shorter is right instead.
        beside = np.maximum(np.append(-np.inf, said[:-1]), np.append(said[1:], -np.inf))
        slipped = np.maximum(off, on - SLIP) + np.minimum(beside, 0.0)
        on[:] = LASTING * (np.maximum(on, off) + said)
        off[:] = LASTING * slipped

    def of(self, bars: Places) -> Floats:
        """Give the nats that speak for each length in bars."""
        best: Floats = np.maximum(self.on, self.off)[bars - 1]
        return best


def _said(past: Past, now: int, lags: Places) -> Floats:
    """Give, in nats, how much likelier than by chance cell `now` is by each lag; little where chords change seldom."""
    right, wrong = past.compared(now, lags)
    heard = past.heard[: past.count]
    classes = past.classes[heard[heard != UNKNOWN]]
    usual = np.bincount(classes) / len(classes)
    chance = min(max(float(usual @ usual), CHANCE[0]), CHANCE[1])
    changed = float(np.mean(classes[1:] != classes[:-1])) if len(classes) > 1 else 0.0
    of_right, of_wrong = np.log(COMES_BACK / chance), np.log((1 - COMES_BACK) / (1 - chance))
    said: Floats = changed * (right * of_right + wrong * of_wrong)
    return said


def worth(past: Past, returns: Returns, bar: int) -> tuple[Places, Floats]:
    """Lengths in bars that could be the form's, and how much likelier than none each is, in nats.

    Those for which little of what was heard speaks are not likelier.
    """
    most = min(LONGEST, (min(past.count, LAGS) - 1) // bar)
    bars = _BARS[: max(0, most - SHORTEST + 1)]
    at = bars * bar - 1
    share = (past.right[at] + 1) / (past.known[at] + 1)
    parts = _IS_PART[: len(bars), : len(bars)] & (share > share[:, None] - AS_WELL)
    prior = _PRIOR[: len(bars)] - TWICE * parts.any(axis=1)
    said = returns.of(bars)
    return bars, said + np.where(said < HEARD, np.minimum(prior, 0.0), prior)


def length_of(
    past: Past, returns: Returns, bar: int, before: int | None, steady: float
) -> FormLength | None:
    """The form's length; None where none is likelier than not.

    `before` is the one found until now, of which a share `steady` of what was heard lately was as it should be.  After
    a slip that share, and not how many bars ago the same was heard, says that the form is still the same, or is a part
    of a longer one.
    """
    bars, nats = worth(past, returns, bar)
    if not len(bars):
        return None
    none = NONE
    if before is not None and SHORTEST <= before <= int(bars[-1]):
        holds = HOLDS * max(0.0, 2 * steady - 1)
        nats[bars % before != 0] -= holds
        nats[before - SHORTEST] += KEEPS
        none -= holds
    best = int(nats.argmax())
    top = max(none, float(nats[best]))
    all_of_them = float(np.exp(nats - top).sum() + np.exp(none - top))
    sure = RIGHT * float(np.exp(nats[best] - top)) / all_of_them
    return FormLength(int(bars[best]), sure) if nats[best] > none else None


def start_of(past: Past, bar: int, bars: int, phase: int) -> int:
    """The cell on a bar line from which on the song comes back after so many bars; `phase` is that of cell 0."""
    classes = np.where(
        past.heard[: past.count] == UNKNOWN, UNKNOWN, past.classes[past.heard[: past.count]]
    )
    same = classes[: -bars * bar] == classes[bars * bar :]
    gains = same - BELONGS
    since = np.append(np.cumsum(gains[::-1])[::-1], 0.0)
    lines = np.arange((-phase) % bar, len(since), bar)
    return int(lines[since[lines].argmax()]) if len(lines) else 0
