"""The table of operators agrees with ONNX's own shape inference, and refuses what does not fit."""

from math import prod
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from livegen.inference.onnx_file import OPSET
from livegen.inference.onnx_operators import (
    BOOL,
    FLOAT,
    INT8,
    INT64,
    ITEM_BYTES,
    OPERATORS,
    Value,
    result,
)
from livegen.inference.protobuf import RefusedFile


def constant(*numbers: int) -> Value:
    data = np.array(numbers, np.int64)
    return Value(INT64, data.shape, data.tobytes())


def f(*shape: int) -> Value:
    return Value(FLOAT, shape)


def i(*shape: int) -> Value:
    return Value(INT64, shape)


def b(*shape: int) -> Value:
    return Value(BOOL, shape)


def fixed(dtype: int, *shape: int) -> Value:
    """Weights that stand in the file, all of them 1 or, as floats, a little more than nothing."""
    return Value(dtype, shape, bytes([1] * prod(shape) * ITEM_BYTES[dtype]))


BLOCKS = [fixed(INT8, 64, 5), fixed(FLOAT, 2, 5)]

# Convolutions with all that torch's exporter says of them.
ALONG_ONE = {
    "auto_pad": "NOTSET",
    "dilations": (1,),
    "group": 1,
    "kernel_shape": (3,),
    "pads": (1, 1),
    "strides": (1,),
}
ALONG_TWO = ALONG_ONE | {
    "dilations": (2, 1),
    "group": 4,
    "kernel_shape": (3, 2),
    "pads": (0, 1, 2, 3),
    "strides": (1, 3),
}

# operator, inputs, attributes, number of outputs
FITTING: list[tuple[str, list[Value], dict[str, Any], int]] = [
    ("Add", [f(1, 8), f(8)], {}, 1),
    ("Add", [i(1, 8), i(8)], {}, 1),
    ("Sub", [f(1, 8), f(1, 1)], {}, 1),
    ("Mul", [f(), f(3, 4)], {}, 1),
    ("MatMul", [f(1, 8), f(8, 5)], {}, 1),
    ("Sigmoid", [f(1, 8)], {}, 1),
    ("Tanh", [f(2, 1, 8)], {}, 1),
    ("Relu", [f(1, 8)], {}, 1),
    ("Softmax", [f(9, 2)], {"axis": 0}, 1),
    ("ReduceSum", [f(2, 8), constant(0)], {"keepdims": 1}, 1),
    ("ReduceSum", [f(2, 8, 3), constant(-2)], {"keepdims": 0, "noop_with_empty_axes": 0}, 1),
    ("Reshape", [f(1, 12), constant(4, 3)], {"allowzero": 1}, 1),
    ("Transpose", [f(9, 2)], {}, 1),
    ("Gather", [f(9, 4), i(1)], {}, 1),
    ("Gather", [f(9, 4), i(1, 8)], {"axis": 0}, 1),
    ("GatherElements", [f(1, 9), i(1, 4)], {"axis": -1}, 1),
    ("GatherND", [f(2, 9), i(1, 4, 2)], {"batch_dims": 0}, 1),
    ("Gather", [i(1, 8), Value(INT64, (), (7).to_bytes(8, "little"))], {"axis": 1}, 1),
    ("Split", [f(1, 12)], {"axis": 1, "num_outputs": 3}, 3),
    ("Split", [f(1, 12), constant(2, 10)], {"axis": -1}, 2),
    ("Concat", [f(1, 1, 4), f(2, 1, 4)], {"axis": 0}, 1),
    ("Unsqueeze", [f(1, 4), constant(0)], {}, 1),
    ("Slice", [i(1, 8), constant(0), constant(-1), constant(1), constant(1)], {}, 1),
    ("Slice", [i(1, 8), constant(2), constant(1 << 62), constant(1), constant(1)], {}, 1),
    ("DequantizeLinear", BLOCKS, {"axis": 0, "block_size": 32}, 1),
    ("Cast", [i(1, 5)], {"to": FLOAT}, 1),
    ("Cast", [b(1, 5)], {"to": INT64}, 1),
    *((op, [f(2, 3)], {}, 1) for op in ("Erf", "Exp", "Log", "Sqrt", "Reciprocal", "Sin", "Cos")),
    *((op, [i(2, 3)], {}, 1) for op in ("Neg", "Abs", "Identity")),
    ("Gelu", [f(2, 3)], {"approximate": "tanh"}, 1),
    ("LeakyRelu", [f(2, 3)], {"alpha": 0.1}, 1),
    ("Not", [b(3)], {}, 1),
    ("Div", [f(2, 1, 3), f(4, 1)], {}, 1),
    ("Pow", [f(2, 3), f()], {}, 1),
    ("Min", [i(3), i(2, 1), i()], {}, 1),
    ("Max", [f(3)], {}, 1),
    *((op, [b(2, 1), b(3)], {}, 1) for op in ("And", "Or")),
    *(
        (op, [i(2, 1), i(3)], {}, 1)
        for op in ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual")
    ),
    ("Where", [b(2, 1), f(3), f()], {}, 1),
    ("MatMul", [f(4, 1, 8), f(4, 8, 5)], {}, 1),
    ("MatMul", [f(2, 1, 3, 8), f(4, 8, 5)], {}, 1),
    ("Softmax", [f(2, 3, 4)], {}, 1),
    ("LogSoftmax", [f(2, 3)], {"axis": 1}, 1),
    ("LayerNormalization", [f(2, 8), f(8), f(8)], {"axis": -1, "epsilon": 1e-5}, 1),
    ("LayerNormalization", [f(2, 4, 8), f(4, 8)], {"axis": 1, "epsilon": 1e-6, "stash_type": 1}, 1),
    *(
        (op, [f(2, 8, 3), constant(0, 2)], {}, 1)
        for op in ("ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2")
    ),
    ("ReduceSum", [f(2, 8), constant(0, 1)], {"noop_with_empty_axes": 1}, 1),
    ("ReduceSum", [f(2, 8), constant(1)], {}, 1),
    ("Reshape", [f(1, 12), constant(-1, 3)], {}, 1),
    ("Transpose", [f(2, 3, 4)], {"perm": (1, 0, 2)}, 1),
    ("Squeeze", [f(1, 4, 1), constant(0, -1)], {}, 1),
    ("Expand", [f(1, 4), constant(3, 1, 1)], {}, 1),
    ("Slice", [f(4, 8), constant(0, 1), constant(2, 8), constant(0, 1), constant(1, 1)], {}, 1),
    ("Slice", [f(4, 8), constant(-2), constant(9), constant(-1)], {}, 1),
    ("Conv", [f(1, 2, 9), f(4, 2, 3)], ALONG_ONE, 1),
    ("Conv", [f(1, 2, 9), f(4, 2, 3)], ALONG_ONE | {"strides": (2,)}, 1),
    ("Conv", [f(1, 4, 9, 7), f(4, 1, 3, 2), f(4)], ALONG_TWO, 1),
]

