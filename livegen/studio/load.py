"""The load of a process of late."""

from collections import deque
from collections.abc import Callable

from livegen.daemon.clock import SECOND

SPAN_US = 5 * SECOND
LOOK_EVERY_US = SECOND // 4


class Load:
    """The time that a process took of a core in the last five seconds.

    `now` is the time, micros; `worked` the processor time that it has taken so far, seconds.
    """

    def __init__(self, now: Callable[[], int], worked: Callable[[], float]) -> None:
        self._now, self._worked = now, worked
        self._seen = deque([(now(), worked())])

    def look(self) -> None:
        """Call at any time: the figures are taken four times a second."""
        now = self._now()
        if now - self._seen[-1][0] < LOOK_EVERY_US:
            return
        self._seen.append((now, self._worked()))
        while len(self._seen) > 2 and now - self._seen[1][0] >= SPAN_US:
            self._seen.popleft()

    @property
    def share(self) -> float:
        """The share of a core, 0 to 1 and more where several threads work; 0 until a second has passed."""
        (began, before), (ended, after) = self._seen[0], self._seen[-1]
        return (after - before) / (ended - began) * SECOND if ended - began >= SECOND else 0.0
