"""The operators of a model file: the inputs and attributes that each takes, and the shape of what it makes.

`livegen.inference.onnx_file` works out type and shape of every value of a graph with this table before the runtime sees
the file.  So an operator that is not here, or one that does not fit or would need more memory or work than a network of
ours, never reaches native code.  The table holds what recurrent networks, transformers and small convolutions need; no
control flow, nothing that makes a shape of values, nothing that is random.  Knows no bytes of a file.

The rules are those of the ONNX operator schemas, opset 21, narrowed to static shapes of at most five axes.  What NumPy
has a function for, NumPy works out, on arrays of such a shape whose numbers all lie in one place.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

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

    @property
    def view(self) -> NDArray[np.int8]:
        """An array of this shape that takes no memory."""
        return np.broadcast_to(np.int8(0), self.shape)

    @property
    def numbers(self) -> list[int]:
        """The content of a short constant of whole numbers.  Raises RefusedFile."""
        data = self.data or b""
        fits = len(self.shape) <= 1 and 8 <= len(data) <= 8 * _MANY
        expect(fits, "is steered by something that is not a short constant")
        return [int(number) for number in np.frombuffer(data, "<i8")]

    def axis(self, axis: int) -> int:
        """The number of an axis that may be counted from the last one on.  Raises RefusedFile."""
        rank = len(self.shape)
        expect(-rank <= axis < rank, f"works along axis {axis} of {rank}")
        return axis % rank

    def axes(self, named: "Value") -> list[int]:
        """The numbers of the axes that a constant names.  Raises RefusedFile."""
        axes = list(map(self.axis, named.numbers))
        expect(len(set(axes)) == len(axes), "names an axis twice")
        return axes


Inputs = Sequence[Value]


@dataclass(frozen=True, slots=True)
class Operator:
    """The types of inputs, the rule of shapes, attributes with their kind, and the type of what it makes.

    `types` is a regular expression over the letters of `_TYPES`, one for each input.  The rule takes the inputs and the
    attributes, as in Python, and gives the shape of the output, or of several outputs a list.
    """

    types: str
    rule: Callable[..., Shape | list[Shape]]
    attributes: Mapping[str, type] = field(default_factory=dict)
    makes: Callable[[Inputs, Attributes], int] = lambda inputs, _: inputs[0].dtype


_TYPES = {FLOAT: "f", INT8: "q", INT64: "i", BOOL: "b"}


def result(op: str, inputs: Inputs, given: Attributes, outputs: int) -> list[Value]:
    """Types and shapes of the outputs of one node.  Raises RefusedFile."""
    try:
        return _made(op, inputs, given, outputs)
    except RefusedFile as refusal:
        reason = str(refusal)
    except (ValueError, IndexError, OverflowError, RuntimeError):  # what NumPy raises
        reason = "is given shapes that do not fit"
    raise RefusedFile(f"uses an operator in a way livegen's exporter does not: {op} {reason}")


def _made(op: str, inputs: Inputs, given: Attributes, outputs: int) -> list[Value]:
    expect(op in OPERATORS, "is not one that livegen uses")
    operator, types = OPERATORS[op], "".join(_TYPES[value.dtype] for value in inputs)
    expect(bool(re.fullmatch(operator.types, types)), f"has inputs of types {types[:9]!r}")
    for name, value in given.items():
        is_known = type(value) is operator.attributes.get(name)
        expect(is_known, f"has an attribute {name!r} that livegen does not use")
    made = operator.rule(*inputs, **given)
    shapes = made if isinstance(made, list) else [made]
    expect(len(shapes) == outputs, f"has {outputs} outputs")
    is_usual = all(len(shape) <= MAX_RANK and 0 not in shape for shape in shapes)
    expect(is_usual, "makes an impossible shape")
    return [Value(operator.makes(inputs, given), shape) for shape in shapes]


def multiplications(op: str, inputs: Inputs, made: Value) -> int:
    """Multiplications of a product of matrices or of a convolution; 0 for every other operator."""
    if op == "MatMul":
        return prod(made.shape) * inputs[0].shape[-1]
    return prod(made.shape) * prod(inputs[1].shape[1:]) if op == "Conv" else 0


# --- rules that NumPy has no function for -------------------------------------------------------------------------


def _each(*inputs: Value, **_: Any) -> Shape:
    """Each number of a value by itself, or with the numbers of others that stand at the same place."""
    return np.broadcast_shapes(*(value.shape for value in inputs))


def _cast(x: Value, to: int = 0) -> Shape:
    expect(to in (FLOAT, INT64, BOOL), "makes a type that livegen does not use")
    return x.shape


def _matmul(first: Value, second: Value) -> Shape:
    a, b = first.shape, second.shape
    expect(min(len(a), len(b)) >= 2 and a[-1] == b[-2], "is given matrices that do not fit")
    return (*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1])


def _along(x: Value, *scales: Value, axis: int = -1, stash_type: int = FLOAT, **_: Any) -> Shape:
    """Along an axis, the last by default, or that and all after it, where there are scales."""
    normal = x.shape[x.axis(axis) :]
    expect(all(scale.shape == normal for scale in scales), "has scales that do not fit")
    expect(stash_type == FLOAT, "computes in a type of its own")
    return x.shape


def _reduced(x: Value, along: Value, keepdims: int = 1, **_: Any) -> Shape:
    """Along axes of which there is at least one, so it does not matter what it does without."""
    axes = x.axes(along)
    return tuple(
        1 if at in axes else n for at, n in enumerate(x.shape) if keepdims or at not in axes
    )


def _reshape(x: Value, shape: Value, **_: Any) -> Shape:
    expect(min(shape.numbers) >= -1, "makes an impossible shape")
    return x.view.reshape(shape.numbers).shape


def _transpose(x: Value, perm: Shape | None = None) -> Shape:
    expect(perm is None or min(perm, default=0) >= 0, "puts axes in no order")
    return x.view.transpose(perm).shape


def _gather(table: Value, index: Value, axis: int = 0) -> Shape:
    along = table.axis(axis)
    if index.data is not None:
        size = table.shape[along]
        expect(all(-size <= i < size for i in index.numbers), "looks outside of its table")
    return table.shape[:along] + index.shape + table.shape[along + 1 :]


def _gather_elements(table: Value, index: Value, axis: int = 0) -> Shape:
    along, found = table.axis(axis), list(index.shape)
    found[along : along + 1] = table.shape[along : along + 1]
    expect(tuple(found) == table.shape, "is given an index that does not fit its table")
    return index.shape


def _gather_nd(table: Value, index: Value, batch_dims: int = 0) -> Shape:
    is_single = index.shape[-1:] == (len(table.shape),) and not batch_dims
    expect(is_single, "is given places that name no single number")
    return index.shape[:-1]


def _split(x: Value, *into: Value, axis: int = 0, num_outputs: int | None = None) -> list[Shape]:
    along, many = x.axis(axis), 0 if num_outputs is None else num_outputs
    is_said_once = num_outputs is None if into else 0 < many <= _MANY
    expect(is_said_once, "does not say once how to split")
    sizes = into[0].numbers if into else [x.shape[along] // many] * many
    fits = sum(sizes) == x.shape[along] and min(sizes) > 0
    expect(fits, "splits into pieces that do not fit")
    return [(*x.shape[:along], size, *x.shape[along + 1 :]) for size in sizes]


def _concat(*pieces: Value, axis: int | None = None) -> Shape:
    expect(axis is not None, "does not say along which axis it joins")
    along = pieces[0].axis(axis or 0)
    shapes = [piece.shape for piece in pieces]
    rest = {(len(shape), shape[:along], shape[along + 1 :]) for shape in shapes}
    expect(len(rest) == 1, "joins pieces that do not fit")
    return (*shapes[0][:along], sum(shape[along] for shape in shapes), *shapes[0][along + 1 :])


def _slice(x: Value, starts: Value, ends: Value, along: Value, steps: Value | None = None) -> Shape:
    axes, cuts = x.axes(along), [slice(None)] * len(x.shape)
    expect(steps is None or steps.numbers == [1] * len(axes), "cuts with a step")
    for start, end, axis in zip(starts.numbers, ends.numbers, axes, strict=True):
        cuts[axis] = slice(start, end)
    return x.view[tuple(cuts)].shape


def _convolution(
    x: Value,
    weight: Value,
    *biases: Value,
    auto_pad: str = "NOTSET",
    dilations: Shape = (),
    group: int = 0,
    kernel_shape: Shape = (),
    pads: Shape = (),
    strides: Shape = (),
) -> Shape:
    """Along one axis or two, with every attribute given, as torch's exporter gives them."""
    axes, (filters, channels, *kernel) = len(x.shape) - 2, weight.shape
    expect(1 <= axes <= 2, "is given something other than 1 or 2 axes")
    fits = auto_pad == "NOTSET" and kernel_shape == tuple(kernel)
    expect(fits and min(strides + dilations) > 0 <= min(pads), "has a kernel that does not fit")
    is_shared = group > 0 == filters % group and x.shape[1] == channels * group
    expect(is_shared, "has channels that do not fit")
    expect(all(bias.shape == (filters,) for bias in biases), "has a bias that does not fit")
    moves = zip(x.shape[2:], pads[:axes], pads[axes:], dilations, kernel, strides, strict=True)
    sizes = [
        len(range(dilation * (width - 1), size + before + after, stride))
        for size, before, after, dilation, width, stride in moves
    ]
    expect(min(sizes) > 0, "has a kernel longer than what it is given")
    return (x.shape[0], filters, *sizes)


