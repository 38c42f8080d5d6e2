"""Beats that what was played could have, and each of them followed through its tempo changes.

A candidate is a period and a time at which a beat lies.  Candidates are the peaks of how well the onsets of the last
seconds fall on beats and their parts, for all periods and phases at once, by the Fourier coefficients of the onsets
(Peeters, "Template-based estimation of time-varying tempo", 2007).  Each is followed to both ends by two Kalman filters
whose tempo wanders by little and by much (Cemgil et al., "On tempo tracking: tempogram representation and Kalman
filtering", 2000); an onset near one of its lines corrects them, and the likelier of the two tells where the beats were.
Knows seconds; knows no pitches and no bars.
"""

from itertools import pairwise
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

# The places in a beat at which notes begin: phase, share, spread.
_TEMPLATE = (
    (0, 1.0, 0.035), (1 / 2, 0.5, 0.035), (0.62, 0.1, 0.05), (0.667, 0.25, 0.035), (0.333, 0.15, 0.035),
    (1 / 4, 0.2, 0.03), (3 / 4, 0.22, 0.03),
)  # fmt: skip
# Lines of the beat to which an onset may belong, how often it does, and how far it may correct a filter.
_LINES = np.array([0.0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0])
_USUAL = np.log([0.55, 0.05, 0.04, 0.18, 0.11, 0.05, 0.55])
_DOUBT = np.array([1.0, 0.35, 0.3, 0.6, 0.4, 0.35, 1.0]) ** -2
_PARTS = 96  # of a beat, for which of the lines an onset there belongs to
_HAND_S = 0.016  # spread of a played onset about its place
_REACH = 0.16  # of a beat: an onset that is further off corrects nothing,
_MISSED = -6.0  # and has so many nats
# Spreads: of a peak's place in beats and of its tempo's logarithm, and by how much that wanders in a beat, by filter.
_PLACE, _TEMPO, _WANDERS = 0.05, 0.02, (0.002, 0.03)
_REGRESSED = 8  # onsets that give the period in the end
_SAME_PERIOD, _SAME_PLACE = 0.035, 0.1  # of its logarithm, of a beat: two candidates are one

PERIODS_S = np.exp(np.arange(np.log(FASTEST_S), np.log(SLOWEST_S), _STEP))


def _coefficients() -> NDArray[np.complex64]:
    """The first Fourier coefficients of the template."""
    phase = np.arange(240) / 240
    density = np.zeros(240)
    for at, share, spread in _TEMPLATE:
        distance = (phase - at + 0.5) % 1 - 0.5
        density += share * np.exp(-0.5 * (distance / spread) ** 2)
    return np.conj(np.fft.rfft(density)[1 : _HARMONICS + 1] / 240).astype(np.complex64)


_COEFFICIENTS = _coefficients()
_SHIFTS = np.exp(
    2j * np.pi * np.outer(np.arange(1, _HARMONICS + 1), np.arange(_PHASES) / _PHASES)
).astype(np.complex64)
_BANDS = [0, *np.searchsorted(PERIODS_S, _BANDS_S).tolist(), len(PERIODS_S)]  # where each begins
_PHASES_BESIDE = np.add.outer(np.arange(_PHASES), np.arange(-2, 3)) % _PHASES
_HANDS = (_HAND_S / PERIODS_S) ** 2  # the variance of a hand, in beats


def _nearest() -> Integers:
    """The line that an onset most likely belongs to, by period and part of the beat."""
    distances = np.subtract.outer((np.arange(_PARTS + 1) + 0.5) / _PARTS, _LINES)
    return np.asarray((distances**2 - 2 * _USUAL * _HANDS[:, None, None]).argmin(axis=2))


_NEAREST = _nearest()


class Candidates(NamedTuple):
    """Followed beats, one a row: `periods_s` (H,) at the last onset; `beats` and `errors` (H, onsets), in beats.

    `beats` is where each onset lies, on a scale of the candidate's own; `errors` how far that is from the nearest line.
    """

    periods_s: Floats
    beats: Floats
    errors: Floats

    def some(self, rows: Integers | NDArray[np.bool_]) -> "Candidates":
        """Those of some rows: their numbers, or of each row if it is among them (H,)."""
        return Candidates(self.periods_s[rows], self.beats[rows], self.errors[rows])


def candidates(onsets_s: Floats) -> Candidates:
    """Find candidates for ascending onsets, at least two and none of them twice."""
    first = _lately(onsets_s)
    rows, beats_s = _peaks(onsets_s[first:])
    return _followed(onsets_s, rows, beats_s, first)


def _lately(onsets_s: Floats) -> int:
    """The first of the onsets that give candidates."""
    count = len(onsets_s)
    recent = int(np.searchsorted(onsets_s, onsets_s[-1] - LATELY_S))
    return max(0, count - MOST, min(recent, count - FEWEST))


