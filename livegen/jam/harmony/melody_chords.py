"""The chords that a melody implies, by its last notes: under it now, and from the next lines on.

A chord holds from one strong beat to the next, and goes on for longer where no other is much likelier.  Knows notes,
micros and ticks; knows no other source of chords.
"""

from collections import deque
from typing import NamedTuple

import numpy as np

from livegen.jam.harmony.outline import WAIT, ChordFrom
from livegen.music.chord import Chord
from livegen.music.chords_implied import AHEAD, WINDOW, Floats, Sung, implied
from livegen.music.progressions import TRIADS, class_of
from livegen.music.timeline import Timeline

_NOTES = 128
_FEWEST = 3  # notes, before which nobody says a chord
_EARLY = 3  # ticks before a line: a note struck from then on belongs to it
_LATE = 6  # ticks after a line, up to which a note of it may be struck
# How much likelier another chord must be than the one that holds: on a bar line, and on another strong beat.
_KEEPS_BAR, _KEEPS = 1.15, 1.5
SURE = 0.5  # a chord that is so likely is struck on its line, whatever is sung there


class Implied(NamedTuple):
    """The chord that is implied now, those to come, and the lines, ticks, on which the melody is waited for."""

    chord: Chord | None = None
    coming: tuple[ChordFrom, ...] = ()
    waits: tuple[int, ...] = ()


class MelodyChords:
    """The last notes of a melody, and the chord that was found for the line that was played last.

    Threads: loop only.
    """

    def __init__(self) -> None:
        self._notes: deque[tuple[int, int]] = deque(maxlen=_NOTES)  # since when, micros, and pitch
        self._ended: dict[tuple[int, int], int] = {}  # until when those sounded that have ended
        self._settled: tuple[int, Chord] | None = None  # a line, micros, and its chord

    def hear(self, at: int, pitch: int, velocity: int) -> None:
        """A note of the melody begins, or ends with velocity 0."""
        if velocity:
            if len(self._notes) == _NOTES:
                self._ended.pop(self._notes[0], None)
            self._notes.append((at, pitch))
            return
        begun = next((note for note in reversed(self._notes) if note[1] == pitch), None)
        if begun is not None:
            self._ended.setdefault(begun, at)

    def look(self, start: int, timeline: Timeline, now: int, held: Chord | None) -> Implied:
        """The chords from tick `start` on; nothing where little was played.  `held` is the chord that is gone by."""
        if len(self._notes) < _FEWEST:
            return Implied()
        metre, tick = timeline.metre, self._counted(start, timeline)
        place = metre.place(tick)
        beat, apart = metre.beat, metre.strong(place.bar)
        bar_line = tick - place.position
        into = place.position // beat  # the beat of the bar that is looked at
        found = self._likely(bar_line, into, place.bar // beat, timeline, now)
        line = tick - place.position % apart
        chord = self._of_line(line, tick, found[0], timeline, held)
        coming, waits, before = list[ChordFrom](), list[int](), chord
        for at in (line + apart, line + 2 * apart):
            ahead = (at - bar_line) // beat - into
            if ahead > AHEAD[-1]:
                break
            likely = found[int(np.searchsorted(AHEAD, ahead))]
            is_bar = (at - bar_line) % place.bar == 0
            next_one = chosen(likely, before, is_bar)
            is_sure = likely[class_of(next_one)] >= SURE
            if not is_sure:
                waits.append(at)
            if next_one != before:
                coming.append(ChordFrom(at if is_sure else at + WAIT, next_one))
            before = next_one
        return Implied(chord, tuple(coming), tuple(waits))

    def _counted(self, start: int, timeline: Timeline) -> int:
        """The tick for which the melody is asked: the next line, where a note is struck just before it."""
        place = timeline.metre.place(start)
        apart = timeline.metre.strong(place.bar)
        line = start + -place.position % apart
        is_near = line - start <= _EARLY
        is_struck = self._notes[-1][0] >= timeline.micros(line - _EARLY)
        return line if is_near and is_struck else start

    def _likely(self, bar_line: int, into: int, beats: int, timeline: Timeline, now: int) -> Floats:
        """How likely each chord is at a beat of the bar that began at a tick, and after it."""
        beat = timeline.metre.beat

        def place(at: int) -> float:
            return (timeline.tick(at) - bar_line) / beat

        since = timeline.micros(bar_line + (into - WINDOW - 1) * beat)
        sung = [
            Sung(place(at), place(self._ended.get((at, pitch), now + timeline.tempo_us)), pitch)
            for at, pitch in self._notes
            if at >= since
        ]
        return implied(sung, into, beats)

    def _of_line(
        self, line: int, tick: int, likely: Floats, timeline: Timeline, held: Chord | None
    ) -> Chord:
        """The chord from a line on: it is found with what is sung there, and then it stays."""
        line_us = timeline.micros(line)
        is_over = tick > line + _LATE
        if is_over and self._settled and abs(self._settled[0] - line_us) < timeline.tempo_us // 2:
            return self._settled[1]
        is_bar = timeline.metre.place(line).position == 0
        chord = held if is_over and held else chosen(likely, held, is_bar)
        self._settled = line_us, chord
        return chord


def chosen(likely: Floats, held: Chord | None, is_bar: bool) -> Chord:
    """The likeliest chord; the one that holds, if no other is much likelier."""
    best = int(likely.argmax())
    if held is not None:
        keeps = _KEEPS_BAR if is_bar else _KEEPS
        if likely[best] < keeps * likely[class_of(held)]:
            return held
    return TRIADS[best]
