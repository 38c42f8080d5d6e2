"""Cuts a model file that was checked into the pieces that the runtime loads.

What goes to the runtime are bytes that `livegen.inference.onnx_file` has read, in a graph that is written here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from livegen.errors import ModelError
from livegen.inference.onnx_file import (
    GIVEN_SUMMARY,
    IR_VERSION,
    OPSET,
    SUMMARY,
    GraphValue,
    ModelFile,
)
from livegen.inference.onnx_operators import FLOAT, Value
from livegen.inference.protobuf import BYTES, VARINT, Wire

Content = int | bytes | Wire  # of a field: a number that is not negative, or a text or a message


@dataclass(frozen=True, slots=True)
class GraphPiece:
    """A model that computes some outputs: its bytes, and the inputs it needs, in the file's order."""

    data: bytes
    inputs: tuple[str, ...]


def piece_of(file: ModelFile, *outputs: str) -> GraphPiece:
    """The part of the graph that `outputs` depend on, as a model of its own.

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
    graph: list[tuple[int, Content]] = [
        *((1, node) for node in nodes),
        (2, b"livegen"),
        *((5, value.wire) for value in file.initialisers if value.name in names),
        *((11, value.wire) for value in inputs),
        *((12, value.wire) for value in file.outputs if value.name in outputs),
    ]
    data = _message([(1, IR_VERSION), (7, _message(graph)), (8, _message([(2, OPSET)]))])
    return GraphPiece(data, tuple(value.name for value in inputs))


def with_weights(file: ModelFile, weights: Mapping[str, NDArray[np.float32]]) -> ModelFile:
    """The file with other numbers in place of some of its own.  Raises ModelError where they do not fit."""
    shapes = {it.name: it.value for it in file.initialisers if it.value.dtype == FLOAT}
    for name, array in weights.items():
        if name not in shapes or shapes[name].shape != array.shape:
            raise ModelError(f"{file.facts.name} has no weights {name} of shape {array.shape}")
    changed = tuple(
        _weighted(it.name, weights[it.name]) if it.name in weights else it
        for it in file.initialisers
    )
    return replace(file, initialisers=changed)


def _weighted(name: str, array: NDArray[np.float32]) -> GraphValue:
    data = np.ascontiguousarray(array, "<f4").tobytes()
    dims: list[tuple[int, Content]] = [(1, size) for size in array.shape]
    wire = _message([*dims, (2, FLOAT), (8, name.encode()), (9, data)])
    return GraphValue(name, Value(FLOAT, array.shape, data), memoryview(wire))


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
