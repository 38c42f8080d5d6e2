"""Distributions of answers beside those of people's music, and a test that tries to tell them apart.

Overlap is that of Yang & Lerch 2020: distances between the feature histograms of two sets (inter) and within one
(intra), each smoothed to a density, and the area that both densities share.  What was wrong with their code is mended:
one grid for both densities, wide enough for all of both (three of their bandwidths beyond either end), the
divergence on that grid too, and a bandwidth also for a feature that never changes.  Every overlap is to be read beside
that of two halves of people's music of the same size.  Pitch classes are counted from the tonic of the call's key, so
that the keys of the calls do not matter.  Knows notes; knows no engine.

Checked once against MusPy 0.5.0 on 200 calls: pitch-class entropy and pitch range are the same to the last digit.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import log2

import numpy as np
import numpy.typing as npt

from livegen.music.keys.key import Key
from livegen.music.note import Note
from livegen.scorecard.notes import SIXTEENTHS, TICK, intervals, iois, line

Floats = npt.NDArray[np.float64]
Notes = Sequence[Note]

GRID = 512  # places at which densities are compared
BEYOND = 3  # bandwidths
NARROWEST = 1e-3  # of a bandwidth, where all distances are alike
FOLDS = 5
RIDGE = 1.0
STEPS = 50

# Bins of the five histograms; times in ticks, coarser as they grow: powers of two and half of them between.
INTERVALS = 12  # semitones either way
TIMES = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 144, 192)
VELOCITY_STEP = 8


# --- histograms ---------------------------------------------------------------------------------------------------


def histograms(notes: Notes, key: Key) -> dict[str, Floats]:
    """Counts by bin, (bins,) of each of FEATURES.

    Pitch classes are counted above the tonic, intervals and inter-onset intervals on the onset line.
    """
    points = line(notes)
    steps = [max(-INTERVALS, min(INTERVALS, step)) + INTERVALS for step in intervals(points)]
    return {
        "pitch class": _counts([(note.pitch - key.tonic) % 12 for note in notes], 12),
        "interval": _counts(steps, 2 * INTERVALS + 1),
        "inter-onset": _counts([time_bin(ioi) for ioi in iois(points)], len(TIMES)),
        "duration": _counts([time_bin(note.end - note.onset) for note in notes], len(TIMES)),
        "velocity": _counts(
            [note.velocity // VELOCITY_STEP for note in notes], 128 // VELOCITY_STEP
        ),
    }


FEATURES = ("pitch class", "interval", "inter-onset", "duration", "velocity")


def time_bin(beats: float) -> int:
    """The bin of a time: the index of the last of TIMES that is not longer, to the nearest tick."""
    ticks = round(beats / TICK)
    return max(0, int(np.searchsorted(TIMES, ticks, side="right")) - 1)


def _counts(values: Sequence[int], bins: int) -> Floats:
    return np.bincount(np.array(values, np.int64), minlength=bins).astype(np.float64)


def shares(rows: Sequence[Floats]) -> Floats:
    """Each row (bins,) by its sum; rows of nothing are left out (N, bins)."""
    return np.array([row / row.sum() for row in rows if row.sum()])


# --- overlap ------------------------------------------------------------------------------------------------------


def distances(some: Floats, others: Floats | None = None) -> Floats:
    """Euclidean distances of every row of (N, bins) from every row of (M, bins): (N * M,).

    Within one set of N rows each pair once: (N * (N - 1) / 2,).
    """
    if others is None:
        return _between(some, some)[np.triu_indices(len(some), 1)]
    return _between(some, others).ravel()


def _between(some: Floats, others: Floats) -> Floats:
    squared = (some**2).sum(1)[:, None] + (others**2).sum(1) - 2 * some @ others.T
    result: Floats = np.sqrt(np.maximum(squared, 0))
    return result


def densities(some: Floats, others: Floats) -> tuple[Floats, Floats, float]:
    """Gaussian kernel densities (GRID,) of two samples on one grid that holds all of both, and the grid's step.

    They are not normalised.
    """
    width = [_bandwidth(sample) for sample in (some, others)]
    low = min(some.min() - BEYOND * width[0], others.min() - BEYOND * width[1])
    high = max(some.max() + BEYOND * width[0], others.max() + BEYOND * width[1])
    grid = np.linspace(low, high, GRID)
    return (
        _density(some, width[0], grid),
        _density(others, width[1], grid),
        float(grid[1] - grid[0]),
    )


def overlap(some: Floats, others: Floats) -> float:
    """The area that the densities of two samples (N,), (M,) share: 1 of the same sample, 0 of distant ones."""
    p, q, _ = densities(some, others)
    return float(np.minimum(p / p.sum(), q / q.sum()).sum())


def divergence(some: Floats, others: Floats) -> float:
    """Kullback-Leibler divergence, nats from 0 on, of the density of one sample from that of another, on one grid."""
    p, q, _ = densities(some, others)
    p, q = p / p.sum() + 1e-12, q / q.sum() + 1e-12
    return float((p * np.log(p / q)).sum())


def _bandwidth(sample: Floats) -> float:
    """Scott's rule (Scott 1979)."""
    return max(float(sample.std()) / float(np.power(len(sample), 0.2)), NARROWEST)


