"""A transformer of one layer that fulfils the contract of a model file, made by hand.

Its state is a ring of keys and values.  It foretells all fields but velocity, and uses what transformers bring: layer
normalisation, Gelu, products of stacks of matrices, a mask.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper

from export.lean import lean
from livegen.codec.layout import FIELDS, SOUNDING
from livegen.inference.contract import ModelFacts
from livegen.inference.onnx_file import EVENT_WIDTH, OPSET, QUERY_WIDTH
from tests.inference.tiny_model import FACTS as TINY_FACTS

HEADS = 2
FORETOLD = {field: size for field, size in FIELDS.items() if field != "velocity"}


def facts(length: int, width: int) -> ModelFacts:
    """What the file says of itself."""
    return replace(
        TINY_FACTS, name="attention", state_shape=(length, 2, HEADS, width // HEADS), has_ring=True
    )


def graph(length: int, width: int, looks_up: bool) -> ModelProto:
    """The network before it is brought into its plain form; with `looks_up` it fails once the ring is full."""
    chance, each = np.random.default_rng(0), width // HEADS
    weights: list[TensorProto] = []
    nodes: list[onnx.NodeProto] = []

    def tensor(name: str, *shape: int) -> str:
        numbers = chance.normal(size=shape) / np.sqrt(shape[0])
        weights.append(numpy_helper.from_array(numbers.astype(np.float32), name))
        return name

    def constant(name: str, numbers: object, kind: type = np.int64) -> str:
        weights.append(numpy_helper.from_array(np.array(numbers, kind), name))
        return name

    def node(op: str, *inputs: str, to: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(op, list(inputs), [to], **attributes))
        return to

    constant("first", 0), constant("zero", [0])
    node("Gather", "event", "first", to="time", axis=1)
    node("Gather", tensor("table", 193, width), "time", to="row")
    node(
        "Add",
        "row",
        node("MatMul", "sounding", tensor("keys", SOUNDING, width), to="heard"),
        to="x",
    )
    scale, bias = (
        constant("scale", np.ones(width), np.float32),
        constant("bias", np.zeros(width), np.float32),
    )
    if looks_up:
        nodes[-1].output[0] = "x_before"
        node("Gather", tensor("of_place", length, width), "position", to="place_row")
        node("Add", "x_before", "place_row", to="x")
    node("LayerNormalization", "x", scale, bias, to="normal", axis=-1, epsilon=1e-5)
    heads = constant("heads", [HEADS, 1, each])
    for name in ("query_of", "key_of", "value_of"):
        product = node("MatMul", "normal", tensor(f"w_{name}", width, width), to=f"flat_{name}")
        node("Reshape", product, heads, to=name)
    # entry: keys and values of this event, (2, HEADS, each)
    pair = constant("pair", [1, HEADS, each])
    node("Reshape", "key_of", pair, to="key_row")
    node("Reshape", "value_of", pair, to="value_row")
    node("Concat", "key_row", "value_row", to="entry", axis=0)
    # what was heard before: (HEADS, length, each)
    node("Transpose", "state", to="by_head", perm=[1, 2, 0, 3])
    for at, name in enumerate(("past_keys", "past_values")):
        picked = node("Gather", "by_head", constant(f"at_{name}", at), to=f"picked_{name}", axis=0)
        now = "key_of" if at == 0 else "value_of"
        node("Concat", picked, now, to=name, axis=1)
    node("Transpose", "past_keys", to="turned", perm=[0, 2, 1])
    node("MatMul", "query_of", "turned", to="scores")
    node("Div", "scores", constant("root", np.sqrt(each), np.float32), to="scaled")
    places = constant("places", [*range(length), -1])  # that of this event is always heard
    node("Less", places, "position", to="is_heard")
    node("Where", "is_heard", "scaled", constant("never", -1e9, np.float32), to="masked")
    node("Softmax", "masked", to="shares", axis=-1)
    node("MatMul", "shares", "past_values", to="seen")
    node("Reshape", "seen", constant("flat", [1, width]), to="flat_seen")
    node(
        "Add",
        "x",
        node("MatMul", "flat_seen", tensor("w_out", width, width), to="projected"),
        to="y",
    )
    node("Gelu", node("MatMul", "y", tensor("w_up", width, width), to="up"), to="bent")
    node("MatMul", "bent", tensor("w_down", width, width), to="down")
    node("Add", "y", "down", to="summary")
    node("Gather", "query", "first", to="asked", axis=1)
    for field, size in FORETOLD.items():
        seen = "given_summary"
        if field != "time":
            row = node("Gather", tensor(f"known_{field}", 193, width), "asked", to=f"row_{field}")
            seen = node("Add", "given_summary", row, to=f"sum_{field}")
        node("MatMul", seen, tensor(f"out_{field}", width, size), to=f"logits_{field}")
    info, number, whole = helper.make_tensor_value_info, TensorProto.FLOAT, TensorProto.INT64
    state = (length, 2, HEADS, each)
    inputs = [
        info("event", whole, (1, EVENT_WIDTH)),
        info("sounding", number, (1, SOUNDING)),
        info("state", number, state),
        info("position", whole, (1,)),
        info("given_summary", number, (1, width)),
        info("query", whole, (1, QUERY_WIDTH)),
    ]
    outputs = [
        info("entry", number, state[1:]),
        info("summary", number, (1, width)),
        *(info(f"logits_{field}", number, (1, size)) for field, size in FORETOLD.items()),
    ]
    return helper.make_model(
        helper.make_graph(nodes, "attention", inputs, outputs, weights),
        opset_imports=[helper.make_opsetid("", OPSET)],
    )


def transformer_bytes(length: int = 64, width: int = 16, looks_up: bool = False) -> bytes:
    """A model file; one that looks a place up is refused when it is loaded."""
    return lean(graph(length, width, looks_up), facts(length, width))
