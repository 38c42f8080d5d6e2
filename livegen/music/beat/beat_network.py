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

from livegen.music.beat.beat_candidates import Candidates
from livegen.music.melody.phrase import CHORD_US, Played
from livegen.music.parts import DRUMS
from livegen.music.time.metre import DOTTED, TICKS_PER_BEAT, Metre

WEIGHTS = Path(__file__).with_name("beats.npz")

_BASS = 52  # pitches below are the bass
# General MIDI and the TD-11's: kicks, snares, hats.
_DRUMS = ({35, 36}, {37, 38, 39, 40}, {22, 26, 42, 44, 46})
# By pitch: 1 a kick, 2 a snare, 4 a hat, 8 another.
_DRUM_KINDS = np.array(
    [sum(1 << at for at, kind in enumerate(_DRUMS) if pitch in kind) or 8 for pitch in range(128)]
)
_RECENT = 4  # chords in which a pitch class is not new
_LAGS = (1, 2, 3, 4, 5, 6, 7, 8, 12, 16)  # beats after which the same is looked for
_SLOTS = 12  # of a beat, for that
_HARMONICS = (1, 2, 3, 4, 6)  # of the place in the beat
_EARLY = 0.1  # of a beat: an onset so little before a beat belongs to it
_HARMONY_S = (0.6, 1.5)  # pitch classes of so long before and after are compared
_BESIDE_S = 0.5  # a bass note is the lowest among those so near
_LIKE_GAP = 0.2  # of a gap's logarithm to base 2: it is as long
_NO_PITCH = 200

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


_PLACES = 2 * len(_HARMONICS) + 8  # features before those of lags
_REPEATED = slice(_PLACES, _PLACES + 3 * len(_LAGS))

# 2/4, 3/4, 4/4, 5/4, 7/8, 6/8, 9/8, 12/8.
BARS = (
    Bars(2, 24), Bars(3, 24), Bars(4, 24), Bars(5, 24), Bars(7, 12), Bars(2, 36), Bars(3, 36), Bars(4, 36),
)  # fmt: skip
# The number of beats that are counted, for bars of so many: bars of two count to four, from either half.
CYCLES = {2: 4, 3: 3, 4: 4, 5: 5, 7: 7}
# The beats of all cycles side by side: of how many each is, and which of them.
_COUNTED = np.array([cycle for cycle in sorted({*CYCLES.values()}) for _ in range(cycle)])
_PLACE = np.concatenate([np.arange(cycle) for cycle in sorted({*CYCLES.values()})])
# The meaning of a column of the scores: bars, and the beat that is their first, counted from the first beat.
COLUMNS = tuple((bars, first) for bars in BARS for first in range(bars.beats))


class Onsets(NamedTuple):
    """Notes by onset, a chord being one: when, in seconds from `since_us` on (N,), how long (N,), how and what it is.

    `kinds` (N, 20): loudness, how many notes, lowest pitch, bass, highest pitch, leap, up or down, share of new pitch
    classes, kick, snare, hat, another drum, any drum; how other the pitch classes are than those before, by
    `_HARMONY_S`, whether it is the lowest near by, gaps about it against the one before, how much louder it is than its
    neighbours.
    `names` (N,): the same number for the same highest pitch, or drums.
    """

    since_us: int
    at_s: NDArray[np.float64]
    lengths_s: NDArray[np.float64]
    kinds: Floats
    names: Integers


def last_of(onsets: Onsets, count: int) -> Onsets:
    """The last onsets alone, so many."""
    _, at_s, lengths_s, kinds, names = onsets
    return Onsets(
        onsets.since_us, at_s[-count:], lengths_s[-count:], kinds[-count:], names[-count:]
    )


