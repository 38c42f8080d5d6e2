"""A figure with what is known of it: its 95 % interval from resampled pieces or calls, and how many there were.

The bootstrap (Efron 1979, percentile intervals) draws whole calls or pieces, never notes: notes of one piece are
alike.  Shares of rare faults have Wilson's interval (Wilson 1927), which says of nothing in n what could still be.
Knows no music.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

RESAMPLED = 1000
LOW, HIGH = 2.5, 97.5  # percent
Z = 1.96  # standard deviations that hold 95 % of a normal distribution
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, the bounds of its interval, and of how many calls, pieces or turns it is."""

    value: float
    low: float
    high: float
    n: int


def mean(values: Sequence[float | None], seed: int = 0) -> Estimate | None:
    """The mean of what is known; None when nothing is."""
    known = _known(values)
    return ratio(known, np.ones(len(known)), seed)


def ratio(
    above: Sequence[float] | Floats, below: Sequence[float] | Floats, seed: int = 0
) -> Estimate | None:
    """The sum of the one by the sum of the other, as nats by notes, of rows that have any; None when there are none."""
    up, down = np.asarray(above, np.float64), np.asarray(below, np.float64)
    there = (up != 0) | (down != 0)
    up, down = up[there], down[there]
    if not down.sum():
        return None
    counts = np.random.default_rng(seed).multinomial(len(up), [1 / len(up)] * len(up), RESAMPLED)
    sums = counts @ down
    drawn = (counts @ up)[sums > 0] / sums[sums > 0]
    return Estimate(float(up.sum() / down.sum()), *_bounds(drawn), len(up))


def quantile(values: Sequence[float | None], share: float, seed: int = 0) -> Estimate | None:
    """A quantile of what is known, the median at a `share` of .5; None when nothing is."""
    known = _known(values)
    if not len(known):
        return None
    rows = np.random.default_rng(seed).integers(0, len(known), (RESAMPLED, len(known)))
    drawn = np.quantile(known[rows], share, axis=1)
    return Estimate(float(np.quantile(known, share)), *_bounds(drawn), len(known))


def resampled(
    count: int,
    statistic: Callable[[npt.NDArray[np.int64]], float],
    seed: int = 0,
    times: int = RESAMPLED,
) -> Estimate | None:
    """Any statistic of the rows that are drawn: it is given their indices, first each once; None without rows."""
    if not count:
        return None
    rng = np.random.default_rng(seed)
    drawn = [statistic(rng.integers(0, count, count)) for _ in range(times)]
    return Estimate(statistic(np.arange(count)), *_bounds(np.array(drawn)), count)


def jackknifed(count: int, statistic: Callable[[npt.NDArray[np.int64]], float]) -> Estimate | None:
    """Any statistic of rows, with an interval by leaving out each once (Efron 1982, chapter 3); None without rows.

    For what resampling moves: a mean over kinds of which drawn rows always have fewer than all rows.
    """
    if not count:
        return None
    everybody = np.arange(count)
    without = np.array([statistic(np.delete(everybody, at)) for at in range(count)])
    reach = Z * sqrt((count - 1) / count * float(((without - without.mean()) ** 2).sum()))
    value = statistic(everybody)
    return Estimate(value, value - reach, value + reach, count)


def share(count: int, of: int) -> Estimate | None:
    """A share of rare things, 0 to 1, with Wilson's interval; None of nothing."""
    if not of:
        return None
    p, scale = count / of, 1 + Z * Z / of
    middle = (p + Z * Z / (2 * of)) / scale
    reach = Z * sqrt(p * (1 - p) / of + Z * Z / (4 * of * of)) / scale
    return Estimate(p, max(0.0, middle - reach), min(1.0, middle + reach), of)


def _known(values: Sequence[float | None]) -> Floats:
    return np.array([value for value in values if value is not None], np.float64)


def _bounds(drawn: Floats) -> tuple[float, float]:
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return float("nan"), float("nan")
    low, high = np.percentile(drawn, (LOW, HIGH))
    return float(low), float(high)
