"""The engine: hears the player, decides when to answer, plays what was planned.

Sans-IO: `feed(event, now)` takes what happened and gives messages with the times at which they are due;
`deadline()` says when it wants to be woken.  Knows no ports, no clock and no chance of its own.

Rules of this file and of its rooms (`listener` hears, `performer` plays, `desk` is turned and pressed, `starts` says
when an answer begins):

* The live state hears every note of the player the moment it arrives, and every note of its own when that is
  due.  What was planned and never sounded is never heard.
* Work comes in slices: a feed that did not finish says so by a deadline that has passed.
* Whatever is thrown away is thrown away whole: a plan, an agenda, a call.
* While the model's turn lasts there is a plan: a note that was begun is ended by it, or by a `Cut`.
* Same messages at the same times, same seed, same notes, however the slices fall (as long as planning is
  not late: what is late depends on the machine).

Time goes by in this order: what was handed out falls due; keys held for too long come up; who leads the time is
asked; presets take over on the bar line; the response ends.
"""

import logging
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

from livegen.errors import ConfigError
from livegen.inference.contract import Model
from livegen.jam import starts
from livegen.jam.agenda import ROUTES, Agenda, Given, Route, Timed
from livegen.jam.brief import louder
from livegen.jam.calls import Call
from livegen.jam.clock_sender import ClockSender
from livegen.jam.conductor import Conductor, Leader
from livegen.jam.controls import CONTROLS, Settings
from livegen.jam.desk import Desk
from livegen.jam.ears import Ears, Key, Struck
from livegen.jam.listener import Listener, unknown_style
from livegen.jam.loop import Loop
from livegen.jam.mapping import LABELS, Command
from livegen.jam.notices import Notices
from livegen.jam.performer import Performer
from livegen.jam.replies import Replies, Reply
from livegen.jam.turns import Action, Happening, Plays, Turn
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
from livegen.music.phrase import CHORD_US
from livegen.music.scale import name_of
from livegen.music.tap import FEWEST_TAPS
from livegen.music.timeline import MAX_TEMPO_US, MIN_TEMPO_US, Timeline, tempo_us
from livegen.music.transport import is_transport

log = logging.getLogger(__name__)

