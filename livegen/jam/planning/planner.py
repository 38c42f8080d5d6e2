"""Planning a response: rolling the model out, event by event, within what it may play.

A rollout works on a branch of what was heard, so nothing that it supposes reaches the live state.  Fields
are drawn in order: time, part, on, pitch, velocity.  Knows ticks; knows no micros, no turns and no chance of
its own: every draw takes one number from the generator it was given.

A rollout owns these, a file each of `livegen/jam`: its draws (drawing.py), its own notes that sound (own_notes.py), the
chords that it strikes (strikes.py), the beats and hits that it keeps to (kept_beats.py), the line that leads, with its
sentences and closes (lead_line.py), and its density (density.py).  Which pitches are legal is a pure function
(legal_pitches.py).  Here is the order in which they are asked, and the clock of the plan, the frontier.

Rules of a rollout, from what went wrong without them, measured on a prototype:

* a part that may not play is thinned: the drawn event is dropped unheard and the next may come a tick later.
  Masked after its time is drawn, it would play the times of all parts;
* temperature does not act on time: cooler times are shorter times, and a calmer model plays more.  Nor does the
  nucleus: without its long times a rhythm comes out more even than people's;
* an off only for a note that this rollout began, an on only where (channel, pitch) is silent;
* no note outlives the response, none lasts longer than the brief allows, none is shorter than `SHORTEST`;
* beside a player no note of comp or bass is a click: where a chord that nobody foresaw cuts it, it is held a moment;
* the density of a part is thinned too: all play as densely as the densest, and of the others onsets are dropped;
* on a grid an onset begins on the nearest line that its part has not struck yet, and is heard there;
* a line that leads does not go round in circles (jam/band/circles.py);
* a comp beside a player strikes again a sixteenth later at the soonest: closer strokes are a tremolo;
* a part that is answered in chords strikes whole ones, of the call's (jam/band/voicings.py), and they end as one;
* a part with a figure begins a note on each of its beats, whatever else the model has it play (jam/band/figures.py);
* a line that goes on for ever comes to rest at the end of each sentence (jam/band/sentences.py);
* where nothing at all may be played the response ends: a rest, and no fault;
* silence ends: the first onset comes within a beat and half the response, the next within
  `LONGEST_SILENCE`, in an answer hardly later than the call went on, and in a style the second sooner.
"""

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from livegen.codec.encoder import Stroke, place_classes
from livegen.codec.layout import ADVANCE, NO_PITCH, velocity_of
from livegen.inference.contract import Query
from livegen.inference.sampling import Mask, NothingAllowed, hasten, probabilities
from livegen.jam.band.circles import TIRED, tiring, worn_out
from livegen.jam.band.figures import Role
from livegen.jam.band.sentences import Close
from livegen.jam.band.theme import mixed
from livegen.jam.band.voicings import BESIDE, Voicings
from livegen.jam.harmony.outline import WAIT
from livegen.jam.hearing.hearing import Hearing, ModelFault
from livegen.jam.planning.brief import Brief
from livegen.jam.planning.candidate import KeepsStrokes, PlayedOnce
from livegen.jam.planning.density import Crowd, Density
from livegen.jam.planning.drawing import TIMES, Drawing
from livegen.jam.planning.kept_beats import (
    KeptBeats,
    PartBeat,
    asked_on_beat,
    hits_at,
    hits_from,
    is_chord,
    missing_on_beat,
    share_of,
    with_approaches,
)
from livegen.jam.planning.lead_line import LeadLine
from livegen.jam.planning.legal_pitches import PITCHES, beginnable, sounding, without
from livegen.jam.planning.own_notes import SHORTEST, STRUCK, OwnNotes
from livegen.jam.planning.strikes import TOGETHER, Strikes
from livegen.jam.reports.reasons import Cause, Mixed, Reason
from livegen.music.charts import Stretch
from livegen.music.drums.drum_bars import DrumHit
from livegen.music.parts import BASS, DRUMS, LEAD
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.quantise import line_or_tick, nearest_line

