"""Calls of many feels, and what a bandmate hears of the answers: entries, endings, figures that are taken up."""

import random
from itertools import repeat

from livegen.scorecard import estimates
from livegen.scorecard.band import Band, judged
from livegen.scorecard.card import Card
from livegen.scorecard.feels import all_calls
from livegen.scorecard.musicianship import PARTNERS, Figures, figures

# The figures that are shown of each answer, what each says, and which is better.
SHOWN = (
    ("tempo", "the tempo is found", "more"),
    ("cut", "talks over the call", "less"),
    ("on_next_bar", "comes in on the next bar line", "more"),
    ("on_a_bar", "comes in on a bar line", "more"),
    ("wait", "beats from the call's last onset on", "less"),
    ("ends_near", "ends within an eighth of a bar line", "more"),
    ("ends_strong", "its last onset is on a strong beat", "more"),
    ("joint", "figures of the call, with their rhythm", "people"),
)
TIMES = {"clock": (True, ""), "free": (False, ", in free time")}


def measure(card: Card, band: Band, most: int) -> None:
    """Answers to at most so many calls, as by hand, with a clock and in free time."""
    some = [call for _, call in all_calls()[1::2]][:most]
    seeds = range(len(some))
    partners = {
        name: [
            figures(call, partner(call, random.Random(seed)))
            for call, seed in zip(some, seeds, strict=True)
        ]
        for name, partner in PARTNERS.items()
    }
    for time, (has_clock, says_when) in TIMES.items():
        rows: dict[str, list[Figures]] = dict(partners) if has_clock else {}
        for which, name in enumerate(band.who):
            rows[name] = band.map(
                f"playing, {time}, {name}", judged, repeat(which), some, repeat(has_clock), seeds
            )
        for name, says, better in SHOWN:
            if name == "tempo" and has_clock:
                continue  # it is told
            columns = {
                who: estimates.mean([row.get(name) for row in found], band.seed)
                for who, found in rows.items()
            }
            card.add("playing", f"{time}_{name}", says + says_when, better, columns)
