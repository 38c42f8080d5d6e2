"""Baselines on the very same events: the unigram and the interpolated Markov model of any order.

Each field is predicted in the network's order, given the fields of its own event that come before and what it
recalls (`RECALLED`) of the last n events; contexts are interpolated from the longest to none by absolute
discounting (Ney, Essen & Kneser 1994, equation 12, one discount for all orders).  Contexts are 64-bit
hashes, counted by sorting: ten million events are fitted and scored in about a minute, and nothing is kept.
Knows no network.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from livegen.codec.layout import ADVANCE, FIELDS
from livegen.training.corpora import ON, PART, PITCH, TIME, VELOCITY, Rows

DISCOUNT = 0.9  # the best of .5, .75 and .9 on the validation split (docs/LOG.md)

Hashes = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]

# The fields of the events before that each field recalls: whole events would be too rare to be met again.  Of four such
# tables the one with the fewest nats per note on the validation split (docs/LOG.md).
RECALLED = {
    "time": (TIME, PART, ON),
    "part": (TIME, PART, ON),
    "on": (TIME, PART, ON),
    "pitch": (PART, ON, PITCH),
    "velocity": (PART, VELOCITY),
}

_SCREEN = 24  # at most so many bits of a hash in the filter that skips training contexts no scored event has


def scored(rows: Rows) -> dict[str, npt.NDArray[np.bool_]]:
    """Tell which of `rows` (N, 8) each field is scored on: all but time need a note, velocity needs its start."""
    note = rows[:, TIME] != ADVANCE
    starts = note & (rows[:, ON] == 1)
    return {"time": np.ones_like(note), "part": note, "on": note, "pitch": note, "velocity": starts}


def unigram(train: Rows, judged: Rows) -> dict[str, Floats]:
    """Nats of each judged row by field, 0 where it is not scored; counts of `train` plus one."""
    nats = {}
    fitted, wanted = scored(train), scored(judged)
    for column, (name, classes) in enumerate(FIELDS.items()):
        counts = np.bincount(train[fitted[name], column], minlength=classes) + 1.0
        nats[name] = -np.log(counts / counts.sum())[judged[:, column]] * wanted[name]
    return nats


def markov(train: Rows, train_starts: npt.NDArray[np.int64], judged: Rows, judged_starts: npt.NDArray[np.int64],
           order: int = 5, discount: float = DISCOUNT) -> dict[str, Floats]:  # fmt: skip
    """Nats of each judged row by field, 0 where it is not scored.

    `train_starts` and `judged_starts` are the rows at which pieces begin: no context reaches across.
    """
    fitted, wanted = scored(train), scored(judged)
    chance: Mapping[str, Floats] = {
        name: np.full(len(judged), 1.0 / classes) for name, classes in FIELDS.items()
    }
    levels = _levels(train, train_starts, order), _levels(judged, judged_starts, order)
    nats = {}
    for column, name in enumerate(FIELDS):
        p, rows, own = chance[name], np.flatnonzero(fitted[name]), np.flatnonzero(wanted[name])
        known = _known(train, column)[rows], _known(judged, column)[own]
        symbols = train[rows, column], judged[own, column]
        p = p[own]
        nothing = np.zeros(len(rows), np.uint64), np.zeros(len(own), np.uint64)
        contexts = [nothing, known]
        for n in range(1, order + 1):
            contexts.append(
                (
                    mixed(levels[0][name][n][rows], known[0]),
                    mixed(levels[1][name][n][own], known[1]),
                )
            )
        for fit_context, judge_context in contexts:
            p = _interpolate(p, fit_context, symbols[0], judge_context, symbols[1], discount)
        nats[name] = np.zeros(len(judged))
        nats[name][own] = -np.log(p)
    return nats


def _interpolate(
    lower: Floats, fit: Hashes, fit_symbol: Rows, judge: Hashes, judge_symbol: Rows, discount: float
) -> Floats:
    """Add an order: (c(context, x) - D)+ / c(context) + D * kinds(context) / c(context) * lower."""
    bits = min(_SCREEN, len(judge).bit_length() + 5)
    screen = np.zeros(1 << bits, np.bool_)
    low = np.uint64((1 << bits) - 1)
    screen[judge & low] = True
    of_use = screen[fit & low]
    fit, fit_symbol = fit[of_use], fit_symbol[of_use]
    joint, first, joint_count = np.unique(
        mixed(fit, fit_symbol.astype(np.uint64)), return_index=True, return_counts=True
    )
    context, inverse, kinds = np.unique(fit[first], return_inverse=True, return_counts=True)
    total = np.bincount(inverse, joint_count, len(context))
    pair = _find(joint, mixed(judge, judge_symbol.astype(np.uint64)))
    place = _find(context, judge)
    seen = place >= 0
    here, out = place[seen], lower.copy()
    count = np.where(pair[seen] >= 0, joint_count[pair[seen]] if len(joint) else 0, 0)
    out[seen] = (np.maximum(count - discount, 0) + discount * kinds[here] * lower[seen]) / total[
        here
    ]
    return out


def _find(sorted_values: Hashes, wanted: Hashes) -> npt.NDArray[np.int64]:
    """Index of each wanted value, -1 where it is not there."""
    if not len(sorted_values):
        return np.full(len(wanted), -1, np.int64)
    at = np.minimum(np.searchsorted(sorted_values, wanted), len(sorted_values) - 1)
    return np.where(sorted_values[at] == wanted, at, -1)


def _levels(rows: Rows, starts: npt.NDArray[np.int64], order: int) -> dict[str, list[Hashes]]:
    """Hashes of what each field recalls of the last 0 to `order` events before each row."""
    index = np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows))))
    levels = {}
    for name, columns in RECALLED.items():
        code = np.zeros(len(rows), np.uint64)
        for column in columns:
            code = mixed(code, rows[:, column].astype(np.uint64) + np.uint64(1))
        hashes = [np.zeros(len(rows), np.uint64)]
        for n in range(1, order + 1):
            before = np.zeros(len(rows), np.uint64)  # 0 stands for "before the piece"
            before[n:] = code[:-n] if n < len(rows) else code[:0]
            before[index < n] = 0
            hashes.append(mixed(hashes[-1], before))
        levels[name] = hashes
    return levels


def _known(rows: Rows, column: int) -> Hashes:
    """Hash of the fields of each row's own event before `column`."""
    known = np.full(len(rows), column + 1, np.uint64)
    for earlier in range(column):
        known = mixed(known, rows[:, earlier].astype(np.uint64))
    return known


def mixed(a: Hashes, b: Hashes) -> Hashes:
    """Combine two hashes; the finaliser of SplitMix64 (Steele, Lea & Flood 2014)."""
    with np.errstate(over="ignore"):
        z = a * np.uint64(0x9E3779B97F4A7C15) + b + np.uint64(0x632BE59BD9B4E019)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
