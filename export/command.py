"""The common part of the export commands: a person's mistake is one line and exit code 2, never a
traceback.
"""

import json
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click
import numpy as np
from numpy.typing import NDArray

from livegen.errors import LivegenError

P = ParamSpec("P")

data_option = click.option(
    "--data",
    required=True,
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A MIDI file, or a folder of corpora whose validation pieces are used; may be repeated.",
)


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Turn a LivegenError into its line and exit code 2."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except LivegenError as error:
            click.echo(f"livegen: {error}", err=True)
            sys.exit(2)

    return run


def put(file: Path, facts: Mapping[str, object]) -> None:
    """Write a table as JSON on one line, and say how long that is."""
    file.write_text(json.dumps(facts, separators=(",", ":")) + "\n")
    click.echo(f"{file}: {file.stat().st_size} bytes")


def put_weights(file: Path, parts: Mapping[str, NDArray[np.generic]]) -> None:
    """Write the weights of a small network, by name, as half floats, and say how long the file is.

    `livegen.music.files.weights` reads it.
    """
    halves: dict[str, Any] = {name: part.astype(np.float16) for name, part in parts.items()}
    np.savez_compressed(file, **halves)
    click.echo(f"{file}: {file.stat().st_size} bytes")