def _density(sample: Floats, width: float, grid: Floats) -> Floats:
    # Binned to a fine grid first: all pairs of two hundred answers are twenty thousand distances.
    step = grid[1] - grid[0]
    places = np.clip(np.round((sample - grid[0]) / step).astype(np.int64), 0, len(grid) - 1)
    counts = np.bincount(places, minlength=len(grid))
    reach = np.arange(-len(grid) + 1, len(grid)) * step
    kernel = np.exp(-0.5 * (reach / max(width, step / 2)) ** 2)
    result: Floats = np.convolve(kernel, counts, "valid")
    return result


def set_overlap(some: Floats, people: Floats) -> float:
    """Overlap, 0 to 1, of distances between two sets of histograms (N, bins) with those within people's.

    Yang & Lerch 2020, section 3.2.
    """
    return overlap(distances(some, people), distances(people))


def shared(some: Floats, others: Floats) -> float:
    """Of the mean histograms of two sets, (N, bins) each, how much both have, 0 to 1."""
    return float(np.minimum(some.mean(0), others.mean(0)).sum())


# --- can they be told apart ---------------------------------------------------------------------------------------


def looks(notes: Notes, key: Key, bar: float) -> list[float]:
    """Give the features of an answer: pitch, pace, lengths, loudness, key, grid, repetition and polyphony.

    23 numbers; the answer has a note or more, by onset, and `bar` is in beats.
    """
    points = line(notes)
    steps, times = intervals(points) or [0], iois(points) or [0.0]
    lengths = [note.end - note.onset for note in notes]
    velocities = [note.velocity for note in notes]
    pitches = [note.pitch for note in notes]
    lasting = max(note.end for note in notes) - notes[0].onset
    ratios = [log2(max(b, TICK) / max(a, TICK)) for a, b in pairwise(times)] or [0.0]
    on_line = [
        abs(point.onset * SIXTEENTHS - round(point.onset * SIXTEENTHS)) < 0.3 for point in points
    ]
    return [
        float(len(points)),
        len(points) / max(lasting, TICK),
        lasting,
        float(np.mean(pitches)),
        float(max(pitches) - min(pitches)),
        float(np.mean(np.abs(steps))),
        float(np.max(np.abs(steps))),
        float(np.mean([step == 0 for step in steps])),
        float(np.mean([0 < abs(step) <= 2 for step in steps])),
        float(np.mean(times)),
        float(np.std(times)),
        float(np.std(ratios)),
        float(len(set(np.round(np.array(times) / TICK).tolist()))),
        float(np.mean(lengths)),
        float(np.std(lengths)),
        sum(lengths) / max(lasting, TICK),
        float(np.mean(velocities)),
        float(np.std(velocities)),
        float(np.mean([note.pitch % 12 in key.pitch_classes for note in notes])),
        _entropy([pitch % 12 for pitch in pitches]),
        float(np.mean(on_line)),
        float(np.mean([point.onset % bar < 0.5 for point in points])),
        len(notes) / len(points),
    ]


def _entropy(values: Sequence[int]) -> float:
    """Entropy in bits, of pitch classes at most 3.585."""
    p = np.bincount(values) / len(values)
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum())


def told_apart(some: Floats, others: Floats, seed: int = 0) -> tuple[Floats, Floats]:
    """Scores (N,), (M,) that logistic regression gives to each row, (N, F) and (M, F), fitted on the other four folds.

    The classifier two-sample test (Lopez-Paz & Oquab 2017).  Rows of one number, an answer and what people
    played to the same call, are in one fold.
    """
    count = max(len(some), len(others))
    fold = np.random.default_rng(seed).permutation(count) % FOLDS
    found = np.zeros(len(some)), np.zeros(len(others))
    for k in range(FOLDS):
        inside = [fold[: len(rows)] == k for rows in (some, others)]
        fit = np.concatenate([some[~inside[0]], others[~inside[1]]])
        is_some = np.repeat([1.0, 0.0], [(~inside[0]).sum(), (~inside[1]).sum()])
        middle, scale = fit.mean(0), fit.std(0) + 1e-9
        weights = logistic((fit - middle) / scale, is_some)
        for rows, where, scores in zip((some, others), inside, found, strict=True):
            scores[where] = _with_one((rows[where] - middle) / scale) @ weights
    return found


def logistic(rows: Floats, targets: Floats) -> Floats:
    """Weights (F + 1,), the constant last, of ridge logistic regression of targets (N,) 0 or 1 on rows (N, F).

    By Newton's method (Hastie, Tibshirani & Friedman 2009, section 4.4.1).
    """
    rows = _with_one(rows)
    weights = np.zeros(rows.shape[1])
    penalty = np.full(rows.shape[1], RIDGE)
    penalty[-1] = 1e-6
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (p - targets) + penalty * weights
        bend = (rows * (p * (1 - p))[:, None]).T @ rows + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def _with_one(rows: Floats) -> Floats:
    return np.concatenate([rows, np.ones((len(rows), 1))], 1)


def auc(some: Floats, others: Floats) -> float:
    """Give how often, 0 to 1, a score of the first (N,) is above one of the second (M,); .5 cannot tell.

    The area under the ROC curve (Hanley & McNeil 1982).
    """
    order = np.sort(others)
    below = np.searchsorted(order, some, "left") + np.searchsorted(order, some, "right")
    return float(below.mean() / 2 / len(others))


# --- halves -------------------------------------------------------------------------------------------------------


def over_halves(
    count: int,
    compare: Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], float],
    times: int,
    seed: int,
) -> Floats:
    """Compare one half of `count` calls with the other, (times,): `compare` is given their indices."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(times):
        order = rng.permutation(count)
        found.append(compare(order[: count // 2], order[count // 2 : count // 2 * 2]))
    return np.array(found)
