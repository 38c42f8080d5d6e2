"""All that is heard, whoever plays it: the live state, the call that is open, the key and the chords.

Finds the beat of a call in free time and hears the call again on it; hears beside it with a model that is on its way
in.  Knows no turns, no plans and no settings: it is told what they come to.
"""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from livegen.codec.encoder import Encoder, Stroke
from livegen.codec.layout import ADVANCE, NO_GRID, STYLE_UNKNOWN_NAME, Event
from livegen.errors import closest
from livegen.inference.contract import Fittable, Layers, Model
from livegen.inference.memory import Memory
from livegen.jam.band.drummer import Drummer
from livegen.jam.controls.style_mix import Blend, StyleMix, styles_in
from livegen.jam.harmony.harmony import Harmony
from livegen.jam.hearing.ears import Ears
from livegen.jam.hearing.hearing import GuardedModel, Hearing
from livegen.jam.hearing.successor import Successor
from livegen.jam.hearing.surprise import Foretold, Surprise
from livegen.jam.interplay.calls import LONGEST_CALL, Call
from livegen.jam.interplay.harmonist import Harmonist
from livegen.jam.struck import Struck
from livegen.music.beat import beats, count_in
from livegen.music.beat.count_in import Count, CountSoFar
from livegen.music.drums.drum_bars import drums_of
from livegen.music.melody.phrase import Extent, Phrase
from livegen.music.parts import DRUMS
from livegen.music.time.metre import COMMON_TIME, Metre
from livegen.music.time.timeline import Timeline, tempo_us
from livegen.music.words.genres import words_for

FIT_PAUSE_US = 40_000  # after an onset, before the grid is looked for again
FIT_AHEAD_US = 150_000  # before a rest is over
CALM = 1.25  # in usual distances: nothing has begun for so long, and the phrase may be over
FORGET_BEAT_US = 8_000_000  # after so long a silence the beat starts anew
FIRST_BARS = 2  # of what they keep to that the drums believe to have played before their first note
# Beats of a call in which it is heard how late its first key was, where the tempo is told.
SETTLES = 8
COUNTS_TOLD = 0.06  # of a tempo that is told: what is counted may be off by
NEWEST = 64  # strokes that are heard first of what another engine has heard
HISTORY = 512  # strokes that another model hears before it takes over


