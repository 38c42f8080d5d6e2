"""Breaks and stop-time: where a band strikes once and is silent, because a player asked for it.

Knows ticks and bars; knows no chords and no notes.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from livegen.music.charts import Stretch
from livegen.music.time.metre import Metre

_NEVER = 1 << 60


class Stops(NamedTuple):
    """From the bar line `since` to the bar line `until`, or on and on, all strike once and then are silent.

    They do so once in a break; in stop-time (`goes_on`) in each bar, and where a chord changes.
    """

    since: int
    until: int = _NEVER
    goes_on: bool = False

    @property
    def is_endless(self) -> bool:
        """True for stop-time whose end nobody has asked for."""
        return self.goes_on and self.until == _NEVER

    def rests(
        self, start: int, until: int, metre: Metre, changes: Iterable[int]
    ) -> tuple[Stretch, ...]:
        """The silences, from the bar in which tick `start` lies to before `until`: each begins with what is struck.

        `changes` are the ticks at which another chord begins.
        """
        if not self.goes_on:
            is_near = self.since < until and start < self.until
            return (Stretch(self.since, self.until),) if is_near else ()
        first = max(self.since, start - metre.place(start).position)
        last = min(self.until, until)
        lines = _lines(first, last, metre)
        struck = sorted({*lines, *(tick for tick in changes if first <= tick < last)})
        over = min(self.until, metre.bar_from(last)) if struck else last
        return tuple(Stretch(*ends) for ends in pairwise((*struck, over)))


def _lines(since: int, until: int, metre: Metre) -> list[int]:
    """The bar lines from one bar line to before a tick."""
    lines = []
    while since < until:
        lines.append(since)
        since = metre.bar_from(since + 1)
    return lines


def apart(rests: Sequence[Stretch], stops: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """Rests of a chart with those that were asked for, which win where both are."""
    left = (
        rest
        for rest in rests
        if all(rest.end <= stop.start or stop.end <= rest.start for stop in stops)
    )
    return tuple(sorted((*left, *stops)))
