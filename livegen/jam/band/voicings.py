"""The chords of a call, as its answer strikes them: each a lowest note and intervals above it, moved as a whole.

Who hears chords answers with chords, and who hears power chords with fifths, as one guitar.  The network says when a
chord is struck and on which lowest note; the intervals are the call's own.  Where one of them leaves the scale a third
becomes the other third, a seventh the other seventh; a fifth stays a fifth, and what would rub is not struck.

Knows pitches and ticks; knows no model and no chance.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from livegen.inference.sampling import Mask
from livegen.jam.band.harmonies import Favour
from livegen.jam.struck import Struck
from livegen.music.keys.scale import PitchClasses
from livegen.music.melody.phrase import CHORD_US
from livegen.music.parts import DRUMS, PITCHED
from livegen.music.time.timeline import Timeline

SHARE = 2 / 3  # of a part's strokes that are chords, from which on it is answered in chords
FEWEST = 2  # chords of a call
LATEST = 8  # different chords of a call that are looked at
MOST_VOICES = 8  # of a chord
REACH = 7  # semitones: the lowest notes of an answer about those of the call

# An interval above the lowest note, within the octave, and what it becomes where it leaves the scale.
_OTHERS = {1: 2, 2: 1, 3: 4, 4: 3, 6: 7, 8: 9, 9: 8, 10: 11, 11: 10}
_RUBS = (1, 13)  # semitones between two notes of a chord
# Nats that a chord loses: for each interval that is another, on another note of the scale, at another place of the bar.
_CHANGED, _ELSEWHERE, _MOVED = 1.0, 0.5, 0.25
BESIDE = 0.3  # share of the chords that fall where the call struck none, which are struck
_LOOSE = 2  # ticks by which a hand is off a place


class Voicing(NamedTuple):
    """A chord as it was struck: its lowest pitch, the semitones above that, ascending, and its ticks in the bar."""

    low: int
    steps: tuple[int, ...]
    places: tuple[int, ...] = ()

    def is_of(self, place: int) -> bool:
        """True if it was struck at a tick of the bar."""
        return any(abs(at - place) <= _LOOSE for at in self.places)


class StruckTogether(NamedTuple):
    """The pitches that a part struck together, ascending, from `at` micros on."""

    at: int
    pitches: tuple[int, ...]


def struck_together(
    strokes: Iterable[Struck], parts: Sequence[int]
) -> dict[int, list[StruckTogether]]:
    """Give the strikes of each pitched part that was heard, in order.

    Keys of another part, heard before a chord was known for one, are the part's that struck with them.
    """
    rows: list[list[Struck]] = []
    for struck in strokes:
        if struck.velocity and struck.part != DRUMS:
            if not rows or struck.at - rows[-1][-1].at > CHORD_US:
                rows.append([])
            rows[-1].append(struck)
    found: dict[int, list[StruckTogether]] = {part: [] for part in parts if part in PITCHED}
    for row in rows:
        heard = {struck.part for struck in row} & found.keys() or found.keys()
        for part in heard:
            own = {it.pitch for it in row if it.part == part or it.part not in found}
            found[part] += [StruckTogether(row[0].at, tuple(sorted(own)))] if own else []
    return found


def are_chords(strokes: Sequence[StruckTogether]) -> bool:
    """True of a part that mostly strikes chords."""
    chords = sum(len(stroke.pitches) > 1 for stroke in strokes)
    return chords >= FEWEST and chords >= SHARE * len(strokes)


class InChords(NamedTuple):
    """The chords of a part: the different ones, the latest first, and the most ticks from one to the next."""

    voicings: tuple[Voicing, ...]
    gap: int


def in_chords(strokes: Sequence[StruckTogether], timeline: Timeline, voices: int) -> InChords:
    """Give the strikes of a part as chords; of each chord no more than `voices` notes, from the lowest on."""
    places: dict[tuple[int, tuple[int, ...]], tuple[int, ...]] = {}
    ticks = [timeline.tick(stroke.at) for stroke in strokes]
    for tick, (_, pitches) in zip(reversed(ticks), reversed(strokes), strict=True):
        shape = pitches[0], tuple(pitch - pitches[0] for pitch in pitches[1:voices])
        if shape[1] and (shape in places or len(places) < LATEST):
            places[shape] = (*places.get(shape, ()), timeline.metre.place(tick).position)
    gap = max((after - before for before, after in pairwise(ticks)), default=0)
    return InChords(tuple(Voicing(*shape, at) for shape, at in places.items()), gap)


@dataclass(frozen=True)
class Voicings:
    """The chords that a part may strike: those of the call, as the pitch classes at home have them.

    `gap` is the most ticks from one to the next.
    """

    chords: tuple[Voicing, ...]
    classes: PitchClasses
    gap: int

    def is_of(self, place: int) -> bool:
        """True of a tick of the bar on which the call struck."""
        return any(chord.is_of(place) for chord in self.chords)

    def lowest(self, allowed: Mask, harmony: Favour | None, place: int) -> tuple[Mask, Favour]:
        """The pitches (128,) on which a chord may be struck, and how welcome each is for that, in nats.

        `allowed` may be begun, `harmony` (128,) says how welcome each pitch is; `place` is the tick in the bar.  Where
        no chord fits there are none.
        """
        lows = [chord.low for chord in self.chords]
        near = range(max(0, min(lows) - REACH), min(127, max(lows) + REACH) + 1)
        mask, nats = np.zeros(128, np.bool_), np.zeros(128)
        for low in (low for low in near if allowed[low]):
            found = self._best(low, allowed, harmony, place)
            if found is not None:
                mask[low], nats[low] = True, found[1]
        return mask, nats

    def above(self, low: int, allowed: Mask, harmony: Favour | None, place: int) -> tuple[int, ...]:
        """The pitches that are struck above a lowest one; none where no chord fits."""
        found = self._best(low, allowed, harmony, place)
        return () if found is None else found[0]

    def _best(
        self, low: int, allowed: Mask, harmony: Favour | None, place: int
    ) -> tuple[tuple[int, ...], float] | None:
        """The chord that fits best on a lowest pitch, and its nats."""
        best = None
        for chord in self.chords:
            found = self._lifted(chord, low, allowed, harmony)
            if found is None:
                continue
            pitches, nats = found
            nats -= _ELSEWHERE * (chord.low % 12 != low % 12) + _MOVED * (not chord.is_of(place))
            if best is None or nats > best[1]:
                best = pitches, nats
        return best

    def _lifted(
        self, chord: Voicing, low: int, allowed: Mask, harmony: Favour | None
    ) -> tuple[tuple[int, ...], float] | None:
        """A chord on another lowest pitch, as the scale has it there, and its nats; None where it does not fit."""
        pitches, nats = [], 0.0
        for step in chord.steps:
            other = step - step % 12 + _OTHERS.get(step % 12, step % 12)
            fits = [
                (
                    (0.0 if harmony is None else harmony[low + it]) - _CHANGED * (it != step),
                    low + it,
                )
                for it in {step, other}
                if low + it < 128 and allowed[low + it] and (low + it) % 12 in self.classes
            ]
            if not fits:
                return None
            worth, pitch = max(fits)
            pitches.append(pitch)
            nats += worth
        rubs = _rubbing((0, *chord.steps))
        if _rubbing((low, *pitches)) > rubs or len(set(pitches)) < len(pitches):
            return None
        return tuple(pitches), float(nats)


def _rubbing(pitches: Sequence[int]) -> int:
    return sum(b - a in _RUBS for at, a in enumerate(pitches) for b in pitches[at + 1 :])
