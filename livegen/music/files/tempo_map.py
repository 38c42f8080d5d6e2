"""The tempo map of a file: its ticks and microseconds, both ways.  Integers throughout."""

from bisect import bisect_right
from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple

DEFAULT_TEMPO = 500_000  # micros per quarter note, RP-001 page 10


class TempoMap(NamedTuple):
    """Ticks and micros of a file of `ppqn` ticks a quarter.

    `changes` are (tick, `ppqn` times the micros there, micros per quarter from there): so nothing is lost.
    """

    ppqn: int
    changes: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(cls, ppqn: int, tempos: Iterable[tuple[int, int]]) -> "TempoMap":
        """Make the map of tempos, (tick, micros per quarter note), in order; before the first holds 120 a minute."""
        changes = [(0, 0, DEFAULT_TEMPO)]
        for tick, tempo in tempos:
            since, passed, before = changes[-1]
            changes.append((tick, passed + (tick - since) * before, tempo))
        return cls(ppqn, tuple(changes))

    def micros(self, tick: int) -> int:
        """Micros since the start at a tick, rounded down."""
        since, passed, tempo = self.changes[bisect_right(self.changes, tick, key=itemgetter(0)) - 1]
        return (passed + (tick - since) * tempo) // self.ppqn

    def tick(self, micros: int) -> int:
        """The tick nearest to a time."""
        scaled = micros * self.ppqn
        index = bisect_right(self.changes, scaled, key=itemgetter(1)) - 1
        since, passed, tempo = self.changes[index]
        return since + (2 * (scaled - passed) + tempo) // (2 * tempo)
