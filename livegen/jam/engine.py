"""The engine: hears the player, decides when to answer, plays what was planned.

Sans-IO: `feed(event, now)` takes what happened and gives messages with the times at which they are due;
`deadline()` says when it wants to be woken.  Knows no ports, no clock and no chance of its own.

Rules of this file:

* The live state hears every note of the player the moment it arrives, and every note of its own when that is
  due.  What was planned and never sounded is never heard.
* Work comes in slices: a feed that did not finish says so by a deadline that has passed.
* Whatever is thrown away is thrown away whole: a plan, an agenda, a call.
* Same messages at the same times, same seed, same notes, however the slices fall (as long as planning is
  not late: what is late depends on the machine).

Time goes by in this order: what was handed out falls due; keys held for too long come up; the response ends.
"""

import heapq
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from livegen.codec.encoder import Stroke
from livegen.errors import ConfigError
from livegen.inference.contract import Model
from livegen.jam.brief import Brief, brief_for
from livegen.jam.controls import Settings, with_control
from livegen.jam.hearing import Guard, Hearing
from livegen.jam.planner import Rollout
from livegen.jam.turns import TURNS, Action, Happening, Turn
from livegen.music import pace
from livegen.music.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    ControlChange,
    Cut,
    Message,
    NoteOff,
    NoteOn,
)
from livegen.music.metre import TICKS_PER_BEAT
from livegen.music.parts import DRUM_CHANNEL, DRUMS, KEYS, PARTS, Source
from livegen.music.phrase import Phrase
from livegen.music.timeline import Timeline, tempo_us

log = logging.getLogger(__name__)

HORIZON_US = 30_000
SLICE_STEPS = 3  # runs of `advance` or of `Rollout.step` between two looks at the keys
LOOKAHEAD_US = 500_000  # how far a response is planned: controls act no later than this
SPECULATE_US = 150_000  # how long before a rest is over planning begins
FIT_PAUSE_US = 40_000  # after an onset, before the grid is looked for again
LATE_US = 30_000  # an onset later than this is not played
LONGEST_KEY_US = 30_000_000  # a key held longer has lost its note-off
FORGET_BEAT_US = 8_000_000  # after so long a silence the beat starts anew
LONGEST_CALL = 2048  # strokes; a longer call can no longer be heard again on another grid

DEFAULT_CHANNELS = {"lead": 0, "comp": 0, "bass": 0, "drums": DRUM_CHANNEL}
DEFAULT_RULES = {channel: "drums" if channel == DRUM_CHANNEL else KEYS for channel in range(16)}


@dataclass(frozen=True, slots=True)
class Wake:
    """Nothing happened but time."""


@dataclass(frozen=True, slots=True)
class Command:
    """A request: "stop", "panic", or the name of a control and its new value."""

    name: str
    value: float | str | None = None


class Timed(NamedTuple):
    """A message and when it is due, micros.  A `Cut` is due at once."""

    due: int
    message: Message | Cut


Event = Message | Command | Wake


class _Played(NamedTuple):
    """A message of ours with the stroke it stands for.  Ordered by due time, ends first."""

    due: int
    on: bool
    sequence: int
    key: tuple[int, int]  # channel, pitch
    stroke: Stroke


@dataclass(slots=True)
class _Plan:
    rollout: Rollout
    timeline: Timeline
    start_us: int
    end_us: int | None = (
        None  # when all of it will have been played; None while it is being planned
    )

    def wants_more(self, now: int) -> bool:
        """Whether planning is not far enough ahead of `now`."""
        return (
            not self.rollout.is_done and self.frontier_us < max(now, self.start_us) + LOOKAHEAD_US
        )

    def is_urgent(self, now: int) -> bool:
        """Whether something was planned that should be under way before more is planned."""
        planned = self.rollout.planned
        return bool(planned) and self.timeline.micros(planned[0].tick) <= now

    @property
    def frontier_us(self) -> int:
        return self.timeline.micros(self.rollout.frontier)


@dataclass(slots=True)
class _Call:
    """The player's turn: its phrase, and what is needed to hear it again on another grid.

    Strokes are (micros, part, pitch, velocity), 0 for an end; `before` is what had been heard when they began.
    """

    before: Hearing
    phrase: Phrase = field(default_factory=Phrase)
    strokes: list[tuple[int, int, int, int]] = field(default_factory=list)
    again: Hearing | None = None  # hearing the call again; `reached` strokes of it so far
    reached: int = 0
    unfitted: bool = False  # a note has begun since the grid was looked for
    events: int = 0


