"""The phrase that a person has just played, to be looked for.  Knows messages and times; knows no files."""

import time
from collections import deque
from collections.abc import Callable

from livegen.daemon.clock import SECOND
from livegen.daemon.processes.frames import HeardFrame
from livegen.music.messages import begins_note, channel_of
from livegen.music.parts import DRUM_CHANNEL

PAUSE_US = 3 * SECOND  # between two phrases
LONGEST_US = 30 * SECOND
MOST = 64


class LastPhrase:
    """The notes since the last pause of three seconds, of the last half minute, no drums.

    `now` gives seconds since 1970.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._notes: deque[tuple[int, int]] = deque(maxlen=MOST)
        self.began = 0.0  # seconds since 1970

    def hear(self, frame: HeardFrame) -> None:
        """Take a message of the player's."""
        data = frame.payload
        if len(data) != 3 or not begins_note(data) or channel_of(data) == DRUM_CHANNEL:
            return
        at = frame.micros
        if not self._notes or at - self._notes[-1][0] > PAUSE_US:
            self._notes.clear()
            self.began = self._now()
        self._notes.append((at, data[1]))
        while at - self._notes[0][0] > LONGEST_US:
            self._notes.popleft()

    @property
    def notes(self) -> list[tuple[float, int]]:
        """Onsets in seconds from the first on, and pitches."""
        return [((at - self._notes[0][0]) / SECOND, pitch) for at, pitch in self._notes]
