"""The streaming encoder: note messages in, events out, the moment each happens.

A file is encoded by feeding it message by message (`encode_score`), so a network that was trained
on files has seen exactly what it will see on stage.  Knows ticks and parts; knows no micros and no
ports.

Rules: a second note-on of a sounding pitch in the same part ends the first note · the same note
started twice within a tick counts once · the end of a note that does not sound is nothing · drums
have no ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

from livegen.codec.layout import (
    ADVANCE,
    MAX_ADVANCES,
    MAX_BAR_CLASS,
    NO_GRID,
    NO_PITCH,
    Event,
    velocity_class,
)
from livegen.music.files.smf import Score
from livegen.music.instant import ONSET, ranked
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import DRUMS, PartSource, general_midi_drum, rule_of_track
from livegen.music.time.metre import TICKS_PER_BEAT, Metre, bar_ticks


class Stroke(NamedTuple):
    """A key that goes down (`velocity` 1..127) or comes up (0) at a grid tick, its part known."""

    tick: int
    part: int
    pitch: int
    velocity: int


def place_classes(metre: Metre | None, tick: int) -> tuple[int, int]:
    """The `position` and `bar` of an event at `tick`; without a metre there is no grid."""
    if metre is None:
        return NO_GRID, 0
    position, bar = metre.place(tick)
    return position % NO_GRID, min(max(1, bar * 2 // TICKS_PER_BEAT), MAX_BAR_CLASS)


@dataclass(slots=True)
class Encoder:
    """Turns strokes into events and knows what sounds.  `copy()` branches it.

    `sounding` maps (part, pitch) to the tick of its onset; `last` is the tick of the last event,
    None before the first, whose time is 0; `struck` is the pitch of each part's latest onset, but
    of the drums'.
    """

    metre: Metre | None = None
    last: int | None = None
    sounding: dict[tuple[int, int], int] = field(default_factory=dict)
    struck: dict[int, int] = field(default_factory=dict)
    _at: dict[tuple[int, int], int] = field(default_factory=dict)

    def copy(self) -> "Encoder":
        """A branch: feeding one no longer changes the other."""
        return Encoder(
            self.metre, self.last, dict(self.sounding), dict(self.struck), dict(self._at)
        )

    def feed(self, stroke: Stroke) -> list[Event]:
        """Events that this stroke makes, none when it changes nothing.  One before the last event lies there."""
        tick, part, pitch, velocity = stroke
        if self.last is not None:
            tick = max(tick, self.last)
        if part == DRUMS:
            pitch = general_midi_drum(pitch)
        key = (part, pitch)
        if not velocity:
            if key not in self.sounding:
                return []
            del self.sounding[key]
            return [*self.advance(tick), self._event(tick, part, 0, pitch, 0)]
        if self._at.get(key) == tick:
            return []
        events = self.advance(tick)
        if key in self.sounding:
            events.append(self._event(tick, part, 0, pitch, 0))
        self._at[key] = tick
        if part != DRUMS:
            self.sounding[key] = tick
        events.append(self._event(tick, part, 1, pitch, velocity_class(velocity)))
        return events

    def advance(self, tick: int) -> list[Event]:
        """The events that let so much time pass that one at `tick` can follow: none within 191."""
        events = []
        if self.last is None:
            self.last = tick
        if tick - self.last >= (MAX_ADVANCES + 1) * ADVANCE:
            self.last = tick - MAX_ADVANCES * ADVANCE
        while tick - self.last >= ADVANCE:
            self.last += ADVANCE
            events.append(Event(ADVANCE, 0, 0, 0, 0, *place_classes(self.metre, self.last)))
        return events

    def _event(self, tick: int, part: int, on: int, pitch: int, velocity: int) -> Event:
        time, self.last = 0 if self.last is None else tick - self.last, tick
        before = self.struck.get(part, NO_PITCH)
        if on and part != DRUMS:
            self.struck[part] = pitch
        return Event(time, part, on, pitch, velocity, *place_classes(self.metre, tick), before)


def grid_tick(tick: int, ppqn: int) -> int:
    """The grid tick nearest to a file's tick, halves upward."""
    return (2 * tick * TICKS_PER_BEAT + ppqn) // (2 * ppqn)


def metre_of(score: Score) -> Metre | None:
    """Bars of a file on the tick grid; None without a time signature: nobody says where."""
    if not score.metres:
        return None
    return Metre(
        tuple((grid_tick(tick, score.ppqn), bar_ticks(n, d)) for tick, n, d in score.metres)
    )


def strokes(score: Score, drop: tuple[str, ...] = ()) -> Iterator[Stroke]:
    """Strokes of a file in order: by tick, at one tick by rank, then by track and pitch, then as they stand.

    Tracks whose name starts with one of `drop` are left out.
    """
    tracks = [track for track in score.tracks if not (drop and track.name.startswith(drop))]
    sources, timed = [], []
    for index, track in enumerate(tracks):
        notes = [(tick, m) for tick, m in track.messages if isinstance(m, NoteOn | NoteOff)]
        rule = rule_of_track(track.name, notes[0][1].channel, track.program, index, len(tracks))
        sources.append(PartSource(rule))
        timed += [(tick, rank, index, m.pitch, m) for tick, rank, m in ranked(notes)]
    for tick, rank, index, pitch, message in sorted(timed, key=itemgetter(0, 1, 2, 3)):
        begins = rank == ONSET
        part = sources[index].part(begins, pitch)
        if part is not None:
            velocity = message.velocity if begins else 0
            yield Stroke(grid_tick(tick, score.ppqn), part, pitch, velocity)


def encode_score(score: Score, grid: bool = True, drop: tuple[str, ...] = ()) -> list[Event]:
    """Encode a whole file.  `grid` False ignores its bar lines (a performance without a click)."""
    encoder = Encoder(metre_of(score) if grid else None)
    return [event for stroke in strokes(score, drop) for event in encoder.feed(stroke)]
