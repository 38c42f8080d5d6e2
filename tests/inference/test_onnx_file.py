"""What a model file may hold, and that everything else is refused with one line before the runtime
sees it.
"""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper, numpy_helper

from export.lean import lean
from livegen.codec.layout import FIELDS, Event, codec_hash
from livegen.errors import ModelError
from livegen.inference.contract import Looks
from livegen.inference.graph_pieces import piece_of
from livegen.inference.model import OnnxModel, start
from livegen.inference.onnx_file import (
    _ATTRIBUTES,
    ADVANCED,
    EVENT_WIDTH,
    HEARD,
    LOOKED,
    MAX_BYTES,
    MAX_NODES,
    MAX_VALUES,
    OPSET,
    ModelFile,
    _checked_shape,
    logits_name,
    parse,
    read,
    read_bytes,
)
from livegen.inference.onnx_file import FIELDS as MESSAGES
from livegen.inference.onnx_operators import MAX_RANK
from livegen.inference.protobuf import RefusedFile
from tests.inference.tiny_model import FACTS, STATE, K, tiny_bytes, tiny_graph, tiny_proto
from tests.inference.tiny_transformer import transformer_bytes

TINY = tiny_bytes()
ONE_CLASS = np.zeros((K, 1), np.float32)  # weights of an answer


def weight(model: ModelProto, name: str) -> TensorProto:
    found: TensorProto = next(t for t in model.graph.initializer if t.name == name)
    return found


def said(model: ModelProto) -> dict[str, Any]:
    words: dict[str, Any] = json.loads(model.metadata_props[0].value)
    return words


def say(model: ModelProto, **words: Any) -> None:
    model.metadata_props[0].value = json.dumps(said(model) | words)


def unsay(model: ModelProto, key: str) -> None:
    model.metadata_props[0].value = json.dumps({k: v for k, v in said(model).items() if k != key})


def external(tensor: TensorProto, location: str) -> TensorProto:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def sub_graph(*tensors: TensorProto) -> onnx.GraphProto:
    return helper.make_graph([], "inner", [], [], tensors)


def add_node(
    model: ModelProto, op: str, inputs: list[str], outputs: list[str], **rest: Any
) -> None:
    model.graph.node.insert(0, helper.make_node(op, inputs, outputs, **rest))


def with_nodes(model: ModelProto, number: int) -> None:
    for index in range(number - len(model.graph.node)):
        add_node(model, "Tanh", ["state"], [f"x{index}"])


def with_attribute(model: ModelProto, value: Any) -> None:
    model.graph.node[0].attribute.append(helper.make_attribute("inner", value))


def unpacked(model: ModelProto, times: int) -> None:
    """The same 131,072 int8 weights made floats so often."""
    whole = numpy_helper.from_array(np.ones((128, 1024), np.int8), "whole")
    scale = numpy_helper.from_array(np.ones((1, 1024), np.float32), "scale")
    model.graph.initializer.extend([whole, scale])
    for at in range(times):
        given = [whole.name, scale.name]
        add_node(model, "DequantizeLinear", given, [f"floats{at}"], axis=0, block_size=128)


def small(name: str = "spare") -> TensorProto:
    return numpy_helper.from_array(np.zeros(2, np.float32), name)


def sparse(tensor: TensorProto) -> onnx.SparseTensorProto:
    return helper.make_sparse_tensor(tensor, numpy_helper.from_array(np.array([0, 1]), "at"), [2])


def doubled(model: ModelProto, times: int) -> None:
    """Each node makes its input twice as long."""
    names = ["sounding", *(f"long_{i}" for i in range(times))]
    for before, after in reversed(list(pairwise(names))):
        add_node(model, "Concat", [before, before], [after], axis=1)


def multiplied(model: ModelProto) -> None:
    """A product of matrices that hold little: 1024 x 1024 x 1024 multiplications."""
    model.graph.initializer.append(
        numpy_helper.from_array(np.zeros((1024, 1024), np.float32), "square")
    )
    add_node(model, "MatMul", ["square", "square"], ["product"])


def answer_late(model: ModelProto) -> None:
    """The time is answered from what the part is."""
    node = model.graph.node.pop(11)
    node.input[0] = "sum_part"
    model.graph.node.append(node)


def tell_nothing(model: ModelProto) -> None:
    """It announces what it looks at, and gives one number."""
    say(model, looks={"first": 0, "numbers": 1, "places": 2})
    model.graph.output.append(helper.make_tensor_value_info("looked", TensorProto.FLOAT, ()))


