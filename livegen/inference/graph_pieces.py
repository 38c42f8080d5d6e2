"""Cuts a model file that was checked into the pieces that the runtime loads.

What goes to the runtime are bytes that `livegen.inference.onnx_file` has read, in a graph that is written here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from livegen.inference.onnx_file import (
    ADVANCED,
    ENTRY,
    GIVEN_SUMMARY,
    IR_VERSION,
    LOOKED,
    OPSET,
    SUMMARY,
    GraphNode,
    ModelFile,
)
from livegen.inference.protobuf import BYTES, VARINT, Wire


@dataclass(frozen=True, slots=True)
class GraphPiece:
    """A model that computes some outputs: its bytes, and the inputs it needs, in the file's order."""

    data: bytes
    inputs: tuple[str, ...]


def piece_of(file: ModelFile, *outputs: str) -> GraphPiece:
    """The part of the graph that `outputs` depend on, as a model of its own.

    With outputs of both halves the answers are to the summary of this very event.
    """
    heard = {*ADVANCED, ENTRY, LOOKED}
    hearing, names = _reach(file, (name for name in outputs if name in heard))
    answering, asked = _reach(file, (name for name in outputs if name not in heard))
    nodes: list[bytes | Wire] = [node.wire for node in (*hearing, *answering)]
    if hearing and answering:
        nodes.insert(len(hearing), _identity(SUMMARY, GIVEN_SUMMARY))
        asked.discard(GIVEN_SUMMARY)
    names |= asked
    inputs = [value for value in file.inputs if value.name in names]
    graph = [
        *(_bytes(1, node) for node in nodes),
        _bytes(2, b"livegen"),
        *(_bytes(5, value.wire) for value in file.initialisers if value.name in names),
        *(_bytes(11, value.wire) for value in inputs),
        *(_bytes(12, value.wire) for value in file.outputs if value.name in outputs),
    ]
    opset = _bytes(1, b"") + _number(2, OPSET)
    model = [
        _number(1, IR_VERSION),
        _bytes(7, b"".join(graph)),
        _bytes(8, opset),
    ]
    return GraphPiece(b"".join(model), tuple(value.name for value in inputs))


def _reach(file: ModelFile, outputs: Iterable[str]) -> tuple[list[GraphNode], set[str]]:
    """Nodes that `outputs` need, in order, and the names of all they read or give."""
    needed, found = set(outputs), []
    for node in reversed(file.nodes):
        if needed.intersection(node.outputs):
            needed.update(node.inputs)
            found.append(node)
    return found[::-1], needed


def _identity(value: str, name: str) -> bytes:
    """A node that gives a value another name."""
    words = {1: value, 2: name, 4: "Identity"}
    return b"".join(_bytes(number, word.encode()) for number, word in words.items())


# --- protocol buffers ---------------------------------------------------------------------------------------------


def _bytes(number: int, data: bytes | Wire) -> bytes:
    """A field of a message, encoded: a text or another message."""
    return _encoded(number << 3 | BYTES) + _encoded(len(data)) + bytes(data)


def _number(number: int, value: int) -> bytes:
    """A field of a message, encoded: a number that is not negative."""
    return _encoded(number << 3 | VARINT) + _encoded(value)


def _encoded(number: int) -> bytes:
    """A number (not negative) as a varint."""
    low = bytearray()
    while number > 0x7F:
        low.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*low, number])