class Listener:
    """`live` is what was heard; `call` the call that the player is playing, None between calls.  Threads: loop only.

    `is_free` says that the player leads the time, `has_song` that a DAW's song position counts; `fixed_us` is the tempo
    in free time, and `metre` that of the bars, where these are told and not found.  `tempo_sure` is the probability
    that the tempo that was found is right; it is 1 after a count-in, which holds until a tempo is told otherwise or the
    beat is forgotten.
    """

    def __init__(self, model: Model, timeline: Timeline) -> None:
        self.live = Hearing.fresh(GuardedModel(model), timeline)
        self.call: Call | None = None
        self.calls = 0
        self.style = StyleMix(STYLE_UNKNOWN_NAME)
        self.harmony = Harmony()
        self.harmonist = Harmonist(self.harmony)
        self.surprise = Surprise()
        self.is_free, self.has_song = True, False
        self.fixed_us: int | None = None
        self.metre: Metre | None = None
        self.tempo_sure = 0.0
        self._beat_known = False
        self._counted_us: int | None = None  # when the music begins by the count-in that holds
        self._heard_us: int | None = None
        self._played_us: int | None = None  # when the player did something last
        self._history: deque[Struck] = deque(maxlen=HISTORY)
        self._successor: Successor | None = None
        self._drums: Hearing | None = None
        self._swap_tick = 0
        self._fitted: tuple[int, GuardedModel, Fittable, Layers] | None = (
            None  # from some micros on
        )
        self._hears_older = False  # the successor is to be followed by one that hears all there is

    @property
    def guesses_beat(self) -> bool:
        """True while nobody has told the tempo and it was not found yet: the beat is but a guess."""
        is_told = not self.is_free or self.fixed_us is not None or self.written_us is not None
        return not is_told and not self._beat_known

    def led(self, is_free: bool, fixed_us: int | None, has_song: bool) -> None:
        """The player leads the time from now on, or does not; in free time at this tempo, where one is told.

        `has_song` says that tick 0 is the beginning of a DAW's song.
        """
        if not is_free or fixed_us != self.fixed_us:
            self._counted_us = None
        self.is_free, self.fixed_us, self.has_song = is_free, fixed_us, has_song

    @property
    def has_begun(self) -> bool:
        """True if something was played."""
        return bool(self._history or self.call)

    # --- what is heard --------------------------------------------------------------------------------------------

    def hear(self, struck: Struck) -> None:
        """A stroke of the player's."""
        at, part, pitch, velocity, _ = struck
        self._played_us = at
        call = self.call
        if call and velocity:
            call.phrase.strike(at, part, pitch, velocity)
            call.unfitted = call.lays_bars or (self.is_free and self.fixed_us is None)
        elif call:
            call.phrase.release(at, part, pitch)
        self.note(struck)
        if velocity and (foretold := self.live.foretold):
            self.surprise.heard(at, Foretold(self.live.guard, *foretold))
        self.harmony.hear(struck)

    def key_up(self, now: int) -> None:
        """A key of the player's comes up, whether its note ends or rings on: the rest counts from here."""
        if self.call:
            self.call.phrase.active_us = now

    def note(self, struck: Struck) -> None:
        """A stroke has sounded, whoever played it: the state hears it."""
        self.live.hear(struck)
        self._heard_us = struck.at
        self._history.append(struck)
        if self._successor:
            self._successor.append(struck)
        if self.call:
            self.call.strokes.append(struck)
            self.call.events += 1
            if len(self.call.strokes) > LONGEST_CALL:
                self.call.forget_strokes(self.live.copy())

    def drum(self, struck: Struck) -> None:
        """A drum of ours has sounded, beside parts that do not expect any: only those hear it who play drums."""
        if self._drums is not None:
            self._drums.go_by(self.live.timeline)
            self._drums.hear(struck)

    def drums(self, drummer: Drummer, now: int) -> Hearing:
        """A branch of what the drums have played since the call began, after two bars of theirs that nobody heard.

        From nothing the network finds no groove; after these it goes on in theirs.
        """
        timeline, (_, far, share) = self.live.timeline, self.style
        of_drums = StyleMix(drummer.style, drums_of(far), share)
        style = blend_of(of_drums, self.live.guard.model)
        if self._drums is None:
            self._drums = Hearing.fresh(self.live.guard, timeline, style)
            number = (timeline.tick(now) - drummer.origin) // drummer.bar
            for bar in range(number - FIRST_BARS, number):
                for hit in drummer.kept(bar):
                    self._drums.feed(Stroke(hit.tick, DRUMS, hit.pitch, hit.velocity))
        branch = self._drums.copy()
        branch.go_by(timeline)
        branch.style = style
        return branch

    def open_call(self, now: int) -> Call:
        """A call begins now: settle the beat by its first note, and remember what was heard before it."""
        running = self.live.timeline
        timeline = self._timeline_at(now) if self.is_free else running
        if timeline != running:
            self.live = self.live.retimed(timeline)
        phrase = Phrase(beat_us=0 if self.is_free else timeline.tempo_us)
        silence_us = None if self._played_us is None else now - self._played_us
        self.call = Call(self.live.copy(), phrase, silence_us=silence_us)
        self.calls += 1
        self._drums = None
        self.harmony.begin(now, self.is_silent_long(now))
        return self.call

    def is_silent_long(self, now: int) -> bool:
        """True if nobody, neither player nor model, has played for so long that beat and song are forgotten."""
        return self._heard_us is None or now - self._heard_us > FORGET_BEAT_US

    @property
    def usual_us(self) -> int:
        """The tempo, micros per beat, of what begins while nobody has played one: of the chart, or of before."""
        return self.written_us or self.live.timeline.tempo_us

    @property
    def written_us(self) -> int | None:
        """The tempo, micros per beat, that the chart says; None where it says none."""
        chart = self.harmony.chart
        return tempo_us(chart.tempo) if chart and chart.tempo else None

    def _timeline_at(self, now: int) -> Timeline:
        """In free time: the beat that a phrase beginning now is on."""
        running = self.live.timeline
        is_forgotten = self.is_silent_long(now)
        # After a count-in it may begin early, late, or with a pick-up.
        if not is_forgotten and (
            self._goes_by_count(now)
            or (self._counted_us and beats.begun([now], running, self.metre) == running)
        ):
            return running
        self._counted_us = None
        if self.fixed_us is not None:
            return Timeline(self.fixed_us, now, self.metre or COMMON_TIME)
        if not self._beat_known or is_forgotten:
            self.tempo_sure = 0.0
            return Timeline(self.usual_us, now, self.metre or COMMON_TIME)
        return beats.begun([now], running, self.metre)

    def settle_beat(self, now: int) -> None:
        """At a tempo that is told, take the beat from more keys of a call's first bars than the very first one."""
        call, running = self.call, self.live.timeline
        if call is None or not self.is_free or self.fixed_us is None:
            return
        is_first = now - call.phrase.began_us <= SETTLES * running.tempo_us
        if is_first and not self._goes_by_count(call.phrase.began_us):
            self.live.go_by(beats.steadied(call.phrase.onsets_us, running))

    def _goes_by_count(self, at: int) -> bool:
        """True of what begins in the bar that was counted in, or before it."""
        running = self.live.timeline
        bar_us = running.micros(running.metre.place(0).bar) - running.origin_us
        return self._counted_us is not None and at < self._counted_us + bar_us

    def restore(self, heard: Hearing, ears: Ears) -> None:
        """Hear as then, but by the beat and in the style of now, and with only that sounding which does."""
        timeline, style = self.live.timeline, self.live.style
        self.live, self._drums = heard, None
        heard.go_by(timeline)
        heard.style = style
        for part, pitch in heard.encoder.sounding.keys() - set(ears.sounding):
            heard.hear(Struck(timeline.micros(heard.encoder.last or 0), part, pitch, 0))

    # --- count-ins ------------------------------------------------------------------------------------------------

    def counted(self, now: int) -> CountSoFar:
        """Tell what the open call is of a count-in; nothing where somebody else leads the time."""
        call = self.call
        if call is None or not self.is_free or not 0 < call.phrase.notes <= count_in.MOST:
            return CountSoFar()
        stands = call.phrase.notes, call.phrase.active_us
        if call.counted[0] != stands:
            counted = count_in.counted(call.phrase.played(now), call.silence_us, self.metre)
            call.counted = stands, counted if self._is_as_told(counted.found) else CountSoFar()
        return call.counted[1]

    def _is_as_told(self, found: Count | None) -> bool:
        """True unless it counts another tempo than the one that is told."""
        if found is None or self.fixed_us is None:
            return True
        return abs(found.timeline.tempo_us / self.fixed_us - 1) < COUNTS_TOLD

    def count_in(self, timeline: Timeline, one_us: int) -> None:
        """A count-in tells the time: the music begins at `one_us`."""
        self.harmony.start(one_us)
        if self.is_free:
            self.live, self._drums = self.live.retimed(timeline), None
            self._beat_known, self._counted_us, self.tempo_sure = True, one_us, 1.0
        self._heard_us = max(self._heard_us or one_us, one_us)

    def doubt_count(self) -> None:
        """Go no longer by the count-in, which was none or is long over: the beat is found as ever."""
        self._counted_us = None

    def leave_out_count(self, count: Count, music_us: int | None) -> Call | None:
        """Take the notes of the open call for a count-in: the call begins anew with the music, where that has begun.

        Of clicks on drums it is known still that the player has the drums.
        """
        call = self.call
        if call is None or not call.is_whole:
            return None
        clicks = len(call.strokes)
        music = [it for it in call.strokes if music_us is not None and it.at >= music_us]
        style, self.live = self.live.style, call.before
        self.live.style = style
        self.count_in(count.timeline, count.next_us)
        self.call = Call(self.live.copy(), Phrase(), silence_us=0)
        self.harmony.begin(count.next_us, is_new_song=False)
        for _ in range(min(clicks, len(self._history))):
            self._history.pop()
        if DRUMS in call.phrase.extents:
            self.call.phrase.extents[DRUMS] = Extent()
        self.call.phrase.active_us = count.next_us
        for struck in music:
            self.hear(struck)
        return self.call

    def harmony_at(self, now: int) -> Harmony:
        """The harmony, on the beat as it is by now."""
        self.harmony.follow(self.live.timeline, now, self.has_song, self.guesses_beat)
        return self.harmony

    # --- the beat -------------------------------------------------------------------------------------------------

    def go_by(self, timeline: Timeline) -> bool:
        """Follow the leader, who goes on, perhaps a little faster or slower; True if bars are others than they were."""
        are_other = timeline.metre != self.live.timeline.metre
        self.live.go_by(timeline)
        return are_other

    def told_bars(self, now: int) -> Timeline | None:
        """In free time at a tempo that is told: the timeline with the bars that are told by now, from a bar line on."""
        running, metre = self.live.timeline, self.metre
        if not self.is_free or self.fixed_us is None or metre is None:
            return None
        line = running.metre.bar_near(running.tick(now))
        if (metre.place(0).bar, metre.beat) == (running.metre.place(line).bar, running.metre.beat):
            return None
        return replace(running, metre=Metre(((line, metre.place(0).bar),), metre.beat))

    def retime(self, timeline: Timeline, now: int) -> None:
        """Follow the leader, who is elsewhere: go on from there, and hear an open call as if it had been there."""
        self.live, self._drums = self.live.retimed(timeline), None
        call = self.call
        if call and call.is_whole:
            call.again, call.reached = call.before.retimed(timeline), 0
        if self._successor:
            self._successor.hearing = self._successor.hearing.retimed(timeline)
            self._swap_tick = timeline.bar_from(timeline.tick_from(now))

    def fit_from(self, call: Call, rest_over: int, held: bool, apart: float, ahead_us: int) -> int:
        """Give the time, micros, to look for the grid: `apart` beats after the last look, or in a pause, in time.

        A look takes as long as ten events of the network.
        """
        phrase = call.phrase
        last = phrase.onsets_us[-1]
        pause = last + FIT_PAUSE_US
        soon = pause if held else min(pause, rest_over - FIT_AHEAD_US)
        since = phrase.began_us if call.looked_us is None else call.looked_us
        tempo_us = (call.again or self.live).timeline.tempo_us
        calm = last + round(CALM * phrase.usual_ioi_us)
        later = min(since + round(apart * tempo_us), calm)
        return max(soon, later if held else min(later, rest_over - FIT_AHEAD_US - ahead_us))

    def fit(self, call: Call, now: int, sure: beats.Sure = beats.ALONE) -> None:
        """Look for the beat of the call.  Where it is another, hear the call again on it; else follow its tempo.

        A beat that is `sure` and explains what was played since is followed without a look.
        """
        call.unfitted = False
        call.looked_us = now
        if not self.is_free:
            return
        hearing = call.again or self.live
        running = hearing.timeline if self._beat_known else None
        is_told = self._counted_us is not None and self.metre in (None, hearing.timeline.metre)
        played = call.phrase.played(now)
        before, found = call.found, None
        if before and before.timeline == running and self.metre in (None, running.metre):
            found = beats.followed(played, before, sure)
        if found is None:
            known = before if sure.settles and before and before.timeline == running else None
            found = beats.find(played, running, self.metre, is_told, self.written_us, before=known)
        call.found = found
        self._beat_known = self._beat_known or found.tempo_sure > 0
        self.tempo_sure = 1.0 if is_told else found.tempo_sure
        if found.goes_on:
            hearing.go_by(found.timeline)
        elif found.timeline != hearing.timeline:
            # What was forgotten of a long call cannot be heard again: it goes on from here, on the beat of now.
            whole = call.is_whole
            call.again = (call.before if whole else self.live).retimed(found.timeline)
            call.reached = 0 if whole else len(call.strokes)

    def hear_again(self, call: Call, again: Hearing, strokes: int) -> bool:
        """Hear some of the call on its new grid; whether that grid is now in force."""
        for struck in call.strokes[call.reached : call.reached + strokes]:
            again.hear(struck)
            call.reached += 1
        if call.reached < len(call.strokes):
            return False
        again.style, call.again = self.live.style, None
        if not self.is_free:
            again.go_by(self.live.timeline)
        self._swap_tick = again.timeline.bar_from(
            again.timeline.tick(self.live.timeline.micros(self._swap_tick))
        )
        self.live, self._drums = again, None
        return True

    # --- another model --------------------------------------------------------------------------------------------

    def offer(self, model: Model, style: StyleMix, now: int) -> None:
        """Another model: it hears what was played last, and then takes over on a bar line."""
        timeline = self.live.timeline
        self._successor = Successor(model, timeline, blend_of(style, model), self._history)
        self._swap_tick = timeline.bar_from(timeline.tick_from(now + 1))

    def take_up(self, strokes: Sequence[Struck], timeline: Timeline, now: int) -> None:
        """Go on with music that another hearing has heard, oldest first, in its bars; who has played keeps his own.

        The newest strokes are heard first, and with them it plays on; then all are.  What the player played is
        remembered at once.
        """
        has_begun, last_us = self.has_begun, strokes[-1].at
        heard = sorted([*strokes, *self._history], key=lambda struck: struck.at)
        self._history = deque(heard, maxlen=HISTORY)
        self._heard_us = max(self._heard_us or last_us, last_us)
        if not has_begun:
            self._begin_with(strokes, timeline, now)
        timeline, guard, style = self.live.timeline, self.live.guard, self.live.style
        self.live.remember(_learned(strokes, self.live))
        newest = list(self._history)[-NEWEST:]
        self._successor = Successor(guard.model, timeline, style, newest)
        self._swap_tick = timeline.bar_from(timeline.tick_from(now + 1))
        self._hears_older = len(newest) < len(self._history)

    def _begin_with(self, strokes: Sequence[Struck], timeline: Timeline, now: int) -> None:
        """Who has not played yet has the bars of another hearing, and its harmony."""
        if self.is_free:
            bar = timeline.bar_from(timeline.tick_from(now)) - timeline.metre.place(0).bar
            self.count_in(timeline, timeline.micros(bar))
        for struck in strokes:
            if not struck.is_ours:
                self.harmony.hear(struck)

    def swap_at(self, now: int) -> int | None:
        """Give the time, micros, at which the next model is to be fed or to take over; None where there is none."""
        if self._successor is None:
            return None
        return self.live.timeline.micros(self._swap_tick) if self._successor.is_ready else now

    def prepare(self, strokes: int) -> bool:
        """Let the next model hear some of what it missed; whether it could take over."""
        if self._successor is None:
            return False
        self._successor.work(strokes)
        return self._successor.is_ready

    def succeed(self, style: StyleMix) -> None:
        """The next model takes over, with all that sounds as it is."""
        if self._successor is None:
            return
        timeline, memory, lesson = self.live.timeline, self.live.memory, self.live.lesson
        self.live, self._drums = self._successor.hearing.retimed(timeline), None
        self.live.memory, self.live.lesson = memory, lesson
        self._successor = None
        self.set_style(style)
        if self._hears_older:
            self._hears_older = False
            self.offer(self.live.guard.model, style, timeline.micros(self._swap_tick))
        if self.call:
            self.call.forget_strokes(self.live.copy())

    def fit_model(self, model: Fittable, layers: Layers, now: int) -> None:
        """Take a model that hears as this one does, or as the one on its way in, from the next bar line on."""
        timeline, successor = self.live.timeline, self._successor
        at = timeline.micros(timeline.bar_from(timeline.tick_from(now + 1)))
        self._fitted = at, (successor.hearing if successor else self.live).guard, model, layers

    def fitted_at(self) -> int | None:
        """The time, micros, of that bar line; None where there is no such model."""
        return self._fitted[0] if self._fitted else None

    def take_fitted(self) -> None:
        """Go on with it: states are the same, so all that was heard stays heard."""
        if self._fitted:
            _, guard, model, layers = self._fitted
            model.say(layers)
            guard.use(model)
            self._fitted = None

    def set_style(self, style: StyleMix) -> None:
        """Hear and play as a style, or two, from now on; as in any where the model knows none of such a name."""
        self.style = style
        self.live.style = blend_of(style, self.live.guard.model)


