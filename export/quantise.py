"""int8: how a model file is made small, and a command that measures what that costs and what it
wins.

    python -m export.quantise models/NAME/model.onnx --data DIR_OR_MIDI_FILES

Weights become 8-bit whole numbers with a scale for each block of a column, put back by
DequantizeLinear.  The runtime makes one product of the two (its MatMulNBits), scales what is
multiplied by blocks too, afresh at each step, and so needs no calibration data.  Embeddings stay
float32: a step reads one row of each, so they cost disk and no time.  So do the small last products
of the heads, whose errors would go straight into the logits (docs/LOG.md).
"""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import gcd
from pathlib import Path

import click
import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from bench.step import APART, BEAT_US, GAP_US, one_step, percentiles, timed
from export.command import data_option, guarded
from export.lean import lean
from export.material import Piece, gather
from export.paths import model_in
from livegen.codec.layout import ADVANCE, FIELDS, Event
from livegen.errors import ConfigError
from livegen.inference.contract import Model, Query
from livegen.inference.model import start
from livegen.inference.onnx_file import logits_name, parse, read_bytes
from livegen.inference.onnx_operators import BLOCKS
from livegen.training.model_weights import QUANTISED, SCALE, in_blocks

EVENTS = 5000
# Nats per event that int8 may cost; the differences of training runs are ten times that.
MAX_LOSS = 0.005
BLOCK = 128
VARIANTS = {f"int8, blocks of {block}": block for block in (BLOCK, 64, 32)}


def int8(data: bytes, block: int = BLOCK) -> bytes:
    """The int8 form of a float32 model file.

    Blocks have `block` numbers, a power of two, or fewer where a column is not so many times that; where it
    would take fewer than the runtime multiplies at once, the matrix stays as it is.
    """
    facts = replace(parse(data).facts, quantised=True)
    model = onnx.load_model_from_string(data)
    weights = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    staying = {*_last_products(model), *_summands(model, weights.keys())}
    nodes, tensors, unpacked = list[NodeProto](), list[TensorProto](), set[str]()
    for node in model.graph.node:
        weight = node.input[1] if node.op_type == "MatMul" else ""
        size = gcd(len(weights[weight]), block) if weight in weights else 0
        if size in BLOCKS and node.output[0] not in staying:
            parts = [weight + QUANTISED, weight + SCALE]
            whole, scale = in_blocks(weights[weight], size)
            tensors.append(numpy_helper.from_array(whole, parts[0]))
            tensors.append(numpy_helper.from_array(scale, parts[1]))
            nodes.append(
                helper.make_node("DequantizeLinear", parts, [weight], axis=0, block_size=size)
            )
            unpacked.add(weight)
        nodes.append(node)
    tensors += [t for t in model.graph.initializer if t.name not in unpacked]
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(tensors)
    return lean(model, facts)


def _last_products(model: ModelProto) -> list[str]:
    """The products that nothing stands behind but sums and look-ups, and then the logits."""
    producer = {name: node for node in model.graph.node for name in node.output}
    nodes, found = [producer[logits_name(field)] for field in FIELDS], []
    while nodes:
        node = nodes.pop()
        if node.op_type == "MatMul":
            found.append(node.output[0])
        else:
            nodes += [producer[name] for name in node.input if name in producer]
    return found


def _summands(model: ModelProto, weights: Collection[str]) -> list[str]:
    """Names of all that is added to something other than weights, products among them.

    The runtime makes one node of such a product and its sum, and no longer sees that the matrix stands in blocks.
    """
    sums = [node.input for node in model.graph.node if node.op_type == "Add"]
    return [name for names in sums if not any(n in weights for n in names) for name in names]


@dataclass(frozen=True, slots=True)
class Measured:
    """A form of a model: its size, nats per event, and micros of a step 20 ms apart, kept warm."""

    name: str
    size: int
    nats: float
    micros: dict[str, float]

    def line(self) -> str:
        """The figures as a line of a table."""
        micros = " / ".join(f"{value:4.0f}" for value in self.micros.values())
        size = f"{self.size / 1e6:5.2f} MB"
        return f"{self.name:24}  {size}  {self.nats:8.5f} nats per event  {micros} us"


def nats_per_event(model: Model, pieces: Sequence[Piece]) -> float:
    """Mean of minus the log probability of the true next event, without the masks of sampling."""
    total, events = 0.0, 0
    for piece in pieces:
        state = model.initial_state()
        for index, row in enumerate(piece.rows[:-1]):
            event, following = Event(*map(int, row)), Event(*map(int, piece.rows[index + 1]))
            state, summary = model.advance(event, piece.style, piece.sounding[index], state)
            for field in scored(following):
                logits = model.logits(field, summary, Query.of(following)).astype(np.float64)
                target = getattr(following, field)
                top = logits.max()
                total += top + np.log(np.exp(logits - top).sum()) - logits[target]
            events += 1
    return float(total / events)


def scored(event: Event) -> list[str]:
    """Fields of an event that mean something."""
    if event.time == ADVANCE:
        return ["time"]
    return [field for field in FIELDS if field != "velocity" or event.on]


def measure(name: str, data: bytes, pieces: Sequence[Piece]) -> Measured:
    """Loss and speed of one form."""
    model = start(parse(data, name), name)
    step = one_step(model)
    timed(step, 50)
    micros, _ = timed(step, APART, GAP_US, model.keep_warm, BEAT_US)
    return Measured(name, len(data), nats_per_event(model, pieces), percentiles(micros))


def verdict(full: Measured, small: Measured) -> str:
    """Say which of the two to ship, and why."""
    cost = small.nats - full.nats
    gain = full.micros["p50"] / small.micros["p50"]
    choice = "int8" if cost <= MAX_LOSS and gain > 1 else "float32"
    return (
        f"ship {choice}: int8 costs {cost:+.5f} nats per event (at most {MAX_LOSS} is taken), "
        f"is {gain:.2f} times as fast and {full.size / small.size:.1f} times smaller"
    )


@click.command()
@click.argument("model", type=click.Path(exists=True, path_type=Path))
@data_option
@click.option(
    "--events", default=EVENTS, show_default=True, type=click.IntRange(2), help="How many."
)
@guarded
def main(model: Path, data: tuple[Path, ...], events: int) -> None:
    """Measure loss and speed of the float32 file MODEL against its int8 forms, and say which to
    ship.
    """
    path = model_in(model)
    full = read_bytes(path)
    facts = parse(full, str(path)).facts
    if facts.quantised:
        raise ConfigError(f"{path} is int8 already; export it without --int8 first")
    pieces = gather(data, facts.styles, events)
    count = sum(len(piece.rows) for piece in pieces)
    load = os.getloadavg()[0]
    click.echo(
        f"{count} events of {len(pieces)} pieces, load {load:.2f}; a step is p50 / p99 / max"
    )
    forms = {"float32": full} | {name: int8(full, block) for name, block in VARIANTS.items()}
    measured = [measure(name, form, pieces) for name, form in forms.items()]
    for one in measured:
        click.echo(one.line())
    click.echo(verdict(measured[0], measured[1]))


if __name__ == "__main__":
    main()
