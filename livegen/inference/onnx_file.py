"""Reads a model file, refuses whatever our exporter does not write, and cuts the file into its parts.

Rules that hold here, in `protobuf` and in `model_metadata`:
1. A file is hostile until all of it has been read.  Nothing of it reaches the runtime before that, and then only bytes
   that were checked, never a path: a path may change, and external data is found through it.
2. What is not named in `FIELDS` or `METADATA` is refused.  There is no list of bad things to forget one from.
3. Nothing recurses, and nothing is allocated on the word of the file.
4. Standard library only.  Messages are as in onnx.proto of ONNX 1.16, IR version 10.

Why so strict: CVE-2022-25882, CVE-2024-27318, CVE-2025-51480 (external data reads and writes files), custom operators
and contributed operators with memory errors at load, chains of local functions that overflow the stack.  Knows nothing
of the runtime; `livegen.inference.model` runs what this lets through.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

from livegen.codec.layout import FIELDS as CODEC_FIELDS
from livegen.codec.layout import SOUNDING
from livegen.errors import ModelError
from livegen.inference.contract import ModelFacts, Query
from livegen.inference.model_metadata import facts_of
from livegen.inference.onnx_operators import (
    FLOAT,
    INT64,
    ITEM_BYTES,
    MATRICES,
    MAX_RANK,
    Attribute,
    Attributes,
    Misfit,
    Shape,
    Value,
    multiplications,
    result,
)
from livegen.inference.protobuf import (
    BYTES,
    FLOAT32,
    MAX_NAME,
    VARINT,
    Messages,
    Reader,
    RefusedFile,
    Wire,
    bytes_field,
    expect,
    name_of,
    number_field,
    one,
    text_of,
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
        1: ("ir_version", VARINT, False),
        2: ("producer_name", BYTES, False),
        3: ("producer_version", BYTES, False),
        7: ("graph", BYTES, False),
        8: ("opset_import", BYTES, True),
        14: ("metadata_props", BYTES, True),
    },
    "opset": {1: ("domain", BYTES, False), 2: ("version", VARINT, False)},
    "metadata": {1: ("key", BYTES, False), 2: ("value", BYTES, False)},
    "graph": {
        1: ("node", BYTES, True),
        2: ("name", BYTES, False),
        5: ("initializer", BYTES, True),
        11: ("input", BYTES, True),
        12: ("output", BYTES, True),
    },
    "node": {
        1: ("input", BYTES, True),
        2: ("output", BYTES, True),
        3: ("name", BYTES, False),
        4: ("op_type", BYTES, False),
        5: ("attribute", BYTES, True),
        7: ("domain", BYTES, False),
    },
    "attribute": {
        1: ("name", BYTES, False),
        2: ("f", FLOAT32, False),
        3: ("i", VARINT, False),
        4: ("s", BYTES, False),
        8: ("ints", VARINT, True),
        20: ("type", VARINT, False),
    },
    "tensor": {
        1: ("dims", VARINT, True),
        2: ("data_type", VARINT, False),
        8: ("name", BYTES, False),
        9: ("raw_data", BYTES, False),
    },
    "value": {1: ("name", BYTES, False), 2: ("type", BYTES, False)},
    "type": {1: ("tensor_type", BYTES, False)},
    "tensor type": {1: ("elem_type", VARINT, False), 2: ("shape", BYTES, False)},
    "shape": {1: ("dim", BYTES, True)},
    "dimension": {1: ("dim_value", VARINT, False)},
}
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
    summary_size: int
    fields: tuple[str, ...]  # that it foretells, in the order of the codec's
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
    def heads(self) -> int:
        """How many heads look back; 0 where the file does not say what they look at."""
        shapes = [v.value.shape for v in self._outputs if v.name == LOOKED]
        return shapes[0][0] if shapes and shapes[0] else 0

    @property
    def matrix_bytes(self) -> int:
        """Bytes of the matrices that a whole step reads, without scales; of its tables it reads one row each."""
        used = {node.inputs[MATRICES[node.op]] for node in self._nodes if node.op in MATRICES}
        return sum(len(v.value.data or b"") for v in self._initialisers if v.name in used)

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


# The value of an attribute by its type, AttributeProto.FLOAT, INT, STRING and INTS; what is not there is 0 or empty.
_ATTRIBUTES: dict[int, Callable[[Mapping[str, list[Any]]], Attribute]] = {
    1: lambda said: float((said["f"] or [0.0])[0]),
    2: lambda said: int((said["i"] or [0])[0]),
    3: lambda said: text_of((said["s"] or [memoryview(b"")])[0]),
    7: lambda said: tuple(said["ints"][: MAX_RANK * 2]),
}


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
    expect(one(model, "ir_version") == IR_VERSION, f"is not of ONNX IR version {IR_VERSION}")
    _opsets(reader, model["opset_import"])
    facts = facts_of(reader, model["metadata_props"])
    graph = reader.message("graph", one(model, "graph"))
    expect(len(graph["node"]) <= MAX_NODES, f"has more than {MAX_NODES} nodes")
    file = ModelFile(
        facts,
        0,
        (),
        tuple(_node(reader, wire) for wire in graph["node"]),
        tuple(_initialiser(reader, wire) for wire in graph["initializer"]),
        tuple(_value(reader, wire) for wire in graph["input"]),
        tuple(_value(reader, wire) for wire in graph["output"]),
    )
    size, fields = _signature(file)
    file = replace(file, summary_size=size, fields=fields)
    _wiring(file)
    _halves(file)
    return file


def _opsets(reader: Reader, wires: list[Wire]) -> None:
    for wire in wires:
        opset = reader.message("opset", wire)
        domain = text_of(opset["domain"][0]) if opset["domain"] else ""
        expect(domain in ("", "ai.onnx"), f"needs the operator set {domain!r}")
        version = one(opset, "version")
        expect(version == OPSET, f"was made for operator set {version}, this livegen uses {OPSET}")
    expect(len(wires) == 1, "does not name exactly one operator set")


def _node(reader: Reader, wire: Wire) -> _Node:
    node = reader.message("node", wire)
    op = text_of(one(node, "op_type"))
    domain = text_of(node["domain"][0]) if node["domain"] else ""
    expect(domain in ("", "ai.onnx"), f"uses the operator {domain}.{op}")
    attributes: dict[str, Attribute] = {}
    for piece in node["attribute"]:
        attribute = reader.message("attribute", piece)
        name, kind = name_of(attribute), _ATTRIBUTES.get((attribute["type"] or [0])[0])
        is_known = kind is not None and name not in attributes
        expect(
            is_known,
            f"gives the operator {op} an attribute {name!r} of a kind that livegen does not use",
        )
        assert kind is not None
        attributes[name] = kind(attribute)
    inputs, outputs = (tuple(text_of(name) for name in node[side]) for side in ("input", "output"))
    expect(all(inputs) and all(outputs), f"leaves an input or output of the operator {op} open")
    return _Node(op, inputs, outputs, attributes, wire)


def _initialiser(reader: Reader, wire: Wire) -> _Named:
    tensor = reader.message("tensor", wire)
    name, dtype, data = name_of(tensor), one(tensor, "data_type"), one(tensor, "raw_data")
    expect(dtype in ITEM_BYTES, f"holds weights {name!r} of a type that livegen does not use")
    shape = _checked_shape(name, tensor["dims"])
    expect(
        prod(shape) * ITEM_BYTES[dtype] == len(data),
        f"holds weights {name!r} of another size than stated",
    )
    return _Named(name, Value(dtype, shape, data), wire)


def _value(reader: Reader, wire: Wire) -> _Named:
    value = reader.message("value", wire)
    kind = reader.message("type", one(value, "type"))
    tensor = reader.message("tensor type", one(kind, "tensor_type"))
    shape = reader.message("shape", one(tensor, "shape"))
    dims = [one(reader.message("dimension", dim), "dim_value") for dim in shape["dim"]]
    name = name_of(value)
    return _Named(name, Value(one(tensor, "elem_type"), _checked_shape(name, dims)), wire)


def _checked_shape(name: str, dims: list[int]) -> Shape:
    fits = len(dims) <= MAX_RANK and all(0 < n <= MAX_VALUES * 4 for n in dims)
    expect(fits, f"has {name!r} of an impossible shape")
    return tuple(dims)


# --- what it computes ------------------------------------------------------------------------------------------------


def _signature(file: ModelFile) -> tuple[int, tuple[str, ...]]:
    """Check names, types and shapes of inputs and outputs; the size of the summary, and the fields that are foretold.

    A step model may do without some fields, but not without the first, which says when something happens.
    """
    sizes = [v.value.shape[-1] for v in file._inputs if v.name == GIVEN_SUMMARY and v.value.shape]
    summary = sizes[0] if sizes else 0
    state, has_ring = file.facts.state_shape, file.facts.has_ring
    inputs = {
        "event": Value(INT64, (1, EVENT_WIDTH)),
        "sounding": Value(FLOAT, (1, SOUNDING)),
        "state": Value(FLOAT, state),
        **({POSITION: Value(INT64, (1,))} if has_ring else {}),
        GIVEN_SUMMARY: Value(FLOAT, (1, summary)),
        "query": Value(INT64, (1, QUERY_WIDTH)),
    }
    given = {value.name for value in file._outputs}
    first, *others = CODEC_FIELDS
    fields = (first, *(field for field in others if logits_name(field) in given))
    outputs = {
        **({ENTRY: Value(FLOAT, state[1:])} if has_ring else {"next_state": Value(FLOAT, state)}),
        SUMMARY: Value(FLOAT, (1, summary)),
        **{logits_name(field): Value(FLOAT, (1, CODEC_FIELDS[field])) for field in fields},
    }
    if looks := file.facts.looks:
        outputs[LOOKED] = Value(FLOAT, (file.heads, looks.places))
    for side, found, expected in (
        ("inputs", file._inputs, inputs),
        ("outputs", file._outputs, outputs),
    ):
        names = [v.name for v in found]
        expect(
            names == list(expected),
            f"has {side} {', '.join(names)[:MAX_NAME]} instead of {', '.join(expected)}",
        )
        for v in found:
            is_right = v.value == expected[v.name]
            expect(
                is_right,
                f"has {v.name} of shape {v.value.shape}, expected {expected[v.name].shape}",
            )
    return summary, fields


def _wiring(file: ModelFile) -> None:
    """Follow types and shapes from the inputs to the outputs; add up memory and work of one step."""
    known: dict[str, Value] = {}
    for given in (*file._inputs, *file._initialisers):
        expect(given.name not in known, f"defines {given.name!r} twice")
        known[given.name] = given.value
    values = unpacked = work = 0
    for node in file._nodes:
        expect(
            all(name in known for name in node.inputs),
            f"uses a value before it is made ({node.op})",
        )
        inputs = [known[name] for name in node.inputs]
        try:
            made = result(node.op, inputs, node.attributes, len(node.outputs))
        except Misfit as misfit:
            raise RefusedFile(
                f"uses an operator in a way livegen's exporter does not: {node.op} {misfit}"
            ) from None
        for name, value in zip(node.outputs, made, strict=True):
            expect(name not in known, f"defines {name!r} twice")
            known[name] = value
            if node.op == "DequantizeLinear":
                unpacked += prod(value.shape)
            else:
                values += prod(value.shape)
        work += multiplications(node.op, inputs, made[0])
        has_room = values <= MAX_VALUES and unpacked <= MAX_BYTES
        fits = has_room and work <= MAX_MULTIPLICATIONS and len(made[0].shape) <= MAX_RANK
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
