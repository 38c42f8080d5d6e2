"""A plan: several responses to one call until one of them is chosen, then that one until it is played.

Knows micros, through the function that maps ticks to them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from livegen.jam.phrases.rendition import Rendition
from livegen.jam.phrases.singer import Singer
from livegen.jam.planning.candidate import Candidate
from livegen.jam.planning.planner import Rollout
from livegen.jam.timing.agenda import Place

LOOKAHEAD_US = 500_000  # how far a response is planned ahead of its notes
BESIDE_US = 120_000  # before it is handed out, what is played beside the player is planned
DECIDE_US = 60_000  # before its first note is due, a response is chosen, whoever is still at work


class Doubt(IntEnum):
    """The doubt in a plan: none; one that waits until more is planned anyway; or one that does not."""

    NONE = 0
    WAITS = 1
    PRESSES = 2


@dataclass(slots=True)
class Plan:
    """`candidates` compete until `chosen` is set; `start` is the tick of the first note at the earliest.

    `start_us` is when that is sent, `shift_us` how far all of it lies off the timeline; the notes of its first tick
    are `heeds_us` late, for a key of the player's may come before them.  `end_us` is when all will have been played,
    None while that is not known.  `goes_on_at` gives for the tick before which all is planned the time, micros, at
    which more is; without it a response is planned `LOOKAHEAD_US` ahead.  A plan is in `doubt` since something
    happened, until somebody has looked at it; if it then stands to a tick and no further, more is planned anew from
    there on, when it is time to.
    """

    candidates: list[Rollout]
    start: int
    start_us: int
    shift_us: int = 0
    chosen: Candidate | None = None
    end_us: int | None = None
    goes_on_at: Callable[[int], int] | None = None
    doubt: Doubt = Doubt.NONE
    stands_to: int | None = None
    heeds_us: int = 0

    @property
    def players(self) -> tuple[Rollout, ...]:
        """The rollouts that are being played."""
        return self.chosen.rollouts if self.chosen else ()

    @property
    def repeats(self) -> bool:
        """True while a repetition is played."""
        return self.chosen is not None and self.chosen.repeats

    @property
    def rendition(self) -> Rendition | Singer | None:
        """The music that is played as it was settled, or sung to words; None where an answer is planned."""
        return self.chosen if isinstance(self.chosen, Rendition | Singer) else None

    @property
    def end(self) -> int | None:
        """The tick at which it ends; None before one is chosen and for what has no end of its own."""
        return None if self.chosen is None else self.chosen.end

    def next(self, now: int, place: Place) -> Candidate | None:
        """The candidate that is to plan one event more."""
        if self.chosen is None:
            return next((rollout for rollout in self.candidates if not rollout.is_done), None)
        wants = self._wants_more(self.chosen, now, place) and not self._is_urgent(now, place)
        return self.chosen if wants else None

    def settle(self, now: int, choose: Callable[[Sequence[Rollout]], Rollout]) -> bool:
        """Choose one that is done, if all are or the time has come; whether some had to be left undone."""
        done = [rollout for rollout in self.candidates if rollout.is_done]
        hurried = len(done) < len(self.candidates)
        if self.chosen is None and (not hurried or now >= self.start_us - DECIDE_US):
            self.chosen = choose(done) if done else self.candidates[0]
            self.candidates = []
            return hurried
        return False

    def deadline(self, now: int, place: Place) -> int | None:
        """Give the time, micros, at which more is to be planned or all has been played; None when neither is known."""
        if self.chosen is None:
            return now
        if self.chosen.is_done:
            if self.stands_to is None or self.goes_on_at is None:
                return self.end_us
            return self.goes_on_at(self.stands_to)
        at = self._more_at(self.chosen.frontier, place)
        return now if now >= at else at

    def is_over(self, now: int) -> bool:
        """True if it is time to plan anew, for it stands no further."""
        goes_on_at, tick = self.goes_on_at, self.stands_to
        return goes_on_at is not None and tick is not None and now >= goes_on_at(tick)

    def _wants_more(self, candidate: Candidate, now: int, place: Place) -> bool:
        """True if planning is not far enough ahead of `now`."""
        return not candidate.is_done and now >= self._more_at(candidate.frontier, place)

    def _more_at(self, frontier: int, place: Place) -> int:
        """Give the time, micros, at which more is planned than up to a tick; what begins later is planned at once."""
        if self.goes_on_at is not None:
            at = frontier if self.stands_to is None else min(frontier, self.stands_to)
            return self.goes_on_at(at)
        ahead = place(frontier) - LOOKAHEAD_US
        return 0 if ahead < self.start_us else ahead + 1

    def _is_urgent(self, now: int, place: Place) -> bool:
        """True if something was planned that should be under way before more is planned."""
        planned = self.chosen.planned if self.chosen else []
        return bool(planned) and place(planned[0].tick) <= now
