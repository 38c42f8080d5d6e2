"""The engine: hears the player, decides when to answer, plays what was planned.

Sans-IO: `feed(event, now)` takes what happened and gives messages with the times at which they are due;
`deadline()` says when it wants to be woken.  Knows no ports, no clock and no chance of its own.

Rules of this file and of its rooms (`listener` hears, `held_keys` knows when a call may end, `turn_taking` whose turn
it is, `starts` when an answer begins, `performer` plays, `steering` puts settings into force, `commands` replies):

* The live state hears every note of the player the moment it arrives, and every note of its own when that is
  due.  What was planned and never sounded is never heard.
* All that time brings about stands in three tables: alarms, jobs, outlets.  `deadline()` and the passing of time read
  the same rows, so they cannot differ.  The deadline is found anew after a feed, and nothing else changes it: until it
  has passed no alarm rings.
* Work comes in slices: a feed that did not finish says so by a deadline that has passed.
* Whatever is thrown away is thrown away whole: a plan, an agenda, a call.
* While the model's turn lasts there is a plan: a note that was begun is ended by it, or by a `Cut`.  What rings when
  an answer gives way is ended by an alarm.
* Same messages at the same times, same seed, same notes, however the slices fall (as long as planning is
  not late: what is late depends on the machine).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from livegen.inference.contract import Fittable, Layers, Model
from livegen.inference.generator import Generator
from livegen.inference.lesson import Lesson
from livegen.inference.memory import Memory
from livegen.inference.phrase_model import PhraseModel
from livegen.jam.commands.commands import Commands
from livegen.jam.commands.count_ins import CountIns
from livegen.jam.commands.cues import Cues
from livegen.jam.commands.phrase_gestures import PhraseGestures
from livegen.jam.commands.ritard import Ritard
from livegen.jam.commands.steering import Steering
from livegen.jam.controls.controls import CONTROLS, Settings
from livegen.jam.controls.desk import Desk
from livegen.jam.controls.macros import Macros
from livegen.jam.controls.mapping import Command
from livegen.jam.harmony.lead_sheet import ChartPlace, LeadSheet
from livegen.jam.hearing.ears import Ears
from livegen.jam.interplay import starts
from livegen.jam.interplay.calls import Taken
from livegen.jam.interplay.choice import Audition, Question
from livegen.jam.interplay.held_keys import HeldKeys
from livegen.jam.interplay.listener import Listener
from livegen.jam.interplay.performer import Performer
from livegen.jam.interplay.plan import Doubt
from livegen.jam.interplay.turn_taking import TurnTaking
from livegen.jam.phrases.phrase_book import KeptPhrase, PhraseBook
from livegen.jam.planning.brief import louder
from livegen.jam.reports.explaining import Explaining
from livegen.jam.reports.notices import Notices
from livegen.jam.reports.replies import Replies, Reply
from livegen.jam.struck import Struck
from livegen.jam.timing.agenda import ROUTES, Agenda, Given, Route, Timed
from livegen.jam.timing.clock_sender import ClockSender
from livegen.jam.timing.conductor import Conductor, Leader
from livegen.jam.timing.metronome import Metronome
from livegen.jam.turns import Start, Turn
from livegen.music.beat import beats
from livegen.music.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    ChannelPressure,
    ControlChange,
    Cut,
    Message,
    NoteOff,
    NoteOn,
    Other,
    PitchBend,
    decode,
)
from livegen.music.parts import DRUM_CHANNEL, DRUMS, KEYS, LEAD, PARTS
from livegen.music.sync.transport import is_transport
from livegen.music.time.metre import COMMON_TIME, TICKS_PER_BEAT, Metre, told_metre, written
from livegen.music.time.timeline import Timeline, tempo_us

# Beats after which the beat is looked for again: who plays beside follows it, who is asked needs it at once.
_LOOKS, _LOOKS_SELDOM = {Turn.TOGETHER: 2.0, Turn.ASKED: 0.0}, 8.0

HORIZON_US = 30_000
CLICKS_FROM = 0.5  # probability that the tempo is right: less sure of it, nobody gets a click
SLICE_STEPS = 3  # events heard or planned between two looks at the keys
MOST_SHOWN = 64  # notes of what is planned

DEFAULT_RULES = {channel: "drums" if channel == DRUM_CHANNEL else KEYS for channel in range(16)}


@dataclass(frozen=True, slots=True)
class Wake:
    """Nothing happened but time."""


@dataclass(frozen=True, slots=True)
class Swap:
    """Another model was loaded: hear with it from the next bar line on."""

    model: Model


@dataclass(frozen=True, slots=True)
class Fitted:
    """The model was fitted to the player, and hears as it did: answer with these layers from the next bar line on."""

    model: Fittable
    layers: Layers


@dataclass(frozen=True, slots=True)
class Recall:
    """Somebody sits down whose playing of other days is known: from now on that is what is remembered."""

    memory: Memory
    lesson: Lesson | None = None


TAKE_UP = "take_up"  # the name of a `TakeUp` between processes, and in a journal


@dataclass(frozen=True, slots=True)
class TakeUp:
    """Go on with music that another engine played, in its bars: what was heard, each with its time and whose it is.

    `heard`: (micros, whether it was the model's, message), oldest first.  `place` is that in the chart, `phrases` are
    those that were kept, by name.
    """

    heard: tuple[tuple[int, bool, Message], ...]
    timeline: Timeline
    place: ChartPlace | None = None
    phrases: Mapping[str, KeptPhrase] = field(default_factory=dict)

    @staticmethod
    def of(told: Mapping[str, Any], now: int) -> "TakeUp":
        """What a process told in JSON that had it from the last one, as far as it had been played by then."""
        tempo_us, origin_us, bar = told["timeline"]
        heard = tuple(
            (at, bool(who), message)
            for at, who, *data in told["strokes"]
            if at <= now and (message := decode(bytes(data))) is not None
        )
        return TakeUp(
            heard,
            Timeline(tempo_us, origin_us, Metre(((0, bar),))),
            ChartPlace(*told["chart"]) if told.get("chart") else None,
            {name: KeptPhrase.of(kept) for name, kept in told.get("phrases", {}).items()},
        )


Event = Message | Command | Wake | Swap | Fitted | Recall | TakeUp


class Alarm(NamedTuple):
    """A time, micros, or None, and what happens then.  Before it has happened `when` may lie in the past."""

    when: Callable[[], int | None]
    ring: Callable[[list[Timed]], None]


class Job(NamedTuple):
    """Work that may be done from a time on, micros, or None; some takes a slice of its own.

    A job that `looks` is run in every slice, due or not.
    """

    when: Callable[[], int | None]
    work: Callable[[], None]
    takes_slice: bool = False
    looks: bool = False


class Outlet(NamedTuple):
    """A way by which messages leave the engine: when something is to be handed out, micros, and what is due soon."""

    when: Callable[[], int | None]
    hand_out: Callable[[int], list[Timed]]


class Engine:
    """A jam.  `routes` (by part) say where parts are sent, `rules` (0..15 to a rule of `music.parts`) how
    channels are heard; a channel without a rule is not.  `bindings` are those of `ControlMap`, `presets` controls by
    name of the preset.  When a phrase is asked for, `phrase_model` loads the phrase encoder, and `generator` the
    generator of phrases in a style, by codes of that encoder; both raise ModelError.

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
        macros: Mapping[str, object] | None = None,
        horizon_us: int = HORIZON_US,
        slice_steps: int = SLICE_STEPS,
        phrase_model: Callable[[], PhraseModel] | None = None,
        generator: Callable[[PhraseModel], Generator] | None = None,
    ) -> None:
        self._replies = Replies()
        self._notices = Notices()
        self._desk = Desk(settings or Settings(), bindings, presets, self._notices.say)
        by_part = {**dict(zip(PARTS, ROUTES, strict=True)), **(routes or {})}
        self._agenda = Agenda(tuple(by_part[part] for part in PARTS), horizon_us)
        self._ears = Ears(rules or DEFAULT_RULES, self._notices.say)
        metre = told_metre(self.settings.metre) or COMMON_TIME
        self._conductor = Conductor(self.settings.sync, metre, self._notices.say)
        self._listener = Listener(model, Timeline(tempo_us(beats.USUAL_BPM), metre=metre))
        self._ritard = Ritard(self._listener, self._conductor, self._desk)
        self._explaining = Explaining(self._replies, lambda: self.timeline)
        self._performer = Performer(
            self._agenda, self._listener, self._desk, self._explaining, seed, slice_steps
        )
        self._clock_sender = ClockSender(horizon_us)
        self._metronome = Metronome(self._agenda, self.timeline)
        self._turns = TurnTaking(
            self._listener,
            self._performer,
            self._ears,
            self._desk,
            between_turns=lambda: self._steering.take_over_presets(self._now),
        )
        self._held_keys = HeldKeys(
            self._ears, self._listener, self._performer, self._turns, self._desk, self._notices
        )
        self._steering = Steering(
            self._desk, self._listener, self._agenda, self._conductor, self._turns, self._replies
        )
        self._count_ins = CountIns(
            self._desk,
            self._conductor,
            self._listener,
            self._performer,
            self._turns,
            self._metronome,
        )
        self._cues = Cues(
            self._listener,
            self._performer,
            self._turns,
            self._steering,
            self._count_ins,
            self._replies,
            self._ritard,
        )
        self._desk.name_macros(macros)
        self._macros = Macros(lambda: self.settings, self._steering.put, lambda: self._desk.macros)
        self._phrases = PhraseGestures(
            PhraseBook(phrase_model, generator),
            self._listener,
            self._performer,
            self._turns,
            self._desk,
            self._replies,
        )
        self._commands = Commands(
            self._desk,
            self._conductor,
            self._performer,
            self._turns,
            self._steering,
            self._count_ins,
            self._cues,
            self._macros,
            self._explaining,
            self._replies,
            self._phrases,
        )
        self._slice_steps = slice_steps
        self._now = 0
        self._is_new = True  # nothing was fed: who leads the time was not asked
        self._jumps = 0
        self._alarms, self._jobs, self._outlets = self._tables()
        rows: list[Alarm | Job | Outlet] = [*self._alarms, *self._jobs, *self._outlets]
        self._whens = [row.when for row in rows]
        self._deadline: int | None = None  # as it was found last
        self._is_settled = False  # nothing has changed since
        self._steering.apply(None, None)

    def _tables(self) -> tuple[tuple[Alarm, ...], tuple[Job, ...], tuple[Outlet, ...]]:
        """All that happens by time alone, each table in its order."""
        desk, performer, steering = self._desk, self._performer, self._steering
        alarms = (
            Alarm(desk.map.deadline, lambda out: desk.map.look(self._now)),
            Alarm(self._agenda.falls_due, lambda out: self._fall_due()),
            Alarm(lambda: performer.rings_until, self._ring_out),
            Alarm(self._ears.deadline, self._let_up),
            Alarm(self._time_moves_at, self._keep_time),
            Alarm(self._ritard.deadline, self._keep_time),
            Alarm(self._listener.fitted_at, lambda out: self._listener.take_fitted()),
            Alarm(steering.presets_at, lambda out: steering.take_over_presets(self._now)),
            Alarm(self._moves_at, lambda out: self._macros.move(self.timeline, self._now)),
            Alarm(steering.varies_at, lambda out: steering.take_over_variation(self._now)),
            Alarm(self._settles_at, self._settle),
            Alarm(self._solos_from, lambda out: self._ask_for_solo()),
            Alarm(self._revoices_at, self._revoice),
            Alarm(lambda: self._listener.harmonist.ends_us, self._end_companions),
            Alarm(self._patience_ends, lambda out: self._turns.end_at_bar(self._now)),
            Alarm(self._loops_from, lambda out: performer.loop(self._now)),
            Alarm(performer.over_at, lambda out: self._turns.end()),
            Alarm(self._held_keys.hangs_at, lambda out: self._held_keys.tell()),
        )
        jobs = (
            Job(self._fits_from, self._fit, takes_slice=True),
            Job(self._hears_again, self._hear_again, takes_slice=True),
            Job(self._plan_from, self._plan),
            # The room that the player leaves changes with every note.
            Job(lambda: performer.plans_at(self._now), self._perform, looks=True),
            Job(lambda: self._listener.swap_at(self._now), self._prepare, looks=True),
        )
        outlets = (
            Outlet(performer.hands_out_at, performer.hand_out),
            Outlet(self._clock_sender.deadline, self._clock_sender.hand_out),
            Outlet(self._metronome.deadline, self._metronome.hand_out),
        )
        return alarms, jobs, outlets

    # --- the three verbs ------------------------------------------------------------------------------------------

    def remember(self, memory: Memory, lesson: Lesson | None = None) -> None:
        """Know what was played on other days, and nothing else."""
        self._is_settled = False
        self._turns.remember(memory, lesson)

    @property
    def memory(self) -> Memory:
        """All that is remembered of the player."""
        return self._listener.live.memory or Memory()

    @property
    def lesson(self) -> Lesson | None:
        """All that the model can learn from the player; None where it is not to adapt, or knows nothing but him."""
        live = self._listener.live
        is_wanted = self.settings.adapt == "on" and not live.guard.model.facts.learns
        return live.lesson if is_wanted else None

    def feed(self, event: Event, now: int) -> list[Timed]:
        """Take what happened at `now` (micros) and give messages due soon, in order.

        `now` should not decrease; where it does, it counts as the latest.  Never raises for any message,
        command or time.
        """
        self._now, was_new, self._is_new = max(now, self._now), self._is_new, False
        may_ring, self._is_settled = not self._is_settled or self._is_due(self._deadline), False
        out: list[Timed] = []
        if was_new:
            self._steering.apply(self.settings, self._now)
            self._keep_time(out)
        for alarm in self._alarms if may_ring else ():
            if self._is_due(alarm.when()):
                alarm.ring(out)
                out += self._performer.mix(self._now)
        match event:
            case Wake():
                pass
            case Command(
                "hears", [int(channel), str(rule)]
            ):  # of a room's players; no person asks for it
                self._ears.hear_by(channel, rule)
            case Command("ahead", int(horizon_us)):  # of a room, by the ways of its players
                self._agenda.horizon_us = self._clock_sender.horizon_us = horizon_us
            case Command("strained", bool(is_strained)):  # of the loop, by how late it is
                self._performer.is_strained = is_strained
            case Command():
                self._obey(event, out)
            case Swap(model):
                self._listener.offer(model, self._listener.style, self._now)
            case Fitted(model, layers):
                self._listener.fit_model(model, layers, self._now)
            case Recall(memory, lesson):
                self.remember(memory, lesson)
            case TakeUp():
                self._take_up(event, out)
            case _:
                self._receive(event, out)
        out += self._performer.mix(self._now)
        self._keep_time(out)
        self._work()
        self._click(out)
        for outlet in self._outlets:
            out += outlet.hand_out(self._now)
        return out

    def deadline(self) -> int | None:
        """Give the time, micros, to be woken at; None to rest until something happens.  At most now: work is left."""
        if self._is_new:
            return self._now
        if not self._is_settled:
            times = [at for when in self._whens if (at := when()) is not None]
            self._deadline, self._is_settled = min(times, default=None), True
        return self._deadline

    def _is_due(self, at: int | None) -> bool:
        return at is not None and at <= self._now

    def _work(self) -> None:
        """Do at most a slice of what is to be done, the most urgent first."""
        for job in self._jobs:
            if job.looks or self._is_due(job.when()):
                job.work()
                if job.takes_slice:
                    return

    def snapshot(self) -> dict[str, object]:
        """The state of the jam for a status line and the page."""
        timeline, live = self.timeline, self._listener.live
        sheet = self._listener.harmony.sheet
        place = timeline.metre.place(timeline.tick(self._now))
        return {
            "model": live.guard.model.facts.name,
            "turn": self._turns.turn.shown,
            "turns": self._listener.calls,
            "mode": self.settings.mode,
            "leader": self._conductor.leader.value,
            "tempo_bpm": round(self._shown_bpm, 1),
            "beat": place.position // TICKS_PER_BEAT + 1,
            "tempo_sure": self._tempo_sure,
            "metre": written(timeline.metre),
            "timeline": [timeline.tempo_us, timeline.origin_us, place.bar],
            **self._listener.harmony.snapshot(timeline, self._now),
            "cue": self._cues.pending(self._now),
            "held": len(self._ears.held),
            "waits_for": sorted({pitch for _, pitch in self._held_keys.awaited}),
            "rest_at": self._rest_at,
            "coming": self._turns.is_coming,
            "channels": {str(at + 1): how for at, how in sorted(self._ears.heard_as.items())},
            "sounding": len(self._agenda.sounding),
            "planned": self._agenda.waiting,
            "heard": live.heard,
            "late": self._agenda.late,
            "hurried": self._performer.hurried,
            "faults": live.guard.faults,
            "preset": self._desk.preset_in_force,
            "macros": self._macros.snapshot(),
            "phrases": self._phrases.book.snapshot(),
            "memo": {
                "chart": sheet.told(self._now) if sheet else None,
                "phrases": dict(self._phrases.book.told),
            },
            "remembered": len(self.memory),
            "reply": self._replies.snapshot(),
            "why": self._explaining.told,
            "learning": self._desk.map.learning,
            "map": self._desk.map.bindings,
            "controls": {name: getattr(self.settings, name) for name in CONTROLS},
        }

    @property
    def _shown_bpm(self) -> float:
        """The tempo of what is played; between turns in free time that of the next, where it was told or tapped."""
        fixed = self._listener.fixed_us if self._listener.is_free else None
        is_idle = self._turns.call is None and self._performer.plan is None
        return 60e6 / fixed if fixed and is_idle else self.timeline.bpm

    @property
    def _tempo_sure(self) -> float:
        """The probability that the tempo is right: 1 where it is told, 0 where nothing was heard that tells it."""
        is_told = not self._listener.is_free or self._listener.fixed_us is not None
        return 1.0 if is_told else round(self._listener.tempo_sure, 2)

    @property
    def _rest_at(self) -> int | None:
        """The end of the call if nothing more is played, micros; None between calls."""
        call = self._listener.call
        return starts.call_over(call, self.settings, self.timeline) if call else None

    def watch(self, is_watched: bool) -> None:
        """Know that a page is open, or that none is any more.  Nothing that is played depends on it."""
        self._listener.surprise.watch(is_watched)
        self._explaining.watch(is_watched)

    def ponder(self) -> bool:
        """Do a little of what only pages show, at most one run of the network; True while there is more.

        Why a note was played goes before how surprising the last ones were.
        """
        explaining, surprise = self._explaining, self._listener.surprise
        (explaining if explaining.has_work else surprise).work()
        return explaining.has_work or surprise.has_work

    def explain(self, due: int, channel: int, pitch: int) -> str:
        """Tell why a note was played that was sent then and there, worked out at once; "" where that is not known."""
        if self._explaining.ask([due, channel, pitch]) is not None:
            return ""
        while self._explaining.has_work:
            self._explaining.work()
        return self._explaining.line

    def outlook(self) -> dict[str, object]:
        """More for the page: notes to come, how surprising the last ones were, the styles of the model."""
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
        """The map between beats and time by which the model plays."""
        return self._listener.live.timeline

    @property
    def sheet(self) -> LeadSheet | None:
        """The chart in force, as it lies on the timeline."""
        return self._listener.harmony.sheet

    @property
    def timeline_since(self) -> int:
        """The time, micros, from which the timeline is valid: a call is heard again once its beat is found."""
        call = self._turns.call
        return call.strokes[0][0] if call and call.strokes and self._listener.is_free else self._now

    @property
    def decided(self) -> tuple[int, int] | None:
        """From which tick on it was planned after what was heard last, and before which tick all is decided.

        None while nothing is planned.
        """
        return self._performer.decided

    @property
    def auditions(self) -> list[Audition]:
        """The responses among which the last choice was."""
        return self._performer.auditions

    def question(self) -> Question | None:
        """The question to the critic about the last choice; None where it knows nothing of it."""
        call = self._turns.call
        return self._performer.question(call) if call else None

    @property
    def taken(self) -> tuple[Taken, ...]:
        """The last turns that the model took, oldest first."""
        return tuple(self._performer.taken)

    def notices(self) -> list[str]:
        """Lines for the person that came up since the last time, unasked."""
        return self._notices.take()

    @property
    def is_hasty(self) -> bool:
        """True while the answer to a key may be due at once, and not on a bar line or a beat to come."""
        mode = self._performer.mode
        return mode.is_beside or mode.has_companions or self.settings.start == "now"

    def keep_warm(self) -> None:
        """Run the model on nothing, so that the next event finds its weights in the caches."""
        self._listener.live.guard.model.keep_warm()

    # --- time -----------------------------------------------------------------------------------------------------

    def _fall_due(self) -> None:
        """Hear all that was handed out and is due: now it has sounded."""
        for given in self._agenda.fall_due(self._now):
            self._sound(given)

    def _sound(self, given: Given) -> None:
        if given.is_planned and given.stroke.velocity:
            self._turns.begin(given.at)
        if not given.is_silent:
            self._performer.hear(given.struck)
            if given.stroke.velocity:
                self._explaining.sounded(given, self._performer.settled)
        self._performer.record(given)

    def _ring_out(self, out: list[Timed]) -> None:
        """End the notes of a response that gave way when it had only just begun."""
        out += self._performer.ring_out(self._now)

    def _let_up(self, out: list[Timed]) -> None:
        """Take keys and pedals for released that were down for too long."""
        for struck in self._ears.overdue(self._now):
            self._hear(struck, out)

    def _keep_time(self, out: list[Timed]) -> None:
        """Go by the timeline of the leader; a jump makes void what was planned."""
        conductor = self._conductor
        conductor.look(self._now)
        timeline = self._ritard.bent(conductor.timeline, self._now)
        jumped = conductor.jumps != self._jumps
        self._jumps = conductor.jumps
        leader = conductor.leader
        self._listener.led(leader is Leader.FREE, self._fixed_us, leader is Leader.CLOCK)
        if jumped:
            self._metronome.stop()
            self._turns.jump(timeline, self._now, out)
        else:
            running = timeline or self._listener.told_bars(self._now)
            if running is not None and self._listener.go_by(running):
                self._turns.plan_again(self._now)
        sends = self.settings.clock_out == "on" and leader in (Leader.INTERNAL, Leader.LINK)
        out += self._clock_sender.follow(timeline if sends else None, self._now, jumped)

    def _time_moves_at(self) -> int | None:
        """Give the time, micros, at which to go by the leader anew."""
        has_jumped = self._conductor.jumps != self._jumps
        return self._now if has_jumped else self._conductor.deadline()

    @property
    def _fixed_us(self) -> int | None:
        """The tempo in free time where it is not found in what is played."""
        tempo = self.settings.tempo
        return self._conductor.idle_tempo_us if isinstance(tempo, str) else tempo_us(tempo)

    def _click(self, out: list[Timed]) -> None:
        """Let the click go by the beat of now: with the music where that is asked for, once its tempo is known."""
        if any(isinstance(it.message, Cut) and not it.message.keys for it in out):
            self._metronome.cut(self._now)
        is_wanted = self.settings.click == "on" and self._turns.turn is not Turn.WAITING
        is_sure = self._tempo_sure >= CLICKS_FROM and not self._conductor.is_stopped
        self._metronome.follow(self.timeline, self._now, is_wanted and is_sure)

    def _moves_at(self) -> int | None:
        """Give the time, micros, at which a macro moves something; it stands still while the DAW's clock does."""
        return None if self._conductor.is_stopped else self._macros.deadline()

    def _settles_at(self) -> int | None:
        """Give the time, micros, at which the chord that is played beside is looked at again."""
        mode, turn, harmony = self._performer.mode, self._turns.turn, self._listener.harmony
        if mode.has_companions:
            return harmony.settles_us
        goes_by_it = turn is Turn.TOGETHER or (mode.plays_over and turn is Turn.RESPONDING)
        return (harmony.lands_us or harmony.settles_us) if goes_by_it else None

    def _revoices_at(self) -> int | None:
        """Give the time, micros, of the chart's next chord under a note of the melody that has companions."""
        return self._listener.harmonist.revoices_us if self._performer.mode.has_companions else None

    def _revoice(self, out: list[Timed]) -> None:
        """Give that note the companions of the chord."""
        out += self._listener.harmonist.revoice(self._agenda, self._now)

    def _end_companions(self, out: list[Timed]) -> None:
        """End the companions of a note that was too short for them."""
        out += self._listener.harmonist.end_late(self._agenda, self._now)

    def _settle(self, out: list[Timed]) -> None:
        """Plan anew where the player's chord is another, and give the melody's note other companions."""
        has_changed = self._listener.harmony.settle(self.timeline, self._now)
        if self._performer.mode.has_companions:
            self._revoice(out)
        elif has_changed and self._turns.turn is Turn.RESPONDING and self._turns.call:
            self._performer.go_along(self._turns.call, self._now)
        elif has_changed:
            self._performer.plan_anew(self._now)

    def _patience_ends(self) -> int | None:
        """Give the time, micros, at which the model has gone on for long enough beside a player who is silent."""
        is_playing_on = self._performer.plan and not self._performer.is_ending()
        if self._turns.turn is not Turn.TOGETHER or not is_playing_on:
            return None
        call = self._listener.call
        # A band that was counted in plays until it is told to stop, or is left alone by who played with it.
        active_us = call.phrase.active_us if call else 0
        since = self._now if self._ears.held or not active_us else active_us
        return starts.patience_over(self.timeline, since)

    def _loops_from(self) -> int | None:
        """Give the time, micros, at which the repetition of the response is planned."""
        return self._performer.loops_from() if self._turns.turn is Turn.LOOPING else None

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
                    self._hear(struck, out)
            case PitchBend() | ChannelPressure():
                self._ears.express(message, self._now)
            case Other(data) if is_transport(data):
                self._conductor.message(data, self._now)

    def _key_down(self, note: NoteOn, out: list[Timed]) -> None:
        happening = self._turns.key_happening(self._now)
        self._held_keys.strike((note.channel, note.pitch))
        struck = self._ears.down(note, self._now)
        if struck is not None:
            begins_bars = self._begin_bar_one(out)
            if not self._is_accompanied(struck):
                self._turns.key(happening, self._now, out)
            if begins_bars and self._listener.call:
                self._listener.call.lays_bars = self._waits_for_rest
            self._hear(struck, out)
            self._count_ins.heed(self._now, out)

    def _begin_bar_one(self, out: list[Timed]) -> bool:
        """The first note after a long silence is on the one of our own time, for nobody has heard where that is.

        True if it is; then the notes after it may tell where the one was.
        """
        is_heard = self.settings.clock_out == "on" or self._listener.call is not None
        if is_heard or not self._listener.is_silent_long(self._now):
            return False
        has_begun = self._conductor.begin_bar(self._now)
        self._keep_time(out)
        return has_begun

    @property
    def _waits_for_rest(self) -> bool:
        """Nothing of ours is heard before the call is over: neither a click nor turns that change by the bar."""
        return self._performer.mode.start is Start.REST and self.settings.click == "off"

    def _is_accompanied(self, struck: Struck) -> bool:
        """The player accompanies the response, which goes on, or comes as it was planned."""
        turn, plan = self._turns.turn, self._performer.plan
        is_playing = turn is Turn.RESPONDING or (turn is Turn.ASKED and plan is not None)
        return self._performer.mode.plays_over and is_playing and struck.part != LEAD

    def _solos_from(self) -> int | None:
        """Give the time, micros, to ask for a solo over chords that go on without a rest: early for its bar line."""
        call = self._listener.call
        waits = self._turns.turn is Turn.LISTENING and self._performer.plan is None
        if call is None or not waits or not self._performer.mode.plays_over:
            return None
        if not call.phrase.onsets_us or LEAD in call.lately(
            starts.patience_us(self.timeline, self._now)
        ):
            return None
        start = starts.solo(call, self.timeline, self._now)
        return self.timeline.micros(start) - starts.lead_us(self.settings) - starts.FORESEE_US

    def _ask_for_solo(self) -> None:
        call = self._listener.call
        if call and self._turns.hand_over(call):
            call.start = starts.solo(call, self.timeline, self._now)

    def _key_up(self, note: NoteOff, out: list[Timed]) -> None:
        before = len(self._ears.held)
        struck = self._ears.up(note, self._now)
        if len(self._ears.held) < before:
            self._listener.key_up(self._now)
        if struck is not None:
            if self._turns.turn is Turn.TOGETHER:
                self._performer.plan_anew(self._now, Doubt.WAITS)
            self._hear(struck, out)

    def _hear(self, struck: Struck, out: list[Timed]) -> None:
        """Hear a stroke of the player's, and begin or end its companions."""
        harmonist = self._listener.harmonist
        self._listener.hear(struck)
        if not struck.velocity:
            out += harmonist.leave(struck, self._agenda, self._now)
            return
        self._explaining.heard(struck)
        if self._turns.turn is Turn.TOGETHER:
            self._listener.settle_beat(self._now)
        if self._performer.mode.has_companions:
            self._listener.harmony_at(self._now)
            out += harmonist.join(struck, louder(self.settings), self._agenda, self._now)

    def _obey(self, command: Command, out: list[Timed]) -> None:
        if command.name in ("stop", "panic"):
            self._stop_on_command(command.name, out)
        else:
            self._commands.obey(command, self._now, out)

    def _stop_on_command(self, name: str, out: list[Timed]) -> None:
        """Stop or panic, and the reply to it."""
        is_idle = self._turns.turn is Turn.WAITING
        sounds = self._agenda.sounding or self._ears.sounding or self._metronome.counts
        was_silent = is_idle and not sounds
        self._stop(out, certainly=True)
        stopped = Reply.NOTHING_TO_STOP if was_silent else Reply.STOPPED
        self._replies.give(name, Reply.PANICKED if name == "panic" else stopped)

    def _stop(self, out: list[Timed], certainly: bool) -> None:
        """Release the player's keys, silence the model, forget the call; `certainly` cuts even where all is silent."""
        for struck in self._ears.release(self._now):
            self._hear(struck, out)
        self._metronome.stop()
        if certainly:
            self._listener.harmony.let_go(self.timeline.tick(self._now))
            self._listener.harmony.stop()
            self._listener.doubt_count()
        if not self._turns.stop(self._now, out) and certainly:
            out.append(Timed(self._now, Cut()))

    # --- work, in slices ------------------------------------------------------------------------------------------

    def _fits_from(self) -> int | None:
        """Give the time, micros, at which to look for the beat of the call; None while no note of it is new."""
        call = self._listener.call
        if call is None or not call.unfitted or self._ritard.is_on:
            return None
        over = starts.call_over(call, self.settings, self.timeline)
        apart = _LOOKS.get(self._turns.turn, _LOOKS_SELDOM)
        ahead_us = starts.ahead_us(call, self.settings)
        return self._listener.fit_from(call, over, bool(self._ears.held), apart, ahead_us)

    def _fit(self) -> None:
        call = self._listener.call
        if call is None:
            return
        sure = beats.BESIDE if self._turns.turn is Turn.TOGETHER else beats.ALONE
        self._listener.fit(call, self._now, sure)
        if call.lays_bars:
            bars = beats.bars_of(call.phrase.played(self._now), self.timeline)
            if bars != self.timeline:
                self._conductor.begin_bar(bars.origin_us)

    def _hears_again(self) -> int | None:
        call = self._listener.call
        return self._now if call and call.again else None

    def _hear_again(self) -> None:
        """Hear the call on the beat that was found for it; what was planned on the old one is void."""
        call, before = self._listener.call, self.timeline
        if call and call.again and self._listener.hear_again(call, call.again, self._slice_steps):
            self._performer.forget()
            if self._turns.turn is Turn.TOGETHER:
                self._performer.retimed(before)
                self._steering.wait_for_bar(self._now)

    def _plan_from(self) -> int | None:
        """Give the time, micros, from which on planning may begin; None while it may not."""
        call = self._turns.call
        if call is None or self._performer.is_planned or call.again or self._conductor.is_stopped:
            return None
        # Who plays beside goes by the beat so far.
        if call.unfitted and self._turns.turn is not Turn.TOGETHER:
            return None
        counts_until = self._count_ins.until_us(self._now)
        match self._turns.turn:
            case Turn.TOGETHER:
                return counts_until or self._conductor.leads_by or self._now
            case Turn.ASKED | Turn.ANEW:
                return self._now
            case Turn.LISTENING:
                ends = self._held_keys.call_ends(call)
                begin = starts.plan_from(call, self.settings, self.timeline, self._now, ends)
                return begin if begin is None else max(begin, counts_until or begin)
            case _:
                return None

    def _plan(self) -> None:
        call = self._turns.call
        if call and self._turns.turn is Turn.TOGETHER:
            self._performer.go_along(call, self._now)
        elif call:
            self._performer.answer(call, self._now, self._turns.is_asked)

    def _perform(self) -> None:
        self._performer.work(self._turns.call, self._now)

    def _take_up(self, music: TakeUp, out: list[Timed]) -> None:
        """Go on with music of another engine: a player's notes count as the lead, for nobody knows his hands yet.

        What still sounds there ends: nobody here will hear its end.
        """
        ours = {route.channel: part for part, route in enumerate(self._agenda.routes)}
        strokes, sounding = list[Struck](), dict[tuple[int, int, bool], Struck]()
        for at, is_ours, message in music.heard:
            match message:
                case NoteOn(pitch, velocity, channel):
                    pass
                case NoteOff(pitch, channel=channel):
                    velocity = 0
                case _:
                    continue
            is_drum = channel == DRUM_CHANNEL
            part = ours.get(channel, LEAD) if is_ours else DRUMS if is_drum else LEAD
            strokes.append(Struck(at, part, pitch, velocity, is_ours))
            sounding.pop((part, pitch, is_ours), None)
            if velocity:
                sounding[part, pitch, is_ours] = strokes[-1]
        strokes += [struck._replace(at=self._now, velocity=0) for struck in sounding.values()]
        self._phrases.take_up(music.phrases)
        if strokes:
            self._take_up_time(music.timeline, out)
            self._listener.take_up(strokes, music.timeline, self._now)
            self._take_up_place(music)

    def _take_up_time(self, timeline: Timeline, out: list[Timed]) -> None:
        """Let a time of our own have bars that are told, unless somebody has played by it."""
        if self._conductor.leader is Leader.INTERNAL and not self._listener.has_begun:
            line = timeline.bar_from(timeline.tick_from(self._now)) - timeline.metre.place(0).bar
            self._conductor.set_internal(timeline.tempo_us, timeline.micros(line), is_downbeat=True)
            self._keep_time(out)

    def _take_up_place(self, music: TakeUp) -> None:
        """Go on in the chart, where the bars are those that were told."""
        sheet, timeline = self._listener.harmony.sheet, self._listener.live.timeline
        line = timeline.metre.place(timeline.tick(music.timeline.origin_us))
        if (
            sheet
            and music.place
            and timeline.tempo_us == music.timeline.tempo_us
            and not line.position
        ):
            sheet.take_up(music.place, timeline, self._now)

    def _prepare(self) -> None:
        """Let another model hear some of what it missed; where it may, it takes over."""
        if self._listener.prepare(self._slice_steps) and self._may_swap():
            self._succeed()

    def _may_swap(self) -> bool:
        """Tell whether models may be changed now: on a bar line, or while the model is silent."""
        return self._agenda.is_empty or self._is_due(self._listener.swap_at(self._now))

    def _succeed(self) -> None:
        """The other model takes over; states of the old one mean nothing to it."""
        self._listener.succeed(self._listener.style)
        if self._turns.answered:
            self._turns.answered.forget_strokes(self._listener.live.copy())
        self._steering.set_style()
        self._performer.taken.clear()
        self._turns.plan_again(self._now)
