"""The times at which a process that died is started again: at once at first, then later and later.

So it cannot take the machine for itself.
"""

from collections.abc import Sequence


class BackOff:
    """Counts deaths in a row.  A process that had lived for `steady_us` begins the row anew.

    `pauses_us` are the pauses before each start, the last for all that follow.
    """

    def __init__(self, pauses_us: Sequence[int], steady_us: int) -> None:
        self.deaths = 0
        self._pauses_us, self._steady_us = pauses_us, steady_us

    def pause_us(self, lived_us: int) -> int:
        """The pause, micros, before the next start of a process that has just died after living for so long."""
        self.deaths = 1 if lived_us > self._steady_us else self.deaths + 1
        return self._pauses_us[min(self.deaths, len(self._pauses_us)) - 1]
