"""Reads a model file, refuses whatever our exporter does not write, and cuts the file into its parts.

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
from livegen.inference.protobuf import (
    MAX_NAME,
    WIRE,
    Message,
    Messages,
    Reader,
    RefusedFile,
    Wire,
    bytes_field,
    expect,
    number_field,
)

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

FIELDS: Messages = {
    "model": {
        1: "ir_version int", 2: "producer_name text?", 3: "producer_version text?", 7: "graph bytes",
        8: "opset_import opset*", 14: "metadata_props metadata*",
    },
    "opset": {1: "domain text?", 2: "version int"},
    "metadata": {1: "key text", 2: "value bytes"},
    "graph": {1: "node node*", 2: "name text?", 5: "initializer tensor*", 11: "input value*", 12: "output value*"},
    "node": {
        1: "input text*", 2: "output text*", 3: "name text?", 4: "op_type text", 5: "attribute attribute*",
        7: "domain text?",
    },
    "attribute": {1: "name text", 2: "f float?", 3: "i int?", 4: "s text?", 8: "ints int*", 20: "type int"},
    "tensor": {1: "dims int*", 2: "data_type int", 8: "name text", 9: "raw_data bytes"},
    "value": {1: "name text", 2: "type type"},
    "type": {1: "tensor_type tensor_type"},
    "tensor_type": {1: "elem_type int", 2: "shape shape"},
    "shape": {1: "dim dimension*"},
    "dimension": {1: "dim_value int"},
}  # fmt: skip
# Better words for what people are most likely to bring along.
_KNOWN_STRANGERS = {
    ("model", 20): "training information",
    ("model", 25): "local functions",
    ("graph", 15): "sparse initialisers",
    ("attribute", 5): "a tensor inside an attribute",
    ("attribute", 6): "a sub-graph",
    ("attribute", 10): "tensors inside an attribute",
    ("attribute", 11): "sub-graphs",
    ("attribute", 22): "a sparse tensor",
    ("attribute", 23): "sparse tensors",
    ("tensor", 13): "external data",
    ("tensor", 14): "external data",
    ("dimension", 2): "a dimension without a fixed size",
}


# --- the graph -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Node:
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Attributes
    wire: Wire


@dataclass(frozen=True, slots=True)
class _Named:
    """An initialiser, an input or an output: its name, what it is, and its bytes in the file."""

    name: str
    value: Value
    wire: Wire


@dataclass(frozen=True, slots=True)
class GraphPiece:
    """A model that computes some outputs: its bytes, and the inputs it needs, in the file's order."""

    data: bytes
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that was checked.  `piece` cuts it up."""

    facts: ModelFacts
    _nodes: tuple[_Node, ...]
    _initialisers: tuple[_Named, ...]
    _inputs: tuple[_Named, ...]
    _outputs: tuple[_Named, ...]

    def piece(self, *outputs: str) -> GraphPiece:
        """The part of the graph that `outputs` depend on, as a model of its own.

        With outputs of both halves the answers are to the summary of this very event.
        """
        heard = {*ADVANCED, ENTRY, LOOKED}
        hearing, names = self._reach(name for name in outputs if name in heard)
        answering, asked = self._reach(name for name in outputs if name not in heard)
        nodes: list[bytes | Wire] = [node.wire for node in (*hearing, *answering)]
        if hearing and answering:
            nodes.insert(len(hearing), _identity(SUMMARY, GIVEN_SUMMARY))
            asked.discard(GIVEN_SUMMARY)
        names |= asked
        inputs = [value for value in self._inputs if value.name in names]
        graph = [
            *(bytes_field(1, node) for node in nodes),
            bytes_field(2, b"livegen"),
            *(bytes_field(5, value.wire) for value in self._initialisers if value.name in names),
            *(bytes_field(11, value.wire) for value in inputs),
            *(bytes_field(12, value.wire) for value in self._outputs if value.name in outputs),
        ]
        opset = bytes_field(1, b"") + number_field(2, OPSET)
        model = [
            number_field(1, IR_VERSION),
            bytes_field(7, b"".join(graph)),
            bytes_field(8, opset),
        ]
        return GraphPiece(b"".join(model), tuple(value.name for value in inputs))

    @property
    def advanced(self) -> tuple[str, ...]:
        """The outputs of `advance`."""
        looked = (LOOKED,) if self.facts.looks else ()
        return ENTRY if self.facts.has_ring else ADVANCED[0], SUMMARY, *looked

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it foretells, in the order of the codec's."""
        given = {value.name for value in self._outputs}
        return tuple(field for field in CODEC_FIELDS if logits_name(field) in given)

    @property
    def summary_size(self) -> int:
        """How many numbers a summary has."""
        return self._shape(SUMMARY)[-1]

    @property
    def heads(self) -> int:
        """How many heads look back; 0 where the file does not say what they look at."""
        return self._shape(LOOKED)[0]

    def _shape(self, output: str) -> Shape:
        shapes = (value.value.shape for value in self._outputs if value.name == output)
        return next(shapes, ()) or (0,)

    def _reach(self, outputs: Iterable[str]) -> tuple[list[_Node], set[str]]:
        """Nodes that `outputs` need, in order, and the names of all they read or give."""
        needed, nodes = set(outputs), []
        for node in reversed(self._nodes):
            if needed.intersection(node.outputs):
                needed.update(node.inputs)
                nodes.append(node)
        return nodes[::-1], needed


