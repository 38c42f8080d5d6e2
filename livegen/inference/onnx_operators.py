"""The operators our exporter uses: what each may be given, and the shape of what it makes.

`livegen.inference.onnx_file` works out the type and shape of every value of a graph with this table
before the runtime sees the file, so an operator that is not here, or one that is wired so that it
does not fit or would need more memory or work than a network of ours, never reaches native code.
Knows no file format.

The rules are those of the ONNX operator schemas, opset 21, narrowed to static shapes of at most
four axes; those of opset 20 say the same.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

FLOAT, UINT8, INT8, INT32, INT64 = 1, 2, 3, 6, 7  # onnx.TensorProto.DataType
ITEM_BYTES = {FLOAT: 4, UINT8: 1, INT8: 1, INT32: 4, INT64: 8}
MAX_RANK = 4
# Which input of an operator is a matrix that a whole step reads.
MATRICES = {"MatMul": 1, "MatMulInteger": 1, "DequantizeLinear": 0}
# How many numbers may share a scale: what the runtime's MatMulNBits takes.
BLOCKS = (16, 32, 64, 128, 256)

Shape = tuple[int, ...]


class Misfit(Exception):
    """An operator was given what it cannot take; the message completes "the operator X ..."."""


@dataclass(frozen=True, slots=True)
class Value:
    """Type and shape of a value; `data` is its content, little-endian, if it stands in the file."""

    dtype: int
    shape: Shape
    data: bytes | memoryview | None = None


Rule = Callable[[Sequence[Value], Mapping[str, int], int], list[Value]]


@dataclass(frozen=True, slots=True)
class Operator:
    """Numbers of inputs and outputs, names of its attributes (all whole numbers), and its rule."""

    inputs: range
    outputs: range
    attributes: frozenset[str]
    rule: Rule


def result(
    op: str, inputs: Sequence[Value], attributes: Mapping[str, int], outputs: int
) -> list[Value]:
    """Types and shapes of the outputs of one node.  Raises Misfit."""
    operator = OPERATORS.get(op)
    if operator is None:
        raise Misfit("is not one that livegen uses")
    _expect(len(inputs) in operator.inputs, f"has {len(inputs)} inputs")
    _expect(outputs in operator.outputs, f"has {outputs} outputs")
    surplus = attributes.keys() - operator.attributes
    _expect(not surplus, f"has an attribute {min(surplus, default='')!r}")
    return operator.rule(inputs, attributes, outputs)


def multiplications(op: str, inputs: Sequence[Value]) -> int:
    """How many multiplications a matrix product takes; 0 for every other operator."""
    return inputs[0].shape[0] * prod(inputs[1].shape) if op in ("MatMul", "MatMulInteger") else 0


# --- rules ----------------------------------------------------------------------------------------


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise Misfit(otherwise)


def _same(inputs: Sequence[Value], _: Mapping[str, int], __: int) -> list[Value]:
    _expect(inputs[0].dtype == FLOAT, "is given whole numbers")
    return [Value(FLOAT, inputs[0].shape)]


def _pairwise(inputs: Sequence[Value], _: Mapping[str, int], __: int) -> list[Value]:
    a, b = inputs
    _expect(
        a.dtype == b.dtype and a.dtype in (FLOAT, INT64),
        "is given values of types that do not go together",
    )
    rank = max(len(a.shape), len(b.shape))
    wide = [(1,) * (rank - len(v.shape)) + v.shape for v in (a, b)]
    _expect(
        all(m == n or 1 in (m, n) for m, n in zip(*wide, strict=True)),
        "is given shapes that do not fit",
    )
    return [Value(a.dtype, tuple(max(m, n) for m, n in zip(*wide, strict=True)))]


def _product(a: Value, b: Value) -> Shape:
    _expect(len(a.shape) == len(b.shape) == 2, "is given something other than matrices")
    _expect(a.shape[1] == b.shape[0], "is given matrices that do not fit")
    return a.shape[0], b.shape[1]


def _matmul(inputs: Sequence[Value], _: Mapping[str, int], __: int) -> list[Value]:
    _expect(all(v.dtype == FLOAT for v in inputs), "is given whole numbers")
    return [Value(FLOAT, _product(inputs[0], inputs[1]))]


def _reshape(inputs: Sequence[Value], _: Mapping[str, int], __: int) -> list[Value]:
    shape = tuple(_whole_numbers(inputs[1]))
    fits = len(shape) <= MAX_RANK and min(shape) > 0 and prod(shape) == prod(inputs[0].shape)
    _expect(fits, "makes a shape that does not hold what it is given")
    return [Value(inputs[0].dtype, shape)]


def _transpose(inputs: Sequence[Value], _: Mapping[str, int], __: int) -> list[Value]:
    return [Value(inputs[0].dtype, inputs[0].shape[::-1])]


def _softmax(inputs: Sequence[Value], attributes: Mapping[str, int], _: int) -> list[Value]:
    _axis(attributes, len(inputs[0].shape))
    return _same(inputs, attributes, 1)


def _sum_along(inputs: Sequence[Value], attributes: Mapping[str, int], _: int) -> list[Value]:
    value, axes = inputs[0], _whole_numbers(inputs[1])
    _expect(value.dtype == FLOAT and len(axes) == 1, "sums along several axes, or whole numbers")
    _expect(not attributes.get("noop_with_empty_axes"), "may sum along no axis")
    axis = _axis({"axis": axes[0]}, len(value.shape))
    kept = (1,) if attributes.get("keepdims", 1) else ()
    return [Value(FLOAT, (*value.shape[:axis], *kept, *value.shape[axis + 1 :]))]


def _gather_elements(inputs: Sequence[Value], attributes: Mapping[str, int], _: int) -> list[Value]:
    table, index = inputs
    _expect(index.dtype == INT64, "is given an index that is not a whole number")
    axis = _axis(attributes, len(table.shape))
    rest = [shape[:axis] + shape[axis + 1 :] for shape in (table.shape, index.shape)]
    _expect(rest[0] == rest[1], "is given an index that does not fit its table")
    return [Value(table.dtype, index.shape)]


def _dequantise(inputs: Sequence[Value], attributes: Mapping[str, int], _: int) -> list[Value]:
    whole, scale = inputs
    fixed = whole.data is not None and scale.data is not None
    _expect(fixed, "is given something that is not a constant")  # so that it is done once
    _expect((whole.dtype, scale.dtype) == (INT8, FLOAT), "is given types it cannot multiply")
    block = attributes.get("block_size")
    _expect(block in BLOCKS and attributes.get("axis") == 0, "has blocks that livegen does not use")
    assert block
    fits = len(whole.shape) == 2 and scale.shape == (whole.shape[0] / block, whole.shape[1])
    _expect(fits, "has scales that do not fit")
    return [Value(FLOAT, whole.shape)]


def _matmul_integer(inputs: Sequence[Value], _: Mapping[str, int], __: int) -> list[Value]:
    a, b, a_zero, b_zero = inputs
    _expect(a.dtype == UINT8 and b.dtype in (UINT8, INT8), "is given types it cannot multiply")
    _expect((a_zero.dtype, b_zero.dtype) == (a.dtype, b.dtype), "has zero points of other types")
    shape = _product(a, b)
    _expect(
        a_zero.shape in ((), (1,)) and b_zero.shape in ((), (1,), (shape[1],)),
        "has zero points that do not fit",
    )
    return [Value(INT32, shape)]


def _gather_nd(inputs: Sequence[Value], attributes: Mapping[str, int], _: int) -> list[Value]:
    table, index = inputs
    _expect(index.dtype == INT64, "is given an index that is not a whole number")
    _expect(not attributes.get("batch_dims"), "looks things up in batches")
    _expect(index.shape[-1:] == (len(table.shape),), "is given places that name no single number")
    return [Value(table.dtype, index.shape[:-1])]


def _quantise(inputs: Sequence[Value], _: Mapping[str, int], __: int) -> list[Value]:
    _expect(inputs[0].dtype == FLOAT, "is given whole numbers")
    return [Value(UINT8, inputs[0].shape), Value(FLOAT, ()), Value(UINT8, ())]


def _cast(inputs: Sequence[Value], attributes: Mapping[str, int], _: int) -> list[Value]:
    _expect(
        inputs[0].dtype in (INT32, INT64) and attributes.get("to") == FLOAT,
        "makes something other than floats",
    )
    return [Value(FLOAT, inputs[0].shape)]


def _axis(attributes: Mapping[str, int], rank: int, key: str = "axis") -> int:
    axis = attributes.get(key, 0)
    _expect(-rank <= axis < rank, f"works along axis {axis} of {rank}")
    return axis % rank


def _gather(inputs: Sequence[Value], attributes: Mapping[str, int], _: int) -> list[Value]:
    table, index = inputs
    _expect(index.dtype == INT64, "is given an index that is not a whole number")
    axis = _axis(attributes, len(table.shape))
    if index.data is not None:
        size = table.shape[axis]
        _expect(all(-size <= i < size for i in _whole_numbers(index)), "looks outside of its table")
    return [Value(table.dtype, table.shape[:axis] + index.shape + table.shape[axis + 1 :])]


def _split(inputs: Sequence[Value], attributes: Mapping[str, int], outputs: int) -> list[Value]:
    shape = inputs[0].shape
    axis = _axis(attributes, len(shape))
    sizes = _whole_numbers(inputs[1]) if len(inputs) > 1 else [shape[axis] // outputs] * outputs
    _expect(
        len(inputs) > 1 or attributes.get("num_outputs") == outputs, "does not say how to split"
    )
    _expect(len(inputs) == 1 or "num_outputs" not in attributes, "says twice how to split")
    fits = len(sizes) == outputs and sum(sizes) == shape[axis] and min(sizes) > 0
    _expect(fits, "splits into pieces that do not fit")
    return [Value(inputs[0].dtype, (*shape[:axis], size, *shape[axis + 1 :])) for size in sizes]


def _concat(inputs: Sequence[Value], attributes: Mapping[str, int], _: int) -> list[Value]:
    first = inputs[0]
    axis = _axis(attributes, len(first.shape))
    others = {(v.dtype, len(v.shape), v.shape[:axis], v.shape[axis + 1 :]) for v in inputs}
    _expect(len(others) == 1 and "axis" in attributes, "joins pieces that do not fit")
    joined = sum(v.shape[axis] for v in inputs)
    return [Value(first.dtype, (*first.shape[:axis], joined, *first.shape[axis + 1 :]))]


def _unsqueeze(inputs: Sequence[Value], _: Mapping[str, int], __: int) -> list[Value]:
    axes = _whole_numbers(inputs[1])
    rank = len(inputs[0].shape) + len(axes)
    _expect(all(-rank <= axis < rank for axis in axes), "adds an axis out of range")
    places = {axis % rank for axis in axes}
    _expect(len(places) == len(axes) and rank <= MAX_RANK, "adds axes that do not fit")
    rest = iter(inputs[0].shape)
    return [Value(inputs[0].dtype, tuple(1 if i in places else next(rest) for i in range(rank)))]


def _slice(inputs: Sequence[Value], _: Mapping[str, int], __: int) -> list[Value]:
    shape = list(inputs[0].shape)
    starts, ends, axes, steps = (_whole_numbers(v) for v in inputs[1:])
    _expect(len(starts) == len(ends) == len(axes) == len(steps) == 1, "cuts along several axes")
    axis = _axis({"axis": axes[0]}, len(shape))
    _expect(steps[0] == 1, "cuts with a step")
    shape[axis] = len(range(*slice(starts[0], ends[0]).indices(shape[axis])))
    _expect(shape[axis] > 0, "cuts everything away")
    return [Value(inputs[0].dtype, tuple(shape))]


def _whole_numbers(value: Value) -> list[int]:
    """Content of a constant of at most 64 whole numbers."""
    _expect(
        value.data is not None and value.dtype == INT64,
        "is steered by something that is not a constant",
    )
    assert value.data is not None
    _expect(
        len(value.shape) <= 1 and 8 <= len(value.data) <= 512,
        "is steered by a constant of a wrong size",
    )
    return [number for (number,) in struct.iter_unpack("<q", value.data)]


def _operator(
    inputs: range | int, rule: Rule, *attributes: str, outputs: range | int = 1
) -> Operator:
    def exactly(n: range | int) -> range:
        return n if isinstance(n, range) else range(n, n + 1)

    return Operator(exactly(inputs), exactly(outputs), frozenset(attributes), rule)


OPERATORS = {
    "Add": _operator(2, _pairwise),
    "Sub": _operator(2, _pairwise),
    "Mul": _operator(2, _pairwise),
    "MatMul": _operator(2, _matmul),
    "Sigmoid": _operator(1, _same),
    "Tanh": _operator(1, _same),
    "Relu": _operator(1, _same),
    "Softmax": _operator(1, _softmax, "axis"),
    "ReduceSum": _operator(2, _sum_along, "keepdims", "noop_with_empty_axes"),
    "Reshape": _operator(2, _reshape, "allowzero"),
    "Transpose": _operator(1, _transpose),
    "Gather": _operator(2, _gather, "axis"),
    "GatherElements": _operator(2, _gather_elements, "axis"),
    "GatherND": _operator(2, _gather_nd, "batch_dims"),
    "Split": _operator(range(1, 3), _split, "axis", "num_outputs", outputs=range(1, 65)),
    "Concat": _operator(range(1, 65), _concat, "axis"),
    "Unsqueeze": _operator(2, _unsqueeze),
    "Slice": _operator(5, _slice),
    # What int8 adds.
    "DequantizeLinear": _operator(2, _dequantise, "axis", "block_size"),
    # What it added until November 2026.
    "DynamicQuantizeLinear": _operator(1, _quantise, outputs=3),
    "MatMulInteger": _operator(4, _matmul_integer),
    "Cast": _operator(1, _cast, "to"),
}
