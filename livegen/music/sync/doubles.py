"""Clocks that come twice: one device that is connected over two ports, or by two ways.

Every clock is then followed by its copy, always after the same lag, and the gaps between clocks alternate: short,
long, short, long.  Even clocks do so by chance, and not for long.  One thing more alternates and is no copy: clocks
that a server delivers at the ends of its periods, at tempos where a clock lasts so many periods and a half.  Their
gaps differ by one period, and the short one is whole periods.  Copies that lie nearly half way to the next clock
alternate too little: they cannot be told from twice the tempo.  Knows arrival times only, and no tempo.
"""

import math

from livegen.music.sync.transport import CLOCK

_LEAST = 40  # gaps in a row that alternate: by chance 1 in 2**40
# The gaps it takes where copies come at once, as clocks do from a server with long periods.
_TOGETHER, _TOGETHER_US = 96, 500
_ON_A_PERIOD = 768  # and so many where a usual server's period lies between
_MEMORY = 128  # gaps
_LATELY = 48  # moments in a row at which clocks came in pairs, and at some several pairs
_AS_CLEARLY = 0.25  # of the mean: what alternates less is an exception
_HALF_WAY = 0.08  # of the mean gap: what alternates less lies half way
_PAUSE = 2.2  # times the last two gaps: what is longer is a pause
_WHOLE, _LIKE_US = 0.06, 200  # a short gap is whole periods, and a period is that of a server
_RATES, _FRAMES = (44_100, 48_000), [1 << power for power in range(5, 13)]
_PERIODS_US = [
    *(frames / rate * 1e6 for rate in _RATES for frames in _FRAMES),  # JACK, PipeWire
    *(8_000.0, 10_000.0, 15_625.0),  # USB, audio of Windows, its timer
]
_ALONE = 12  # clocks in a row without a copy: there are none any more
_MESSAGE_US = 30_000  # within which the same start, stop, continue or position is a copy
_LAG_SHARE, _PERIOD_SHARE = 1 / 16, 1 / 8  # of the newest in the lag and the distance of clocks


class Alternation:
    """The difference of every other gap from those beside it, for as long as that goes on without exception.

    `lag` is how long after its clock a copy comes, micros; None while there are none, or nobody knows.
    """

    def __init__(self) -> None:
        self.lag: float | None = None
        self._before = self._last = 0  # the last two gaps
        self._gaps = self._count = 0  # since a pause; that alternate
        self._mean = self._gap = 0.0

    def feed(self, gap: int) -> None:
        """Take the gap before a clock; micros."""
        if self._gaps > 1 and gap > _PAUSE * (self._before + self._last):
            self._gaps, self._count = -1, 0
        if self._gaps > 1:
            self._measure(self._before, self._last, gap)
        self._before, self._last = self._last, gap
        self._gaps += 1

    @property
    def period(self) -> float:
        """The time between two clocks, each with its copy; micros."""
        return 2 * self._gap

    def _measure(self, before: int, gap: int, after: int) -> None:
        longer = (gap - (before + after) / 2) / 2
        if longer * -self._mean <= _AS_CLEARLY * self._mean**2:
            self._count, self._mean, self.lag = 0, longer, None
            return
        self.lag = self._judged()  # without this gap, that may be the last before it is otherwise
        self._count += 1
        share = max(1 / self._count, 1 / _MEMORY)
        self._mean = -self._mean + share * (longer + self._mean)
        self._gap += share * ((before + 2 * gap + after) / 4 - self._gap)

    def _judged(self) -> float | None:
        if self._count < _LEAST:
            return None
        short, difference = self._gap - abs(self._mean), 2 * abs(self._mean)
        is_told = self._count >= _needed(short, difference)
        return max(0.0, short) if is_told and difference > 2 * _HALF_WAY * self._gap else None


def _needed(short: float, difference: float) -> float:
    """Give the number of gaps that it takes to be believed."""
    is_servers = any(abs(difference - period) < _LIKE_US for period in _PERIODS_US)
    if short < _TOGETHER_US:
        return _ON_A_PERIOD if is_servers else _TOGETHER
    periods = short / max(difference, 1.0)
    is_whole = periods > 0.5 and abs(periods - round(periods)) < _WHOLE
    return math.inf if is_servers and is_whole else _LEAST


class Moments:
    """The moments at which clocks came: from a server with long periods, several come at once.

    `period` is how far apart clocks are that come twice, micros; None unless nobody has come alone for long.
    """

    def __init__(self) -> None:
        self.period: float | None = None
        self._moment: int | None = None
        self._size = self._pairs = self._even = 0
        self._since = 0

    def feed(self, now: int) -> None:
        """Take a clock."""
        if now == self._moment:
            self._size += 1
            return
        if self._size % 2 or not self._size:
            self._even, self._pairs, self._since = 0, 0, now
        else:
            self._even, self._pairs = self._even + 1, self._pairs + self._size // 2
        self._moment, self._size = now, 1
        # A run of as many pairs as moments is told by how these alternate.
        is_told = self._even >= _LATELY and self._pairs > self._even
        self.period = (now - self._since) / self._pairs if is_told else None


class Doubles:
    """Says of each message whether it is the copy of one before.  `lag` is None while there are none."""

    def __init__(self, lag: float | None = None, period: float = 0.0) -> None:
        self.lag, self._period = lag, period
        self._alternation, self._moments = Alternation(), Moments()
        self._last: int | None = None  # when a clock came
        self._first: int | None = None  # when the last clock came that is no copy
        self._is_alone = False  # its copy has not come
        self._alone = 0  # clocks in a row whose copies have not come
        self._has_paired = False
        # The messages whose copies have not come, and when they came.
        self._messages: dict[bytes, int] = {}

    def feed(self, data: bytes, now: int) -> bool:
        """Take a message of the transport; whether it is a copy."""
        if data[0] == CLOCK:
            return self._clock(now)
        if self.lag is None:
            return False
        came = self._messages.pop(data, None)
        if came is not None and now - came <= _MESSAGE_US:
            return True
        self._messages[data] = now
        return False

    def known(self) -> "Doubles":
        """The same knowledge of lag and distance, of a stream that begins anew."""
        return Doubles(self.lag, self._period)

    def _clock(self, now: int) -> bool:
        if self.lag is not None:
            return self._is_copy(now, self.lag)
        if self._last is not None:
            self._alternation.feed(max(0, now - self._last))
        self._last = now
        self._moments.feed(now)
        self.lag, self._period = self._alternation.lag, self._alternation.period
        if self._moments.period is not None:
            self.lag, self._period = 0.0, self._moments.period
        return False

    def _is_copy(self, now: int, lag: float) -> bool:
        """True if a clock is the copy of the last one: that has none yet, and its copy is due rather than the next."""
        since = None if self._first is None else now - self._first
        due = lag if self._has_paired else 0.0
        if since is not None and self._is_alone and 0 <= since < (due + self._period) / 2:
            self.lag = lag + _LAG_SHARE * (since - lag)
            self._is_alone, self._alone, self._has_paired = False, 0, True
            return True
        if since is not None and 0 <= since < 2 * self._period:
            self._period += _PERIOD_SHARE * (since - self._period)
        self._alone += self._is_alone
        self._first, self._is_alone = now, True
        if self._alone >= _ALONE:
            self.lag = None
        return False
