"""Reads a model file, refuses whatever our exporter does not write, and cuts the file into its
parts.

Rules that hold in this file:
1. A file is hostile until all of it has been read.  Nothing of it reaches the runtime before that,
   and then only bytes that were checked, never a path: a path may change, and external data is
   found through it.
2. What is not named in `FIELDS` is refused.  There is no list of bad things to forget one from.
3. Nothing here recurses, and nothing is allocated on the word of the file: a length is compared
   with the bytes that are there.
4. Standard library only: protocol buffers are read by the sixty lines below (developers.google.com/
   protocol-buffers/docs/encoding), messages as in onnx.proto of ONNX 1.16, IR version 10.

Why so strict: CVE-2022-25882, CVE-2024-27318, CVE-2025-51480 (external data reads and writes
files), custom operators and contributed operators with memory errors at load, chains of local
functions that overflow the stack.  Knows nothing of the runtime; `livegen.inference.model` runs
what this lets through.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from livegen.codec.layout import FIELDS as CODEC_FIELDS
from livegen.codec.layout import SOUNDING, codec_hash
from livegen.errors import ModelError
from livegen.inference.contract import ModelFacts, Query
from livegen.inference.onnx_operators import (
    FLOAT,
    INT64,
    ITEM_BYTES,
    MATRICES,
    MAX_RANK,
    Misfit,
    Shape,
    Value,
    multiplications,
    result,
)
from livegen.music.metre import TICKS_PER_BEAT
from livegen.music.parts import PARTS

FORMAT = 1
IR_VERSION = 10
OPSET = 21
FORMER_OPSET = 20  # of files written until November 2026
METADATA_KEY = "livegen"
PRODUCER = "livegen"

MAX_BYTES = 64 << 20
MAX_FIELDS = 100_000  # protobuf fields; a 512x2 network in int8 has about 1,500
MAX_NODES = 2_000
MAX_NAME = 200
MAX_LICENCE = 400
MAX_METADATA = 64 << 10
MAX_STATE = 1 << 20  # numbers in a state
# Numbers that all nodes together make in one step; but int8 weights become floats once, and no more than a file holds.
MAX_VALUES = 1 << 22
MAX_MULTIPLICATIONS = 1 << 28  # of one step; a 512x1 network has 2 million

SUMMARY = "summary"
GIVEN_SUMMARY = "given_summary"
HEARD = ("event", "sounding", "state")  # inputs of `advance`
ASKED = (GIVEN_SUMMARY, "query")  # inputs of the heads
ADVANCED = ("next_state", SUMMARY)  # outputs of `advance`
EVENT_WIDTH = 9  # the fields and the place of an Event, its interval, and the style
QUERY_WIDTH = len(Query._fields)


def logits_name(field: str) -> str:
    """Name of the output that predicts `field`."""
    return f"logits_{field}"


# --- protocol buffers -----------------------------------------------------------------------------

# What may stand in each message: field number -> (name, wire type, whether it may be repeated).
_VARINT, _BYTES = 0, 2
FIELDS: dict[str, dict[int, tuple[str, int, bool]]] = {
    "model": {
        1: ("ir_version", _VARINT, False),
        2: ("producer_name", _BYTES, False),
        3: ("producer_version", _BYTES, False),
        7: ("graph", _BYTES, False),
        8: ("opset_import", _BYTES, True),
        14: ("metadata_props", _BYTES, True),
    },
    "opset": {1: ("domain", _BYTES, False), 2: ("version", _VARINT, False)},
    "metadata": {1: ("key", _BYTES, False), 2: ("value", _BYTES, False)},
    "graph": {
        1: ("node", _BYTES, True),
        2: ("name", _BYTES, False),
        5: ("initializer", _BYTES, True),
        11: ("input", _BYTES, True),
        12: ("output", _BYTES, True),
    },
    "node": {
        1: ("input", _BYTES, True),
        2: ("output", _BYTES, True),
        3: ("name", _BYTES, False),
        4: ("op_type", _BYTES, False),
        5: ("attribute", _BYTES, True),
        7: ("domain", _BYTES, False),
    },
    "attribute": {
        1: ("name", _BYTES, False),
        3: ("i", _VARINT, False),
        20: ("type", _VARINT, False),
    },
    "tensor": {
        1: ("dims", _VARINT, True),
        2: ("data_type", _VARINT, False),
        8: ("name", _BYTES, False),
        9: ("raw_data", _BYTES, False),
    },
    "value": {1: ("name", _BYTES, False), 2: ("type", _BYTES, False)},
    "type": {1: ("tensor_type", _BYTES, False)},
    "tensor type": {1: ("elem_type", _VARINT, False), 2: ("shape", _BYTES, False)},
    "shape": {1: ("dim", _BYTES, True)},
    "dimension": {1: ("dim_value", _VARINT, False)},
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

Wire = memoryview


class _Refused(Exception):
    """The file is refused; the message completes "this file ..."."""


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise _Refused(otherwise)


def _varint(data: Wire, at: int) -> tuple[int, int]:
    """An unsigned number of at most 64 bits, and where it ends."""
    number = 0
    for index, byte in enumerate(data[at : at + 10]):
        number |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return number & 0xFFFF_FFFF_FFFF_FFFF, at + index + 1
    raise _Refused("is damaged or not an ONNX file (a number does not end)")


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


class _Reader:
    """Reads messages one level at a time and counts their fields."""

    def __init__(self) -> None:
        self.left = MAX_FIELDS

    def message(self, kind: str, data: Wire) -> dict[str, list[Any]]:
        """The fields of one message by name: numbers as int, everything else as bytes not looked
        into.
        """
        known, at = FIELDS[kind], 0
        found: dict[str, list[Any]] = {name: [] for name, _, _ in known.values()}
        while at < len(data):
            self.left -= 1
            _expect(self.left >= 0, f"has more than {MAX_FIELDS} fields")
            key, at = _varint(data, at)
            number, wire = key >> 3, key & 7
            stranger = _KNOWN_STRANGERS.get((kind, number), f"field {number} of a {kind}")
            _expect(number in known, f"holds {stranger}")
            name, expected, repeated = known[number]
            _expect(wire == expected, f"is damaged (the {name} of a {kind} is of another kind)")
            _expect(repeated or not found[name], f"is damaged (a {kind} with two of {name})")
            value, at = self._value(data, at, wire)
            found[name].append(value)
        return found

    def _value(self, data: Wire, at: int, wire: int) -> tuple[int | Wire, int]:
        number, at = _varint(data, at)
        if wire == _VARINT:
            return _signed(number), at
        _expect(number <= len(data) - at, "is cut short (a length points past the end)")
        return data[at : at + number], at + number


def _one(message: Mapping[str, list[Any]], name: str) -> Any:
    _expect(bool(message[name]), f"is incomplete (no {name})")
    return message[name][0]


def _text(data: Wire) -> str:
    _expect(len(data) <= MAX_NAME, f"has a name of more than {MAX_NAME} bytes")
    try:
        text = str(data, "utf-8")
    except UnicodeDecodeError:
        raise _Refused("has a name that is not text") from None
    _expect(text.isprintable(), "has a name that cannot be printed")
    return text


def _name(message: Mapping[str, list[Any]]) -> str:
    text = _text(_one(message, "name"))
    _expect(bool(text), "has something without a name")
    return text


# --- the graph ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Node:
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, int]
    wire: Wire


@dataclass(frozen=True, slots=True)
class _Named:
    """An initialiser, an input or an output: its name, what it is, and its bytes in the file."""

    name: str
    value: Value
    wire: Wire


@dataclass(frozen=True, slots=True)
class Piece:
    """A model that computes some outputs: its bytes, and the inputs it needs, in the file's
    order.
    """

    data: bytes
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that was checked.  `piece` cuts it up."""

    facts: ModelFacts
    summary_size: int
    _nodes: tuple[_Node, ...]
    _initialisers: tuple[_Named, ...]
    _inputs: tuple[_Named, ...]
    _outputs: tuple[_Named, ...]

    def piece(self, *outputs: str) -> Piece:
        """The part of the graph that `outputs` depend on, as a model of its own.

        With outputs of both halves the answers are to the summary of this very event.
        """
        hearing, names = self._reach(name for name in outputs if name in ADVANCED)
        answering, asked = self._reach(name for name in outputs if name not in ADVANCED)
        nodes: list[bytes | Wire] = [node.wire for node in (*hearing, *answering)]
        if hearing and answering:
            nodes.insert(len(hearing), _identity(SUMMARY, GIVEN_SUMMARY))
            asked.discard(GIVEN_SUMMARY)
        names |= asked
        inputs = [value for value in self._inputs if value.name in names]
        graph = [
            *(_bytes_field(1, node) for node in nodes),
            _bytes_field(2, b"livegen"),
            *(_bytes_field(5, value.wire) for value in self._initialisers if value.name in names),
            *(_bytes_field(11, value.wire) for value in inputs),
            *(_bytes_field(12, value.wire) for value in self._outputs if value.name in outputs),
        ]
        opset = _bytes_field(1, b"") + _number_field(2, OPSET)
        model = [
            _number_field(1, IR_VERSION),
            _bytes_field(7, b"".join(graph)),
            _bytes_field(8, opset),
        ]
        return Piece(b"".join(model), tuple(value.name for value in inputs))

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
    return b"".join(_bytes_field(number, word.encode()) for number, word in words.items())


