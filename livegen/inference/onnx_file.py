"""Reads a model file, and refuses whatever our exporter does not write.

Rules that hold here, in `protobuf` and in `model_metadata`:
1. A file is hostile until all of it has been read.  Nothing of it reaches the runtime before that, and then only bytes
   that were checked, never a path: a path may change, and external data is found through it.
2. What is not named in `FIELDS` or `METADATA` is refused.  There is no list of bad things to forget one from.
3. Reading goes no deeper than the table, and nothing is allocated on the word of the file.
4. Standard library and NumPy only.  Messages are as in onnx.proto of ONNX 1.16, IR version 10.

Why so strict: CVE-2022-25882, CVE-2024-27318, CVE-2025-51480 (external data reads and writes files), custom operators
and contributed operators with memory errors at load, chains of local functions that overflow the stack.  Knows nothing
of the runtime; `livegen.inference.model` runs what this lets through.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path

from livegen.codec.layout import FIELDS as CODEC_FIELDS
from livegen.codec.layout import SOUNDING
from livegen.errors import ModelError
from livegen.inference.contract import ModelFacts, Query
from livegen.inference.model_metadata import facts_of
from livegen.inference.onnx_operators import (
    FLOAT,
    INT64,
    ITEM_BYTES,
    MAX_RANK,
    Attributes,
    Shape,
    Value,
    multiplications,
    result,
)
from livegen.inference.protobuf import MAX_NAME, WIRE, Message, Reader, RefusedFile, Wire, expect

IR_VERSION = 10
OPSET = 21
PRODUCER = "livegen"

MAX_BYTES = 64 << 20
MAX_NODES = 2_000
# Numbers that all nodes together make in one step; but int8 weights become floats once, and no more than a file holds.
MAX_VALUES = 1 << 22
MAX_MULTIPLICATIONS = 1 << 28  # of one step; a 512x1 network has 2 million

SUMMARY = "summary"
GIVEN_SUMMARY = "given_summary"
HEARD = ("event", "sounding", "state")  # inputs of `advance`
POSITION = "position"  # and beside a ring: how many entries were ever written to it
ASKED = (GIVEN_SUMMARY, "query")  # inputs of the heads
ADVANCED = ("next_state", SUMMARY)  # outputs of `advance`
ENTRY = "entry"  # instead of next_state, where the state is a ring
LOOKED = "looked"  # and beside them how much it looked at each place, where the file says so
EVENT_WIDTH = 9  # the fields and the place of an Event, its interval, and the style
QUERY_WIDTH = len(Query._fields)


def logits_name(field: str) -> str:
    """Name of the output that predicts `field`."""
    return f"logits_{field}"


# --- what may stand in it --------------------------------------------------------------------------------------------

FIELDS = {
    "model": {
        1: "ir_version int", 2: "producer_name text?", 7: "graph bytes", 8: "opset_import opset*",
        14: "metadata_props metadata*", 20: "training information refused*", 25: "local functions refused*",
    },
    "opset": {1: "domain text?", 2: "version int"},
    "metadata": {1: "key text", 2: "value bytes"},
    "graph": {
        1: "node node*", 2: "name text?", 5: "initializer tensor*", 11: "input value*", 12: "output value*",
        15: "sparse initialisers refused*",
    },
    "node": {
        1: "input text*", 2: "output text*", 4: "op_type text", 5: "attribute attribute*", 7: "domain text?",
    },
    "attribute": {
        1: "name text", 2: "f float?", 3: "i int?", 4: "s text?", 8: "ints int*", 20: "type int",
        5: "a tensor inside an attribute refused*", 6: "a sub-graph refused*",
        10: "tensors inside an attribute refused*", 11: "sub-graphs refused*", 22: "a sparse tensor refused*",
        23: "sparse tensors refused*",
    },
    "tensor": {
        1: "dims int*", 2: "data_type int", 8: "name text", 9: "raw_data bytes", 13: "external data refused*",
        14: "external data refused*",
    },
    "value": {1: "name text", 2: "type type"},
    "type": {1: "tensor_type tensor_type"},
    "tensor_type": {1: "elem_type int", 2: "shape shape"},
    "shape": {1: "dim dimension*"},
    "dimension": {1: "dim_value int", 2: "a dimension without a fixed size refused*"},
}  # fmt: skip


# --- the graph -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GraphNode:
    """An operator of the graph, and its bytes in the file."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Attributes
    wire: Wire


