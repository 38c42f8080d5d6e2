"""Training: events per second, the share of the time that is not the network's own arithmetic, and the exchange.

    python -m bench.training [THREADS]
    python -m bench.training exchange

The shipped recipe on music made up on the spot, so that it runs anywhere.  Updates of the real loop are timed,
then as many forward and backward passes on one batch; what the loop takes beyond those is data, clipping,
optimiser and bookkeeping.

`exchange` runs two processes on this machine, one thread each, and compares in one run updates that exchange
their gradients with updates that do not, by turns: what is in the way of one is in the way of the other.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from livegen.codec.encoder import Encoder, Stroke
from livegen.music.parts import COMP, LEAD
from livegen.music.time.metre import COMMON_TIME
from livegen.training.corpora import Corpus, Piece
from livegen.training.crew import crew_here, launch
from livegen.training.loop import Run, precision_of
from livegen.training.objective import tensors
from livegen.training.recipe import Recipe, read_recipe
from livegen.training.run_report import Report, Silence

HERE = Path(__file__).parent
RECIPE = HERE.parent / "models" / "jam-gru" / "recipe.yaml"
UPDATES = 40
PIECES, NOTES = 40, 600


def made_up() -> Corpus:
    """Pieces of a wandering lead over held chords, every fifth for validation."""
    rng = np.random.default_rng(0)
    rows: list[Any] = []
    pieces = []
    for number in range(PIECES):
        encoder, start = Encoder(COMMON_TIME), len(rows)
        for note in range(NOTES):
            pitch, tick = int(rng.integers(55, 90)), note * 12
            rows += encoder.feed(Stroke(tick, LEAD, pitch, 80))
            if note % 8 == 0:
                rows += [e for p in (48, 52, 55) for e in encoder.feed(Stroke(tick, COMP, p, 60))]
            rows += encoder.feed(Stroke(tick + 10, LEAD, pitch, 0))
        split = "train" if number % 5 else "valid"
        pieces.append(Piece(f"{number}.mid", "made_up", split, start, len(rows), NOTES))
    return Corpus("made_up", np.array(rows, np.uint8), tuple(pieces))


def seconds_each(act: Callable[[], object]) -> float:
    """Median seconds of an act."""
    taken = []
    for _ in range(UPDATES):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return float(np.median(taken[2:]))


def measure(threads: int) -> dict[str, Any]:
    """Both figures with so many threads."""
    torch.set_num_threads(threads)
    recipe = Recipe(**(read_recipe(RECIPE).model_dump() | {"sets": None}))
    with tempfile.TemporaryDirectory() as folder, Report(Path(folder)) as report:
        run = Run(recipe, {"made_up": made_up()}, Path(folder), report)
        whole = seconds_each(run._update)
        inputs = tensors(run.streams.next(recipe.steps), run.fabric.device)

        def arithmetic() -> None:
            nats, _, _ = run.objective(*inputs, run.state, run.masked)
            run.objective.zero_grad()
            run.fabric.backward(sum(field.sum() for field in nats.values()))

        own = seconds_each(arithmetic)
    events = recipe.batch * recipe.steps
    return {
        "network": recipe.network.model_dump(),
        "batch": recipe.batch,
        "steps": recipe.steps,
        "device": str(run.fabric.device),
        "threads": threads,
        "updates": UPDATES,
        "events_per_second": round(events / whole),
        "share_outside_the_network": round(max(0.0, 1 - own / whole), 3),
        "load": round(os.getloadavg()[0], 2),
    }


def exchange() -> dict[str, Any]:
    """Seconds of an update with and without the exchange of gradients, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        status = launch(2, _exchanging, Path(folder))
        if status:
            raise SystemExit(status)
        found: dict[str, Any] = json.loads((Path(folder) / "exchange.json").read_text())
    return found


def _exchanging(folder: Path) -> None:
    """Run one of the two processes."""
    torch.set_num_threads(1)
    recipe = Recipe(**(read_recipe(RECIPE).model_dump() | {"sets": None}))
    crew = crew_here()
    fabric = crew.fabric(precision_of(recipe))
    report = Report(folder) if crew.leads else Silence()
    run = Run(recipe, {"made_up": made_up()}, folder, report, crew=crew, fabric=fabric)
    taken: dict[bool, list[float]] = {True: [], False: []}
    for update in range(2 * UPDATES):
        exchanges = update % 2 == 0
        crew.all(None)  # both begin together
        began = time.perf_counter()
        with fabric.no_backward_sync(run.objective, enabled=not exchanges):
            run._update()
        taken[exchanges].append(time.perf_counter() - began)
    if crew.leads:
        together, alone = (float(np.median(taken[kind][2:])) for kind in (True, False))
        result = {
            "processes": crew.size,
            "bytes_of_gradients": 4 * sum(p.numel() for p in run.network.parameters()),
            "streams_each": recipe.batch // crew.size,
            "updates": UPDATES,
            "seconds_with_exchange": round(together, 4),
            "seconds_without": round(alone, 4),
            "ratio": round(together / alone, 3),
            "load": round(os.getloadavg()[0], 2),
        }
        (folder / "exchange.json").write_text(json.dumps(result))


def main(arguments: list[str]) -> None:
    """Measure with one thread, or as many as named, or the exchange, into bench/training.json."""
    path = HERE / "training.json"
    before = json.loads(path.read_text())
    if arguments == ["exchange"]:
        result = before | {"exchange": exchange()}
    else:
        kept = {"exchange": before["exchange"]} if "exchange" in before else {}
        result = measure(int(arguments[0]) if arguments else 1) | kept
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
