"""Against the published record: nats per frame on four piano-roll sets, trained and scored by one command.

    python -m bench.polyphony --data DIR [--set jsb]... [--family joint]... [--seeds 3] [--minutes M]

DIR holds the unpacked sets side by side.  The metric is in score.py, the networks in network.py, the recipes in
training.py.  Every finished run goes into bench/polyphony.json at once, in the place of an earlier one of the same
set, family and seed; the table in bench/polyphony.md is written anew from all that are there.

The published figures (lower is better) are of two kinds.  Some predict each key by itself, given the past; others the
frame as a whole, in which what one key does tells of the others.  Compare like with like.
"""

import json
import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import torch

from bench.polyphony.rolls import FILES, FOLDER, read
from bench.polyphony.score import nats_and_frames
from bench.polyphony.training import FAMILIES, recipe_of, train

HERE = Path(__file__).parent.parent
RECORD, TABLE = HERE / "polyphony.json", HERE / "polyphony.md"
TITLES = {
    "jsb": "JSB Chorales",
    "nottingham": "Nottingham",
    "musedata": "MuseData",
    "piano_midi": "Piano-midi.de",
}
# Test splits, in nats per frame.  "" where no figure is at hand.
PUBLISHED: dict[str, tuple[tuple[str, str, str, str, str], ...]] = {
    "joint": (
        ("RNN-RBM, Boulanger-Lewandowski et al. 2012", "6.27", "2.39", "6.01", "7.09"),
        ("RNN-NADE, the same", "5.56", "2.31", "5.60", "7.05"),
    ),
    "independent": (
        ("GRU, Chung et al. 2014", "8.54", "3.23", "5.99", "8.82"),
        ("GRU, Bai et al. 2018", "8.43", "3.46", "", ""),
        ("LSTM, the same", "8.45", "3.29", "", ""),
        ("TCN, the same", "8.10", "3.07", "", ""),
    ),
}
KINDS = {"joint": "frame as a whole", "independent": "each key by itself"}

Run = dict[str, Any]


def measure(data: Path, name: str, family: str, seed: int, minutes: float | None) -> Run:
    """Train and score once."""
    pieces = read(data, name)
    recipe = recipe_of(name, family, minutes)
    network, figures = train(pieces, recipe, seed, lambda line: click.echo(line, err=True))
    nats, frames = nats_and_frames(network, pieces["test"])
    test = {"test": round(nats / frames, 4), "frames": frames}
    return {"set": name, "family": family, "seed": seed} | test | figures


def recorded() -> list[Run]:
    """The runs of before."""
    runs: list[Run] = json.loads(RECORD.read_text()) if RECORD.exists() else []
    return runs


def record(run: Run) -> None:
    """Put a run in its place, and write the table anew."""

    def place(one: Run) -> tuple[int, str, int]:
        return list(FILES).index(one["set"]), one["family"], one["seed"]

    runs = sorted((*(one for one in recorded() if place(one) != place(run)), run), key=place)
    RECORD.write_text(json.dumps(runs, indent=1) + "\n")
    TABLE.write_text(table(runs))


# --- the table ----------------------------------------------------------------------------------------------------


def spread(values: Sequence[float]) -> str:
    """The mean of the seeds, and from the least to the greatest."""
    mean = f"{statistics.fmean(values):.2f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.2f} to {max(values):.2f})"


def cell(runs: Sequence[Run]) -> str:
    """A set's figure in the summary."""
    return spread([run["test"] for run in runs]) if runs else "not measured"


def of(runs: Sequence[Run], name: str, family: str) -> list[Run]:
    """The runs of a set and family."""
    return [run for run in runs if run["set"] == name and run["family"] == family]


def table(runs: Sequence[Run]) -> str:
    """All runs and the published figures, as Markdown."""
    lines = [
        "Nats per predicted frame of the test split, lower is better; `python -m bench.polyphony --data DIR`.",
        "Ours: the mean of the seeds (least to greatest), weights chosen on validation alone.",
        "The others' figures are as published.",
        "Ours joint in the frame is shown what followed when the piece was last as it is now (recall),",
        "and is trained on transpositions.",
        "",
        "| model | predicts | " + " | ".join(TITLES[name] for name in FILES) + " |",
        "|---|---|" + "---|" * len(FILES),
    ]
    for family, rows in PUBLISHED.items():
        for title, *figures in rows:
            lines.append(f"| {title} | {KINDS[family]} | " + " | ".join(figures) + " |")
        ours = " | ".join(f"**{cell(of(runs, name, family))}**" for name in FILES)
        lines.append(f"| **{FAMILIES[family]}** | {KINDS[family]} | {ours} |")
    lines += [
        "",
        "| set | model | seeds | parameters | minutes a run | passes | validation | test | predicted frames |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in FILES:
        for family in FAMILIES:
            if chosen := of(runs, name, family):
                lines.append(row(TITLES[name], family, chosen))
    loads = [run["load"] for run in runs]
    lines += [
        "",
        "Minutes are of the clock, with the looks at validation, on one thread of a machine with two shared cores",
        f"under a load of {min(loads):.1f} to {max(loads):.1f}.  A run is as long as its recipe says in passes or in",
        "minutes, whichever is less.",
    ]
    return "\n".join(lines) + "\n"


def row(title: str, family: str, runs: Sequence[Run]) -> str:
    """The details of a set and family."""
    first = runs[0]
    cells = (
        title,
        FAMILIES[family],
        str(len(runs)),
        f"{first['parameters']:,}",
        f"{statistics.fmean(run['minutes'] for run in runs):.1f}",
        f"{statistics.fmean(run['passes'] for run in runs):.0f}",
        spread([run["valid"] for run in runs]),
        spread([run["test"] for run in runs]),
        f"{first['frames']:,}",
    )
    return "| " + " | ".join(cells) + " |"


@click.command()
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of unpacked sets.",
)
@click.option("--set", "names", multiple=True, type=click.Choice(list(FILES)), help="All, if none.")
@click.option("--family", "families", multiple=True, type=click.Choice(list(FAMILIES)))
@click.option("--seeds", default=1, show_default=True, type=click.IntRange(1))
@click.option("--first-seed", default=0, show_default=True, type=click.IntRange(0))
@click.option("--minutes", type=float, help="Of each run, at most; the recipe says, if not given.")
def main(
    data: Path,
    names: Sequence[str],
    families: Sequence[str],
    seeds: int,
    first_seed: int,
    minutes: float | None,
) -> None:
    """Train and score, into bench/polyphony.json and bench/polyphony.md."""
    for name in names or FILES:
        if not (file := data / FOLDER / FILES[name]).is_file():
            raise click.BadParameter(
                f"{file} is not there; expected the folder that the sets were unpacked in",
                param_hint="--data",
            )
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))
    for name in names or FILES:
        for family in families or FAMILIES:
            for seed in range(first_seed, first_seed + seeds):
                run = measure(data, name, family, seed, minutes)
                record(run)
                click.echo(json.dumps(run))
    click.echo(TABLE.read_text(), nl=False)


if __name__ == "__main__":
    main()
