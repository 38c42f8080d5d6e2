"""Reference pieces: a little held-back music of every kind that a shipped model knows, beside the model.

Whoever teaches a model more sees by these what it forgets, without having the corpora.  A file `reference.npz`
holds whole openings: `events` uint8 (N, 8), and for each piece `ends` (its last row, exclusive), `sets` and
`styles`.  `python -m export.reference` writes it.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from livegen.errors import ConfigError
from livegen.training.corpora import COLUMNS, Corpus, Piece, Rows

FILE = "reference.npz"
MAX_BYTES = 4 << 20


def read_reference(path: Path, styles: Sequence[str]) -> dict[str, Corpus]:
    """The pieces by set, all of the split `valid`; of styles that the model does not name, without one.

    Raises ConfigError for a file that is none of ours.
    """
    try:
        with path.open("rb") as file, np.load(io.BytesIO(file.read(MAX_BYTES))) as kept:
            events, ends = kept["events"], kept["ends"]
            sets, named = kept["sets"].tolist(), kept["styles"].tolist()
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ConfigError(f"{path} holds no reference pieces ({error})") from None
    starts = [0, *ends.tolist()]
    is_ours = events.dtype == np.uint8 and events.shape == (starts[-1], COLUMNS)
    if not is_ours or starts != sorted(starts):
        raise ConfigError(f"{path} holds no reference pieces (rows and pieces do not agree)")
    pieces: dict[str, list[Piece]] = {}
    for index, (name, style) in enumerate(zip(sets, named, strict=True)):
        known = style if style in styles else ""
        piece = Piece(f"{index}", known, "valid", starts[index], starts[index + 1], 0)
        pieces.setdefault(name, []).append(piece)
    return {name: Corpus(name, events, tuple(own)) for name, own in pieces.items()}


def write_reference(path: Path, pieces: Sequence[tuple[str, str, Rows]]) -> None:
    """Write pieces, one or more, each its set, its style and its rows, uint8 (N, 8)."""
    np.savez_compressed(
        path,
        events=np.concatenate([rows for _, _, rows in pieces]),
        ends=np.cumsum([len(rows) for _, _, rows in pieces]),
        sets=np.array([name for name, _, _ in pieces]),
        styles=np.array([style for _, style, _ in pieces]),
    )
