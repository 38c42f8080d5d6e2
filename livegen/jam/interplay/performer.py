"""All that is played: the plan, the response that it becomes, and the turns that were taken.

Plans in slices, hands out what is due soon, goes on from what has sounded when things change.  Knows the agenda and
what was heard; knows no turns: it is told when to answer, to go along, to repeat and to be silent.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from livegen.codec.encoder import Stroke
from livegen.codec.layout import STYLE_UNKNOWN_NAME
from livegen.jam.band.circles import SAME, SAME_CHORD, same_of
from livegen.jam.band.drummer import Drummer
from livegen.jam.band.theme import Point
from livegen.jam.band.voicings import MOST_VOICES, in_chords
from livegen.jam.controls.controls import Settings
from livegen.jam.controls.desk import Desk
from livegen.jam.controls.mixer import gains
from livegen.jam.harmony.outline import Ahead
from livegen.jam.hearing.hearing import Hearing
from livegen.jam.interplay import starts
from livegen.jam.interplay.calls import Call, Gesture, Response, Taken
from livegen.jam.interplay.choice import Audition, Question, asked, chosen, worth
from livegen.jam.interplay.drums_beside import DrumsBeside
from livegen.jam.interplay.listener import Listener
from livegen.jam.interplay.plan import BESIDE_US, Doubt, Plan
from livegen.jam.interplay.taken_up import (
    latest,
    leading,
    line_of_call,
    root_of,
    struck_in_chords,
    theme_of_call,
)
from livegen.jam.phrases.fitting import fit_for
from livegen.jam.phrases.phrase_book import KeptPhrase, begins_at, rendition
from livegen.jam.phrases.rendition import Rendition
from livegen.jam.phrases.singer import Singer, Singing
from livegen.jam.planning.brief import (
    Brief,
    brief_for,
    for_drums,
    in_style,
    onsets,
    parts,
    room,
    unmeasured,
)
from livegen.jam.planning.candidate import Candidate
from livegen.jam.planning.density import LONGEST_SILENCE, longest_rest
from livegen.jam.planning.ensemble import Ensemble
from livegen.jam.planning.own_notes import STRUCK
from livegen.jam.planning.planner import EIGHTH, Rollout
from livegen.jam.planning.repeating import Loop
from livegen.jam.reports.explaining import Explaining
from livegen.jam.reports.reasons import Cause
from livegen.jam.struck import Struck
from livegen.jam.timing.agenda import Agenda, Coming, Given, Timed
from livegen.jam.turns import MODES, Chords, Mode
from livegen.music.drums.drum_bars import KICK
from livegen.music.keys.key import Key
from livegen.music.melody.leads import lines_of
from livegen.music.melody.phrase import Phrase
from livegen.music.messages import Cut
from livegen.music.parts import BASS, DRUMS, LEAD, PITCHED
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.swing import STRAIGHT, heard_swing, swung, usual_swing
from livegen.music.time.timeline import Timeline
from livegen.music.words.word_rhythm import WordRhythm

LOOP_AHEAD_US = 100_000  # before a response ends its repetition is planned, so that no beat is lost
SUPPOSED = 2 * TICKS_PER_BEAT  # for so long what others play is supposed
REMEMBERED = 8  # turns that can be taken back
# Who plans so late (a machine that slept) begins anew where the music is by now.
BEHIND_US = 1_000_000
LEAST_US = 100_000  # of a note of an answer: a shorter one is hardly heard
HEARD_DRUMS = 64  # strokes of a call that its answer on the drums goes by
HEARD_PITCHED = 128  # and those, ends of notes too, that other parts beside them go by


class Performer:
    """`plan` is what is being played or will be, None while there is nothing; `response` what was played last.

    `enters` is the tick before which nothing is played beside the player, None without a count-in.  `taken` are the
    turns that were taken, oldest first; `hurried` counts choices made before all was planned; `auditions` are the
    responses among which the last choice was; `rings_until` is when the notes end, micros, that a response had only
    just begun when it gave way.  While it `is_strained`, for the machine is too slow, it plans one response to a call,
    in small slices.
    Threads: loop only.
    """

    def __init__(
        self,
        agenda: Agenda,
        listener: Listener,
        desk: Desk,
        explaining: Explaining,
        seed: int,
        slice_steps: int,
    ) -> None:
        self.plan: Plan | None = None
        self.response: Response | None = None
        self.enters: int | None = None
        self.taken: deque[Taken] = deque(maxlen=REMEMBERED)
        self.hurried = 0
        self.is_strained = False
        self.auditions: list[Audition] = []
        self.rings_until: int | None = None
        self._ringing: tuple[tuple[int, int], ...] = ()
        self._heard_swing = STRAIGHT  # of the call that is answered or gone along with
        self._mixed: Settings | None = None  # the settings by which the agenda was mixed
        self._agenda, self._listener, self._desk = agenda, listener, desk
        self._explaining = explaining
        self._seed, self._slice_steps = seed, slice_steps
        self.drums = DrumsBeside(listener, desk, seed)

    @property
    def repeats(self) -> bool:
        """True while a repetition is played."""
        return self.plan is not None and self.plan.repeats

    @property
    def settled(self) -> Cause | None:
        """The cause of all that is played now, where it is no answer: a repetition, a phrase of a gesture, words."""
        if self.repeats:
            return Cause.REPEAT
        match self.plan and self.plan.rendition:
            case Rendition():
                return Cause.PHRASE
            case Singer():
                return Cause.WORDS
        return None

    @property
    def mode(self) -> Mode:
        """The mode that is set."""
        return MODES[self._desk.settings.mode]

    @property
    def is_planned(self) -> bool:
        """True while there is a plan, and nothing has happened since that it may have to answer to."""
        return self.plan is not None and self.plan.doubt is Doubt.NONE

    @property
    def last_call(self) -> Call | None:
        """The call of the last turn that was taken."""
        return self.taken[-1].call if self.taken else None

    @property
    def _timeline(self) -> Timeline:
        return self._listener.live.timeline

    def place(self, tick: int) -> int:
        """Give the time, micros, of a tick: of a rendition by the timeline, else swung, off as planned."""
        if self.plan and self.plan.rendition:
            return self._timeline.micros(tick)
        shift = self.plan.shift_us if self.plan else 0
        return self._timeline.micros(swung(tick, self._swing)) + shift

    @property
    def _swing(self) -> float:
        """Percent of a beat that its first eighth takes: as told, as is usual in the style, or as the player swings."""
        swing, style = self._desk.settings.swing, self._listener.style
        if swing != "auto":
            return float(swing)
        near = self._usual_swing(style.near)
        return near + style.share * (self._usual_swing(style.far) - near) if style.share else near

    def _usual_swing(self, style: str) -> float:
        return self._heard_swing if style == STYLE_UNKNOWN_NAME else usual_swing(style)

    # --- what has sounded -----------------------------------------------------------------------------------------

    def begin(self, call: Call, start: int, at: int) -> None:
        """A turn is taken: the first note of the response is due, or the player begins what is gone along with."""
        self.response = Response(start, at)
        self.drums.begin()
        self.taken.append(Taken(call, self._listener.live.copy(), self.response, start))

    def record(self, given: Given) -> None:
        """A note of the response has sounded; a repetition is none."""
        response = self.response
        if response is None or not given.is_planned:
            return
        response.ended_us = given.at
        if not self.repeats:
            response.strokes.append(given.stroke)

    def retimed(self, before: Timeline) -> None:
        """The beat was found to be elsewhere while we play along."""
        self.drums.forget()
        if self.response is not None:
            self.response.retime(before, self._timeline)

    def over_at(self) -> int | None:
        """The time, micros, at which all that was planned will have been played; None while some of it waits."""
        return self.plan.end_us if self.plan and self._agenda.is_empty else None

    @property
    def decided(self) -> tuple[int, int] | None:
        """From which tick on it was planned after what was heard last, and before which tick all is decided."""
        players = self.plan.players if self.plan else ()
        if self.plan is None or self.plan.chosen is None or not players:
            return None
        return min(player.brief.start for player in players), self.plan.chosen.frontier

    def is_ending(self) -> bool:
        """True if the plan has an end."""
        return self.plan is not None and self.plan.end is not None

    # --- what to play ---------------------------------------------------------------------------------------------

    def answer(self, call: Call, now: int, is_asked: bool) -> None:
        """Plan a response to a call that has ended, or several to choose from; at once if the player asked for it."""
        if isinstance(call.gesture, WordRhythm):
            self.plan = self._sung(call, call.gesture, now)
            return
        if call.gesture and (source := call.gesture.source()):
            self.plan = self._rendered(call, source, call.gesture, now)
            return
        start = starts.start_of(call, self._desk.settings, self._timeline, now, is_asked)
        brief = self._brief(call, start.tick, now)
        live = self._listener.live
        # What begins at this very moment keeps to no line, and has no time for it.
        heard = live if start.shift_us else live.on_line(start.tick)
        if brief.parts[DRUMS] and sum(brief.parts) > 1:
            chosen: Candidate = self._rhythm_section(call, brief, heard.copy())
            self.plan = Plan(
                [], start.tick, start.sent_us, start.shift_us, chosen, heeds_us=start.heeds_us
            )
            return
        rollouts = [
            self._rollout(heard.copy(), brief, self.chance(call, candidate))
            for candidate in range(
                1 if self.is_strained else starts.auditions(brief, start.sent_us, now)
            )
        ]
        only = rollouts[0] if len(rollouts) == 1 else None
        self.plan = Plan(
            rollouts, start.tick, start.sent_us, start.shift_us, only, heeds_us=start.heeds_us
        )

    def _rendered(self, call: Call, source: KeptPhrase, gesture: Gesture, now: int) -> Plan:
        """The phrase that a gesture makes, from the next bar line on that its first note can be played with."""
        timeline = self._timeline
        earliest = timeline.tick_from(now + starts.SOON_US + starts.lead_us(self._desk.settings))
        start = begins_at(source, earliest, timeline.metre)
        brief = self._brief(call, start, now)
        made = gesture.make(source, fit_for(brief, source.part, start, source.phrase.steps))
        played = rendition(made, start, earliest)
        first = max(start, earliest)
        sent_us = timeline.micros(first) - starts.lead_us(self._desk.settings)
        return Plan([], first, sent_us, chosen=played)

    def _sung(self, call: Call, rhythm: WordRhythm, now: int) -> Plan:
        """Words to a tune, from the next bar line on before which there is time for their upbeat."""
        timeline = self._timeline
        earliest = timeline.tick_from(now + starts.SOON_US + starts.lead_us(self._desk.settings))
        upbeat = rhythm.notes[0].start
        line = timeline.bar_from(earliest - min(0, upbeat))
        brief = self._brief(call, line, now)
        key = self._listener.harmony_at(now).key(now) or call.phrase.key or Key(0, "major")
        scale = frozenset(int(pitch) % 12 for pitch in np.flatnonzero(brief.pitches[LEAD]))
        singing = Singing(key, scale, line, brief.temperature, brief.nucleus, brief.memory)
        heard = self._listener.live.on_line(line + upbeat)
        heard.lie_by(line + upbeat)
        singer = Singer(heard, rhythm, singing, self.chance(call, 0))
        sent_us = timeline.micros(line + upbeat) - starts.lead_us(self._desk.settings)
        return Plan([], line + upbeat, sent_us, chosen=singer)

    def _rhythm_section(self, call: Call, brief: Brief, heard: Hearing) -> Ensemble:
        """Drums and other parts answer together, by two rollouts: each has heard of the call what it plays itself.

        Beside drums the network hardly expects a bass.
        """
        drums = [struck for struck in call.strokes if struck.part == DRUMS and struck.velocity]
        pitched = [struck for struck in call.strokes if struck.part != DRUMS]
        drummer = Hearing.fresh(heard.guard, heard.timeline, heard.style)
        player = Hearing.fresh(heard.guard, heard.timeline, heard.style)
        for struck in drums[-HEARD_DRUMS:]:
            drummer.hear(struck)
        for struck in pitched[-HEARD_PITCHED:]:
            player.hear(struck)
        others = replace(brief, parts=(*brief.parts[:DRUMS], False))
        together = [part for part in PITCHED if brief.voicings[part]]
        share = len(drums) / max(1, onsets(call.phrase, together))
        if brief.pace is not None:
            others = replace(others, pace=brief.pace * (1 - share))
            brief = replace(brief, pace=brief.pace * share)
        return Ensemble(
            [
                self._rollout(player, others, self.chance(call, 0)),
                self._rollout(drummer, for_drums(brief), self.chance(call, 1)),
            ]
        )

    def go_along(self, call: Call, now: int) -> Plan:
        """Play on beside the player, whatever he has just played.

        What is planned up to the next eighth stands, unless a chord begins now: that is struck at once.
        """
        earliest = self._timeline.tick_from(now + 1)
        start = earliest if self.enters is None else max(earliest, self.enters)
        ahead = self._listener.harmony_at(now).ahead(start, self._timeline, now)
        plays = parts(call.phrase, self._desk.settings, self.mode)
        is_struck = ahead.is_new and any(plays[part] for part in STRUCK)
        stands = earliest if is_struck else self._stands(earliest)
        plan = self.plan
        if plan and plan.goes_on_at and not is_struck:
            if plan.doubt is Doubt.WAITS:
                stands = self._stands(self._timeline.tick_from(now + self._early_us + 1))
            if now < self._goes_on_at(stands):
                # There is time yet, and until then more may be heard.
                plan.doubt, plan.stands_to = Doubt.NONE, stands
                return plan
        plan = self.go_on(call, now, None, stands, ahead)
        plan.goes_on_at = self._goes_on_at
        return plan

    def _stands(self, earliest: int) -> int:
        """The tick up to which what is planned stands, if it is planned anew from a tick on: behind the next eighth."""
        position, bar = self._timeline.metre.place(earliest)
        return earliest + min(-position % EIGHTH, -position % bar) + 1

    def _goes_on_at(self, frontier: int) -> int:
        """Give the time, micros, at which more is planned than up to a tick: when that would no longer stand.

        What lies further ahead would be thrown away at the next key.
        """
        line = frontier - 1 - self._timeline.metre.place(frontier - 1).position % EIGHTH
        return self._timeline.micros(line) - self._early_us

    @property
    def _early_us(self) -> int:
        """The time, micros, by which what is played beside the player is planned before it is due."""
        return self._agenda.horizon_us + starts.lead_us(self._desk.settings) + BESIDE_US

    def go_on(
        self,
        call: Call,
        now: int,
        end: int | None,
        stands: int | None = None,
        ahead: Ahead = Ahead(),  # noqa: B008  a value
    ) -> Plan:
        """Play from now to tick `end`, with what has sounded and what was handed out taken as they are, and
        also what is planned for before tick `stands`; `ahead` says which chords are struck and waited for.
        """
        timeline, played = self._timeline, self.plan
        start = timeline.tick_from(now + 1)
        self._agenda.forget() if stands is None else self._agenda.forget_from(stands)
        coming = [
            given.stroke._replace(tick=timeline.tick(given.at)) for given in self._agenda.coming
        ]
        settled = [*coming, *self._agenda.planned]
        ticks = (stands, self.enters, *(stroke.tick for stroke in settled))
        start = max([start, *(tick for tick in ticks if tick is not None)])
        brief, strikes = self._brief(call, start, now), tuple(ahead.strikes)
        if brief.last:
            end = brief.end if end is None or brief.end is None else min(end, brief.end)
            before = (strike for strike in strikes if strike.tick < brief.last.tick)
            strikes = (*before, brief.last) if start <= brief.last.tick else ()
        brief = replace(brief, end=end, strikes=strikes, waits=tuple(ahead.waits))
        chosen = self._together(call, brief, settled, now)
        shift = played.shift_us if played else 0
        began = played.start if played else start
        heeds = played.heeds_us if played else 0
        sent_us = timeline.micros(start) + shift
        self.plan = Plan([], began, sent_us, shift, chosen, heeds_us=heeds)
        return self.plan

    def _together(self, call: Call, brief: Brief, settled: Sequence[Stroke], now: int) -> Candidate:
        """All parts in one rollout; beside a player the drums in one of their own."""
        if not self.mode.is_beside:
            return self._going_on(call, brief, self._heard(call, brief, now), settled)
        drummer = self._drummer(call, brief, now)
        if self._listener.guesses_beat and any(brief.parts[:DRUMS]):
            # Drums that keep a beat which nobody plays are worse than none: they come in when it is known.
            brief = unmeasured(brief, self._silent_since(brief))
        else:
            brief = in_style(brief, self._listener.style.near, self._timeline.metre, drummer)
        if not brief.parts[DRUMS]:
            return self._going_on(call, brief, self._heard(call, brief, now), settled)
        pitched = tuple(part for part in range(DRUMS) if brief.parts[part])
        players = []
        if pitched:
            others = replace(brief, parts=(*brief.parts[:DRUMS], False))
            own = [stroke for stroke in settled if stroke.part != DRUMS]
            players.append(
                self._going_on(call, others, self._heard(call, brief, now), own, (DRUMS,))
            )
        own = [stroke for stroke in settled if stroke.part == DRUMS]
        drums = self._listener.drums(drummer, self._entry_us(now))
        theirs = tuple(range(DRUMS)) if pitched else ()
        players.append(self._going_on(call, for_drums(brief, drummer), drums, own, theirs))
        return Ensemble(players)

    def _drummer(self, call: Call, brief: Brief, now: int) -> Drummer:
        """The pattern of drums beside the player, from where we began on."""
        origin = self.response.start if self.response else brief.start
        origin = origin if self.enters is None else self.enters
        return self.drums.drummer(call, brief, origin, now, self._heard_swing, self._swing)

    def _going_on(
        self,
        call: Call,
        brief: Brief,
        branch: Hearing,
        settled: Iterable[Stroke],
        theirs: tuple[int, ...] = (),
    ) -> Rollout:
        """Make a rollout from what was heard and settled; other rollouts go on with the parts of `theirs`."""
        for stroke in settled:
            branch.feed(stroke)
        brief = replace(
            brief, patience=self._patience(brief), silent_since=self._silent_since(brief)
        )
        notes = [
            note._replace(tick=min(note.tick, brief.start))
            for note in self._agenda.open
            if note.part not in theirs
        ]
        own = [*(self.response.strokes if self.response else ()), *settled]
        return self._rollout(branch, brief, self.chance(call, branch.heard), notes, True, own)

    def _rollout(
        self,
        hearing: Hearing,
        brief: Brief,
        rng: np.random.Generator,
        notes: Iterable[Stroke] = (),
        has_begun: bool = False,
        own: Iterable[Stroke] = (),
    ) -> Rollout:
        keeps_steps = self._explaining.keeps_steps
        return Rollout(hearing, brief, rng, notes, has_begun, own, keeps_steps)

    def _heard(self, call: Call, brief: Brief, now: int) -> Hearing:
        """A branch of what was heard.  From nothing the network plays nothing: who is counted in has heard drums."""
        live = self._listener.live
        if live.heard:
            return live.copy()
        return self._listener.drums(self._drummer(call, brief, now), self._entry_us(now))

    def _entry_us(self, now: int) -> int:
        """Give the time, micros, by which who plays beside the player is in: now, or after a count-in."""
        return now if self.enters is None else max(now, self._timeline.micros(self.enters))

    def has_drums(self, call: Call | None) -> bool:
        """True if drums are played beside this call."""
        return call is not None and parts(call.phrase, self._desk.settings, self.mode)[DRUMS]

    def hear(self, struck: Struck) -> None:
        """A note of ours begins or ends: of drums beside a player only the drums hear."""
        is_apart = struck.part == DRUMS and self.mode.is_beside
        (self._listener.drum if is_apart else self._listener.note)(struck)

    def _silent_since(self, brief: Brief) -> tuple[int, ...]:
        """The tick since which each part has begun nothing."""
        response = self.response
        since = [response.start if response else brief.start] * len(brief.parts)
        for stroke in (*(response.strokes if response else ()), *self._agenda.planned):
            if stroke.velocity:
                since[stroke.part] = max(since[stroke.part], stroke.tick)
        return tuple(since)

    def _patience(self, brief: Brief) -> int:
        """Ticks in which what goes on must begin a note, from the last it began on: beside a player it is not long."""
        response = self.response
        if brief.start == self.enters and self._agenda.is_empty:
            return 0
        own = [it.tick for it in self._agenda.planned if it.velocity and brief.parts[it.part]]
        strokes = response.strokes if response else ()
        own += [it.tick for it in strokes if it.velocity and brief.parts[it.part]][-1:]
        since = max(own, default=response.start if response else brief.start)
        rate = brief.density * brief.densest
        beside = round(TICKS_PER_BEAT / rate) if brief.room else longest_rest(brief)
        due = since + min(max(beside, EIGHTH), LONGEST_SILENCE)
        return max(due, brief.start + -brief.start % EIGHTH) - brief.start

    def end_at_bar(self, call: Call, now: int) -> None:
        """Play on to the end of the bar, and no further; a phrase that is played as it is settled has its own end."""
        if self.plan and self.plan.rendition:
            return
        bar_line = self._timeline.bar_from(self._timeline.tick_from(now + 1))
        end = self.plan.end if self.plan else None
        self.go_on(call, now, bar_line if end is None else min(end, bar_line))

    def loop(self, now: int) -> None:
        """Repeat the last response, from where in the bar it began, as soon as what is left of it is played."""
        if self.response is None:
            return
        timeline, over = self._timeline, self.plan.end if self.plan else None
        if self.plan:
            left = [given.stroke for given in self._agenda.coming if given.is_planned]
            self.response.strokes.extend([*left, *self._agenda.planned])
        first, period = self.response.looped(timeline.metre.place(self.response.start).bar)
        earliest = timeline.tick_from(now + 1 + starts.lead_us(self._desk.settings))
        earliest = max(earliest, over or earliest)
        start = earliest + (first - earliest) % timeline.metre.place(earliest).bar
        loop = Loop(self.response.closed(first, first + period), first, period, start)
        self.plan = Plan([], start, timeline.micros(start), chosen=loop)

    def loops_from(self) -> int | None:
        """Give the time, micros, at which to make a repetition of what is played; None while its end is not known."""
        plan = self.plan
        if plan is None or plan.end_us is None or plan.repeats:
            return None
        return plan.end_us - LOOP_AHEAD_US - starts.lead_us(self._desk.settings)

    def let_go(self, now: int) -> None:
        """Finish the repetition that is being played, and no more."""
        if self.plan and (loop := self.plan.chosen):
            handed_out = self._timeline.tick(now + self._agenda.horizon_us) + 1
            if loop.let_go(handed_out):
                self._agenda.forget_from(loop.frontier)

    def keep_on(self) -> None:
        """Go on with the repetition that was let go."""
        if self.plan and self.plan.chosen:
            self.plan.chosen.keep_on()
            self.plan.end_us = None

    def plan_again(self, call: Call | None, now: int, has_begun: bool) -> None:
        """Let what has changed act on what is planned and not yet handed out."""
        plan = self.plan
        if plan is None or plan.repeats or plan.rendition:
            return
        has_begun = has_begun or any(given.is_planned for given in self._agenda.coming)
        if call and plan.chosen and has_begun:
            self.go_on(call, now, plan.end)
        else:
            self.forget()

    def is_closing(self, now: int) -> bool:
        """True if the last chord is struck within a beat, or sounds: what is planned stands."""
        ending = self._listener.harmony.ending
        if self.plan is None or ending is None or self.plan.end != ending.until:
            return False
        return self._timeline.tick(now) >= ending.last.tick - TICKS_PER_BEAT

    def plan_anew(self, now: int, doubt: Doubt = Doubt.PRESSES) -> None:
        """Let what is played beside the player be planned anew, but for the last chord."""
        if self.is_closing(now):
            return
        if self.plan and self.plan.goes_on_at:
            self.plan.doubt = max(self.plan.doubt, doubt)
        else:
            self.drop_plan()

    def drop_plan(self) -> None:
        """Plan no more of this; what is scheduled already is played."""
        self.plan = None

    def forget(self) -> None:
        """Plan anew what was not handed out yet."""
        self.plan = None
        self._agenda.forget()

    def withdraw(self, now: int, out: list[Timed]) -> bool:
        """Forget all that is planned; silence what sounds or was handed out.  Whether there was such."""
        self.plan = self.rings_until = None
        ended = self._agenda.withdraw(now)
        if ended is None:
            return False
        for part, pitch in ended:
            self._listener.note(Struck(now, part, pitch, 0))
        self._listener.harmonist.alone()
        out.append(Timed(now, Cut()))
        return True

    def give_way(self, now: int, out: list[Timed]) -> None:
        """Let the player go on with his call: what has only just begun rings to its end, a beat at most, so that it is
        no click; all else is forgotten, or silenced.
        """
        response, sounding = self.response, self._agenda.sounding
        if response is None or not sounding or now >= response.began_us + LEAST_US:
            self.withdraw(now, out)
            return
        if self.rings_until is None:
            beat = response.start + TICKS_PER_BEAT
            ends = [beat if (end := self._agenda.end_of(*it)) is None else end for it in sounding]
            until = self.place(min(beat, max(ends)))
            self.rings_until = max(until, response.began_us + LEAST_US)
            self._ringing = tuple(sounding)
        self.plan = None
        if cut := self._agenda.keep_sounding(now):
            out.append(Timed(now, cut))

    def ring_out(self, now: int) -> list[Timed]:
        """Give the messages that end the notes of a response that gave way."""
        self.rings_until = None
        return list(self._agenda.end_now(self._ringing, self._timeline.tick(now), now))

    def mix(self, now: int) -> list[Timed]:
        """Let the mixer act, if a setting is another: what sounds of a part that falls silent ends now."""
        if self._mixed is self._desk.settings:
            return []
        self._mixed = self._desk.settings
        cut, ended = self._agenda.mix(gains(self._mixed))
        for part, pitch in ended:
            self.hear(Struck(now, part, pitch, 0))
        return [Timed(now, cut)] if cut else []

    # --- work, in slices ------------------------------------------------------------------------------------------

    def work(self, call: Call | None, now: int) -> None:
        """Plan a slice, choose if it is time to, and schedule what is planned."""
        plan = self.plan
        if plan is None:
            return
        if self._is_behind(plan, now):
            plan = self._catch_up(plan, call, now)
        elif call is None:
            plan.stands_to = None
        elif plan.is_over(now) or self._is_supposed(plan, now):
            plan = self.go_along(call, now)
        if call:
            for player in plan.players:
                self._make_room(player, call, now)
        for _ in range(1 if self.is_strained else self._slice_steps):
            rollout = plan.next(now, self.place)
            if rollout is None:
                break
            rollout.step()
        self.hurried += plan.settle(now, lambda done: self._choice(done, call, now))
        if plan.chosen is None:
            return
        if strokes := plan.chosen.take():
            is_answer = not (plan.rendition or self.mode.is_beside)
            self._agenda.least_us = self._least_us(call, now) if call and is_answer else 0
            self._agenda.put(strokes, self._late)
        for player in plan.players:
            self._explaining.plan(player.reasons)
            player.reasons.clear()
        if plan.chosen.is_done and plan.end_us is None:
            last = max(plan.start, plan.chosen.frontier, self._agenda.last_tick or 0)
            plan.end_us = max(plan.start_us, self.place(last)) + max(0, self._agenda.offset_us)

    def _least_us(self, call: Call, now: int) -> int:
        """Give how long the notes of an answer last at least, micros, where the next does not begin sooner.

        Half as long as three in four of its call's, but no more than a beat; a soloist does not hold his notes as who
        comps holds his chords.
        """
        held = [it.end_us - it.onset_us for it in call.phrase.played(now) if not it.is_drum]
        usual = 0 if self.mode.plays_over or not held else sorted(held)[len(held) // 4]
        return max(LEAST_US, min(usual // 2, self._timeline.tempo_us))

    def _late(self, stroke: Stroke) -> float:
        """By how many ticks a stroke is late: as a hand had it, for a key may come first, or of drums that fit to the
        player.

        A bass that begins or ends with their kick is as late as that.
        """
        if self.plan is None:
            return 0.0
        if rendition := self.plan.rendition:
            return rendition.lates.get(stroke.tick, 0.0)
        if self.plan.heeds_us and stroke.velocity and stroke.tick == self.plan.start:
            return self.plan.heeds_us * TICKS_PER_BEAT / self._timeline.tempo_us
        if stroke.part != BASS and not (stroke.velocity and stroke.part == DRUMS):
            return 0.0
        drum = KICK if stroke.part == BASS else stroke.pitch
        drummers = (player.brief.drummer for player in self.plan.players)
        return sum(drummer.late(stroke.tick, drum) for drummer in drummers if drummer)

    def _is_behind(self, plan: Plan, now: int) -> bool:
        chosen = plan.chosen
        return (
            chosen is not None
            and not chosen.is_done
            and self.place(chosen.frontier) < now - BEHIND_US
        )

    def _is_supposed(self, plan: Plan, now: int) -> bool:
        """True if what the player plays has been supposed for so long that it is time to look at what he played."""
        tick = self._timeline.tick(now)
        return plan.end is None and any(
            player.brief.supposes and tick - player.brief.start >= SUPPOSED
            for player in plan.players
        )

    def _catch_up(self, plan: Plan, call: Call | None, now: int) -> Plan:
        """Go on where the music is by now."""
        has_skipped = plan.chosen is not None and plan.chosen.skip(self._timeline.tick(now))
        return plan if has_skipped or call is None else self.go_on(call, now, plan.end)

    def _make_room(self, rollout: Rollout, call: Call, now: int) -> None:
        """Beside a player who plays ever more densely, or less so, it matters how densely just now."""
        before = rollout.brief
        if before.room is not None:
            left = room(call.phrase, self._desk.settings, self._timeline, now)
            if left != before.room:
                density = before.density / before.room * left
                rollout.brief = replace(before, density=density, room=left)

    def _choice(self, done: Sequence[Rollout], call: Call | None, now: int) -> Rollout:
        """The response that is played, of those that are planned."""
        key = self._home(call, now)
        is_answer = done[0].brief.end is not None and not self.mode.is_beside
        last = call.phrase.last_pitch if call and is_answer else None
        asks = last is not None and key is not None and last % 12 == key.tonic
        self.auditions = [
            Audition(
                tuple(it.planned), it.brief, worth(it.planned, it.likelihood, it.brief, key, asks)
            )
            for it in done
        ]
        taste = self._desk.settings.taste
        question = self.question(call) if taste and call else None
        return done[chosen(self.auditions, taste, question)]

    def question(self, call: Call) -> Question | None:
        """The question to the critic about the last choice; None where it knows nothing of it."""
        return asked(
            self.auditions, latest(call, self._timeline), self._timeline.metre, self._swing
        )

    def hand_out(self, now: int) -> list[Timed]:
        """Give the messages that are due soon, in order."""
        plan, frontier = self.plan, None
        if plan is not None:
            if plan.chosen is None:
                return []
            frontier = None if plan.chosen.is_done else plan.chosen.frontier
        return list(self._agenda.hand_out(now, frontier, self.place))

    def outlook(self, most: int) -> list[Coming]:
        """Give the notes that are planned or handed out and not yet heard, soonest first."""
        return self._agenda.outlook(self.place, most)

    def hands_out_at(self) -> int | None:
        """Give the time, micros, at which the next stroke is to be handed out."""
        return self._agenda.hands_out_at(self.place)

    def plans_at(self, now: int) -> int | None:
        """Give the time, micros, at which to plan more or to end; None while there is nothing to do."""
        plan = self.plan
        if plan and (plan.end_us is None or self._agenda.is_empty or plan.end_us > now):
            return plan.deadline(now, self.place)
        return None

    def chance(self, call: Call, *salt: int) -> np.random.Generator:
        """The chance of an answer to a call: the same for the same answer of a session."""
        seeds = [self._seed, self._listener.calls, call.events, call.answers, *salt]
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seeds)))

    def _brief(self, call: Call, start: int, now: int) -> Brief:
        settings, timeline = self._desk.settings, self._timeline
        self._heard_swing = heard_swing(map(timeline.tick, call.phrase.onsets_us))
        chords = self.mode.chords
        if self.mode.plays_over and self._listener.harmony.is_accompanied(call.phrase.active_us):
            chords = Chords.NOW
        outline = self._listener.harmony_at(now).outline(
            chords, start, call.phrase.active_us, timeline, now
        )
        struck = struck_in_chords(call, self.mode, settings)
        # Who plays beside is planned anew at each key, and takes nothing up.
        line, root = list[Point](), None
        if not self.mode.is_beside:
            line = line_of_call(call, struck, timeline)
            root = root_of(call, self._home(call, now), timeline)
        most = MOST_VOICES if isinstance(settings.voices, str) else int(settings.voices)
        return brief_for(
            call.phrase,
            settings,
            timeline,
            start,
            routes=self._agenda.routes,
            now=now,
            theme=theme_of_call(call, line, struck, self.mode, settings),
            tonic=self._listener.harmony.at_home(call.phrase.key, now, call.phrase.framed_by)[1],
            outline=outline,
            lines=lines_of(self._listener.style.near),
            swing=self._swing,
            same=same_of(line, SAME_CHORD if leading(call) in struck else SAME),
            root=root,
            chords={part: in_chords(own, timeline, most) for part, own in struck.items()},
        )

    def _home(self, call: Call | None, now: int) -> Key | None:
        """The key in which an answer is at home; None where none is known."""
        phrase = Phrase() if call is None else call.phrase
        return self._listener.harmony.home(phrase.key, now, phrase.framed_by)