def _dequantise(whole: Value, scale: Value, axis: int = 1, block_size: int = 0) -> Shape:
    is_fixed = whole.data is not None and scale.data is not None
    expect(is_fixed, "is given something that is not a constant")  # so that it is done once
    expect(block_size in BLOCKS and axis == 0, "has blocks that livegen does not use")
    fits = len(whole.shape) == 2 and scale.shape == (whole.shape[0] / block_size, whole.shape[1])
    expect(fits, "has scales that do not fit")
    return whole.shape


# --- the table ----------------------------------------------------------------------------------------------------

_ANY = "[fib]"

_ROWS: dict[str, Operator] = {
    "Sigmoid Tanh Relu Erf Exp Log Sqrt Reciprocal Sin Cos": Operator("f", _each),
    "Neg Abs": Operator("f|i", _each),
    "Gelu": Operator("f", _each, {"approximate": str}),
    "LeakyRelu": Operator("f", _each, {"alpha": float}),
    "Not": Operator("b", _each),
    "Identity": Operator(_ANY, _each),
    "Add Sub Mul": Operator("ff|ii", _each),
    "Div Pow": Operator("ff", _each),
    "Min Max": Operator("f{1,64}|i{1,64}", _each),
    "And Or": Operator("bb", _each),
    "Equal Less LessOrEqual Greater GreaterOrEqual": Operator("ff|ii", _each, makes=lambda _, __: BOOL),
    "Where": Operator("b(ff|ii|bb)", _each, makes=lambda inputs, _: inputs[1].dtype),
    "Cast": Operator(_ANY, _cast, {"to": int}, lambda _, given: given["to"]),
    "MatMul": Operator("ff", _matmul),
    "Softmax LogSoftmax": Operator("f", _along, {"axis": int}),
    "LayerNormalization": Operator("fff?", _along, {"axis": int, "epsilon": float, "stash_type": int}),
    "ReduceSum ReduceMean ReduceMax ReduceMin ReduceL2": Operator(
        "fi", _reduced, {"keepdims": int, "noop_with_empty_axes": int}
    ),
    "Reshape": Operator(_ANY + "i", _reshape, {"allowzero": int}),
    "Transpose": Operator(_ANY, _transpose, {"perm": tuple}),
    "Unsqueeze": Operator(_ANY + "i", lambda x, axes: np.expand_dims(x.view, axes.numbers).shape),
    "Squeeze": Operator(_ANY + "i", lambda x, axes: x.view.squeeze(tuple(axes.numbers)).shape),
    "Expand": Operator(_ANY + "i", lambda x, shape: np.broadcast_shapes(x.shape, tuple(shape.numbers))),
    "Gather": Operator(_ANY + "i", _gather, {"axis": int}),
    "GatherElements": Operator(_ANY + "i", _gather_elements, {"axis": int}),
    "GatherND": Operator(_ANY + "i", _gather_nd, {"batch_dims": int}),
    "Split": Operator(_ANY + "i?", _split, {"axis": int, "num_outputs": int}),
    "Concat": Operator("f{1,64}|i{1,64}|b{1,64}", _concat, {"axis": int}),
    "Slice": Operator(_ANY + "iiii?", _slice),
    "Conv": Operator("fff?", _convolution, {
        "auto_pad": str, "dilations": tuple, "group": int, "kernel_shape": tuple, "pads": tuple, "strides": tuple,
    }),
    # What int8 adds.
    "DequantizeLinear": Operator("qf", _dequantise, {"axis": int, "block_size": int}, lambda _, __: FLOAT),
}  # fmt: skip
OPERATORS = {name: operator for names, operator in _ROWS.items() for name in names.split()}
