"""The operators of a model file: the inputs and attributes that each takes, and the shape of what it makes.

`livegen.inference.onnx_file` works out type and shape of every value of a graph with this table before the runtime sees
the file.  So an operator that is not here, or one that does not fit or would need more memory or work than a network of
ours, never reaches native code.  The table holds what recurrent networks, transformers and small convolutions need; no
control flow, nothing that makes a shape of values, nothing that is random.  Knows no bytes of a file.

The rules are those of the ONNX operator schemas, opset 21, narrowed to static shapes of at most five axes.  What NumPy
has a function for, NumPy works out, on arrays of such a shape whose numbers all lie in one place.
"""

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from livegen.inference.protobuf import RefusedFile, expect

FLOAT, INT8, INT64, BOOL = 1, 3, 7, 9  # onnx.TensorProto.DataType
ITEM_BYTES = {FLOAT: 4, INT8: 1, INT64: 8, BOOL: 1}
MAX_RANK = 5
_MANY = 64  # pieces that are split or joined, and numbers of a constant that is looked up by
# Numbers that may share a scale: what the runtime's MatMulNBits takes.
BLOCKS = (16, 32, 64, 128, 256)

Shape = tuple[int, ...]
Attributes = Mapping[str, Any]  # a float, an int, a str, or a tuple of int


@dataclass(frozen=True, slots=True)
class Value:
    """Type and shape of a value; `data` is its content, little-endian, if it stands in the file."""

    dtype: int
    shape: Shape
    data: bytes | memoryview | None = None


Inputs = Sequence[Value]
Rule = Callable[[Inputs, Attributes, int], list[Shape]]  # the number is that of the outputs


@dataclass(frozen=True, slots=True)
class Operator:
    """The types of inputs, the rule of shapes, attributes with their kind, the type of outputs and their number.

    `types` is a regular expression over the letters of `_TYPES`, one for each input.
    """

    types: str
    rule: Rule
    attributes: Mapping[str, type] = field(default_factory=dict)
    makes: Callable[[Inputs, Attributes], int] = lambda inputs, _: inputs[0].dtype
    outputs: range = range(1, 2)


_TYPES = {FLOAT: "f", INT8: "q", INT64: "i", BOOL: "b"}


def result(op: str, inputs: Inputs, given: Attributes, outputs: int) -> list[Value]:
    """Types and shapes of the outputs of one node.  Raises RefusedFile."""
    try:
        return _made(op, inputs, given, outputs)
    except RefusedFile as refusal:
        reason = str(refusal)
    except (ValueError, IndexError, OverflowError):  # what NumPy raises
        reason = "is given shapes that do not fit"
    raise RefusedFile(f"uses an operator in a way livegen's exporter does not: {op} {reason}")


def _made(op: str, inputs: Inputs, given: Attributes, outputs: int) -> list[Value]:
    expect(op in OPERATORS, "is not one that livegen uses")
    operator, types = OPERATORS[op], "".join(_TYPES[value.dtype] for value in inputs)
    fits = re.fullmatch(operator.types, types) and outputs in operator.outputs
    expect(bool(fits), f"has inputs of types {types[:9]!r} and {outputs} outputs")
    for name, value in given.items():
        is_known = type(value) is operator.attributes.get(name)
        expect(is_known, f"has an attribute {name!r} that livegen does not use")
    shapes = operator.rule(inputs, given, outputs)
    is_usual = all(len(shape) <= MAX_RANK and 0 not in shape for shape in shapes)
    expect(is_usual, "makes an impossible shape")
    return [Value(operator.makes(inputs, given), shape) for shape in shapes]


def multiplications(op: str, inputs: Inputs, made: Value) -> int:
    """Multiplications of a product of matrices or of a convolution; 0 for every other operator."""
    if op == "MatMul":
        return prod(made.shape) * inputs[0].shape[-1]
    return prod(made.shape) * prod(inputs[1].shape[1:]) if op == "Conv" else 0


# --- what rules are made of ---------------------------------------------------------------------------------------


