"""Where a run folder keeps its best weights, and a model folder its model."""

from pathlib import Path

BEST = "best.pt"
MODEL = "model.onnx"


def checkpoint_in(path: Path) -> Path:
    """A checkpoint, or the best one of a run folder."""
    return path / BEST if path.is_dir() else path


def model_in(path: Path) -> Path:
    """A model file, or the one of a model folder."""
    return path if path.suffix == ".onnx" else path / MODEL