@dataclass(frozen=True, slots=True)
class GraphValue:
    """An initialiser, an input or an output: its name, what it is, and its bytes in the file."""

    name: str
    value: Value
    wire: Wire


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that was checked.  `livegen.inference.graph_pieces` cuts it up."""

    facts: ModelFacts
    nodes: tuple[GraphNode, ...]
    initialisers: tuple[GraphValue, ...]
    inputs: tuple[GraphValue, ...]
    outputs: tuple[GraphValue, ...]

    @property
    def advanced(self) -> tuple[str, ...]:
        """The outputs of `advance`."""
        looked = (LOOKED,) if self.facts.looks else ()
        return ENTRY if self.facts.has_ring else ADVANCED[0], SUMMARY, *looked

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it foretells, in the order of the codec's."""
        given = {value.name for value in self.outputs}
        return tuple(field for field in CODEC_FIELDS if logits_name(field) in given)

    def shape_of(self, output: str) -> Shape:
        """The shape of an output; (0,) where there is none, or where it is a single number."""
        shapes = (value.value.shape for value in self.outputs if value.name == output)
        return next(shapes, ()) or (0,)

    def reach(self, outputs: Iterable[str]) -> tuple[list[GraphNode], set[str]]:
        """The nodes that `outputs` need, in order, and the names of all that these read or give."""
        needed, found = set(outputs), []
        for node in reversed(self.nodes):
            if needed.intersection(node.outputs):
                needed.update(node.inputs)
                found.append(node)
        return found[::-1], needed


# The field of an attribute's value by its type: AttributeProto.FLOAT, INT, STRING and INTS.
_ATTRIBUTES = {1: "f", 2: "i", 3: "s", 7: "ints"}
_DOMAINS = (None, "", "ai.onnx")

_FIRST = 1 << 3  # the first byte of every file that we write: its IR version, a number, comes first
_OTHERS = {
    b"MThd": "a MIDI file",
    b"PK\x03\x04": "an archive (.npz or .zip)",
    b"\x93NUMPY": "a NumPy array",
    b"RIFF": "a sound file",
}

# --- reading ---------------------------------------------------------------------------------------------------------