def _view(value: Value) -> np.ndarray[Any, Any]:
    """An array of a value's shape that takes no memory."""
    return np.broadcast_to(np.int8(0), value.shape)


def _axis(axis: int, rank: int) -> int:
    expect(-rank <= axis < rank, f"works along axis {axis} of {rank}")
    return axis % rank


def _constant(value: Value, longest: int = MAX_RANK) -> list[int]:
    """Content of a constant of so many whole numbers."""
    data = value.data or b""
    fits = len(value.shape) <= 1 and 8 <= len(data) <= 8 * longest
    expect(fits, "is steered by something that is not a short constant")
    return [number for (number,) in struct.iter_unpack("<q", data)]


def _axes(value: Value, rank: int) -> list[int]:
    axes = [_axis(axis, rank) for axis in _constant(value)]
    expect(len(set(axes)) == len(axes), "names an axis twice")
    return axes


# --- rules --------------------------------------------------------------------------------------------------------


def _each(inputs: Inputs, _: Attributes, __: int) -> list[Shape]:
    """Each number by itself."""
    return [inputs[0].shape]


def _together(inputs: Inputs, _: Attributes, __: int) -> list[Shape]:
    """The numbers of several values that stand at the same place."""
    return [np.broadcast_shapes(*(value.shape for value in inputs))]


def _cast(inputs: Inputs, given: Attributes, _: int) -> list[Shape]:
    expect(given.get("to") in (FLOAT, INT64, BOOL), "makes a type that livegen does not use")
    return [inputs[0].shape]


def _matmul(inputs: Inputs, _: Attributes, __: int) -> list[Shape]:
    a, b = (value.shape for value in inputs)
    expect(min(len(a), len(b)) >= 2 and a[-1] == b[-2], "is given matrices that do not fit")
    return [(*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1])]


def _along(inputs: Inputs, given: Attributes, _: int) -> list[Shape]:
    """Along an axis, the last by default, or that and all after it, where there are scales."""
    shape = inputs[0].shape
    normal = shape[_axis(given.get("axis", -1), len(shape)) :]
    expect(all(value.shape == normal for value in inputs[1:]), "has scales that do not fit")
    expect(given.get("stash_type", FLOAT) == FLOAT, "computes in a type of its own")
    return [shape]


def _reduced(inputs: Inputs, given: Attributes, _: int) -> list[Shape]:
    expect(not given.get("noop_with_empty_axes"), "may reduce along no axis")
    shape, axes = inputs[0].shape, _axes(inputs[1], len(inputs[0].shape))
    keeps = given.get("keepdims", 1)
    return [tuple(1 if at in axes else n for at, n in enumerate(shape) if keeps or at not in axes)]


def _reshape(inputs: Inputs, _: Attributes, __: int) -> list[Shape]:
    shape = _constant(inputs[1])
    expect(min(shape) >= -1, "makes an impossible shape")
    return [_view(inputs[0]).reshape(shape).shape]


def _transpose(inputs: Inputs, given: Attributes, _: int) -> list[Shape]:
    order = given.get("perm")
    expect(order is None or min(order, default=0) >= 0, "puts axes in no order")
    return [_view(inputs[0]).transpose(order).shape]


def _unsqueeze(inputs: Inputs, _: Attributes, __: int) -> list[Shape]:
    return [np.expand_dims(_view(inputs[0]), _constant(inputs[1])).shape]


def _squeeze(inputs: Inputs, _: Attributes, __: int) -> list[Shape]:
    return [_view(inputs[0]).squeeze(tuple(_constant(inputs[1]))).shape]


def _expand(inputs: Inputs, _: Attributes, __: int) -> list[Shape]:
    return [np.broadcast_shapes(inputs[0].shape, tuple(_constant(inputs[1])))]


def _gather(inputs: Inputs, given: Attributes, _: int) -> list[Shape]:
    table, index = inputs
    axis = _axis(given.get("axis", 0), len(table.shape))
    if index.data is not None:
        size = table.shape[axis]
        is_inside = all(-size <= i < size for i in _constant(index, _MANY))
        expect(is_inside, "looks outside of its table")
    return [table.shape[:axis] + index.shape + table.shape[axis + 1 :]]


