"""Cuts a model file that was checked into the pieces that the runtime loads.

What goes to the runtime are bytes that `livegen.inference.onnx_file` has read, in a graph that is written here.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from livegen.inference.onnx_file import (
    GIVEN_SUMMARY,
    IR_VERSION,
    OPSET,
    SUMMARY,
    GraphValue,
    ModelFile,
)
from livegen.inference.protobuf import BYTES, VARINT, Wire

Content = int | bytes | Wire  # of a field: a number that is not negative, or a text or a message


@dataclass(frozen=True, slots=True)
class GraphPiece:
    """A model that computes some outputs: its bytes, and the inputs it needs, in the file's order."""

    data: bytes
    inputs: tuple[str, ...]


def piece_of(file: ModelFile, *outputs: str, given: Collection[str] = ()) -> GraphPiece:
    """The part of the graph that `outputs` depend on, as a model of its own; the weights `given` are inputs of it.

    With outputs of both halves the answers are to the summary of this very event.
    """
    hearing, names = file.reach(name for name in outputs if name in file.advanced)
    answering, asked = file.reach(name for name in outputs if name not in file.advanced)
    nodes = [node.wire for node in (*hearing, *answering)]
    if hearing and answering:  # the one's summary is given to the other
        words = {1: SUMMARY.encode(), 2: GIVEN_SUMMARY.encode(), 4: b"Identity"}
        nodes.insert(len(hearing), memoryview(_message(words.items())))
        asked.discard(GIVEN_SUMMARY)
    names |= asked
    inputs = [value for value in file.inputs if value.name in names]
    weights = [value for value in file.initialisers if value.name in names]
    opened = [value for value in weights if value.name in given]
    graph: list[tuple[int, Content]] = [
        *((1, node) for node in nodes),
        (2, b"livegen"),
        *((5, value.wire) for value in weights if value.name not in given),
        *((11, value.wire) for value in inputs),
        *((11, _as_input(value)) for value in opened),
        *((12, value.wire) for value in file.outputs if value.name in outputs),
    ]
    data = _message([(1, IR_VERSION), (7, _message(graph)), (8, _message([(2, OPSET)]))])
    return GraphPiece(data, tuple(value.name for value in (*inputs, *opened)))


def _as_input(it: GraphValue) -> Wire:
    """An initialiser as an input of the same name."""
    shape = _message((1, _message([(1, size)])) for size in it.value.shape)
    kind = _message([(1, _message([(1, it.value.dtype), (2, shape)]))])
    return memoryview(_message([(1, it.name.encode()), (2, kind)]))


def _message(fields: Iterable[tuple[int, Content]]) -> bytes:
    """A message in the encoding of protocol buffers, of fields by number."""
    pieces = list[bytes | Wire]()
    for number, content in fields:
        if isinstance(content, int):
            pieces += [_varint(number << 3 | VARINT), _varint(content)]
        else:
            pieces += [_varint(number << 3 | BYTES), _varint(len(content)), content]
    return b"".join(pieces)


def _varint(number: int) -> bytes:
    """The encoding of a number that is not negative."""
    low = bytearray()
    while number > 0x7F:
        low.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*low, number])