def nested(depth: int) -> onnx.GraphProto:
    graph = sub_graph()
    for _ in range(depth):
        node = helper.make_node("If", ["x"], ["y"])
        node.attribute.append(helper.make_attribute("then_branch", graph))
        graph = helper.make_graph([node], "inner", [], [])
    return graph


def local_function(model: ModelProto, tensors: tuple[TensorProto, ...] = ()) -> None:
    nodes = [helper.make_node("Constant", [], ["c"], value=t) for t in tensors]
    model.functions.append(
        helper.make_function("own", "f", [], [], nodes, [helper.make_opsetid("", OPSET)])
    )


Spoil = Callable[[ModelProto], Any]

# What is done to a good file -> what the line must say.
FORBIDDEN: dict[str, tuple[Spoil, str]] = {
    "external data beside the file": (
        lambda m: external(weight(m, "table"), "weights.bin"),
        "external data",
    ),
    "external data outside the folder": (
        lambda m: external(weight(m, "table"), "../../etc/passwd"),
        "external data",
    ),
    "external data by an absolute path": (
        lambda m: external(weight(m, "table"), "/etc/passwd"),
        "external data",
    ),
    "external data without a place": (
        lambda m: setattr(weight(m, "table"), "data_location", TensorProto.EXTERNAL),
        "external data",
    ),
    "a place although the data is here": (
        lambda m: weight(m, "table").external_data.add(key="location", value="x"),
        "external data",
    ),
    "external data in an attribute": (
        lambda m: with_attribute(m, external(small(), "x")),
        "holds a tensor inside an attribute",
    ),
    "external data in a list of an attribute": (
        lambda m: with_attribute(m, [external(small(), "x")]),
        "holds tensors inside an attribute",
    ),
    "external data in a sub-graph": (
        lambda m: with_attribute(m, sub_graph(external(small(), "x"))),
        "holds a sub-graph",
    ),
    "external data in a function": (
        lambda m: local_function(m, (external(small(), "x"),)),
        "local functions",
    ),
    "external data in a sparse weight": (
        lambda m: m.graph.sparse_initializer.append(sparse(external(small(), "x"))),
        "sparse",
    ),
    "a sparse weight": (lambda m: m.graph.sparse_initializer.append(sparse(small())), "sparse"),
    "a sparse attribute": (lambda m: with_attribute(m, sparse(small())), "holds a sparse tensor"),
    "sparse attributes": (lambda m: with_attribute(m, [sparse(small())]), "holds sparse tensors"),
    "sub-graphs": (lambda m: with_attribute(m, [sub_graph()]), "holds sub-graphs"),
    "sub-graphs in sub-graphs": (lambda m: with_attribute(m, nested(30)), "sub-graph"),
    "a local function": (local_function, "local functions"),
    "training information": (lambda m: m.training_info.add(), "training information"),
    "an operator of another domain": (
        lambda m: add_node(m, "Evil", ["state"], ["x"], domain="evil.corp"),
        "operator evil.corp.Evil",
    ),
    "a contributed operator": (
        lambda m: add_node(m, "MatMulNBits", ["state"], ["x"], domain="com.microsoft"),
        "operator com.microsoft.MatMulNBits",
    ),
    "an operator set of another domain": (
        lambda m: m.opset_import.append(helper.make_opsetid("com.microsoft", 1)),
        "operator set 'com.microsoft'",
    ),
    "no operator set": (lambda m: m.ClearField("opset_import"), "operator set"),
    "another operator set": (
        lambda m: setattr(m.opset_import[0], "version", 22),
        "operator set 22",
    ),
    "another format": (lambda m: setattr(m, "ir_version", 11), "IR version"),
    "a loop": (lambda m: add_node(m, "Loop", ["state"], ["x"]), "Loop"),
    "an operator that makes memory": (
        lambda m: add_node(m, "Expand", ["state", "axes"], ["x"]),
        "Expand",
    ),
    "an operator with a name of nothing": (lambda m: add_node(m, "", ["state"], ["x"]), "operator"),
    "an attribute that is a text": (lambda m: with_attribute(m, "text"), "attribute"),
    "an attribute that is not ours": (lambda m: with_attribute(m, 3), "'inner'"),
    "an attribute twice": (
        lambda m: m.graph.node[0].attribute.append(m.graph.node[0].attribute[0]),
        "attribute",
    ),
    "a node too many": (
        lambda m: with_nodes(m, MAX_NODES + 1),
        "more than 2000 nodes",
    ),
    "as many nodes as may be, of which most do nothing": (
        lambda m: with_nodes(m, MAX_NODES),
        "nothing uses",
    ),
    "an attribute without a type": (
        lambda m: m.graph.node[0].attribute[0].ClearField("type"),
        "attribute",
    ),
    "a note of the compiler's": (
        lambda m: setattr(m.graph.node[0], "doc_string", "x"),
        "field 6 of a node",
    ),
    "a name of the compiler's": (
        lambda m: setattr(m.graph.node[0], "name", "x"),
        "field 3 of a node",
    ),
    "a field nobody knows": (lambda m: setattr(m, "domain", "x"), "field 4 of a model"),
    "no metadata": (lambda m: m.ClearField("metadata_props"), "no livegen metadata"),
    "metadata of somebody else": (
        lambda m: m.metadata_props.add(key="author", value="x"),
        "'author'",
    ),
    "metadata twice": (lambda m: m.metadata_props.append(m.metadata_props[0]), "twice"),
    "metadata that is not JSON": (lambda m: setattr(m.metadata_props[0], "value", "{"), "JSON"),
    "metadata that is a list": (lambda m: setattr(m.metadata_props[0], "value", "[1]"), "JSON"),
    "metadata that is very deep": (
        lambda m: setattr(m.metadata_props[0], "value", "[" * 60_000),
        "JSON",
    ),
    "metadata that is very long": (
        lambda m: setattr(m.metadata_props[0], "value", " " * 70_000),
        "64 kB",
    ),
    "metadata with a key twice": (
        lambda m: setattr(m.metadata_props[0], "value", '{"codec": "a", "codec": "b"}'),
        "JSON",
    ),
    "an unknown key": (lambda m: say(m, plugin="x"), "unknown metadata key 'plugin'"),
    "a key that is missing": (lambda m: unsay(m, "styles"), "no 'styles'"),
    "no codec": (lambda m: unsay(m, "codec"), "codec"),
    "another codec": (
        lambda m: say(m, codec="5f2c00000000"),
        f"codec 5f2c00000000, this livegen uses {codec_hash()}",
    ),
    "another time": (lambda m: say(m, format=2), "'format'"),
    "a truth for a number": (lambda m: say(m, format=True), "'format'"),
    "other ticks": (lambda m: say(m, ticks_per_beat=12), "'ticks_per_beat'"),
    "other parts": (lambda m: say(m, parts=["lead"]), "'parts'"),
    "no styles": (lambda m: say(m, styles=[]), "'styles'"),
    "a style twice": (lambda m: say(m, styles=["any", "any"]), "'styles'"),
    "a style that is a number": (lambda m: say(m, styles=["any", 1]), "'styles'"),
    "a name that clears the screen": (lambda m: say(m, name="\x1b[2J"), "'name'"),
    "a name without end": (lambda m: say(m, name="x" * 1000), "'name'"),
    "another role": (
        lambda m: say(m, role="listener"),
        "is a listener, expected a step model",
    ),
    "a learner": (lambda m: say(m, role="learner"), "is a learner, expected a step model"),
    "a role that nobody knows": (lambda m: say(m, role="oracle"), "'role'"),
    "a state of a kind that nobody knows": (lambda m: say(m, state="cloud"), "'state'"),
    "a ring of an odd length": (
        lambda m: say(m, state="ring", state_shape=[33, 2]),
        "'state_shape'",
    ),
    "a ring without a position": (
        lambda m: say(m, state="ring", state_shape=[32, 2]),
        "instead of event, sounding, state, position",
    ),
    "places that are not numbers": (
        lambda m: say(m, looks={"first": 0, "numbers": "1", "places": 2}),
        "'looks'",
    ),
    "places outside the state": (
        lambda m: say(m, looks={"first": 1, "numbers": 1, "places": 2}),
        "lies outside its state",
    ),
    "places that it never tells of": (
        lambda m: say(m, looks={"first": 0, "numbers": 1, "places": 2}),
        "outputs",
    ),
    "an output that its metadata do not announce": (
        lambda m: m.graph.output.append(
            helper.make_tensor_value_info("looked", TensorProto.FLOAT, (1, 2))
        ),
        "outputs",
    ),
    "weights of no shape": (tell_nothing, "looked"),
    "no answer to when": (lambda m: m.graph.output.pop(2), "outputs"),
    "data that is not a list": (lambda m: say(m, data={"set": "x"}), "'data'"),
    "a licence that is missing": (lambda m: say(m, data=[{"set": "x"}]), "'data'"),
    "a state of nothing": (lambda m: say(m, state_shape=[0]), "'state_shape'"),
    "a state without end": (lambda m: say(m, state_shape=[1 << 30, 1 << 30]), "'state_shape'"),
    "a state of another shape": (lambda m: say(m, state_shape=[1, 1, 3]), "state of shape"),
    "an output more": (
        lambda m: m.graph.output.append(helper.make_tensor_value_info("after", 1, (1, K))),
        "outputs",
    ),
    "an answer that is not given": (lambda m: m.graph.output.pop(), "nothing uses"),
    "an input of another name": (lambda m: setattr(m.graph.input[0], "name", "token"), "inputs"),
    "an input of another type": (
        lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", TensorProto.INT32),
        "event",
    ),
    "an input of any length": (
        lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[0], "dim_param", "N"),
        "without a fixed size",
    ),
    "an output of another shape": (
        lambda m: setattr(m.graph.output[2].type.tensor_type.shape.dim[1], "dim_value", 192),
        "logits_time",
    ),
    "weights larger than stated": (
        lambda m: setattr(weight(m, "across"), "raw_data", b"\0" * 20),
        "'across'",
    ),
    "weights that claim gigabytes": (
        lambda m: weight(m, "across").dims.__setitem__(0, 5 << 30),
        "'across'",
    ),
    "weights of a negative size": (
        lambda m: weight(m, "across").dims.__setitem__(0, -2),
        "'across'",
    ),
    "weights of many axes": (lambda m: weight(m, "across").dims.extend([1] * 9), "'across'"),
    "weights of another type": (
        lambda m: setattr(weight(m, "across"), "data_type", TensorProto.DOUBLE),
        "'across' of a type",
    ),
    "weights as texts": (
        lambda m: weight(m, "across").string_data.append(b"x"),
        "field 6 of a tensor",
    ),
    "weights as numbers of their own": (
        lambda m: weight(m, "across").float_data.append(1),
        "field 4 of a tensor",
    ),
    "weights that nothing uses": (lambda m: m.graph.initializer.append(small()), "nothing uses"),
    "an operator that nothing uses": (
        lambda m: add_node(m, "Tanh", ["state"], ["x"]),
        "nothing uses",
    ),
    "weights twice": (lambda m: m.graph.initializer.append(weight(m, "across")), "'across' twice"),
    "a value twice": (lambda m: m.graph.node[1].output.__setitem__(0, "time"), "twice"),
    "a value before it is made": (
        lambda m: m.graph.node.append(m.graph.node.pop(0)),
        "before it is made",
    ),
    "an input left open": (lambda m: m.graph.node[0].input.__setitem__(1, ""), "open"),
    "an answer that depends on the state": (
        lambda m: m.graph.node[12].input.__setitem__(1, "time"),
        "logits_part from event",
    ),
    "a first answer that depends on what is asked": (
        answer_late,
        "logits_time from query",
    ),
    "a step that makes gigabytes": (lambda m: doubled(m, 30), "more memory or work"),
    "a step that makes more numbers than weights may be": (
        lambda m: doubled(m, 14),
        "more memory or work",
    ),
    "weights that become gigabytes": (lambda m: unpacked(m, 600), "more memory or work"),
    "products that take seconds": (multiplied, "more memory or work"),
    "an answer of another shape than stated": (
        lambda m: weight(m, "out_pitch").CopyFrom(numpy_helper.from_array(ONE_CLASS, "out_pitch")),
        "does not compute logits_pitch in the shape it states",
    ),
    "a table with a row out of range": (
        lambda m: setattr(weight(m, "first"), "raw_data", (99).to_bytes(8, "little")),
        "outside of its table",
    ),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_file_is_refused_that_holds(what: str) -> None:
    spoil, reason = FORBIDDEN[what]
    model = tiny_proto()
    spoil(model)

    with pytest.raises(ModelError, match=r"^jam\.onnx ") as refusal:
        parse(model.SerializeToString(), "jam.onnx")

    line = str(refusal.value)
    assert reason in line
    assert "\n" not in line and line.isprintable()


