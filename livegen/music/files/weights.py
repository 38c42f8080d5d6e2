"""Arrays of a file of the package, by name, such as the weights of a small network, which are half floats.

`export.command.put_weights` writes weights.  Knows no network.
"""

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegen.errors import ModelError

LARGEST = 1_000_000  # bytes of a file that is looked at

Floats = NDArray[np.float32]
Shape = tuple[int, ...]


def read_weights(
    path: Path,
    names: Sequence[str],
    shapes: Callable[[Sequence[Shape]], list[Shape]],
    network: str,
    trainer: str,
) -> list[Floats]:
    """The arrays of a file by these names, as single floats.

    `shapes` says from the shapes that were found which they must be; `network` is its name for people, and
    `python -m export.TRAINER DATA` makes the file.  Raises ModelError with one line for any other file.
    """
    found = [
        part.astype(np.float32)
        for part in read_arrays(path, names, f"weights of {network}", trainer)
    ]
    given = [part.shape for part in found]
    if given != shapes(given) or not all(np.isfinite(part).all() for part in found):
        raise ModelError(
            f"{path} holds weights of another network than {network}; {_anew(trainer)}"
        )
    return found


def read_arrays(path: Path, names: Sequence[str], what: str, trainer: str) -> list[NDArray[Any]]:
    """The arrays of a file by these names, as they are.  Raises ModelError with one line for a file without `what`."""
    try:
        with (
            path.open("rb") as file,
            np.load(BytesIO(file.read(LARGEST)), allow_pickle=False) as kept,
        ):
            return [kept[name] for name in names]
    except Exception as error:  # zipfile and numpy raise a dozen types for damage
        raise ModelError(f"{path} holds no {what} ({error}); {_anew(trainer)}") from None


def _anew(trainer: str) -> str:
    return f"install livegen again, or make them anew: python -m export.{trainer} DATA"


def width(bias: Shape) -> int:
    """Give the number of units of a layer by its bias (H,); 0 of what is no bias, which fits to nothing."""
    return bias[0] if len(bias) == 1 else 0
