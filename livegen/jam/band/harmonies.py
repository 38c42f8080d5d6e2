"""The welcome of each pitch to each part while chords change: what a lead, a comp and a bass make of a chord.

Knows chords, ticks and bars; knows no model and no chance.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from livegen.jam.band.figures import Role
from livegen.jam.band.walking import walking
from livegen.jam.harmony.outline import ChordFrom, foot
from livegen.music.chords.chord import INTERVALS, Chord
from livegen.music.parts import BASS, COMP, LEAD
from livegen.music.time.metre import TICKS_PER_BEAT, Metre

Favour = NDArray[np.float64]  # (128,), nats by pitch

_TONES = {LEAD: 1.5, COMP: 5.0, BASS: 2.0}  # how welcome the tones of a chord are
# Of a bass: the root where a chord begins, tones on strong beats, the root among them, and what leads to the next root.
_BEGINS, _ON_STRONG, _ROOT, _LEADS = 10.0, 5.0, 1.0, 2.5
_ASKED = 6.0  # how welcome what a bass's figure asks for is
_BEGINNING = TICKS_PER_BEAT // 4  # so long a chord begins
_LEADING = TICKS_PER_BEAT  # so long before the next chord a bass may lead to it
_LEADING_STEPS = (-2, -1, 1, 2, 5, 7)  # semitones from the next root


@dataclass(frozen=True, slots=True)
class Welcome:
    """The welcome of each pitch to a part, in nats, over time.

    `strange` (128,) always counts; `weight` (0..1) is how much the chords do.  With a `period` the chords, all within
    one from the first, come again and again; the first chord also holds before its time.
    """

    part: int
    strange: Favour
    metre: Metre
    chords: tuple[ChordFrom, ...] = ()
    weight: float = 1.0
    period: int | None = None

    def at(self, tick: int) -> Favour:
        """Give the value at a tick."""
        if not self.chords:
            return self.strange
        tick, at = self._folded(tick)
        since, chord = self.chords[at]
        if chord is None:
            return self.strange
        if self.part != BASS:
            return self.strange + self.weight * _tones(chord, _TONES[self.part])
        return self.strange + self.weight * self._of_bass(chord, tick, since, self._following(at))

    def in_figure(self, role: Role, tick: int, before: tuple[int, ...]) -> Favour:
        """The nats that a beat of a figure adds to that; `before` are the pitches that it began last, in order."""
        if before and role is Role.WALKS:
            return self._walking(tick, before[-2:])
        if before and role in _FROM_BEFORE:
            return _FROM_BEFORE[role](before[-1])
        chord = self.chord_on(role, tick)
        if chord is None or role in (Role.ANY, Role.PUSH, Role.WALKS, *_FROM_BEFORE):
            return np.zeros(128)
        if role is Role.POWER:
            return self.weight * (_only(foot(chord), _ASKED) + _only(fifth(chord), _ASKED))
        return self.weight * _only(fifth(chord) if role is Role.FIFTH else foot(chord), _ASKED)

    def goal(self, tick: int) -> tuple[int, int | None]:
        """The tick at which a bass that walks is to be at a root, the next bar line or change, and its pitch class.

        None where no chord is known, and where the chord goes on: any tone of it will do there.
        """
        bar_line = self.metre.bar_from(tick + 1)
        if not self.chords:
            return bar_line, None
        folded, at = self._folded(tick)
        following = self._following(at)
        if following is None or following.tick - folded > bar_line - tick:
            return bar_line, None
        chord = following.chord
        return tick + following.tick - folded, None if chord is None else foot(chord)

    def _walking(self, tick: int, before: tuple[int, ...]) -> Favour:
        """Give how welcome each pitch is to a bass that walks on to the next change of chord, or over the bar line."""
        if self._begins(tick):
            return walking(before, None, 0)
        until, root = self.goal(tick)
        return walking(before, root, max(1, round((until - tick) / TICKS_PER_BEAT)))

    def _begins(self, tick: int) -> bool:
        """True where a chord begins, or none is known."""
        if not self.chords:
            return True
        folded, at = self._folded(tick)
        return 0 <= folded - self.chords[at].tick < _BEGINNING

    def chord_on(self, role: Role, tick: int) -> Chord | None:
        """The chord that a beat of a figure is of; None where there is none, or none is known."""
        return self.chord(self.metre.bar_from(tick + 1) if role.is_next else tick)

    def chord(self, tick: int) -> Chord | None:
        """The chord of a tick; None where there is none, or none is known."""
        return self.chords[self._folded(tick)[1]].chord if self.chords else None

    def is_silent(self, tick: int) -> bool:
        """True where no chord is to sound, and the part goes by chords."""
        if self.part == LEAD or not self.chords:
            return False
        return self.chord(tick) is None

    def _folded(self, tick: int) -> tuple[int, int]:
        """The tick within the first period, and which of the chords holds there."""
        if self.period:
            first = self.chords[0].tick
            tick = first + (tick - first) % self.period
        return tick, max(0, bisect_right(self.chords, tick, key=itemgetter(0)) - 1)

    def _of_bass(self, chord: Chord, tick: int, since: int, following: ChordFrom | None) -> Favour:
        if 0 <= tick - since < _BEGINNING:
            return _only(foot(chord), _BEGINS)
        if following and following.chord and following.tick - tick <= _LEADING:
            return _leading(chord, foot(following.chord))
        place = self.metre.place(tick)
        is_strong = place.position % self.metre.strong(place.bar) < _BEGINNING
        return _tones(chord, _ON_STRONG if is_strong else _TONES[BASS]) + _only(foot(chord), _ROOT)

    def _following(self, at: int) -> ChordFrom | None:
        if at + 1 < len(self.chords):
            return self.chords[at + 1]
        tick, chord = self.chords[0]
        return ChordFrom(tick + self.period, chord) if self.period else None


def fifth(chord: Chord) -> int:
    """The pitch class of its fifth, as it is in the chord."""
    steps = INTERVALS[chord.kind]
    return (chord.root + next((step for step in (7, 6, 8) if step in steps), 7)) % 12


@lru_cache(128)
def _staying(before: int) -> Favour:
    """A pitch again, and not its octave."""
    apart = np.abs(np.arange(128) - before)
    nats: Favour = np.select([apart == 0, apart == 12], [2.5, -2.5], 0.0)
    return nats


@lru_cache(128)
def _broken(before: int) -> Favour:
    """The next tones above a pitch, or one far below it, and not that pitch again."""
    up = np.arange(128) - before
    nats: Favour = np.select([up == 0, (up >= 3) & (up <= 7), up <= -7], [-4.0, 3.0, 1.0], 0.0)
    return nats


_FROM_BEFORE = {Role.STAYS: _staying, Role.BROKEN: _broken, Role.RIPPLES: _broken}


@lru_cache(256)
def _tones(chord: Chord, nats: float) -> Favour:
    return np.array([nats * (pitch % 12 in chord.pitch_classes) for pitch in range(128)])


@lru_cache(256)
def _only(pitch_class: int, nats: float) -> Favour:
    return np.array([nats * (pitch % 12 == pitch_class) for pitch in range(128)])


@lru_cache(1024)
def _leading(chord: Chord, root: int) -> Favour:
    """Tones of the chord that ends, and what lies a step, a fourth or a fifth from the root that follows."""
    leads = {(root + step) % 12 for step in _LEADING_STEPS}
    led = np.array([_LEADS * (pitch % 12 in leads) for pitch in range(128)])
    result: Favour = np.maximum(led, _tones(chord, _TONES[BASS]))
    return result
