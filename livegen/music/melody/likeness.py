"""The search for music that is like a phrase: notes in common, whatever the key, the tempo and the place.

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
_FURTHEST = max(third for _, third in _REACHES)
_AT_ONCE = 50_000  # notes whose figures are made at once
KINDS = (2 * WIDEST + 1) ** 2
_DIVIDED = 0.12  # how differently the time of a figure may be divided, of its length
# Of the votes: how far places lie apart, and tempos, of an octave.
_PLACE_S, _TEMPO_STEPS = 1.0, 5.0
_LOOKED_AT = 60  # places with most votes, where notes are counted
FEWEST = 4  # notes of a phrase
MOST_VOTES = 2_000_000  # so many figures of the music are compared at most: the rarest tell most


class Notes(NamedTuple):
    """Onsets in seconds, ascending, and pitches: (n,) each."""

    onsets: Array
    pitches: Array

    def between(self, begin: float, end: float) -> "Notes":
        """The notes of a stretch of time."""
        first, last = np.searchsorted(self.onsets, (begin, end))
        return Notes(self.onsets[first:last], self.pitches[first:last])


class Match(NamedTuple):
    """A place where music is like a phrase: in which voice, how much (`score`, 0 to 1), when (seconds), how moved.

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

    kinds: Array  # int16
    voices: Array  # int32
    onsets: Array  # float32
    pitches: Array  # int16
    lengths: Array  # float32
    divided: Array  # float32


class _VoiceLines(NamedTuple):
    """Notes of lines, one line after the other: onsets, pitches, and of which voice each is: (n,)."""

    onsets: Array  # float32
    pitches: Array  # int16
    voices: Array  # int32


def notes_of(pairs: Iterable[tuple[float, int]]) -> Notes:
    """Notes of onsets (seconds) and pitches in any order."""
    ordered = sorted(pairs)
    return Notes(
        np.array([onset for onset, _ in ordered], np.float32),
        np.array([pitch for _, pitch in ordered], np.int16),
    )


def lines(notes: Notes) -> list[Notes]:
    """The upper line of what begins together, and the lower one where it is another."""
    return [Notes(line.onsets, line.pitches) for line in _different(_lines([notes]))]


def _different(both: tuple[_VoiceLines, _VoiceLines]) -> list[_VoiceLines]:
    """The upper and the lower line, one where they are the same, none where there are no notes."""
    found = [line for line in both if len(line.onsets)]
    return found[:1] if found and np.array_equal(both[0].pitches, both[1].pitches) else found


def _lines(voices: Sequence[Notes]) -> tuple[_VoiceLines, _VoiceLines]:
    """The upper and the lower lines of all voices."""
    lengths = [len(notes.onsets) for notes in voices]
    whose = np.repeat(np.arange(len(voices), dtype=np.int32), lengths)
    if len(whose) == 0:
        empty = _VoiceLines(np.zeros(0, np.float32), np.zeros(0, np.int16), whose)
        return empty, empty
    onsets = np.concatenate([notes.onsets for notes in voices]).astype(np.float32)
    pitches = np.concatenate([notes.pitches for notes in voices]).astype(np.int16)
    is_later = np.diff(onsets, prepend=np.float32(-np.inf)) > CHORD_S
    starts = np.flatnonzero(is_later | (np.diff(whose, prepend=-1) != 0))
    when, who = onsets[starts], whose[starts]
    return (
        _VoiceLines(when, np.maximum.reduceat(pitches, starts), who),
        _VoiceLines(when, np.minimum.reduceat(pitches, starts), who),
    )


def _figures(of: Sequence[_VoiceLines], wanted: Array | None = None) -> _Figures:
    """The figures of lines, by kind; of those only the kinds that are `wanted`, (KINDS,) of truth values."""
    found = [
        _reached(
            _VoiceLines(*(array[at : at + _AT_ONCE + _FURTHEST] for array in line)), *reach, wanted
        )
        for line in of
        for at in range(0, len(line.onsets), _AT_ONCE)
        for reach in _REACHES
    ]
    if not found:
        empty = _VoiceLines(np.zeros(0, np.float32), np.zeros(0, np.int16), np.zeros(0, np.int32))
        found = [_reached(empty, 1, 2, None)]
    joined = _Figures(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))
    order = np.argsort(joined.kinds, kind="stable")
    return _Figures(*(array[order] for array in joined))


