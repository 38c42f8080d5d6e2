"""The styles that a listener hears in two mixed ones, at five places between them, and what the mixing costs.

    python -m bench.style_mix DATA [--part PART]... [--runs N]

The listener is that of bench/styles.py, and learns the two styles alone from people.  It names windows of four bars:
those of people that it has not heard, and what livegen plays.  Intervals are Wilson's, 95 %,
as if the two windows of one run of drums were not alike.  The cost is that of an event: heard, and all fields of the
next predicted.
"""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import click
import numpy as np

from bench.styles import SCENES, Floats, Listener, learned, people, plays
from bench.tables import keep, kept, table, told
from livegen import shipped
from livegen.codec.encoder import Stroke
from livegen.codec.layout import FIELDS
from livegen.inference.contract import Query
from livegen.inference.model_files import load
from livegen.jam.controls.style_mix import JOINED, Blend
from livegen.jam.hearing.hearing import GuardedModel, Hearing
from livegen.music.time.timeline import Timeline
from livegen.scorecard import band
from livegen.scorecard.estimates import Estimate, share

PLACES = (0.0, 0.25, 0.5, 0.75, 1.0)
PAIRS = {
    "lead": (("jazz_bebop", "folk_reel"), ("folk_hornpipe", "lied"), ("pop", "jazz_swing")),
    "drums": (("drums_rock", "drums_jazz"), ("drums_funk", "drums_latin")),
}
EVENTS = 2000


def heard_as(
    data: Path, part: str, runs: int, pool: ProcessPoolExecutor
) -> dict[str, tuple[float, list[Estimate | None]]]:
    """By pair of styles: the share of people's windows named rightly, and of livegen's at each place the second's."""
    styles, found = SCENES[part].styles, {}
    rows, names = people(data, part, "train")
    valid, valid_names = people(data, part, "valid")
    for pair in PAIRS[part]:
        numbers = [styles.index(style) for style in pair]
        among, held = np.isin(names, numbers), np.isin(valid_names, numbers)
        listener = learned(rows[among], (names[among] == numbers[1]).astype(np.int64), 2)
        rights = listener.names(valid[held]) == (valid_names[held] == numbers[1])
        mixed = JOINED.join(pair)
        own = [
            pool.map(plays, repeat(part), repeat(mixed), range(runs), repeat(place))
            for place in PLACES
        ]
        found[mixed] = float(rights.mean()), [share_named(listener, some) for some in own]
    return found


def share_named(listener: Listener, runs: Iterable[Sequence[Floats]]) -> Estimate | None:
    """The share of the windows of some runs that is named as the second of two styles."""
    named = listener.names(np.array([row for rows in runs for row in rows]))
    return share(int(named.sum()), len(named))


def cost_us(place: float) -> float:
    """Micros of an event at the median."""
    model = load(shipped.model("default"))
    hearing = Hearing.fresh(GuardedModel(model), Timeline(500_000), Blend(1, 2, place))
    took = []
    for number in range(EVENTS):
        begins = time.perf_counter()
        hearing.feed(Stroke(number * 3, 0, 60 + number // 2 % 12, 90 * (number % 2 == 0)))
        for field in FIELDS:
            hearing.plain(field, Query())
        took.append((time.perf_counter() - begins) * 1e6)
    return float(np.median(took))


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--part", "parts", multiple=True, type=click.Choice(list(PAIRS)))
@click.option("--runs", default=16, show_default=True, help="Of livegen at each place.")
def main(data: Path, parts: Sequence[str], runs: int) -> None:
    """Name what livegen plays in two styles, into style_mix.json and style_mix.md."""
    costs = {"one style": cost_us(0.0), "two styles": cost_us(0.5)}
    with ProcessPoolExecutor(
        1, initializer=band.open_models, initargs=([shipped.model("default")],)
    ) as pool:
        found = {part: heard_as(data, part, runs, pool) for part in parts or PAIRS}
    lines = [
        (pair.replace(JOINED, " + "), f"{people:.2f}", *map(told, places))
        for pairs in found.values()
        for pair, (people, places) in pairs.items()
    ]
    places = (f"style_mix {place:g}" for place in PLACES)
    head = ("styles", "people held out, named rightly", *places)
    said = ", ".join(f"{name} {micros:.0f} µs" for name, micros in costs.items())
    named = {
        pair: {"people": round(people, 4), "places": list(map(kept, places))}
        for pairs in found.values()
        for pair, (people, places) in pairs.items()
    }
    facts: dict[str, object] = {"runs": runs, "cost_us": costs, "named": named}
    text = f"{table(head, lines)}\n\nAn event heard, and all fields of the next predicted, at the median: {said}."
    keep("style_mix", facts, text, dry=bool(parts))


if __name__ == "__main__":
    main()