class Engine:
    """One jam.  `channels` (part to 0..15) is where parts are sent, `rules` (0..15 to a rule of
    `music.parts`) how channels are heard; a channel without a rule is not.

    Threads: loop only.
    """

    def __init__(
        self,
        model: Model,
        *,
        seed: int = 0,
        settings: Settings | None = None,
        channels: Mapping[str, int] | None = None,
        rules: Mapping[int, str] | None = None,
        horizon_us: int = HORIZON_US,
        slice_steps: int = SLICE_STEPS,
    ) -> None:
        self.settings = settings or Settings()
        self._guard = Guard(model)
        self._seed = seed
        self._styles = model.facts.styles
        by_part = {**DEFAULT_CHANNELS, **(channels or {})}
        self._channels = tuple(by_part[part] for part in PARTS)
        self._sources = {
            channel: Source(rule) for channel, rule in (rules or DEFAULT_RULES).items()
        }
        self._horizon_us, self._slice_steps = horizon_us, slice_steps
        self._now = 0
        self._turn = Turn.WAITING
        self._turns = 0
        self._beat_known = False
        self._heard_us: int | None = None
        self._live = Hearing.fresh(self._guard, Timeline(tempo_us(pace.USUAL_BPM)))
        self._style_changed(self.settings.style)
        self._held: dict[
            tuple[int, int], tuple[int, int]
        ] = {}  # (channel, pitch) -> (part, since); oldest first
        self._call: _Call | None = None
        self._pitch_classes = [0.0] * 12
        self._plan: _Plan | None = None
        self._agenda: list[_Played] = []  # a heap: planned, not handed out
        self._given: deque[_Played] = deque()  # handed out, not yet due
        self._open: set[tuple[int, int]] = set()  # (channel, pitch) handed out without its end
        self._sounding: dict[
            tuple[int, int], int
        ] = {}  # (part, pitch) of ours that sounds -> channel
        self._sequence = 0
        self._last_due = 0
        self._late = 0

    # --- the three verbs ------------------------------------------------------------------------------------------

    def feed(self, event: Event, now: int) -> list[Timed]:
        """Take what happened at `now` (micros) and give messages due soon, in order.

        `now` should not decrease; where it does, it counts as the latest.  Never raises for any message,
        command or time.
        """
        self._now = now = max(now, self._now)
        out: list[Timed] = []
        self._pass_time(now)
        match event:
            case NoteOn():
                self._key_down(event, out)
            case NoteOff(pitch, _, channel):
                self._key_up(channel, pitch, now)
            case ControlChange(control) if control in (ALL_SOUND_OFF, ALL_NOTES_OFF):
                self._stop(out, certainly=False)
            case Command("stop" | "panic"):
                self._stop(out, certainly=True)
            case Command(name, value):
                self._set(name, value)
            case _:
                pass
        self._work()
        self._hand_out(out)
        return out

    def deadline(self) -> int | None:
        """When to be woken, micros; None to rest until something happens.  At most now: work is left."""
        now, times = self._now, []
        if self._held:
            times.append(next(iter(self._held.values()))[1] + LONGEST_KEY_US)
        if self._given:
            times.append(self._given[0].due)
        if self._agenda:
            times.append(max(now, self._agenda[0].due - self._horizon_us))
        if self._call and self._call.again:
            times.append(now)
        if self._call and self._call.unfitted:
            times.append(max(now, self._fit_from(self._call)))
        if self._plan is None:
            if self._may_plan():
                times.append(max(now, self._rest_over() - SPECULATE_US))
        elif self._plan.wants_more(now):
            times.append(now)
        elif not self._plan.rollout.is_done:
            times.append(self._plan.frontier_us - LOOKAHEAD_US + 1)
        elif self._plan.end_us is not None:
            times.append(self._plan.end_us)
        return min(times, default=None)

    def snapshot(self) -> dict[str, object]:
        """What a status line or a page shows."""
        timeline = self._live.timeline
        place = timeline.metre.place(timeline.tick(self._now))
        return {
            "model": self._guard.model.facts.name,
            "turn": self._turn.value,
            "turns": self._turns,
            "mode": self.settings.mode,
            "tempo_bpm": round(timeline.bpm, 1),
            "beat": place.position // TICKS_PER_BEAT + 1,
            "held": len(self._held),
            "sounding": len(self._sounding),
            "planned": len(self._agenda) + len(self._given),
            "heard": self._live.heard,
            "late": self._late,
            "faults": self._guard.faults,
        }

    def keep_warm(self) -> None:
        """Run the model on nothing, so that the next event finds its weights in the caches."""
        self._guard.model.keep_warm()

    # --- time -----------------------------------------------------------------------------------------------------

    def _pass_time(self, now: int) -> None:
        while self._given and self._given[0].due <= now:
            self._sound(self._given.popleft())
        while self._held:
            (channel, pitch), (_, since) = next(iter(self._held.items()))
            if since + LONGEST_KEY_US > now:
                break
            self._key_up(channel, pitch, since + LONGEST_KEY_US)
        plan = self._plan
        if (
            plan
            and plan.end_us is not None
            and plan.end_us <= now
            and not self._agenda
            and not self._given
        ):
            self._happen(Happening.DONE)
            self._plan = self._call = None

    def _sound(self, played: _Played) -> None:
        """What was handed out is due: now it has sounded, and the live state hears it."""
        _, part, pitch, velocity = played.stroke
        if self._happen(Happening.BEGIN) is Action.PLAY and self._call:
            self._remember_key(self._call.phrase)
        if velocity:
            self._sounding[part, pitch] = played.key[0]
        else:
            self._sounding.pop((part, pitch), None)
        self._live.hear(played.due, part, pitch, velocity)
        self._heard_us = played.due

    def _remember_key(self, phrase: Phrase) -> None:
        """A short call suggests a key only with those before it, each counting half of the next."""
        both = zip(self._pitch_classes, phrase.pitch_classes, strict=True)
        self._pitch_classes = [(old + new) / 2 for old, new in both]

    def _happen(self, happening: Happening) -> Action | None:
        action, self._turn = TURNS.get((self._turn, happening), (None, self._turn))
        return action

    # --- what comes in --------------------------------------------------------------------------------------------

    def _key_down(self, note: NoteOn, out: list[Timed]) -> None:
        source = self._sources.get(note.channel)
        if source is None:
            return
        action = self._happen(Happening.KEY)
        self._withdraw(out)
        if action is not Action.HEAR:
            self._open_call()
        part = source.part(True, note.pitch)
        assert part is not None
        if part == DRUMS:
            source.part(False, note.pitch)  # a pad is struck, not held
        else:
            self._held.pop((note.channel, note.pitch), None)
            self._held[note.channel, note.pitch] = (part, self._now)
        self._hear(self._now, part, note.pitch, note.velocity)

    def _key_up(self, channel: int, pitch: int, at: int) -> None:
        if self._held.pop((channel, pitch), None) is None:
            return
        part = self._sources[channel].part(False, pitch)
        if part is not None and not any(
            part == other and pitch == key[1] for key, (other, _) in self._held.items()
        ):
            self._hear(at, part, pitch, 0)

    def _hear(self, at: int, part: int, pitch: int, velocity: int) -> None:
        self._live.hear(at, part, pitch, velocity)
        self._heard_us = at
        call = self._call
        if call is None:
            return
        if velocity:
            call.phrase.strike(at, part, pitch, velocity)
            call.unfitted = self.settings.tempo == "auto"
        else:
            call.phrase.release(at, part, pitch)
        call.strokes.append((at, part, pitch, velocity))
        call.events += 1
        if len(call.strokes) > LONGEST_CALL:
            call.before, call.strokes, call.again = self._live.copy(), [], None

    def _open_call(self) -> None:
        """A call begins now: settle the beat by its first note, and remember what was heard before it."""
        now, running = self._now, self._live.timeline
        timeline = running
        if not isinstance(self.settings.tempo, str):
            timeline = Timeline(tempo_us(self.settings.tempo), now)
        elif (
            not self._beat_known or self._heard_us is None or now - self._heard_us > FORGET_BEAT_US
        ):
            timeline = Timeline(running.tempo_us, now)
        else:
            timeline = pace.fit([now], running)
        if timeline != running:
            self._live = self._live.retimed(timeline)
        self._plan = None
        self._call = _Call(self._live.copy())
        self._turns += 1

    def _stop(self, out: list[Timed], certainly: bool) -> None:
        self._happen(Happening.STOP)
        for channel, pitch in list(self._held):
            self._key_up(channel, pitch, self._now)
        if not self._withdraw(out) and certainly:
            out.append(Timed(self._now, Cut()))
        self._call = None

    def _withdraw(self, out: list[Timed]) -> bool:
        """Forget all that is planned; silence what sounds or was handed out.  Whether there was such."""
        self._plan = None
        self._agenda.clear()
        if not (self._given or self._sounding or self._open):
            return False
        self._given.clear()
        self._open.clear()
        for part, pitch in self._sounding:
            self._live.hear(self._now, part, pitch, 0)
        self._sounding.clear()
        self._last_due = self._now
        out.append(Timed(self._now, Cut()))
        return True

    def _set(self, name: str, value: float | str | None) -> None:
        try:
            self.settings = with_control(self.settings, name, value)
        except ConfigError as error:
            log.warning("command refused: %s", error)
            return
        if name == "style":
            self._style_changed(self.settings.style)
        if self._plan and self._turn is Turn.RESPONDING:
            old = self._plan.rollout.brief
            self._plan.rollout.brief = self._brief(old.start)
        elif self._plan and not self._given:
            self._plan = None
            self._agenda.clear()

    def _style_changed(self, style: str) -> None:
        if style not in self._styles:
            log.warning("this model knows no style %r; it knows %s", style, ", ".join(self._styles))
        self._live.style = self._styles.index(style) if style in self._styles else 0

    # --- work, in slices ------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Do at most a slice of what is to be done, the most urgent first."""
        call, now = self._call, self._now
        if call and call.unfitted and now >= self._fit_from(call):
            return self._fit(call)
        if call and call.again:
            return self._hear_again(call, call.again)
        if self._plan is None and self._may_plan() and now >= self._rest_over() - SPECULATE_US:
            self._plan = self._new_plan()
        if self._plan:
            for _ in range(self._slice_steps):
                if self._plan.wants_more(now) and not self._plan.is_urgent(now):
                    self._plan.rollout.step()
            self._note_down(self._plan)
        return None

    def _fit_from(self, call: _Call) -> int:
        """When to look for the grid: not between the notes of a chord, but before it is needed."""
        pause = call.phrase.onsets_us[-1] + FIT_PAUSE_US
        return pause if self._held else min(pause, self._rest_over() - SPECULATE_US)

    def _fit(self, call: _Call) -> None:
        """Look for a better grid for the call; if there is one, hear the call again on it."""
        call.unfitted = False
        if call.events > len(call.strokes):
            return  # too long to be heard again
        heard_on = call.again.timeline if call.again else self._live.timeline
        timeline = pace.fit(list(call.phrase.onsets_us), heard_on if self._beat_known else None)
        self._beat_known = self._beat_known or len(call.phrase.onsets_us) > 3
        if timeline != heard_on:
            call.again, call.reached = call.before.retimed(timeline), 0

    def _hear_again(self, call: _Call, again: Hearing) -> None:
        for stroke in call.strokes[call.reached : call.reached + self._slice_steps]:
            again.hear(*stroke)
            call.reached += 1
        if call.reached == len(call.strokes):
            self._live, call.again = again, None

    def _may_plan(self) -> bool:
        call = self._call
        return (
            self._turn is Turn.LISTENING
            and call is not None
            and not self._held
            and not call.unfitted
            and call.again is None
        )

    def _rest_over(self) -> int:
        assert self._call is not None
        phrase = self._call.phrase
        rest = self.settings.rest
        return phrase.active_us + (phrase.rest_us if isinstance(rest, str) else round(rest * 1000))

    def _new_plan(self) -> _Plan:
        assert self._call is not None
        timeline = self._live.timeline
        moment = max(self._rest_over(), self._now)
        start = timeline.tick_from(moment)
        match self.settings.start:
            case (
                "now"
            ):  # not on the grid but at this very moment, and the rest as far from it as planned
                late = timeline.micros(start) - moment
                timeline = replace(timeline, origin_us=timeline.origin_us - late)
            case "bar":
                start = timeline.bar_from(start)
            case _:
                start = timeline.beat_from(start)
        chance = np.random.SeedSequence([self._seed, self._turns, self._call.events])
        rng = np.random.Generator(np.random.PCG64(chance))
        rollout = Rollout(self._live.copy(), self._brief(start), rng)
        return _Plan(rollout, timeline, timeline.micros(start))

    def _note_down(self, plan: _Plan) -> None:
        """Put what was planned on the agenda."""
        for stroke in plan.rollout.planned:
            due = plan.timeline.micros(stroke.tick)
            key = (self._channels[stroke.part], stroke.pitch)
            heapq.heappush(
                self._agenda, _Played(due, stroke.velocity > 0, self._sequence, key, stroke)
            )
            self._sequence += 1
        plan.rollout.planned.clear()
        if plan.rollout.is_done and plan.end_us is None:
            plan.end_us = max(
                plan.start_us, plan.frontier_us, *(played.due for played in self._agenda), 0
            )

    def _hand_out(self, out: list[Timed]) -> None:
        plan, now = self._plan, self._now
        if plan is None:
            return
        limit = now + self._horizon_us
        if not plan.rollout.is_done:
            limit = min(limit, plan.frontier_us)
        while self._agenda and self._agenda[0].due <= limit:
            played = heapq.heappop(self._agenda)
            if played.on and now - played.due > LATE_US:
                self._late += 1
                continue
            if not played.on and played.key not in self._open:
                continue
            (self._open.add if played.on else self._open.discard)(played.key)
            self._last_due = max(played.due, now, self._last_due)
            self._given.append(played._replace(due=self._last_due))
            out.append(Timed(self._last_due, self._message(played)))

    def _message(self, played: _Played) -> Message:
        channel, pitch = played.key
        if played.on:
            return NoteOn(pitch, played.stroke.velocity, channel)
        return NoteOff(pitch, 64, channel)

    def _brief(self, start: int) -> Brief:
        assert self._call is not None
        phrase, timeline = self._call.phrase, self._live.timeline
        return brief_for(
            phrase, self.settings, timeline, start, self._channels, self._pitch_classes
        )
