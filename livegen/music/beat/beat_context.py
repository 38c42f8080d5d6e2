"""A small network that hears what was played as a whole: which beats and bars such music has, and where it is in them.

`beat_network` compares candidates by each onset alone; this one tells a line of bebop from a reel and from a singer's
piano.  It reads all onsets together, each with its neighbours near and far (dilated convolutions: van den Oord et al.,
"WaveNet", 2016), and says two things, as trackers of beats in audio do (Böck and Davies, "Deconstruct, analyse,
reconstruct", 2020): how likely each period of a beat is in each bars, and for each onset where in the bar it is.
Trained by `python -m export.beats`.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.beat.beat_candidates import FASTEST_S, SLOWEST_S, Candidates
from livegen.music.beat.beat_network import BARS, COLUMNS, Integers, Onsets, counted
from livegen.music.files.weights import Shape, read_weights, width

WEIGHTS = Path(__file__).with_name("beat_context.npz")

SEEN, LAGS = 29, 48  # numbers of an onset; distances between onsets that are told apart
PERIODS = 56  # of beats, from FASTEST_S to SLOWEST_S
DILATIONS = (1, 2, 4, 8)  # onsets to the neighbours that each layer looks at
# The places of an onset in a bar: on a beat or after it, of bars of each kind; the places of all bars lie side by side.
PLACES = tuple(2 * bars.beats for bars in BARS)
PARTS = (
    "onset",
    "whole",
    *(f"beside.{layer}" for layer in range(len(DILATIONS))),
    "places",
    "about",
    "periods",
)
# Of each column which of the bars it has, and of these the first place.
_ROWS = [BARS.index(bars) for bars, _ in COLUMNS]
_FIRST = np.cumsum((0, *PLACES[:-1]))
_NEVER = 1e-9  # so unlikely is nothing
_EARLY = 0.1  # of a beat: an onset so near before a beat or after it is on it
_FURTHEST = max(DILATIONS)
_NEAREST_S, _FURTHEST_S = 0.1, 5.0  # distances
_BESIDE = 0.5  # share of new pitch classes that is another harmony

Floats = NDArray[np.floating]


def seen(onsets: Onsets) -> NDArray[np.float32]:
    """The numbers of each onset (N, SEEN): gaps and length in seconds, where it is among all, and what it is."""
    at, lengths, count = onsets.at_s, onsets.lengths_s, len(onsets.at_s)
    gaps, last = np.diff(at), max(lengths[-1], 0.05)
    after, before = np.append(gaps, last), np.append(gaps[:1] if count > 1 else last, gaps)
    ends = np.zeros((count, 2))
    ends[0, 0] = ends[-1, 1] = 1
    own = (
        _octaves(after), _octaves(before), np.where(lengths > 0, _octaves(lengths), 0), lengths > 0,
        np.log1p(at) / 3, np.log1p(at[-1] - at) / 3, np.clip(lengths / np.maximum(after, 0.03), 0, 3),
    )  # fmt: skip
    return np.concatenate([np.stack(own, axis=1), ends, onsets.kinds], axis=1).astype(np.float32)


def _octaves(seconds: Floats) -> Floats:
    return np.asarray(np.clip(np.log2(np.maximum(seconds, 0.02) / 0.3), -3, 3) / 2)


@cache
def _pairs(count: int) -> tuple[Integers, Integers]:
    """The earlier and the later of any two of so many."""
    return np.triu_indices(count, 1)


def distances(onsets: Onsets) -> NDArray[np.float32]:
    """Give how often two onsets are so far apart (4 * LAGS,): any two, alike ones, low ones, accents or changes."""
    earlier, later = _pairs(len(onsets.at_s))
    apart = onsets.at_s[later] - onsets.at_s[earlier]
    near = (apart > _NEAREST_S) & (apart < _FURTHEST_S)
    earlier, later, apart = earlier[near], later[near], apart[near]
    place = np.log(apart / _NEAREST_S) / np.log(_FURTHEST_S / _NEAREST_S) * LAGS - 0.5
    lag = np.clip(np.floor(place), 0, LAGS - 2).astype(np.int64)
    share = np.clip(place - lag, 0, 1)
    kinds, names = onsets.kinds, onsets.names
    low = (kinds[:, 3] > 0) | (kinds[:, 8] > 0) | (kinds[:, 15] > 0)
    change = (kinds[:, 7] >= _BESIDE) | (kinds[:, 9] > 0)
    pairs = (
        np.ones(len(lag)), names[earlier] == names[later],
        low[earlier] & low[later], change[earlier] & change[later],
    )  # fmt: skip
    found = [
        np.bincount(lag, pair * (1 - share), LAGS) + np.bincount(lag + 1, pair * share, LAGS)
        for pair in pairs
    ]
    return np.asarray(np.log1p(np.concatenate(found)) / 2, np.float32)


def places(beats: Floats, first: Integers | int, count: int) -> Integers:
    """Give the places of onsets in bars of so many beats: twice the beat, one more after it; `first` begins a bar."""
    beat = np.floor(beats + _EARLY)
    return np.asarray(2 * ((beat - first) % count) + (beats - beat > _EARLY), np.int64)


def _turned() -> list[tuple[int, Integers, Integers]]:
    """For each number of beats the columns of bars that have so many, and by place which place is meant in each."""
    found = []
    for count in sorted({bars.beats for bars in BARS}):
        columns = [at for at, (bars, _) in enumerate(COLUMNS) if bars.beats == count]
        begins = np.array([COLUMNS[at][1] for at in columns])
        turned = np.subtract.outer(np.arange(2 * count), 2 * begins) % (2 * count)
        found.append((count, np.array(columns), turned + _FIRST[[_ROWS[at] for at in columns]]))
    return found


_TURNED = _turned()


class Context(NamedTuple):
    """The music as a whole: logits of where in bars each onset is (N, all PLACES), of periods (BARS, PERIODS)."""

    of_places: Floats
    of_periods: Floats

    def periods(self, found: Candidates) -> Floats:
        """Nats of each candidate's period in the bars of each column (H, COLUMNS)."""
        nats = self.of_periods - self.of_periods.max()
        nats -= np.log(np.exp(nats).sum())
        place = np.log(found.periods_s / FASTEST_S) / np.log(SLOWEST_S / FASTEST_S) * PERIODS - 0.5
        place = np.clip(place, 0, PERIODS - 1.001)
        below = place.astype(np.int64)
        share = place - below
        return np.asarray((nats[:, below] * (1 - share) + nats[:, below + 1] * share).T[:, _ROWS])

    def places(self, found: Candidates) -> Floats:
        """Nats of all onsets by where in its bars each column has them, against chance (H, COLUMNS)."""
        beats, _ = counted(found)
        after = found.beats - np.floor(found.beats + _EARLY) > _EARLY
        likely = np.exp(self.of_places - self.of_places.max(axis=1, keepdims=True))
        of_bars = np.add.reduceat(likely, _FIRST, axis=1) / PLACES
        nats = np.log(likely / np.repeat(of_bars, PLACES, axis=1) + _NEVER)
        by_column = np.empty((len(beats), len(COLUMNS)), nats.dtype)
        for count, columns, turned in _TURNED:
            falls = (2 * (beats % count) + after)[:, :, None] == np.arange(2 * count)
            falls = falls.reshape(len(beats), -1).astype(np.float32)
            by_column[:, columns] = falls @ nats[:, turned].reshape(-1, len(columns))
        return by_column


