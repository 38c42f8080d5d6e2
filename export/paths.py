"""The paths at which a run folder keeps its best weights, and a model folder its model."""

from pathlib import Path

from livegen.errors import ConfigError

BEST = "best.pt"
MODEL = "model.onnx"


def checkpoint_in(path: Path) -> Path:
    """A checkpoint, or the best one of a run folder.  Raises ConfigError for a folder that has none yet."""
    if not path.is_dir():
        return path
    if not (path / BEST).is_file():
        raise ConfigError(
            f"{path} holds no {BEST}: it is no run folder, or that run was not validated yet; train on"
        )
    return path / BEST


def model_in(path: Path) -> Path:
    """A model file, or the one of a model folder."""
    return path if path.suffix == ".onnx" else path / MODEL
