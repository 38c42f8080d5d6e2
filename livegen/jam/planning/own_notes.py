"""The ledger of a rollout's own notes that sound: since when, which may end, and which is to end first.

No note of comp or bass is a click beside a player: where a chord that nobody foresaw cuts it, it is held a moment.
Knows ticks, parts and pitches; knows no chords, no model and no chance.
"""

from collections.abc import Mapping

import numpy as np

from livegen.codec.encoder import Stroke
from livegen.inference.sampling import Mask
from livegen.jam.planning.brief import Brief
from livegen.music.parts import BASS, COMP
from livegen.music.time.metre import TICKS_PER_BEAT

SHORTEST = 2
CLICK_US = 60_000  # a note of a comp or a bass that is shorter is heard as a click
DRUM_TICKS = 2  # a drum has no end of its own: its key comes up after this
STRUCK = (COMP, BASS)  # parts that strike a chord: all of it, and its root
_NEVER = 1 << 60


class OwnNotes:
    """Notes that sound, and drums whose key is down.

    `notes` holds channel and onset by (part, pitch), oldest first; `drums` the tick at which each comes up, by pitch.
    """

    def __init__(self, is_beside: bool, tempo_us: int) -> None:
        """`is_beside` says that somebody else plays the other parts; `tempo_us` are micros a beat."""
        self.notes: dict[tuple[int, int], tuple[int, int]] = {}
        self.drums: dict[int, int] = {}
        self._is_beside = is_beside
        self._no_click = max(SHORTEST, -(-CLICK_US * TICKS_PER_BEAT // tempo_us))
        # Notes that the chord has left, and that are held until they are no click: until which tick.
        self._leaving: dict[tuple[int, int], int] = {}

    def begin(self, stroke: Stroke, channel: int) -> None:
        """Take a note as begun."""
        self.notes[stroke.part, stroke.pitch] = (channel, stroke.tick)

    def begin_drum(self, stroke: Stroke) -> Stroke:
        """Take a drum as struck; give the stroke with which its key comes up."""
        self.drums[stroke.pitch] = stroke.tick + DRUM_TICKS
        return Stroke(stroke.tick + DRUM_TICKS, stroke.part, stroke.pitch, 0)

    def end(self, part: int, pitch: int) -> None:
        """Take a note as ended."""
        del self.notes[part, pitch]
        self._leaving.pop((part, pitch), None)

    def held(self, part: int) -> Mapping[int, int]:
        """The notes of a part that sound and do not leave, oldest first: pitches, and when each began."""
        return {
            pitch: onset
            for (other, pitch), (_, onset) in self.notes.items()
            if other == part and (other, pitch) not in self._leaving
        }

    def count(self, part: int) -> int:
        """The number of notes of a part that sound and do not leave."""
        return len(self.held(part))

    def least(self, part: int) -> int:
        """The ticks that a note of a part lasts at least."""
        return self._no_click if part in STRUCK and self._is_beside else SHORTEST

    def leaves(self, part: int, pitch: int, onset: int, tick: int) -> bool:
        """True of a note that would be a click if it ended at a tick: it ends when it is none any more."""
        until = onset + self.least(part)
        if part not in STRUCK or not self._is_beside or until <= tick:
            return False
        self._leaving[part, pitch] = until
        return True

    def is_leaving(self, part: int, pitch: int) -> bool:
        """True of a note that is to end as soon as it is no click."""
        return (part, pitch) in self._leaving

    def older(self, part: int, before: int, tick: int) -> int | None:
        """The first note of a part, begun before a tick, that can end at `tick`; those that would be clicks leave."""
        for pitch, onset in self.held(part).items():
            if onset < before and not self.leaves(part, pitch, onset, tick):
                return pitch
        return None

    def endable(self, part: int, tick: int, brief: Brief, closed: int | None) -> Mask:
        """The pitches (128,) of a part that may end at a tick: not that on which the line closed, nor a tied one."""
        allowed = np.zeros(128, np.bool_)
        figure = brief.figures[part]
        latest = tick - self.least(part)
        for (other, pitch), (_, onset) in self.notes.items():
            if other == part and onset <= latest and onset != closed:
                allowed[pitch] = figure is None or not (figure.holds or figure.ties(onset, tick))
        return allowed

    def first_to_end(self, longest: int) -> tuple[tuple[int, int], int] | None:
        """The note (part, pitch) that is to end first, too long or leaving, and when; None where none sounds."""
        ends = {
            voice: min(onset + longest, self._leaving.get(voice, _NEVER))
            for voice, (_, onset) in self.notes.items()
        }
        first = min(ends, key=ends.__getitem__, default=None)
        return None if first is None else (first, ends[first])

    def drums_down(self, tick: int) -> list[int]:
        """The drums whose key is still down at a tick."""
        return [pitch for pitch, until in self.drums.items() if tick < until]
