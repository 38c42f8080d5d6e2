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

Time goes by in this order: what was handed out falls due; keys held for too long come up; who leads the time is
asked; the response ends.
"""

import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from livegen.codec.encoder import Stroke
from livegen.errors import ConfigError
from livegen.inference.contract import Model
from livegen.jam.agenda import ROUTES, Agenda, Route, Timed
from livegen.jam.brief import Brief, brief_for
from livegen.jam.calls import Call, Response, Taken
from livegen.jam.choice import worth
from livegen.jam.conductor import Conductor, Leader
from livegen.jam.controls import CONTROLS, Settings, with_control
from livegen.jam.ears import Ears, Struck
from livegen.jam.harmonist import Harmonist
from livegen.jam.hearing import Guard, Hearing
from livegen.jam.loop import Loop
from livegen.jam.mapping import Command, ControlMap
from livegen.jam.plan import DECIDE_US, Plan
from livegen.jam.planner import Rollout
from livegen.jam.successor import Heard, Successor
from livegen.jam.turns import MODES, Action, Happening, Mode, Plays, Turn
from livegen.music import pace
from livegen.music.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    ControlChange,
    Cut,
    Message,
    NoteOff,
    NoteOn,
    Other,
)
from livegen.music.metre import TICKS_PER_BEAT, parse_metre
from livegen.music.parts import DRUM_CHANNEL, KEYS, PARTS
from livegen.music.swing import swung
from livegen.music.timeline import Timeline, tempo_us
from livegen.music.transport import is_transport

log = logging.getLogger(__name__)

HORIZON_US = 30_000
SLICE_STEPS = 3  # runs of `advance` or of `Rollout.step` between two looks at the keys
SPECULATE_US = 150_000  # how long before a rest is over planning begins
IN_TURN_US = 300_000  # how long before its bars come planning begins
FIT_PAUSE_US = 40_000  # after an onset, before the grid is looked for again
FORGET_BEAT_US = 8_000_000  # after so long a silence the beat starts anew
LONGEST_CALL = 2048  # strokes; a longer call can no longer be heard again on another grid
AUDITION_US = (
    2_500  # planning one onset takes a machine less; sets how many candidates there is time for
)
MOST_AUDITIONS = 4
SOON_US = 60_000  # a response that was asked for begins no sooner
PATIENCE_BARS = 2  # of silence, after which an accompaniment ends
REMEMBERED = 8  # turns that can be taken back
HISTORY = 512  # strokes that another model hears before it takes over

DEFAULT_RULES = {channel: "drums" if channel == DRUM_CHANNEL else KEYS for channel in range(16)}


@dataclass(frozen=True, slots=True)
class Wake:
    """Nothing happened but time."""


@dataclass(frozen=True, slots=True)
class Swap:
    """Another model was loaded: hear with it from the next bar line on."""

    model: Model


Event = Message | Command | Wake | Swap


class Engine:
    """One jam.  `routes` (by part) say where parts are sent, `rules` (0..15 to a rule of `music.parts`) how
    channels are heard; a channel without a rule is not.  `bindings` are those of `ControlMap`, `presets` controls
    by name of the preset.

    Threads: loop only.
    """

    def __init__(
        self,
        model: Model,
        *,
        seed: int = 0,
        settings: Settings | None = None,
        routes: Mapping[str, Route] | None = None,
        rules: Mapping[int, str] | None = None,
        bindings: Mapping[str, str] | None = None,
        presets: Mapping[str, Mapping[str, object]] | None = None,
        horizon_us: int = HORIZON_US,
        slice_steps: int = SLICE_STEPS,
    ) -> None:
        self.settings = settings or Settings()
        self._guard = Guard(model)
        self._seed = seed
        by_part = {**dict(zip(PARTS, ROUTES, strict=True)), **(routes or {})}
        self._agenda = Agenda(tuple(by_part[part] for part in PARTS), horizon_us)
        self._ears = Ears(rules or DEFAULT_RULES)
        self._map = ControlMap(bindings)
        self._presets = dict(presets or {})
        self._slice_steps = slice_steps
        self._now = 0
        self._turn = Turn.WAITING
        self._turns = 0
        self._beat_known = False
        self._heard_us: int | None = None
        metre = parse_metre(self.settings.metre)
        self._conductor = Conductor(self.settings.sync, metre)
        self._jumps = 0
        timeline = Timeline(tempo_us(pace.USUAL_BPM), metre=metre)
        self._live = Hearing.fresh(self._guard, timeline)
        self._harmonist = Harmonist()
        self._call: Call | None = None
        self._plan: Plan | None = None
        self._response: Response | None = None
        self._taken: deque[Taken] = deque(maxlen=REMEMBERED)
        self._history: deque[Heard] = deque(maxlen=HISTORY)
        self._successor: Successor | None = None
        self._pending: list[Command] = []  # presets that wait for the bar line
        self._pending_tick = self._swap_tick = 0
        self._hurried = 0
        self._all_set()

    # --- the three verbs ------------------------------------------------------------------------------------------

    def feed(self, event: Event, now: int) -> list[Timed]:
        """Take what happened at `now` (micros) and give messages due soon, in order.

        `now` should not decrease; where it does, it counts as the latest.  Never raises for any message,
        command or time.
        """
        self._now = max(now, self._now)
        out: list[Timed] = []
        self._pass_time(out)
        match event:
            case Wake():
                pass
            case Command():
                self._obey(event, out)
            case Swap(model):
                self._offer(model)
            case _:
                self._receive(event, out)
        self._work()
        self._hand_out(out)
        return out

    def deadline(self) -> int | None:
        """When to be woken, micros; None to rest until something happens.  At most now: work is left."""
        now, call, plan = self._now, self._call, self._plan
        times = [self._ears.deadline(), self._conductor.deadline()]
        times.append(self._agenda.deadline(self._place))
        if call and call.again:
            times.append(now)
        if call and call.unfitted:
            times.append(max(now, self._fit_from(call)))
        if plan and (plan.end_us is None or self._agenda.is_empty or plan.end_us > now):
            times.append(plan.deadline(now, self._place))
        elif plan is None and (plan_from := self._plan_from()) is not None:
            times.append(max(now, plan_from))
        if self._turn is Turn.TOGETHER and plan and not self._is_ending(plan):
            times.append(max(now, self._rest_over()))
        if self._pending:
            times.append(self._live.timeline.micros(self._pending_tick))
        if self._successor:
            bar_line = self._live.timeline.micros(self._swap_tick)
            times.append(bar_line if self._successor.is_ready else now)
        return min((at for at in times if at is not None), default=None)

    def snapshot(self) -> dict[str, object]:
        """What a status line or a page shows."""
        timeline = self._live.timeline
        place = timeline.metre.place(timeline.tick(self._now))
        return {
            "model": self._guard.model.facts.name,
            "turn": self._turn.value,
            "turns": self._turns,
            "mode": self.settings.mode,
            "leader": self._conductor.leader.value,
            "tempo_bpm": round(timeline.bpm, 1),
            "beat": place.position // TICKS_PER_BEAT + 1,
            "timeline": [timeline.tempo_us, timeline.origin_us, place.bar],
            **self._harmonist.snapshot(self._now),
            "held": len(self._ears.held),
            "sounding": len(self._agenda.sounding),
            "planned": self._agenda.waiting,
            "heard": self._live.heard,
            "late": self._agenda.late,
            "hurried": self._hurried,
            "faults": self._guard.faults,
            "learning": self._map.learning,
            "map": self._map.bindings,
            "controls": {name: getattr(self.settings, name) for name in CONTROLS},
        }

    @property
    def timeline(self) -> Timeline:
        """The map between beats and time that it plays by now."""
        return self._live.timeline

    @property
    def timeline_since(self) -> int:
        """Since when its timeline is valid: a call is heard again from its first note when its beat is found."""
        call = self._call
        return call.strokes[0][0] if call and call.strokes and self._is_free else self._now

    def keep_warm(self) -> None:
        """Run the model on nothing, so that the next event finds its weights in the caches."""
        self._guard.model.keep_warm()

    # --- time -----------------------------------------------------------------------------------------------------

    def _pass_time(self, out: list[Timed]) -> None:
        now = self._now
        for given in self._agenda.fall_due(now):
            self._sound(given.at, given.stroke.part, given.stroke.pitch, given.stroke.velocity)
        for at, struck in self._ears.overdue(now):
            self._hear(at, struck)
        self._keep_time(out)
        if self._pending and now >= self._live.timeline.micros(self._pending_tick):
            for command in self._pending:
                self._preset(command.value)
            self._pending.clear()
        if self._plan and self._turn is Turn.TOGETHER and now >= self._rest_over():
            self._end_at_bar(self._plan)
        if self._is_over(self._plan):
            self._end()

    def _keep_time(self, out: list[Timed]) -> None:
        """Go by the timeline of whoever leads; a jump makes void what was planned."""
        conductor = self._conductor
        conductor.look(self._now)
        timeline = conductor.timeline
        if conductor.jumps != self._jumps:
            self._jumps = conductor.jumps
            self._silence(Happening.STOP, out)
            if timeline is not None:
                self._live = self._live.retimed(timeline)
        elif timeline is not None:
            self._live.timeline = timeline

    def _sound(self, at: int, part: int, pitch: int, velocity: int) -> None:
        """What was handed out is due: now it has sounded, and the live state hears it."""
        call, plan = self._call, self._plan
        if self._happen(Happening.BEGIN) is Action.PLAY and call and plan:
            self._response = Response(plan.start, at)
            self._taken.append(Taken(call, self._live.copy(), self._response))
        self._note(at, part, pitch, velocity)
        if self._response is not None:
            last = self._live.encoder.last
            assert last is not None
            stroke = Stroke(last, part, pitch, velocity)
            self._response.strokes.append(stroke)
            self._response.ended_us = at

    def _is_over(self, plan: Plan | None) -> bool:
        over = plan is not None and plan.end_us is not None and plan.end_us <= self._now
        return over and self._agenda.is_empty

    def _end(self) -> None:
        """All that was planned has been played."""
        if self._turn is Turn.LOOPING and self._plan and not isinstance(self._plan.chosen, Loop):
            return self._loop()
        self._happen(Happening.DONE)
        self._plan = self._call = None
        return None

    def _happen(self, happening: Happening) -> Action | None:
        action, self._turn = self._mode.turns.get((self._turn, happening), (None, self._turn))
        return action

    @property
    def _mode(self) -> Mode:
        return MODES[self.settings.mode]

    def _place(self, tick: int) -> int:
        """When a tick of the model's is to sound: swung, and as far off the timeline as its plan."""
        shift = self._plan.shift_us if self._plan else 0
        return self._live.timeline.micros(swung(tick, self.settings.swing)) + shift

    # --- what comes in --------------------------------------------------------------------------------------------

    def _receive(self, message: Message, out: list[Timed]) -> None:
        commands = self._map.translate(message)
        if commands is not None:
            for command in commands:
                self._obey(command, out)
            return
        match message:
            case NoteOn():
                self._key_down(message, out)
            case NoteOff():
                self._key_up(message, out)
            case ControlChange(control) if control in (ALL_SOUND_OFF, ALL_NOTES_OFF):
                self._stop(out, certainly=False)
            case ControlChange():
                for struck in self._ears.control(message, self._now):
                    self._hear(self._now, struck)
            case Other(data) if is_transport(data):
                self._conductor.message(data, self._now)
                self._keep_time(out)

    def _key_down(self, note: NoteOn, out: list[Timed]) -> None:
        struck = self._ears.down(note, self._now)
        if struck is None:
            return
        match self._happen(Happening.BRUSH if self._is_overlap() else Happening.KEY):
            case Action.OPEN | Action.INTERRUPT | Action.JOIN:
                self._withdraw(out)
                self._open_call()
            case Action.HEAR:
                self._withdraw(out)
            case Action.FOLLOW:
                self._forget_plan()
            case _:
                pass
        self._hear(self._now, struck)
        if self._mode.plays is Plays.AT_ONCE:
            louder = self._brief(self._live.timeline.tick(self._now)).louder
            out += self._harmonist.join(struck, note, louder, self._agenda, self._now)

    def _key_up(self, note: NoteOff, out: list[Timed]) -> None:
        was_held = (note.channel, note.pitch) in self._ears.held
        struck = self._ears.up(note)
        if was_held and self._call:
            self._call.phrase.active_us = self._now
        if struck is not None:
            if self._turn is Turn.TOGETHER:
                self._forget_plan()
            self._hear(self._now, struck)
        out += self._harmonist.leave(note, self._agenda, self._now)

    def _is_overlap(self) -> bool:
        """Whether turns meet: by the clock nobody stops dead, and nobody begins out of nothing."""
        plan = self._plan
        if self._mode.plays is not Plays.IN_TURN or plan is None or plan.chosen is None:
            return False
        tick, end = self._live.timeline.tick(self._now), plan.chosen.brief.end
        return tick < plan.start + TICKS_PER_BEAT or (
            end is not None and tick >= end - TICKS_PER_BEAT
        )

    def _hear(self, at: int, struck: Struck) -> None:
        part, pitch, velocity = struck
        self._note(at, part, pitch, velocity)
        self._harmonist.hear(at, struck, self._live.timeline.tick(at))
        call = self._call
        if call is None:
            return
        if velocity:
            call.phrase.strike(at, part, pitch, velocity)
            call.unfitted = self._is_free and self._fixed_tempo_us is None
        else:
            call.phrase.release(at, part, pitch)
        call.strokes.append((at, part, pitch, velocity))
        call.events += 1
        if len(call.strokes) > LONGEST_CALL:
            call.before, call.strokes, call.again = self._live.copy(), [], None

    def _note(self, at: int, part: int, pitch: int, velocity: int) -> None:
        """A stroke has sounded, whoever played it: the state hears it."""
        self._live.hear(at, part, pitch, velocity)
        self._heard_us = at
        self._history.append((at, part, pitch, velocity))
        if self._successor:
            self._successor.append((at, part, pitch, velocity))

    @property
    def _is_free(self) -> bool:
        return self._conductor.leader is Leader.FREE

    @property
    def _fixed_tempo_us(self) -> int | None:
        """The tempo in free time where it is not found in what is played."""
        tempo = self.settings.tempo
        return self._conductor.idle_tempo_us if isinstance(tempo, str) else tempo_us(tempo)

    def _open_call(self) -> None:
        """A call begins now: settle the beat by its first note, and remember what was heard before it."""
        now, running = self._now, self._live.timeline
        timeline, metre = running, parse_metre(self.settings.metre)
        if not self._is_free:
            pass
        elif (fixed := self._fixed_tempo_us) is not None:
            timeline = Timeline(fixed, now, metre)
        elif (
            not self._beat_known or self._heard_us is None or now - self._heard_us > FORGET_BEAT_US
        ):
            timeline = Timeline(running.tempo_us, now, metre)
        else:
            timeline = pace.fit([now], running)
        if timeline != running:
            self._live = self._live.retimed(timeline)
        self._forget_plan()
        self._call = Call(self._live.copy())
        self._response = None
        self._turns += 1
        self._harmonist.begin()
        if self._turn is Turn.TOGETHER:
            self._response = Response(timeline.tick(now), now)
            self._taken.append(Taken(self._call, self._live.copy(), self._response))

    # --- what is asked for ----------------------------------------------------------------------------------------

    def _obey(self, command: Command, out: list[Timed]) -> None:
        match command.name:
            case "stop" | "panic":
                self._stop(out, certainly=True)
            case "your_turn" if self._call or self._taken:
                self._hand_over()
            case "my_turn":
                self._silence(Happening.MINE, out)
            case "again":
                self._again(out)
            case "undo":
                self._undo(out)
            case "freeze" if self._taken:
                self._freeze(out)
            case "keep" if self._taken:
                response = self._taken[-1].response
                span = {"from": response.began_us, "to": max(self._now, response.ended_us)}
                out.append(Timed(self._now, Command("keep", span)))
            case "tap":
                tempo = self._conductor.tap(self._now)
                if tempo is not None:
                    self._set("tempo", round(60e6 / tempo, 2))
            case "preset":
                self._when_bar(command)
            case "presets" if isinstance(command.value, dict):
                self._presets = command.value
            case "learn" | "unlearn":
                self._learn(command)
            case "link":
                self._link(command.value)
            case "next":
                self._step_through(str(command.value))
            case name:
                self._set(name, command.value)

    def _hand_over(self) -> None:
        """The model's turn, even if a key is held."""
        if self._happen(Happening.YOURS) is not Action.ANSWER:
            return
        self._call = self._call or self._taken[-1].call
        self._call.handed_over, self._call.kept = True, False

    def _again(self, out: list[Timed]) -> None:
        """Another answer: to the call that is being answered, else to the last one that was."""
        if self._turn is Turn.LISTENING and self._call:
            self._call.answers += 1
            self._withdraw(out)
            return
        if not self._taken:
            return
        taken = self._taken.pop()
        action = self._happen(Happening.AGAIN)
        self._withdraw(out)
        taken.call.answers += 1
        if action is Action.REPLAY:
            timeline = self._live.timeline
            start = timeline.beat_from(timeline.tick_from(self._now + SOON_US))
            if self.settings.start == "bar":
                start = timeline.bar_from(start)
            self._live = taken.asked.shifted(start - taken.response.start)
            self._live.timeline = timeline
            self._call = taken.call
            self._call.start, self._call.handed_over = start, True
        else:
            self._taken.append(taken)

    def _undo(self, out: list[Timed]) -> None:
        """Hear as before the last turn."""
        last = self._call if self._turn is Turn.LISTENING else None
        if last is None and self._taken:
            last = self._taken.pop().call
        self._happen(Happening.UNDO)
        self._withdraw(out)
        if last is not None:
            self._live = last.before.retimed(self._live.timeline)
        self._call = None

    def _freeze(self, out: list[Timed]) -> None:
        is_playing = self._turn in (Turn.RESPONDING, Turn.TOGETHER)
        action, plan = self._happen(Happening.FREEZE), self._plan
        if action is Action.LET_GO and plan and isinstance(plan.chosen, Loop):
            plan.chosen.let_go()
        elif action is Action.LOOP and is_playing and plan and plan.chosen:
            self._end_at_bar(plan)  # what is being played is finished first
        elif action is Action.LOOP:
            self._withdraw(out)
            self._loop()

    def _loop(self) -> None:
        """Repeat the last response, from where in the bar it began."""
        response, timeline = self._taken[-1].response, self._live.timeline
        bar = timeline.metre.place(response.start).bar
        period = response.period(bar)
        earliest = timeline.tick_from(self._now + 1)
        start = earliest + (response.start - earliest) % bar
        brief = self._brief(start)
        strokes = response.closed(response.start + period)
        loop = Loop(strokes, response.start, period, start, brief)
        self._plan = Plan([], start, timeline.micros(start), chosen=loop)

    def _stop(self, out: list[Timed], certainly: bool) -> None:
        for struck in self._ears.release():
            self._hear(self._now, struck)
        if not self._silence(Happening.STOP, out) and certainly:
            out.append(Timed(self._now, Cut()))

    def _silence(self, happening: Happening, out: list[Timed]) -> bool:
        """Release everything; whether there was anything."""
        action = self._happen(happening)
        if action is Action.HEAR and self._call:  # "my turn": the call goes on, and is not answered
            self._call.handed_over, self._call.kept = False, True
        elif action is Action.SILENCE:
            self._call = None
        return self._withdraw(out)

    def _withdraw(self, out: list[Timed]) -> bool:
        """Forget all that is planned; silence what sounds or was handed out.  Whether there was such."""
        self._plan = None
        ended = self._agenda.withdraw(self._now)
        if ended is None:
            return False
        for part, pitch in ended:
            self._note(self._now, part, pitch, 0)
        self._harmonist.alone()
        out.append(Timed(self._now, Cut()))
        return True

    def _forget_plan(self) -> None:
        """Plan anew what was not handed out yet."""
        self._plan = None
        self._agenda.forget()

    # --- settings -------------------------------------------------------------------------------------------------

    def _set(self, name: str, value: object) -> None:
        before = self.settings
        try:
            self.settings = with_control(self.settings, name, value)
        except ConfigError as error:
            log.warning("command refused: %s", error)
            return
        if self.settings != before:
            self._all_set()
            self._plan_again(before)

    def _all_set(self) -> None:
        """Settings that are not read where they act."""
        settings = self.settings
        self._agenda.offset_us = round(settings.offset * 1000)
        self._conductor.follow(settings.sync)
        self._conductor.set_metre(parse_metre(settings.metre))
        if not isinstance(settings.tempo, str):
            self._conductor.set_internal(tempo_us(settings.tempo), self._now)
        styles = self._guard.model.facts.styles
        if settings.style not in styles:
            known = ", ".join(styles)
            log.warning("this model knows no style %r; it knows %s", settings.style, known)
        self._live.style = styles.index(settings.style) if settings.style in styles else 0

    def _plan_again(self, before: Settings) -> None:
        """Let changed settings act on what is planned and not yet handed out."""
        plan = self._plan
        if plan is None or isinstance(plan.chosen, Loop):
            return
        if MODES[before.mode] is not self._mode and self._turn is not Turn.LISTENING:
            timeline = self._live.timeline  # what is played ends with its bar
            self._plan = self._rest_of(plan, timeline.bar_from(timeline.tick_from(self._now)))
        elif self._turn is Turn.RESPONDING and plan.chosen:
            self._plan = self._rest_of(plan, plan.chosen.brief.end)
        else:
            self._forget_plan()

    def _when_bar(self, preset: Command) -> None:
        """Switch on the bar line while the model plays, else at once."""
        if self._turn in (Turn.WAITING, Turn.LISTENING):
            self._preset(preset.value)
            return
        timeline = self._live.timeline
        self._pending_tick = timeline.bar_from(timeline.tick_from(self._now))
        self._pending = [preset]

    def _preset(self, name: object) -> None:
        found = self._presets.get(str(name))
        if found is None:
            log.warning("there is no preset %r; there are %s", name, ", ".join(self._presets))
            return
        for control, value in found.items():
            self._set(control, value)

    def _learn(self, command: Command) -> None:
        try:
            if command.name == "learn":
                self._map.learn(str(command.value or ""))
            else:
                self._map.forget(str(command.value))
        except ConfigError as error:
            log.warning("command refused: %s", error)

    def _step_through(self, name: str) -> None:
        """The next choice of a control, for a pad."""
        choices = CONTROLS[name].choices
        if choices:
            at = (
                choices.index(getattr(self.settings, name)) + 1
                if getattr(self.settings, name) in choices
                else 0
            )
            self._set(name, choices[at % len(choices)])

    def _link(self, value: object) -> None:
        match value:
            case {"tempo_us": int(tempo), "origin_us": int(origin), "peers": int(peers)} if (
                tempo > 0
            ):
                self._conductor.link(Timeline(tempo, origin), peers > 0)
            case _:
                self._conductor.link(None)

    def _offer(self, model: Model) -> None:
        """Another model: it hears what was played last, and then takes over on a bar line."""
        styles, style = model.facts.styles, self.settings.style
        index = styles.index(style) if style in styles else 0
        timeline = self._live.timeline
        self._successor = Successor(model, timeline, index, self._history)
        self._swap_tick = timeline.bar_from(timeline.tick_from(self._now + 1))

    def _succeed(self, successor: Successor) -> None:
        """The other model takes over, with all that sounds and was handed out as it is."""
        self._successor = None
        self._live = successor.hearing.retimed(self._live.timeline)
        self._guard = self._live.guard
        self._taken.clear()  # states of the old model mean nothing to this one
        call, plan = self._call, self._plan
        if call:
            call.before, call.again = self._live.copy(), None
        if plan and not isinstance(plan.chosen, Loop):
            end = plan.chosen.brief.end if plan.chosen else None
            self._plan = self._rest_of(plan, end) if self._turn is not Turn.LISTENING else None
            self._agenda.forget()

    # --- work, in slices ------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Do at most a slice of what is to be done, the most urgent first."""
        call, now = self._call, self._now
        if call and call.unfitted and now >= self._fit_from(call):
            return self._fit(call)
        if call and call.again:
            return self._hear_again(call, call.again)
        if self._plan is None and (plan_from := self._plan_from()) is not None and now >= plan_from:
            self._plan = self._new_plan()
        if self._plan:
            self._plan_on(self._plan)
        if self._successor:
            self._successor.work(self._slice_steps)
            if self._successor.is_ready and self._is_bar_line():
                self._succeed(self._successor)
        return None

    def _is_bar_line(self) -> bool:
        """Whether this is a place to change: a bar line, or nobody of ours plays."""
        return self._agenda.is_empty or self._now >= self._live.timeline.micros(self._swap_tick)

    def _fit_from(self, call: Call) -> int:
        """When to look for the grid: not between the notes of a chord, but before it is needed."""
        pause = call.phrase.onsets_us[-1] + FIT_PAUSE_US
        return pause if self._ears.held else min(pause, self._rest_over() - SPECULATE_US)

    def _fit(self, call: Call) -> None:
        """Look for a better grid for the call; hear the call again on it where that changes anything."""
        call.unfitted = False
        if call.events > len(call.strokes) or not self._is_free:
            return  # too long to be heard again
        heard_on = call.again.timeline if call.again else self._live.timeline
        timeline = pace.fit(list(call.phrase.onsets_us), heard_on if self._beat_known else None)
        self._beat_known = self._beat_known or len(call.phrase.onsets_us) > 3
        timeline = replace(timeline, metre=heard_on.metre)
        better = pace.refined(list(call.phrase.onsets_us), timeline)
        if any(heard_on.tick(at) != better.tick(at) for at, *_ in call.strokes):
            call.again, call.reached = call.before.retimed(better), 0
        else:  # all that was heard stays on its ticks
            (call.again or self._live).timeline = better

    def _hear_again(self, call: Call, again: Hearing) -> None:
        for stroke in call.strokes[call.reached : call.reached + self._slice_steps]:
            again.hear(*stroke)
            call.reached += 1
        if call.reached == len(call.strokes):
            self._live, call.again = again, None

    def _plan_from(self) -> int | None:
        """When planning may begin, micros; None while it may not."""
        call = self._call
        if call is None or call.unfitted or call.again or call.kept or self._conductor.is_stopped:
            return None
        if self._turn is Turn.TOGETHER:
            return self._now
        if self._turn is not Turn.LISTENING:
            return None
        if call.handed_over:
            return self._now
        match self._mode.plays:
            case Plays.AFTER if not self._ears.held:
                return self._rest_over() - SPECULATE_US
            case Plays.IN_TURN:
                return self._live.timeline.micros(self._its_bars(call)) - IN_TURN_US
            case _:
                return None

    def _its_bars(self, call: Call) -> int:
        """The tick at which the model's bars begin, in a trade."""
        timeline = self._live.timeline
        began = (
            timeline.tick(call.phrase.began_us) + TICKS_PER_BEAT // 2
        )  # a pick-up is part of its bar
        position, bar = timeline.metre.place(began)
        turn = int(self.settings.trade) * bar
        start = began - position + turn
        while timeline.micros(start) + SOON_US < self._now:
            start += turn
        return start

    def _rest_over(self) -> int:
        assert self._call is not None
        phrase, rest = self._call.phrase, self.settings.rest
        if self._turn is Turn.TOGETHER:
            timeline = self._live.timeline
            bar = timeline.metre.place(timeline.tick(phrase.active_us)).bar
            since = self._now if self._ears.held else phrase.active_us
            return since + PATIENCE_BARS * bar * timeline.tempo_us // TICKS_PER_BEAT
        return phrase.active_us + (phrase.rest_us if isinstance(rest, str) else round(rest * 1000))

    def _new_plan(self) -> Plan:
        assert self._call is not None
        if self._turn is Turn.TOGETHER:
            return self._rest_of(None, None)
        call, timeline = self._call, self._live.timeline
        moment = max(self._rest_over(), self._now)
        if call.handed_over:
            moment = self._now + SOON_US
        start, shift = timeline.tick_from(moment), 0
        if call.start is not None and call.start > timeline.tick(self._now):
            start = call.start
        elif self._mode.plays is Plays.IN_TURN and not call.handed_over:
            start = self._its_bars(call)
        elif self.settings.start == "now":
            # Not on the grid but at this very moment, and the rest as far from it as planned.
            shift = moment - timeline.micros(start)
        elif self.settings.start == "bar":
            start = timeline.bar_from(start)
        else:
            start = timeline.beat_from(start)
        brief = self._brief(start)
        start_us = timeline.micros(start) + shift
        rollouts = [
            Rollout(self._live.copy(), brief, self._chance(call, candidate))
            for candidate in range(self._auditions(call, brief, start_us))
        ]
        chosen = rollouts[0] if len(rollouts) == 1 else None
        return Plan(rollouts, start, start_us, shift, chosen)

    def _auditions(self, call: Call, brief: Brief, start_us: int) -> int:
        """How many responses there is time to plan, so that one can be chosen; one if it has no end."""
        if brief.end is None:
            return 1
        beats = (brief.end - brief.start) / TICKS_PER_BEAT
        onsets = max(4.0, beats * (brief.pace or 2.0) * brief.density)
        time = start_us - DECIDE_US - self._now
        return max(1, min(MOST_AUDITIONS, int(time / (onsets * AUDITION_US))))

    def _chance(self, call: Call, *salt: int) -> np.random.Generator:
        seeds = [self._seed, self._turns, call.events, call.answers, *salt]
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seeds)))

    def _rest_of(self, plan: Plan | None, end: int | None) -> Plan:
        """Go on from now, to tick `end`, with what has sounded and what was handed out taken as they are."""
        self._agenda.forget()
        timeline, branch, call = self._live.timeline, self._live.copy(), self._call
        assert call is not None
        start = timeline.tick_from(self._now + 1)
        for given in self._agenda.coming:
            start = max(start, timeline.tick(given.at))
            branch.feed(given.stroke._replace(tick=max(start, branch.encoder.last or start)))
        brief = replace(self._brief(start), end=end)
        chance = self._chance(call, branch.heard)
        rollout = Rollout(branch, brief, chance, self._agenda.open)
        shift = plan.shift_us if plan else 0
        return Plan([rollout], start, timeline.micros(start) + shift, shift, rollout)

    def _end_at_bar(self, plan: Plan) -> None:
        """Let what has no end of its own end with the bar."""
        if plan.chosen is None or plan.chosen.brief.end is not None:
            return
        timeline = self._live.timeline
        end = timeline.bar_from(timeline.tick_from(self._now + 1))
        self._plan = self._rest_of(plan, end)

    def _is_ending(self, plan: Plan) -> bool:
        return plan.chosen is not None and plan.chosen.brief.end is not None

    def _plan_on(self, plan: Plan) -> None:
        for _ in range(self._slice_steps):
            rollout = plan.next(self._now, self._place)
            if rollout is not None:
                rollout.step()
        self._hurried += plan.settle(self._now, self._worth)
        if plan.chosen is None:
            return
        self._agenda.put(plan.chosen.planned)
        plan.chosen.planned.clear()
        if plan.chosen.is_done and plan.end_us is None:
            last = max(plan.start, plan.chosen.frontier, self._agenda.last_tick or 0)
            plan.end_us = max(plan.start_us, self._place(last)) + max(0, self._agenda.offset_us)

    def _worth(self, rollout: Rollout) -> float:
        home, tonic = self._harmonist.rest(self._now)
        return worth(rollout.planned, rollout.likelihood, rollout.brief, home, tonic)

    def _hand_out(self, out: list[Timed]) -> None:
        plan = self._plan
        if plan is None or plan.chosen is None:
            return
        frontier = None if plan.chosen.is_done else plan.chosen.frontier
        out += self._agenda.hand_out(self._now, frontier, self._place)

    def _brief(self, start: int) -> Brief:
        assert self._call is not None or self._taken
        call, timeline = self._call or self._taken[-1].call, self._live.timeline
        bar = timeline.metre.place(start).bar
        return brief_for(
            call.phrase,
            self.settings,
            timeline,
            start,
            routes=self._agenda.routes,
            **self._harmonist.for_brief(self._mode, start, bar, self._now),
        )
