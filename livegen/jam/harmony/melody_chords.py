"""The chords that a melody implies, by its last notes: under it now, and from the next lines on.

A chord goes on where no other is much likelier: on a bar line little is asked of another, on a beat that is not strong
most, where the melody has to show that the chord is wrong.  Where the melody is as it was before, what was found then,
with all that followed, is gone by.  Where its notes say that it is in another key, what was sung before is given up.
Knows notes, micros and ticks; knows no other source of chords.
"""

from collections import deque
from functools import cache
from typing import NamedTuple

import numpy as np

from livegen.jam.harmony.bass_alone import LowNote
from livegen.jam.harmony.melody_key import MelodyKey
from livegen.jam.harmony.outline import WAIT, ChordFrom, foot
from livegen.music.chords.chord import Chord
from livegen.music.chords.chords_implied import AHEAD, BEFORE, WINDOW, Floats, implied_since
from livegen.music.chords.progressions import TRIADS, class_of
from livegen.music.note import Note
from livegen.music.songs.melody_past import MelodyPast
from livegen.music.time.timeline import Timeline

_NOTES = 128
_FEWEST = 3  # notes, before which nobody says a chord
_EARLY = 3  # ticks before a line: a note struck from then on belongs to it
_LATE = 6  # ticks after a line, up to which a note of it may be struck
# Factors by which another chord must be likelier than the one that holds: on a bar line, a strong beat, any other.
_KEEPS_BAR, _KEEPS_STRONG, _KEEPS = 1.15, 1.5, 3.0
_REMEMBERS = 0.9  # share of what was found before, where the melody is wholly as it was then
# The likelihood of a chord over a bass that is its third or fifth, and over one that is no tone of it, beside its root.
_NO_ROOT, _NO_TONE = 0.15, 0.03
_LASTS = 8  # beats that a melody must have been in its key, so that what was sung before is trusted
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
        self._key = MelodyKey()
        self._held: Chord | None = None  # that was gone by when it was asked last
        self._held_us = self._looked_us = 0  # from which beat on, and the beat that was asked for
        self._ended: dict[tuple[int, int], int] = {}  # until when those sounded that have ended
        self._settled: tuple[int, Chord] | None = None  # a beat, micros, and its chord
        self._past = MelodyPast()
        self._past_us: int | None = None  # up to when it has heard the melody

    def hear(self, at: int, pitch: int, velocity: int) -> None:
        """A note of the melody begins, or ends with velocity 0."""
        if velocity:
            if len(self._notes) == _NOTES:
                self._ended.pop(self._notes[0], None)
            self._notes.append((at, pitch))
            self._key.hear(at, pitch)
            return
        begun = next((note for note in reversed(self._notes) if note[1] == pitch), None)
        if begun is not None:
            self._ended.setdefault(begun, at)

    def look(
        self,
        start: int,
        timeline: Timeline,
        now: int,
        held: Chord | None,
        low: LowNote | None = None,
    ) -> Implied:
        """The chords from tick `start` on; nothing where little was played.  `held` is the chord that is gone by.

        Where a single low note sounds on a strong beat, it is a tone of the chord from there on, and likely its root.
        """
        if len(self._notes) < _FEWEST and low is None:
            return Implied()
        metre, tick = timeline.metre, self._counted(start, timeline)
        place = metre.place(tick)
        beat, apart = metre.beat, metre.strong(place.bar)
        bar_line = tick - place.position
        into = place.position // beat  # the beat of the bar that is looked at
        beats = place.bar // beat
        line = bar_line + into * beat
        self._key.tell(timeline)
        found = self._look_at(bar_line, into, beats, timeline, now)
        self._hold(held, timeline.micros(line), timeline.tempo_us)
        is_strong = into * beat % apart == 0
        keeps = (_KEEPS_STRONG if into else _KEEPS_BAR) if is_strong else _KEEPS
        strong = tick - place.position % apart
        trust = min(1.0, 2 * self._key.share_since(timeline.micros(line - _LASTS * beat)))
        # A chord that was found in another key has nothing that speaks for it any more.
        kept = self._key.share_since(self._held_us + timeline.tempo_us // 4)
        keeps **= max(kept, trust * self._past.recalled(1).trust)
        likely = self._likely(found, 0, trust)
        is_told = low is not None and _is_on(low, strong, timeline)
        if low and is_told:
            likely = likely * over(low.pitch % 12)
            if held is not None and foot(held) == low.pitch % 12:
                keeps = _KEEPS  # the bass says that it goes on
        is_awaited = low is not None and not is_told and tick <= strong + _LATE
        chord = held if is_awaited else self._of_line(line, tick, likely, keeps, timeline, held)
        coming, waits, before = list[ChordFrom](), list[int](), chord
        if low:  # who plays the bass says when the chord is another
            return Implied(chord, (), (strong + apart, strong + 2 * apart))
        for at in (strong + apart, strong + 2 * apart):
            ahead = (at - bar_line) // beat - into
            if ahead > AHEAD[-1]:
                break
            likely = self._likely(found, ahead, trust)
            is_bar = (at - bar_line) % place.bar == 0
            next_one = chosen(likely, before, _KEEPS_BAR if is_bar else _KEEPS_STRONG)
            is_sure = likely[class_of(next_one)] >= SURE
            if not is_sure:
                waits.append(at)
            if next_one != before:
                coming.append(ChordFrom(at if is_sure else at + WAIT, next_one))
            before = next_one
        return Implied(chord, tuple(coming), tuple(waits))

    def _look_at(
        self, bar_line: int, into: int, beats: int, timeline: Timeline, now: int
    ) -> Floats:
        """Give how likely each chord is at beat `into` of the bar that began at a tick (heads, CLASSES).

        The past hears the beats that are over by then, at most WINDOW: the rest leaves no trace.
        """
        beat = timeline.metre.beat
        line = bar_line + into * beat
        over = 0
        if self._past_us is not None:
            over = max(0, round((line - timeline.tick(self._past_us)) / beat))
        if over or self._past_us is None:
            self._past_us = timeline.micros(line)
        first = into - min(over, WINDOW)
        parts = self._key.parts(bar_line, timeline)
        likely, lasting = implied_since(
            self._sung(bar_line, first, timeline, now), first, into, beats, parts
        )
        for said, sung in zip(likely[:-1], lasting[1:], strict=True):
            self._past.hear(sung, said[-1], BEFORE)
        result: Floats = likely[-1]
        return result

    def _hold(self, held: Chord | None, line_us: int, beat_us: int) -> None:
        """A chord is gone by as a beat is looked at: it was found on the beat before, or is nobody's here."""
        if held != self._held:
            is_ours = line_us - self._looked_us < 2 * beat_us
            self._held, self._held_us = held, self._looked_us if is_ours else line_us
        self._looked_us = line_us

    def _counted(self, start: int, timeline: Timeline) -> int:
        """The tick for which the melody is asked: the next beat, where a note is struck just before it."""
        line = start + -timeline.metre.place(start).position % timeline.metre.beat
        is_near = line - start <= _EARLY
        is_struck = bool(self._notes) and self._notes[-1][0] >= timeline.micros(line - _EARLY)
        return line if is_near and is_struck else start

    def _likely(self, found: Floats, ahead: int, trust: float) -> Floats:
        """Give how likely each chord is so many beats after the one looked at, by the melody and by its past.

        The past is trusted as much as `trust` says, 0 to 1.
        """
        recalled = self._past.recalled(1 + ahead)
        share = _REMEMBERS * trust * recalled.trust
        result: Floats = (1 - share) * found[int(np.searchsorted(AHEAD, ahead))]
        return result + share * recalled.likely

    def _sung(self, bar_line: int, into: int, timeline: Timeline, now: int) -> list[Note]:
        """The melody that counts at a beat of the bar that began at a tick."""
        beat = timeline.metre.beat

        def place(at: int) -> float:
            return (timeline.tick(at) - bar_line) / beat

        since = timeline.micros(bar_line + (into - WINDOW - 1) * beat)
        return [
            Note(place(at), place(self._ended.get((at, pitch), now + timeline.tempo_us)), pitch)
            for at, pitch in self._notes
            if at >= since
        ]

    def _of_line(
        self,
        line: int,
        tick: int,
        likely: Floats,
        keeps: float,
        timeline: Timeline,
        held: Chord | None,
    ) -> Chord:
        """The chord from a beat on: it is found with what is sung there, and then it stays."""
        line_us = timeline.micros(line)
        is_over = tick > line + _LATE
        if is_over and self._settled and abs(self._settled[0] - line_us) < timeline.tempo_us // 2:
            return self._settled[1]
        chord = held if is_over and held else chosen(likely, held, keeps)
        self._settled = line_us, chord
        return chord


def _is_on(low: LowNote, line: int, timeline: Timeline) -> bool:
    """True of a low note that is struck on a line, or held over it."""
    is_struck = timeline.micros(line - _EARLY) <= low.since <= timeline.micros(line + _LATE)
    return is_struck or low.sounds(timeline.micros(line))


@cache
def over(bass: int) -> Floats:
    """Give how likely each chord is (CLASSES,) over a bass of this pitch class, beside the likeliest."""
    return np.array(
        [
            1.0 if chord.root == bass else _NO_ROOT if bass in chord.pitch_classes else _NO_TONE
            for chord in TRIADS
        ],
        np.float32,
    )


def chosen(likely: Floats, held: Chord | None, keeps: float) -> Chord:
    """The likeliest chord; the one that holds, if no other is `keeps` times as likely."""
    best = int(likely.argmax())
    if held is not None and likely[best] < keeps * likely[class_of(held)]:
        return held
    return TRIADS[best]
