"""The share of the processor that a room may take: more at once, and then part of a core for as long as it likes."""

from livegen.daemon.clock import SECOND

SHARE = 0.25  # of a core: five times what a band takes
AT_ONCE_US = SECOND // 2


class Budget:
    """The budget of one room.  Times and processor times are micros."""

    def __init__(self) -> None:
        self._spent_us, self._at = 0.0, 0

    def spend(self, work_us: float, now: int) -> None:
        """Count so much work, until `now`."""
        self._spent_us = self._left_at(now) + work_us
        self._at = now

    def ready_at(self, now: int) -> int:
        """Give the time, micros, at which the room may work again."""
        over_us = self._left_at(now) - AT_ONCE_US
        return now + max(0, round(over_us / SHARE))

    def _left_at(self, now: int) -> float:
        return max(0.0, self._spent_us - (now - self._at) * SHARE)
