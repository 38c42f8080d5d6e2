"""A voice that sings low, told from a left hand: one key at a time, and by steps.

Knows micros and pitches; knows no beats and no chords.
"""

from collections import deque

from livegen.music.melody.phrase import CHORD_US

TOGETHER_US = 150_000  # for so long a note of a voice may sound into the next: it is played legato
LOWEST = 40  # what is lower is a bass
_MOVES, _FEWEST = 8, 4  # from note to note, that are kept, and before which nobody knows
_STEP, _STEPS = 2, 0.4  # semitones of a step, and how many of the moves are steps, at least
_WIDE = 4.5  # semitones that they are wide on average, at most
_KEPT = 64  # strokes that were taken for a left hand's

Stroke = tuple[int, int, int]  # at, micros, pitch, velocity


class OneVoice:
    """The last notes of a player whose keys are all of one part.  Threads: loop only.

    For `after_us`, micros, from a chord on nobody sings alone.
    """

    def __init__(self, after_us: int) -> None:
        self._after_us = after_us
        self._chord_us: int | None = None  # when one was struck last
        self._down: dict[int, int] = {}  # keys, and since when, micros
        self._last: tuple[int, int] | None = None  # when, micros, and pitch
        self._moves: deque[int] = deque(maxlen=_MOVES)
        self._left: deque[Stroke] = deque(maxlen=_KEPT)  # that may be its own

    def strike(self, at: int, pitch: int) -> None:
        """A key goes down."""
        is_together = self._last is not None and at - self._last[0] < CHORD_US
        if is_together or len(self._down) > 1:
            self._chord_us = at
        if self._chord_us is not None and at - self._chord_us >= self._after_us:
            self._chord_us = None
        if pitch < LOWEST or self._chord_us is not None:
            self.clear()
        elif self._last is not None:
            self._moves.append(abs(pitch - self._last[1]))
        self._last = at, pitch
        self._down[pitch] = at

    def release(self, at: int, pitch: int) -> None:
        """A key comes up: one that sounded long into the next is of another hand."""
        since = self._down.pop(pitch, at)
        if self._last is not None and since < self._last[0] < at - TOGETHER_US:
            self.clear()

    def clear(self) -> None:
        """Somebody plays more than one note at a time."""
        self._moves.clear()
        self._left.clear()

    def hear_left(self, at: int, pitch: int, velocity: int) -> None:
        """A stroke is taken for one of a left hand."""
        self._left.append((at, pitch, velocity))

    def sung(self) -> list[Stroke]:
        """The strokes that were taken for a left hand's, once it is known that a voice sings; each is told once."""
        if not self.sings():
            return []
        found = list(self._left)
        self._left.clear()
        return found

    def sings(self) -> bool:
        """True if what is played is one voice that moves as melodies do."""
        if len(self._moves) < _FEWEST:
            return False
        moved = [move for move in self._moves if move]
        steps = sum(move <= _STEP for move in moved)
        return bool(moved) and steps >= _STEPS * len(moved) and sum(moved) <= _WIDE * len(moved)
