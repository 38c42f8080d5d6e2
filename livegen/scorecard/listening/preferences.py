"""Statistics of judged pairs: which source is preferred, how surely, and how much judges agree.

A judgement is between two sources, and says one of them or neither.  Judgements without a difference are counted and
left out of the tests, as in the sign test (Dixon and Mood 1946).  Knows neither music nor files.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil, comb, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from livegen.scorecard import estimates
from livegen.scorecard.estimates import Estimate

SURE = 0.05  # a test says that there is a difference where chance alone gives one as clear less often than this
Z_SURE, Z_POWER = 1.959964, 0.841621  # of the normal distribution: 95 % on both sides, 80 % on one
ROUNDS = 200  # of Hunter's iteration: strengths then move by less than a thousandth
DRAWN = 400  # resamplings

Floats = npt.NDArray[np.float64]


class Judgement(NamedTuple):
    """An answer: the judge, the item, the two sources in alphabetical order, and which is meant; "" is neither."""

    judge: str
    item: int
    pair: tuple[str, str]
    said: str


@dataclass(frozen=True, slots=True)
class Duel:
    """All judgements between two sources: how often each was meant, and how often neither.

    `chance` is how often a coin gives a lead as clear; `corrected` the same where several pairs are tested at once.
    """

    pair: tuple[str, str]
    wins: tuple[int, int]
    ties: int
    chance: float
    corrected: float

    @property
    def told(self) -> int:
        """Judgements that say one of the two."""
        return sum(self.wins)

    @property
    def share(self) -> Estimate | None:
        """Share that is for the first of the pair, with Wilson's 95 % interval; None where nobody said either."""
        return estimates.share(self.wins[0], self.told)

    @property
    def winner(self) -> str | None:
        """The source that is preferred, None where that cannot be told."""
        if self.corrected >= SURE:
            return None
        return self.pair[0] if self.wins[0] > self.wins[1] else self.pair[1]


def duels(judgements: Sequence[Judgement]) -> list[Duel]:
    """The duel of each pair of sources that was judged, by name."""
    by_pair: dict[tuple[str, str], Counter[str]] = {}
    for one in judgements:
        by_pair.setdefault(one.pair, Counter())[one.said] += 1
    rows = sorted(by_pair.items())
    chances = [toss(said[pair[0]], said[pair[0]] + said[pair[1]]) for pair, said in rows]
    return [
        Duel(pair, (said[pair[0]], said[pair[1]]), said[""], chance, corrected)
        for (pair, said), chance, corrected in zip(rows, chances, holm(chances), strict=True)
    ]


def toss(heads: int, tosses: int) -> float:
    """Give how often a fair coin falls as unevenly, or more so: the exact two-sided binomial test; 1 of nothing."""
    fewer = min(heads, tosses - heads)
    tail = sum(comb(tosses, k) for k in range(fewer + 1))
    total: int = 2**tosses
    return min(1.0, 2 * tail / total)


def holm(chances: Sequence[float]) -> list[float]:
    """The same probabilities, corrected for how many are tested at once (Holm 1979)."""
    order = sorted(range(len(chances)), key=chances.__getitem__)
    found, highest = [0.0] * len(chances), 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, (len(chances) - rank) * chances[at]))
        found[at] = highest
    return found


def needed(share: float) -> int:
    """Give how many judgements without ties tell a share from one half: in 4 of 5 tests, at 5 % on both sides.

    The normal approximation (Fleiss, Levin and Paik 2003, section 2.5).  `share` is not one half.
    """
    return ceil(((Z_SURE / 2 + Z_POWER * sqrt(share * (1 - share))) / (share - 0.5)) ** 2)


# --- strengths ----------------------------------------------------------------------------------------------------


def strengths(judgements: Sequence[Judgement], seed: int = 0) -> dict[str, Estimate]:
    """Of each source how often, 0 to 1, it is preferred to the others on average, by Bradley and Terry (1952).

    Fitted by Hunter's iteration (2004, equation 3).  A tie is half a win for each; each pair that was judged begins
    with half a win for each, so that who never lost is not infinitely strong.  The interval is of resampled judges, and
    of each of them resampled judgements (Davison and Hinkley 1997, section 3.8): one judge's answers are alike.
    """
    names = sorted({name for one in judgements for name in one.pair})
    judges = sorted({one.judge for one in judgements})
    if not names:
        return {}
    wins = np.zeros((len(judgements), len(names), len(names)))
    for at, one in enumerate(judgements):
        first, second = (names.index(name) for name in one.pair)
        share = 0.5 if not one.said else float(one.said == one.pair[0])
        wins[at, first, second], wins[at, second, first] = share, 1 - share
    rows = [np.array([n for n, one in enumerate(judgements) if one.judge == j]) for j in judges]
    rng, drawn = np.random.default_rng(seed), np.zeros((DRAWN, len(names), len(names)))
    for at in range(DRAWN):
        some = [rows[judge] for judge in rng.integers(0, len(judges), len(judges))]
        drawn[at] = wins[np.concatenate([rng.choice(own, len(own)) for own in some])].sum(0)
    low, high = np.percentile(_fitted(drawn), (estimates.LOW, estimates.HIGH), 0)
    own = _fitted(wins.sum(0))
    return {
        name: Estimate(float(own[at]), float(low[at]), float(high[at]), len(judges))
        for at, name in enumerate(names)
    }


def _fitted(wins: Floats) -> Floats:
    """Give how often each of S is preferred to the others on average (…, S), of how often it was to each (…, S, S)."""
    lost = wins.swapaxes(-1, -2)
    even = 0.5 * (wins + lost > 0)
    won, games = (wins + even).sum(-1), wins + lost + 2 * even
    strength = np.ones(won.shape)
    for _ in range(ROUNDS):
        below = (games / (strength[..., :, None] + strength[..., None, :])).sum(-1)
        strength = np.where(below > 0, won / np.maximum(below, 1e-12), 1.0)
        strength = strength / np.exp(np.log(strength).mean(-1, keepdims=True))
    chances = strength[..., :, None] / (strength[..., :, None] + strength[..., None, :])
    found: Floats = (chances.sum(-1) - 0.5) / (wins.shape[-1] - 1)
    return found


# --- agreement ----------------------------------------------------------------------------------------------------


def alpha(judgements: Iterable[Judgement]) -> float | None:
    """Krippendorff's alpha of nominal answers (Krippendorff 2011, section B): 1 is one opinion, 0 is chance.

    None where no item has two judges, or all say the same of everything.
    """
    items: dict[int, list[str]] = {}
    for one in judgements:
        items.setdefault(one.item, []).append(one.said)
    together: dict[tuple[str, str], float] = defaultdict(float)
    for said in items.values():
        for first, second in combinations(said, 2):
            weight = 1 / (len(said) - 1)
            together[first, second] += weight
            together[second, first] += weight
    totals: dict[str, float] = defaultdict(float)
    for (first, _), count in together.items():
        totals[first] += count
    everything = sum(totals.values())
    expected = everything**2 - sum(count**2 for count in totals.values())
    if not expected:
        return None
    observed = sum(count for (first, second), count in together.items() if first != second)
    return 1 - (everything - 1) * observed / expected
