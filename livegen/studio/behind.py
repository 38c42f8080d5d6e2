"""The time by which a room's engine plays behind the clock: as long as the keys of its players take to come.

Follows how late stamps come, within bounds: soon upwards, for a key that comes too late is heard too late, and slowly
downwards.  The engine's time goes a little slower or faster meanwhile, and never back.

Sans-IO: times in micros are arguments.
"""

from collections import deque
from collections.abc import Hashable

from livegen.daemon.clock import SECOND
from livegen.studio.way import AFAR, Way

KEPT, FEWEST = 64, 16  # of each player's latest keys, and so many before they count
OVER_US = 30 * SECOND  # a key longer ago does not count
QUANTILE = 0.95
SPARE_US = 5_000  # beyond what nearly all keys take
APART_US = 10_000  # by which it is too long before it becomes shorter
RISES, FALLS = 0.05, 0.01  # by how much of the time that passes it changes


class Behind:
    """A room's delay.  Threads: the event loop's only."""

    def __init__(self, now: int, way: Way = AFAR) -> None:
        self._way = way
        self._late: dict[
            Hashable, deque[tuple[int, int]]
        ] = {}  # by player: when a key came, and how late
        self._us, self.wanted_us, self._at = float(way.first_us), way.first_us, now

    def hear(self, player: Hashable, late_us: int, now: int) -> None:
        """A key of a player's came so long after it was struck."""
        self._late.setdefault(player, deque(maxlen=KEPT)).append((now, late_us))
        self._late = {who: late for who, late in self._late.items() if now - late[-1][0] <= OVER_US}
        usual = [known for late in self._late.values() if (known := _usual(late)) is not None]
        if not usual:
            return
        needed = max(self._way.shortest_us, min(self._way.longest_us, max(usual) + SPARE_US))
        if needed > self.wanted_us or needed < self.wanted_us - APART_US:
            self.at(now)  # up to here by what was wanted before
            self.wanted_us = needed

    def at(self, now: int) -> int:
        """Give the delay at a time, micros; times do not decrease."""
        passed, self._at = max(0, now - self._at), max(now, self._at)
        if self._us < self.wanted_us:
            self._us = min(self.wanted_us, self._us + RISES * passed)
        else:
            self._us = max(self.wanted_us, self._us - FALLS * passed)
        return round(self._us)


def _usual(late: "deque[tuple[int, int]]") -> int | None:
    """The time that nearly all keys of a player take, micros; None while he has played too few."""
    if len(late) < FEWEST:
        return None
    ordered = sorted(us for _, us in late)
    return ordered[round(QUANTILE * (len(ordered) - 1))]