def _gather_elements(inputs: Inputs, given: Attributes, _: int) -> list[Shape]:
    table, index = (value.shape for value in inputs)
    axis = _axis(given.get("axis", 0), len(table))
    fits = table[:axis] + table[axis + 1 :] == index[:axis] + index[axis + 1 :]
    expect(fits and len(table) == len(index), "is given an index that does not fit its table")
    return [index]


def _gather_nd(inputs: Inputs, given: Attributes, _: int) -> list[Shape]:
    table, index = (value.shape for value in inputs)
    is_single = index[-1:] == (len(table),) and not given.get("batch_dims")
    expect(is_single, "is given places that name no single number")
    return [index[:-1]]


def _split(inputs: Inputs, given: Attributes, outputs: int) -> list[Shape]:
    shape = inputs[0].shape
    axis = _axis(given.get("axis", 0), len(shape))
    says_once = given.get("num_outputs") == (None if len(inputs) > 1 else outputs)
    expect(says_once, "does not say once how to split")
    sizes = _constant(inputs[1], _MANY) if len(inputs) > 1 else [shape[axis] // outputs] * outputs
    fits = len(sizes) == outputs and sum(sizes) == shape[axis] and min(sizes) > 0
    expect(fits, "splits into pieces that do not fit")
    return [(*shape[:axis], size, *shape[axis + 1 :]) for size in sizes]


def _concat(inputs: Inputs, given: Attributes, _: int) -> list[Shape]:
    shapes = [value.shape for value in inputs]
    axis = _axis(given.get("axis", 0), len(shapes[0]))
    rest = {(len(shape), shape[:axis], shape[axis + 1 :]) for shape in shapes}
    expect(len(rest) == 1 and "axis" in given, "joins pieces that do not fit")
    joined = sum(shape[axis] for shape in shapes)
    return [(*shapes[0][:axis], joined, *shapes[0][axis + 1 :])]


def _slice(inputs: Inputs, _: Attributes, __: int) -> list[Shape]:
    rest, axes = _view(inputs[0]), _axes(inputs[3], len(inputs[0].shape))
    starts, ends = _constant(inputs[1]), _constant(inputs[2])
    steps = _constant(inputs[4]) if len(inputs) > 4 else [1] * len(axes)
    is_plain = len(starts) == len(ends) == len(axes) and steps == [1] * len(axes)
    expect(is_plain, "cuts with a step")
    for start, end, axis in zip(starts, ends, axes, strict=True):
        rest = rest[(slice(None),) * axis + (slice(start, end),)]
    return [rest.shape]


def _convolution(inputs: Inputs, given: Attributes, _: int) -> list[Shape]:
    x, weight, *biases = (value.shape for value in inputs)
    axes, groups = len(x) - 2, given.get("group", 1)
    expect(1 <= axes <= 2 and len(weight) == len(x), "is given something other than 1 or 2 axes")
    kernel, pads = given.get("kernel_shape", weight[2:]), given.get("pads", (0,) * 2 * axes)
    strides, dilations = (given.get(name, (1,) * axes) for name in ("strides", "dilations"))
    fits = kernel == weight[2:] and len(strides) == len(dilations) == axes and len(pads) == 2 * axes
    expect(fits and min(*strides, *dilations) > 0 <= min(pads), "has a kernel that does not fit")
    is_shared = groups > 0 == weight[0] % groups and x[1] == weight[1] * groups
    expect(is_shared, "has channels that do not fit")
    expect(all(bias == weight[:1] for bias in biases), "has a bias that does not fit")
    sizes = tuple(
        (size + before + after - dilation * (width - 1) - 1) // stride + 1
        for size, before, after, dilation, width, stride in zip(
            x[2:], pads[:axes], pads[axes:], dilations, kernel, strides, strict=True
        )
    )
    expect(min(sizes) > 0, "has a kernel longer than what it is given")
    return [(x[0], weight[0], *sizes)]


def _pooled(inputs: Inputs, _: Attributes, __: int) -> list[Shape]:
    shape = inputs[0].shape
    expect(len(shape) > 2, "is given nothing to pool")
    return [shape[:2] + (1,) * (len(shape) - 2)]


def _dequantise(inputs: Inputs, given: Attributes, _: int) -> list[Shape]:
    is_fixed = all(value.data is not None for value in inputs)
    expect(is_fixed, "is given something that is not a constant")  # so that it is done once
    whole, scale = (value.shape for value in inputs)
    block = given.get("block_size", 0)
    expect(block in BLOCKS and given.get("axis") == 0, "has blocks that livegen does not use")
    fits = len(whole) == 2 and scale == (whole[0] / block, whole[1])
    expect(fits, "has scales that do not fit")
    return [whole]


# --- the table ----------------------------------------------------------------------------------------------------

_ANY = "[fib]"

OPERATORS: dict[str, Operator] = {
    **dict.fromkeys(
        ["Sigmoid", "Tanh", "Relu", "Erf", "Exp", "Log", "Sqrt", "Reciprocal", "Sin", "Cos"], Operator("f", _each)
    ),
    **dict.fromkeys(["Neg", "Abs"], Operator("f|i", _each)),
    "Gelu": Operator("f", _each, {"approximate": str}),
    "LeakyRelu": Operator("f", _each, {"alpha": float}),
    "Not": Operator("b", _each),
    "Identity": Operator(_ANY, _each),
    **dict.fromkeys(["Add", "Sub", "Mul"], Operator("ff|ii", _together)),
    **dict.fromkeys(["Div", "Pow"], Operator("ff", _together)),
    **dict.fromkeys(["Min", "Max"], Operator("f{1,64}|i{1,64}", _together)),
    **dict.fromkeys(["And", "Or"], Operator("bb", _together)),
    **dict.fromkeys(
        ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"],
        Operator("ff|ii", _together, makes=lambda _, __: BOOL),
    ),
    "Where": Operator("b(ff|ii|bb)", _together, makes=lambda inputs, _: inputs[1].dtype),
    "Cast": Operator(_ANY, _cast, {"to": int}, lambda _, given: given["to"]),
    "MatMul": Operator("ff", _matmul),
    **dict.fromkeys(["Softmax", "LogSoftmax"], Operator("f", _along, {"axis": int})),
    "LayerNormalization": Operator("fff?", _along, {"axis": int, "epsilon": float, "stash_type": int}),
    **dict.fromkeys(
        ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2"],
        Operator("fi", _reduced, {"keepdims": int, "noop_with_empty_axes": int}),
    ),
    "Reshape": Operator(_ANY + "i", _reshape, {"allowzero": int}),
    "Transpose": Operator(_ANY, _transpose, {"perm": tuple}),
    "Unsqueeze": Operator(_ANY + "i", _unsqueeze),
    "Squeeze": Operator(_ANY + "i", _squeeze),
    "Expand": Operator(_ANY + "i", _expand),
    "Gather": Operator(_ANY + "i", _gather, {"axis": int}),
    "GatherElements": Operator(_ANY + "i", _gather_elements, {"axis": int}),
    "GatherND": Operator(_ANY + "i", _gather_nd, {"batch_dims": int}),
    "Split": Operator(_ANY + "i?", _split, {"axis": int, "num_outputs": int}, outputs=range(1, _MANY + 1)),
    "Concat": Operator("f{1,64}|i{1,64}|b{1,64}", _concat, {"axis": int}),
    "Slice": Operator(_ANY + "iiii?", _slice),
    "Conv": Operator("fff?", _convolution, {
        "dilations": tuple, "group": int, "kernel_shape": tuple, "pads": tuple, "strides": tuple,
    }),
    **dict.fromkeys(["GlobalAveragePool", "GlobalMaxPool"], Operator("f", _pooled)),
    # What int8 adds.
    "DequantizeLinear": Operator("qf", _dequantise, {"axis": int, "block_size": int}, lambda _, __: FLOAT),
}  # fmt: skip