def onsets_of(notes: Sequence[Played]) -> Onsets:
    """Gather notes, at least one, in ascending order of onset; seconds count from the first chord."""
    onset, end, pitch, loud, part = np.array(notes, np.int64).T
    first = _firsts(onset)
    begins = np.zeros(len(notes), np.int64)
    begins[first] = 1
    chord = np.cumsum(begins) - 1
    sizes = np.bincount(chord)
    tuned = part != DRUMS
    loudest = np.maximum.reduceat(loud, first)
    kinds = np.zeros((len(first), 20), np.float32)
    kinds[:, 0], kinds[:, 1] = (loudest - loudest.mean()) / 20, np.log2(sizes)
    kinds[:, 8:13] = _drums(pitch, ~tuned, first)
    times = np.bincount(chord, onset - onset[0]) / sizes + onset[0]
    since = round(times[0])
    at_s = (times - since) / 1e6
    lowest = np.minimum.reduceat(np.where(tuned, pitch, _NO_PITCH), first)
    highest = np.maximum.reduceat(np.where(tuned, pitch, -1), first)
    classes = np.zeros((len(first), 12))
    classes[chord[tuned], pitch[tuned] % 12] = 1
    has_pitch = highest >= 0
    middle = pitch[tuned].mean() if tuned.any() else 60.0
    kinds[has_pitch, 2:8] = _pitched(
        lowest[has_pitch], highest[has_pitch], classes[has_pitch], middle
    )
    kinds[:, 13:15] = _changes(at_s, classes)
    kinds[:, 15] = _are_lowest(at_s, lowest)
    held = np.maximum.reduceat(np.where(tuned, end - onset, 0), first) / 1e6
    kinds[:, 16:19] = _gap_ratios(at_s, held[-1])
    louder = np.concatenate([kinds[:1, 0], kinds[:, 0], kinds[-1:, 0]])
    kinds[:, 19] = kinds[:, 0] - (louder[:-2] + louder[2:]) / 2
    names = np.where(has_pitch, highest + 1, 200 + kinds[:, 8:11] @ (1, 2, 4)).astype(np.int64)
    return Onsets(since, at_s, held, kinds, names)


def _firsts(onset: Integers) -> list[int]:
    """Mark the notes that begin a chord."""
    first, since = [], int(onset[0]) - CHORD_US - 1
    for at, time in enumerate(onset.tolist()):
        if time - since > CHORD_US:
            first.append(at)
            since = time
    return first


def _drums(pitch: Integers, is_drum: NDArray[np.bool_], first: list[int]) -> NDArray[np.bool_]:
    """Flags of each chord (N, 5): a kick, a snare, a hat, none of these, any drum."""
    if not is_drum.any():
        return np.zeros((len(first), 5), np.bool_)
    kinds = np.where(is_drum, _DRUM_KINDS[pitch], 0)
    has = np.bitwise_or.reduceat(kinds, first)
    known = has & 7
    return np.stack([has & 1, has & 2, has & 4, (has > 0) & (known == 0), has], axis=1) > 0


def _pitched(
    lowest: Integers, highest: Integers, classes: NDArray[np.float64], middle: float
) -> NDArray[np.float64]:
    """Lowest pitch, bass, highest pitch, leap, up or down, share of new pitch classes (N, 6)."""
    leaps = np.zeros_like(highest)
    leaps[1:] = highest[1:] - highest[:-1]
    before = np.zeros_like(classes)
    for back in range(1, _RECENT + 1):
        before[back:] += classes[:-back]
    new = ((classes > 0) & (before == 0)).sum(1) / np.maximum(classes.sum(1), 1)
    return np.stack(
        [
            (lowest - middle) / 12, lowest < _BASS, (highest - middle) / 12, np.minimum(2, np.abs(leaps) / 6),
            np.sign(leaps), new,
        ],
        axis=1,
    )  # fmt: skip