def read(path: Path) -> ModelFile:
    """Read and check a model file.  Raises ModelError with one line for what our exporter does not write."""
    return parse(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, no more than a model may have and one.  Raises ModelError."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ModelError(f"{path}: the model cannot be read ({error.strerror})") from None


def parse(data: bytes, where: str = "the model file") -> ModelFile:
    """Check the bytes of a model file; `where` begins the line of the ModelError that refuses them."""
    if data and data[0] != _FIRST:
        raise ModelError(
            f"{where} is no model of livegen: found {_found(data)}, expected an .onnx file that livegen wrote; "
            "choose another (`livegen ports` lists those there are)"
        )
    try:
        return _model(memoryview(data))
    except RefusedFile as refusal:
        raise ModelError(
            f"{where} {refusal}; export it with `python -m export.to_onnx`, or choose another"
        ) from None


def _found(data: bytes) -> str:
    """The kind of a file that is none of ours, as far as its first bytes tell."""
    kinds = (kind for magic, kind in _OTHERS.items() if data.startswith(magic))
    is_text = data.isascii() or not set(data) & set(range(8))
    return next(kinds, "text" if is_text else "other bytes")


def _model(data: Wire) -> ModelFile:
    expect(len(data) <= MAX_BYTES, f"is longer than {MAX_BYTES >> 20} MB")
    expect(len(data) > 0, "is empty")
    reader = Reader(FIELDS)
    model = reader.message("model", data)
    expect(model["ir_version"] == IR_VERSION, f"is not of ONNX IR version {IR_VERSION}")
    for opset in model["opset_import"]:
        domain, version = opset["domain"], opset["version"]
        expect(domain in _DOMAINS, f"needs the operator set {domain!r}")
        expect(version == OPSET, f"was made for operator set {version}, this livegen uses {OPSET}")
    expect(len(model["opset_import"]) == 1, "does not name exactly one operator set")
    facts = facts_of(model["metadata_props"])
    graph = reader.message("graph", model["graph"])
    expect(len(graph["node"]) <= MAX_NODES, f"has more than {MAX_NODES} nodes")
    file = ModelFile(
        facts,
        tuple(map(_node, graph["node"])),
        tuple(map(_initialiser, graph["initializer"])),
        tuple(map(_value, graph["input"])),
        tuple(map(_value, graph["output"])),
    )
    _signature(file)
    _wiring(file)
    return file


def _node(node: Message) -> GraphNode:
    op, domain, attributes = node["op_type"], node["domain"], {}
    expect(domain in _DOMAINS, f"uses the operator {domain}.{op}")
    for said in node["attribute"]:
        name, value = said["name"], said.get(_ATTRIBUTES.get(said["type"], ""))
        is_known = value is not None and name not in attributes
        expect(is_known, f"gives {op} an attribute {name!r} of a kind that livegen does not use")
        attributes[name] = tuple(value) if isinstance(value, list) else value
    is_closed = all((*node["input"], *node["output"]))
    expect(is_closed, f"leaves an input or output of the operator {op} open")
    return GraphNode(op, tuple(node["input"]), tuple(node["output"]), attributes, node[WIRE])


def _initialiser(tensor: Message) -> GraphValue:
    name, dtype, data = tensor["name"], tensor["data_type"], tensor["raw_data"]
    expect(dtype in ITEM_BYTES, f"holds weights {name!r} of a type that livegen does not use")
    shape = _checked_shape(name, tensor["dims"])
    fits = prod(shape) * ITEM_BYTES[dtype] == len(data)
    expect(fits, f"holds weights {name!r} of another size than stated")
    return GraphValue(name, Value(dtype, shape, data), tensor[WIRE])


def _value(value: Message) -> GraphValue:
    name, tensor = value["name"], value["type"]["tensor_type"]
    shape = _checked_shape(name, [dim["dim_value"] for dim in tensor["shape"]["dim"]])
    return GraphValue(name, Value(tensor["elem_type"], shape), value[WIRE])


def _checked_shape(name: str, dims: list[int]) -> Shape:
    fits = len(dims) <= MAX_RANK and all(0 < n <= MAX_VALUES * 4 for n in dims)
    expect(fits, f"has {name!r} of an impossible shape")
    return tuple(dims)


# --- what it computes ------------------------------------------------------------------------------------------------


def _signature(file: ModelFile) -> None:
    """Check names, types and shapes of inputs and outputs.

    A step model may do without some fields, but not without the first, which says when something happens.
    """
    state, has_ring, looks = file.facts.state_shape, file.facts.has_ring, file.facts.looks
    summary = Value(FLOAT, (1, file.shape_of(SUMMARY)[-1]))
    fields = dict.fromkeys((next(iter(CODEC_FIELDS)), *file.fields))
    given = {
        "event": Value(INT64, (1, EVENT_WIDTH)),
        "sounding": Value(FLOAT, (1, SOUNDING)),
        "state": Value(FLOAT, state),
        **({POSITION: Value(INT64, (1,))} if has_ring else {}),
        GIVEN_SUMMARY: summary,
        "query": Value(INT64, (1, QUERY_WIDTH)),
    }
    made = {
        **({ENTRY: Value(FLOAT, state[1:])} if has_ring else {"next_state": Value(FLOAT, state)}),
        SUMMARY: summary,
        **{logits_name(field): Value(FLOAT, (1, CODEC_FIELDS[field])) for field in fields},
        **({LOOKED: Value(FLOAT, (file.shape_of(LOOKED)[0], looks.places))} if looks else {}),
    }
    for side, found, wanted in ("inputs", file.inputs, given), ("outputs", file.outputs, made):
        names = ", ".join(v.name for v in found)[:MAX_NAME]
        is_named = [v.name for v in found] == list(wanted)
        expect(is_named, f"has {side} {names} instead of {', '.join(wanted)}")
        for v, right in zip(found, wanted.values(), strict=True):
            expect(
                v.value == right, f"has {v.name} of shape {v.value.shape}, expected {right.shape}"
            )


def _wiring(file: ModelFile) -> None:
    """Follow types and shapes from the inputs to the outputs; add up memory and work of one step.

    Hearing must not depend on what is asked, nor an answer on more than the summary and the query; of the query nothing
    is known yet where the first field is asked.
    """
    given = (*file.inputs, *file.initialisers)
    names = [v.name for v in given] + [name for node in file.nodes for name in node.outputs]
    for name, times in Counter(names).items():
        expect(times == 1, f"defines {name!r} twice")
    known = {v.name: v.value for v in given}
    values = unpacked = work = 0
    for node in file.nodes:
        is_made = all(name in known for name in node.inputs)
        expect(is_made, f"uses a value before it is made ({node.op})")
        inputs = [known[name] for name in node.inputs]
        made = result(node.op, inputs, node.attributes, len(node.outputs))
        known |= zip(node.outputs, made, strict=True)
        size = sum(prod(value.shape) for value in made)
        is_unpacked = node.op == "DequantizeLinear"
        values, unpacked = values + size * (not is_unpacked), unpacked + size * is_unpacked
        work += multiplications(node.op, inputs, made[0])
        fits = values <= MAX_VALUES and unpacked <= MAX_BYTES and work <= MAX_MULTIPLICATIONS
        expect(fits, "needs more memory or work than any model of livegen")
    nodes, used = file.reach(output.name for output in file.outputs)
    is_lean = len(nodes) == len(file.nodes) and used.issuperset(v.name for v in file.initialisers)
    expect(is_lean, "holds weights or operators that nothing uses")
    inputs_of_all, first = {v.name for v in file.inputs}, logits_name(file.fields[0])
    allowed = {first: ASKED[:1], **dict.fromkeys(file.advanced, (*HEARD, POSITION))}
    for output in file.outputs:
        name, is_right = output.name, known.get(output.name) == output.value
        expect(is_right, f"does not compute {name} in the shape it states")
        stray = (file.reach([name])[1] & inputs_of_all).difference(allowed.get(name, ASKED))
        expect(not stray, f"computes {name} from {min(stray, default='')}")
