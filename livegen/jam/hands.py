"""One keyboard, its hands told apart: by what sounds together and where it lies, never by which key lands first.

* What is struck with others below middle C is the accompanying hand's, and so is a single low key of a player who
  plays chords, or whose melody has lain above it.
* Of a player who strikes three keys and more at most times all are the accompanying hand's, wherever they lie, but
  for a single key above all of them.
* A line of single keys, all of them low, is a bass.
* Everything else is the lead's.
"""

from collections import deque
from dataclasses import dataclass, field

from livegen.music.parts import BASS, COMP, KEYS, LEAD, SPLIT_PITCH, PartSource
from livegen.music.phrase import CHORD_US

LATELY_US = 30_000_000  # a hand is remembered for so long
BASS_BELOW = 53  # F3: a line that never reaches it is a bass
_ONSETS = 8  # of which each hand is known


@dataclass(slots=True)
class _Onset:
    """Keys struck at once: how many, and the highest."""

    at: int
    keys: int
    high: int


@dataclass(slots=True)
class Hands(PartSource):
    """The keys of one keyboard.  Times are micros and do not decrease."""

    rule: str = KEYS
    _lately: deque[_Onset] = field(default_factory=lambda: deque(maxlen=_ONSETS))

    def choose(self, pitch: int, at: int) -> int:
        """The part of a key that goes down."""
        while self._lately and at - self._lately[0].at > LATELY_US:
            self._lately.popleft()
        before = list(self._lately)
        if before and at - before[-1].at <= CHORD_US:
            onset = before.pop()
            onset.keys, onset.high = onset.keys + 1, max(onset.high, pitch)
            is_single = False
        else:
            self._lately.append(_Onset(at, 1, pitch))
            is_single = True
        chords = [onset for onset in before if onset.keys > 2]
        is_above = is_single and all(pitch > onset.high for onset in chords)
        if 2 * len(chords) > len(before) and not is_above:
            return COMP
        if pitch >= SPLIT_PITCH:
            return LEAD
        plays_chords = 2 * sum(onset.keys > 1 for onset in before) > len(before)
        melody_above = any(onset.high >= SPLIT_PITCH for onset in before)
        if not is_single or self.held or plays_chords or melody_above:
            return COMP
        is_low = pitch < BASS_BELOW and all(onset.high < BASS_BELOW for onset in before)
        return BASS if is_low else LEAD