UNFIT: list[tuple[str, list[Value], dict[str, Any], int]] = [
    ("Tile", [f(1), constant(2)], {}, 1),
    ("Exp", [i(1)], {}, 1),
    ("Gelu", [f(1)], {"approximate": 1}, 1),
    ("Div", [i(1), i(1)], {}, 1),
    ("Not", [f(1)], {}, 1),
    ("And", [b(1), f(1)], {}, 1),
    ("Where", [f(1), f(1), f(1)], {}, 1),
    ("Where", [b(1), f(1), i(1)], {}, 1),
    ("Equal", [f(1), i(1)], {}, 1),
    ("MatMul", [f(4, 1, 8), f(3, 8, 5)], {}, 1),
    ("LayerNormalization", [f(2, 8), f(7)], {}, 1),
    ("LayerNormalization", [f(2, 8), f(8)], {"stash_type": 10}, 1),
    ("Squeeze", [f(2, 1), constant(0)], {}, 1),
    ("Expand", [f(2, 4), constant(3, 4)], {}, 1),
    ("Expand", [f(1), i(1)], {}, 1),
    ("Expand", [f(1), constant(*[1] * 40)], {}, 1),
    ("Conv", [f(1, 2, 9), f(4, 3, 3)], ALONG_ONE, 1),
    ("Conv", [f(1, 2, 2), f(4, 2, 3)], ALONG_ONE | {"pads": (0, 0)}, 1),
    ("Conv", [f(1, 2, 9), f(4, 2, 3)], ALONG_ONE | {"strides": (0,)}, 1),
    ("Conv", [f(1, 2, 9), f(4, 2, 3)], ALONG_ONE | {"strides": (1, 1)}, 1),
    ("Conv", [f(1, 2, 9), f(4, 2, 3)], ALONG_ONE | {"dilations": (-1,)}, 1),
    ("Conv", [f(1, 2, 9), f(4, 2, 3)], ALONG_ONE | {"pads": (-1, 1)}, 1),
    ("Conv", [f(1, 2, 9), f(4, 2, 3)], ALONG_ONE | {"pads": (1,)}, 1),
    ("Conv", [f(1, 2, 9), f(4, 2, 3)], ALONG_ONE | {"kernel_shape": (5,)}, 1),
    ("Conv", [f(1, 2, 9), f(4, 2, 3), f(3)], ALONG_ONE, 1),
    ("Conv", [f(1, 2, 9), f(3, 1, 3)], ALONG_ONE | {"group": 2}, 1),
    ("Conv", [f(1, 2, 9), f(4, 2, 3)], ALONG_ONE | {"auto_pad": "VALID"}, 1),
    *(
        ("Conv", [f(1, 2, 9), f(4, 2, 3)], {k: v for k, v in ALONG_ONE.items() if k != left}, 1)
        for left in ("dilations", "group", "kernel_shape", "pads", "strides")
    ),
    ("Conv", [f(1, 2, 9), f(4, 2, 3)], {}, 1),
    ("Conv", [f(1, 2), f(4, 2)], ALONG_ONE, 1),
    ("Conv", [f(1, 2, 9), f(4)], ALONG_ONE, 1),
    ("Add", [f(1, 8)], {}, 1),
    ("Add", [f(1, 8), f(7)], {}, 1),
    ("Add", [f(1), i(1)], {}, 1),
    ("Add", [f(1), f(1)], {"axis": 1}, 1),
    ("Tanh", [i(1)], {}, 1),
    ("Tanh", [f(1)], {}, 2),
    ("MatMul", [f(1, 8), f(7, 5)], {}, 1),
    ("MatMul", [f(8), f(8, 5)], {}, 1),
    ("MatMul", [i(1, 8), i(8, 5)], {}, 1),
    ("Softmax", [i(9, 2)], {"axis": 0}, 1),
    ("Softmax", [f(9, 2)], {"axis": 2}, 1),
    ("ReduceSum", [f(2, 8), constant(0, 0)], {}, 1),
    ("ReduceSum", [f(2, 8), constant(2)], {}, 1),
    ("ReduceSum", [f(2, 8), i(1)], {}, 1),
    ("ReduceSum", [i(2, 8), constant(0)], {}, 1),
    ("Reshape", [f(1, 12), constant(5, 3)], {}, 1),
    ("Reshape", [f(1, 12), constant(-1, 5)], {}, 1),
    ("Reshape", [f(1, 12), constant(-1, -1)], {}, 1),
    ("Reshape", [f(1, 12), constant(0, 12)], {}, 1),
    ("Reshape", [f(1, 12), constant(1, 1, 1, 1, 1, 12)], {}, 1),
    ("Reshape", [f(1, 12), i(2)], {}, 1),
    ("Transpose", [f(9, 2)], {"perm": 0}, 1),
    ("Transpose", [f(9, 2)], {"perm": (0, 0)}, 1),
    ("GatherElements", [f(1, 9), f(1, 4)], {"axis": 1}, 1),
    ("GatherElements", [f(1, 9), i(2, 4)], {"axis": 1}, 1),
    ("GatherND", [f(2, 9), f(1, 4, 2)], {}, 1),
    ("GatherND", [f(2, 9), i(1, 4, 1)], {}, 1),
    ("GatherND", [f(2, 9), i()], {}, 1),
    ("GatherND", [f(2, 9, 3), i(2, 4, 3)], {"batch_dims": 1}, 1),
    ("GatherElements", [f(1, 9), i(1)], {"axis": 0}, 1),
    ("Gather", [f(9, 4), f(1)], {}, 1),
    ("Gather", [f(), i(1)], {}, 1),
    ("Gather", [f(9, 4), constant(9)], {}, 1),
    ("Gather", [f(9, 4), i(1)], {"axis": 2}, 1),
    ("Split", [f(1, 12)], {"axis": 1}, 3),
    ("Split", [f(1, 2)], {"axis": 1, "num_outputs": 3}, 3),
    ("Split", [f(1, 12), constant(2, 11)], {"axis": 1}, 2),
    ("Split", [f(1, 12), constant(-2, 14)], {"axis": 1}, 2),
    ("Split", [f(1, 12), i(2)], {"axis": 1}, 2),
    ("Split", [f(1, 12), constant(2, 10)], {"axis": 1, "num_outputs": 3}, 2),
    ("Concat", [f(1, 4), f(1, 5)], {"axis": 0}, 1),
    ("Concat", [f(1, 4), i(1, 4)], {"axis": 0}, 1),
    ("Concat", [f(1, 4)], {}, 1),
    ("Unsqueeze", [f(1, 4), constant(7)], {}, 1),
    ("Unsqueeze", [f(1, 4), constant(0, 0)], {}, 1),
    ("Unsqueeze", [f(1, 4), i(1)], {}, 1),
    ("Slice", [f(1, 8), constant(0), constant(0), constant(1), constant(1)], {}, 1),
    ("Slice", [f(1, 8), constant(0), constant(8), constant(1), constant(0)], {}, 1),
    ("Slice", [f(1, 8), constant(0, 0), constant(1, 8), constant(0, 0), constant(1, 1)], {}, 1),
    ("Slice", [f(1, 8), constant(0, 0), constant(1, 8), constant(1)], {}, 1),
    ("DequantizeLinear", [Value(INT8, (64, 5)), BLOCKS[1]], {"axis": 0, "block_size": 32}, 1),
    ("DequantizeLinear", [BLOCKS[0], f(2, 5)], {"axis": 0, "block_size": 32}, 1),
    ("DequantizeLinear", [fixed(FLOAT, 64, 5), BLOCKS[1]], {"axis": 0, "block_size": 32}, 1),
    ("DequantizeLinear", [BLOCKS[0], fixed(FLOAT, 5)], {"axis": 0, "block_size": 32}, 1),
    ("DequantizeLinear", [BLOCKS[0], fixed(FLOAT, 2, 4)], {"axis": 0, "block_size": 32}, 1),
    ("DequantizeLinear", BLOCKS, {"axis": 0, "block_size": 64}, 1),
    ("DequantizeLinear", [BLOCKS[0], fixed(FLOAT, 8, 5)], {"axis": 0, "block_size": 8}, 1),
    ("DequantizeLinear", BLOCKS, {"axis": 1, "block_size": 32}, 1),
    ("DequantizeLinear", BLOCKS, {"axis": 0}, 1),
    ("Cast", [i(1, 5)], {"to": TensorProto.DOUBLE}, 1),
    ("Cast", [i(1, 5)], {}, 1),
]