def _reached(line: _VoiceLines, second: int, third: int, wanted: Array | None) -> _Figures:
    """The figures of each note with those `second` and `third` after it, of the first `_AT_ONCE` notes."""
    count = max(0, min(_AT_ONCE, len(line.onsets) - third))
    first = line.pitches[:count]
    up = line.pitches[second : second + count] - first
    on = line.pitches[third : third + count] - first
    fits = (np.abs(up) <= WIDEST) & (np.abs(on) <= WIDEST)
    fits &= line.voices[third : third + count] == line.voices[:count]
    kinds = np.where(fits, (up + WIDEST) * (2 * WIDEST + 1) + on + WIDEST, 0).astype(np.int16)
    if wanted is not None:
        fits &= wanted[kinds]
    at = np.flatnonzero(fits)
    length = line.onsets[at + third] - line.onsets[at]
    divided = (line.onsets[at + second] - line.onsets[at]) / np.maximum(length, np.float32(1e-3))
    return _Figures(kinds[at], line.voices[at], line.onsets[at], first[at], length, divided)


@dataclass(frozen=True, slots=True)
class Library:
    """Voices of music, in which phrases are looked for; `lines` are their upper and lower ones."""

    voices: Sequence[Notes]
    lines: tuple[_VoiceLines, _VoiceLines]

    @classmethod
    def of(cls, voices: Sequence[Notes]) -> "Library":
        """A library of these voices."""
        return cls(voices, _lines(voices))

    def like(self, phrase: Notes) -> list[Match]:
        """Find where music is like a phrase, the likest first, one place a voice; none for fewer than four notes."""
        if len(phrase.onsets) < FEWEST:
            return []
        best: dict[int, Match] = {}
        for place in self._places(phrase):
            match = self._counted(phrase, *place)
            if match and match.score > (best[match.voice].score if match.voice in best else 0):
                best[match.voice] = match
        return sorted(best.values(), key=lambda match: -match.score)

    def _places(self, phrase: Notes) -> list[tuple[int, int, float, float]]:
        """Voice, shift, begin and pace of the places with most votes."""
        asked = _figures(_different(_lines([phrase])))
        wanted = np.zeros(KINDS, bool)
        wanted[asked.kinds] = True
        ours = _figures(_different(self.lines), wanted)
        votes = [_votes(ours, asked, at, phrase.onsets[0]) for at in _rarest(ours, asked)]
        if not votes:
            return []
        voices, shifts, begins, paces = (np.concatenate(one) for one in zip(*votes, strict=True))
        steps = np.round(np.log2(paces) * _TEMPO_STEPS).astype(np.int64) + 64
        places = np.floor(begins / _PLACE_S).astype(np.int64) + (1 << 12)
        keys = ((voices.astype(np.int64) * 256 + shifts + 128) * 128 + steps) * (1 << 20) + places
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

    def _counted(
        self, phrase: Notes, voice: int, shift: int, begin: float, pace: float
    ) -> Match | None:
        """Count the notes in common at a place, its tempo fitted to them."""
        onsets = (phrase.onsets - phrase.onsets[0]).astype(np.float64)
        pitches = phrase.pitches.astype(np.int16) + np.int16(shift)
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


def _rarest(ours: _Figures, asked: _Figures) -> list[int]:
    """Figures of the phrase, the rarest in the music first, as many as may vote."""
    low, high = np.searchsorted(ours.kinds, (asked.kinds, asked.kinds + 1))
    order = np.argsort(high - low, kind="stable")
    may = np.cumsum((high - low)[order]) <= MOST_VOTES
    chosen: list[int] = order[may].tolist()
    return chosen


def _votes(ours: _Figures, asked: _Figures, at: int, begun: float) -> tuple[Array, ...]:
    """Voice, shift, begin and pace by each figure of the music that is as one of the phrase."""
    low, high = np.searchsorted(ours.kinds, (asked.kinds[at], asked.kinds[at] + 1))
    same = _Figures(*(array[low:high] for array in ours))
    pace = same.lengths / np.maximum(asked.lengths[at], np.float32(1e-3))
    fits = (np.abs(same.divided - asked.divided[at]) < _DIVIDED) & (pace < TEMPO_UP)
    fits &= pace > 1 / TEMPO_UP
    begin = same.onsets - pace * (asked.onsets[at] - begun)
    return same.voices[fits], (same.pitches - asked.pitches[at])[fits], begin[fits], pace[fits]
