"""The surprise of the model at the player's notes, in nats.

    surprise = -log p(pitch | all that was heard before, and the time and part of the note)

A uniform choice among 128 pitches would be 4.9; what is certain is 0.  The network's summary from before the note is
kept when the note is heard, and asked afterwards, when there is time: nothing that is heard or planned waits for it
or depends on it.  Knows no turns and no clock.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from livegen.codec.layout import Event
from livegen.inference.contract import Query, Summary
from livegen.inference.sampling import probabilities
from livegen.jam.hearing.hearing import GuardedModel, ModelFault

KEPT = 32
MOST_WAITING = 32  # notes that were not looked at yet; of a flood the oldest are left out
FLOOR = 1e-9  # a pitch that the model holds impossible: 20.7 nats


class Foretold(NamedTuple):
    """A note that began, and what the model (`guard`) knew just before it."""

    guard: GuardedModel
    event: Event
    summary: Summary


class Surprise:
    """The last notes of the player's, each with its surprise.  Does nothing unless it is watched."""

    def __init__(self) -> None:
        self._is_watched = False
        self._waiting: deque[tuple[int, Foretold]] = deque(maxlen=MOST_WAITING)
        self._found: deque[tuple[int, float]] = deque(maxlen=KEPT)

    def watch(self, is_watched: bool) -> None:
        """A page shows surprises from now on, or none does any more."""
        self._is_watched = is_watched

    def heard(self, at: int, foretold: Foretold | None) -> None:
        """A note began at `at` micros; None where the model heard no new note, or nothing before it."""
        if self._is_watched and foretold is not None:
            self._waiting.append((at, foretold))

    @property
    def has_work(self) -> bool:
        """True if a note waits to be looked at."""
        return bool(self._waiting)

    def work(self) -> None:
        """Look at one note: one run of one head of the network."""
        if self._waiting:
            at, foretold = self._waiting.popleft()
            if (found := _nats(foretold)) is not None:
                self._found.append((at, found))

    @property
    def latest(self) -> Sequence[tuple[int, float]]:
        """Micros and nats of the last notes, oldest first."""
        return list(self._found)


def _nats(foretold: Foretold) -> float | None:
    event = foretold.event
    try:
        logits = foretold.guard.logits("pitch", foretold.summary, Query.of(event))
    except ModelFault:
        return None
    return round(-float(np.log(max(FLOOR, probabilities(logits)[event.pitch]))), 3)
