"""Playing on virtual time, and models without weights: for tests, and for `generate`.

A rehearsal walks every deadline of an engine in order and never sleeps: an hour of music takes as long as
its computation.  Knows no ports.
"""

import heapq
from collections.abc import Collection

import numpy as np

from livegen.codec.layout import ADVANCE, FIELDS, Event, codec_hash
from livegen.inference.contract import (
    Logits,
    Model,
    ModelFacts,
    Query,
    Sounding,
    State,
    Summary,
    Weights,
)
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import Engine, Wake
from livegen.jam.engine import Event as Heard
from livegen.jam.timing.agenda import Timed
from livegen.music.messages import Cut, Message, NoteOff, NoteOn, Other
from livegen.music.parts import PARTS

SECOND = 1_000_000


class Wire:
    """A perfect output: sends each message when it is due, and on a cut releases what sounds, or the cut keys of it.

    `sent` is all that went out, with times; `sounding` what has no end yet, (channel, pitch); `asked` what whoever
    keeps files is asked for.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[int, Message]] = []
        self.sounding: dict[tuple[int, int], int] = {}
        self.asked: list[tuple[int, Command]] = []
        self._pending: list[tuple[int, int, Message]] = []
        self._sequence = 0

    def put(self, timed: Timed) -> None:
        """Take what the engine handed out."""
        due, message = timed
        if isinstance(message, Command):
            self.asked.append((due, message))
            return
        if not isinstance(message, Cut):
            heapq.heappush(self._pending, (due, self._sequence, message))
            self._sequence += 1
            return
        self.until(due)
        keys = message.keys
        self._pending = [entry for entry in self._pending if _stays(entry[2], keys)]
        for channel, pitch in list(self.sounding):
            if not keys or (channel, pitch) in keys:
                self._send(due, NoteOff(pitch, 64, channel))

    def until(self, now: int) -> None:
        """Send all that is due."""
        while self._pending and self._pending[0][0] <= now:
            due, _, message = heapq.heappop(self._pending)
            self._send(due, message)

    def _send(self, at: int, message: Message) -> None:
        self.sent.append((at, message))
        if isinstance(message, NoteOn):
            self.sounding[message.channel, message.pitch] = at
        elif isinstance(message, NoteOff):
            self.sounding.pop((message.channel, message.pitch), None)


def _stays(message: Message, keys: Collection[tuple[int, int]]) -> bool:
    """True of what a cut does not withdraw: clocks, and of a cut of keys what is none of theirs."""
    if isinstance(message, Other) or not keys:
        return isinstance(message, Other)
    return not isinstance(message, NoteOn | NoteOff) or (message.channel, message.pitch) not in keys


class Rehearsal:
    """An engine on virtual time.  `sent` is what went out: (micros, message)."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.wire = Wire()
        self.now = 0

    @property
    def sent(self) -> list[tuple[int, Message]]:
        """The messages that went out so far, in order."""
        return self.wire.sent

    @property
    def is_over(self) -> bool:
        """True once nothing is to come."""
        return self.engine.deadline() is None

    def play(self, time: int, event: Heard) -> None:
        """Let time pass until `time`, then let `event` happen."""
        self.until(time)
        self._feed(event, time)
        self.wire.until(time)

    def until(self, time: int) -> None:
        """Let time pass, waking the engine whenever it asked for it."""
        while (deadline := self.engine.deadline()) is not None and deadline <= time:
            self.now = max(self.now, deadline)
            self.wire.until(self.now - 1)
            self._feed(Wake(), self.now)
        self.now = max(self.now, time)
        self.wire.until(self.now)

    def _feed(self, event: Heard, now: int) -> None:
        for timed in self.engine.feed(event, now):
            self.wire.put(timed)


_FACTS = ModelFacts(
    name="fake", codec=codec_hash(), parts=PARTS, styles=("any", "jazz"), state_shape=(8,)
)


