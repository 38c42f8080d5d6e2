"""A steady pulse out of jittered MIDI clocks: where the last clock truly was, and how far apart they are.

Knows arrival times only; no start, no stop, no bars.  The filter is an alpha-beta filter of growing memory, whose
gains make it the least-squares line through all clocks so far (Brookner, "Tracking and Kalman Filtering Made Easy",
1998, section 1.2.10), up to a longest memory.  Errors that keep to one side shorten the memory again.

A clock that is not where it is due is not believed at once: it may be doubled, the one before may be lost, the sender
may have stalled, or the tempo may have jumped.  It waits with those after it, until three lie on the old grid or four
on a line of their own.  Where the jitter is as large as what there is to be told apart, clocks are counted as they
come; so they are where several come at one moment, from a server whose periods are as long as a clock.
"""

import math
from collections.abc import Sequence
from copy import copy
from itertools import pairwise
from typing import NamedTuple

SHORTEST_US, LONGEST_US = 1_000, 1_000_000  # of a clock: 2500 and 2.5 beats per minute
LOCKED = 12  # clocks that make a tempo
SILENCE = 2.5  # periods without a clock that are more than one lost clock

_LONGEST_MEMORY, _SHORTEST_MEMORY = 192, 6  # clocks
_GATE = 0.35  # of a period: what lies further from its place is in doubt
_DRIFT = 1 / 8  # share of the newest error in their running mean
_DRIFTING = 1.25  # running mean of the errors over the noise: beyond it the tempo is moving
# Share of the newest error in the noise, which is the mean size of errors about their running mean.
_NOISE = 1 / 32
_QUIETEST_US = 100.0
_NOISY = 12  # a period is less than so many times the noise: clocks are counted as they come
_OUTLIER = 4.0  # errors count for no more than so many times the noise
_TELLING = 2.0  # the mean error after a silence is a step if it is so many times the noise
_AS_BEFORE = 0.25  # of a period: a second clock so near the period of old confirms it
_STALLED = 0.1  # of a period: who comes back so far off the old grid has lost no clock, but was late with all of them
_LONGEST_STALL = 12  # clocks; a longer silence is a drop-out, in which the sender's time goes on
_CROWD = 0.6  # of a period: the least noise for as long as clocks come several at once
_CALM = 1 / 2048  # share of that forgotten with every clock
_AGREE, _LINE, _PATIENCE = 3, 4, 12  # clocks in doubt: on the old grid, on a new line, at most
_SAME = 0.1  # of a period: a new line so near the old is no new tempo but a step, as of a server with long periods
_STRAIGHT = 0.2  # of a period: clocks of a new line lie no further from it


class Line(NamedTuple):
    """A straight line through clocks: the place of the last one, their distance, the largest error; micros."""

    at: float
    period: float
    error: float


def line(arrivals: Sequence[int]) -> Line:
    """Least squares through consecutive clocks, at least two."""
    count, first = len(arrivals), arrivals[0]
    middle = (count - 1) / 2
    mean = sum(arrival - first for arrival in arrivals) / count
    spread = count * (count * count - 1) / 12
    period = sum((i - middle) * (arrival - first) for i, arrival in enumerate(arrivals)) / spread
    errors = [
        abs(arrival - first - mean - (i - middle) * period) for i, arrival in enumerate(arrivals)
    ]
    return Line(first + mean + middle * period, period, max(errors))


