"""The chords that a melody implies: what would be played under it now, and on the beats to come.

A small network looks at a beat of the melody as somebody who harmonises does: which tone is struck on it, which tones
sounded in each of the eight beats before, in the last bars and in the last half minute, and where in the bar it is.
It looks twelve times, each time as seen from another root, with the same weights, so that what it knows holds in every
key; for each root it says how likely the chord is major or minor, on this beat and some beats ahead.  The note that is
struck on a beat tells most: who waits for it knows the root of .33 of the bars of POP909, a beat before of .25, and who
hears the whole bar of .42 (`python -m bench.implied DATA`).

Trained by `python -m export.implied DATA`.  Knows pitches and beats; knows no micros and no parts.
"""

from collections.abc import Sequence
from functools import cache
from math import ceil, inf
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.files.weights import Shape, read_weights, width
from livegen.music.note import Note

WEIGHTS = Path(__file__).with_name("chords_implied.npz")
WINDOW = 32  # beats of the melody that are looked at
CLOSELY = 8  # of them one by one
EARLY = 0.16  # of a beat: a note struck so little before a beat, or after it, is struck on it
AHEAD = (0, 1, 2, 4)  # beats after the one that is looked at of which a chord is said
BEFORE = 4  # beats before it of which one is said too, last: it taught the network what to look for, and is a measure
CLASSES = 24  # chords: twice the root, one more where it is minor
ROWS = CLOSELY + 3  # of pitch classes that are seen
OTHERS = 12  # facts beside them
_FADES = 8.0  # beats in which what sounded loses half its weight
_PARTLY = 0.4  # so much of a beat may be left out with what was before
_MOST_ONSETS, _ONSETS = 6, 4.0
_PLACES = 6  # beats of the bar that are told apart
_BARS = {2: 0, 3: 1, 4: 2}  # and bars, by their beats; all others are one kind
_TONES = np.eye(12)

Floats = NDArray[np.float32]
_FADING: Floats = (0.5 ** (np.arange(WINDOW) / _FADES)).astype(np.float32)


class Melody(NamedTuple):
    """A melody by beats, n of them.

    `lasting` (n, 12) is how long each pitch class sounded in the beat before each, `struck` (n, 12) the one that is
    struck on it, and `onsets` (n,) how many notes began in the beat before.
    """

    lasting: Floats
    struck: Floats
    onsets: Floats


def by_beats(notes: Sequence[Note], since: int, until: int) -> Melody:
    """The melody at the beats from `since` to before `until`."""
    count = until - since
    rows = np.array([note[:3] for note in notes], np.float64).reshape(-1, 3)
    onset, end, tones = rows[:, 0], rows[:, 1], _TONES[rows[:, 2].astype(int) % 12]
    beats = np.arange(since, until)[:, None]
    lasted = np.minimum(end, beats) - np.maximum(onset, beats - 1)  # (count, notes)
    lasting = (np.maximum(lasted, 0.0) @ tones).astype(np.float32)
    nearest = np.rint(onset)
    is_struck = (np.abs(onset - nearest) <= EARLY) & (since <= nearest) & (nearest < until)
    struck = np.zeros((count, 12), np.float32)
    struck[nearest[is_struck].astype(int) - since] = tones[is_struck]  # the last of several stays
    began = np.floor(onset + EARLY).astype(int) + 1 - since
    onsets = np.bincount(began[(began >= 0) & (began < count)], minlength=count).astype(np.float32)
    return Melody(lasting, struck, onsets)


def facts(melody: Melody, first: int, phase: int, bar: int) -> tuple[Floats, Floats]:
    """The facts that are seen at the beats from number `first` on: pitch classes (n, ROWS, 12), and others (n, OTHERS).

    The beat `first` is beat `phase` of bars of `bar` beats.  What lies before the melody's first beat was silence.
    """
    count = len(melody.onsets) - first
    before = np.concatenate([np.zeros((WINDOW, 12), np.float32), melody.lasting])
    at = np.arange(count)[:, None] + first + WINDOW - np.arange(WINDOW)
    window = before[at]  # (n, WINDOW, 12), the latest first
    sums = window.sum(1), np.einsum("nwp,w->np", window, _FADING)
    rows = [window[:, :CLOSELY], *(_share(each)[:, None] for each in sums)]
    seen = np.concatenate([*rows, melody.struck[first:, None]], axis=1)
    others = np.zeros((count, OTHERS), np.float32)
    others[:, 0] = ~melody.struck[first:].any(1)
    others[:, 1] = np.minimum(melody.onsets[first:], _MOST_ONSETS) / _ONSETS
    places = (phase + np.arange(count)) % bar
    others[np.arange(count), 2 + np.minimum(places, _PLACES - 1)] = 1.0
    others[:, 2 + _PLACES + _BARS.get(bar, len(_BARS))] = 1.0
    return seen, others


