"""How late messages leave, and when they came: rings of the latest figures, summed up when asked.

Knows no clock: times are arguments, in micros.
"""

from array import array
from collections import deque
from collections.abc import Sequence
from typing import Any

KEPT = 1 << 16


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
    if not values:
        return {}
    ranked = sorted(values)
    last = len(ranked) - 1
    return {"p50_us": ranked[last // 2], "p99_us": ranked[last * 99 // 100], "max_us": ranked[-1]}


class Trace:
    """The latest messages with their times: for measuring from key to answer.  Kept only when asked for."""

    def __init__(self, length: int) -> None:
        self.heard: deque[tuple[int, str]] = deque(maxlen=length)
        self.sent: deque[tuple[int, int, str]] = deque(maxlen=length)

    def as_json(self) -> dict[str, Any]:
        """`heard` as [stamp, hex], `sent` as [due, actual, hex]; due is 0 for a release."""
        return {"heard": list(self.heard), "sent": list(self.sent)}
