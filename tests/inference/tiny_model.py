"""The smallest model that fulfils the contract of a model file, made by hand: state and summary of
two numbers.
"""

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper

from export.lean import lean
from livegen.codec.layout import FIELDS, SOUNDING, codec_hash
from livegen.inference.contract import ModelFacts
from livegen.inference.onnx_file import EVENT_WIDTH, OPSET, QUERY_WIDTH
from livegen.music.parts import PARTS

K = 2
STATE = (1, 1, K)

FACTS = ModelFacts(
    name="tiny",
    codec=codec_hash(),
    parts=tuple(PARTS),
    styles=("any", "waltz"),
    state_shape=STATE,
    commit="0123456789ab",
    data=(("made up", "CC0 1.0"),),
)


def tiny_graph(rows: int = 193, weight: float = 1.0) -> ModelProto:
    """The graph before it is brought into its plain form; `rows` of its table of times, a factor
    for its weights.
    """
    chance = np.random.default_rng(0)

    def tensor(name: str, *shape: int) -> TensorProto:
        return numpy_helper.from_array(
            (chance.normal(size=shape) * weight).astype(np.float32), name
        )

    weights = [
        tensor("table", rows, K),
        tensor("keys", SOUNDING, K),
        tensor("across", K, K),
        tensor("leave", K, K),
        numpy_helper.from_array(np.array(0, np.int64), "first"),
        numpy_helper.from_array(np.array([0], np.int64), "axes"),
    ]
    nodes = [
        helper.make_node("Gather", ["event", "first"], ["time"], axis=1),
        helper.make_node("Gather", ["table", "time"], ["row"]),
        helper.make_node("MatMul", ["sounding", "keys"], ["heard"]),
        helper.make_node("Gather", ["state", "first"], ["before"]),
        helper.make_node("MatMul", ["before", "across"], ["kept"]),
        helper.make_node("Add", ["row", "heard"], ["both"]),
        helper.make_node("Add", ["both", "kept"], ["all"]),
        helper.make_node("Tanh", ["all"], ["after"]),
        helper.make_node("Unsqueeze", ["after", "axes"], ["next_state"]),
        helper.make_node("MatMul", ["after", "leave"], ["summary"]),
        helper.make_node("Gather", ["query", "first"], ["asked"], axis=1),
    ]
    for field, size in FIELDS.items():
        seen = "given_summary"
        weights.append(tensor(f"out_{field}", K, size))
        if field != "time":  # of an event whose time is not drawn nothing is known
            seen = f"sum_{field}"
            weights.append(tensor(f"known_{field}", 193, K))
            nodes += [
                helper.make_node("Gather", [f"known_{field}", "asked"], [f"known_{field}_row"]),
                helper.make_node("Add", ["given_summary", f"known_{field}_row"], [seen]),
            ]
        nodes.append(helper.make_node("MatMul", [seen, f"out_{field}"], [f"logits_{field}"]))
    return helper.make_model(
        helper.make_graph(nodes, "tiny", _inputs(), _outputs(), weights),
        opset_imports=[helper.make_opsetid("", OPSET)],
    )


def _inputs() -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info("event", TensorProto.INT64, (1, EVENT_WIDTH)),
        helper.make_tensor_value_info("sounding", TensorProto.FLOAT, (1, SOUNDING)),
        helper.make_tensor_value_info("state", TensorProto.FLOAT, STATE),
        helper.make_tensor_value_info("given_summary", TensorProto.FLOAT, (1, K)),
        helper.make_tensor_value_info("query", TensorProto.INT64, (1, QUERY_WIDTH)),
    ]


def _outputs() -> list[onnx.ValueInfoProto]:
    shapes = {"next_state": STATE, "summary": (1, K)}
    shapes |= {f"logits_{field}": (1, size) for field, size in FIELDS.items()}
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    ]


def tiny_bytes(rows: int = 193, weight: float = 1.0) -> bytes:
    """A model file that is accepted."""
    return lean(tiny_graph(rows, weight), FACTS)


def tiny_proto() -> ModelProto:
    """The same, to be spoilt."""
    return onnx.load_model_from_string(tiny_bytes())
