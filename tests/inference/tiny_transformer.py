"""A transformer of two layers that fulfils the contract of a model file, made by hand.

Its state is one ring: an entry holds the keys and values of all layers.  It foretells all fields but velocity, and uses
what transformers bring: layer normalisation, Gelu, products of stacks of matrices, a mask.
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

LAYERS, HEADS = 2, 2
FORETOLD = {field: size for field, size in FIELDS.items() if field != "velocity"}


def facts(length: int, width: int) -> ModelFacts:
    """What the file says of itself."""
    return replace(
        TINY_FACTS,
        name="attention",
        state_shape=(length, LAYERS, 2, HEADS, width // HEADS),
        has_ring=True,
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
    if looks_up:
        nodes[-1].output[0] = "x_before"
        node("Gather", tensor("of_place", length, width), "position", to="place_row")
        node("Add", "x_before", "place_row", to="x")
    constant("one_scale", np.ones(width), np.float32)
    constant("no_bias", np.zeros(width), np.float32)
    constant("heads", [HEADS, 1, each])
    constant("row_of_layer", [1, HEADS, each])
    constant("pair_of_layer", [1, 2, HEADS, each])
    constant("flat", [1, width])
    constant("root", np.sqrt(each), np.float32)
    constant("never", -1e9, np.float32)
    constant("places", [*range(length), -1])  # that of this event is always heard
    node("Less", "places", "position", to="is_heard")
    # what was heard before: (LAYERS, 2, HEADS, length, each)
    node("Transpose", "state", to="by_layer", perm=[1, 2, 3, 0, 4])
    before = "x"
    for layer in range(LAYERS):

        def here(name: str, layer: int = layer) -> str:
            return f"{name}_{layer}"

        def weighed(given: str, name: str) -> str:
            weight = tensor(here(f"w_{name}"), width, width)
            return node("MatMul", given, weight, to=here(f"by_{name}"))

        node(
            "LayerNormalization",
            before,
            "one_scale",
            "no_bias",
            to=here("normal"),
            axis=-1,
            epsilon=1e-5,
        )
        for name in ("query", "key", "value"):
            node("Reshape", weighed(here("normal"), name), "heads", to=here(name))
        for name in ("key", "value"):
            node("Reshape", here(name), "row_of_layer", to=here(f"{name}_row"))
        node("Concat", here("key_row"), here("value_row"), to=here("rows"), axis=0)
        node("Reshape", here("rows"), "pair_of_layer", to=here("entry"))
        node("Gather", "by_layer", constant(here("at_layer"), layer), to=here("past"), axis=0)
        for at, name in enumerate(("key", "value")):
            at_name = constant(here(f"at_{name}"), at)
            node("Gather", here("past"), at_name, to=here(f"past_{name}"), axis=0)
            node("Concat", here(f"past_{name}"), here(name), to=here(f"all_{name}"), axis=1)
        node("Transpose", here("all_key"), to=here("turned"), perm=[0, 2, 1])
        node("MatMul", here("query"), here("turned"), to=here("scores"))
        node("Div", here("scores"), "root", to=here("scaled"))
        node("Where", "is_heard", here("scaled"), "never", to=here("masked"))
        node("Softmax", here("masked"), to=here("shares"), axis=-1)
        node("MatMul", here("shares"), here("all_value"), to=here("seen"))
        node("Reshape", here("seen"), "flat", to=here("flat_seen"))
        node("Add", before, weighed(here("flat_seen"), "out"), to=here("y"))
        node("Gelu", weighed(here("y"), "up"), to=here("bent"))
        last = layer == LAYERS - 1
        before = node(
            "Add", here("y"), weighed(here("bent"), "down"), to="summary" if last else here("next")
        )
    # keys and values of all layers for this event are one entry: (LAYERS, 2, HEADS, each)
    node("Concat", *(f"entry_{layer}" for layer in range(LAYERS)), to="entry", axis=0)
    node("Gather", "query", "first", to="asked", axis=1)
    for field, size in FORETOLD.items():
        seen = "given_summary"
        if field != "time":
            row = node("Gather", tensor(f"known_{field}", 193, width), "asked", to=f"row_{field}")
            seen = node("Add", "given_summary", row, to=f"sum_{field}")
        node("MatMul", seen, tensor(f"out_{field}", width, size), to=f"logits_{field}")
    info, number, whole = helper.make_tensor_value_info, TensorProto.FLOAT, TensorProto.INT64
    state = (length, LAYERS, 2, HEADS, each)
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
