"""From logits to a choice: what may be chosen, how daringly, and which it is.

A drawn choice needs one number from 0 to 1, so that whoever owns chance stays elsewhere.  Whatever a model
returns, NaN and infinities included, a legal choice comes out.  Knows numpy; knows no fields and no music.
"""

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float64]  # sums to 1
Mask = NDArray[np.bool_]

_LEAST = 1e-30  # a probability that has a logarithm
_FLOOR = -1e9  # stands for minus infinity, so that no arithmetic makes NaN of it


class NothingAllowed(Exception):
    """There is nothing to choose from; whoever asked has to do without a choice."""


def probabilities(
    logits: NDArray[np.float32], allowed: Mask | None = None, temperature: float = 1.0
) -> Probabilities:
    """Softmax of the allowed logits.  If none of them means anything, all allowed are equally likely.

    Temperature is above 0.  Raises NothingAllowed.
    """
    clean = logits.astype(np.float64)
    if allowed is not None:
        clean = np.where(allowed, clean, _FLOOR)
    highest = clean.max()
    if not highest < np.inf:  # where one of them is NaN, so is the highest
        clean = np.nan_to_num(clean, nan=_FLOOR, posinf=1e4, neginf=_FLOOR)
        highest = clean.max()
    if highest <= _FLOOR / 2:
        weights = np.ones(len(clean)) if allowed is None else allowed.astype(np.float64)
    else:
        weights = np.exp((clean - highest) / temperature)
    total = weights.sum()
    if not total:
        raise NothingAllowed
    return np.asarray(weights / total)


def blended(
    near: NDArray[np.float32], far: NDArray[np.float32], share: float
) -> NDArray[np.float32]:
    """Logits of the geometric mean of two distributions, of which the second has a share (0..1).

    A product of experts (Hinton 2002, "Training products of experts by minimizing contrastive divergence").
    """
    sure, other = np.log(probabilities(near) + _LEAST), np.log(probabilities(far) + _LEAST)
    return np.asarray((1 - share) * sure + share * other, np.float32)


def nucleus(likely: Probabilities, share: float) -> Probabilities:
    """Keep the likeliest choices that together reach `share`.  Holtzman et al. 2020, section 3.1."""
    if share >= 1.0:
        return likely
    order = (-likely).argsort(kind="stable")
    ordered = likely[order]
    last = int(ordered.cumsum().searchsorted(share)) + 1
    kept = np.zeros(len(likely))
    kept[order[:last]] = ordered[:last]
    return np.asarray(kept / kept.sum())


def hasten(waiting: Probabilities, rate: float) -> Probabilities:
    """Multiply the rate at which something happens: a distribution over waiting times, shortest first.

    Proportional hazards (Cox 1972, discrete): the survival function is raised to the power `rate`, so what
    is impossible stays impossible.  The last class, "not within the others", shrinks or grows accordingly.
    """
    if rate == 1.0:
        return waiting
    survival = np.empty(len(waiting) + 1)
    survival[:-1] = np.cumsum(waiting[::-1])[::-1]
    survival[-1] = 0.0
    survival **= rate
    hastened = survival[:-1] - survival[1:]
    return np.asarray(hastened / hastened.sum())


def draw(likely: Probabilities, chance: float) -> int:
    """The choice at `chance` (0 <= chance < 1) of the cumulative distribution; never one of probability 0."""
    reached = likely.cumsum()
    choice = int(reached.searchsorted(chance * reached[-1], side="right"))
    # By rounding it may lie behind the last that is likely.
    return choice if choice < len(likely) else int(np.flatnonzero(likely)[-1])
