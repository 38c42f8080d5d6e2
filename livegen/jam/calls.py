"""Calls, and turns that were taken: what is needed to answer, to answer again, and to take back.

Plain records; the engine fills and reads them.
"""

from dataclasses import dataclass, field

from livegen.codec.encoder import Stroke
from livegen.jam.hearing import Hearing
from livegen.music.phrase import Phrase


@dataclass(slots=True)
class Call:
    """The player's turn: its phrase, and what is needed to hear it again on another grid.

    Strokes are (micros, part, pitch, velocity), 0 for an end; `before` is what had been heard when they began.
    `handed_over` is set by "your turn", `kept` by "my turn"; `start` is the tick at which the answer must begin, where
    that is settled already; `answers` counts the answers that were asked for.
    """

    before: Hearing
    phrase: Phrase = field(default_factory=Phrase)
    strokes: list[tuple[int, int, int, int]] = field(default_factory=list)
    again: Hearing | None = None  # hearing the call again; `reached` strokes of it so far
    reached: int = 0
    unfitted: bool = False  # a note has begun since the grid was looked for
    events: int = 0
    handed_over: bool = False
    kept: bool = False
    start: int | None = None
    answers: int = 0


@dataclass(slots=True)
class Response:
    """What the model played in its turn: strokes as they sounded, from tick `start`, at `began_us`..`ended_us`."""

    start: int
    began_us: int
    ended_us: int = 0
    strokes: list[Stroke] = field(default_factory=list)

    def period(self, bar: int) -> int:
        """Its length in whole bars of `bar` ticks, at least one."""
        last = max((stroke.tick for stroke in self.strokes), default=self.start)
        return max(1, -((self.start - last) // bar)) * bar

    def closed(self, until: int) -> list[Stroke]:
        """Its strokes before tick `until`, with an end for each that has none."""
        inside = [stroke for stroke in self.strokes if self.start <= stroke.tick < until]
        open_: dict[tuple[int, int], Stroke] = {}
        kept = []
        for stroke in inside:
            voice = stroke.part, stroke.pitch
            if stroke.velocity or voice in open_:
                kept.append(stroke)
            if stroke.velocity:
                open_[voice] = stroke
            else:
                open_.pop(voice, None)
        return kept + [Stroke(until - 1, part, pitch, 0) for part, pitch in open_]


@dataclass(slots=True)
class Taken:
    """A turn that was taken: the call, what had been heard when it was answered, and the response so far."""

    call: Call
    asked: Hearing
    response: Response
