"""Kinds of network beside each other: nats per event by field and by set, a step's time, the state, the file.

    python -m bench.kinds DATA MODEL ...

DATA is the folder of sets, MODEL a model file or a folder that holds one.  Losses are on the validation pieces
(livegen/training/validation.py) with the weights as they are served, each event judged among what is legal.  Intervals
are of pieces drawn again within each set (bootstrap, 95 %).  In a step an event is heard and all fields of the next are
predicted (bench/step.py).
"""

import os
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: a step has one thread too

import click
import numpy as np
import numpy.typing as npt
import torch

from bench.step import APART, BEAT_US, GAP_US, TIGHT, one_step, percentiles, timed
from bench.tables import keep, kept, table, told
from export.paths import model_in
from livegen.codec.layout import FIELDS
from livegen.inference.contract import ModelFacts
from livegen.inference.model import start
from livegen.inference.onnx_file import parse, read_bytes
from livegen.scorecard.estimates import HIGH, LOW, RESAMPLED, Estimate, ratio
from livegen.training.corpora import load
from livegen.training.model_weights import read_network
from livegen.training.network import Network
from livegen.training.objective import Objective, tensors
from livegen.training.validation import Held, hold

Nats = dict[str, float]  # per event, by field
Floats = npt.NDArray[np.float64]
Pieces = tuple[Floats, Floats]  # of the pieces of a set: nats of all fields, and events


def sizes(facts: ModelFacts) -> str:
    """Kind and sizes of a network in words."""
    config = facts.network["config"]
    window = f", looks back over {config['window']}" if config["window"] else ""
    return f"{config['kind']} {config['layers']} × {config['hidden']}{window}"


@torch.no_grad()
def losses(network: Network, held: Mapping[str, Held]) -> tuple[dict[str, Nats], dict[str, Pieces]]:
    """Nats per event of each set, by field; and the pieces of each set."""
    objective, found, pieces = Objective(network.eval()), {}, {}
    for name, one in held.items():
        inputs, width = tensors(one.batch, torch.device("cpu")), one.batch.rows.shape[1]
        everyone = torch.ones(width, dtype=torch.bool)
        nats, _, _ = objective(*inputs, network.initial_state(width), everyone)
        valid = torch.from_numpy(one.valid)
        found[name] = {
            field: float((nats[field] * valid).double().sum() / valid.sum()) for field in FIELDS
        }
        lost = torch.stack([(nats[field] * valid).double().sum(0) for field in FIELDS])
        pieces[name] = lost.sum(0).numpy(), valid.double().sum(0).numpy()
    return found, pieces


def mean_of_sets(pieces: Mapping[str, Pieces]) -> Estimate:
    """Nats per event, the mean of the sets, whose pieces are drawn again in each."""
    rng = np.random.default_rng(0)

    def of(lost: Floats, events: Floats, rows: npt.NDArray[np.int64]) -> float:
        return float(lost[rows].sum() / events[rows].sum())

    every = [of(*one, np.arange(len(one[0]))) for one in pieces.values()]
    drawn = [
        np.mean([of(*one, rng.integers(0, len(one[0]), len(one[0]))) for one in pieces.values()])
        for _ in range(RESAMPLED)
    ]
    low, high = np.percentile(drawn, (LOW, HIGH))
    return Estimate(float(np.mean(every)), float(low), float(high), len(pieces))


def measured(path: Path, data: Path) -> dict[str, Any]:
    """All figures of a model file."""
    content = read_bytes(path)
    network, facts = read_network(content, str(path))
    names = [name for name, _ in facts.data]
    held = {
        name: one
        for name, corpus in load(data, names).items()
        if (one := hold(corpus, list(facts.styles), 1.0))
    }
    model = start(parse(content, str(path)), str(path))
    step = one_step(model)
    timed(step, 300)  # so that the state has no empty place
    tight, _ = timed(step, TIGHT)
    micros, _ = timed(step, APART, GAP_US, model.keep_warm, BEAT_US)
    nats, pieces = losses(network, held)
    return {
        "network": sizes(facts),
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "file_bytes": len(content),
        "state_bytes": 4 * prod(facts.state_shape),
        "tight_us": percentiles(tight),
        "step_us": percentiles(micros),
        "load": round(os.getloadavg()[0], 2),
        "nats": nats,
        "mean": kept(mean_of_sets(pieces)),
        "by_set": {name: kept(ratio(*of)) for name, of in pieces.items()},
    }


def page(found: Mapping[str, dict[str, Any]]) -> str:
    """Two tables."""
    heads = ["", *found]
    events = {name: mean(one["nats"]) for name, one in found.items()}
    steps = {
        "a step, one after the other, p50 / p99 / max µs": "tight_us",
        "a step, 20 ms apart, kept warm": "step_us",
    }
    rows = [
        ["network", *(one["network"] for one in found.values())],
        ["parameters", *(f"{one['parameters'] / 1e6:.2f} M" for one in found.values())],
        ["file", *(f"{one['file_bytes'] / 1e6:.2f} MB" for one in found.values())],
        ["state", *(f"{one['state_bytes'] / 1024:.0f} kB" for one in found.values())],
        *(
            [head, *(" / ".join(f"{us:.0f}" for us in one[key].values()) for one in found.values())]
            for head, key in steps.items()
        ),
        ["load", *(str(one["load"]) for one in found.values())],
        [
            "**nats per event**, mean of the sets",
            *(f"**{told(Estimate(**one['mean']), 3)}**" for one in found.values()),
        ],
        *([f"of that {field}", *(f"{e[field]:.3f}" for e in events.values())] for field in FIELDS),
    ]
    sets = list(next(iter(found.values()))["nats"])
    by_set = [
        [name, *(told(Estimate(**one["by_set"][name])) for one in found.values())] for name in sets
    ]
    return table(heads, rows) + "\n\nNats per event by set:\n\n" + table(heads, by_set)


def mean(nats: Mapping[str, Nats]) -> Nats:
    """The mean of the sets, by field."""
    return {field: sum(one[field] for one in nats.values()) / len(nats) for field in FIELDS}


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("models", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--dry", is_flag=True, help="Print only.")
def main(data: Path, models: tuple[Path, ...], dry: bool) -> None:
    """Measure MODELS on the sets in DATA, into kinds.json and kinds.md."""
    torch.set_num_threads(1)
    found = {
        path.stem if path.suffix else path.name: measured(model_in(path), data) for path in models
    }
    keep("kinds", found, page(found), dry)


if __name__ == "__main__":
    main()
