"""Tempo and beat of a phrase, found from the onsets of its notes.

A grid explains a phrase if its onsets fall on beats, or on halves, quarters and thirds of beats, within what
a hand can do.  The grid is scored as a distribution over time, so that a fast grid, which has a line near
everything, gains nothing by it.  Knows onsets; knows no pitches and no metre but common time.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from livegen.music.phrase import CHORD_US
from livegen.music.timeline import MINUTE_US, Timeline, tempo_us

SLOWEST_BPM, FASTEST_BPM, USUAL_BPM = 60.0, 180.0, 110.0
_USUAL_SPREAD = 0.32  # standard deviation of the logarithm of tempo
_HAND_US = 16_000.0  # spread of a played onset about its place
_MOST_ONSETS = 48
_WITNESSES = 12  # more onsets than this are no more independent evidence
_TELLING = 4  # so many onsets say by how much a grid is off
_KEEP = 0.35  # nats per onset by which a new grid must be better than the one that runs

# Where in a beat notes begin: phase and share.  Beats far before halves, halves before quarters and thirds.
_PHASES = np.array([0.0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0])
_SHARES = np.array([0.55, 0.05, 0.04, 0.18, 0.11, 0.05, 0.55])  # two thirds: the off-beat of swing
_STRAY = 0.02  # share of onsets that are nowhere
_PERIODS = MINUTE_US / np.exp(np.linspace(np.log(SLOWEST_BPM), np.log(FASTEST_BPM), 240))
_BINS = 192  # of a beat, in the table by which all periods are scored at once

Floats = NDArray[np.float64]


def fit(
    onsets_us: Sequence[int], running: Timeline | None = None, fixed_bpm: float | None = None
) -> Timeline:
    """The timeline that explains ascending onsets, at least one.

    The timeline that runs is kept as it is if it explains them nearly as well.  A new one has a
    downbeat at the beat of the first onset; of many onsets the last are looked at.  With
    `fixed_bpm` only the position of the beat is found: the first onset.
    """
    if fixed_bpm is not None:
        return Timeline(tempo_us(fixed_bpm), onsets_us[0])
    distinct = _without_chords(onsets_us)
    if len(distinct) < 3:
        return _with_too_few(distinct, running)
    first, distinct = distinct[0], distinct[-_MOST_ONSETS:]
    onsets = np.array(distinct, dtype=np.float64) - distinct[0]
    period, origin, score = _best(onsets)
    if running is not None:
        shift = running.origin_us - distinct[0]
        if _score(onsets, float(running.tempo_us), float(shift)) > score - _KEEP:
            return running
    beats = round((first - distinct[0] - origin) / period)
    return Timeline(round(period), distinct[0] + round(origin + beats * period))


def refined(onsets_us: Sequence[int], running: Timeline) -> Timeline:
    """The timeline that runs, moved to where these onsets lie on its lines; ticks keep their numbers.

    A grid that was found from the first notes of a phrase is a little off, and the farther the later.
    """
    distinct = _without_chords(onsets_us)[-_MOST_ONSETS:]
    if len(distinct) < _TELLING:
        return running
    period, shift = float(running.tempo_us), running.origin_us - distinct[0]
    onsets = np.array(distinct, dtype=np.float64) - distinct[0]
    period, origin = _regress(onsets, period, float(shift))
    return replace(running, tempo_us=round(period), origin_us=distinct[0] + round(origin))


def _without_chords(onsets_us: Sequence[int]) -> list[int]:
    distinct = [onsets_us[0]]
    for onset in onsets_us[1:]:
        if onset - distinct[-1] > CHORD_US:
            distinct.append(onset)
    return distinct


def _with_too_few(onsets: list[int], running: Timeline | None) -> Timeline:
    """Fit one or two onsets, which say nothing of the tempo: keep it, and the beat too if they lie on its grid."""
    if running is None:
        return Timeline(tempo_us(USUAL_BPM), onsets[0])
    if all(_is_on_beat(running, onset) for onset in onsets):
        return running
    return Timeline(running.tempo_us, onsets[0])


def _is_on_beat(timeline: Timeline, onset: int) -> bool:
    """True if an onset lies on a beat or half of one: on finer lines anything would."""
    half = timeline.tempo_us / 2
    since = (onset - timeline.origin_us) % half
    return min(since, half - since) < 2.5 * _HAND_US


def _best(onsets: Floats) -> tuple[float, float, float]:
    """Period and origin (relative to the first onset, which is a beat) and their score."""
    bins = np.rint(np.multiply.outer(_BINS / _PERIODS, onsets)).astype(np.intp) % _BINS
    scores = np.take_along_axis(_table(), bins, axis=1).mean(axis=1) + _prior(_PERIODS, len(onsets))
    refined = [_refine(onsets, float(_PERIODS[at])) for at in _peaks(scores, 4)]
    return max(refined, key=lambda candidate: candidate[2])


@cache
def _table() -> Floats:
    """Likelihood of each phase, in bins, under each period."""
    return _likelihood(np.arange(_BINS)[None, :] / _BINS, _PERIODS[:, None])  # (periods, bins)


def _peaks(scores: Floats, most: int) -> list[int]:
    inner = np.flatnonzero((scores[1:-1] >= scores[:-2]) & (scores[1:-1] >= scores[2:])) + 1
    ends = [
        at
        for at, beside in ((0, 1), (len(scores) - 1, len(scores) - 2))
        if scores[at] > scores[beside]
    ]
    found = [*inner.tolist(), *ends]
    return sorted(found, key=lambda at: -scores[at])[:most]


def _refine(onsets: Floats, period: float) -> tuple[float, float, float]:
    """Least squares of period and origin, first on the opening onsets, then on ever more of them."""
    origin, used = 0.0, 8
    while used < len(onsets):
        period, origin = _regress(onsets[:used], period, origin)
        used *= 2
    for _ in range(2):
        period, origin = _regress(onsets, period, origin)
    return period, origin, _score(onsets, period, origin)


def _regress(onsets: Floats, period: float, origin: float) -> tuple[float, float]:
    beats = (onsets - origin) / period
    whole = np.floor(beats)
    nearest = np.abs((beats - whole)[:, None] - _PHASES[None, :]) * period / _HAND_US
    places = whole + _PHASES[np.argmin(nearest**2 / 2 - np.log(_SHARES)[None, :], axis=1)]
    spread = places - places.mean()
    variance = float((spread**2).sum())
    if variance < 1e-6:
        return period, origin
    slope = float((spread * onsets).sum()) / variance
    if not MINUTE_US / (FASTEST_BPM * 1.1) < slope < MINUTE_US / (SLOWEST_BPM / 1.1):
        return period, origin
    return slope, float(onsets.mean() - slope * places.mean())


def _score(onsets: Floats, period: float, origin: float) -> float:
    likelihood = float(_likelihood((onsets - origin) / period, np.array(period)).mean())
    return likelihood + float(_prior(np.array(period), len(onsets)))


def _likelihood(beats: Floats, period: Floats) -> Floats:
    """Logarithm of the density of onsets over time, up to a constant, from their positions in beats."""
    phase = beats - np.floor(beats)
    distance = (phase[..., None] - _PHASES) * (period / _HAND_US)[..., None]
    peaks = (_SHARES * np.exp(-0.5 * distance**2)).sum(axis=-1)
    stray = _STRAY * _HAND_US * 2.5 / period
    return np.asarray(np.log(period * (peaks + stray)))


def _prior(period: Floats, onsets: int) -> Floats:
    usual = np.log(period * USUAL_BPM / MINUTE_US) / _USUAL_SPREAD
    return np.asarray(-0.5 * usual**2 / min(onsets, _WITNESSES))
