"""A small network that says how well beats and bars fit what was played.

It looks at each onset as a musician does who counts along: where in the beat it falls, how long it lasts, how loud and
how low it is, and whether the same was played some beats before.  It turns that into a few numbers; their sums over the
first, the second, ... beats of all bars say how well bars of each metre fit, from each beat on.  Candidates of all
tempi are compared by the same weights: a beat is a beat.  Trained by `python -m export.beats`.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.beat_candidates import Candidates
from livegen.music.metre import DOTTED, TICKS_PER_BEAT, Metre
from livegen.music.phrase import CHORD_US, Played

WEIGHTS = Path(__file__).with_name("beats.npz")

_BASS = 52  # pitches below are the bass
# General MIDI and the TD-11's: kicks, snares, hats.
_DRUMS = ({35, 36}, {37, 38, 39, 40}, {22, 26, 42, 44, 46})
_RECENT = 4  # chords in which a pitch class is not new
_LAGS = (1, 2, 3, 4, 5, 6, 7, 8, 12, 16)  # beats after which the same is looked for
_SLOTS = 12  # of a beat, for that
_HARMONICS = (1, 2, 3, 4, 6)  # of the place in the beat
_EARLY = 0.1  # of a beat: an onset so little before a beat belongs to it

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


class Bars(NamedTuple):
    """A metre that is told apart: bars of `beats`, each of `ticks`."""

    beats: int
    ticks: int

    @property
    def metre(self) -> Metre:
        """The same as bar lines."""
        counted = DOTTED if self.ticks == DOTTED else TICKS_PER_BEAT
        return Metre(((0, self.beats * self.ticks),), counted)


# 2/4, 3/4, 4/4, 5/4, 7/8, 6/8, 9/8, 12/8.
BARS = (
    Bars(2, 24), Bars(3, 24), Bars(4, 24), Bars(5, 24), Bars(7, 12), Bars(2, 36), Bars(3, 36), Bars(4, 36),
)  # fmt: skip
# How many beats are counted, for bars of so many: bars of two count to four, from either half.
CYCLES = {2: 4, 3: 3, 4: 4, 5: 5, 7: 7}
# What a column of the scores stands for: bars, and the beat that is their first, counted from the first beat.
COLUMNS = tuple((bars, first) for bars in BARS for first in range(bars.beats))


class Onsets(NamedTuple):
    """Notes by onset, a chord being one: when, in seconds from `since_us` on (N,), how long (N,), how and what it is.

    `kinds` (N, 13): loudness, how many notes, lowest pitch, bass, highest pitch, leap, up or down, share of new pitch
    classes, kick, snare, hat, another drum, any drum.  `names` (N,): the same number for the same highest pitch, or
    drums.
    """

    since_us: int
    at_s: NDArray[np.float64]
    lengths_s: NDArray[np.float64]
    kinds: Floats
    names: Integers


def onsets_of(notes: Sequence[Played]) -> Onsets:
    """Gather notes, at least one, in ascending order of onset; seconds count from the first chord."""
    chords: list[list[Played]] = []
    for note in notes:
        if chords and note.onset_us - chords[-1][0].onset_us <= CHORD_US:
            chords[-1].append(note)
        else:
            chords.append([note])
    pitched = [note.pitch for note in notes if not note.is_drum]
    middle = sum(pitched) / len(pitched) if pitched else 60.0
    loudest = [max(note.velocity for note in chord) for chord in chords]
    usual = sum(loudest) / len(loudest)
    kinds = np.zeros((len(chords), 13), np.float32)
    names, lengths = np.zeros(len(chords), np.int64), np.zeros(len(chords))
    top: int | None = None
    recent: list[set[int]] = []
    for at, chord in enumerate(chords):
        tuned = [note for note in chord if not note.is_drum]
        struck = [note.pitch for note in chord if note.is_drum]
        kinds[at, :2] = (loudest[at] - usual) / 20, np.log2(len(chord))
        drums = [any(pitch in kind for pitch in struck) for kind in _DRUMS]
        kinds[at, 8:] = *drums, bool(struck) and not any(drums), bool(struck)
        if tuned:
            low, high = min(note.pitch for note in tuned), max(note.pitch for note in tuned)
            leap = 0 if top is None else high - top
            classes = {note.pitch % 12 for note in tuned}
            new = classes - set().union(*recent[-_RECENT:])
            kinds[at, 2:8] = (
                (low - middle) / 12, low < _BASS, (high - middle) / 12, min(2, abs(leap) / 6),
                np.sign(leap), len(new) / len(classes),
            )  # fmt: skip
            top = high
            recent.append(classes)
            names[at] = high + 1
            lengths[at] = max(note.end_us - note.onset_us for note in tuned) / 1e6
        else:
            names[at] = 200 + drums[0] + 2 * drums[1] + 4 * drums[2]
    times = np.array([sum(note.onset_us for note in chord) / len(chord) for chord in chords])
    since = round(times[0])
    return Onsets(since, (times - since) / 1e6, lengths, kinds, names)


def features(onsets: Onsets, found: Candidates) -> Floats:
    """What the network sees of each onset under each candidate (H, N, 51)."""
    periods, beats = found.periods_s[:, None], found.beats
    turn = np.exp(2j * np.pi * beats)
    places = [part for power in _HARMONICS for part in ((turn**power).real, (turn**power).imag)]
    gaps = np.diff(onsets.at_s)
    after = np.append(gaps, max(onsets.lengths_s[-1], 0.05))
    before = np.append(gaps[:1], gaps)
    lengths = onsets.lengths_s
    held = np.where(lengths > 0, _octaves(lengths / periods), 0)
    shape = beats.shape
    seen = [
        *places,
        np.clip(np.abs(found.errors) * periods / 0.03, 0, 3),
        _octaves(after / periods),
        _octaves(before / periods),
        held,
        np.broadcast_to(np.clip(lengths / np.maximum(after, 0.03), 0, 3), shape),
        np.broadcast_to(np.log2(periods / 0.5), shape),
        *_repeated(beats, onsets.names),
    ]
    ends = np.zeros((shape[1], 2), np.float32)
    ends[0, 0] = ends[-1, 1] = 1
    same = np.concatenate([onsets.kinds, ends], axis=1)
    return np.concatenate(
        [np.stack(seen, axis=-1).astype(np.float32), np.broadcast_to(same, (*shape, 15))[..., :]],
        axis=-1,
    )


def _octaves(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(np.log2(np.maximum(ratio, 1e-3)) / 2, -2, 2)


def _repeated(beats: NDArray[np.float64], names: Integers) -> list[NDArray[np.bool_]]:
    """For each lag, whether anything was played so many beats before, and whether it was the same."""
    slots = np.rint(beats * _SLOTS).astype(np.int64)
    slots -= slots.min(axis=1, keepdims=True)
    ahead = _SLOTS * _LAGS[-1] + 2
    rows = np.arange(len(beats))[:, None]
    played = np.zeros((len(beats), int(slots.max()) + 3 + ahead), np.int64)
    played[rows, slots + ahead] = names + 1
    found = []
    for lag in _LAGS:
        at = slots + ahead - lag * _SLOTS
        there = played[rows, at]
        beside = np.maximum(played[rows, at - 1], played[rows, at + 1])
        there = np.where(there > 0, there, beside)
        found += [there > 0, there == names + 1]
    return found


class Counted(NamedTuple):
    """Which beat an onset belongs to (H, N), counted from 0, and what beat 0 is on the candidate's scale (H, 1)."""

    beats: Integers
    first: Integers