def _share(sums: Floats) -> Floats:
    """Each pitch class as a share of what sounded; little where little did."""
    result: Floats = sums / (sums.sum(1, keepdims=True) + 1)
    return result


class ImpliedWeights(NamedTuple):
    """Of the network: from pitch classes seen from a root, and from the others, to two layers and the chords."""

    seen: Floats  # (ROWS * 12, H)
    others: Floats  # (OTHERS, H)
    first: Floats  # (H,)
    second: Floats  # (H, H)
    second_bias: Floats  # (H,)
    last: Floats  # (H, 2 * heads)
    last_bias: Floats  # (2 * heads,)


@cache
def shipped() -> ImpliedWeights:
    """The weights that come with livegen.  Raises ModelError where they are damaged."""
    return ImpliedWeights(
        *read_weights(WEIGHTS, ImpliedWeights._fields, _shapes, "implied chords", "implied")
    )


def _shapes(found: Sequence[Shape]) -> list[Shape]:
    h, said = width(found[2]), 2 * (len(AHEAD) + 1)
    return [(ROWS * 12, h), (OTHERS, h), (h,), (h, h), (h,), (h, said), (said,)]


def from_roots(seen: Floats) -> Floats:
    """The facts of pitch classes (n, ROWS, 12) as seen from each root (n, 12, ROWS * 12)."""
    turned = (np.arange(12)[:, None] + np.arange(12)) % 12
    result: Floats = seen[:, :, turned].transpose(0, 2, 1, 3).reshape(len(seen), 12, ROWS * 12)
    return result


def likely(seen: Floats, others: Floats, weights: ImpliedWeights) -> Floats:
    """Give how likely each chord is at each beat, and AHEAD beats after it, and BEFORE it (n, heads, CLASSES)."""
    hidden = from_roots(seen) @ weights.seen + (others @ weights.others + weights.first)[:, None]
    hidden = np.maximum(np.maximum(hidden, 0) @ weights.second + weights.second_bias, 0)
    scores = hidden @ weights.last + weights.last_bias  # (n, 12, heads * 2)
    heads = scores.shape[-1] // 2
    scores = scores.reshape(-1, 12, heads, 2).transpose(0, 2, 1, 3).reshape(-1, heads, CLASSES)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    result: Floats = shares / shares.sum(-1, keepdims=True)
    return result


class BeatChords(NamedTuple):
    """Beats one by one: how likely each chord is (n, heads, CLASSES), and how long each tone sounded before (n, 12)."""

    likely: Floats
    lasting: Floats


def implied(notes: Sequence[Note], beat: int, bar: int) -> Floats:
    """Give how likely each chord is at a beat, after and before it (heads, CLASSES), by what was sung; see `likely`.

    Beat 0 is the first of a bar of `bar` beats; notes that still sound have an end to come.
    """
    result: Floats = implied_since(notes, beat, beat, bar).likely[0]
    return result


def implied_since(
    notes: Sequence[Note],
    since: int,
    beat: int,
    bar: int,
    parts: Sequence[tuple[float, float]] = ((-inf, 1.0),),
) -> BeatChords:
    """The same at each beat from `since` to `beat`.

    `parts` are shares, each with the beat from which on the melody counts for it: what was before is in another key.
    """
    first = since - WINDOW
    melody = by_beats(notes, first, beat + 1)
    rows = [facts(_from(melody, begins - first), WINDOW, since % bar, bar) for begins, _ in parts]
    seen, others = (np.concatenate(each) for each in zip(*rows, strict=True))
    said = likely(seen, others, shipped()).reshape(len(parts), -1, len(AHEAD) + 1, CLASSES)
    begins, shares = np.array(parts).T[..., None]  # (parts, 1)
    shares = np.tile(shares[..., None], said.shape[1:3])  # (parts, beats, heads)
    # The chord before a beat is told by the parts that had begun, the likeliest ones above all.
    shares[..., -1] **= 2
    shares[..., -1] *= begins <= np.maximum(np.arange(since, beat + 1) - BEFORE, begins.min())
    shares[..., -1] /= shares[..., -1].sum(0)
    found = np.einsum("pnh,pnhc->nhc", shares, said).astype(np.float32)
    return BeatChords(found, melody.lasting[WINDOW:])


def _from(melody: Melody, beat: float) -> Melody:
    """A melody as if nothing had been before a beat of it."""
    if beat <= 0:
        return melody
    lasting, struck, onsets = (part.copy() for part in melody)
    lasting[: ceil(beat + _PARTLY)] = 0.0
    onsets[: ceil(beat + _PARTLY)] = 0.0
    struck[: ceil(beat - EARLY)] = 0.0
    return Melody(lasting, struck, onsets)
