"""Processor time of the engine's looks: a key that is heard, and a slice of planning, with a band and without.

    python -m bench.feeds [--minutes M]

A person by a script (bench/person.py) plays a blues with both hands on virtual time; what is measured is the processor
time of each call of the engine, so that other programs on the machine count for little.  `key` is a call that hears a
key go down or come up, with the slice of planning that it does; `wake` any other.  A key that comes while a wake is at
work waits for it: what a player feels at worst is one of each.  Of a core: all of them by the time of the music.  The
first keys read tables, and are the slowest.
"""

import gc
import os
import time
from collections.abc import Mapping
from random import Random
from typing import Any

import click

from bench.person import Rhythm, melody, perform
from bench.tables import keep, table
from livegen import shipped
from livegen.daemon.lateness import quantiles
from livegen.inference.contract import Model
from livegen.inference.model import load
from livegen.jam.controls.controls import settings
from livegen.jam.engine import Engine, Event
from livegen.music.charts import read_chart
from livegen.music.messages import NoteOff, NoteOn
from livegen.testing import SECOND, Rehearsal

CHART, BPM, MINUTES = "12-bar-blues", 110.0, 2.0
RHYTHMS: tuple[Rhythm, ...] = (
    ((0, 0.5), (0.5, 0.5), (1, 1), (2, 0.5), (2.5, 1.5)),
    ((0, 1), (1, 0.5), (1.5, 0.5), (2, 2)),
)
ALL = {"mode": "accompany", "parts": "comp bass drums"}
TOLD: dict[str, object] = {"tempo": BPM}
WAYS: dict[str, Mapping[str, object]] = {
    "nobody beside, tempo told": {"mode": "respond", "rest": 5000, **TOLD},
    "comp alone, tempo told": {"mode": "accompany", "parts": "comp", **TOLD},
    "three parts, tempo told": {**ALL, **TOLD},
    "three parts, tempo told, the chart": {**ALL, **TOLD, "chart": CHART},
    "nobody beside, own time": {"mode": "respond", "rest": 5000},
    "three parts, own time": ALL,
    "three parts, own time, the chart": {**ALL, "chart": CHART},
}


class Measured(Rehearsal):
    """A rehearsal that keeps the micros of each call, by kind."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.spent: dict[str, list[int]] = {"key": [], "wake": []}

    def _feed(self, event: Event, now: int) -> None:
        began = time.thread_time_ns()
        out = self.engine.feed(event, now)
        spent = (time.thread_time_ns() - began) // 1000
        self.spent["key" if isinstance(event, NoteOn | NoteOff) else "wake"].append(spent)
        for timed in out:
            self.wire.put(timed)


def measured(model: Model, values: Mapping[str, object], minutes: float) -> dict[str, Any]:
    """Figures of one way to go along."""
    path = shipped.chart(CHART)
    form, chance = read_chart(path).form, Random(CHART)
    left = perform(form, BPM, minutes, chance, wanders="tempo" not in values)
    keys = [*left.messages, *melody(form, left, RHYTHMS, chance)]
    keys.sort(key=lambda row: (row[0], isinstance(row[1], NoteOn)))
    given = {name: path.read_text() if name == "chart" else it for name, it in values.items()}
    rehearsal = Measured(Engine(model, seed=1, settings=settings(given)))
    gc.collect()
    gc.freeze()
    for at, message in keys:
        rehearsal.play(SECOND + at, message)
    spent = {name: {"count": len(rows)} | quantiles(rows) for name, rows in rehearsal.spent.items()}
    total = sum(sum(rows) for rows in rehearsal.spent.values())
    return spent | {"share": round(total / left.bars[-1].at, 4)}


def page(facts: Mapping[str, Any]) -> str:
    """The figures as Markdown."""

    def cell(row: Mapping[str, int]) -> str:
        return " / ".join(f"{row[f'{name}_us'] / 1000:.2f}" for name in ("p50", "p99", "max"))

    rows = [
        [name, cell(row["key"]), cell(row["wake"]), f"{row['share']:.1%}"]
        for name, row in facts["ways"].items()
    ]
    head = ("beside a person with both hands", "key, ms: p50 / p99 / max", "wake, ms", "of a core")
    return f"""Processor time of the engine's calls, {facts["minutes"]:g} minutes each, load {facts["load"]};
what the words mean stands in bench/feeds.py.

{table(head, rows)}"""


@click.command()
@click.option("--minutes", default=MINUTES, show_default=True)
@click.option("--dry", is_flag=True, help="Print, write nothing.")
def main(minutes: float, dry: bool) -> None:
    """Measure all ways, and write feeds.json and feeds.md."""
    model = load(shipped.model("default"))
    ways = {name: measured(model, values, minutes) for name, values in WAYS.items()}
    facts = {"minutes": minutes, "load": round(os.getloadavg()[0], 2), "ways": ways}
    keep("feeds", facts, page(facts), dry)


if __name__ == "__main__":
    main()