class Pulse:
    """The place `at` of the last believed clock and the `period` between clocks, in (fractional) micros.

    `age` counts the clocks since the line began: 0 knows nothing, 1 has at best a period of old.
    `jitter_us` is the root mean square of the last errors.
    """

    def __init__(self) -> None:
        self.at = self.period = 0.0
        self.age = 0
        self._memory = 0
        self._noise = self._drift = self._square = 0.0
        self._quietest = _QUIETEST_US
        self._last = 0  # when a clock was last believed
        self._doubtful: list[int] = []

    def copy(self) -> "Pulse":
        """A branch, independent of this."""
        branch = copy(self)
        branch._doubtful = list(self._doubtful)
        return branch

    @property
    def has_period(self) -> bool:
        """True if two clocks have been heard, ever."""
        return self.period > 0

    @property
    def is_locked(self) -> bool:
        """True if the tempo is known: enough clocks on one line, none in doubt for long."""
        return self.age >= LOCKED and len(self._doubtful) < _LINE

    @property
    def waiting(self) -> int:
        """The number of clocks that are in doubt."""
        return len(self._doubtful)

    @property
    def jitter_us(self) -> float:
        """Root mean square of the errors of arrival, over about the last beat."""
        return math.sqrt(self._square)

    def strike(self, now: int) -> None:
        """Take this clock as the first of a count, wherever it lies; the period is kept as a first guess."""
        error = now - self.at - self.period
        is_due = abs(error) < max(_OUTLIER * self._noise, SHORTEST_US) and now > self.at
        if self.age >= LOCKED and is_due and not self._doubtful:
            self._correct(self.at + self.period, error)
            self._last = now
        else:
            self._restart(now)
        self._doubtful = []

    def crowd(self) -> None:
        """Count a clock that came at the same moment as the last one."""
        self._quietest = _CROWD * self.period
        if self.age < 2:
            return
        due = self.at + self.period
        self._correct(due, self._last - due)

    def feed(self, now: int) -> int:
        """Take a clock; by how many clocks the pulse has gone on: 0 in doubt, several after lost ones."""
        if self.age < 2:
            return self._begin(now)
        due = self.at + self.period
        if not self._doubtful and self._is_believed(now, now - due):
            self._correct(due, now - due)
            self._last = now
            return 1
        self._doubtful.append(now)
        return self._understand()

    def _restart(self, now: int) -> None:
        self.at, self._last, self.age, self._memory = float(now), now, 1, 1
        self._drift = 0.0

    def _begin(self, now: int) -> int:
        """The first and the second clock; those that can be no clocks begin anew."""
        distance = now - self.at
        if self.age == 0 or not 0 <= distance <= LONGEST_US:
            self._restart(now)
            return 1
        if distance < SHORTEST_US:
            return 0
        if abs(distance - self.period) < _AS_BEFORE * self.period:
            self.at, self.age, self._memory = float(now), 2, _LINE
        else:
            self.at, self.age, self._memory = float(now), 2, 2
            self.period, self._noise = float(distance), 0.0
        self._last = now
        return 1

    def _is_believed(self, now: int, error: float) -> bool:
        """True if a clock is the next: near its place, or where the jitter hides what else it might be."""
        if self.age < LOCKED or self._jitter * _NOISY > self.period:
            return 0 < now - self._last < SILENCE * self.period
        return abs(error) < _GATE * self.period

    def _correct(self, due: float, error: float) -> None:
        """The filter: place and period follow the error of a clock that was due."""
        self._measure(error)
        noise = self._jitter
        if self.age > LOCKED:
            error = max(-_OUTLIER * noise, min(_OUTLIER * noise, error))
        self._drift += _DRIFT * (error - self._drift)
        if abs(self._drift) > _DRIFTING * noise:
            self._memory = max(_SHORTEST_MEMORY, self._memory * 3 // 4)
        self.age += 1
        self._memory = n = min(self._memory + 1, _LONGEST_MEMORY)
        self.at = due + error * 2 * (2 * n - 1) / (n * (n + 1))
        self.period += error * 6 / (n * (n + 1))
        self.period = max(SHORTEST_US, min(LONGEST_US, self.period))

    def _measure(self, error: float) -> None:
        share = max(_NOISE, 1 / self.age)
        self._noise += share * (abs(error - self._drift) - self._noise)
        self._square += share * (error * error - self._square)
        self._quietest += _CALM * (_QUIETEST_US - self._quietest)

    @property
    def _jitter(self) -> float:
        """The distance from its place, micros, at which a clock is no surprise."""
        return max(self._noise, self._quietest)

    def _place(self, arrival: int) -> tuple[int, float]:
        """The place of the old grid that is nearest, counted from the last clock, and how late for it."""
        place = round((arrival - self.at) / self.period)
        return place, arrival - self.at - place * self.period

    def _understand(self) -> int:
        """Decide about the clocks in doubt as soon as they agree."""
        waiting = self._doubtful
        latest = [self._place(arrival) for arrival in waiting[-_AGREE:]]
        if self._agree(latest):
            return self._go_on(latest)
        if len(waiting) >= _LINE:
            new = line(waiting[-_LINE:])
            is_straight = new.error < _STRAIGHT * new.period
            if is_straight and SHORTEST_US <= new.period <= LONGEST_US:
                return self._jump(new)
        if len(waiting) > _PATIENCE:
            del waiting[0]
        return 0

    def _resolve(self) -> list[int]:
        """The clocks that were in doubt."""
        arrivals, self._doubtful = self._doubtful, []
        self._last = arrivals[-1]
        return arrivals

    def _agree(self, latest: list[tuple[int, float]]) -> bool:
        """True if the last clocks lie on consecutive places of the old grid."""
        return (
            len(latest) == _AGREE
            and latest[0][0] > 0
            and all(after[0] - before[0] == 1 for before, after in pairwise(latest))
            and all(abs(late) < _GATE * self.period for _, late in latest)
        )

    def _go_on(self, latest: list[tuple[int, float]]) -> int:
        """The old grid holds: clocks were lost or doubled; or it holds but for a stall."""
        arrivals = self._resolve()
        late, first = sum(late for _, late in latest) / _AGREE, latest[0][0]
        is_off = abs(late) > _TELLING * self._jitter
        is_stall = is_off and abs(late) > _STALLED * self.period and 1 < first <= _LONGEST_STALL
        self.at += (first - 1) * self.period
        if is_stall or (first > SILENCE and is_off):
            self.at, self._memory = self.at + late, min(self._memory, LOCKED)
        for arrival in arrivals[-_AGREE:]:
            due = self.at + self.period
            self._correct(due, arrival - due)
        return len(arrivals) if is_stall else latest[-1][0]

    def _jump(self, new: Line) -> int:
        """Another grid has begun with the first clock in doubt."""
        arrivals = self._resolve()
        gap, count = arrivals[0] - self.at, len(arrivals)
        is_next = gap < SILENCE * self.period or abs(gap - new.period) < new.period / 2
        is_stall = gap <= _LONGEST_STALL * self.period
        lost = 0 if is_next or is_stall else round(gap / new.period) - 1
        if is_next and abs(new.period - self.period) < _SAME * self.period:
            self._noise = max(self._noise, abs(gap - self.period) / 2)
        else:
            self.age = _LINE
        self.at, self.period, self._drift = new.at, new.period, 0.0
        self._memory = min(count, 2 * _LINE)
        return count + lost