def test_what_the_exporter_writes_is_accepted() -> None:
    file = parse(TINY)

    assert (file.facts, file.shape_of("summary")) == (FACTS, (1, K))


def test_a_model_whose_state_is_a_ring_is_accepted() -> None:
    file = parse(transformer_bytes(32, 4))

    assert file.advanced == ("entry", "summary")
    assert "velocity" not in file.fields


def test_an_event_goes_in_with_the_interval_instead_of_the_pitch_before_and_with_the_style() -> (
    None
):
    assert len((*Event._fields[:-1], "interval", "style")) == EVENT_WIDTH


# The kinds of messages of our table, in the words of ONNX.
PROTOS: dict[str, Any] = {
    "model": onnx.ModelProto,
    "opset": onnx.OperatorSetIdProto,
    "metadata": onnx.StringStringEntryProto,
    "graph": onnx.GraphProto,
    "node": onnx.NodeProto,
    "attribute": onnx.AttributeProto,
    "tensor": onnx.TensorProto,
    "value": onnx.ValueInfoProto,
    "type": onnx.TypeProto,
    "tensor_type": onnx.TypeProto.Tensor,
    "shape": onnx.TensorShapeProto,
    "dimension": onnx.TensorShapeProto.Dimension,
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_a_field_that_is_read_has_its_number_and_name_from_onnx(kind: str) -> None:
    names = PROTOS[kind].DESCRIPTOR.fields_by_number

    for number, said_of_it in MESSAGES[kind].items():
        name, holds = said_of_it.rsplit(maxsplit=1)
        assert holds.startswith("refused") or names[number].name == name


def test_the_types_of_attributes_are_those_of_onnx() -> None:
    kinds = onnx.AttributeProto
    assert _ATTRIBUTES == {kinds.FLOAT: "f", kinds.INT: "i", kinds.STRING: "s", kinds.INTS: "ints"}


def test_the_operators_of_the_other_spelling_of_the_domain_are_the_same() -> None:
    model = tiny_proto()
    model.graph.node[0].domain = "ai.onnx"
    model.opset_import[0].domain = "ai.onnx"

    assert parse(model.SerializeToString()).facts == FACTS


def test_an_attribute_may_be_a_text() -> None:
    model = tiny_proto()
    bent = next(node for node in model.graph.node if node.op_type == "Tanh")
    bent.op_type = "Gelu"
    bent.attribute.append(helper.make_attribute("approximate", "tanh"))

    (gelu,) = (node for node in parse(model.SerializeToString()).nodes if node.op == "Gelu")
    assert gelu.attributes == {"approximate": "tanh"}


def test_a_path_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.onnx", tmp_path):
        with pytest.raises(ModelError, match=f"^{path}: the model cannot be read"):
            read(path)


def test_a_link_is_read_as_bytes_and_judged_like_them(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"root:x:0:0:")
    (tmp_path / "model.onnx").symlink_to(tmp_path / "secret")

    with pytest.raises(ModelError):
        read(tmp_path / "model.onnx")


@pytest.mark.parametrize(("data", "reason"), [(b"", "is empty"), (b"\x08", "does not end")])
def test_a_file_of_next_to_nothing_is_called_so(data: bytes, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        parse(data)


def test_of_a_file_that_is_too_long_one_byte_more_than_may_be_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.onnx"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 5)  # it takes no room on the disk

    assert len(read_bytes(path)) == MAX_BYTES + 1


def test_a_shape_has_no_empty_axis_and_neither_too_many_nor_too_long_ones() -> None:
    fits: tuple[list[int], ...] = [1] * MAX_RANK, [4 * MAX_VALUES], []
    others = [1] * (MAX_RANK + 1), [4 * MAX_VALUES + 1], [0]

    assert [_checked_shape("w", dims) for dims in fits] == [tuple(dims) for dims in fits]
    for dims in others:
        with pytest.raises(RefusedFile, match="'w' of an impossible shape"):
            _checked_shape("w", dims)


def test_what_hearing_gives_depends_on_what_the_file_says_of_itself() -> None:
    file = parse(TINY)
    looking = replace(file, facts=replace(file.facts, looks=Looks(0, 1, 2)))

    assert file.advanced == ADVANCED
    assert looking.advanced == (*ADVANCED, LOOKED)


def test_a_file_that_is_too_long_is_not_looked_into() -> None:
    with pytest.raises(ModelError, match="longer than 64 MB"):
        parse(TINY + bytes(MAX_BYTES))


def test_a_million_nodes_are_refused_at_once() -> None:
    node = helper.make_node("Tanh", ["state"], ["x"]).SerializeToString()
    graph = (b"\x0a" + bytes([len(node)]) + node) * 1_000_000
    length = bytes(len(graph) >> 7 * i & 0x7F | (0x80 if i < 3 else 0) for i in range(4))
    model = tiny_proto()
    model.ClearField("graph")
    began = time.process_time()

    with pytest.raises(ModelError, match="more than"):
        parse(model.SerializeToString() + b"\x3a" + length + graph)

    assert time.process_time() - began < 5


# --- pieces ---------------------------------------------------------------------------------------


def test_a_piece_asks_for_no_more_than_it_needs() -> None:
    file = parse(TINY)
    inputs = {
        (*ADVANCED,): HEARD,
        (*ADVANCED, "logits_time"): HEARD,  # the answer to the summary of this very run
        ("logits_time",): ("given_summary",),
        ("logits_pitch",): ("given_summary", "query"),
    }
    pieces = {outputs: piece_of(file, *outputs) for outputs in inputs}

    assert {outputs: piece.inputs for outputs, piece in pieces.items()} == inputs
    for piece in pieces.values():
        onnx.checker.check_model(onnx.load_model_from_string(piece.data), full_check=True)


def test_pieces_share_out_the_weights() -> None:
    file = parse(TINY)
    pieces = [piece_of(file, *ADVANCED), *(piece_of(file, logits_name(field)) for field in FIELDS)]
    held = [
        {t.name for t in onnx.load_model_from_string(piece.data).graph.initializer}
        for piece in pieces
    ]

    assert held[0] == {"table", "keys", "across", "leave", "first", "axes"}
    assert held[1] == {"out_time"}
    assert set().union(*held) == {t.name for t in tiny_proto().graph.initializer}


# --- chance ---------------------------------------------------------------------------------------


def accepted(data: bytes) -> OnnxModel | ModelFile | None:
    """What becomes of a file; any error but ModelError escapes."""
    try:
        return start(parse(data))
    except ModelError as refusal:
        assert "\n" not in str(refusal)
        return None


@given(st.binary(max_size=2000))
def test_bytes_by_chance_are_refused(data: bytes) -> None:
    assert accepted(data) is None


def structure() -> list[int]:
    """Where in the file no weights stand."""
    free = set(range(len(TINY)))
    for tensor in tiny_proto().graph.initializer:
        at = TINY.index(tensor.raw_data) if len(tensor.raw_data) > 16 else 0
        free -= set(range(at, at + len(tensor.raw_data))) if at else set()
    return sorted(free)


STRUCTURE = structure()
CHANGES = st.lists(
    st.tuples(st.sampled_from(STRUCTURE), st.integers(0, 255)), min_size=1, max_size=4
)


@settings(max_examples=300)
@given(CHANGES)
def test_a_file_with_changed_bytes_is_refused_or_runs(changes: list[tuple[int, int]]) -> None:
    data = bytearray(TINY)
    for at, byte in changes:
        data[at] = byte

    model = accepted(bytes(data))

    assert model is None or model.facts.state_shape == STATE


@given(st.integers(0, len(TINY) - 1), st.integers(0, 64), st.binary(max_size=64))
def test_a_file_with_bytes_taken_out_and_put_in_is_refused_or_runs(
    at: int, taken: int, put: bytes
) -> None:
    accepted(TINY[:at] + put + TINY[at + taken :])


@given(st.integers(0, len(TINY) - 1))
def test_a_file_that_is_cut_short_is_refused(size: int) -> None:
    assert accepted(TINY[:size]) is None


@settings(max_examples=50)
@given(st.permutations(range(len(tiny_proto().graph.node))))
def test_operators_in_another_order_are_refused_or_run(order: list[int]) -> None:
    model = tiny_proto()
    nodes = [model.graph.node[index] for index in order]
    model.graph.ClearField("node")
    model.graph.node.extend(nodes)

    accepted(model.SerializeToString())


def test_the_plain_form_of_the_plain_form_is_itself() -> None:
    assert lean(tiny_proto(), FACTS) == lean(tiny_graph(), FACTS) == TINY


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("README.md", "text"),
        ("docs/call.mid", "a MIDI file"),
        ("models/jam-gru/reference.npz", "an archive (.npz or .zip)"),
    ],
)
def test_a_file_that_is_no_model_is_called_so_with_what_it_is_and_what_to_do(
    file: str, found: str
) -> None:
    with pytest.raises(ModelError) as caught:
        read(Path(file))

    assert str(caught.value).startswith(
        f"{file} is no model of livegen: found {found}, expected an .onnx file"
    )
    assert "choose another (`livegen ports` lists those there are)" in str(caught.value)
