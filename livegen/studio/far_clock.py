"""A studio's clock as it is known here: answers to pings say how far the two lie apart.

As the page does it (`page/src/clock.ts`).  Knows no socket; all times are micros.
"""

from collections import deque

KEPT = 12  # of the latest pings the quickest is believed


class FarClock:
    """Of the time there by the time here, and back.

    `trip_us` is how long the quickest of the latest answers took, to and fro; None before the first.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int]] = deque(
            maxlen=KEPT
        )  # how long it took, how far apart
        self._hint = 0

    def take(self, sent: int, received: int, far: int) -> None:
        """A ping left and was answered at these times here; there it was `far` in between."""
        self._samples.append((received - sent, far - (sent + received) // 2))

    def begin(self, received: int, far: int) -> None:
        """Forget what was measured; what the studio said its time was counts until a ping is answered."""
        self._samples.clear()
        self._hint = far - received

    @property
    def trip_us(self) -> int | None:
        """The time that the quickest answer took, micros."""
        return min(self._samples)[0] if self._samples else None

    @property
    def ahead_us(self) -> int:
        """The time by which the studio's clock is ahead of ours, micros."""
        return min(self._samples)[1] if self._samples else self._hint
