"""The strain of a machine that is too slow for the music, told by how late the engine's loop did what was to be done.

Knows no clock: times are arguments, in micros.
"""

from collections import deque

LATE_US = 20_000  # what is done so late is late: an onset that is 30 ms late is not played any more
SPAN_US = 2_000_000
TIMES = 3  # late within the span: once or twice may be a machine that slept, or a model that was taken over
CALM_US = 10_000_000  # without anything late, after which it is fast enough again


class Strain:
    """The judgement whether the machine is too slow: `is_strained` is the latest.  Threads: loop only."""

    def __init__(self) -> None:
        self.is_strained = False
        self._late: deque[int] = deque(maxlen=TIMES)

    def did(self, now: int, late_us: int) -> None:
        """Something was done at `now`, so late."""
        if late_us >= LATE_US:
            self._late.append(now)

    def has_changed(self, now: int) -> bool:
        """True once whenever `is_strained` becomes another."""
        before = self.is_strained
        if before:
            self.is_strained = bool(self._late) and now - self._late[-1] < CALM_US
        else:
            self.is_strained = len(self._late) == TIMES and now - self._late[0] < SPAN_US
        return self.is_strained != before