def _identity(value: str, name: str) -> bytes:
    """A node that gives a value another name."""
    words = {1: value, 2: name, 4: "Identity"}
    return b"".join(bytes_field(number, word.encode()) for number, word in words.items())


# The field of an attribute's value by its type: AttributeProto.FLOAT, INT, STRING and INTS.
_ATTRIBUTES = {1: "f", 2: "i", 3: "s", 7: "ints"}
_DOMAINS = (None, "", "ai.onnx")

# The first byte of every file that we write: its IR version comes first.
_FIRST = number_field(1, 0)[0]
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
    for magic, kind in _OTHERS.items():
        if data.startswith(magic):
            return kind
    is_text = data.isascii() or not set(data) & set(range(8))
    return "text" if is_text else "other bytes"


def _model(data: Wire) -> ModelFile:
    expect(len(data) <= MAX_BYTES, f"is longer than {MAX_BYTES >> 20} MB")
    expect(len(data) > 0, "is empty")
    reader = Reader(FIELDS, _KNOWN_STRANGERS)
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
    for check in (_signature, _wiring, _halves):
        check(file)
    return file


def _node(node: Message) -> _Node:
    op, domain, attributes = node["op_type"], node["domain"], {}
    expect(domain in _DOMAINS, f"uses the operator {domain}.{op}")
    for said in node["attribute"]:
        name, value = said["name"], said.get(_ATTRIBUTES.get(said["type"], ""))
        is_known = value is not None and name not in attributes
        kind = f"an attribute {name!r} of a kind that livegen does not use"
        expect(is_known, f"gives the operator {op} {kind}")
        attributes[name] = tuple(value) if isinstance(value, list) else value
    is_closed = all((*node["input"], *node["output"]))
    expect(is_closed, f"leaves an input or output of the operator {op} open")
    return _Node(op, tuple(node["input"]), tuple(node["output"]), attributes, node[WIRE])


def _initialiser(tensor: Message) -> _Named:
    name, dtype, data = tensor["name"], tensor["data_type"], tensor["raw_data"]
    expect(dtype in ITEM_BYTES, f"holds weights {name!r} of a type that livegen does not use")
    shape = _checked_shape(name, tensor["dims"])
    fits = prod(shape) * ITEM_BYTES[dtype] == len(data)
    expect(fits, f"holds weights {name!r} of another size than stated")
    return _Named(name, Value(dtype, shape, data), tensor[WIRE])