HORIZON_US = 30_000
HANGS_US = 3_000_000  # after a rest, in which a key has kept the model waiting
SLICE_STEPS = 3  # events heard or planned between two looks at the keys
MOST_SHOWN = 64  # notes of what is planned
UNPLANNED = {"sync", "tempo", "offset", "swing", "clock_out"}  # act without planning anew
PLAYING = (Turn.RESPONDING, Turn.TOGETHER, Turn.LOOPING)
# Whose time it is when it is not ours, in words.
LEADERS = {Leader.CLOCK: "The DAW's clock", Leader.LINK: "Ableton Link"}

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
        self._replies = Replies()
        self._notices = Notices()
        self._desk = Desk(settings or Settings(), bindings, presets, self._notices.say)
        by_part = {**dict(zip(PARTS, ROUTES, strict=True)), **(routes or {})}
        self._agenda = Agenda(tuple(by_part[part] for part in PARTS), horizon_us)
        self._ears = Ears(rules or DEFAULT_RULES, self._notices.say)
        metre = parse_metre(self.settings.metre)
        self._conductor = Conductor(self.settings.sync, metre, self._notices.say)
        self._listener = Listener(model, Timeline(tempo_us(pace.USUAL_BPM), metre=metre))
        self._performer = Performer(self._agenda, self._listener, self._desk, seed, slice_steps)
        self._clock_sender = ClockSender(horizon_us)
        self._slice_steps = slice_steps
        self._now = 0
        self._is_new = True  # nothing was fed: who leads the time was not asked
        self._turn = Turn.WAITING
        self._jumps = 0
        self._told_held: set[Key] = set()  # keys of which it was said that they are waited for
        self._preset_tick = 0  # the bar line for which presets wait
        self._all_set()

    # --- the three verbs ------------------------------------------------------------------------------------------

    def feed(self, event: Event, now: int) -> list[Timed]:
        """Take what happened at `now` (micros) and give messages due soon, in order.

        `now` should not decrease; where it does, it counts as the latest.  Never raises for any message,
        command or time.
        """
        self._now, was_new, self._is_new = max(now, self._now), self._is_new, False
        if was_new:
            self._all_set(self.settings)
        out: list[Timed] = []
        self._pass_time(out)
        match event:
            case Wake():
                pass
            case Command():
                self._obey(event, out)
            case Swap(model):
                self._listener.offer(model, self.settings.style, self._now)
            case _:
                self._receive(event, out)
        self._keep_time(out)
        self._work()
        out += self._performer.hand_out(self._now)
        return out + self._clock_sender.hand_out(self._now)

    def deadline(self) -> int | None:
        """When to be woken, micros; None to rest until something happens.  At most now: work is left."""
        now, call, plan = self._now, self._listener.call, self._performer.plan
        times = [
            self._ears.deadline(),
            self._desk.map.deadline(),
            self._conductor.deadline(),
            self._clock_sender.deadline(),
            self._performer.deadline(now),
            self._listener.swap_at(now),
        ]
        if call and call.again:
            times.append(now)
        if call and call.unfitted:
            times.append(max(now, self._fit_from(call)))
        if plan is None and (plan_from := self._plan_from()) is not None:
            times.append(max(now, plan_from))
        if self._turn is Turn.TOGETHER and plan and not self._performer.is_ending():
            times.append(max(now, self._patience_over()))
        if self._turn is Turn.TOGETHER:
            times.append(self._listener.harmonist.settles_us)
        if self._turn is Turn.LOOPING and (loops_from := self._performer.loops_from()) is not None:
            times.append(max(now, loops_from))
        if self._is_new:
            times.append(now)
        if (hangs_at := self._hangs_at()) is not None:
            times.append(max(now, hangs_at))
        if self._desk.waiting:
            times.append(self.timeline.micros(self._preset_tick))
        return min((at for at in times if at is not None), default=None)

    def snapshot(self) -> dict[str, object]:
        """What a status line or a page shows."""
        timeline, live = self.timeline, self._listener.live
        place = timeline.metre.place(timeline.tick(self._now))
        return {
            "model": live.guard.model.facts.name,
            "turn": self._turn.value,
            "turns": self._listener.calls,
            "mode": self.settings.mode,
            "leader": self._conductor.leader.value,
            "tempo_bpm": round(self._shown_bpm, 1),
            "beat": place.position // TICKS_PER_BEAT + 1,
            "timeline": [timeline.tempo_us, timeline.origin_us, place.bar],
            **self._listener.harmonist.snapshot(self._now),
            "held": len(self._ears.held),
            "waits_for": sorted({pitch for _, pitch in self._awaited_keys}),
            "rest_at": self._rest_at,
            "coming": self._is_coming,
            "channels": {str(at + 1): how for at, how in sorted(self._ears.heard_as.items())},
            "sounding": len(self._agenda.sounding),
            "planned": self._agenda.waiting,
            "heard": live.heard,
            "late": self._agenda.late,
            "hurried": self._performer.hurried,
            "faults": live.guard.faults,
            "preset": self._desk.preset_in_force,
            "reply": self._replies.snapshot(),
            "learning": self._desk.map.learning,
            "map": self._desk.map.bindings,
            "controls": {name: getattr(self.settings, name) for name in CONTROLS},
        }

    @property
    def _shown_bpm(self) -> float:
        """The tempo of what is played; between turns in free time that of the next, where it was told or tapped."""
        fixed = self._listener.fixed_us if self._listener.is_free else None
        is_idle = self._listener.call is None and self._performer.plan is None
        return 60e6 / fixed if fixed and is_idle else self.timeline.bpm

    @property
    def _rest_at(self) -> int | None:
        """When the player will have rested, micros, if no key is held and none is struck; None between calls."""
        call = self._listener.call
        return starts.rest_over(call, self.settings) if call and not call.closed else None

    @property
    def _is_coming(self) -> bool:
        """Whether the model is about to begin."""
        call = self._listener.call
        is_asked = call is not None and call.handed_over
        return self._turn is Turn.LISTENING and (is_asked or self._performer.plan is not None)

    def watch(self, is_watched: bool) -> None:
        """Somebody looks on, or nobody does any more.  Nothing that is played depends on it."""
        self._listener.surprise.is_wanted = is_watched

    def ponder(self) -> bool:
        """Do a little of what only those who look on want, at most 0.1 ms; whether there is more of it."""
        self._listener.surprise.work()
        return self._listener.surprise.has_work

    def outlook(self) -> dict[str, object]:
        """What a page shows beside the snapshot: notes to come, how surprising the last ones were, the styles."""
        return {
            "plan": self._performer.outlook(MOST_SHOWN),
            "surprise": self._listener.surprise.latest,
            "styles": self._listener.live.guard.model.facts.styles,
        }

    @property
    def settings(self) -> Settings:
        """The values of all controls by now."""
        return self._desk.settings

    @property
    def timeline(self) -> Timeline:
        """The map between beats and time that it plays by now."""
        return self._listener.live.timeline

    @property
    def timeline_since(self) -> int:
        """Since when its timeline is valid: a call is heard again from its first note when its beat is found."""
        call = self._listener.call
        return call.strokes[0][0] if call and call.strokes and self._listener.is_free else self._now

    def notices(self) -> list[str]:
        """Lines for the person that came up since the last time, of what nobody asked for."""
        return self._notices.take()

    def keep_warm(self) -> None:
        """Run the model on nothing, so that the next event finds its weights in the caches."""
        self._listener.live.guard.model.keep_warm()

    # --- time -----------------------------------------------------------------------------------------------------

    def _pass_time(self, out: list[Timed]) -> None:
        now = self._now
        self._desk.map.look(now)
        for given in self._agenda.fall_due(now):
            self._sound(given)
        for at, struck in self._ears.overdue(now):
            self._hear(at, struck, out)
        self._keep_time(out)
        if self._desk.waiting and now >= self.timeline.micros(self._preset_tick):
            self._switch()
        settles = self._listener.harmonist.settles_us
        is_settled = self._turn is Turn.TOGETHER and settles is not None and now >= settles
        if is_settled and self._listener.harmonist.settle(now):
            self._performer.follow()
        if self._turn is Turn.TOGETHER and self._performer.plan and now >= self._patience_over():
            self._end_at_bar()
        loops_from = self._performer.loops_from() if self._turn is Turn.LOOPING else None
        if loops_from is not None and loops_from <= now:
            self._performer.loop(now)
        if self._performer.is_over(now):
            self._end()
        if (hangs_at := self._hangs_at()) is not None and hangs_at <= now:
            self._tell_what_is_held()

    @property
    def _awaited_keys(self) -> Set[Key]:
        """The held keys that keep the call from its answer."""
        call, is_after = self._listener.call, self._performer.mode.plays is Plays.AFTER
        if call is None or self._turn is not Turn.LISTENING or not is_after:
            return frozenset()
        is_awaited = not (call.handed_over or call.kept or call.closed)
        return self._ears.held.keys() if is_awaited else frozenset()

    def _hangs_at(self) -> int | None:
        """When the keys that are held have kept the call from its answer for long, micros; None if that was said."""
        call = self._listener.call
        if call is None or self._awaited_keys <= self._told_held or self._is_drone(call):
            return None
        return starts.rest_over(call, self.settings) + HANGS_US

    def _tell_what_is_held(self) -> None:
        """Say once of each key that the model waits for it."""
        held = self._awaited_keys
        names = " ".join(name_of(pitch) for _, pitch in sorted(held - self._told_held))
        self._told_held = set(held)
        self._notices.say(
            f"the model waits for {names} to come up; if no key is down, its note-off was lost: "
            f"press *{LABELS['your_turn']}* or *{LABELS['panic']}*"
        )

    def _keep_time(self, out: list[Timed]) -> None:
        """Go by the timeline of whoever leads; a jump makes void what was planned."""
        conductor = self._conductor
        conductor.look(self._now)
        timeline, jumped = conductor.timeline, conductor.jumps != self._jumps
        self._jumps = conductor.jumps
        self._listener.is_free = conductor.leader is Leader.FREE
        self._listener.fixed_us = self._fixed_us
        if jumped:
            self._jump(timeline, out)
        elif timeline is not None and self._listener.go_by(timeline):
            self._plan_again()
        sends = self.settings.clock_out == "on" and conductor.leader in (
            Leader.INTERNAL,
            Leader.LINK,
        )
        out += self._clock_sender.follow(timeline if sends else None, self._now, jumped)

    def _jump(self, timeline: Timeline | None, out: list[Timed]) -> None:
        """Whoever leads is elsewhere, or stopped: a call goes on where that is, all else is forgotten."""
        call = self._listener.call
        if timeline is None or self._turn is not Turn.LISTENING or call is None or call.closed:
            self._silence(Happening.STOP, out)
        elif self._performer.plan:
            self._performer.withdraw(self._now, out)
        if timeline is not None:
            self._listener.retime(timeline, self._now)
        self._switch()

    def _sound(self, given: Given) -> None:
        """What was handed out is due: now it has sounded, and the live state hears it."""
        listener, plan = self._listener, self._performer.plan
        call = listener.call
        if given.is_planned and call and plan and self._happen(Happening.BEGIN) is Action.PLAY:
            call.closed = True
            self._performer.begin(call, plan.start, given.at)
        _, part, pitch, velocity = given.stroke
        if self._performer.drums_apart(given):
            listener.drum(given.at, pitch, velocity)
        else:
            listener.note(given.at, part, pitch, velocity)
        self._performer.record(given)

    def _end(self) -> None:
        """All that was planned has been played."""
        self._happen(Happening.DONE)
        self._performer.plan = self._listener.call = None
        self._switch()

    def _end_at_bar(self) -> None:
        """Let what has no end of its own end with the bar."""
        call, plan = self._listener.call, self._performer.plan
        if call and plan and plan.chosen and not self._performer.is_ending():
            self._performer.end_at_bar(call, self._now)

    def _happen(self, happening: Happening) -> Action | None:
        action, self._turn = self._performer.mode.turns.get(
            (self._turn, happening), (None, self._turn)
        )
        return action

    @property
    def _fixed_us(self) -> int | None:
        """The tempo in free time where it is not found in what is played."""
        tempo = self.settings.tempo
        return self._conductor.idle_tempo_us if isinstance(tempo, str) else tempo_us(tempo)

    # --- what comes in --------------------------------------------------------------------------------------------

    def _receive(self, message: Message, out: list[Timed]) -> None:
        commands = self._desk.map.translate(message, self._now)
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
                    self._hear(self._now, struck, out)
            case Other(data) if is_transport(data):
                self._conductor.message(data, self._now)
            case Other(data):
                self._ears.express(data, self._now)

    def _key_down(self, note: NoteOn, out: list[Timed]) -> None:
        begins_anew = self._begins_anew()
        self._told_held.discard((note.channel, note.pitch))
        struck = self._ears.down(note, self._now)
        if struck is None:
            return
        is_overlap = self._is_overlap()
        if begins_anew and not is_overlap:
            self._happen(Happening.DONE)
        match self._happen(Happening.BRUSH if is_overlap else Happening.KEY):
            case Action.OPEN | Action.INTERRUPT | Action.JOIN:
                self._forget_all(out)
                self._open_call()
            case Action.HEAR:
                self._forget_all(out)
            case Action.FOLLOW:
                self._performer.follow()
            case _:
                pass
        self._hear(self._now, struck, out)

    def _key_up(self, note: NoteOff, out: list[Timed]) -> None:
        before = len(self._ears.held)
        struck, call = self._ears.up(note), self._listener.call
        if len(self._ears.held) < before and call and not call.closed:
            call.phrase.active_us = self._now
        if struck is not None:
            if self._turn is Turn.TOGETHER:
                self._performer.follow()
            self._hear(self._now, struck, out)

    def _hear(self, at: int, struck: Struck, out: list[Timed]) -> None:
        """A stroke of the player's, and what goes with it at once."""
        harmonist = self._listener.harmonist
        self._listener.hear(at, struck)
        if not struck.velocity:
            out += harmonist.leave(struck, self._agenda, self._now)
        elif self._performer.mode.plays is Plays.AT_ONCE:
            out += harmonist.join(struck, louder(self.settings), self._agenda, self._now)

    def _begins_anew(self) -> bool:
        """Whether a key would begin a call, though one is open: that was answered, or nobody would answer it."""
        call = self._listener.call
        if self._turn is not Turn.LISTENING or call is None:
            return False
        is_unanswered = self._performer.mode.plays in (Plays.AT_ONCE, Plays.NEVER)
        return call.closed or (is_unanswered and self._is_stale(call))

    def _is_overlap(self) -> bool:
        """Whether turns meet: by the clock nobody stops dead, and nobody begins out of nothing."""
        plan = self._performer.plan
        if self._performer.mode.plays is not Plays.IN_TURN or plan is None or plan.chosen is None:
            return False
        tick = self.timeline.tick(self._now)
        begins = self._now >= plan.start_us - starts.SOON_US and tick < plan.start + TICKS_PER_BEAT
        return begins or (plan.end is not None and tick >= plan.end - TICKS_PER_BEAT)

    def _open_call(self) -> None:
        self._switch()
        call = self._listener.open_call(self._now, parse_metre(self.settings.metre))
        if self._turn is Turn.TOGETHER:
            self._performer.begin(call, self.timeline.tick(self._now), self._now)

    # --- what is asked for ----------------------------------------------------------------------------------------

    def _obey(self, command: Command, out: list[Timed]) -> None:
        """Carry out what is asked for, and reply to it."""
        try:
            reply = self._carry_out(command, out)
        except ConfigError as error:
            self._refuse(command.name, error)
        else:
            if reply is not None:
                self._replies.give(command.name, reply)

    def _refuse(self, name: str, error: ConfigError) -> None:
        log.warning("command refused: %s", error)
        self._replies.refuse(name, str(error))

    def _carry_out(self, command: Command, out: list[Timed]) -> Reply | None:
        """What comes of a command; None where something else tells.  Raises ConfigError."""
        match command.name:
            case "stop" | "panic":
                return self._stopped(command.name, out)
            case "your_turn":
                return self._hand_over()
            case "my_turn":
                return self._take_over(out)
            case "again":
                return self._again(out)
            case "undo":
                return self._undo(out)
            case "freeze":
                return self._freeze(out)
            case "keep":
                return self._keep(out)
            case "capture":
                out.append(Timed(self._now, command))  # whoever keeps files knows what was played
                return Reply.CAPTURES
            case "tap":
                self._tap()
            case "preset":
                self._when_bar(str(command.value))
            case "presets":
                self._desk.name_presets(command.value)
            case "map":
                self._desk.bind(command.value)
            case "learn":
                self._learn(str(command.value or ""))
            case "unlearn":
                self._unlearn(str(command.value))
            case "link":
                self._link(command.value)
            case "next":
                name = str(command.value)
                if (value := self._desk.after(name)) is not None:
                    self._set(name, value)
            case "turn":
                self._turn_knob(command.value)
            case name:
                self._set(name, command.value)
                if name == "tempo" and self._is_led:
                    self._tell_tempo("tempo")
        return None

    def _turn_knob(self, value: object) -> None:
        match value:
            case [str(name), int(steps)]:
                if (turned := self._desk.turned(name, steps)) is not None:
                    self._set(name, turned)

    def _hand_over(self) -> Reply:
        """The model's turn, even if a key is held: it answers the call that is open, else the last."""
        taken = self._performer.taken
        call = self._listener.call or (taken[-1].call if taken else None)
        if call is None:
            return Reply.NOTHING_HEARD
        if self._happen(Happening.YOURS) is not Action.ANSWER:
            return Reply.LOOPS_ALREADY if self._turn is Turn.LOOPING else Reply.PLAYS_ALREADY
        self._listener.call = call
        call.handed_over, call.kept, call.start = True, False, None
        return Reply.ANSWERS_WITH_CLOCK if self._conductor.is_stopped else Reply.ANSWERS

    def _take_over(self, out: list[Timed]) -> Reply:
        """The player's turn: the model is silent, and leaves a call that is open without an answer."""
        is_listening = self._turn is Turn.LISTENING
        was_waiting = self._turn is Turn.WAITING
        was_silenced = self._silence(Happening.MINE, out)
        if was_waiting and not was_silenced:
            return Reply.YOURS_ALREADY
        return Reply.LISTENS if is_listening and self._listener.call else Reply.SILENCED

    def _again(self, out: list[Timed]) -> Reply:
        """Another answer: to the call that is being answered, else to the last one that was."""
        call, taken = self._listener.call, self._performer.taken
        if self._turn is Turn.LISTENING and call:
            self._performer.withdraw(self._now, out)
            self._answer_again(call)
        elif taken:
            last = taken[-1]
            action = self._happen(Happening.AGAIN)
            self._performer.withdraw(self._now, out)
            if action is Action.REPLAY:
                taken.pop()
                self._listener.call, last.call.closed = last.call, True
                self._answer_again(last.call)
                start = last.start if last.call.start is None else last.call.start
                asked = last.asked.shifted(start - last.start)
                self._listener.restore(asked, self._ears)
            else:
                last.call.answers += 1
        else:
            return Reply.NOTHING_ANSWERED
        return Reply.ANOTHER

    def _answer_again(self, call: Call) -> None:
        """Settle when a call that was answered is answered again."""
        call.answers += 1
        if call.closed:
            moment = self._now + starts.SOON_US + starts.lead_us(self.settings)
            earliest = self.timeline.tick_from(moment)
            call.start = starts.on_line(earliest, self.settings, self.timeline)
            call.handed_over, call.kept = True, False

    def _undo(self, out: list[Timed]) -> Reply:
        """Hear as before the last turn."""
        last, taken = self._listener.call, self._performer.taken
        if self._turn is not Turn.LISTENING and taken:
            last = taken[-1].call
        self._happen(Happening.UNDO)
        self._forget_all(out)
        self._listener.call = None
        if last is None:
            return Reply.NOTHING_TO_UNDO
        while taken and taken[-1].call is last:
            taken.pop()
        self._listener.restore(last.before.retimed(self.timeline), self._ears)
        return Reply.UNDONE

    def _freeze(self, out: list[Timed]) -> Reply:
        if self._performer.response is None:
            return Reply.NOTHING_TO_FREEZE
        is_playing = self._turn in (Turn.RESPONDING, Turn.TOGETHER)
        action, plan = self._happen(Happening.FREEZE), self._performer.plan
        if action is Action.LOOP and self._listener.call:
            self._listener.call.close()
        if action is Action.LET_GO:
            self._performer.let_go(self._now)
        elif action is Action.LOOP and is_playing and plan and plan.chosen:
            if isinstance(plan.chosen, Loop):
                self._performer.keep_on()
            else:
                self._end_at_bar()  # what is being played is finished first
        elif action is Action.LOOP:
            self._forget_all(out)
            self._listener.call = None
            self._performer.loop(self._now)
        return Reply.LET_GO if action is Action.LET_GO else Reply.FROZEN

    def _keep(self, out: list[Timed]) -> Reply:
        response = self._performer.response
        if response is None:
            return Reply.NOTHING_TO_KEEP
        until = self._now if self._turn in PLAYING else response.ended_us
        span = {"from": response.began_us, "to": until}
        out.append(Timed(self._now, Command("keep", span)))
        return Reply.KEEPS

    def _tap(self) -> None:
        tempo = self._conductor.tap(self._now)
        bpm = round(60e6 / tempo, 2) if tempo else 0
        low, high = CONTROLS["tempo"].low, CONTROLS["tempo"].high
        if low <= bpm <= high:
            self._set("tempo", bpm)
            self._conductor.set_internal(tempo_us(bpm), self._now, is_downbeat=True)
            self._tell_tempo("tap")
        elif self._is_led:
            self._tell_tempo("tap")
        elif self._conductor.taps < FEWEST_TAPS:
            self._replies.give("tap", Reply.TAPPED, number=self._conductor.taps)
        else:
            self._replies.give("tap", Reply.TAPS_OUTSIDE, low=low, high=high)

    @property
    def _is_led(self) -> bool:
        """Whether the time is that of a DAW, or will be: a tempo of ours counts for nothing."""
        return self._conductor.leader in LEADERS or self._conductor.is_stopped

    def _tell_tempo(self, to: str) -> None:
        """Say when the tempo that was tapped or set counts."""
        leader, bpm = self._conductor.leader, self.settings.tempo
        words = {"bpm": bpm, "leader": LEADERS.get(leader, LEADERS[Leader.CLOCK])}
        if leader is Leader.INTERNAL:
            self._replies.give(to, Reply.TEMPO_NOW, **words)
        elif not self._is_led:
            self._replies.give(to, Reply.TEMPO, **words)
        elif isinstance(bpm, str) or self.settings.sync != "auto":
            self._replies.give(to, Reply.TEMPO_IN_VAIN, **words)
        else:
            self._replies.give(to, Reply.TEMPO_WAITS, **words)

    def _learn(self, target: str) -> None:
        self._desk.learn(target, self._now)
        self._replies.give(
            "learn", Reply.LEARNS if target else Reply.LEARNS_NO_MORE, name=_words(target)
        )

    def _unlearn(self, target: str) -> None:
        reply = Reply.FORGOTTEN if self._desk.unlearn(target) else Reply.NOTHING_BOUND
        self._replies.give("unlearn", reply, name=_words(target))

    def _stopped(self, name: str, out: list[Timed]) -> Reply:
        is_idle = self._turn is Turn.WAITING and self._listener.call is None
        was_silent = is_idle and not self._agenda.sounding and not self._ears.sounding
        self._stop(out, certainly=True)
        if name == "panic":
            return Reply.PANICKED
        return Reply.NOTHING_TO_STOP if was_silent else Reply.STOPPED

    def _stop(self, out: list[Timed], certainly: bool) -> None:
        for struck in self._ears.release():
            self._hear(self._now, struck, out)
        if not self._silence(Happening.STOP, out) and certainly:
            out.append(Timed(self._now, Cut()))

    def _silence(self, happening: Happening, out: list[Timed]) -> bool:
        """Release everything; whether there was anything."""
        call = self._listener.call
        if call and call.closed:
            happening = Happening.STOP
        if self._happen(happening) is Action.SILENCE:
            self._listener.call = None
        elif call:  # "my turn": the call goes on, and is not answered
            call.handed_over, call.kept = False, True
        return self._performer.withdraw(self._now, out)

    def _forget_all(self, out: list[Timed]) -> None:
        """Silence what is played in a turn of the model's; companions of the player's notes are not."""
        if self._performer.plan or self._performer.mode.plays is not Plays.AT_ONCE:
            self._performer.withdraw(self._now, out)

    # --- settings -------------------------------------------------------------------------------------------------

    def _set(self, name: str, value: object) -> None:
        before = self.settings
        try:
            has_changed = self._desk.set(name, value)
            self._check_style(before)
        except ConfigError as error:
            self._desk.settings = before
            return self._refuse(name, error)
        if not has_changed:
            return None
        self._all_set(before)
        if name == "mode":
            self._change_mode()
        elif name not in UNPLANNED:
            self._plan_again()
        return None

    def _check_style(self, before: Settings) -> None:
        """Raise ConfigError for a style that the model does not know, where one was just chosen."""
        style = self.settings.style
        if style != before.style and not self._listener.knows(style):
            raise ConfigError(unknown_style(style, self._listener.live.guard.model))

    def _all_set(self, before: Settings | None = None) -> None:
        """Settings that are not read where they act."""
        settings = self.settings
        self._agenda.offset_us = round(settings.offset * 1000)
        self._conductor.follow(settings.sync)
        self._conductor.set_metre(parse_metre(settings.metre))
        if self._is_new:
            pass  # nobody knows what time it is: bar 1 begins with the first that happens
        elif not isinstance(settings.tempo, str):
            self._conductor.set_internal(tempo_us(settings.tempo), self._now)
        elif settings.sync == "internal":
            heard = self._listener.calls > 0
            timeline = self.timeline if heard else replace(self.timeline, origin_us=self._now)
            self._conductor.adopt(timeline)
        if before is None or settings.style != before.style:
            self._set_style()

    def _set_style(self) -> None:
        """Hear as the style that is set; another model may not know it, and then plays as in any."""
        if not self._listener.set_style(self.settings.style):
            model = self._listener.live.guard.model
            self._refuse("style", ConfigError(unknown_style(self.settings.style, model)))

    def _change_mode(self) -> None:
        """What is played ends with its bar; a call that was over is not answered all of a sudden."""
        call = self._listener.call
        if self._happen(Happening.MODE) is Action.FINISH:
            if call and not isinstance(self._performer.plan and self._performer.plan.chosen, Loop):
                call.closed = True
                self._performer.end_at_bar(call, self._now)
            return
        if call and self._turn is Turn.LISTENING and self._is_stale(call):
            self._happen(Happening.DONE)
            self._listener.call = None
        self._plan_again()

    def _is_stale(self, call: Call) -> bool:
        """Whether its rest is over and no answer to it is on its way."""
        is_over = not self._ears.held and self._now > starts.rest_over(call, self.settings)
        return is_over and self._performer.plan is None and not call.handed_over

    def _plan_again(self) -> None:
        """Let what has changed act on what is planned and not yet handed out."""
        self._performer.plan_again(self._listener.call, self._now, self._turn in PLAYING)

    def _when_bar(self, name: str) -> None:
        """A preset: on the bar line while the model plays, else at once."""
        self._desk.ask(name)
        if self._turn in PLAYING:
            self._preset_tick = self.timeline.bar_from(self.timeline.tick_from(self._now))
            self._replies.give("preset", Reply.PRESET_WAITS, name=name)
        else:
            self._switch()

    def _switch(self) -> None:
        """The presets that waited take over; what one of them gets wrong is said last."""
        for name in self._desk.waited():
            self._desk.preset_in_force = name
            self._replies.give("preset", Reply.PRESET, name=name)
            for control, value in self._desk.preset(name).items():
                self._set(str(control), value)

    def _link(self, value: object) -> None:
        match value:
            case {"tempo_us": int(tempo), "origin_us": int(origin), "peers": int(peers)} if (
                MIN_TEMPO_US <= tempo <= MAX_TEMPO_US
            ):
                self._conductor.link(Timeline(tempo, origin), peers > 0)
            case _:
                self._conductor.link(None)

    # --- work, in slices ------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Do at most a slice of what is to be done, the most urgent first."""
        listener, performer, now = self._listener, self._performer, self._now
        call = listener.call
        if call and call.unfitted and now >= self._fit_from(call):
            return listener.fit(call)
        if call and call.again:
            return self._hear_again(call)
        plan_from = self._plan_from() if performer.plan is None else None
        if call and plan_from is not None and now >= plan_from:
            self._plan(call)
        performer.work(listener.call, now)
        if listener.prepare(self._slice_steps) and self._may_swap():
            self._succeed()
        return None

    def _plan(self, call: Call) -> None:
        if self._turn is Turn.TOGETHER:
            self._performer.go_along(call, self._now)
        else:
            self._performer.answer(call, self._now)

    def _plan_from(self) -> int | None:
        """When planning may begin, micros; None while it may not."""
        call = self._listener.call
        if call is None or call.unfitted or call.again or call.kept or self._conductor.is_stopped:
            return None
        if self._turn is Turn.TOGETHER:
            return self._now
        if self._turn is not Turn.LISTENING:
            return None
        return starts.plan_from(
            call, self.settings, self.timeline, self._now, self._call_ends(call)
        )

    def _call_ends(self, call: Call) -> int | None:
        """When the call ends if nothing more is played, micros; None while its last note is held."""
        rest_over = starts.rest_over(call, self.settings)
        if not self._ears.held:
            return rest_over
        if self._is_drone(call):
            return max(rest_over, starts.patience_over(self.timeline, call.phrase.active_us))
        return None

    def _is_drone(self, call: Call) -> bool:
        """Whether all keys that are held lie under notes that came and went: a pedal point, or a lost note-off."""
        struck = max((since for _, since in self._ears.held.values()), default=None)
        return struck is not None and struck + CHORD_US < call.phrase.onsets_us[-1]

    def _fit_from(self, call: Call) -> int:
        rest_over = starts.rest_over(call, self.settings)
        return self._listener.fit_from(call, rest_over, bool(self._ears.held))

    def _patience_over(self) -> int:
        call = self._listener.call
        since = self._now if self._ears.held or call is None else call.phrase.active_us
        return starts.patience_over(self.timeline, since)

    def _hear_again(self, call: Call) -> None:
        """Hear the call on the beat that was found for it; what was planned on the old one is void."""
        before = self.timeline
        if call.again and self._listener.hear_again(call, call.again, self._slice_steps):
            self._performer.forget()
            if self._turn is Turn.TOGETHER:
                self._performer.retimed(before)
                self._preset_tick = self.timeline.bar_from(self.timeline.tick_from(self._now))

    def _may_swap(self) -> bool:
        """Whether this is a place to change models: a bar line, or nobody of ours plays."""
        at = self._listener.swap_at(self._now)
        return self._agenda.is_empty or (at is not None and self._now >= at)

    def _succeed(self) -> None:
        """The other model takes over; states of the old one mean nothing to it."""
        self._listener.succeed(self.settings.style)
        self._set_style()
        self._performer.taken.clear()
        self._plan_again()


def _words(name: str) -> str:
    """What a control or a command is called on the page."""
    return LABELS.get(name, name.replace("_", " "))
