"""Beats that what was played could have, and each of them followed through its tempo changes.

A candidate is a period and a time at which a beat lies.  Candidates are the peaks of how well the onsets of the last
seconds fall on beats and their parts, for all periods and phases at once, by the Fourier coefficients of the onsets
(Peeters, "Template-based estimation of time-varying tempo", 2007).  Each is followed by a filter that is corrected by
every onset near one of its lines (Large and Kolen, "Resonance and the perception of musical meter", 1994).
Knows seconds; knows no pitches and no bars.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FASTEST_S, SLOWEST_S = 0.22, 1.6  # periods of beats
LATELY_S = 5.0  # candidates are taken from so much of what was played last,
FEWEST, MOST = 8, 32  # of so many onsets
_STEP = 0.0135  # between the logarithms of periods
_HARMONICS, _PHASES = 12, 24
_BANDS_S = (0.38, 0.62, 1.0)  # each of four bands of periods gives as many candidates
_OF_A_BAND = 8

# Where in a beat notes begin: phase, share, spread.
_TEMPLATE = (
    (0, 1.0, 0.035), (1 / 2, 0.5, 0.035), (0.62, 0.1, 0.05), (0.667, 0.25, 0.035), (0.333, 0.15, 0.035),
    (1 / 4, 0.2, 0.03), (3 / 4, 0.22, 0.03),
)  # fmt: skip
# Lines of the beat to which an onset may belong, how often it does, and how far it may correct the filter.
_LINES = np.array([0.0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0])
_RARITY = -2 * np.log([0.55, 0.05, 0.04, 0.18, 0.11, 0.05, 0.55])
_TRUST = np.array([1.0, 0.35, 0.3, 0.6, 0.4, 0.35, 1.0])
_HAND_S = 0.016  # spread of a played onset about its place
_REACH = 0.16  # of a beat: an onset that is further off corrects nothing
_OF_PLACE, _OF_PERIOD = 0.45, 0.1  # shares of an error by which place and period are corrected
_REGRESSED = 8  # onsets that give the period in the end
_SAME_PERIOD, _SAME_PLACE = 0.035, 0.1  # of its logarithm, of a beat: two candidates are one

PERIODS_S = np.exp(np.arange(np.log(FASTEST_S), np.log(SLOWEST_S), _STEP))


def _coefficients() -> NDArray[np.complex128]:
    """The first Fourier coefficients of the template."""
    phase = np.arange(240) / 240
    density = np.zeros(240)
    for at, share, spread in _TEMPLATE:
        distance = (phase - at + 0.5) % 1 - 0.5
        density += share * np.exp(-0.5 * (distance / spread) ** 2)
    return np.asarray(np.conj(np.fft.rfft(density)[1 : _HARMONICS + 1] / 240))


_COEFFICIENTS = _coefficients()
_SHIFTS = np.exp(2j * np.pi * np.outer(np.arange(1, _HARMONICS + 1), np.arange(_PHASES) / _PHASES))
_BAND = np.digitize(PERIODS_S, _BANDS_S)


class Candidates(NamedTuple):
    """Followed beats, one a row: `periods_s` (H,) at the last onset; `beats` and `errors` (H, onsets), in beats.

    `beats` is where each onset lies, on a scale of the candidate's own; `errors` how far that is from the nearest line.
    """

    periods_s: Floats
    beats: Floats
    errors: Floats


def candidates(onsets_s: Floats) -> Candidates:
    """Find candidates for ascending onsets, at least two and none of them twice."""
    first = _lately(onsets_s)
    periods, beats_s = _peaks(onsets_s[first:])
    return _followed(onsets_s, periods, beats_s, first)


def _lately(onsets_s: Floats) -> int:
    """The first of the onsets that give candidates."""
    count = len(onsets_s)
    recent = int(np.searchsorted(onsets_s, onsets_s[-1] - LATELY_S))
    return max(0, count - MOST, min(recent, count - FEWEST))


def _peaks(onsets_s: Floats) -> tuple[Floats, Floats]:
    """Periods, and the time of a beat of each."""
    origin = onsets_s[len(onsets_s) // 2]
    turn = np.exp(-2j * np.pi * np.outer(1 / PERIODS_S, onsets_s - origin))
    moments = np.empty((len(PERIODS_S), _HARMONICS), np.complex128)
    power = turn.copy()
    for harmonic in range(_HARMONICS):
        moments[:, harmonic] = power.sum(1)
        power *= turn
    fit = ((_COEFFICIENTS * moments) @ _SHIFTS).real  # (periods, phases)
    periods, beats_s = [], []
    for band in range(len(_BANDS_S) + 1):
        rows = PERIODS_S[band == _BAND]
        left = fit[band == _BAND]
        for _ in range(_OF_A_BAND):
            row, phase = divmod(int(left.argmax()), _PHASES)
            periods.append(rows[row])
            beats_s.append(origin + phase / _PHASES * rows[row])
            beside = np.arange(phase - 2, phase + 3) % _PHASES
            left[max(0, row - 2) : row + 3, beside] = -np.inf
    return np.array(periods), np.array(beats_s)


def _followed(onsets_s: Floats, periods: Floats, beats_s: Floats, first: int) -> Candidates:
    """Follow beats from onset `first` to both ends; of those that come to the same only one is kept."""
    shape = len(onsets_s), len(periods)
    beats, errors, lines = np.empty(shape), np.empty(shape), np.empty(shape)

    def follow(place: Floats, period: Floats, order: range) -> Floats:
        before = None
        for at in order:
            step = np.zeros(len(period))
            if before is not None:
                step = (onsets_s[at] - onsets_s[before]) / period
            place = place + step
            error, trust, lines[at] = _nearest(place, period)
            beats[at], errors[at] = place, error
            off = error * trust
            place = place - _OF_PLACE * off
            if before is not None:
                over = np.where(np.abs(step) < 1, np.sign(step), step)
                period = period * (1 + _OF_PERIOD * off / over)
            before = at
        return period

    period = follow((onsets_s[first] - beats_s) / periods, periods, range(first, len(onsets_s)))
    if first:
        back = beats[first] - _OF_PLACE * errors[first]
        follow(back, periods, range(first, -1, -1))
    period = _regressed(onsets_s[-_REGRESSED:], lines[-_REGRESSED:].T, period)
    kept = _distinct(beats[-1] - errors[-1] / 2, period)
    return Candidates(period[kept], beats.T[kept], errors.T[kept])


def _nearest(place: Floats, period: Floats) -> tuple[Floats, Floats, Floats]:
    """The error of a place against the line that it most likely belongs to, how far to trust it, and that line."""
    whole = np.floor(place)
    distance = (place - whole)[:, None] - _LINES
    line = (distance**2 + _RARITY * (_HAND_S / period)[:, None] ** 2).argmin(1)
    error = distance[np.arange(len(place)), line]
    return error, _TRUST[line] * (np.abs(error) < _REACH), whole + _LINES[line]


def _regressed(onsets_s: Floats, lines: Floats, period: Floats) -> Floats:
    """Periods by least squares through the last onsets, where these tell."""
    off = lines - lines.mean(1, keepdims=True)
    spread = (off**2).sum(1)
    slope = (off * (onsets_s - onsets_s.mean())).sum(1) / np.maximum(spread, 1e-6)
    tells = (spread > 0.5) & (np.abs(np.log(np.maximum(slope, 1e-3) / period)) < 0.12)
    return np.where(tells, slope, period)


def _distinct(place: Floats, period: Floats) -> Integers:
    """The first of each group of like candidates."""
    logarithm = np.log(period)
    apart = (np.subtract.outer(place, place) + 0.5) % 1 - 0.5
    is_like = np.abs(np.subtract.outer(logarithm, logarithm)) < _SAME_PERIOD
    is_like &= np.abs(apart) < _SAME_PLACE
    is_kept = np.zeros(len(place), np.bool_)
    is_new = np.ones(len(place), np.bool_)
    for at in range(len(place)):
        if is_new[at]:
            is_kept[at] = True
            is_new &= ~is_like[at]
    return np.flatnonzero(is_kept)
