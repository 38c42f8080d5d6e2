"""The time of one event through the network: heard, and all fields of the next predicted.

    python -m bench.step [MODEL ...]

Three ways of asking: one step right after the other, as benchmarks like it; a step every 20 ms, as
music comes, when the caches have gone cold; and the same with a heartbeat every few milliseconds in
between, which keeps them warm.  There the step comes at any time between two heartbeats, as a note
does: what is warm after one millisecond is cold after two (docs/LOG.md).  Beside each stands the
time of merely reading the weights from memory under the same conditions: no runtime can be faster
than that.  The machine is never quiet, so the load average stands beside each figure.
"""

import json
import os
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# Before numpy: reading the weights is one core's work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import click
import numpy as np
import onnx

from livegen.codec.layout import FIELDS, SOUNDING, Event
from livegen.config.settings import Daemon
from livegen.inference import onnx_file
from livegen.inference.contract import Query
from livegen.inference.model import OnnxModel, start

TIGHT, APART = 3000, 300  # steps of each measurement
GAP_US = 20_000
BEAT_US = round(Daemon().keep_warm_ms * 1000)  # as it is served
# The input of an operator that is a matrix which a whole step reads.
MATRICES = {"MatMul": 1, "DequantizeLinear": 0}
PERCENTILES = {"p50": 50.0, "p99": 99.0, "max": 100.0}
# The ways to step: how often, how far apart in micros, and a heartbeat every so many micros in between.
WAYS = {
    "tight": (TIGHT, 0, 0),
    "20 ms apart": (APART, GAP_US, 0),
    f"20 ms apart, warm by {BEAT_US / 1000:g} ms": (APART, GAP_US, BEAT_US),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A measurement: micros of a step, micros of reading the weights, their ratio at p50, and the
    load.
    """

    model: str
    way: str
    step: dict[str, float]
    reading: dict[str, float]
    ratio: float
    load: float
    heartbeat_share: float


def one_step(model: OnnxModel) -> Callable[[], None]:
    """A function that takes one whole step, its state fed back."""
    event, query = Event(6, 0, 1, 60, 20, 48, 8), Query(6, 54, 8, 1, 1, 48)
    sounding = np.zeros(SOUNDING, np.float32)
    sounding[[60, 128 + 48, 128 + 52, 256 + 36]] = 1
    state = model.initial_state()

    def step() -> None:
        nonlocal state
        state, summary = model.advance(event, 0, sounding, state)
        for field in FIELDS:
            model.logits(field, summary, query)

    return step


def reading(bytes_: int) -> Callable[[], None]:
    """A function that reads so many bytes of memory and does next to nothing with them."""
    half = np.ones(max(1, bytes_ // 8), np.float32)
    other = np.ones_like(half)

    def read() -> None:
        np.dot(half, other)

    return read


def timed(
    act: Callable[[], None],
    count: int,
    gap_us: int = 0,
    beat: Callable[[], None] | None = None,
    beat_us: int = 0,
) -> tuple[list[float], float]:
    """Micros that each of `count` acts took, `gap_us` apart and up to a heartbeat more, and the share of the time
    that heartbeats took.
    """
    micros: list[float] = []
    chance = random.Random(1)
    beating, began = 0.0, time.perf_counter()
    for _ in range(count):
        beating += _wait(gap_us + round(chance.uniform(0, beat_us)), beat, beat_us)
        before = time.perf_counter_ns()
        act()
        micros.append((time.perf_counter_ns() - before) / 1000)
    return micros, beating / (time.perf_counter() - began)


def _wait(gap_us: int, beat: Callable[[], None] | None, beat_us: int) -> float:
    """Sleep for `gap_us`, beating in between; seconds that the beats took."""
    until, spent = time.perf_counter() + gap_us / 1e6, 0.0
    while (left := until - time.perf_counter()) > 0:
        time.sleep(min(left, beat_us / 1e6) if beat and beat_us else left)
        if beat and beat_us and time.perf_counter() < until:
            before = time.perf_counter()
            beat()
            spent += time.perf_counter() - before
    return spent


def percentiles(micros: list[float]) -> dict[str, float]:
    """p50, p99 and maximum."""
    return {name: round(float(np.percentile(micros, q)), 1) for name, q in PERCENTILES.items()}


def matrix_bytes(path: Path) -> int:
    """Bytes of the matrices that a whole step reads, without scales; of its tables it reads one row each."""
    graph = onnx.load(path).graph
    used = {node.input[MATRICES[node.op_type]] for node in graph.node if node.op_type in MATRICES}
    return sum(len(tensor.raw_data) for tensor in graph.initializer if tensor.name in used)


def measure(path: Path) -> list[Row]:
    """All ways of one model file."""
    file = onnx_file.read(path)
    model = start(file, str(path))
    step, read = one_step(model), reading(matrix_bytes(path))
    rows = []
    for way, (count, gap_us, beat_us) in WAYS.items():
        timed(step, 50)
        micros, share = timed(step, count, gap_us, model.keep_warm, beat_us)
        floor, _ = timed(read, count, gap_us, read, beat_us)
        step_us, read_us = percentiles(micros), percentiles(floor)
        ratio = round(step_us["p50"] / read_us["p50"], 2)
        kind = "int8" if file.facts.quantised else "float32"
        name = f"{file.facts.name} {'x'.join(map(str, file.facts.state_shape))} {kind}"
        rows.append(
            Row(name, way, step_us, read_us, ratio, round(os.getloadavg()[0], 2), round(share, 3))
        )
    return rows


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| model (name, state, weights) | steps | p50 / p99 / max us "
        "| reading the weights, p50 us | ratio | heartbeat, of a core | load |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        micros = " / ".join(f"{row.step[name]:.0f}" for name in PERCENTILES)
        beat = f"{row.heartbeat_share:.1%}" if row.heartbeat_share else ""
        lines.append(
            f"| {row.model} | {row.way} | {micros} "
            f"| {row.reading['p50']:.0f} | {row.ratio} | {beat} | {row.load} |"
        )
    return "\n".join(lines) + "\n"


def write(rows: list[Row], folder: Path) -> None:
    """step.json and step.md in `folder`."""
    facts: dict[str, Any] = {"cores": os.cpu_count(), "rows": [asdict(row) for row in rows]}
    (folder / "step.json").write_text(json.dumps(facts, indent=1) + "\n")
    (folder / "step.md").write_text(table(rows))


@click.command()
@click.argument("models", nargs=-1, type=click.Path(exists=True, path_type=Path))
def main(models: tuple[Path, ...]) -> None:
    """Measure MODELS, files or folders (by default those shipped), into step.json and step.md."""
    folder = Path(__file__).parent
    paths = models or sorted(folder.parent.glob("models/*/model.onnx"))
    rows = [
        row for path in paths for row in measure(path / "model.onnx" if path.is_dir() else path)
    ]
    write(rows, folder)
    click.echo(table(rows), nl=False)


if __name__ == "__main__":
    main()
