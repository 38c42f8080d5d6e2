"""The operators of a model file: the inputs and attributes that each takes, and the shape of what it makes.

`livegen.inference.onnx_file` works out type and shape of every value of a graph with this table before the runtime sees
the file.  So an operator that is not here, or one that does not fit or would need more memory or work than a network of
ours, never reaches native code.  The table holds what recurrent networks, transformers and small convolutions need; no
control flow, nothing that makes a shape of values, nothing that is random.  Knows no file format.

The rules are those of the ONNX operator schemas, opset 21, narrowed to static shapes of at most five axes.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

FLOAT, INT8, INT64, BOOL = 1, 3, 7, 9  # onnx.TensorProto.DataType
ITEM_BYTES = {FLOAT: 4, INT8: 1, INT64: 8, BOOL: 1}
MAX_RANK = 5
# The input of an operator that is a matrix which a whole step reads.
MATRICES = {"MatMul": 1, "DequantizeLinear": 0}
# Numbers that may share a scale: what the runtime's MatMulNBits takes.
BLOCKS = (16, 32, 64, 128, 256)

Shape = tuple[int, ...]
Attribute = int | float | str | tuple[int, ...]
Attributes = Mapping[str, Attribute]


class Misfit(Exception):
    """An operator was given what it cannot take; the message completes "the operator X ..."."""


@dataclass(frozen=True, slots=True)
class Value:
    """Type and shape of a value; `data` is its content, little-endian, if it stands in the file."""

    dtype: int
    shape: Shape
    data: bytes | memoryview | None = None


Rule = Callable[[Sequence[Value], Attributes, int], list[Value]]


@dataclass(frozen=True, slots=True)
class Operator:
    """Numbers of inputs and outputs, attributes with their kind, and the rule of shapes."""

    inputs: range
    outputs: range
    attributes: Mapping[str, type]
    rule: Rule


def result(op: str, inputs: Sequence[Value], given: Attributes, outputs: int) -> list[Value]:
    """Types and shapes of the outputs of one node.  Raises Misfit."""
    operator = OPERATORS.get(op)
    if operator is None:
        raise Misfit("is not one that livegen uses")
    _expect(len(inputs) in operator.inputs, f"has {len(inputs)} inputs")
    _expect(outputs in operator.outputs, f"has {outputs} outputs")
    for name, value in given.items():
        is_known = type(value) is operator.attributes.get(name)
        _expect(is_known, f"has an attribute {name!r} that livegen does not use")
    return operator.rule(inputs, given, outputs)


def multiplications(op: str, inputs: Sequence[Value], made: Value) -> int:
    """Multiplications of a product of matrices or of a convolution; 0 for every other operator."""
    if op == "MatMul":
        return prod(made.shape) * inputs[0].shape[-1]
    return prod(made.shape) * prod(inputs[1].shape[1:]) if op == "Conv" else 0


# --- what rules are made of ---------------------------------------------------------------------------------------


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise Misfit(otherwise)


def _expect_types(inputs: Sequence[Value], *types: int) -> None:
    fits = all(value.dtype == dtype for value, dtype in zip(inputs, types, strict=True))
    _expect(fits, "is given values of types that do not go together")


def _broadcast(*shapes: Shape) -> Shape:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise Misfit("is given shapes that do not fit") from None


def _number(given: Attributes, name: str, default: int) -> int:
    value = given.get(name, default)
    assert isinstance(value, int)
    return value


def _numbers(given: Attributes, name: str, default: Shape) -> Shape:
    value = given.get(name, default)
    assert isinstance(value, tuple)
    return value


def _axis(axis: int, rank: int) -> int:
    _expect(-rank <= axis < rank, f"works along axis {axis} of {rank}")
    return axis % rank


def _constant(value: Value) -> list[int]:
    """Content of a constant of at most 64 whole numbers."""
    is_there = value.data is not None and value.dtype == INT64
    _expect(is_there, "is steered by something that is not a constant")
    assert value.data is not None
    fits = len(value.shape) <= 1 and 8 <= len(value.data) <= 512
    _expect(fits, "is steered by a constant of a wrong size")
    return [number for (number,) in struct.iter_unpack("<q", value.data)]


def _axes(value: Value, rank: int) -> set[int]:
    axes = [_axis(axis, rank) for axis in _constant(value)]
    _expect(len(set(axes)) == len(axes), "names an axis twice")
    return set(axes)


# --- rules --------------------------------------------------------------------------------------------------------


def _each(*types: int) -> Rule:
    """Each number by itself."""

    def rule(inputs: Sequence[Value], _: Attributes, __: int) -> list[Value]:
        _expect(inputs[0].dtype in types, "is given values of a type that it does not take")
        return [Value(inputs[0].dtype, inputs[0].shape)]

    return rule


def _together(*types: int, makes: int | None = None) -> Rule:
    """The numbers of several values, of one of these types, that stand at the same place."""

    def rule(inputs: Sequence[Value], _: Attributes, __: int) -> list[Value]:
        dtype = inputs[0].dtype
        _expect(dtype in types, "is given values of a type that it does not take")
        _expect_types(inputs, *[dtype] * len(inputs))
        return [Value(makes or dtype, _broadcast(*(value.shape for value in inputs)))]

    return rule


def _where(inputs: Sequence[Value], _: Attributes, __: int) -> list[Value]:
    dtype = inputs[1].dtype
    _expect_types(inputs, BOOL, dtype, dtype)
    return [Value(dtype, _broadcast(*(value.shape for value in inputs)))]


def _cast(inputs: Sequence[Value], given: Attributes, _: int) -> list[Value]:
    to = _number(given, "to", 0)
    _expect(to in (FLOAT, INT64, BOOL), "makes a type that livegen does not use")
    return [Value(to, inputs[0].shape)]


def _matmul(inputs: Sequence[Value], _: Attributes, __: int) -> list[Value]:
    _expect_types(inputs, FLOAT, FLOAT)
    a, b = (value.shape for value in inputs)
    _expect(min(len(a), len(b)) >= 2, "is given something other than matrices")
    _expect(a[-1] == b[-2], "is given matrices that do not fit")
    return [Value(FLOAT, (*_broadcast(a[:-2], b[:-2]), a[-2], b[-1]))]


def _along(inputs: Sequence[Value], given: Attributes, _: int) -> list[Value]:
    """Along an axis, the last by default, and of the same shape."""
    _expect_types(inputs, FLOAT)
    _axis(_number(given, "axis", -1), len(inputs[0].shape))
    return [Value(FLOAT, inputs[0].shape)]


def _normalised(inputs: Sequence[Value], given: Attributes, _: int) -> list[Value]:
    _expect_types(inputs, *[FLOAT] * len(inputs))
    shape = inputs[0].shape
    normal = shape[_axis(_number(given, "axis", -1), len(shape)) :]
    _expect(all(value.shape == normal for value in inputs[1:]), "has scales that do not fit")
    _expect(_number(given, "stash_type", FLOAT) == FLOAT, "computes in a type of its own")
    return [Value(FLOAT, shape)]


def _reduced(inputs: Sequence[Value], given: Attributes, _: int) -> list[Value]:
    _expect_types(inputs, FLOAT, INT64)
    _expect(not given.get("noop_with_empty_axes"), "may reduce along no axis")
    shape, axes = inputs[0].shape, _axes(inputs[1], len(inputs[0].shape))
    keeps = bool(given.get("keepdims", 1))
    kept = (1 if at in axes else n for at, n in enumerate(shape) if keeps or at not in axes)
    return [Value(FLOAT, tuple(kept))]


def _reshape(inputs: Sequence[Value], given: Attributes, _: int) -> list[Value]:
    shape, size = _constant(inputs[1]), prod(inputs[0].shape)
    if shape.count(-1) == 1:
        shape[shape.index(-1)] = size // max(1, -prod(shape))
    fits = len(shape) <= MAX_RANK and min(shape) > 0 and prod(shape) == size
    _expect(fits, "makes a shape that does not hold what it is given")
    return [Value(inputs[0].dtype, tuple(shape))]


def _transpose(inputs: Sequence[Value], given: Attributes, _: int) -> list[Value]:
    shape = inputs[0].shape
    order = _numbers(given, "perm", tuple(range(len(shape)))[::-1])
    _expect(sorted(order) == list(range(len(shape))), "puts axes in no order")
    return [Value(inputs[0].dtype, tuple(shape[axis] for axis in order))]


def _unsqueeze(inputs: Sequence[Value], _: Attributes, __: int) -> list[Value]:
    rank = len(inputs[0].shape) + prod(inputs[1].shape)
    places, rest = _axes(inputs[1], rank), iter(inputs[0].shape)
    return [Value(inputs[0].dtype, tuple(1 if i in places else next(rest) for i in range(rank)))]


def _squeeze(inputs: Sequence[Value], _: Attributes, __: int) -> list[Value]:
    shape, axes = inputs[0].shape, _axes(inputs[1], len(inputs[0].shape))
    _expect(all(shape[axis] == 1 for axis in axes), "takes away an axis that holds something")
    return [Value(inputs[0].dtype, tuple(n for at, n in enumerate(shape) if at not in axes))]


def _expand(inputs: Sequence[Value], _: Attributes, __: int) -> list[Value]:
    shape = tuple(_constant(inputs[1]))
    _expect(min(shape) > 0, "makes an impossible shape")
    return [Value(inputs[0].dtype, _broadcast(inputs[0].shape, shape))]


def _gather(inputs: Sequence[Value], given: Attributes, _: int) -> list[Value]:
    table, index = inputs
    _expect_types(inputs, table.dtype, INT64)
    axis = _axis(_number(given, "axis", 0), len(table.shape))
    if index.data is not None:
        size = table.shape[axis]
        _expect(all(-size <= i < size for i in _constant(index)), "looks outside of its table")
    return [Value(table.dtype, table.shape[:axis] + index.shape + table.shape[axis + 1 :])]


def _gather_elements(inputs: Sequence[Value], given: Attributes, _: int) -> list[Value]:
    table, index = inputs
    _expect_types(inputs, table.dtype, INT64)
    axis = _axis(_number(given, "axis", 0), len(table.shape))
    rest = [shape[:axis] + shape[axis + 1 :] for shape in (table.shape, index.shape)]
    _expect(rest[0] == rest[1], "is given an index that does not fit its table")
    return [Value(table.dtype, index.shape)]


def _gather_nd(inputs: Sequence[Value], given: Attributes, _: int) -> list[Value]:
    table, index = inputs
    _expect_types(inputs, table.dtype, INT64)
    _expect(not given.get("batch_dims"), "looks things up in batches")
    _expect(index.shape[-1:] == (len(table.shape),), "is given places that name no single number")
    return [Value(table.dtype, index.shape[:-1])]


def _split(inputs: Sequence[Value], given: Attributes, outputs: int) -> list[Value]:
    shape = inputs[0].shape
    axis = _axis(_number(given, "axis", 0), len(shape))
    says = len(inputs) > 1, given.get("num_outputs") == outputs
    _expect(
        says.count(True) == 1 and len(inputs) + len(given) < 4, "does not say once how to split"
    )
    sizes = _constant(inputs[1]) if len(inputs) > 1 else [shape[axis] // outputs] * outputs
    fits = len(sizes) == outputs and sum(sizes) == shape[axis] and min(sizes) > 0
    _expect(fits, "splits into pieces that do not fit")
    return [Value(inputs[0].dtype, (*shape[:axis], size, *shape[axis + 1 :])) for size in sizes]


def _concat(inputs: Sequence[Value], given: Attributes, _: int) -> list[Value]:
    first = inputs[0]
    axis = _axis(_number(given, "axis", 0), len(first.shape))
    others = {(v.dtype, len(v.shape), v.shape[:axis], v.shape[axis + 1 :]) for v in inputs}
    _expect(len(others) == 1 and "axis" in given, "joins pieces that do not fit")
    joined = sum(v.shape[axis] for v in inputs)
    return [Value(first.dtype, (*first.shape[:axis], joined, *first.shape[axis + 1 :]))]


def _slice(inputs: Sequence[Value], _: Attributes, __: int) -> list[Value]:
    shape = list(inputs[0].shape)
    starts, ends, axes, *steps = (_constant(v) for v in inputs[1:])
    is_plain = all(step == 1 for step in (steps or [[]])[0])
    fits = len(starts) == len(ends) == len(axes) == len((steps or [axes])[0])
    _expect(is_plain and fits and _axes(inputs[3], len(shape)) != set(), "cuts with a step")
    for start, end, axis in zip(starts, ends, axes, strict=True):
        at = _axis(axis, len(shape))
        shape[at] = len(range(*slice(start, end).indices(shape[at])))
    _expect(min(shape) > 0, "cuts everything away")
    return [Value(inputs[0].dtype, tuple(shape))]


def _convolution(inputs: Sequence[Value], given: Attributes, _: int) -> list[Value]:
    _expect_types(inputs, *[FLOAT] * len(inputs))
    x, weight = (value.shape for value in inputs[:2])
    axes, groups = len(x) - 2, _number(given, "group", 1)
    _expect(1 <= axes <= 2 and len(weight) == len(x), "is given something other than 1 or 2 axes")
    ones, zeros = (1,) * axes, (0,) * 2 * axes
    kernel, pads = _numbers(given, "kernel_shape", weight[2:]), _numbers(given, "pads", zeros)
    strides, dilations = _numbers(given, "strides", ones), _numbers(given, "dilations", ones)
    fits = kernel == weight[2:] and len(strides) == len(dilations) == axes and len(pads) == 2 * axes
    _expect(fits and min(*strides, *dilations) > 0 <= min(pads), "has a kernel that does not fit")
    is_shared = groups > 0 == weight[0] % groups and x[1] == weight[1] * groups
    _expect(is_shared, "has channels that do not fit")
    _expect(all(bias.shape == weight[:1] for bias in inputs[2:]), "has a bias that does not fit")
    sizes = tuple(
        (size + before + after - dilation * (width - 1) - 1) // stride + 1
        for size, before, after, dilation, width, stride in zip(
            x[2:], pads[:axes], pads[axes:], dilations, kernel, strides, strict=True
        )
    )
    _expect(min(sizes) > 0, "has a kernel longer than what it is given")
    return [Value(FLOAT, (x[0], weight[0], *sizes))]


def _pooled(inputs: Sequence[Value], _: Attributes, __: int) -> list[Value]:
    _expect_types(inputs, FLOAT)
    _expect(len(inputs[0].shape) > 2, "is given nothing to pool")
    return [Value(FLOAT, inputs[0].shape[:2] + (1,) * (len(inputs[0].shape) - 2))]


def _dequantise(inputs: Sequence[Value], given: Attributes, _: int) -> list[Value]:
    whole, scale = inputs
    is_fixed = whole.data is not None and scale.data is not None
    _expect(is_fixed, "is given something that is not a constant")  # so that it is done once
    _expect_types(inputs, INT8, FLOAT)
    block = _number(given, "block_size", 0)
    _expect(block in BLOCKS and given.get("axis") == 0, "has blocks that livegen does not use")
    fits = len(whole.shape) == 2 and scale.shape == (whole.shape[0] / block, whole.shape[1])
    _expect(fits, "has scales that do not fit")
    return [Value(FLOAT, whole.shape)]


# --- the table ----------------------------------------------------------------------------------------------------


def _operator(
    inputs: range | int, rule: Rule, outputs: range | int = 1, **attributes: type
) -> Operator:
    def exactly(n: range | int) -> range:
        return n if isinstance(n, range) else range(n, n + 1)

    return Operator(exactly(inputs), exactly(outputs), attributes, rule)


_MANY = range(1, 65)
_FLOATS, _NUMBERS = (FLOAT,), (FLOAT, INT64)

OPERATORS: dict[str, Operator] = {
    **dict.fromkeys(
        ("Sigmoid", "Tanh", "Relu", "Erf", "Exp", "Log", "Sqrt", "Reciprocal", "Sin", "Cos"),
        _operator(1, _each(*_FLOATS)),
    ),
    **dict.fromkeys(("Neg", "Abs"), _operator(1, _each(*_NUMBERS))),
    "Gelu": _operator(1, _each(*_FLOATS), approximate=str),
    "LeakyRelu": _operator(1, _each(*_FLOATS), alpha=float),
    "Not": _operator(1, _each(BOOL)),
    "Identity": _operator(1, _each(FLOAT, INT64, BOOL)),
    **dict.fromkeys(("Add", "Sub", "Mul"), _operator(2, _together(*_NUMBERS))),
    **dict.fromkeys(("Div", "Pow"), _operator(2, _together(*_FLOATS))),
    **dict.fromkeys(("Min", "Max"), _operator(_MANY, _together(*_NUMBERS))),
    **dict.fromkeys(("And", "Or"), _operator(2, _together(BOOL))),
    **dict.fromkeys(
        ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"),
        _operator(2, _together(*_NUMBERS, makes=BOOL)),
    ),
    "Where": _operator(3, _where),
    "Cast": _operator(1, _cast, to=int),
    "MatMul": _operator(2, _matmul),
    **dict.fromkeys(("Softmax", "LogSoftmax"), _operator(1, _along, axis=int)),
    "LayerNormalization": _operator(
        range(2, 4), _normalised, axis=int, epsilon=float, stash_type=int
    ),
    **dict.fromkeys(
        ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2"),
        _operator(2, _reduced, keepdims=int, noop_with_empty_axes=int),
    ),
    "Reshape": _operator(2, _reshape, allowzero=int),
    "Transpose": _operator(1, _transpose, perm=tuple),
    "Unsqueeze": _operator(2, _unsqueeze),
    "Squeeze": _operator(2, _squeeze),
    "Expand": _operator(2, _expand),
    "Gather": _operator(2, _gather, axis=int),
    "GatherElements": _operator(2, _gather_elements, axis=int),
    "GatherND": _operator(2, _gather_nd, batch_dims=int),
    "Split": _operator(range(1, 3), _split, outputs=_MANY, axis=int, num_outputs=int),
    "Concat": _operator(_MANY, _concat, axis=int),
    "Slice": _operator(range(4, 6), _slice),
    "Conv": _operator(
        range(2, 4), _convolution,
        dilations=tuple, group=int, kernel_shape=tuple, pads=tuple, strides=tuple,
    ),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool"), _operator(1, _pooled)),
    # What int8 adds.
    "DequantizeLinear": _operator(2, _dequantise, axis=int, block_size=int),
}  # fmt: skip
