"""The keys that are struck at one time, by either hand: which of them make a chord, and whether more may come.

Knows micros and pitches; knows no beats and no names of chords.
"""

from collections import deque
from operator import attrgetter
from typing import NamedTuple

from livegen.music.melody.phrase import CHORD_US
from livegen.music.parts import SPLIT_PITCH

CHORD = 3  # notes at once that are a chord, wherever they lie
_SHAPES = 3  # chords of the left hand by which it is known how many keys it strikes


class _Key(NamedTuple):
    """A key and when it was struck, micros."""

    at: int
    pitch: int
    is_left: bool


class StruckTogether:
    """The keys that were struck at one time last.  Threads: loop only.

    A chord may be rolled for `within_us`, micros.
    """

    def __init__(self, within_us: int) -> None:
        self._within_us = within_us
        self._keys: list[_Key] = []
        # Different tones that the left hand struck together, three at least, in its last chords.
        self._tones_before: deque[int] = deque(maxlen=_SHAPES)

    def strike(self, at: int, pitch: int, is_left: bool) -> tuple[list[int], list[int]]:
        """A key goes down: the pitches that it makes notes of a chord, and those that are sung above one.

        The left hand's keys are a chord's, and so are three keys of either.  Where the left hand strikes a whole
        chord, what the other one sings with it is none of its notes.  A key that is struck twice is one note.
        """
        is_rolled_on = self._keys and at - self._keys[-1].at <= CHORD_US
        kept = [key for key in self._keys if key.at >= at - self._within_us] if is_rolled_on else []
        if not kept and len(left := self._left_tones) >= CHORD:
            self._tones_before.append(len(left))
        self._keys = [*(key for key in kept if key.pitch != pitch), _Key(at, pitch, is_left)]
        below = [key.pitch for key in self._keys if key.is_left]
        if len(below) >= CHORD:
            return below, [key.pitch for key in self._keys if not key.is_left]
        if len(self._keys) >= CHORD:
            return [key.pitch for key in self._keys], []
        return [pitch] if is_left else [], []

    @property
    def since(self) -> int:
        """The time, micros, of the first of them."""
        return self._keys[0].at

    @property
    def are_several(self) -> bool:
        """True of more than one."""
        return len(self._keys) > 1

    @property
    def are_chord(self) -> bool:
        """True of three tones, or of two of the left hand."""
        return len(self._left_tones) > 1 or len(self.tones) >= CHORD

    @property
    def begin_left(self) -> bool:
        """True if the first is one of the left hand."""
        return bool(self._keys) and self._keys[0].is_left

    @property
    def tones(self) -> set[int]:
        """Their pitch classes."""
        return {key.pitch % 12 for key in self._keys}

    @property
    def _left_tones(self) -> set[int]:
        return {key.pitch % 12 for key in self._keys if key.is_left}

    def are_new(self, now: int) -> bool:
        """True while others may be struck with them."""
        return bool(self._keys) and now - self._keys[-1].at < CHORD_US

    @property
    def may_be_part(self) -> bool:
        """True of keys that say no chord yet.

        Of three tones the lowest is the bass if it is a left hand's, and was not the last to be struck.  Who struck
        four or five before strikes as many again: three or four of them may be a chord of another root.
        """
        tones = len(self.tones)
        if tones < CHORD or max(self._tones_before, default=0) > tones:
            return True
        lowest = min(self._keys, key=attrgetter("pitch"))
        is_bass = lowest.is_left and lowest.pitch < SPLIT_PITCH and lowest is not self._keys[-1]
        return tones == CHORD and not is_bass
