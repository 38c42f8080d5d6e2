"""Lets a model file say what it looks at: one more output, of numbers that it computes anyway.

    python -m export.looking models/NAME

A network that looks back (livegen/training/looking_back.py) weighs the places of its window by a softmax.  The output
`looked` is that softmax under another name; weights, nodes and all that they compute stay as they are.  The metadata
say where in the state what it looks at lies.
"""

from dataclasses import replace
from pathlib import Path

import click
import onnx
from onnx import ModelProto, TensorProto, helper

from export.command import guarded
from export.paths import model_in
from livegen import whole_files
from livegen.errors import ConfigError
from livegen.inference.contract import Looks, ModelFacts
from livegen.inference.model import start
from livegen.inference.model_metadata import METADATA_KEY, metadata
from livegen.inference.onnx_file import LOOKED, parse, read_bytes
from livegen.training.looking_back import HEADS, SIZE


def telling(model: ModelProto, facts: ModelFacts) -> tuple[ModelProto, ModelFacts]:
    """A graph with the output `looked`, and facts that say so; both as they are of a network that does not look back.

    `facts` hold the sizes of the network and of its state.  One whose state is a ring has weights in each layer,
    and tells none.
    """
    window = facts.network.get("config", {}).get("window", 0)
    if not window or facts.looks or facts.has_ring:
        return model, facts
    told = ModelProto()
    told.CopyFrom(model)
    (softmax,) = (node for node in told.graph.node if node.op_type == "Softmax")
    weights = softmax.output[0]
    for node in told.graph.node:
        for names in (node.input, node.output):
            names[:] = [LOOKED if name == weights else name for name in names]
    output = helper.make_tensor_value_info(LOOKED, TensorProto.FLOAT, (HEADS, window))
    told.graph.output.append(output)
    # At the end of the state lie the pairs, each a key and a value, and the key of the event to come.
    first = facts.state_shape[-1] - window * 2 * SIZE - SIZE
    return told, replace(facts, looks=Looks(first, 2 * SIZE, window))


def extended(data: bytes) -> bytes:
    """The bytes of a model file that tells what it looks at.  Raises ModelError, and ConfigError where it cannot."""
    facts = parse(data).facts
    model, said = telling(onnx.load_model_from_string(data), facts)
    if said.looks is None:
        raise ConfigError(
            f"{facts.name} looks back at nothing: there is nothing that it could tell"
        )
    helper.set_model_props(model, {METADATA_KEY: metadata(said)})
    onnx.checker.check_model(model, full_check=True)
    longer: bytes = model.SerializeToString(deterministic=True)
    return longer


@click.command()
@click.argument("model", type=click.Path(exists=True, path_type=Path))
@guarded
def main(model: Path) -> None:
    """Let MODEL, a file or a model folder, tell what it looks at; the file is replaced."""
    path = model_in(model)
    before = read_bytes(path)
    data = extended(before)
    start(parse(data, str(path)), str(path))
    whole_files.write(path, lambda draft: draft.write_bytes(data), True)
    click.echo(f"{path}: {len(data) - len(before)} bytes more, and it tells what it looks at")


if __name__ == "__main__":
    main()