def _peaks(onsets_s: Floats) -> tuple[Integers, Floats]:
    """The likeliest of the periods, and the time of a beat of each."""
    origin = onsets_s[len(onsets_s) // 2]
    turn = np.exp(-2j * np.pi * np.outer(1 / PERIODS_S, onsets_s - origin)).astype(np.complex64)
    moments = np.empty((len(PERIODS_S), _HARMONICS), np.complex64)
    power = turn.copy()
    for harmonic in range(_HARMONICS):
        np.add.reduce(power, 1, out=moments[:, harmonic])
        power *= turn
    fit = ((_COEFFICIENTS * moments) @ _SHIFTS).real  # (periods, phases)
    rows, phases = [], []
    for lowest, highest in pairwise(_BANDS):
        left = fit[lowest:highest]
        for _ in range(_OF_A_BAND):
            row, phase = divmod(int(left.argmax()), _PHASES)
            rows.append(lowest + row)
            phases.append(phase)
            left[max(0, row - 2) : row + 3, _PHASES_BESIDE[phase]] = -np.inf
    found = np.array(rows)
    return found, origin + np.array(phases) / _PHASES * PERIODS_S[found]


def _followed(onsets_s: Floats, rows: Integers, beats_s: Floats, first: int) -> Candidates:
    """Follow beats from the middle of the onsets since `first` to both ends; of like ones only the first is kept.

    `rows` are their periods' (H,), `beats_s` when a beat of each is.
    """
    begin = int(np.searchsorted(onsets_s, (onsets_s[first] + onsets_s[-1]) / 2))
    place = (onsets_s[begin] - beats_s) / PERIODS_S[rows]
    on, back = _filtered(onsets_s, begin, rows, place)
    likelier = (on.nats + back.nats).reshape(len(_WANDERS), -1).argmax(axis=0)
    chosen = likelier * len(rows) + np.arange(len(rows))
    beats = np.concatenate([back.beats[:0:-1, chosen], on.beats[:, chosen]])
    errors = np.concatenate([back.errors[:0:-1, chosen], on.errors[:, chosen]])
    lines = (beats - errors)[-_REGRESSED:]
    period = _regressed(onsets_s[-_REGRESSED:], lines.T, 1 / on.rates[chosen])
    kept = _distinct(beats[-1] - errors[-1] / 2, period)
    return Candidates(period, beats.T, errors.T).some(kept)


class _Filtered(NamedTuple):
    """Beats and errors of each onset (onsets, filters), beats a second at the last, and how likely all is, in nats."""

    beats: Floats
    errors: Floats
    rates: Floats
    nats: Floats


def _filtered(
    onsets_s: Floats, begin: int, rows: Integers, place: Floats
) -> tuple[_Filtered, _Filtered]:
    """Follow beats on and back from the onset `begin`, where each has a place, by all filters: `len(_WANDERS) * H`.

    A filter keeps the variances of its place and of its tempo's logarithm, and how these go together.  Both ways are
    followed at once, for as long as the longer is.
    """
    ways = onsets_s[begin:], onsets_s[begin::-1]
    lengths, filters = [len(way) for way in ways], len(_WANDERS) * len(rows)
    gaps = np.zeros((max(lengths), 2))
    for column, way in enumerate(ways):
        gaps[1 : len(way), column] = np.diff(way)
    goes_on = np.arange(len(gaps))[:, None] < lengths
    rows, place = np.tile(rows, 2 * len(_WANDERS)), np.tile(place, 2 * len(_WANDERS))
    rates, hands = 1 / PERIODS_S[rows], _HANDS[rows]
    wanders = np.tile(np.repeat(np.square(_WANDERS), filters // len(_WANDERS)), 2)
    shape = len(gaps), len(rows)
    beats, errors, spreads = np.empty((3, *shape))
    lines, are_near = np.empty(shape, np.int64), np.empty(shape, np.bool_)
    places, tempi = np.full(len(rows), _PLACE**2), np.full(len(rows), _TEMPO**2)
    both = np.zeros(len(rows))
    for at, (gap, still) in enumerate(
        zip(np.repeat(gaps, filters, axis=1), np.repeat(goes_on, filters, axis=1), strict=True)
    ):
        step = gap * rates
        place = place + step
        moved = both + step * tempi
        places = places + step * (both + moved)
        both, tempi = moved, tempi + wanders * np.abs(step)
        part = place - np.floor(place)
        line = _NEAREST[rows, (part * _PARTS).astype(np.int64)]
        error = part - _LINES[line]
        spread = places + hands * _DOUBT[line]
        is_near = (np.abs(error) < _REACH) & still
        share = is_near / spread
        of_place, of_tempo = share * places, share * both
        beats[at], errors[at] = place, error
        spreads[at], lines[at], are_near[at] = spread, line, is_near
        place = place - of_place * error
        rates = rates - rates * of_tempo * error
        tempi = tempi - of_tempo * both
        both = both - of_place * both
        places = places - of_place * places
    fits = np.where(are_near, -0.5 * (errors**2 / spreads + np.log(spreads)), _MISSED)
    fits += _USUAL[lines]
    columns = slice(0, filters), slice(filters, 2 * filters)
    on, back = (
        _Filtered(beats[:n, of], errors[:n, of], rates[of], fits[:n, of].sum(axis=0))
        for n, of in zip(lengths, columns, strict=True)
    )
    return on, back


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
    kept, seen = [], 0
    # The ones that are like each, as the bits of a number.
    for at, like in enumerate((is_like @ (1 << np.arange(len(place)))).tolist()):
        if not seen >> at & 1:
            kept.append(at)
            seen |= like
    return np.array(kept)
