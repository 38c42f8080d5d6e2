"""A tune for lyrics: the network says the pitches, the rhythm is that of the words.

A candidate as a rollout is one; of each event time, part and beginning are given, and what is left is drawn.
Lines come to rest: the last on the tonic, every second on a tone of its triad, the others where something is to follow.
Knows ticks, syllables and the hearing; knows no clock and no chance of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegen.codec.encoder import Stroke, place_classes
from livegen.codec.layout import ADVANCE, NO_PITCH, velocity_of
from livegen.inference.contract import Query
from livegen.inference.sampling import Mask, NothingAllowed, draw, nucleus, probabilities
from livegen.jam.band.circles import worn_out
from livegen.jam.band.theme import Point
from livegen.jam.hearing.hearing import Hearing, ModelFault
from livegen.jam.planning.candidate import KeepsStrokes, PlayedOnce
from livegen.music.keys.key import Key
from livegen.music.parts import COMP, LEAD
from livegen.music.time.metre import Metre
from livegen.music.words.syllables import Stress
from livegen.music.words.word_rhythm import SungNote, WordRhythm, strength

VOICE = (57, 76)  # A3 to E5: what most people sing
WIDEST = 9  # semitones of a leap within a line
_LOUDER = 6  # velocities by which a stressed syllable is louder
_AT_HOME, _TRIAD, _OPEN = 8.0, 4.0, 3.0  # nats for a pitch on which a line comes to rest
_STRONG = 0.7  # nats for a tone of the triad on a strong beat
_PITCHES = np.arange(128)
_AGAIN = 0.5  # nats against a pitch, for each of the last notes that had it
_LATELY = 4  # notes
_SOFT = 56  # velocity of the cadence by which the key is told
_FOURTH, _FIFTH = 5, 7  # semitones above the tonic

Nats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Singing:
    """The way a tune is sung: in which key and scale, how freely, and at which tick the rhythm's tick 0 lies."""

    key: Key
    scale: frozenset[int]
    start: int
    temperature: float = 1.0
    nucleus: float = 0.9
    memory: float = 0.0


class Singer(KeepsStrokes, PlayedOnce):
    """A tune being planned, a syllable a step; `planned`, `frontier` and `end` as of every candidate.

    `sung` are the pitches so far.
    """

    rollouts = ()
    lates: Mapping[int, float] = {}

    def __init__(
        self, hearing: Hearing, rhythm: WordRhythm, singing: Singing, rng: np.random.Generator
    ) -> None:
        self.planned: list[Stroke] = []
        self.sung: list[int] = []
        self.is_done = not rhythm.notes
        self._hearing, self._singing, self._rng = hearing, singing, rng
        self._left = [
            note._replace(start=note.start + singing.start, end=note.end + singing.start)
            for note in rhythm.notes
        ]
        self._lines = sum(note.is_last for note in rhythm.notes)
        self._rested = 0  # lines that are over
        self._line: list[Point] = []
        self.frontier = self._left[0].start if self._left else singing.start
        self.end = self._left[-1].end if self._left else singing.start

    def step(self) -> None:
        """Plan a syllable; never raises."""
        if self.is_done:
            return
        note = self._left.pop(0)
        pitch, velocity = self._drawn(note)
        strokes = [Stroke(note.start, LEAD, pitch, velocity), Stroke(note.end, LEAD, pitch, 0)]
        for stroke in strokes:
            self._hearing.feed(stroke)
        self.planned += strokes
        self.sung.append(pitch)
        self._line.append(Point(note.start, pitch))
        self._rested += note.is_last
        self.is_done = not self._left
        self.frontier = self.end if self.is_done else self._left[0].start

    def _drawn(self, note: SungNote) -> tuple[int, int]:
        """Pitch and velocity of a syllable; where the model fails the tonic."""
        hearing, singing = self._hearing, self._singing
        metre = hearing.timeline.metre
        allowed = self._allowed(note)
        last = hearing.encoder.last
        if last is None or note.start - last >= ADVANCE:
            hearing.wait(note.start)
            last = hearing.encoder.last if hearing.encoder.last is not None else note.start
        before = hearing.encoder.struck.get(LEAD, NO_PITCH)
        query = Query(
            note.start - last, *place_classes(metre, note.start), part=LEAD, on=1, before=before
        )
        try:
            logits = hearing.logits("pitch", query, singing.memory) + self._wished(note, metre)
            likely = probabilities(logits.astype(np.float32), allowed, singing.temperature)
            pitch = draw(nucleus(likely, singing.nucleus), self._rng.random())
            loud = probabilities(hearing.logits("velocity", query._replace(pitch=pitch)))
            velocity = velocity_of(draw(loud, self._rng.random()))
        except (ModelFault, NothingAllowed):
            pitch, velocity = int(np.flatnonzero(allowed)[0]), _SOFT
        louder = _LOUDER * (note.syllable.stress is Stress.STRONG)
        return pitch, max(1, min(127, velocity + louder))

    def _allowed(self, note: SungNote) -> Mask:
        """The pitches (128,) that a voice can sing here: within its range and the scale, without a wide leap."""
        low, high = VOICE
        scale = np.isin(_PITCHES % 12, list(self._singing.scale))
        allowed: Mask = (low <= _PITCHES) & (high >= _PITCHES) & scale
        if self.sung:
            allowed &= np.abs(_PITCHES - self.sung[-1]) <= WIDEST
        worn = [pitch for pitch in worn_out(self._line, note.start) if allowed[pitch]]
        if len(worn) < allowed.sum():
            allowed[worn] = False
        return allowed

    def _wished(self, note: SungNote, metre: Metre) -> Nats:
        """Give how welcome each pitch is, in nats (128,)."""
        above = (_PITCHES - self._singing.key.tonic) % 12
        third = self._singing.key.third
        triad = np.isin(above, (0, third, _FIFTH))
        if not note.is_last:
            again = np.bincount(self.sung[-_LATELY:], minlength=128)
            is_strong = strength(note.start, metre) >= 2
            return np.asarray(_STRONG * is_strong * triad - _AGAIN * again, np.float64)
        if self._rested + 1 == self._lines:
            return np.asarray(_AT_HOME * (above == 0), np.float64)
        if self._rested % 2:
            return np.asarray(_TRIAD * np.isin(above, (0, third)), np.float64)
        return np.asarray(_OPEN * np.isin(above, (2, _FIFTH, third)), np.float64)


def cadence(key: Key, start: int, bar: int) -> list[Stroke]:
    """Chords that tell a key to who hears them, in the two bars before tick `start`: first, fourth, fifth, first."""
    third, half = key.third, bar // 2
    strokes = []
    for number, (root, middle) in enumerate(
        ((0, third), (_FOURTH, third), (_FIFTH, 4), (0, third))
    ):
        at = start - 2 * bar + number * half
        chord = [48 + (key.tonic + root + step) % 12 for step in (0, middle, _FIFTH)]
        strokes += [Stroke(at, COMP, pitch, _SOFT) for pitch in sorted(chord)]
        strokes += [Stroke(at + half - 1, COMP, pitch, 0) for pitch in sorted(chord)]
    return strokes
