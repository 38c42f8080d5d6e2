"""Going along in time, by StreamMUSE's figures; who else is judged alike by those that need no time."""

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from os import getloadavg

import numpy as np

from livegen.music.note import Note
from livegen.scorecard import estimates
from livegen.scorecard.band import Band, harmony, in_time
from livegen.scorecard.card import Card
from livegen.scorecard.held_out_calls import LeadCall
from livegen.scorecard.streaming import Timing, support

Notes = Sequence[Note]


def measure(
    card: Card, band: Band, calls: Sequence[LeadCall], beside: Mapping[str, Sequence[Notes]]
) -> None:
    """The support of the melody, whoever of `beside` accompanies, and how soon the models decide."""
    heard = {
        name: band.map(
            f"in time, {name}", in_time, repeat(which), calls, range(len(calls)), chunk=1
        )
        for which, name in enumerate(band.who)
    }
    card.facts["load"] = round(getloadavg()[0], 2)
    rows = {
        name: [support(call.notes, notes) for call, notes in zip(calls, some, strict=True)]
        for name, some in beside.items()
    }
    for name, some in heard.items():
        rows[name] = [support(one.call.notes, harmony(one)) for one, _ in some]
    for at, what, says, better in (
        (0, "consonant", "share of the melody's time that is consonant", "people"),
        (1, "unsupported", "share of the melody's time beside which nothing sounds", "people"),
    ):
        columns = {
            name: estimates.mean([None if row is None else row[at] for row in some], band.seed)
            for name, some in rows.items()
        }
        card.add("streaming", what, says, better, columns)
    timings = {name: [timing for _, timing in some] for name, some in heard.items()}
    decided: dict[str, tuple[str, Callable[[Timing], float]]] = {
        "success": ("sixteenths decided when they are due (ISR)", lambda it: it.success),
        "weighted": ("the same, weighted by age (ISR_w)", lambda it: it.weighted),
    }
    for what, (says, of) in decided.items():
        columns = {
            name: estimates.mean([of(timing) for timing in some], band.seed)
            for name, some in timings.items()
        }
        card.add("streaming", what, says, "more", columns)
    for share, says in ((0.5, "median"), (0.95, "95th percentile")):
        columns = {name: _stale(band, some, share) for name, some in timings.items()}
        card.add(
            "streaming",
            f"staleness_{share:g}",
            f"staleness, ms late of those decided: {says}",
            "less",
            columns,
        )


def _stale(band: Band, some: Sequence[Timing], share: float) -> estimates.Estimate | None:
    """A quantile over all frames; what is resampled are pieces."""
    late = [timing.staleness_ms for timing in some if timing.staleness_ms]
    return estimates.resampled(
        len(late),
        lambda rows: float(np.quantile(np.concatenate([late[row] for row in rows]), share)),
        band.seed,
    )