class UniformModel:
    """Everything is as likely as everything else, but times are `ticks` on average, and memoryless.

    Its state counts what it heard.
    """

    facts = _FACTS

    def __init__(self, ticks: float = 1e9) -> None:
        self.ticks = ticks

    def initial_state(self) -> State:
        """Nothing heard."""
        return np.zeros(self.facts.state_shape, np.float32)

    def advance(
        self, event: Event, style: int, sounding: Sounding, state: State
    ) -> tuple[State, Summary]:
        """Count the event."""
        heard = state + np.float32(1)
        return heard, heard

    def looked(self, event: Event, style: int, sounding: Sounding, state: State) -> Weights | None:
        """Give None: the model looks at nothing."""
        return None

    def logits(self, field: str, summary: Summary, query: Query) -> Logits:
        """Zeros, and for time a straight line down."""
        size = FIELDS[field]
        return np.arange(size, dtype=np.float32) / np.float32(
            -self.ticks if field == "time" else -1e9
        )

    def keep_warm(self) -> None:
        """Do nothing: there is nothing to keep warm."""


class EchoModel(UniformModel):
    """Repeats the note last begun, its pitch, part and loudness, on every line of a grid of eighths.

    A note begins on one line and ends on the next.
    """

    grid = 12

    def advance(
        self, event: Event, style: int, sounding: Sounding, state: State
    ) -> tuple[State, Summary]:
        """Remember the note last begun, whether it sounds, and where in the bar we are."""
        heard = state.copy()
        heard[4] = event.position
        if event.time < ADVANCE:
            heard[0] = event.on
        if event.on:
            heard[1:4] = event.part, event.pitch, event.velocity
        return heard, heard

    def logits(self, field: str, summary: Summary, query: Query) -> Logits:
        """Certainty; of time, that an earlier line comes before a later one."""
        sounds, part, pitch, velocity, position = (int(value) for value in summary[:5])
        if field == "time":
            times = np.arange(ADVANCE + 1)
            on_line = ((position + times) % self.grid == 0) & (times > 0) & (times < ADVANCE)
            return np.where(on_line, -times, -2000).astype(np.float32)
        likely = {"part": part, "on": 1 - sounds, "pitch": pitch, "velocity": velocity}
        return _certain(field, likely[field])


class ScriptedModel(UniformModel):
    """Wants to play `script`, over and over: (time, part, on, pitch, velocity class), whatever it heard."""

    def __init__(self, *script: tuple[int, int, int, int, int]) -> None:
        super().__init__()
        self.script = script

    def logits(self, field: str, summary: Summary, query: Query) -> Logits:
        """Certainty: the line of the script whose turn it is after so many events."""
        line = self.script[int(summary[0]) % len(self.script)]
        return _certain(field, line[tuple(FIELDS).index(field)])


class FaultyModel:
    """Another model that fails at every `every`-th call: raises, or with `nan` gives what is not a number."""

    def __init__(self, model: Model, every: int, nan: bool = False) -> None:
        self.model, self.every, self.nan = model, every, nan
        self.facts = model.facts
        self.calls = 0

    def initial_state(self) -> State:
        """Give that of the other model."""
        return self.model.initial_state()

    def advance(
        self, event: Event, style: int, sounding: Sounding, state: State
    ) -> tuple[State, Summary]:
        """Sometimes fail."""
        if self._fails():
            return state * np.float32("nan"), state * np.float32("nan")
        return self.model.advance(event, style, sounding, state)

    def looked(self, event: Event, style: int, sounding: Sounding, state: State) -> Weights | None:
        """Sometimes fail."""
        return None if self._fails() else self.model.looked(event, style, sounding, state)

    def logits(self, field: str, summary: Summary, query: Query) -> Logits:
        """Sometimes fail."""
        logits = self.model.logits(field, summary, query)
        return logits * np.float32("nan") if self._fails() else logits

    def keep_warm(self) -> None:
        """Do nothing: there is nothing to keep warm."""

    def _fails(self) -> bool:
        self.calls += 1
        if self.calls % self.every:
            return False
        if self.nan:
            return True
        raise RuntimeError("this model fails on purpose")


def _certain(field: str, choice: int) -> Logits:
    logits = np.full(FIELDS[field], -30.0, np.float32)
    logits[choice] = 30.0
    return logits
