"""Brings an ONNX model into the one plain form that livegen serves.

`livegen.inference.onnx_file` refuses whatever is not written here, so this file and that one are
two sides of one agreement: matrix products without `Gemm`, all weights as raw bytes, no notes of
the compiler's, one operator set, one entry of metadata.  Knows no network and no torch.
"""

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from livegen.inference.contract import ModelFacts
from livegen.inference.model_metadata import METADATA_KEY, metadata
from livegen.inference.onnx_file import IR_VERSION, OPSET, PRODUCER

Weights = dict[str, np.ndarray]


def lean(model: ModelProto, facts: ModelFacts) -> bytes:
    """The plain form of a model, with what it says of itself."""
    weights: Weights = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    nodes = [plain for node in model.graph.node for plain in _plain(node, weights)]
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "livegen",
        [_value(v) for v in model.graph.input],
        [_value(v) for v in model.graph.output],
        [_tensor(name, array) for name, array in weights.items() if name in used],
    )
    out = helper.make_model(
        graph,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name=PRODUCER,
    )
    helper.set_model_props(out, {METADATA_KEY: metadata(facts)})
    onnx.checker.check_model(out, full_check=True)
    data: bytes = out.SerializeToString(deterministic=True)
    return data


def _plain(node: NodeProto, weights: Weights) -> Iterable[NodeProto]:
    """The node without notes; a Gemm (x W' + b) as a product and a sum, for only products become
    int8.
    """
    if node.op_type != "Gemm":
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Transpose" and attributes.get("perm") == [1, 0]:
            attributes = {}  # what it does unasked
        yield helper.make_node(node.op_type, node.input, node.output, **attributes)
        return
    given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    assert given.get("alpha", 1.0) == given.get("beta", 1.0) == 1.0 and not given.get("transA", 0)
    x, weight, *bias = node.input
    if given.get("transB", 0):
        weight = f"{weight}.transposed"
        weights[weight] = np.ascontiguousarray(weights[node.input[1]].T)
    product = f"{node.output[0]}.product" if bias else node.output[0]
    yield helper.make_node("MatMul", [x, weight], [product])
    if bias:
        yield helper.make_node("Add", [product, *bias], node.output)


def _tensor(name: str, array: np.ndarray) -> TensorProto:
    tensor: TensorProto = numpy_helper.from_array(
        np.ascontiguousarray(array).reshape(array.shape), name
    )
    assert tensor.HasField("raw_data")
    return tensor


def _value(value: ValueInfoProto) -> ValueInfoProto:
    kind = value.type.tensor_type
    shape = [dim.dim_value for dim in kind.shape.dim]
    made: ValueInfoProto = helper.make_tensor_value_info(value.name, kind.elem_type, shape)
    return made
