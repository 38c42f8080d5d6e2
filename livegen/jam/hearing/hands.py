"""The two hands on a keyboard, told apart by what sounds together and where it lies, never by which key lands first.

* What is struck with others below middle C is the accompanying hand's, and so is a single low key of a player who
  plays chords, also a bass and a chord by turns, or one far below the melody.
* Of a player who strikes three keys and more at most times all are the accompanying hand's, wherever they lie, but
  for a single key above all of them.
* A line of single keys, all of them low, is a bass.
* Everything else is the lead's: a melody may cross middle C.
"""

from collections import deque
from dataclasses import dataclass, field

from livegen.music.melody.phrase import CHORD_US
from livegen.music.parts import BASS, COMP, KEYS, LEAD, SPLIT_PITCH, PartSource

LATELY_US = 30_000_000  # a hand is remembered for so long
DEEP, BASS_BELOW = 46, 53  # B flat 2, which a bass reaches; F3, which it does not
LEAP = 12  # semitones: farther below the melody's last note is another hand
_ONSETS = 8  # of which each hand is known


@dataclass(slots=True)
class _Onset:
    """Keys struck at once: how many, the lowest and the highest."""

    at: int
    keys: int
    low: int
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
        is_single = not before or at - before[-1].at > CHORD_US
        if is_single:
            self._lately.append(_Onset(at, 1, pitch, pitch))
        else:
            onset = before.pop()
            onset.keys += 1
            onset.low, onset.high = min(onset.low, pitch), max(onset.high, pitch)
        chords = [onset for onset in before if onset.keys > 2]
        is_above = is_single and all(pitch > onset.high for onset in chords)
        if 2 * len(chords) > len(before) and not is_above:
            return COMP
        if pitch >= SPLIT_PITCH:
            return LEAD
        lows = [onset.low for onset in before if onset.keys > 1]
        is_below = bool(lows) and pitch < lows[-1]  # a bass and a chord by turns are one hand
        plays_chords = 2 * len(lows) > len(before) - is_below
        melody = next((onset.high for onset in reversed(before) if onset.high >= SPLIT_PITCH), 0)
        if not is_single or self.held or plays_chords or pitch < melody - LEAP:
            return COMP
        return BASS if _is_bass([*before, _Onset(at, 1, pitch, pitch)]) else LEAD


def _is_bass(line: list[_Onset]) -> bool:
    deepest, highest = min(onset.low for onset in line), max(onset.high for onset in line)
    return deepest < DEEP and highest < BASS_BELOW