def _value(value: Message) -> _Named:
    name, tensor = value["name"], value["type"]["tensor_type"]
    shape = _checked_shape(name, [dim["dim_value"] for dim in tensor["shape"]["dim"]])
    return _Named(name, Value(tensor["elem_type"], shape), value[WIRE])


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
    summary = Value(FLOAT, (1, file.summary_size))
    fields = dict.fromkeys((next(iter(CODEC_FIELDS)), *file.fields))
    inputs = {
        "event": Value(INT64, (1, EVENT_WIDTH)),
        "sounding": Value(FLOAT, (1, SOUNDING)),
        "state": Value(FLOAT, state),
        **({POSITION: Value(INT64, (1,))} if has_ring else {}),
        GIVEN_SUMMARY: summary,
        "query": Value(INT64, (1, QUERY_WIDTH)),
    }
    outputs = {
        **({ENTRY: Value(FLOAT, state[1:])} if has_ring else {"next_state": Value(FLOAT, state)}),
        SUMMARY: summary,
        **{logits_name(field): Value(FLOAT, (1, CODEC_FIELDS[field])) for field in fields},
        **({LOOKED: Value(FLOAT, (file.heads, looks.places))} if looks else {}),
    }
    for side, found, expected in (
        ("inputs", file._inputs, inputs),
        ("outputs", file._outputs, outputs),
    ):
        names = ", ".join(v.name for v in found)
        said = f"has {side} {names[:MAX_NAME]} instead of {', '.join(expected)}"
        expect([v.name for v in found] == list(expected), said)
        for v in found:
            wanted = expected[v.name]
            expect(
                v.value == wanted, f"has {v.name} of shape {v.value.shape}, expected {wanted.shape}"
            )


def _wiring(file: ModelFile) -> None:
    """Follow types and shapes from the inputs to the outputs; add up memory and work of one step."""
    known: dict[str, Value] = {}
    values = unpacked = work = 0

    def make(name: str, value: Value) -> None:
        expect(name not in known, f"defines {name!r} twice")
        known[name] = value

    for given in (*file._inputs, *file._initialisers):
        make(given.name, given.value)
    for node in file._nodes:
        is_made = all(name in known for name in node.inputs)
        expect(is_made, f"uses a value before it is made ({node.op})")
        inputs = [known[name] for name in node.inputs]
        made = result(node.op, inputs, node.attributes, len(node.outputs))
        for name, value in zip(node.outputs, made, strict=True):
            make(name, value)
        size = sum(prod(value.shape) for value in made)
        is_unpacked = node.op == "DequantizeLinear"
        values, unpacked = values + size * (not is_unpacked), unpacked + size * is_unpacked
        work += multiplications(node.op, inputs, made[0])
        fits = values <= MAX_VALUES and unpacked <= MAX_BYTES and work <= MAX_MULTIPLICATIONS
        expect(fits, "needs more memory or work than any model of livegen")
    for output in file._outputs:
        is_right = known.get(output.name) == output.value
        expect(is_right, f"does not compute {output.name} in the shape it states")


def _halves(file: ModelFile) -> None:
    """Hearing must not depend on what is asked, nor an answer on more than the summary and the query.

    Of the query nothing is known yet where the first field is asked.
    """
    whole, names = file._reach(v.name for v in file._outputs)
    spare = len(whole) < len(file._nodes) or any(v.name not in names for v in file._initialisers)
    expect(not spare, "holds weights or operators that nothing uses")
    given = {v.name for v in file._inputs}
    first, *others = map(logits_name, file.fields)
    for wanted, allowed in (
        (file.advanced, (*HEARD, POSITION)),
        ((first,), ASKED[:1]),
        (others, ASKED),
    ):
        for output in wanted:
            stray = file._reach([output])[1] & given - set(allowed)
            expect(not stray, f"computes {output} from {min(stray, default='')}")