def counted(found: Candidates) -> Counted:
    """Count the beats of each candidate from that of the first onset."""
    beats = np.floor(found.beats + _EARLY).astype(np.int64)
    first = beats.min(axis=1, keepdims=True)
    return Counted(beats - first, first)


def facts(found: Candidates) -> Floats:
    """What concerns all onsets of a candidate (H, 4): its period, how many onsets, how many beats, onsets a beat."""
    onsets = found.beats.shape[1]
    span = found.beats[:, -1] - found.beats[:, 0]
    return np.stack(
        [
            np.log2(found.periods_s / 0.5),
            np.full(len(span), np.log2(onsets) / 3 - 1),
            np.log2(span + 1) / 3 - 1,
            np.log2(onsets / (span + 1)),
        ],
        axis=1,
    ).astype(np.float32)


class Network:
    """The weights: two layers for an onset, and two for the sums of each metre."""

    def __init__(self, weights: dict[str, Floats]) -> None:
        self._weights = weights

    def __call__(self, onsets: Onsets, found: Candidates) -> Floats:
        """Scores (H, COLUMNS) of every candidate with every metre and first beat, in nats up to a constant."""
        beats, about = counted(found).beats, facts(found)
        shown = self._layer("onset.2", self._layer("onset.0", features(onsets, found)))
        mean = shown.mean(axis=1)
        span = (found.beats[:, -1] - found.beats[:, 0])[:, None, None]
        sums = {}
        for cycle in set(CYCLES.values()):
            falls = (beats[:, None, :] % cycle == np.arange(cycle)[:, None]).astype(np.float32)
            sums[cycle] = (falls @ shown) / np.float32(span / cycle + 1)  # (H, cycle, D)
        columns = []
        for row, (count, _) in enumerate(BARS):
            cycle = CYCLES[count]
            of_first = self._head(row, sums[cycle], mean, about)
            # Bars of two may begin with the first or the third of four beats.
            columns.append(of_first if count == cycle else (of_first[:, :2] + of_first[:, 2:]) / 2)
        return np.concatenate(columns, axis=1)

    def _layer(self, name: str, given: Floats) -> Floats:
        return np.asarray(np.maximum(self._linear(name, given), 0))

    def _linear(self, name: str, given: Floats) -> Floats:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        flat = (
            given.reshape(-1, given.shape[-1]) @ weight.T + bias
        )  # one product of matrices is fast
        return np.asarray(flat.reshape(*given.shape[:-1], -1))

    def _head(self, row: int, sums: Floats, mean: Floats, about: Floats) -> Floats:
        """Scores of bars that begin with each of the counted beats (H, cycle)."""
        cycle = sums.shape[1]
        turned = sums[:, np.add.outer(np.arange(cycle), np.arange(cycle)) % cycle]
        same = np.concatenate([mean, about], axis=1)[:, None, :]
        given = np.concatenate(
            [turned.reshape(len(sums), cycle, -1), np.repeat(same, cycle, axis=1)], axis=-1
        )
        hidden = self._layer(f"bars.{row}.0", given)
        return self._linear(f"bars.{row}.2", hidden)[..., 0]


@cache
def network() -> Network:
    """The network that comes with livegen."""
    with np.load(WEIGHTS, allow_pickle=False) as file:
        return Network({name: file[name].astype(np.float32) for name in file.files})