class ContextNetwork:
    """The weights: layers for onsets, one for their places, two for the periods."""

    def __init__(self, weights: dict[str, Floats]) -> None:
        self._layers = {
            part: (np.ascontiguousarray(weights[f"{part}.weight"].T), weights[f"{part}.bias"])
            for part in PARTS
        }

    def __call__(self, onsets: Onsets) -> Context:
        """Hear onsets together."""
        numbers = seen(onsets)
        whole = np.maximum(self._layer("whole", distances(onsets)), 0)
        count = len(numbers)
        # Nobody plays before and after.
        padded = np.zeros((count + 2 * _FURTHEST, len(whole)), np.float32)
        shown = padded[_FURTHEST : _FURTHEST + count]
        shown[:] = np.maximum(self._layer("onset", numbers) + whole, 0)
        for layer, off in enumerate(DILATIONS):
            sides = [padded[_FURTHEST + to : _FURTHEST + to + count] for to in (-off, 0, off)]
            shown += np.maximum(self._layer(f"beside.{layer}", np.concatenate(sides, axis=1)), 0)
        about = np.concatenate([shown.mean(axis=0), shown.max(axis=0), shown[-1], whole])
        periods = self._layer("periods", np.maximum(self._layer("about", about), 0))
        return Context(self._layer("places", shown), periods.reshape(len(BARS), PERIODS))

    def _layer(self, part: str, given: Floats) -> Floats:
        weight, bias = self._layers[part]
        return np.asarray(given @ weight + bias)


def _shapes(given: Sequence[Shape]) -> list[Shape]:
    """Of weights and biases of the parts in turn, from how many units an onset and the whole become."""
    units, about = width(given[1]), width(given[2 * PARTS.index("about") + 1])
    layers = {
        "onset": (units, SEEN), "whole": (units, 4 * LAGS), "places": (sum(PLACES), units),
        "about": (about, 4 * units), "periods": (len(BARS) * PERIODS, about),
    } | {f"beside.{layer}": (units, 3 * units) for layer in range(len(DILATIONS))}  # fmt: skip
    return [shape for part in PARTS for shape in (layers[part], layers[part][:1])]


def read(path: Path = WEIGHTS) -> ContextNetwork:
    """The network of a file.  Raises ModelError with one line for a file of another one."""
    names = [f"{part}.{kind}" for part in PARTS for kind in ("weight", "bias")]
    parts = read_weights(
        path, names, _shapes, "the network that hears a phrase as a whole", "beats"
    )
    return ContextNetwork(dict(zip(names, parts, strict=True)))


@cache
def network() -> ContextNetwork:
    """The network that comes with livegen."""
    return read()
