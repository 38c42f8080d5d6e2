"""Going along in time, by the figures that StreamMUSE publishes (Zheng, Yang et al. 2026, on POP909).

Definitions are those of its public evaluation (StreamMUSE/eval: evaluate_accompaniment_metrics.py,
compute_final_system_metric.py, eval_toolkit/README.md).  A frame is a sixteenth; a frame is decided once what is played
in it is planned, be it silence.

* consonant, unsupported: shares of the melody's time, note by note: any note of the accompaniment that sounds while a
  note lasts is consonant with it (unison, thirds, fifth, sixths, whatever the octave); none sounds.
* success (ISR_f): frames that are decided when they are due.
* staleness: how late, ms, those that are decided are; in time is 0.
* weighted success (ISR_w): the mean of (32 - age) / 32 over frames, 0 for one that is not decided in time; its age is
  how many frames it lies behind the first of what was planned with it.

The engine plays on virtual time, but what it computes takes as long as the processor needs for it, so that it may be
late; what else the machine does does not count.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from livegen.inference.contract import Model
from livegen.jam.engine import Engine
from livegen.jam.engine import Event as Heard
from livegen.music.note import Note
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.scorecard.held_out_calls import LeadCall
from livegen.scorecard.notes import SIXTEENTHS
from livegen.scorecard.playing import PlayedCall, beginning, played
from livegen.testing import Rehearsal

FRAME = TICKS_PER_BEAT // SIXTEENTHS  # ticks
OLDEST = 32  # frames: so old a decision counts for nothing
CONSONANT = frozenset((0, 3, 4, 7, 8, 9))  # semitones, whatever the octave

Notes = Sequence[Note]
Clock = Callable[[], float]


def support(melody: Notes, accompaniment: Notes) -> tuple[float, float] | None:
    """Shares of the melody's time that are consonant and unsupported, each 0 to 1; None of no melody."""
    total = consonant = unsupported = 0.0
    for note in melody:
        lasts = note.end - note.onset
        beside = [it for it in accompaniment if it.end > note.onset and it.onset < note.end]
        total += lasts
        unsupported += 0.0 if beside else lasts
        if any((note.pitch - it.pitch) % 12 in CONSONANT for it in beside):
            consonant += lasts
    return (consonant / total, unsupported / total) if total else None


# --- in time ------------------------------------------------------------------------------------------------------


class InTime(Rehearsal):
    """An engine on virtual time that takes as long as `clock`, seconds, says; which tick was decided when, and when
    first.

    `planned` is by frame from the timeline's tick 0 on: how many frames before it what it was planned with began, and
    when it was first decided, micros.
    """

    def __init__(self, engine: Engine, clock: Clock = time.thread_time) -> None:
        super().__init__(engine)
        self._clock = clock
        self._from: tuple[int, int] | None = None
        self.begins: dict[int, int] = {}
        self.decided: dict[int, int] = {}

    def _feed(self, event: Heard, now: int) -> None:
        began, now = self._clock(), max(now, self.now)
        out = self.engine.feed(event, now)
        self.now = now + round(1e6 * (self._clock() - began))
        for timed in out:
            self.wire.put(timed)
        self._take_note()

    def _take_note(self) -> None:
        """Keep what is decided by now."""
        planned = self.engine.decided
        if planned is None or planned == self._from:
            return
        begin, until = self._from = planned
        for frame in range(-(-begin // FRAME), -(-until // FRAME)):
            self.begins[frame] = begin
            self.decided.setdefault(frame, self.now)


@dataclass(frozen=True, slots=True)
class Timing:
    """Of each frame of a call: how late it was decided, ms, None where it never was, and its age in frames."""

    late_ms: list[float | None] = field(default_factory=list)
    age: list[int | None] = field(default_factory=list)

    @property
    def success(self) -> float:
        """Share of frames that were decided when they were due."""
        return sum(late == 0 for late in self.late_ms) / len(self.late_ms)

    @property
    def weighted(self) -> float:
        """The same, a frame counting for less the older what decided it was."""
        pairs = zip(self.late_ms, self.age, strict=True)
        worth = [
            (OLDEST - min(age, OLDEST)) / OLDEST
            for late, age in pairs
            if late == 0 and age is not None
        ]
        return sum(worth) / len(self.late_ms)

    @property
    def staleness_ms(self) -> list[float]:
        """The lateness of the frames that were decided, milliseconds."""
        return [late for late in self.late_ms if late is not None]


def in_time(
    model: Model, call: LeadCall, seed: int, clock: Clock = time.thread_time
) -> tuple[PlayedCall, Timing]:
    """Go along with a call, and how soon its frames from the second bar on were decided."""
    made: list[InTime] = []

    def rehearse(engine: Engine) -> Rehearsal:
        made.append(InTime(engine, clock))
        return made[0]

    heard = played(model, call, {"mode": "accompany"}, seed=seed, after_bars=1, rehearse=rehearse)
    rehearsal, timing = made[0], Timing()
    timeline = rehearsal.engine.timeline
    for number in range(round(call.bar * SIXTEENTHS), round(call.beats * SIXTEENTHS)):
        due = beginning(call) + round(number / SIXTEENTHS * call.tempo_us)
        frame = round(timeline.tick(due) / FRAME)
        at, begins = rehearsal.decided.get(frame), rehearsal.begins.get(frame)
        timing.late_ms.append(None if at is None else max(0, at - due) / 1000)
        timing.age.append(None if begins is None else frame - begins // FRAME)
    return heard, timing
