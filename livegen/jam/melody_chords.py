"""The chord that a melody implies by its last notes.

Knows notes, micros and ticks; knows no other source of chords.
"""

from collections import deque

from livegen.music.chord import Chord
from livegen.music.chords_implied import SPAN, Sung, implied
from livegen.music.metre import TICKS_PER_BEAT
from livegen.music.timeline import Timeline

_NOTES = 64


class MelodyChords:
    """The last notes of a melody.  Threads: loop only."""

    def __init__(self) -> None:
        self._notes: deque[tuple[int, int]] = deque(maxlen=_NOTES)  # since when, micros, and pitch
        self._ended: dict[tuple[int, int], int] = {}  # until when those sounded that have ended

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

    def chord(self, start: int, timeline: Timeline, now: int, held: Chord | None) -> Chord | None:
        """The chord that is implied in this half of a bar, or in a bar that has no halves of two beats.

        None where nothing was played.  `held` is the chord that is gone by.
        """
        if not self._notes:
            return None
        place = timeline.metre.place(start)
        length = 2 * TICKS_PER_BEAT if place.bar % (2 * TICKS_PER_BEAT) == 0 else place.bar
        bar_line = start - place.position

        def beat(at: int) -> float:
            return (timeline.tick(at) - bar_line) / length * SPAN

        sung = [
            Sung(beat(at), beat(self._ended.get((at, pitch), now + timeline.tempo_us)), pitch)
            for at, pitch in self._notes
        ]
        return implied(sung, (start - bar_line) // length, held)
