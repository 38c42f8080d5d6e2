"""Music of our own making for the tests of training: small, seeded, of all four parts."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from livegen.codec.encoder import encode_score
from livegen.music.files.smf import Score, Track, write
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.training.corpora import COLUMNS, Corpus, Piece, Rows

MAJOR = (0, 2, 4, 5, 7, 9, 11)


def tune(seed: int, beats: int = 32) -> Score:
    """A melody on the scale of C, chords, a bass and a beat, 4/4, 24 ticks to the beat."""
    rng = np.random.default_rng(seed)
    lines: dict[str, list[tuple[int, int, int]]] = {"MELODY": [], "PIANO": [], "BASS": []}
    degree = 7
    for beat in range(beats):
        degree = int(np.clip(degree + rng.integers(-2, 3), 0, 13))
        lines["MELODY"].append((24 * beat, 20, 60 + 12 * (degree // 7) + MAJOR[degree % 7]))
        if beat % 4 == 0:
            root = int(rng.choice([0, 3, 4]))
            lines["BASS"].append((24 * beat, 90, 36 + MAJOR[root]))
            chord = [48 + MAJOR[(root + step) % 7] for step in (0, 2, 4)]
            lines["PIANO"] += [(24 * beat, 90, pitch) for pitch in chord]
    tracks = [_track(name, line, 0) for name, line in lines.items()]
    drums = [(24 * beat, 1, (36, 42, 38, 42)[beat % 4]) for beat in range(beats)]
    return Score(24, (*tracks, _track("Drums", drums, 9)), metres=((0, 4, 4),))


def _track(name: str, notes: Sequence[tuple[int, int, int]], channel: int) -> Track:
    messages: list[tuple[int, Message]] = []
    for onset, length, pitch in notes:
        messages.append((onset, NoteOn(pitch, 80 + pitch % 16, channel)))
        messages.append((onset + length, NoteOff(pitch, 64, channel)))
    return Track(name, tuple(sorted(messages, key=lambda timed: timed[0])))


def rows_of(score: Score) -> Rows:
    """The events of a score as the corpora hold them."""
    return np.array(encode_score(score), np.uint8).reshape(-1, COLUMNS)


def corpus(name: str, seeds: Sequence[int], splits: str = "", beats: int = 32) -> Corpus:
    """A set in memory; `splits` has a letter per piece, t or v."""
    rows = [rows_of(tune(seed, beats)) for seed in seeds]
    ends = np.cumsum([len(r) for r in rows]).tolist()
    kinds = {"t": "train", "v": "valid"}
    pieces = [
        Piece(f"{seed}.mid", f"style {seed % 2}", kinds[letter], end - len(r), end, 0)
        for seed, r, end, letter in zip(seeds, rows, ends, splits, strict=True)
    ]
    return Corpus(name, np.concatenate(rows), tuple(pieces))


def write_set(
    folder: Path, seeds: Sequence[int], metadata: Mapping[int, tuple[str, str]] | None = None
) -> Path:
    """A set on disk: midi/SEED.mid, with style and split of those that `metadata` names."""
    (folder / "midi").mkdir(parents=True)
    for seed in seeds:
        write(folder / "midi" / f"{seed}.mid", tune(seed))
    if metadata is not None:
        with (folder / "metadata.csv").open("w", newline="") as file:
            out = csv.writer(file)
            out.writerow(("file", "style", "split"))
            out.writerows((f"midi/{seed}.mid", *row) for seed, row in metadata.items())
    return folder
