"""Opens a model's file, whatever carries the model: a network as ONNX, or facts alone for the learner."""

from pathlib import Path

from livegen.inference import learner, onnx_file
from livegen.inference.contract import Model, ModelFacts

_FACTS_ALONE = ".json"


def load(path: Path) -> Model:
    """Load a model file and try it.  Raises ModelError with one line for anything that is not ours."""
    if path.suffix == _FACTS_ALONE:
        return learner.Learner(learner.read(path))
    from livegen.inference.model import load as load_network  # and the runtime with it

    return load_network(path)


def facts(path: Path) -> ModelFacts:
    """Read what a model file says of itself.  Raises ModelError."""
    return learner.read(path) if path.suffix == _FACTS_ALONE else onnx_file.read(path).facts
