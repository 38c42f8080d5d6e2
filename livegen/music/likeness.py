"""Where music is like a phrase: notes in common, whatever the key, the tempo and the place.

Three notes of a line, by their two intervals and by how their time is divided, are a figure.  Each figure that phrase
and music share says how the phrase would have to be moved in pitch and time, and at which tempo, to fall on the music;
figures that say the same vote together (as landmarks do in Wang 2003, here free in key and tempo).  Where most votes
fall, the notes in common are counted: point-set matching (Meredith, Lemström and Wiggins 2002).  Knows no files.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

CHORD_S = 0.035  # notes this close together begin together
NEAR_S = 0.1  # how far a note may lie beside its place
FIT_S = 0.25  # the same before tempo and place are fitted
TEMPO_UP = 2.0  # how much faster or slower the music may be
WIDEST = 24  # semitones: a wider interval makes no figure
_REACHES = (
    (1, 2),
    (1, 3),
    (2, 3),
    (2, 4),
)  # the second and the third note, so many onsets after the first
_DIVIDED = 0.12  # how differently the time of a figure may be divided, of its length
_PLACE_S, _TEMPO_STEPS = (
    1.0,
    5.0,
)  # of the votes: how far places lie apart, and tempos, of an octave
_LOOKED_AT = 60  # places with most votes, where notes are counted
FEWEST = 4  # notes of a phrase


class Notes(NamedTuple):
    """Onsets in seconds, ascending, and pitches: (n,) each."""

    onsets: Array
    pitches: Array

    def between(self, begin: float, end: float) -> "Notes":
        """The notes of a stretch of time."""
        first, last = np.searchsorted(self.onsets, (begin, end))
        return Notes(self.onsets[first:last], self.pitches[first:last])


class Match(NamedTuple):
    """Where music is like a phrase: in which voice, how much (`score`, 0 to 1), when (seconds), how it was moved.

    `common` notes they have in common, `shift` semitones lies the music above the phrase, and `pace` is its seconds for
    one of the phrase's.
    """

    voice: int
    score: float
    common: int
    begin: float
    end: float
    shift: int
    pace: float


class _Figures(NamedTuple):
    """Figures: which intervals, whose, when it begins and on which pitch, its seconds, how they are divided: (n,)."""

    kinds: Array
    voices: Array
    onsets: Array
    pitches: Array
    lengths: Array
    divided: Array


def notes_of(pairs: Iterable[tuple[float, int]]) -> Notes:
    """Notes of onsets (seconds) and pitches in any order."""
    ordered = sorted(pairs)
    return Notes(
        np.array([onset for onset, _ in ordered], np.float32),
        np.array([pitch for _, pitch in ordered], np.int64),
    )


def lines(notes: Notes) -> list[Notes]:
    """The upper line of what begins together, and the lower one where it is another."""
    if len(notes.onsets) == 0:
        return []
    starts = np.flatnonzero(np.diff(notes.onsets, prepend=-np.inf) > CHORD_S)
    onsets = notes.onsets[starts]
    upper = Notes(onsets, np.maximum.reduceat(notes.pitches, starts))
    lower = Notes(onsets, np.minimum.reduceat(notes.pitches, starts))
    return [upper] if np.array_equal(upper.pitches, lower.pitches) else [upper, lower]


def _figures(notes: Notes, voice: int) -> _Figures:
    """The figures of a voice."""
    found = [
        _of_line(line, voice, second, third) for line in lines(notes) for second, third in _REACHES
    ]
    return _joined(found)


def _of_line(line: Notes, voice: int, second: int, third: int) -> _Figures:
    count = max(0, len(line.onsets) - third)
    at = np.arange(count)
    first = line.pitches[at]
    up, on = line.pitches[at + second] - first, line.pitches[at + third] - first
    length = line.onsets[at + third] - line.onsets[at]
    divided = (line.onsets[at + second] - line.onsets[at]) / np.maximum(length, 1e-3)
    fits = (np.abs(up) <= WIDEST) & (np.abs(on) <= WIDEST)
    kinds = (up + WIDEST) * (2 * WIDEST + 1) + on + WIDEST
    voices = np.full(count, voice, np.int32)
    found = kinds.astype(np.int16), voices, line.onsets[at], first.astype(np.int16), length, divided
    return _Figures(*(array[fits] for array in found))


def _joined(found: Sequence[_Figures]) -> _Figures:
    if not found:
        floats, pitches = np.zeros(0, np.float32), np.zeros(0, np.int16)
        return _Figures(pitches, np.zeros(0, np.int32), floats, pitches, floats, floats)
    return _Figures(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))


@dataclass(frozen=True, slots=True)
class Library:
    """Voices of music, in which phrases are looked for."""

    voices: Sequence[Notes]
    figures: _Figures  # by kind

    @classmethod
    def of(cls, voices: Sequence[Notes]) -> "Library":
        """A library of these voices."""
        found = _joined([_figures(notes, at) for at, notes in enumerate(voices)])
        order = np.argsort(found.kinds, kind="stable")
        return cls(voices, _Figures(*(array[order] for array in found)))

    def like(self, phrase: Notes) -> list[Match]:
        """Where music is like a phrase, the likest first, one place of each voice; none for fewer than four notes."""
        if len(phrase.onsets) < FEWEST:
            return []
        best: dict[int, Match] = {}
        for place in self._places(phrase):
            match = self._counted(phrase, *place)
            if (
                match is not None
                and match.score > best.get(match.voice, match._replace(score=0)).score
            ):
                best[match.voice] = match
        return sorted(best.values(), key=lambda match: -match.score)

    def _places(self, phrase: Notes) -> list[tuple[int, int, float, float]]:
        """Voice, shift, begin and pace of the places with most votes."""
        votes = [
            self._votes(phrase, at, figures)
            for figures in [_figures(phrase, 0)]
            for at in range(len(figures.kinds))
        ]
        if not votes:
            return []
        voices, shifts, begins, paces = (np.concatenate(one) for one in zip(*votes, strict=True))
        if len(voices) == 0:
            return []
        steps = np.round(np.log2(paces) * _TEMPO_STEPS).astype(np.int64) + 64
        places = np.floor(begins / _PLACE_S).astype(np.int64) + (1 << 12)
        keys = ((voices.astype(np.int64) * 256 + shifts + 128) * 128 + steps) * (1 << 18) + places
        _, first, inverse, counts = np.unique(
            keys, return_index=True, return_inverse=True, return_counts=True
        )
        chosen = np.argsort(-counts, kind="stable")[:_LOOKED_AT]
        begin = np.bincount(inverse, begins) / counts
        pace = np.bincount(inverse, paces) / counts
        return [
            (int(voices[first[at]]), int(shifts[first[at]]), float(begin[at]), float(pace[at]))
            for at in chosen
        ]

    def _votes(self, phrase: Notes, at: int, of: _Figures) -> tuple[Array, Array, Array, Array]:
        """Where the phrase would lie by each figure of the music that is as one of the phrase."""
        low, high = np.searchsorted(self.figures.kinds, (of.kinds[at], of.kinds[at] + 1))
        ours = _Figures(*(array[low:high] for array in self.figures))
        pace = ours.lengths / of.lengths[at]
        fits = (
            (np.abs(ours.divided - of.divided[at]) < _DIVIDED)
            & (pace < TEMPO_UP)
            & (pace > 1 / TEMPO_UP)
        )
        begin = ours.onsets - pace * (of.onsets[at] - phrase.onsets[0])
        return ours.voices[fits], (ours.pitches - of.pitches[at])[fits], begin[fits], pace[fits]

    def _counted(
        self, phrase: Notes, voice: int, shift: int, begin: float, pace: float
    ) -> Match | None:
        """Count the notes in common at a place, its tempo fitted to them."""
        onsets = (phrase.onsets - phrase.onsets[0]).astype(np.float64)
        pitches = phrase.pitches + shift
        for near in (FIT_S, FIT_S, NEAR_S):
            expected = begin + pace * onsets
            music = self.voices[voice].between(
                float(expected[0]) - near, float(expected[-1]) + near
            )
            if len(music.onsets) == 0:
                return None
            apart = np.where(
                music.pitches[None, :] == pitches[:, None],
                np.abs(music.onsets[None, :] - expected[:, None]),
                np.inf,
            )
            nearest = apart.argmin(axis=1)
            common = apart[np.arange(len(onsets)), nearest] <= near
            if near > NEAR_S and common.sum() >= 3 and np.ptp(onsets[common]) > 0:
                pace, begin = np.polyfit(onsets[common], music.onsets[nearest[common]], 1)
        count = len(set(nearest[common].tolist()))
        score = 2 * count / (len(onsets) + len(music.onsets))
        return Match(
            voice,
            float(score),
            count,
            float(begin),
            float(begin + pace * onsets[-1]),
            shift,
            float(pace),
        )
