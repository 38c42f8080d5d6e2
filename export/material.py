"""Real events to prove and to measure a model on: from MIDI files, or from the validation pieces of
corpora.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np

from livegen.codec.encoder import encode_score
from livegen.errors import ConfigError
from livegen.inference.contract import Sounding
from livegen.music.files import MIDI_SUFFIXES
from livegen.music.files.smf import read
from livegen.training.corpora import COLUMNS, Rows, load
from livegen.training.streams import sounding_steps

MAX_PIECE = 256  # events of a piece that are used, so that a thousand come from several pieces


@dataclass(frozen=True, slots=True)
class Piece:
    """Events of one piece, uint8 (N, 8), what sounds after each, float32 (N, 384), and its style
    class.
    """

    rows: Rows
    sounding: Sounding
    style: int


def gather(data: Sequence[Path], styles: Sequence[str], events: int) -> list[Piece]:
    """At least `events` events, if there are so many, of whole or cut pieces.

    `data` names MIDI files (unknown style) and folders of corpora (their validation pieces, from
    each set in turn).  Raises ConfigError when nothing can be used.
    """
    found: list[Piece] = []
    count = 0
    for rows, style in _all(data):
        if count >= events:
            break
        if len(rows) > 1:
            rows = np.asarray(rows[:MAX_PIECE])
            number = styles.index(style) if style in styles else 0
            found.append(Piece(rows, sounding_steps(rows).astype(np.float32), number))
            count += len(rows)
    if not found:
        raise ConfigError(
            f"no events in {', '.join(map(str, data))}; give MIDI files or a folder of corpora"
        )
    return found


def _all(data: Sequence[Path]) -> Iterator[tuple[Rows, str]]:
    for path in data:
        if path.is_dir():
            yield from _validation(path)
        elif path.suffix.lower() in MIDI_SUFFIXES:
            yield np.array(encode_score(read(path)), np.uint8).reshape(-1, COLUMNS), ""
        else:
            raise ConfigError(f"{path} is neither a MIDI file nor a folder")


def _validation(data: Path) -> Iterator[tuple[Rows, str]]:
    corpora = load(data)
    by_set = [[(corpus, piece) for piece in corpus.split("valid")] for corpus in corpora.values()]
    for turn in zip_longest(*by_set):
        for corpus, piece in filter(None, turn):
            yield corpus.events[piece.start : piece.end], piece.style