def _learned(strokes: Iterable[Struck], hearing: Hearing) -> Memory:
    """The memory of a hearing after strokes that it has not heard; what comes next is another phrase."""
    memory, encoder = hearing.memory or Memory(), Encoder(hearing.timeline.metre)
    for struck in strokes:
        for event in encoder.feed(struck.on(hearing.timeline)):
            memory = memory.after(event, learns=not struck.is_ours)
    return memory.after(Event(ADVANCE, 0, 0, 0, 0, NO_GRID, 0), learns=False)


def index_of(style: str, model: Model) -> int:
    """The model's number for a style; 0, any, for one it does not know."""
    styles = model.facts.styles
    return styles.index(style) if style in styles else 0


def blend_of(style: StyleMix, model: Model) -> Blend:
    """The same by the model's numbers; nothing is mixed of two that are one to the model."""
    near, far = index_of(style.near, model), index_of(style.far, model)
    return Blend(near, far, style.share) if style.share and near != far else Blend(near)


def unknown_style(text: str, model: Model) -> str | None:
    """Say why a value of the control `style` is not taken; None if the model knows all that it names.

    A model may know a hundred: the nearest is named, a style of the model's or else a word that means one, and where
    the others stand.
    """
    styles = model.facts.styles
    style = next((it for it in styles_in(text) if it not in styles), None)
    if style is None:
        return None
    known: tuple[Collection[str], ...] = (styles, words_for(styles))
    close = closest(style, *known)
    meant = f"did you mean {close}? " if close else ""
    return (
        f"style: {model.facts.name} knows no style {style!r}; "
        f"{meant}all {len(styles)} are listed in the model's card (CARD.md beside it)"
    )