def onnx_says(
    op: str, inputs: list[Value], attributes: dict[str, Any], outputs: int
) -> list[Value]:
    """What ONNX's own inference makes of a node."""
    names = [f"in{n}" for n in range(len(inputs))]
    made = [f"out{n}" for n in range(outputs)]
    given = [(n, v) for n, v in zip(names, inputs, strict=True) if v.data is not None]
    arrays = [
        helper.make_tensor(n, v.dtype, v.shape, bytes(v.data or b""), raw=True) for n, v in given
    ]
    free = [
        helper.make_tensor_value_info(n, v.dtype, v.shape)
        for n, v in zip(names, inputs, strict=True)
        if v.data is None
    ]
    graph = helper.make_graph(
        [helper.make_node(op, names, made, **attributes)],
        "one",
        free,
        [helper.make_empty_tensor_value_info(name) for name in made],
        arrays,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    kinds = [output.type.tensor_type for output in inferred.graph.output]
    return [Value(k.elem_type, tuple(d.dim_value for d in k.shape.dim)) for k in kinds]


@pytest.mark.parametrize("case", FITTING, ids=lambda case: case[0])
def test_types_and_shapes_are_those_of_onnx(
    case: tuple[str, list[Value], dict[str, Any], int],
) -> None:
    assert result(*case) == onnx_says(*case)


@pytest.mark.parametrize("case", UNFIT, ids=lambda case: case[0])
def test_what_does_not_fit_is_refused(case: tuple[str, list[Value], dict[str, Any], int]) -> None:
    with pytest.raises(RefusedFile):
        result(*case)


def test_every_operator_of_the_table_is_checked_against_onnx() -> None:
    assert {op for op, *_ in FITTING} == OPERATORS.keys()
