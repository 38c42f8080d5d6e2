"""Sentences: how a line that goes on and on groups its bars, takes its ideas up again, and comes to rest.

Bars go in fours from the call's first on.  Of a period of eight the first two are an idea, which comes again in the
fifth and the sixth (Caplin's parallel period), or at once in the third and the fourth (his sentence); of four periods
the second and the last begin as the first did, as songs do (W. Caplin, "Classical Form", 1998).  Here a sentence is a
group of four bars, whichever of the two it belongs to.  Most of them close: a note is held from the last strong beat
on, and that of each second one is of the tonic triad.  Knows ticks and bars; knows no notes, no model and no chance.
"""

from dataclasses import dataclass
from typing import NamedTuple

from livegen.music.time.metre import TICKS_PER_BEAT, Metre

GROUP = 4  # bars
# For each of 32 bars, how many bars before it was like this; 0 of a bar that is new.
FORM = (
    *(0, 0, 0, 0, 4, 4, 0, 0),
    *(8, 8, 0, 0, 0, 0, 0, 0),
    *(0, 0, 2, 2, 0, 0, 0, 0),
    *(16, 16, 0, 0, 4, 4, 0, 0),
)  # fmt: skip
CLOSES = (True, True, False, True, False, True, False, True)  # of each of its groups
BACK = tuple(sorted(set(FORM) - {0}))
BREATH = TICKS_PER_BEAT // 2  # ticks before the bar line at which what was held is over


class Close(NamedTuple):
    """A tick on which a line comes to rest, and the bar line until which it begins nothing; `is_full` on the tonic."""

    tick: int
    until: int
    is_full: bool


@dataclass(frozen=True, slots=True)
class Sentences:
    """Groups of bars from bar line `origin` on; `tonic` are the pitch classes of the triad, if a key is known."""

    metre: Metre
    origin: int
    tonic: frozenset[int] = frozenset()

    def before(self, tick: int) -> int:
        """Give how many bars before the bar of a tick was like it; 0 of one that is new."""
        return FORM[self._number(tick) % len(FORM)]

    def closing(self, tick: int) -> Close:
        """The first close after a tick."""
        position, bar = self.metre.place(tick)
        group, into = divmod(self._number(tick), GROUP)
        until = tick - position + (GROUP - into) * bar
        close = Close(until - self.metre.strong(bar), until, group % 2 == 1)
        is_next = CLOSES[group % len(CLOSES)] and close.tick > tick
        return close if is_next else self.closing(until)

    def _number(self, tick: int) -> int:
        """Give how many bars lie between the bar of the origin and that of a tick; below 0 before it."""
        position, bar = self.metre.place(tick)
        return round((tick - position - self.origin) / bar)
