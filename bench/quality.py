"""The time a recipe takes to a quality: minutes and core-hours until so few nats a note on the validation split.

    python -m bench.quality DATA [--out RUN]

Trains bench/quality.yaml on DATA into RUN, goes on where an earlier run stopped, and writes
bench/quality.md and .json from its record.  Core-hours are the processor time of all processes; of a run that was
stopped and went on, both are those of its parts together.
"""

import json
import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from bench.tables import table
from livegen.training.loop import train
from livegen.training.record import METRICS

HERE = Path(__file__).parent
RECIPE = HERE / "quality.yaml"
WANTED = (6.0, 5.5, 5.0, 4.5, 4.3, 4.2)  # nats a note


def validations(run: Path) -> list[dict[str, Any]]:
    """Validations of a run's record, with seconds and core_seconds since the run first began."""
    lines = [json.loads(line) for line in (run / METRICS).read_text().splitlines()]
    parts: list[list[dict[str, Any]]] = [[]]
    for before, line in pairwise([{"seconds": 0.0}, *lines]):
        if line["seconds"] < before["seconds"]:  # it was stopped and went on
            parts.append([])
        parts[-1].append(line)
    return list(_joined(parts))


def _joined(parts: Sequence[Sequence[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    seconds = cores = 0.0
    for part in parts:
        judged = [line for line in part if line["kind"] == "valid"]
        for line in judged:
            yield line | {
                "seconds": line["seconds"] + seconds,
                "core_seconds": line["core_seconds"] + cores,
            }
        seconds += part[-1]["seconds"] if part else 0
        cores += judged[-1]["core_seconds"] if judged else 0


def reached(found: Sequence[dict[str, Any]], wanted: float) -> dict[str, Any] | None:
    """The first validation that is as good as wanted; None if none is."""
    return next((line for line in found if line["nats_per_note"] <= wanted), None)


def rows(found: Sequence[dict[str, Any]], events: int) -> list[list[str]]:
    """A row of the table for each quality; `events` are those of an update."""
    told = []
    for wanted in WANTED:
        line = reached(found, wanted)
        if line is None:
            told.append([f"{wanted}", "not reached", "", ""])
            continue
        minutes, cores = line["seconds"] / 60, line["core_seconds"] / 3600
        told.append(
            [f"{wanted}", f"{line['step'] * events / 1e6:.2f} M", f"{minutes:.1f}", f"{cores:.3f}"]
        )
    return told


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out",
    default=HERE.parent / "runs" / "quality",
    show_default="runs/quality",
    type=click.Path(path_type=Path),
    help="Folder of the run.",
)
def main(data: Path, out: Path) -> None:
    """Train, and write what it took."""
    train(RECIPE, data, out)
    tell(out)


def tell(run: Path) -> None:
    """Write the table of a run, finished or not."""
    from livegen.training.recipe import read_recipe

    recipe, found = read_recipe(RECIPE), validations(run)
    events = recipe.batch * recipe.steps
    best = min(found, key=lambda line: float(line["nats_per_note"]))
    head = ["nats a note", "events", "minutes", "core-hours"]
    last = (
        f"Best: {best['nats_per_note']:.3f} after {best['step'] * events / 1e6:.2f} M events of "
        f"{recipe.events / 1e6:g} M, {best['seconds'] / 60:.1f} minutes, {best['core_seconds'] / 3600:.3f} core-hours. "
        f"Load at the end: {os.getloadavg()[2]:.1f}; {os.cpu_count()} cores."
    )
    text = table(head, rows(found, events)) + f"\n\n{last}\n"
    (HERE / "quality.md").write_text(text)
    kept = ("step", "seconds", "core_seconds", "nats_per_note")
    facts = {
        "recipe": recipe.model_dump(mode="json"),
        "validations": [{k: f[k] for k in kept} for f in found],
    }
    (HERE / "quality.json").write_text(json.dumps(facts, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