EIGHTH = TICKS_PER_BEAT // 2
HIT = EIGHTH  # a chord that is hit before a rest lasts so long
ROOT_BEGINS, ROOT_ON_ONE = 10.0, 2.0  # nats of the root for a bass that answers
RESTS = 0.85  # share of the root where chords close
CLOSES = 0.85  # share of responses that close on a strong beat where they can
# Ticks before its end at which a response lets go of the note on which it closed: a third of a beat.  People hold
# such a note for .8 of its time to the bar line (207 phrases of the train split that close on their last strong beat).
LIFTED = 8


class Rollout(KeepsStrokes, PlayedOnce):
    """A response being planned.  `step` by `step`, strokes appear in `planned`, until they are taken.

    Nothing will be planned before tick `frontier` any more.  `brief` may be replaced between steps and acts
    from there on.  `notes` are the beginnings of our own notes that sound already and are to be ended;
    what `has_begun` may end without another note.
    `reasons` says of each note why it has its pitch; None of one that was not drawn, but asked for.
    """

    def __init__(
        self,
        hearing: Hearing,
        brief: Brief,
        rng: np.random.Generator,
        notes: Iterable[Stroke] = (),
        has_begun: bool = False,
        own: Iterable[Stroke] = (),
        keeps_steps: bool = False,
    ) -> None:
        """`own` are the strokes of the response so far; with `keeps_steps` reasons hold the network's steps."""
        hearing.lie_by(brief.start)
        if not (brief.memory or hearing.guard.model.facts.learns):
            hearing.memory = None  # nobody asks it
        hearing.lesson = None  # what is planned teaches nothing
        self.hearing = hearing
        self.brief = brief
        self.planned: list[Stroke] = []
        self.frontier = brief.start
        self.is_done = False
        self.reasons: dict[Stroke, Reason | None] = {}
        self._rng = rng
        self._draws = Drawing(hearing, rng, keeps_steps)
        is_free = has_begun or brief.end is None
        half = brief.patience if is_free else ((brief.end or 0) - brief.start) // 2
        own = list(own)
        self._density = Density(brief, brief.start + min(brief.patience, half), own)
        self._supposed = Crowd()
        self._notes = OwnNotes(brief.supposes, hearing.timeline.tempo_us)
        # Planned, to be heard before the next: a first note need not wait for it.
        self._unheard: deque[Stroke] = deque()
        may_close = rng.random() < CLOSES
        self._line = LeadLine(brief, hearing.timeline.metre, may_close=may_close, own=own)
        self._strikes = Strikes(brief, own)
        self._beats = KeptBeats(own)
        for stroke in own if brief.drummer else ():
            if stroke.part == DRUMS and stroke.velocity:
                self._notes.begin_drum(stroke)
        for stroke in notes:
            self._take_over(stroke)

    def _take_over(self, stroke: Stroke) -> None:
        """A note of ours that sounds: it goes on, or ends now if its part no longer plays, or its chord is over."""
        _, part, pitch, _ = stroke
        if part == DRUMS:
            self.planned.append(self._notes.begin_drum(stroke._replace(tick=self.frontier)))
        elif self.brief.parts[part] and not self._is_left_over(stroke):
            self._notes.begin(stroke, self.brief.channels[part])
        else:
            self._unheard.append(Stroke(self.frontier, part, pitch, 0))
            self.planned.append(self._unheard[-1])

    def _is_left_over(self, stroke: Stroke) -> bool:
        """True of a note of a solo, an eighth old at least, that the chord of the player has no more."""
        tick, part, pitch, _ = stroke
        if part != LEAD or not self.brief.contour or self.frontier - tick < EIGHTH:
            return False
        harmony = self.brief.harmony[LEAD]
        chord = harmony.chord(self.frontier) if harmony else None
        return chord is not None and pitch % 12 not in chord.pitch_classes

    @property
    def likelihood(self) -> float:
        """The sum of the logarithms of the shares at which the choices were drawn."""
        return self._draws.likelihood

    @property
    def end(self) -> int | None:
        """The tick at which it ends, None where it goes on for ever."""
        return self.brief.end

    @property
    def rollouts(self) -> "tuple[Rollout, ...]":
        """Itself."""
        return (self,)

    # --- one step -----------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Plan one event, or drop one, or end.  A few runs of the model; never raises."""
        try:
            self._step()
        except (ModelFault, NothingAllowed):
            self._finish(self.frontier)

    def _hear(self) -> None:
        while self._unheard:
            self.hearing.feed(self._unheard.popleft())

    def _step(self) -> None:
        self._hear()
        if self.brief.end is not None and self.frontier >= self.brief.end:
            return self._finish(self.frontier)
        if self._line.has_missed(self.frontier):
            self._speak_from(self.frontier)
        struck = self._struck_next
        if not self._does_what_is_due(struck):
            self._go_on(struck)
        return None

    def _does_what_is_due(self, struck: int | None) -> bool:
        """Strike a chord, keep to a beat, breathe or end, where it is time to; False where it is not."""
        closed = self._line.closed
        if struck is not None and struck <= self.frontier:
            if self._strikes.chords:
                self._strike()
            elif hit := self._strikes.hit_last(self.frontier, self.brief, self._notes):
                self._begin(hit)
        elif self._beats.now:
            self._keep_beat(self._beats.now)
        elif closed is not None and self._line.close:
            self._breathe(self._line.close)
        elif closed is not None and all(at >= closed for _, at in self._notes.notes.values()):
            self._come_to_rest(closed)
        else:
            return False
        return True

    def _go_on(self, struck: int | None) -> None:
        """Draw the time of the next event, and then that event, unless something comes before it."""
        beat, time = self._beat, self._draw_time()
        tick = self._last() + time
        if self._is_forestalled(tick, beat, struck):
            return
        if time == ADVANCE:
            self._wait(tick)
        else:
            self._draw_event(time, tick, beat)

    def _is_forestalled(self, tick: int, beat: PartBeat | None, struck: int | None) -> bool:
        """Do what comes before an event at a tick: an end, a beat, a chord that is struck, a rest; False if nothing."""
        end = self.brief.end
        first = min([tick, *(stop for stop in (end, struck) if stop is not None)])
        next_beat = beat if beat and beat.tick < first else None
        if self._end_overlong(next_beat.tick if next_beat else first):
            return True
        if next_beat:
            self._come_to(next_beat)
        elif struck is not None and tick >= struck and (end is None or struck < end):
            rest = self._rest_before(struck)
            self._wait(struck) if rest is None else self._keep_silent(rest)
        elif end is not None and tick >= end:
            self._finish(max(end, self.frontier))
        elif (rest := self._rest_before(tick)) is not None:
            self._keep_silent(rest)
        else:
            return False
        return True

    def _draw_event(self, time: int, tick: int, beat: PartBeat | None) -> None:
        """Draw the part of an event at a tick, and whether a note of it begins or ends; then that note."""
        query = Query(time, *place_classes(self.hearing.encoder.metre, tick))
        part = self._draw_part(query, tick)
        query = query._replace(part=part, before=self.hearing.encoder.struck.get(part, NO_PITCH))
        if not self.brief.parts[part]:
            return self._suppose(query, tick) if self.brief.supposes else self._drop(tick)
        on = self._draw_on(query, tick)
        if on is None:
            return self._drop(tick)
        query = query._replace(on=on)
        if not on:
            allowed = self._endable(part, tick)
            pitch = self._draws.field("pitch", query, self.brief, allowed)
            return (
                self._end_as_one(part, tick)
                if self.brief.voicings[part]
                else self._end(part, pitch, tick)
            )
        if beat and (beat.tick, beat.part) == (tick, part):
            return self._come_to(beat)
        if not self._may_strike(part, tick):
            return self._drop(tick)
        if self._is_left_out(part, tick):
            self._density.thin()
            return self._drop(tick)
        if (line := self._begins_at(part, tick)) == tick:
            return self._draw_onset(query, tick)
        if (strikes_at := self._strikes_at) is not None and line >= strikes_at:
            return self._wait(strikes_at)
        if self._is_over(line) or not self._beginnable(part, line).any():
            return self._drop(tick)
        return self._draw_onset(self._moved(query, line), line)

    def _is_left_out(self, part: int, tick: int) -> bool:
        """True of an onset that its part, its figure or its density has no room for."""
        density, brief = self._density, self.brief
        is_soon = density.is_tremolo(part, tick, brief) or density.is_ornament(part, tick, brief)
        return is_soon or self._is_beside_figure(part, tick) or not self._is_left(part, tick)

    def _may_strike(self, part: int, tick: int) -> bool:
        """False of a part in chords just after one, and mostly where the call struck none."""
        voicings = self.brief.voicings[part]
        if voicings is None or tick >= self._due:
            return True
        place = self.hearing.timeline.metre.place(tick).position
        is_there = voicings.is_of(place)
        if not is_there and place % EIGHTH == 0:
            is_there = self._rng.random() < BESIDE
        return is_there and self._density.may_strike(part, tick)

    def _is_over(self, tick: int) -> bool:
        """True where nothing may begin at a tick, for a rest or the end has come."""
        is_end = self.brief.end is not None and tick >= self.brief.end
        return is_end or self._rest_before(tick) is not None

    def _moved(self, query: Query, line: int) -> Query:
        """The same onset on a line; time passes to where it can be said."""
        if line - self._last() >= ADVANCE:
            self._wait(line)
        place = place_classes(self.hearing.encoder.metre, line)
        return Query(line - self._last(), *place, part=query.part, on=1, before=query.before)

    def _draw_onset(self, query: Query, tick: int) -> None:
        """Draw pitch and velocity of a note of a part that begins at a tick; where the part is full its oldest ends."""
        brief, part = self.brief, query.part
        if voicings := brief.voicings[part]:
            return self._strike_one_of(voicings, part, tick)
        if self._notes.count(part) >= brief.voices[part]:
            return self._end_oldest(part, tick)
        hits = hits_at(tick, brief, self._notes) if part == DRUMS else ()
        pitch, because = self._draw_pitch(query, self._beginnable(part, tick), tick, hits)
        kept = next((hit for hit in hits if hit.pitch == pitch), None)
        if part == DRUMS and kept is None and brief.drummer:
            pitch = brief.kit.drum(pitch)
            if not self._beginnable(part, tick)[pitch] or brief.drummer.is_stray(tick, pitch):
                return self._drop(tick)
        velocity = self._draws.velocity(query._replace(pitch=pitch), brief, kept)
        if part == DRUMS and brief.drummer:
            velocity = min(velocity, brief.kit.most(is_kept=kept is not None))
        return self._begin(Stroke(tick, part, pitch, velocity), because)

    def _strike_one_of(self, voicings: Voicings, part: int, tick: int) -> None:
        """Strike a chord of the call's where the one before ends: the model says on which lowest note."""
        self._end_as_one(part, tick)
        self._hear()
        self._come_near()
        place = place_classes(self.hearing.encoder.metre, tick)
        before = self.hearing.encoder.struck.get(part, NO_PITCH)
        query = Query(tick - self._last(), *place, part=part, on=1, before=before)
        free, welcome = self._beginnable(part, tick), self.brief.harmony[part]
        harmony = None if welcome is None else welcome.at(tick)
        position = self.hearing.timeline.metre.place(tick).position
        allowed, fits = voicings.lowest(free, harmony, position)
        if not allowed.any():
            return self._drop(tick)
        roots = tuple(int(it) for it in np.flatnonzero(allowed) if it % 12 == self.brief.root)
        close = Mixed(Cause.CLOSE, RESTS if tick == self._line.closes else 0.0, roots)
        low, because = self._draw_pitch(query, allowed, tick, (), fits, (close,))
        velocity = self._draws.velocity(query._replace(pitch=low), self.brief)
        self._begin(Stroke(tick, part, low, velocity), because)
        for pitch in voicings.above(low, free, harmony, position):
            moved = Reason(tick, free, struck_by=Cause.VOICING)
            self._begin(Stroke(tick, part, pitch, velocity), moved)
        return None

    # --- drawing ------------------------------------------------------------------------------------------------

    def _draw_time(self) -> int:
        """Ticks from the last event to the next, or ADVANCE."""
        self._come_near()
        brief, last = self.brief, self._last()
        waiting = self._draws.times(brief, last)
        earliest, latest = self.frontier - last, max(self._due, self.frontier) - last
        allowed = (earliest <= TIMES) & (latest >= TIMES)
        rate = self._density.rate(self.frontier, brief, self._draws.begun)
        likely = hasten(probabilities(waiting, allowed), rate)
        if brief.lines:
            place = self.hearing.timeline.metre.place(last).position
            likely[:ADVANCE] = brief.lines.placed(place, likely[:ADVANCE])
        likely = self._line.timed(likely, rate, last, allowed, brief)
        if hits := hits_from(self.frontier, brief, self._notes):
            share = max(share_of(hit, brief, rate) for hit in hits)
            likely = mixed(likely, share, [hits[0].tick - last], allowed)
        return self._draws.drawn(likely)

    def _draw_part(self, query: Query, tick: int) -> int:
        # When the time for an onset has come there is nothing left to thin: the choice is among those that may play.
        # Nor is there where drums that hear nobody else keep to something.
        brief = self.brief
        is_ours = tick >= self._due or brief.drummer is not None
        playing = {part for part, _ in self._notes.notes}
        wanted = self._density.wanted(self.frontier, brief, playing)
        allowed = np.array(brief.parts) if is_ours else None
        return self._draws.field("part", query, brief, allowed, brief.temperature, wanted)

    def _draw_on(self, query: Query, tick: int) -> int | None:
        """Draw a beginning (1) or an end (0) at `tick`; None if neither may be."""
        part = query.part
        has_room = self._density.crowd.has_room(tick)
        may_begin = has_room and bool(self._beginnable(part, tick).any())
        may_end = bool(self._endable(part, tick).any())
        if may_begin and may_end and tick < self._due:
            return self._draws.field("on", query, self.brief)
        if may_begin:
            return 1
        return 0 if may_end else None

    def _draw_pitch(
        self,
        query: Query,
        allowed: Mask,
        tick: int,
        hits: tuple[DrumHit, ...],
        fits: NDArray[np.float64] | None = None,
        more: tuple[Mixed, ...] = (),
    ) -> tuple[int, Reason]:
        """The pitch of an onset: what the model expects, and what the call's theme goes on to.

        `fits` (128,) are nats for what is struck above each; `more` is mixed in last.
        """
        brief, line = self.brief, self._line
        leads = line.leads(query.part, tick)
        if leads and not brief.supposes:
            allowed = without(worn_out(line.notes, tick), allowed)
        mixes = (*self._kept(hits, tick), *(line.pitched(tick, brief) if leads else ()), *more)
        harmony = brief.harmony[query.part]
        by = Cause.STYLE if fits is None else Cause.VOICING
        because = Reason(tick, allowed, harmony, mixes, line.theme, line.past, favoured_by=by)
        favour = self._favour(query, tick)
        if fits is not None:
            favour = fits if favour is None else favour + fits
        if leads and not brief.supposes and (tired := tiring(line.notes, brief.same)) is not None:
            rest = np.where(tired == PITCHES, -TIRED, 0.0)
            favour = rest if favour is None else favour + rest
        return self._draws.pitch(because, query, brief, allowed, favour)

    def _favour(self, query: Query, tick: int) -> NDArray[np.float64] | None:
        """Give how welcome each pitch is to the harmony and, of a line that goes on, to the style."""
        harmony = self.brief.harmony[query.part]
        favour = None if harmony is None else harmony.at(tick)
        goes_on = query.before != NO_PITCH and tick != self._line.closes
        if self.brief.lines and query.part == LEAD and goes_on:
            styled = self.brief.lines.welcome(query.before)
            favour = styled if favour is None else favour + styled
        if self.brief.contour and query.part == LEAD:
            formed = self.brief.contour.welcome(tick, query.before)
            favour = formed if favour is None else favour + formed
        if query.part == BASS and self.brief.root is not None:
            rooted = self._rooted(self.brief.root, tick)
            favour = rooted if favour is None else favour + rooted
        return favour

    def _rooted(self, root: int, tick: int) -> NDArray[np.float64]:
        """Give how welcome each pitch is to a bass that answers: it begins on the root, and is there at most bars."""
        begins = BASS not in self._density.struck_at
        is_one = self.hearing.timeline.metre.place(tick).position <= TOGETHER
        nats = ROOT_BEGINS if begins else ROOT_ON_ONE if is_one else 0.0
        rooted: NDArray[np.float64] = np.where(root == PITCHES % 12, nats, 0.0)
        return rooted

    def _kept(self, hits: tuple[DrumHit, ...], tick: int) -> Iterator[Mixed]:
        """The share of a hit that the drums keep to, with who asks for it."""
        drummer = self.brief.drummer
        if hits and drummer:
            kept = Cause.RHYTHM if drummer.fits_at(tick) else Cause.BAR
            source = Cause.CUE if drummer.is_cued(hits[0]) else kept
            yield Mixed(source, share_of(hits[0], self.brief), (hits[0].pitch,))

    def _suppose(self, query: Query, tick: int) -> None:
        """Take an event of a part that is not ours as played: what follows may depend on it.

        What sounds together comes in the order of its parts, the lead first.  Whoever waits in silence for the lead's
        note comes after it, off the beat.
        """
        brief, sounds = self.brief, sounding(self.hearing, query.part)
        may_begin = self._supposed.has_room(tick)
        if not may_begin and not sounds.any():
            return self._drop(tick)
        is_open = may_begin and sounds.any()
        on = self._draws.field("on", query, brief) if is_open else int(may_begin)
        query = query._replace(on=on)
        pitch = self._draws.field("pitch", query, brief, ~sounds if on else sounds)
        loudness = 0
        if on:
            query = query._replace(pitch=pitch)
            loudness = velocity_of(self._draws.field("velocity", query, brief))
            self._supposed.add(tick)
        self._unheard.append(Stroke(tick, query.part, pitch, loudness))
        self.frontier = tick
        self._draws.forget_time()
        return None

    # --- what is struck on time ---------------------------------------------------------------------------------

    @property
    def _strikes_at(self) -> int | None:
        """The tick at which the next chord is struck."""
        return self._strikes.at(self.brief, self.hearing.timeline.metre)

    @property
    def _struck_next(self) -> int | None:
        """The tick at which a chord is struck next, or the drums that go with the last one; None where neither is."""
        return self._strikes.next_at(self.brief, self.hearing.timeline.metre)

    def _strike(self) -> None:
        """Give the next stroke towards a chord that is struck here: the end of a note outside it, or a note of it."""
        tick, brief, notes = self.frontier, self.brief, self._notes
        if (end := self._strikes.outside(tick, brief, notes)) is not None:
            is_later = end.tick > tick
            return self._wait(end.tick) if is_later else self._end(end.part, end.pitch, tick)
        free = {part: self._beginnable(part, tick) for part in STRUCK}
        bass = self._beats.before(BASS)
        if (note := self._strikes.missing(tick, brief, notes, free, bass)) is not None:
            return self._begin_one(note.part, note.allowed, tick, note.favour, note.because)
        self._strikes.leave(notes)
        return None

    def _begin_one(
        self,
        part: int,
        allowed: Mask,
        tick: int,
        favour: NDArray[np.float64] | None,
        because: Reason,
    ) -> None:
        """A note of those that are allowed, where the model expects it; `because` is what is known of its reason."""
        self._come_near()
        place = place_classes(self.hearing.encoder.metre, tick)
        before = self.hearing.encoder.struck.get(part, NO_PITCH)
        query = Query(tick - self._last(), *place, part=part, on=1, before=before)
        pitch, because = self._draws.pitch(because, query, self.brief, allowed, favour)
        velocity = self._draws.velocity(query._replace(pitch=pitch), self.brief)
        self._begin(Stroke(tick, part, pitch, velocity), because)

    @property
    def _beat(self) -> PartBeat | None:
        """The next beat of any part's figure; None without one, or where it lies in a rest."""
        first = self._beats.coming(self.frontier, self.brief)
        return None if first is None or self._rest_before(first.tick) else first

    def _is_beside_figure(self, part: int, tick: int) -> bool:
        """True where a note of a part that keeps to a figure is none of its beats, and is left out."""
        figure = self.brief.figures[part]
        if figure is None:
            return False
        if not figure.takes(tick, self.hearing.timeline.metre):
            return True
        return figure.others < 1 and self._rng.random() >= figure.others

    def _come_to(self, beat: PartBeat) -> None:
        """Let time pass to a beat of a figure: who comes before a bass has struck by then what sounds with it."""
        if beat.tick > self._last():
            self._wait(beat.tick)
        self._beats.come_to(beat)

    def _keep_beat(self, beat: PartBeat) -> None:
        """Give the next stroke on a beat: the end of an older note, or a note; of a comp, all of its chord.

        There is none where the part has begun one just now, or may not.  A comp that ripples lets its notes ring while
        it has voices left, and strikes one.
        """
        tick, part, brief, beats = self.frontier, beat.part, self.brief, self._beats
        since = self._density.struck_at.get(part, brief.start - TICKS_PER_BEAT)
        ripples = beat.role is Role.RIPPLES
        is_whole = ripples and beats.has_begun
        may = (beats.has_begun or tick - since > TOGETHER >= tick - beat.tick) and not is_whole
        free = self._beginnable(part, tick)
        has_room = ripples and self._notes.count(part) < brief.voices[part]
        if may and not has_room and (beats.has_begun or free.any()):
            older = self._notes.older(part, beat.tick, tick)
            if older is not None:
                return self._end(part, older, tick)
        own = self._notes.held(part)
        wide = with_approaches(beat, free, tick, brief, self._notes)
        allowed, voices = missing_on_beat(beat, wide, own, tick, brief)
        may = may and bool(allowed.any()) and len(own) < voices
        figure = brief.figures[part]
        is_left = beats.has_begun or (figure is not None and figure.is_firm)
        if may and (is_left or self._is_left(part, tick)):
            beats.has_begun = True
            favour = asked_on_beat(beat, tick, brief, beats.before(part))
            if favour is not None and is_chord(beat):
                favour = favour + self._strikes.near
            because = Reason(tick, free, welcome=brief.harmony[part])
            return self._begin_one(part, allowed, tick, favour, because)
        if beats.has_begun and is_chord(beat):
            self._strikes.take_voices(self._notes)
        return beats.leave(beat)

    # --- what may be --------------------------------------------------------------------------------------------

    @property
    def _due(self) -> int:
        """The tick by which a note begins."""
        onset_by, closes = self._density.onset_by, self._line.closes
        return (
            onset_by if closes is None or self._line.closed is not None else min(onset_by, closes)
        )

    def _is_left(self, part: int, tick: int) -> bool:
        """True if the density of a part leaves an onset."""
        return self._density.is_left(part, tick, self._due, self.brief, self._rng)

    def _begins_at(self, part: int, tick: int) -> int:
        """Give the tick on which an onset drawn for `tick` begins: the nearest line, or the next if that is taken."""
        if self.brief.grid is None:
            return tick
        metre = self.hearing.timeline.metre
        line = nearest_line(tick, self.brief.grid, metre)
        is_taken = self._density.struck_at.get(part) == line and tick - line > TOGETHER
        is_past = line < max(self.frontier, self._last())
        return line_or_tick(tick, self.brief.grid, metre) if is_past or is_taken else line

    def _beginnable(self, part: int, tick: int) -> Mask:
        before = self.hearing.encoder.struck.get(part)
        strikes_at = self._strikes_at if part in STRUCK else None
        closed = self._line.closed
        return beginnable(part, tick, self.brief, self._notes, before, strikes_at, closed)

    def _endable(self, part: int, tick: int) -> Mask:
        return self._notes.endable(part, tick, self.brief, self._line.closed)

    def _rest_before(self, tick: int) -> Stretch | None:
        """The rest that has begun by a tick and is not over yet for this rollout."""
        return next(
            (it for it in self.brief.rests if it.start < tick and self.frontier < it.end), None
        )

    # --- what follows -------------------------------------------------------------------------------------------

    def _speak_from(self, tick: int) -> None:
        self._line.speak_from(tick, self.brief, self.hearing.timeline.metre)

    def _breathe(self, close: Close) -> None:
        """End what is held a little before the bar line, and begin another sentence there."""
        for (part, pitch), (_, onset) in self._notes.notes.items():
            held = self._line.held_until(close, onset, self.brief.longest)
            return self._end(part, pitch, max(self.frontier, held))
        self._density.be_silent_until(close.until)
        self._wait(max(self.frontier, close.until))
        return self._speak_from(self.frontier)

    def _come_to_rest(self, closed: int) -> None:
        """Hold the notes on which the response closed, let them go a little before its end, and end."""
        end = self.brief.end or self.frontier
        lifts = max(closed + (end - closed) // 2, end - LIFTED)
        for (part, pitch), (_, onset) in list(self._notes.notes.items()):
            self._end(part, pitch, max(self.frontier, min(lifts, onset + self.brief.longest)))
        self._finish(end)

    def _begin(self, stroke: Stroke, because: Reason | None = None) -> None:
        tick, part, pitch, _ = stroke
        self.reasons[stroke] = because
        self._feed(stroke)
        self._density.begin(tick, part)
        self._line.begin(tick, part, pitch)
        self._beats.begin(part, pitch)
        if part == DRUMS:
            self.planned.append(self._notes.begin_drum(stroke))
        else:
            self._notes.begin(stroke, self.brief.channels[part])

    def _end(self, part: int, pitch: int, tick: int) -> None:
        self._notes.end(part, pitch)
        self._feed(Stroke(tick, part, pitch, 0))

    def _end_as_one(self, part: int, tick: int) -> None:
        """End all notes of a part that may end at a tick."""
        for pitch in np.flatnonzero(self._endable(part, tick)):
            self._end(part, int(pitch), tick)

    def _end_oldest(self, part: int, tick: int) -> None:
        """All voices of a part sound and it begins another note: the oldest gives way, if it has been heard."""
        pitch, onset = next(iter(self._notes.held(part).items()))
        if tick - onset < self._notes.least(part):
            return self._drop(tick)
        return self._end(part, pitch, tick)

    def _end_overlong(self, tick: int) -> bool:
        """End the note that is to end first, if it has sounded for too long or is to leave by `tick`."""
        first = self._notes.first_to_end(self.brief.longest)
        if first is None or first[1] > tick:
            return False
        (part, pitch), ends = first
        self._end(part, pitch, max(self.frontier, ends))
        return True

    def _keep_silent(self, rest: Stretch) -> None:
        """End what sounds, a little after the rest began, and go on behind it."""
        over = rest.end if self.brief.end is None else min(rest.end, self.brief.end)
        if self.brief.last and rest.start == self.brief.last.tick:
            return self._finish(max(over, self.frontier))
        strikes_at = self._strikes_at
        if strikes_at is not None and self.frontier < strikes_at <= rest.start + WAIT:
            return self._wait(strikes_at)  # the player is waited for
        for (part, pitch), (_, onset) in self._notes.notes.items():
            hit = min(max(rest.start + HIT, onset + SHORTEST), onset + self.brief.longest)
            stop = max(self.frontier, min(hit, over))
            return self._end(part, pitch, stop)
        self._density.be_silent_until(over)
        self._strikes.leave_out(over)
        return self._wait(over)

    def _drop(self, tick: int) -> None:
        """Let nothing happen at a tick, and go on behind it; a beat of a figure there is not lost."""
        beat = None if self._beats.now else self._beat
        if beat and beat.tick == tick:
            return self._come_to(beat)
        self.frontier = tick + 1
        return None

    def _feed(self, stroke: Stroke) -> None:
        self._unheard.append(stroke)
        self.planned.append(stroke)
        self.frontier = stroke.tick
        self._draws.forget_time()

    def _last(self) -> int:
        last = self.hearing.encoder.last
        return self.frontier if last is None else last

    def _come_near(self) -> None:
        """Let time pass until the frontier is less than ADVANCE away from what was heard last."""
        if self.hearing.encoder.last is None or self.frontier - self._last() >= ADVANCE:
            self._wait(self.frontier)

    def _wait(self, tick: int) -> None:
        self.hearing.wait(tick)
        self.frontier = max(self.frontier, tick)
        self._draws.forget_time()

    def _finish(self, tick: int) -> None:
        for (part, pitch), (_, onset) in self._notes.notes.items():
            ends = max(self.frontier, min(tick, onset + self.brief.longest))
            self.planned.append(Stroke(ends, part, pitch, 0))
        self._notes.notes.clear()
        self.frontier = tick
        self.is_done = True
