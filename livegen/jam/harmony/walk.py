"""A bass that walks, by itself or below a melody: single low notes, evenly, mostly by narrow moves.

Knows micros and pitches; knows no beats and no chords.
"""

from collections import deque
from itertools import pairwise
from statistics import fmean, median

from livegen.music.melody.phrase import CHORD_US

_NOTES, _FEWEST = 8, 6  # that are looked at, and before which nobody knows
# The share by which gaps of onsets may be off the usual one, and the number of usual gaps after which it is over.
_EVEN, _OVER = 0.25, 2
# D3: the mean of its pitches lies below.  Of melodies of POP909 moved there .02 of the notes are taken for a walk's.
_LOW = 50.0
_STILL_LOW = 53.0  # F3: so high a bass climbs that has walked so far
# Semitones of a step, how many of the moves are steps at least, how wide they are on average, and none is wider.
_STEP, _STEPS, _WIDE, _WIDEST = 2, 0.25, 5.0, 12


class Walk:
    """The last low notes of a player.  Threads: loop only."""

    def __init__(self) -> None:
        self._notes: deque[tuple[int, int]] = deque(maxlen=_NOTES)  # since when, micros, and pitch
        self._usual: float | None = None  # micros from one to the next, while they walk

    def strike(self, at: int, pitch: int) -> None:
        """A low key goes down."""
        if self._notes and at - self._notes[-1][0] < CHORD_US:
            self._notes.clear()  # a hand that plays two at once does not walk
        else:
            self._notes.append((at, pitch))
        self._usual = self._found(_LOW if self._usual is None else _STILL_LOW)

    def walks(self, now: int) -> bool:
        """True if the last low notes are those of a bass that walks, and it goes on."""
        return self._usual is not None and now - self._notes[-1][0] <= _OVER * self._usual

    def _found(self, low: float) -> float | None:
        """The time from one note to the next, micros; None of notes that do not walk below a pitch."""
        if len(self._notes) < _FEWEST:
            return None
        gaps = [after - at for (at, _), (after, _) in pairwise(self._notes)]
        usual = median(gaps)
        moves = [abs(after - pitch) for (_, pitch), (_, after) in pairwise(self._notes)]
        steps = sum(0 < move <= _STEP for move in moves)
        walks = (
            all(abs(gap - usual) <= _EVEN * usual for gap in gaps)
            and fmean(pitch for _, pitch in self._notes) < low
            and steps >= _STEPS * len(moves)
            and max(moves) <= _WIDEST
            and fmean(moves) <= _WIDE
        )
        return usual if walks else None
