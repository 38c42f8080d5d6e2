"""A bounce: a jam of its own on virtual time, that a host renders block by block, faster than it could be heard.

Its engine hears nothing but what the bounce brings, so it plays the same each time where its seed is given.  Time goes
on only where a block asks for it, and never back.
"""

import time
from collections.abc import Callable

from livegen.studio.room import Room

READ_S = 0.002  # how often it is looked whether a chart was read
LONGEST_READ_S = 5.0

# A room by the time at which it is, micros.
BuildAt = Callable[[Callable[[], int]], Room]


class Bounce:
    """The jam of a bounce; several instances of a band share one.  `now` is its time, micros since it began."""

    def __init__(self, build: BuildAt) -> None:
        self.now = 0
        self.room = build(lambda: self.now)

    def until(self, at: int) -> None:
        """Let the engine do all that it is time for up to then.  Waits for charts that are being read."""
        self._read()
        while (due := self.room.next_at) <= at:
            self.now = max(self.now, due)
            self.room.turn()
        self.now = max(self.now, at)

    def _read(self) -> None:
        """Nothing is read in virtual time: wait for it, so that each bounce has it at the same moment."""
        self.room.turn()
        for _ in range(round(LONGEST_READ_S / READ_S)):
            if not self.room.is_reading:
                return
            time.sleep(READ_S)
            self.room.turn()
