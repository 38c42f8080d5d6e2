"""Five distributions of answers beside those of people, and whether a classifier can tell them apart.

People stand beside people: one half of the calls' people against the other half's.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from livegen.music.note import Note
from livegen.scorecard import distributions, estimates
from livegen.scorecard.band import Band
from livegen.scorecard.card import PEOPLE, RANDOM, Card
from livegen.scorecard.estimates import Estimate
from livegen.scorecard.held_out_calls import Pair
from livegen.scorecard.notes import key_of
from livegen.scorecard.playing import PlayedCall

HALVES = 20  # ways to halve the calls
Floats = npt.NDArray[np.float64]
Notes = Sequence[Note]


def measure(
    card: Card, band: Band, pairs: Sequence[Pair], answers: dict[str, list[PlayedCall]]
) -> None:
    """Overlaps feature by feature, and the classifier."""
    keys = [key_of(pair.call.notes) for pair in pairs]
    sets: dict[str, list[Notes]] = {
        RANDOM: list(band.random_answers(pairs)),
        **{name: [heard.answer for heard in some] for name, some in reversed(answers.items())},
        PEOPLE: [pair.people for pair in pairs],
    }
    kept = [at for at in range(len(pairs)) if all(len(rows[at]) > 2 for rows in sets.values())]
    if len(kept) < 2 * distributions.FOLDS:
        card.remarks.append(
            f"Only {len(kept)} answers of three notes: distributions were not compared."
        )
        return
    found = {
        name: [distributions.histograms(rows[at], keys[at]) for at in kept]
        for name, rows in sets.items()
    }
    for feature in distributions.FEATURES:
        rows = {
            name: distributions.shares([one[feature] for one in some])
            for name, some in found.items()
        }
        for what, says, better, compare in (
            ("overlap", "overlap with people", "people", distributions.set_overlap),
            ("shared", "of all together, shared with people", "people", distributions.shared),
        ):
            columns: dict[str, Estimate | None] = {
                name: _of_halves(band, rows[name], rows[PEOPLE], compare) for name in rows
            }
            card.add("distributions", f"{feature}_{what}", f"{feature}: {says}", better, columns)
        card.curves.setdefault("histograms", {})[feature] = {
            name: some.mean(0).tolist() for name, some in rows.items()
        }
    looks = {
        name: np.array([distributions.looks(rows[at], keys[at], pairs[at].call.bar) for at in kept])
        for name, rows in sets.items()
    }
    columns = {
        name: _told_apart(band, some, looks[PEOPLE])
        for name, some in looks.items()
        if name != PEOPLE
    }
    columns[PEOPLE] = _of_halves(band, looks[PEOPLE], looks[PEOPLE], _scores_apart)
    says = "how often a classifier tells it from people (AUC, .5 cannot)"
    card.add("distributions", "told_apart", says, "less", columns)


def _of_halves(
    band: Band, some: Floats, people: Floats, compare: Callable[[Floats, Floats], float]
) -> Estimate:
    """A comparison of one half of the calls with the other half of people's, so that all are of the same size.

    The interval is of the ways to halve them, which is what people against people varies by too.
    """
    found = distributions.over_halves(
        len(people), lambda one, other: compare(some[one], people[other]), HALVES, band.seed
    )
    low, high = np.percentile(found, (estimates.LOW, estimates.HIGH))
    return Estimate(float(found.mean()), float(low), float(high), len(people) // 2)


def _scores_apart(some: Floats, others: Floats) -> float:
    return distributions.auc(*distributions.told_apart(some, others))


def _told_apart(band: Band, some: Floats, people: Floats) -> Estimate | None:
    mine, theirs = distributions.told_apart(some, people, band.seed)

    def statistic(rows: npt.NDArray[np.int64]) -> float:
        return distributions.auc(mine[rows % len(mine)], theirs[rows % len(theirs)])

    return estimates.resampled(len(some), statistic, band.seed)
