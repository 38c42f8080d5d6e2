"""Proves that the model file computes what the network was trained to compute, or fails loudly.

    python -m export.parity runs/NAME models/NAME --data DIR_OR_MIDI_FILES

Three ways through the same real events: the network over whole sequences, as it was trained; the
network event by event; the model file event by event, each with its own state fed back.  Summaries,
logits of every field and the states must agree: the first two to rounding, the third to rounding
for float32 and to stated bounds for int8.  What is fed is the true music, so a difference cannot
hide behind a different draw.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
import torch

from export.command import data_option, guarded
from export.material import Piece, gather
from export.paths import checkpoint_in, model_in
from livegen.codec.layout import FIELDS, Event
from livegen.errors import ConfigError
from livegen.inference.contract import Model, Query
from livegen.inference.model import load
from livegen.inference.ring import Ring
from livegen.training.loop import load_network
from livegen.training.network import Network
from livegen.training.streams import given

EVENTS = 1000
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Trace:
    """A way through a piece of N events: arrays by name with N (or, for logits, N - 1) steps on
    the first axis.

    `state` is the state after each step, or after the last only where a way gives no other; of a
    ring it is the newest entry.
    """

    steps: dict[str, Floats]
    final: Floats


@dataclass(frozen=True, slots=True)
class Bounds:
    """The largest differences that are allowed: logits and summaries, numbers of the state, and, of the
    distributions, nats per event.
    """

    logits: float
    state: float
    divergence: float


# float32 sums in another order: 1.4e-4, 1.1e-5 and 7e-13 were measured, of a trained 512-unit GRU.  int8, of
# the same: 4.7 (of a class that hardly ever is drawn), 0.43 and 0.001; what a listener could notice is the last.
WHOLE = Bounds(logits=1e-3, state=1e-4, divergence=1e-6)
FLOAT32 = Bounds(logits=1e-3, state=1e-4, divergence=1e-6)
INT8 = Bounds(logits=10.0, state=1.0, divergence=0.003)


@dataclass(slots=True)
class Difference:
    """The largest differences between two ways, with where they were met: (value, piece, step)."""

    worst: dict[str, tuple[float, int, int]] = field(default_factory=dict)
    divergence: float = 0.0
    steps: int = 0

    def add(self, number: int, a: Trace, b: Trace) -> None:
        """Compare two ways through piece `number`."""
        for name in a.steps.keys() & b.steps.keys():
            self._meet(
                name, number, np.abs(a.steps[name] - b.steps[name]).reshape(len(a.steps[name]), -1)
            )
        self._meet("final state", number, np.abs(a.final - b.final).reshape(1, -1))
        self.divergence += sum(divergence(a.steps[name], b.steps[name]) for name in FIELDS)
        self.steps += len(a.steps["time"])

    def _meet(self, name: str, number: int, apart: Floats) -> None:
        by_step = np.nan_to_num(apart.max(1), nan=np.inf)
        step = int(by_step.argmax())
        if by_step[step] >= self.worst.get(name, (-1.0,))[0]:
            self.worst[name] = (float(by_step[step]), number, step)

    def excesses(self, bounds: Bounds) -> list[str]:
        """A line for each thing that differs by more than it may, the worst first."""
        lines = []
        for name, (value, number, step) in sorted(self.worst.items(), key=lambda item: -item[1][0]):
            bound = bounds.state if "state" in name else bounds.logits
            if not value <= bound:
                lines.append(
                    f"{name} differs by {value:.3g} (at most {bound:g}) "
                    f"in piece {number}, step {step}"
                )
        nats = self.divergence / max(1, self.steps)
        if not nats <= bounds.divergence:
            lines.append(
                f"the distributions differ by {nats:.3g} nats per event "
                f"(at most {bounds.divergence:g})"
            )
        return lines

    def line(self) -> str:
        """The largest differences of logits, summary and state, and the divergence."""
        logits = max(self.worst[name][0] for name in FIELDS)
        state = max(value for name, (value, _, _) in self.worst.items() if "state" in name)
        return (
            f"logits {logits:.2g}, summary {self.worst['summary'][0]:.2g}, state {state:.2g}, "
            f"{self.divergence / max(1, self.steps):.2g} nats per event"
        )


def divergence(a: Floats, b: Floats) -> float:
    """Kullback-Leibler divergence of the distributions of logits b from those of a, (N, classes),
    summed over N.
    """
    p, q = log_softmax(a), log_softmax(b)
    return float((np.exp(p) * (p - q)).sum())


def log_softmax(logits: Floats) -> npt.NDArray[np.float64]:
    """Logarithms of the probabilities of logits (N, classes)."""
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    probabilities: npt.NDArray[np.float64] = shifted - np.log(
        np.exp(shifted).sum(-1, keepdims=True)
    )
    return probabilities


# --- the three ways -------------------------------------------------------------------------------


def queries(piece: Piece) -> list[Query]:
    """For each event but the last, what is known of the one after it."""
    return [Query.of(Event(*map(int, row))) for row in piece.rows[1:]]


@torch.inference_mode()
def whole(network: Network, piece: Piece) -> Trace:
    """The network over the piece at once, as in training."""
    n = len(piece.rows)
    rows = torch.from_numpy(given(piece.rows).astype(np.int64))[:, None]
    style = torch.full((n, 1), piece.style)
    sounding = torch.from_numpy(piece.sounding)[:, None]
    summary, state = network(rows, style, sounding, torch.ones(n, 1, 1), network.initial_state(1))
    asked = torch.tensor(queries(piece))  # (N - 1, 7)
    known = {name: asked[:, None, column] for column, name in enumerate(Query._fields)}
    steps = {name: network.head(name, summary[:-1], known)[:, 0].numpy() for name in FIELDS}
    if network.attention:
        state = network.attention.newest(state)[0]
    return Trace({"summary": summary[:, 0].numpy(), **steps}, state.numpy())


@torch.inference_mode()
def streamed(network: Network, piece: Piece) -> Trace:
    """The network event by event, a transformer on a ring as it plays."""
    attention = network.attention
    state = torch.zeros(attention.shape) if attention else network.initial_state(1)
    states, summaries = [], []
    for number, (row, sounding) in enumerate(zip(given(piece.rows), piece.sounding, strict=True)):
        event = torch.tensor([[*map(int, row), piece.style]])
        heard = torch.from_numpy(sounding)[None]
        if attention:
            entry, summary = network.step_ring(event, heard, state, torch.tensor([number]))
            state[number % attention.window] = entry
            states.append(entry.numpy())
        else:
            state, summary = network.step(event, heard, state)
            states.append(state.numpy())
        summaries.append(summary)
    logits: dict[str, list[Floats]] = {name: [] for name in FIELDS}
    for summary, query in zip(summaries, queries(piece), strict=False):
        known = {name: torch.tensor([value]) for name, value in query._asdict().items()}
        for name in FIELDS:
            logits[name].append(network.head(name, summary, known)[0].numpy())
    return _trace(states, [summary[0].numpy() for summary in summaries], logits)


def served(model: Model, piece: Piece) -> Trace:
    """The model file event by event, as the daemon runs it."""
    state = model.initial_state()
    states, summaries = [], []
    logits: dict[str, list[Floats]] = {name: [] for name in FIELDS}
    asked: Iterator[Query] = iter(queries(piece))
    for row, sounding in zip(piece.rows, piece.sounding, strict=True):
        state, summary = model.advance(Event(*map(int, row)), piece.style, sounding, state)
        states.append(state.newest if isinstance(state, Ring) else state)
        summaries.append(summary.reshape(-1))
        query = next(asked, None)
        for name in FIELDS if query is not None else ():
            assert query is not None
            logits[name].append(model.logits(name, summary, query))
    return _trace(states, summaries, logits)


def _trace(states: list[Floats], summaries: list[Floats], logits: dict[str, list[Floats]]) -> Trace:
    steps = {"state": np.stack(states), "summary": np.stack(summaries)}
    return Trace(steps | {name: np.stack(rows) for name, rows in logits.items()}, states[-1])


def compare(
    network: Network, model: Model, pieces: Sequence[Piece]
) -> tuple[Difference, Difference]:
    """Differences of streamed from whole, and of the model file from streamed."""
    first, second = Difference(), Difference()
    for number, piece in enumerate(pieces):
        step_by_step = streamed(network, piece)
        first.add(number, whole(network, piece), step_by_step)
        second.add(number, step_by_step, served(model, piece))
    return first, second


@click.command()
@click.argument("checkpoint", type=click.Path(exists=True, path_type=Path))
@click.argument("model", type=click.Path(exists=True, path_type=Path))
@data_option
@click.option(
    "--events", default=EVENTS, show_default=True, type=click.IntRange(2), help="How many at least."
)
@guarded
def main(checkpoint: Path, model: Path, data: tuple[Path, ...], events: int) -> None:
    """Compare CHECKPOINT (or a run folder) and MODEL (or a model folder) step by step over real
    events.
    """
    network, kept = load_network(checkpoint_in(checkpoint))
    file = load(model_in(model))
    if list(file.facts.styles) != list(kept["styles"]):
        raise ConfigError(f"{model} has other styles than {checkpoint}: export it again")
    pieces = gather(data, file.facts.styles, events)
    count = sum(len(piece.rows) for piece in pieces)
    if count < events:
        raise ConfigError(f"only {count} events in the data, {events} are needed")
    ways = ("streamed against whole", "model file against streamed")
    bounds = (WHOLE, INT8 if file.facts.quantised else FLOAT32)
    failed = False
    for way, difference, bound in zip(ways, compare(network, file, pieces), bounds, strict=True):
        click.echo(f"{way}, {count} events of {len(pieces)} pieces, at most: {difference.line()}")
        for line in difference.excesses(bound):
            failed = True
            click.echo(f"NO PARITY, {way}: {line}", err=True)
    if failed:
        sys.exit(1)
    click.echo("parity holds")


if __name__ == "__main__":
    main()
