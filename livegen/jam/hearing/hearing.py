"""The model's hearing: codec, timeline and state, kept together and branched together.

The one place where the model's failures are met: whatever `advance` does, the state stays one that it once
gave.  Knows no turns and no plans.
"""

import logging
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from livegen.codec.encoder import Encoder, Stroke
from livegen.codec.layout import ADVANCE, SOUNDING, Event
from livegen.inference.contract import (
    Logits,
    Model,
    Query,
    Sounding,
    State,
    Summary,
    Weights,
    is_finite,
    sound,
)
from livegen.inference.lesson import Lesson
from livegen.inference.memory import Memory, recalled
from livegen.inference.sampling import blended
from livegen.jam.controls.style_mix import Blend
from livegen.jam.struck import Struck
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.quantise import LINES
from livegen.music.time.timeline import Timeline

log = logging.getLogger(__name__)

# A note that sounds for longer has lost its end; people's hardly ever do.
LONGEST = 16 * TICKS_PER_BEAT
LATEST = 16  # steps that are remembered: of those that are taken twice nearly all are, and 1.6 MB of states


class ModelFault(Exception):
    """The model raised, or gave a state that is not finite."""


class GuardedModel:
    """A model whose every failure is a `ModelFault`, counted in `faults` and logged at powers of two.

    Its latest steps are remembered, for a band takes many twice: what it planned it hears again when that is due, and
    what was settled before it plans anew.  States are never written, so the same state is one and the same array.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.faults = 0
        # The state before is kept too, so that no other can have its place in memory, which is in the key.
        self._latest: dict[tuple[int, Event, int, bytes], tuple[State, State, Summary]] = {}

    def use(self, model: Model) -> None:
        """Go on with another model, or with one whose weights have changed."""
        self.model = model
        self._latest.clear()

    def advance(
        self, event: Event, style: int, sounding: Sounding, state: State
    ) -> tuple[State, Summary]:
        """Advance as `Model.advance` does.  Raises ModelFault."""
        key = id(state), event, style, sounding.tobytes()
        if taken := self._latest.get(key):
            return taken[1:]
        try:
            after, summary = self.model.advance(event, style, sounding, state)
            if is_finite(after) and np.isfinite(summary).all():
                if len(self._latest) == LATEST:
                    del self._latest[next(iter(self._latest))]
                self._latest[key] = state, after, summary
                return after, summary
            reason = "its state is not finite"
        except Exception as error:
            reason = repr(error)
        raise self._fault(reason)

    def looked(self, event: Event, style: int, sounding: Sounding, state: State) -> Weights | None:
        """Look as `Model.looked` does.  Raises ModelFault."""
        try:
            return self.model.looked(event, style, sounding, state)
        except Exception as error:
            raise self._fault(repr(error)) from None

    def logits(self, field: str, summary: Summary, query: Query) -> Logits:
        """Give logits as `Model.logits` does; what is not finite in them is left to sampling.  Raises ModelFault."""
        try:
            return self.model.logits(field, summary, query)
        except Exception as error:
            raise self._fault(repr(error)) from None

    def _fault(self, reason: str) -> ModelFault:
        self.faults += 1
        if self.faults & (self.faults - 1) == 0:
            log.warning("the model failed (%d times so far): %s", self.faults, reason)
        return ModelFault(reason)


class Heard(NamedTuple):
    """A stroke that was an event of the network's: with micros if it sounded, with its tick if it is planned.

    `begins` says whether the event was a beginning: a stroke on a key that is down also ends the note before it.
    """

    stroke: Struck | Stroke
    begins: bool


@dataclass(frozen=True, slots=True)
class Step:
    """The step of the network after which something was drawn: all it takes to take it again.

    `past` are the events that it could look at, the newest last; None where time passed and nothing else.
    """

    guard: GuardedModel
    event: Event
    style: int
    sounding: Sounding
    state: State
    past: tuple[Heard | None, ...]

    def looked(self) -> Weights | None:
        """The places that it looked at, (heads, places), as `Model.looked`.  Raises ModelFault."""
        return self.guard.looked(self.event, self.style, self.sounding, self.state)

    def without(self, places: Iterable[int]) -> Summary:
        """The summary of a step that finds nothing at these places.  Raises ModelFault."""
        looks = self.guard.model.facts.looks
        state = self.state if looks is None else looks.without(self.state, places)
        return self.guard.advance(self.event, self.style, self.sounding, state)[1]


@dataclass(slots=True)
class Hearing:
    """An encoder, what sounds, and the state after the last event; `summary` is None before the first.

    `before_end` is what had been heard before the last event, and that event, if that was a key that came up.
    """

    guard: GuardedModel
    timeline: Timeline
    style: Blend
    encoder: Encoder
    sounding: Sounding
    state: State
    summary: Summary | None = None
    heard: int = 0
    # The memory of what the player played, whatever was heard between; None on a branch that does not ask it.
    memory: Memory | None = None
    # What was heard last, by which the model can be fitted to the player; None on a branch.
    lesson: Lesson | None = None
    before_end: "tuple[Hearing, Stroke] | None" = None
    # The note that began with the last stroke, and the summary before it.  A branch begins without.
    foretold: tuple[Event, Summary] | None = None
    # The events that the network can look back at, and the last one with the state before it.
    _past: deque[Heard | None] = field(default_factory=deque)
    _last: tuple[Event, State] | None = None
    # The far style where two are mixed, and what was heard in it.
    _far: tuple[int, State, Summary] | None = None

    @classmethod
    def fresh(
        cls,
        guard: GuardedModel,
        timeline: Timeline,
        style: Blend = Blend(),  # noqa: B008  a value
    ) -> "Hearing":
        """Make a hearing that has heard nothing."""
        silence, looks = np.zeros(SOUNDING, np.float32), guard.model.facts.looks
        return cls(
            guard, timeline, style, Encoder(timeline.metre), silence, guard.model.initial_state(),
            memory=Memory(), lesson=Lesson(), _past=deque(maxlen=looks.places if looks else 0),
        )  # fmt: skip

    def copy(self) -> "Hearing":
        """A branch: what one hears, the other does not.  States are never written, so they are shared."""
        return Hearing(
            self.guard, self.timeline, self.style, self.encoder.copy(), self.sounding.copy(),
            self.state, self.summary, self.heard, self.memory, self.lesson, _past=self._past.copy(), _last=self._last,
            _far=self._far,
        )  # fmt: skip

    def go_by(self, timeline: Timeline) -> None:
        """Go on by a timeline whose ticks are those that were heard by, perhaps faster, perhaps in other bars."""
        self.timeline, self.encoder.metre = timeline, timeline.metre

    def retimed(self, timeline: Timeline) -> "Hearing":
        """A branch that goes on by another timeline; what was heard stays when it was."""
        branch = self.copy()
        last = self.encoder.last
        branch.timeline = timeline
        branch.encoder = Encoder(
            timeline.metre,
            None if last is None else timeline.tick(self.timeline.micros(last)),
            {
                key: timeline.tick(self.timeline.micros(since))
                for key, since in self.encoder.sounding.items()
            },
            dict(self.encoder.struck),
        )
        return branch

    def shifted(self, ticks: int) -> "Hearing":
        """A branch for which all it heard was `ticks` later, so that what follows can follow again."""
        branch = self.copy()
        if branch.encoder.last is not None:
            branch.encoder.last += ticks
        return branch

    def on_line(self, by: int) -> "Hearing":
        """A branch that heard the key that came up last do so on the nearest line of the beat, if that is before `by`.

        The network counts time from there, and from a key that came up a little early all that follows would come
        as early.
        """
        if self.before_end is None:
            return self.copy()
        before, end = self.before_end
        lines = (round(end.tick / apart) * apart for apart in LINES)
        line = min(lines, key=lambda line: abs(line - end.tick))
        if before.encoder.last is not None:
            line = max(line, before.encoder.last)
        if line == end.tick or line > by:
            return self.copy()
        branch = before.copy()
        branch.timeline, branch.style = self.timeline, self.style
        branch.feed(end._replace(tick=line))
        return branch

    def hear(self, struck: Struck) -> None:
        """A note begins or ends.

        What was heard last may lie ahead: by a tick of rounding, or up to a bar where another answer was to follow
        it later and something is played first.  It lies here then, or all until it catches up would be one chord.
        """
        stroke = struck.on(self.timeline)
        self.lie_by(stroke.tick)
        self._let_go(stroke.tick)
        self.before_end = None if stroke.velocity else (self.copy(), stroke)
        self.feed(stroke, struck)

    def remember(self, memory: Memory, lesson: Lesson | None = None) -> None:
        """Know this of the player, in place of all that he played so far."""
        hearings = [self] if self.before_end is None else [self, self.before_end[0]]
        for hearing in hearings:
            hearing.memory, hearing.lesson = memory, lesson or Lesson()

    def _let_go(self, tick: int) -> None:
        """End what has been held for too long by a tick: its key hangs, and what hangs confuses the network."""
        hanging = [
            Stroke(since + LONGEST, *key, 0)
            for key, since in self.encoder.sounding.items()
            if tick - since > LONGEST
        ]
        for end in sorted(hanging):
            self.feed(end)

    def lie_by(self, tick: int) -> None:
        """Let what was heard last lie no later than `tick`: where the tempo has changed it may lie ahead."""
        if self.encoder.last is not None:
            self.encoder.last = min(self.encoder.last, tick)

    def feed(self, stroke: Stroke, struck: Struck | None = None) -> None:
        """The same on the tick grid; `struck` is what has sounded.  What the player played is learned."""
        self.foretold = None
        learns = struck is not None and not struck.is_ours
        for event in self.encoder.feed(stroke):
            is_note = event.time != ADVANCE
            heard = Heard(struck or stroke, bool(event.on)) if is_note else None
            self._advance(event, learns, heard)

    def step(self) -> Step | None:
        """The step after which the next event is drawn; None before the first, and of two styles, which are two."""
        if self._last is None or self.style.share:
            return None
        event, before = self._last
        sounding, past = self.sounding.copy(), tuple(self._past)
        return Step(self.guard, event, self.style.near, sounding, before, past)

    def wait(self, tick: int) -> None:
        """Let the time pass that must have passed for an event at `tick` to be possible."""
        for event in self.encoder.advance(tick):
            self._advance(event)

    def logits(self, field: str, query: Query, memory: float = 0.0) -> Logits:
        """Logits of a field of the next event, coloured by the memory (0..1).

        Raises ModelFault, also when nothing was ever heard.
        """
        return self.coloured(field, query, self.plain(field, query), memory)

    def plain(self, field: str, query: Query) -> Logits:
        """The same as the network alone has them, of two styles mixed."""
        if self.summary is None:
            raise ModelFault("nothing was heard")
        logits, (_, number, share) = self.guard.logits(field, self.summary, query), self.style
        if not share or self._far is None or self._far[0] != number:
            return logits
        return blended(logits, self.guard.logits(field, self._far[2], query), share)

    def coloured(self, field: str, query: Query, logits: Logits, memory: float) -> Logits:
        """Logits of the network's, coloured by the memory."""
        if self.memory is None:
            return logits
        learns = self.guard.model.facts.learns
        return recalled(self.memory, field, query, logits, None if learns else memory)

    def _advance(self, event: Event, learns: bool = False, heard: Heard | None = None) -> None:
        sound(self.sounding, event)
        self.heard += 1
        if self.memory is not None:
            self.memory = self.memory.after(event, learns)
        if self.lesson is not None:
            self.lesson = self.lesson.after(event, self.style.near, learns)
        if event.on and event.time != ADVANCE and self.summary is not None:
            self.foretold = event, self.summary
        with suppress(ModelFault):  # counted; the state stays as it was, and the music goes on
            before = self.state
            if self.style.share:
                self._hear_far(event)
            near = self.style.near
            self.state, self.summary = self.guard.advance(event, near, self.sounding, before)
            self._last = event, before
            self._past.append(heard)

    def _hear_far(self, event: Event) -> None:
        """Hear an event in the far style too, from the one state on when there was none in that style."""
        number = self.style.far
        before = self._far[1] if self._far and self._far[0] == number else self.state
        with suppress(ModelFault):
            self._far = number, *self.guard.advance(event, number, self.sounding, before)
