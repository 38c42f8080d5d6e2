"""A musician's folder as a set to learn from: what is one piece, and what is held back to judge by.

Knows event rows; knows no network.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from livegen.codec.layout import ADVANCE
from livegen.errors import ConfigError
from livegen.music.files import MIDI_SUFFIXES
from livegen.training.corpora import Corpus, Piece, Rows, load_folder
from livegen.training.corpora import Progress as Progress
from livegen.training.streams import changes

HELD = 5  # one file of so many is held back, or, of fewer files, that part of the end of each
MIN_NOTES = 300  # that are learned from; two minutes of a tune
EXCERPT = 513  # events of a held-back piece, as many as validation looks at


def own_music(
    folder: Path,
    cache: Path | None = None,
    workers: int | None = None,
    progress: Progress = lambda name, done, total: None,
) -> Corpus:
    """All MIDI files of a folder and of those below it, without styles, dealt into `train` and `valid`.

    Splits that a metadata.csv gives are kept; the other arguments are those of `load_folder`.  Raises ConfigError for
    a folder without MIDI files, without one that can be read, or with too little music.
    """
    if not any(path.suffix.lower() in MIDI_SUFFIXES for path in folder.rglob("*")):
        raise ConfigError(
            f"{folder} holds no MIDI files ({', '.join(f'*{end}' for end in MIDI_SUFFIXES)})"
        )
    corpus = load_folder(folder, cache, workers, progress)
    if not corpus.pieces:
        raise ConfigError(f"{folder}: none of its MIDI files holds notes that can be read")
    found = Corpus(corpus.name, corpus.events, tuple(_dealt(corpus)))
    notes = sum(piece.notes for piece in found.split("train"))
    if notes < MIN_NOTES or not found.split("valid"):
        raise ConfigError(
            f"{folder} holds too little music: {sum(piece.notes for piece in found.pieces)} notes;"
            f" at least {MIN_NOTES * HELD // (HELD - 1)} are needed, and half an hour of music is a good start"
        )
    return found


def _dealt(corpus: Corpus) -> Iterator[Piece]:
    """The phrases of every file, each with its split."""
    said = {piece.split for piece in corpus.pieces}
    for index, piece in enumerate(sorted(corpus.pieces, key=lambda piece: piece.file)):
        if {"train", "valid"} <= said:
            yield from _phrases(corpus.events, piece, piece.split)
        elif len(corpus.pieces) >= HELD:
            yield from _phrases(corpus.events, piece, "train" if index % HELD != 2 else "valid")
        else:
            cut = _quiet_place(corpus.events, piece)
            yield from _phrases(corpus.events, replace(piece, end=cut), "train")
            yield from _phrases(corpus.events, replace(piece, start=cut), "valid")


def _quiet_place(events: Rows, piece: Piece) -> int:
    """Give the row at which the last part of a file may begin: where as little sounds as possible."""
    rows = events[piece.start : piece.end]
    about, slack = len(rows) * (HELD - 1) // HELD, len(rows) // (2 * HELD)
    sounding = changes(rows).sum(1, dtype=np.int64).cumsum()
    near = sounding[about - slack : about + slack + 1]
    return piece.start + about - slack + int(near.argmin()) + 1 if len(near) else piece.end


def _phrases(events: Rows, piece: Piece, split: str) -> Iterator[Piece]:
    """A file cut where nothing sounds for two bars; what is held back, also where it is long.

    A model that learned to wait as long as somebody fetches coffee would wait so in an answer.
    """
    rows = events[piece.start : piece.end]
    sounding = changes(rows).sum(1, dtype=np.int64).cumsum()
    silences = np.flatnonzero((rows[:, 0] == ADVANCE) & (sounding <= 0)) + 1
    cuts: Sequence[int] = [0, *silences.tolist(), len(rows)]
    for start, end in pairwise(cuts):
        step = EXCERPT if split == "valid" else max(1, end - start)
        for at in range(start, end, step):
            part = rows[at : min(end, at + step)]
            notes = int(((part[:, 2] == 1) & (part[:, 0] != ADVANCE)).sum())
            if notes:
                yield Piece(
                    piece.file, "", split, piece.start + at, piece.start + at + len(part), notes
                )
