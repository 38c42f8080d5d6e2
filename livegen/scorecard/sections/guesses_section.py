"""The share of the model's likeliest guesses that came, field by field, beside who always says the commonest class.

The fields are those of the codec, each guessed given those before it in the same event, and the interval from the
onset before of the same part.  A duration is no field: it is the time after which the end of a note comes.
"""

from functools import partial

import numpy as np
import numpy.typing as npt

from livegen.codec.layout import FARTHEST, FIELDS, NO_PITCH
from livegen.scorecard import estimates
from livegen.scorecard.band import Band
from livegen.scorecard.card import COMMONEST, Card
from livegen.scorecard.guesses import NAMES, Counts
from livegen.training.corpora import BEFORE, PITCH, Rows
from livegen.training.evaluate import Evidence
from livegen.training.markov import scored

INTERVAL = "interval"
SAYS = {"accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "F1"}

Ints = npt.NDArray[np.int64]


def measure(card: Card, band: Band, evidence: Evidence) -> None:
    """Accuracy, precision, recall and F1 of each field."""
    lengths = np.diff(np.append(evidence.starts, len(evidence.rows)))
    piece = np.repeat(np.arange(len(lengths)), lengths)
    for name, classes in {**FIELDS, INTERVAL: 2 * FARTHEST + 1}.items():
        where = _where(name, evidence.rows) & evidence.counted
        came = _classes(name, evidence.rows, evidence.rows)[where]
        if not len(came):
            continue
        commonest = np.full_like(came, np.bincount(came).argmax())
        by_column = {COMMONEST: commonest} | {
            who: _classes(name, judged.guesses, evidence.rows)[where]
            for who, judged in reversed(list(zip(band.who, evidence.judged, strict=True)))
        }
        counts = {
            who: Counts.of(piece[where], came, guesses, len(lengths), classes)
            for who, guesses in by_column.items()
        }
        for at, figure in enumerate(NAMES):
            columns = {
                who: estimates.jackknifed(len(lengths), partial(_figure, of, at))
                for who, of in counts.items()
            }
            card.add("guesses", f"{figure}_{name}", f"{name}: {SAYS[figure]}", "more", columns)


def _figure(counts: Counts, at: int, groups: Ints) -> float:
    return counts.figures(groups)[at]


def _where(name: str, rows: Rows) -> npt.NDArray[np.bool_]:
    """Tell which rows have the field; an interval those that begin a note behind another of the same part."""
    if name == INTERVAL:
        known: npt.NDArray[np.bool_] = rows[:, BEFORE] != NO_PITCH
        return scored(rows)["velocity"] & known
    return scored(rows)[name]


def _classes(name: str, fields: Rows, rows: Rows) -> Ints:
    """Classes (N,) of a field among `fields` (N, 5 or more); of an interval by what came before in `rows` (N, 8)."""
    if name != INTERVAL:
        return fields[:, tuple(FIELDS).index(name)].astype(np.int64)
    steps = fields[:, PITCH].astype(np.int64) - rows[:, BEFORE]
    intervals: Ints = np.clip(steps, -FARTHEST, FARTHEST) + FARTHEST
    return intervals
