"""The course through a form: which place of it is played at which tick, with all jumps and rounds that cues made.

Knows ticks; knows no chords and no time.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

LONG_AGO = -(1 << 60)


class Leg(NamedTuple):
    """A part of the course: from tick `since` on the form is played so that its tick `form` falls on tick `origin`.

    With a `period` the form's ticks from `form` on, so many, are repeated for ever.
    """

    since: int
    origin: int
    form: int
    period: int | None = None

    def place(self, tick: int) -> int:
        """The tick of the form that is played at a tick; below 0 before the form begins."""
        into = tick - self.origin
        return self.form + (into % self.period if self.period else into)


class Passage(NamedTuple):
    """A stretch from tick `start` to before `end`, in which the form is played from its tick `form` on without a jump.

    `follows` says that the tick before `start` is played from the form's tick before `form`: nothing was left out.
    """

    start: int
    end: int
    form: int
    follows: bool


class Course:
    """Legs one after the other.  The first begins with the music, or before it.  Threads: loop only."""

    def __init__(self, top: int = 0) -> None:
        self._legs = [Leg(LONG_AGO, top, 0)]

    @property
    def top(self) -> int:
        """The tick on which tick 0 of the form was laid first."""
        return self._legs[0].origin

    def leg(self, tick: int) -> Leg:
        """The leg that holds at a tick."""
        return self._legs[bisect_right(self._legs, tick, key=lambda leg: leg.since) - 1]

    def place(self, tick: int) -> int:
        """The tick of the form that is played at a tick; 0 before it begins."""
        return max(0, self.leg(tick).place(tick))

    @property
    def last(self) -> Leg:
        """The leg that was added last; it may begin later."""
        return self._legs[-1]

    def turn(self, leg: Leg) -> None:
        """Go on with another leg from `leg.since` on; legs that were to begin later are dropped."""
        self._legs = [before for before in self._legs if before.since < leg.since]
        self._legs.append(leg)

    def begin_leg(self, tick: int, here: int) -> None:
        """The leg of tick `here` begins at a tick; those before are forgotten, but for the first, which has the top."""
        later = [leg for leg in self._legs if leg.since > here]
        self._legs = [self._legs[0], self.leg(here)._replace(since=tick), *later]

    def move(self, to: Callable[[int], int]) -> None:
        """Ticks are those of another timeline: `to` gives the bar line there for one here."""
        first, *others = self._legs
        moved = [(leg, to(leg.since)) for leg in others]
        self._legs = [
            first._replace(origin=to(first.origin)),
            *(leg._replace(since=at, origin=at - (leg.since - leg.origin)) for leg, at in moved),
        ]

    def passages(self, since: int, until: int) -> Iterator[Passage]:
        """The passages from tick `since` to before `until`, in order."""
        while since < until:
            leg = self.leg(since)
            end = min(until, self._over(leg, since))
            place = leg.place(since)
            follows = self.leg(since - 1).place(since - 1) == place - 1
            yield Passage(since, end, place, follows)
            since = end

    def _over(self, leg: Leg, tick: int) -> int:
        """Give the tick at which a leg ends, or the round of it in which a tick lies."""
        later = [other.since for other in self._legs if other.since > tick]
        if leg.period:
            later.append(tick + leg.period - (tick - leg.origin) % leg.period)
        return min(later, default=1 << 60)
