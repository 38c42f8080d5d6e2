"""The lateness of messages that leave, and when they came: rings of the latest figures, summed up when asked.

Knows no clock: times are arguments, in micros.
"""

from array import array
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from typing import Any

KEPT = 1 << 16
MINUTE_US = 60_000_000
MOST_RECENT = 4096  # 68 a second for a minute; of more the older ones are forgotten sooner


class Lateness:
    """The latest 65,536 differences between actual and desired, in micros."""

    def __init__(self) -> None:
        self._ring = array("i")
        self.count = 0

    def add(self, late_us: int) -> None:
        """Enter one difference; beyond half an hour it is cut."""
        late_us = max(-(1 << 31), min(late_us, (1 << 31) - 1))
        if self.count < KEPT:
            self._ring.append(late_us)
        else:
            self._ring[self.count % KEPT] = late_us
        self.count += 1

    def summary(self) -> dict[str, int]:
        """Count, p50, p99 and maximum in micros; only the count when nothing was entered."""
        return {"count": self.count} | quantiles(self._ring)


def quantiles(values: Sequence[int]) -> dict[str, int]:
    """p50, p99 and maximum (nearest rank); empty for no values."""
    return _of_ranked(sorted(values))


def _of_ranked(ranked: Sequence[int]) -> dict[str, int]:
    if not ranked:
        return {}
    last = len(ranked) - 1
    return {"p50_us": ranked[last // 2], "p99_us": ranked[last * 99 // 100], "max_us": ranked[-1]}


class Recent:
    """The differences of the last minute, always in order, so that summing up costs nothing in a loop in a hurry.

    Entering one moves 16 KB at most: 2 us.
    """

    def __init__(self, span_us: int = MINUTE_US, most: int = MOST_RECENT) -> None:
        self._span_us, self._most = span_us, most
        self._entered: deque[tuple[int, int]] = deque()
        self._ranked: list[int] = []

    def add(self, now: int, value_us: int) -> None:
        """Enter a difference at `now` micros, which must not decrease."""
        self._entered.append((now, value_us))
        insort(self._ranked, value_us)
        self._forget(now)

    def summary(self, now: int) -> dict[str, int]:
        """Count, p50, p99 and maximum in micros of the last minute; only the count when there was nothing."""
        self._forget(now)
        return {"count": len(self._ranked)} | _of_ranked(self._ranked)

    def _forget(self, now: int) -> None:
        entered = self._entered
        while entered and (entered[0][0] <= now - self._span_us or len(entered) > self._most):
            _, value = entered.popleft()
            del self._ranked[bisect_left(self._ranked, value)]


class Trace:
    """The latest messages with their times: for measuring from key to answer.  Kept only when asked for."""

    def __init__(self, length: int) -> None:
        self.heard: deque[tuple[int, str]] = deque(maxlen=length)
        self.sent: deque[tuple[int, int, str]] = deque(maxlen=length)

    def as_json(self) -> dict[str, Any]:
        """`heard` as [stamp, hex], `sent` as [due, actual, hex]; due is 0 for a release."""
        return {"heard": list(self.heard), "sent": list(self.sent)}