def _changes(at_s: NDArray[np.float64], classes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give how other the pitch classes (N, 12) from each onset on are than those before it, 0 to 1 (N, 2)."""
    so_far = np.zeros((len(classes) + 1, 12))
    np.cumsum(classes, axis=0, out=so_far[1:])
    here, windows = so_far[:-1, None], np.array(_HARMONY_S)
    after = so_far[np.searchsorted(at_s, at_s[:, None] + windows)] - here  # (N, windows, 12)
    before = here - so_far[np.searchsorted(at_s, at_s[:, None] - windows)]
    sizes = np.sqrt((after**2).sum(2) * (before**2).sum(2))
    return np.where(sizes > 0, 1 - (after * before).sum(2) / np.maximum(sizes, 1), 0.5)


def _are_lowest(at_s: NDArray[np.float64], lowest: Integers) -> NDArray[np.bool_]:
    """True for each onset near which nothing is lower."""
    is_near = np.abs(np.subtract.outer(at_s, at_s)) < _BESIDE_S
    return np.asarray(
        (lowest < _NO_PITCH) & (np.where(is_near, lowest, _NO_PITCH).min(1) >= lowest)
    )


def _gap_ratios(at_s: NDArray[np.float64], last_s: float) -> NDArray[np.float64]:
    """The gap after an onset, the one after that and the one before the last against the one before (N, 3)."""
    count, last = len(at_s), max(last_s, 0.05)
    padded = np.full(count + 3, last)
    padded[2:-2] = at_s[1:] - at_s[:-1]
    padded[:2] = padded[2]
    padded = np.log2(np.maximum(padded, 0.03))
    beside = padded[np.arange(count)[:, None] + (2, 3, 0)] - padded[1 : count + 1, None]
    return np.asarray(np.minimum(np.maximum(beside, -3), 3) / 2)


def own_features(onsets: Onsets, found: Candidates) -> Floats:
    """The features of each onset that differ by candidate (H, N, 48)."""
    periods, beats = found.periods_s[:, None], found.beats
    turn = np.exp(2j * np.pi * beats)
    powers = {1: turn, 2: turn * turn}
    powers[3], powers[4] = powers[2] * turn, powers[2] * powers[2]
    powers[6] = powers[3] * powers[3]
    at_s, lengths = onsets.at_s, onsets.lengths_s
    gaps = at_s[1:] - at_s[:-1]
    after = np.concatenate([gaps, [max(lengths[-1], 0.05)]])
    before = np.concatenate([gaps[:1], gaps])
    seen = np.empty((*beats.shape, _PLACES + 3 * len(_LAGS)), np.float32)
    for at, power in enumerate(_HARMONICS):
        seen[:, :, 2 * at], seen[:, :, 2 * at + 1] = powers[power].real, powers[power].imag
    others = (
        np.minimum(np.abs(found.errors) * periods / 0.03, 3),
        _octaves(after / periods),
        _octaves(before / periods),
        np.where(lengths > 0, _octaves(lengths / periods), 0),
        np.minimum(lengths / np.maximum(after, 0.03), 3),
        np.log2(periods / 0.5),
        _octaves(1 + beats - beats[:, :1]),
        _octaves(1 + beats[:, -1:] - beats),
    )
    for at, other in enumerate(others, 2 * len(_HARMONICS)):
        seen[:, :, at] = other
    seen[:, :, _REPEATED] = _repeated(beats, onsets.names, after)
    return seen


def same_features(onsets: Onsets) -> Floats:
    """The features of each onset whatever the candidate (N, 22)."""
    ends = np.zeros((len(onsets.names), 2), np.float32)
    ends[0, 0] = ends[-1, 1] = 1
    return np.concatenate([onsets.kinds, ends], axis=1)


def _octaves(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.minimum(np.maximum(np.log2(np.maximum(ratio, 1e-3)) / 2, -2), 2)


def _repeated(
    beats: NDArray[np.float64], names: Integers, after: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """For each lag whether anything was played so many beats before, whether the same, and as long to the next.

    An array (H, N, 3 for each lag).
    """
    slots = np.rint(beats * _SLOTS).astype(np.int64)
    ahead = _SLOTS * _LAGS[-1] + 2
    # A rest of hours takes no more room than one that is longer than all lags.
    slots[:, 1:] = np.minimum(np.diff(slots), 2 * ahead)
    slots[:, 0] = 0
    slots = np.cumsum(slots, axis=1)
    slots -= slots.min(axis=1, keepdims=True)
    rows = np.arange(len(beats))[:, None]
    number = np.zeros((len(beats), int(slots.max()) + 3 + ahead), np.int32)
    number[rows, slots + ahead] = np.arange(1, len(names) + 1)
    # A slot that is empty has what is beside it.
    beside = np.maximum(number[:, :-2], number[:, 2:])
    number[:, 1:-1] = np.where(number[:, 1:-1] > 0, number[:, 1:-1], beside)
    name = np.append(-1, names).astype(np.int32)
    gap = np.append(99, np.log2(np.maximum(after, 0.03))).astype(np.float32)
    lags = _SLOTS * np.array(_LAGS)
    there = number[rows[:, :, None], (slots + ahead)[:, :, None] - lags]  # (H, N, lags)
    found = np.empty((*there.shape, 3), np.bool_)
    found[..., 0] = there > 0
    found[..., 1] = name[there] == name[1:, None]
    found[..., 2] = np.abs(gap[there] - gap[1:, None]) < _LIKE_GAP
    return found.reshape(*there.shape[:2], -1)


class Counted(NamedTuple):
    """The beat that an onset belongs to (H, N), counted from 0, and what beat 0 is on the candidate's scale (H, 1)."""

    beats: Integers
    first: Integers


def counted(found: Candidates) -> Counted:
    """Count the beats of each candidate from that of the first onset."""
    beats = np.floor(found.beats + _EARLY).astype(np.int64)
    first = beats.min(axis=1, keepdims=True)
    return Counted(beats - first, first)


def facts(found: Candidates, seen: Floats) -> Floats:
    """The facts of each candidate over all its onsets (H, 44); `seen` are its features.

    Its period, how many onsets, how many beats, onsets a beat; then of each lag how much is repeated that could be:
    anything, the same, as long to the next, and how much could be.
    """
    onsets = found.beats.shape[1]
    span = found.beats[:, -1] - found.beats[:, 0]
    since = found.beats - found.beats[:, :1]
    # Nothing is repeated where nothing could be: what is before the first onset is empty.
    could = since[:, :, None] > np.array(_LAGS) - _EARLY  # (H, N, lags)
    count = could.sum(axis=1)[:, :, None]
    shares = seen[:, :, _REPEATED].sum(axis=1).reshape(len(span), len(_LAGS), 3) / (count + 1)
    whole = np.stack(
        [
            np.log2(found.periods_s / 0.5),
            np.full(len(span), np.log2(onsets) / 3 - 1),
            np.log2(span + 1) / 3 - 1,
            np.log2(onsets / (span + 1)),
        ],
        axis=1,
    )
    by_lag = np.concatenate([shares, count / onsets], axis=2)
    return np.concatenate([whole, by_lag.reshape(len(span), -1)], axis=1).astype(np.float32)


class ComparingNetwork:
    """The weights: two layers for an onset, and two for the sums of each metre."""

    def __init__(self, weights: dict[str, Floats]) -> None:
        def layer(name: str) -> tuple[Floats, Floats]:
            return np.ascontiguousarray(weights[f"{name}.weight"].T), weights[f"{name}.bias"]

        self._first, self._second = layer("onset.0"), layer("onset.2")
        # Metres whose beats are counted alike are computed at once.
        self._heads = {}
        for cycle in set(CYCLES.values()):
            rows = [row for row, bars in enumerate(BARS) if CYCLES[bars.beats] == cycle]
            hidden = [layer(f"bars.{row}.0") for row in rows]
            last = [layer(f"bars.{row}.2") for row in rows]
            from_each = np.add.outer(np.arange(cycle), np.arange(cycle)) % cycle
            self._heads[cycle] = _Heads(
                rows,
                np.flatnonzero(cycle == _COUNTED)[from_each],
                np.concatenate([weight for weight, _ in hidden], axis=1),
                np.concatenate([bias for _, bias in hidden]),
                _block_diagonal([weight for weight, _ in last]),
                np.concatenate([bias for _, bias in last]),
            )

    def __call__(self, onsets: Onsets, found: Candidates) -> Floats:
        """Scores (H, COLUMNS) of every candidate with every metre and first beat, in nats up to a constant."""
        own, same = own_features(onsets, found), same_features(onsets)
        shown = self._shown(own, same)
        about = np.concatenate([shown.mean(axis=1), facts(found, own)], axis=1)
        beats = counted(found).beats
        falls = beats[:, None, :] % _COUNTED[:, None] == _PLACE[:, None]
        span = (found.beats[:, -1] - found.beats[:, 0])[:, None]
        sums = falls.astype(np.float32) @ shown  # (H, beats of all cycles, D)
        sums /= (span / _COUNTED + 1).astype(np.float32)[:, :, None]
        columns: list[Floats] = [about] * len(BARS)
        for cycle, heads in self._heads.items():
            of_first = _scores(heads, sums, about)  # (H, cycle, heads)
            for at, row in enumerate(heads.rows):
                columns[row] = of_first[:, :, at]
                if BARS[row].beats < cycle:
                    # Bars of two may begin with the first or the third of four beats.
                    turns = columns[row].reshape(len(span), -1, BARS[row].beats)
                    columns[row] = np.asarray(turns.mean(axis=1), np.float32)
        return np.concatenate(columns, axis=1)

    def _shown(self, own: Floats, same: Floats) -> Floats:
        """The hidden units of each onset (H, N, D)."""
        weight, bias = self._first
        count = own.shape[2]
        hidden = own.reshape(-1, count) @ weight[:count]  # one product of matrices is fast
        hidden = hidden.reshape(*own.shape[:2], -1)
        hidden += same @ weight[count:] + bias
        np.maximum(hidden, 0, out=hidden)
        weight, bias = self._second
        shown = hidden.reshape(-1, len(weight)) @ weight + bias
        np.maximum(shown, 0, out=shown)
        return np.asarray(shown.reshape(*own.shape[:2], -1))


def _block_diagonal(columns: Sequence[Floats]) -> Floats:
    """Columns of as many rows, each below the one before and in a column of its own."""
    return np.concatenate(
        [np.eye(len(columns), dtype=np.float32)[[at]] * column for at, column in enumerate(columns)]
    )


class _Heads(NamedTuple):
    """Rows of BARS, from each beat on where all are (cycle, cycle), and the layers of all side by side."""

    rows: list[int]
    turned: Integers
    hidden: Floats
    hidden_bias: Floats
    last: Floats
    last_bias: Floats


def _scores(heads: _Heads, sums: Floats, about: Floats) -> Floats:
    """Scores of bars that begin with each of the counted beats (H, cycle, heads)."""
    (candidates, _, depth), cycle = sums.shape, len(heads.turned)
    turned = sums[:, heads.turned]
    hidden = turned.reshape(-1, cycle * depth) @ heads.hidden[: cycle * depth]
    given = about @ heads.hidden[cycle * depth :] + heads.hidden_bias
    hidden = hidden.reshape(candidates, cycle, -1)
    hidden += given[:, None, :]
    np.maximum(hidden, 0, out=hidden)
    scores = hidden.reshape(candidates * cycle, -1) @ heads.last + heads.last_bias
    return np.asarray(scores.reshape(candidates, cycle, -1))


@cache
def network() -> ComparingNetwork:
    """The network that comes with livegen."""
    with np.load(WEIGHTS, allow_pickle=False) as file:
        return ComparingNetwork({name: file[name].astype(np.float32) for name in file.files})
