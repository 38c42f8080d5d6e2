"""What a listener takes two mixed styles for, at five places between them, and what the mixing costs.

    python -m bench.style_mix DATA [--part PART]... [--runs N]

The listener is that of bench/styles.py, and learns the two styles alone from people.  It names windows of four bars:
those of people that it has not heard, and what livegen plays.  The cost is that of an event: heard, and all fields of
the next predicted.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import click
import numpy as np

from bench.styles import SCENES, learned, people, plays
from bench.tables import keep, table
from livegen import shipped
from livegen.codec.encoder import Stroke
from livegen.codec.layout import FIELDS
from livegen.inference.contract import Query
from livegen.inference.opening import load
from livegen.jam.controls.style_mix import JOINED, Blend
from livegen.jam.hearing.hearing import GuardedModel, Hearing
from livegen.music.timeline import Timeline
from livegen.scorecard import band

PLACES = (0.0, 0.25, 0.5, 0.75, 1.0)
PAIRS = {
    "lead": (("jazz_bebop", "folk_reel"), ("folk_hornpipe", "lied"), ("pop", "jazz_swing")),
    "drums": (("drums_rock", "drums_jazz"), ("drums_funk", "drums_latin")),
}
EVENTS = 2000


def told(
    data: Path, part: str, runs: int, pool: ProcessPoolExecutor
) -> dict[str, list[dict[str, float]]]:
    """By pair of styles: at each place the share of windows that is named as the second, and how many there were."""
    styles, found = SCENES[part].styles, {}
    rows, names = people(data, part, "train")
    valid, valid_names = people(data, part, "valid")
    for pair in PAIRS[part]:
        numbers = [styles.index(style) for style in pair]
        among, held = np.isin(names, numbers), np.isin(valid_names, numbers)
        listener = learned(rows[among], (names[among] == numbers[1]).astype(np.int64), 2)
        rights = listener.names(valid[held]) == (valid_names[held] == numbers[1])
        lines = [{"people named rightly": float(rights.mean()), "windows": int(held.sum())}]
        for place in PLACES:
            own = pool.map(
                plays, repeat(part), repeat(JOINED.join(pair)), range(runs), repeat(place)
            )
            named = listener.names(np.array([row for some in own for row in some]))
            lines.append({"place": place, "second": float(named.mean()), "windows": len(named)})
        found[JOINED.join(pair)] = lines
    return found


def cost_us(share: float) -> float:
    """Micros of an event at the median."""
    model = load(shipped.model("default"))
    hearing = Hearing.fresh(GuardedModel(model), Timeline(500_000), Blend(1, 2, share))
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
@click.option("--runs", default=24, show_default=True, help="Of livegen at each place.")
def main(data: Path, parts: Sequence[str], runs: int) -> None:
    """Name what livegen plays in two styles, into style_mix.json and style_mix.md."""
    costs = {"one style": cost_us(0.0), "two styles": cost_us(0.5)}
    with ProcessPoolExecutor(
        1, initializer=band.open_models, initargs=([shipped.model("default")],)
    ) as pool:
        found = {part: told(data, part, runs, pool) for part in parts or PAIRS}
    lines = [
        (
            pair.replace(JOINED, " + "),
            f"{held['people named rightly']:.2f}",
            *(f"{line['second']:.2f}" for line in places),
            str(places[0]["windows"]),
        )
        for pairs in found.values()
        for pair, (held, *places) in pairs.items()
    ]
    places = (f"style_mix {place:g}" for place in PLACES)
    head = ("styles", "people held out, named rightly", *places, "windows each")
    said = ", ".join(f"{name} {micros:.0f} µs" for name, micros in costs.items())
    facts: dict[str, object] = {"runs": runs, "cost_us": costs, "named": found}
    text = f"{table(head, lines)}\n\nAn event heard, and all fields of the next predicted, at the median: {said}."
    keep("style_mix", facts, text, dry=bool(parts))


if __name__ == "__main__":
    main()
