"""Accuracy, precision, recall and F1 of guesses among classes, as figures that can be added up piece by piece.

Precision, recall and F1 are macro averages: of each class by itself, then the mean over the classes that came or were
guessed, so that a rare pitch counts as much as a common one.  A class that was never guessed has a precision of 0.
F1 is the mean of the classes' own F1 (Opitz and Burst 2019, "averaged F1"; definitions in Sokolova and Lapalme 2009,
table 3).  Knows no music.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

NAMES = ("accuracy", "precision", "recall", "f1")


class Counts(NamedTuple):
    """By group and class (G, C): how often it came, how often it was guessed, how often both."""

    came: Ints
    guessed: Ints
    right: Ints

    @classmethod
    def of(cls, groups: Ints, came: Ints, guesses: Ints, count: int, classes: int) -> "Counts":
        """Counts of what `came` and was guessed (N,), by `groups` (N,) in 0..count - 1."""

        def by_group(values: Ints, where: npt.NDArray[np.bool_] | slice) -> Ints:
            at = groups[where] * classes + values[where]
            return np.bincount(at, minlength=count * classes).reshape(count, classes)

        everywhere = slice(None)
        return cls(
            by_group(came, everywhere),
            by_group(guesses, everywhere),
            by_group(came, came == guesses),
        )

    def figures(self, groups: Ints | slice = slice(None)) -> tuple[float, float, float, float]:
        """Accuracy and macro-averaged precision, recall and F1, each 0 to 1, of some of the groups together."""
        came, guessed, right = (counts[groups].sum(0) for counts in self)
        seen = (came + guessed) > 0
        came, guessed, right = came[seen], guessed[seen], right[seen]
        if not came.sum():
            return 0.0, 0.0, 0.0, 0.0
        return (
            float(right.sum() / came.sum()),
            float(np.mean(right / np.maximum(1, guessed))),
            float(np.mean(right / np.maximum(1, came))),
            float(np.mean(2 * right / (came + guessed))),
        )
