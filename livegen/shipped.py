"""What comes with livegen besides code: models and the commented configuration.

One answer for an installed wheel, where they lie inside the package, and for a checkout, where they lie beside it.
"""

from pathlib import Path

from livegen.errors import ModelError

DEFAULT_MODEL = "jam-gru"  # the folder under models/ that "default" stands for
_PACKAGE = Path(__file__).resolve().parent


def root() -> Path:
    """The folder that holds `models/` and `config.yaml`."""
    inside = _PACKAGE / "_shipped"
    return inside if inside.is_dir() else _PACKAGE.parent


def models() -> dict[str, Path]:
    """Models that came with this livegen: name to .onnx file, the default first, then by name."""
    found = {
        folder.name: onnx[0]
        for folder in sorted((root() / "models").glob("*/"))
        if (onnx := sorted(folder.glob("*.onnx")))
    }
    return dict(sorted(found.items(), key=lambda item: item[0] != DEFAULT_MODEL))


def model(name_or_path: str) -> Path:
    """The .onnx file of a shipped model's name, of `default`, or of a path (a file, or a folder that holds one).

    Raises ModelError when there is none; its message lists the names there are.
    """
    names = models()
    name = DEFAULT_MODEL if name_or_path == "default" else name_or_path
    if name in names:
        return names[name]
    path = Path(name_or_path)
    if path.is_dir() and len(inside := sorted(path.glob("*.onnx"))) == 1:
        return inside[0]
    if path.is_file():
        return path
    known = ", ".join(names) or "none here"
    raise ModelError(
        f"{name!r} is neither a shipped model ({known}) nor an .onnx file or a folder that holds one"
    )
