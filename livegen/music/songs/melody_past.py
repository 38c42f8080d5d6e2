"""A melody's own past: where what is sung now was sung before, and which chords were found under it then.

Who hears a melody for the first time hears the note on a beat and none after it.  When it comes back, all that was
heard of it tells what the chord was, and which is to come.  Each lag, in beats, is a claim that the melody is as it
was so many beats ago; of each it is kept how much of what is sung was so, lately.  A beat costs some operations on
arrays of LAGS columns; nothing grows.

Knows beats and pitch classes; knows no ticks, no notes and no network.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.chords.progressions import CLASSES

LAGS = 512  # beats that are looked back over: 128 bars of four
SPARE = 512  # beats that are forgotten at once
LATELY = 0.5 ** (1 / 8)  # what a beat counts a beat later: half of it eight beats later
# Share of what is sung that is as it was: from here on a lag counts, and here it counts fully.  Chosen, as the next,
# on songs of the train splits of pop909_aligned and rs200_rock.
ALIKE, SAME = 0.6, 0.9
KNOWN = 4.0  # beats of singing that must have been compared

Floats = NDArray[np.float32]


class Recalled(NamedTuple):
    """The likelihood of each chord (CLASSES,) by what was found before, and how much that is to be trusted, 0 to 1."""

    likely: Floats
    trust: float


_NOTHING = Recalled(np.zeros(CLASSES, np.float32), 0.0)


def _row(size: int) -> Floats:
    return np.zeros(size, np.float32)


@dataclass(slots=True)
class MelodyPast:
    """The melody so far, beat by beat: what sounded in it, and how likely each chord was found.  Threads: loop only."""

    _count: int = 0
    _sung: Floats = field(default_factory=lambda: np.zeros((12, LAGS + SPARE), np.float32))
    _length: Floats = field(default_factory=lambda: _row(LAGS + SPARE))  # of all that sounded
    _said: Floats = field(default_factory=lambda: np.zeros((LAGS + SPARE, CLASSES), np.float32))
    _same: Floats = field(default_factory=lambda: _row(LAGS))  # by lag, the longest first
    _known: Floats = field(default_factory=lambda: _row(LAGS))
    _lags: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))  # that count
    _trusts: Floats = field(default_factory=lambda: _row(0))  # how much each of them does

    def hear(self, sung: Floats, said: Floats, back: int) -> None:
        """The next beat: how long each pitch class sounded in it (12,), in beats.

        `said` (CLASSES,) is how likely each chord was on the beat so many before it.
        """
        if self._count == LAGS + SPARE:
            self._forget()
        now, length = self._count, min(self._count, LAGS)
        self._sung[:, now], self._length[now] = sung, sung.sum()
        self._count += 1
        if back <= now:
            self._said[now - back] = said
        shared = np.minimum(self._sung[:, now - length : now], sung[:, None]).sum(0)
        either = self._length[now - length : now] + self._length[now] - shared
        for kept, more in ((self._same, shared), (self._known, either)):
            kept *= LATELY
            kept[LAGS - length :] += more
        share = self._same / np.maximum(self._known, np.float32(KNOWN))
        trusts = ((share - ALIKE) / (SAME - ALIKE)).clip(0, 1) * (self._known >= KNOWN)
        at = np.flatnonzero(trusts)
        self._lags, self._trusts = LAGS - at, trusts[at].astype(np.float32)

    def _forget(self) -> None:
        """Forget the first beats: no lag reaches them any more."""
        for kept in (self._sung.T, self._length, self._said):
            kept[:LAGS] = kept[SPARE:].copy()
            kept[LAGS:] = 0.0
        self._count = LAGS

    def recalled(self, ahead: int) -> Recalled:
        """Give what was found where the melody was as it is, so many beats, from 1 on, after the last heard."""
        at = self._count - 1 + ahead - self._lags
        is_there = (at >= 0) & (at < self._count)
        rows, trusts = self._said[at[is_there]], self._trusts[is_there]
        is_said = rows.any(1)
        trusts = trusts[is_said]
        if not len(trusts):
            return _NOTHING
        return Recalled(trusts @ rows[is_said] / trusts.sum(), float(trusts.max()))
