"""Since when music has been in its key: how likely each key is by the notes so far, and from which note on.

A hidden Markov model of the keys (Rabiner 1989): a note is likely in a key as people's melodies have it, and from note
to note the music may go to any other key.  Of each key the likeliest way to it is kept (Viterbi), with the time of
the last change on it.  So what was before is given up where the notes since contradict it, and nowhere else: two or
three of them do (the question is that of Bayesian online change-point detection, Adams and MacKay 2007).

Knows pitches; times are what it is given.  A note costs 10 us.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.keys.key import KEYS, Mode

# Share of a melody's notes that each degree of its key has: mean over the train splits of pop909_aligned,
# rs200_rock and, each eighth piece, trad_abc.
_SHARES: dict[Mode, tuple[float, ...]] = {
    "major": (0.236, 0.001, 0.150, 0.022, 0.168, 0.070, 0.003, 0.170, 0.002, 0.112, 0.014, 0.052),
    "minor": (0.243, 0.000, 0.102, 0.164, 0.003, 0.144, 0.004, 0.166, 0.024, 0.015, 0.124, 0.010),
}
_ANY = 0.15  # of the notes may be any: ornaments, and music that is less in its key
_NATS = np.log(
    [np.roll((1 - _ANY) * np.array(_SHARES[key.mode]) + _ANY / 12, key.tonic) for key in KEYS]
).T  # (12, keys)
_LONGEST = 2.0  # beats between two notes, of which a longer rest counts no more
_SHORTEST = 0.05
_MOST, _LEAST = 3, 0.05  # runs that are told, and the share of one

Floats = NDArray[np.float64]


class KeyRun(NamedTuple):
    """Music that has been in one key since a note at `since`, and how likely that is, 0 to 1."""

    since: int
    share: float


@dataclass(slots=True)
class KeyRuns:
    """Follows a melody note by note.  `readily` is how likely another key is from beat to beat, 0 to 1."""

    readily: float
    _nats: Floats = field(default_factory=lambda: np.zeros(len(KEYS)))
    _since: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(KEYS), np.int64))
    _has_begun: bool = False

    def strike(self, at: int, pitch: int, beats: float, weight: float = 1.0) -> None:
        """A note begins at a time, so many beats after the one before; it counts as so many as `weight` says."""
        if not self._has_begun:
            self._since[:], self._has_begun = at, True
        else:
            goes = self.readily * min(max(beats, _SHORTEST), _LONGEST)
            stays, comes = self._nats + np.log1p(-goes), self._nats.max() + np.log(goes / len(KEYS))
            self._since[comes > stays] = at
            self._nats = np.maximum(stays, comes)
        self._nats = self._nats + weight * _NATS[pitch % 12]
        self._nats -= self._nats.max()

    def runs(self) -> Sequence[KeyRun]:
        """The likeliest runs, their shares 1 together; none before the first note."""
        if not self._has_begun:
            return ()
        likely = np.exp(self._nats)
        shares = dict[int, float]()
        for since, share in zip(
            self._since.tolist(), (likely / likely.sum()).tolist(), strict=True
        ):
            shares[since] = shares.get(since, 0.0) + share
        best = sorted(shares.items(), key=lambda row: row[1], reverse=True)[:_MOST]
        kept = [row for row in best if row[1] >= _LEAST] or best[:1]
        total = sum(share for _, share in kept)
        return [KeyRun(since, share / total) for since, share in kept]