def _bytes_field(number: int, data: bytes | Wire) -> bytes:
    return _encoded(number << 3 | _BYTES) + _encoded(len(data)) + bytes(data)


def _number_field(number: int, value: int) -> bytes:
    return _encoded(number << 3 | _VARINT) + _encoded(value)


def _encoded(number: int) -> bytes:
    """A number (not negative) as a varint."""
    low = bytearray()
    while number > 0x7F:
        low.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*low, number])


# --- reading --------------------------------------------------------------------------------------


def read(path: Path) -> ModelFile:
    """Read and check a model file.  Raises ModelError with one line for what our exporter does not
    write.
    """
    return parse(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, no more than a model may have and one.  Raises ModelError."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ModelError(f"{path}: the model cannot be read ({error.strerror})") from None


def parse(data: bytes, where: str = "the model file") -> ModelFile:
    """Check the bytes of a model file; `where` begins the line of the ModelError that refuses
    them.
    """
    try:
        return _model(memoryview(data))
    except _Refused as refusal:
        raise ModelError(
            f"{where} {refusal}; export it with `python -m export.to_onnx`, or choose another"
        ) from None


def _model(data: Wire) -> ModelFile:
    _expect(len(data) <= MAX_BYTES, f"is longer than {MAX_BYTES >> 20} MB")
    _expect(len(data) > 0, "is empty")
    reader = _Reader()
    model = reader.message("model", data)
    _expect(_one(model, "ir_version") == IR_VERSION, f"is not of ONNX IR version {IR_VERSION}")
    _opsets(reader, model["opset_import"])
    facts = _facts(reader, model["metadata_props"])
    graph = reader.message("graph", _one(model, "graph"))
    _expect(len(graph["node"]) <= MAX_NODES, f"has more than {MAX_NODES} nodes")
    file = ModelFile(
        facts,
        0,
        tuple(_node(reader, wire) for wire in graph["node"]),
        tuple(_initialiser(reader, wire) for wire in graph["initializer"]),
        tuple(_value(reader, wire) for wire in graph["input"]),
        tuple(_value(reader, wire) for wire in graph["output"]),
    )
    size = _signature(file)
    _wiring(file)
    _halves(file)
    return ModelFile(facts, size, file._nodes, file._initialisers, file._inputs, file._outputs)


def _opsets(reader: _Reader, wires: list[Wire]) -> None:
    for wire in wires:
        opset = reader.message("opset", wire)
        domain = _text(opset["domain"][0]) if opset["domain"] else ""
        _expect(domain in ("", "ai.onnx"), f"needs the operator set {domain!r}")
        version = _one(opset, "version")
        _expect(
            version in (OPSET, FORMER_OPSET),
            f"was made for operator set {version}, this livegen uses {OPSET}",
        )
    _expect(len(wires) == 1, "does not name exactly one operator set")


def _node(reader: _Reader, wire: Wire) -> _Node:
    node = reader.message("node", wire)
    op = _text(_one(node, "op_type"))
    domain = _text(node["domain"][0]) if node["domain"] else ""
    _expect(domain in ("", "ai.onnx"), f"uses the operator {domain}.{op}")
    attributes: dict[str, int] = {}
    for piece in node["attribute"]:
        attribute = reader.message("attribute", piece)
        name = _name(attribute)
        is_number = attribute["type"] == [2] and name not in attributes  # AttributeProto.INT
        _expect(
            is_number, f"gives the operator {op} an attribute {name!r} that is not one whole number"
        )
        attributes[name] = attribute["i"][0] if attribute["i"] else 0
    inputs, outputs = (tuple(_text(name) for name in node[side]) for side in ("input", "output"))
    _expect(all(inputs) and all(outputs), f"leaves an input or output of the operator {op} open")
    return _Node(op, inputs, outputs, attributes, wire)


def _initialiser(reader: _Reader, wire: Wire) -> _Named:
    tensor = reader.message("tensor", wire)
    name, dtype, data = _name(tensor), _one(tensor, "data_type"), _one(tensor, "raw_data")
    _expect(dtype in ITEM_BYTES, f"holds weights {name!r} of a type that livegen does not use")
    shape = _checked_shape(name, tensor["dims"])
    _expect(
        prod(shape) * ITEM_BYTES[dtype] == len(data),
        f"holds weights {name!r} of another size than stated",
    )
    return _Named(name, Value(dtype, shape, data), wire)


def _value(reader: _Reader, wire: Wire) -> _Named:
    value = reader.message("value", wire)
    kind = reader.message("type", _one(value, "type"))
    tensor = reader.message("tensor type", _one(kind, "tensor_type"))
    shape = reader.message("shape", _one(tensor, "shape"))
    dims = [_one(reader.message("dimension", dim), "dim_value") for dim in shape["dim"]]
    name = _name(value)
    return _Named(name, Value(_one(tensor, "elem_type"), _checked_shape(name, dims)), wire)


def _checked_shape(name: str, dims: list[int]) -> Shape:
    fits = len(dims) <= MAX_RANK and all(0 < n <= MAX_VALUES * 4 for n in dims)
    _expect(fits, f"has {name!r} of an impossible shape")
    return tuple(dims)


# --- what the file says of itself -----------------------------------------------------------------


def _short(value: Any, longest: int = MAX_NAME) -> bool:
    return isinstance(value, str) and len(value) <= longest and value.isprintable()


def _texts(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 256 and all(map(_short, value))


def _sets(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 256 and all(map(_set, value))


def _set(value: Any) -> bool:
    is_pair = isinstance(value, dict) and value.keys() == {"set", "licence"}
    return is_pair and _short(value["set"]) and _short(value["licence"], MAX_LICENCE)


def _sizes(value: Any) -> bool:
    fits = isinstance(value, list) and 0 < len(value) <= MAX_RANK
    return fits and all(type(n) is int and n > 0 for n in value) and prod(value) <= MAX_STATE


def _network(value: Any) -> bool:
    """Numbers and words that a network is built from; whoever builds it checks them."""
    if not (isinstance(value, dict) and value.keys() == {"config", "joined"}):
        return False
    config, joined = value["config"], value["joined"]
    return (
        isinstance(config, dict)
        and all(isinstance(v, int | float) or _short(v) for v in config.values())
        and isinstance(joined, dict)
        and all(map(_texts, joined.values()))
    )


# Every key of the metadata with what its value must be; all of them and no other.
METADATA: dict[str, tuple[Callable[[Any], bool], str]] = {
    "format": (lambda v: v == FORMAT and type(v) is int, f"{FORMAT}"),
    "codec": (_short, "a short text"),
    "ticks_per_beat": (lambda v: v == TICKS_PER_BEAT and type(v) is int, f"{TICKS_PER_BEAT}"),
    "parts": (lambda v: v == list(PARTS), f"{list(PARTS)}"),
    "styles": (lambda v: _texts(v) and len(set(v)) == len(v), "a list of different names"),
    "state_shape": (_sizes, "one to four sizes"),
    "name": (_short, "a short text"),
    "commit": (_short, "a short text"),
    "data": (_sets, "a list of {set, licence}"),
    "quantised": (lambda v: isinstance(v, bool), "true or false"),
    "network": (_network, "a config and the names of joined parameters"),
}
MAY_BE_ABSENT = {"network"}  # a model without it is served, but cannot be trained further


def metadata(facts: ModelFacts) -> str:
    """What a model file says of itself, for its metadata."""
    said = {
        "format": FORMAT,
        "codec": facts.codec,
        "ticks_per_beat": facts.ticks_per_beat,
        "parts": list(facts.parts),
        "styles": list(facts.styles),
        "state_shape": list(facts.state_shape),
        "name": facts.name,
        "commit": facts.commit,
        "data": [{"set": name, "licence": licence} for name, licence in facts.data],
        "quantised": facts.quantised,
        **({"network": facts.network} if facts.network else {}),
    }
    return json.dumps(said)


def _facts(reader: _Reader, wires: list[Wire]) -> ModelFacts:
    pairs = [reader.message("metadata", wire) for wire in wires]
    keys = [_text(_one(pair, "key")) for pair in pairs]
    stranger = next((key for key in keys if key != METADATA_KEY), None)
    _expect(stranger is None, f"has foreign metadata {stranger!r}")
    _expect(len(keys) == 1, "has no livegen metadata" if not keys else "has livegen metadata twice")
    said = _json(_one(pairs[0], "value"))
    _expect(said.keys() >= {"codec"} and _short(said["codec"]), "does not name its codec")
    ours = codec_hash()
    _expect(said["codec"] == ours, f"was made for codec {said['codec']}, this livegen uses {ours}")
    for key in said.keys() | METADATA.keys():
        _expect(key in METADATA, f"has an unknown metadata key {key[:MAX_NAME]!r}")
        if key in MAY_BE_ABSENT - said.keys():
            continue
        _expect(key in said, f"has no {key!r} in its metadata")
        is_right, expected = METADATA[key]
        _expect(is_right(said[key]), f"has a wrong {key!r} in its metadata (expected {expected})")
    return ModelFacts(
        name=said["name"],
        codec=said["codec"],
        parts=tuple(said["parts"]),
        styles=tuple(said["styles"]),
        state_shape=tuple(said["state_shape"]),
        ticks_per_beat=said["ticks_per_beat"],
        commit=said["commit"],
        data=tuple((entry["set"], entry["licence"]) for entry in said["data"]),
        quantised=said["quantised"],
        network=said.get("network", {}),
    )


def _json(data: Wire) -> dict[str, Any]:
    _expect(len(data) <= MAX_METADATA, f"has more than {MAX_METADATA >> 10} kB of metadata")
    try:
        said = json.loads(bytes(data), object_pairs_hook=_each_key_once)
    except (ValueError, RecursionError):
        raise _Refused("has metadata that is not JSON") from None
    _expect(isinstance(said, dict), "has metadata that is not a JSON object")
    assert isinstance(said, dict)
    return said


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


# --- what it computes -----------------------------------------------------------------------------


def _signature(file: ModelFile) -> int:
    """Check names, types and shapes of inputs and outputs; the size of the summary."""
    sizes = [v.value.shape[-1] for v in file._inputs if v.name == GIVEN_SUMMARY and v.value.shape]
    summary = sizes[0] if sizes else 0
    state = file.facts.state_shape
    inputs = {
        "event": Value(INT64, (1, EVENT_WIDTH)),
        "sounding": Value(FLOAT, (1, SOUNDING)),
        "state": Value(FLOAT, state),
        GIVEN_SUMMARY: Value(FLOAT, (1, summary)),
        "query": Value(INT64, (1, QUERY_WIDTH)),
    }
    outputs = {"next_state": Value(FLOAT, state), SUMMARY: Value(FLOAT, (1, summary))}
    outputs |= {logits_name(field): Value(FLOAT, (1, size)) for field, size in CODEC_FIELDS.items()}
    for side, found, expected in (
        ("inputs", file._inputs, inputs),
        ("outputs", file._outputs, outputs),
    ):
        names = [v.name for v in found]
        _expect(
            names == list(expected),
            f"has {side} {', '.join(names)[:MAX_NAME]} instead of {', '.join(expected)}",
        )
        for v in found:
            is_right = v.value == expected[v.name]
            _expect(
                is_right,
                f"has {v.name} of shape {v.value.shape}, expected {expected[v.name].shape}",
            )
    return summary


def _wiring(file: ModelFile) -> None:
    """Follow types and shapes from the inputs to the outputs; add up memory and work of one
    step.
    """
    known: dict[str, Value] = {}
    for given in (*file._inputs, *file._initialisers):
        _expect(given.name not in known, f"defines {given.name!r} twice")
        known[given.name] = given.value
    values = unpacked = work = 0
    for node in file._nodes:
        _expect(
            all(name in known for name in node.inputs),
            f"uses a value before it is made ({node.op})",
        )
        inputs = [known[name] for name in node.inputs]
        try:
            made = result(node.op, inputs, node.attributes, len(node.outputs))
        except Misfit as misfit:
            raise _Refused(
                f"uses an operator in a way livegen's exporter does not: {node.op} {misfit}"
            ) from None
        for name, value in zip(node.outputs, made, strict=True):
            _expect(name not in known, f"defines {name!r} twice")
            known[name] = value
            if node.op == "DequantizeLinear":
                unpacked += prod(value.shape)
            else:
                values += prod(value.shape)
        work += multiplications(node.op, inputs)
        has_room = values <= MAX_VALUES and unpacked <= MAX_BYTES
        fits = has_room and work <= MAX_MULTIPLICATIONS and len(made[0].shape) <= MAX_RANK
        _expect(fits, "needs more memory or work than any model of livegen")
    for output in file._outputs:
        is_right = known.get(output.name) == output.value
        _expect(is_right, f"does not compute {output.name} in the shape it states")


def _halves(file: ModelFile) -> None:
    """Hearing must not depend on what is asked, nor an answer on more than the summary and the
    query, of which nothing is known yet where the first field is asked.
    """
    whole, names = file._reach(v.name for v in file._outputs)
    spare = len(whole) < len(file._nodes) or any(v.name not in names for v in file._initialisers)
    _expect(not spare, "holds weights or operators that nothing uses")
    given = {v.name for v in file._inputs}
    first, *others = map(logits_name, CODEC_FIELDS)
    for wanted, allowed in ((ADVANCED, HEARD), ((first,), ASKED[:1]), (others, ASKED)):
        for output in wanted:
            stray = file._reach([output])[1] & given - set(allowed)
            _expect(not stray, f"computes {output} from {min(stray, default='')}")
