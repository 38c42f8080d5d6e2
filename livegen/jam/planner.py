"""Planning a response: rolling the model out, event by event, within what it may play.

A rollout works on a branch of what was heard, so nothing that it supposes reaches the live state.  Fields
are drawn in order: time, part, on, pitch, velocity.  Knows ticks; knows no micros, no turns and no chance of
its own: every draw takes one number from the generator it was given.

Rules of this file, from what went wrong without them, measured on a prototype:

* a part that may not play is thinned: the drawn event is dropped unheard and the next may come a tick later.
  Masked after its time is drawn, it would play the times of all parts;
* temperature does not act on time: cooler times are shorter times, and a calmer model plays more.  Nor does the
  nucleus: without its long times a rhythm comes out more even than people's;
* an off only for a note that this rollout began, an on only where (channel, pitch) is silent;
* no note outlives the response, none lasts longer than the brief allows, none is shorter than `SHORTEST`;
* beside a player no note of comp or bass is a click: where a chord that nobody foresaw cuts it, it is held a moment;
* the density of a part is thinned too: all play as densely as the densest, and of the others onsets are dropped;
* on a grid an onset begins on the nearest line that its part has not struck yet, and is heard there;
* a line that leads does not go round in circles (jam/circles.py);
* a comp beside a player strikes again a sixteenth later at the soonest: closer strokes are a tremolo;
* a part with a figure begins a note on each of its beats, whatever else the model has it play (jam/figures.py);
* a line that goes on for ever comes to rest at the end of each sentence (jam/sentences.py);
* where nothing at all may be played the response ends: a rest, and no fault;
* silence ends: the first onset comes within a beat and half the response, the next within
  `LONGEST_SILENCE`.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.codec.encoder import Stroke, place_classes
from livegen.codec.layout import ADVANCE, FIELDS, NO_PITCH, velocity_class, velocity_of
from livegen.inference.contract import Logits, Query
from livegen.inference.sampling import (
    Mask,
    NothingAllowed,
    Probabilities,
    draw,
    hasten,
    nucleus,
    probabilities,
)
from livegen.jam.brief import Brief
from livegen.jam.candidate import PlayedOnce
from livegen.jam.circles import worn_out
from livegen.jam.drummer import BOLD
from livegen.jam.figures import Role
from livegen.jam.harmonies import WAIT, foot
from livegen.jam.hearing import Hearing, ModelFault
from livegen.jam.reasons import Cause, Drawn, Mixed, Reason
from livegen.jam.sentences import BREATH, Close
from livegen.jam.theme import SHARES, Point, line_of, mixed
from livegen.music.charts import Stretch
from livegen.music.chord import Chord
from livegen.music.drum_bars import CRASH, KICK, DrumHit
from livegen.music.messages import velocity_near
from livegen.music.metre import TICKS_PER_BEAT
from livegen.music.parts import BASS, COMP, DRUMS, LEAD
from livegen.music.quantise import line_from, nearest_line

SHORTEST = 2
CLICK_US = 60_000  # a note of a comp or a bass that is shorter is heard as a click
HIT = TICKS_PER_BEAT // 2  # a chord that is hit before a rest lasts so long
LAST_HITS = (KICK, CRASH)  # drums that are struck with the last chord
TOGETHER = 2  # ticks that notes struck together may lie apart
SOONEST = 5  # ticks from one stroke of a comp to its next: sixteenths, and no tremolo
LONGEST_SILENCE = 8 * TICKS_PER_BEAT
DRUM_TICKS = 2  # a drum has no end of its own: its key comes up after this
MOST_ONSETS_PER_BEAT = 16
# Nats for a beat of a part's silence, after so many beats, and at most.  On 8 leads without, the bass played in none.
_MISSED, _MISSED_AFTER, _MISSED_MOST = 8.0, 0.5, 20.0
BASS_LEAP = 12  # semitones: a bass leaps no farther
OCTAVE = 12
_MOVED = 0.8  # nats for each semitone that a voice of a comp moves from one chord to the next
_LOOKED_AT = 96  # strokes of our own in which the comp's last chord is looked for
STRUCK = (COMP, BASS)  # parts that strike a chord: all of it, and its root
CLOSES = 0.85  # share of responses that close on a strong beat where they can
_SETTLED = 2.0  # onsets by which density is late in following: a single rest is no lag

_TIMES, _PITCHES = np.arange(FIELDS["time"]), np.arange(128)


class _Beat(NamedTuple):
    """A beat of a part's figure."""

    tick: int
    part: int
    role: Role

    def __lt__(self, other: tuple[object, ...]) -> bool:
        """By tick, then in the order of parts: roles have none."""
        return self[:2] < other[:2]


class Rollout(PlayedOnce):
    """A response being planned.  `step` by `step`, strokes appear in `planned`, until they are taken.

    Nothing will be planned before tick `frontier` any more.  `brief` may be replaced between steps and acts
    from there on.  `notes` are the beginnings of our own notes that sound already and are to be ended;
    what `has_begun` may end without another note.
    `likelihood` sums the logarithms of the shares at which the choices were drawn.  `reasons` says of each note why it
    has its pitch; None of one that was not drawn, but asked for.
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
        self.hearing = hearing
        self.brief = brief
        self.planned: list[Stroke] = []
        self.frontier = brief.start
        self.is_done = False
        self.likelihood = 0.0
        self.reasons: dict[Stroke, Reason | None] = {}
        self._because: Reason | None = None  # of the note that is being drawn
        self._keeps_steps = keeps_steps
        self._rng = rng
        is_free = has_begun or brief.end is None
        half = brief.patience if is_free else ((brief.end or 0) - brief.start) // 2
        self._onset_by = brief.start + min(brief.patience, half)
        # (part, pitch) -> (channel, onset); oldest first
        self._notes: dict[tuple[int, int], tuple[int, int]] = {}
        self._drums: dict[int, int] = {}  # pitch -> tick at which it comes up
        self._onsets: deque[int] = deque(maxlen=MOST_ONSETS_PER_BEAT)
        self._supposed: deque[int] = deque(maxlen=MOST_ONSETS_PER_BEAT)
        self._begun, self._velocities = 0, 0
        self._thinned = 0
        # By part: an onset that was judged by its density, and whether it is left.
        self._judged: dict[int, tuple[int, bool]] = {}
        # (part, pitch) of notes that the chord has left, and that are held until they are no click: until which tick
        self._leaving: dict[tuple[int, int], int] = {}
        self._struck_at: dict[int, int] = {}  # by part: its last onset
        self._closes = brief.closes if rng.random() < CLOSES else None
        if self._closes is not None and self._grid_from(self._closes) != self._closes:
            self._closes = None
        self._closed: int | None = None  # the tick of its last onset
        self._close: Close | None = None  # of the sentence that goes on
        self._silent_since = list(brief.silent_since or (brief.start,) * len(brief.parts))
        # Planned, to be heard before the next: a first note need not wait for it.
        self._unheard: deque[Stroke] = deque()
        self._waiting: Logits | None = None  # logits of time after the last event, while they hold
        # The part that takes up the theme, and its line so far.
        self._leads = brief.parts.index(True) if True in brief.parts else DRUMS
        self._theme = None if self._leads == DRUMS else brief.theme
        self._speak_from(self.frontier)
        self._strikes = deque(brief.strikes)
        self._voicing = voicing_of(own := list(own))  # of the comp's chord before
        self._kept: _Beat | None = None  # a beat of a figure that has come
        self._has_kept = False  # a note was begun on it
        self._stepped: dict[
            int, int
        ] = {}  # by part: the last beat of its figure that is dealt with
        self._last_hits = deque(LAST_HITS if brief.last and brief.drummer else ())
        self._line = line_of(stroke for stroke in own if stroke.part == self._leads)
        for stroke in own if brief.drummer else ():
            if stroke.part == DRUMS and stroke.velocity:
                self._drums[stroke.pitch] = stroke.tick + DRUM_TICKS
        for stroke in notes:
            self._take_over(stroke)

    def _take_over(self, stroke: Stroke) -> None:
        """A note of ours that sounds: it goes on, or ends now if its part no longer plays."""
        tick, part, pitch, _ = stroke
        if part == DRUMS:
            self._drums[pitch] = self.frontier + DRUM_TICKS
            self.planned.append(Stroke(self._drums[pitch], part, pitch, 0))
        elif self.brief.parts[part]:
            self._notes[part, pitch] = (self.brief.channels[part], tick)
        else:
            self._unheard.append(Stroke(self.frontier, part, pitch, 0))
            self.planned.append(self._unheard[-1])

    @property
    def _due(self) -> int:
        """The tick by which a note begins."""
        if self._closes is None or self._closed is not None:
            return self._onset_by
        return min(self._onset_by, self._closes)

    @property
    def _strikes_at(self) -> int:
        """The tick at which the next chord is struck."""
        return self._grid_from(max(self._strikes[0].tick, self.brief.start))

    @property
    def _struck_next(self) -> int | None:
        """The tick at which a chord is struck next, or the drums that go with the last one; None where neither is."""
        if self._strikes:
            return self._strikes_at
        return self.brief.last.tick if self._last_hits and self.brief.last else None

    @property
    def end(self) -> int | None:
        """The tick at which it ends, None where it goes on for ever."""
        return self.brief.end

    @property
    def rollouts(self) -> "tuple[Rollout, ...]":
        """Itself."""
        return (self,)

    def take(self) -> list[Stroke]:
        """Give what was planned, once."""
        planned, self.planned = self.planned, []
        return planned

    def step(self) -> None:
        """Plan one event, or drop one, or end.  A few runs of the model; never raises."""
        try:
            self._step()
        except (ModelFault, NothingAllowed):
            self._finish(self.frontier)

    def _step(self) -> None:
        while self._unheard:
            self.hearing.feed(self._unheard.popleft())
        if self.brief.end is not None and self.frontier >= self.brief.end:
            return self._finish(self.frontier)
        if self._close and self._closed is None and self.frontier > self._close.tick:
            self._speak_from(self.frontier)  # it was missed
        struck = self._struck_next
        if struck is not None and struck <= self.frontier:
            if self._strikes:
                return self._strike(*self._strikes[0])
            return self._hit_last(self._last_hits.popleft())
        if self._kept:
            return self._keep_beat(self._kept)
        beat = self._beat
        closed = self._closed
        if closed is not None and self._close:
            return self._breathe(self._close)
        if closed is not None and all(at >= closed for _, at in self._notes.values()):
            return self._finish(self.brief.end or self.frontier)
        brief, time = self.brief, self._draw_time()
        tick = self._last() + time
        stops = [stop for stop in (brief.end, struck) if stop is not None]
        is_beat = beat is not None and beat.tick < min([tick, *stops])
        if self._end_overlong(min([tick, *stops, *((beat.tick,) if beat and is_beat else ())])):
            return None
        if beat and is_beat:
            return self._come_to(beat)
        if struck is not None and tick >= struck and (brief.end is None or struck < brief.end):
            if (rest := self._rest_before(struck)) is not None:
                return self._keep_silent(rest)
            return self._wait(struck)
        if brief.end is not None and tick >= brief.end:
            return self._finish(max(brief.end, self.frontier))
        if (rest := self._rest_before(tick)) is not None:
            return self._keep_silent(rest)
        if time == ADVANCE:
            return self._wait(tick)
        query = Query(time, *place_classes(self.hearing.encoder.metre, tick))
        # When the time for an onset has come there is nothing left to thin: the choice is among those that may play.
        # Nor is there where drums that hear nobody else keep to something.
        is_ours = tick >= self._due or brief.drummer is not None
        part = self._draw(
            "part",
            query,
            np.array(brief.parts) if is_ours else None,
            brief.temperature,
            self._wanted(),
        )
        before = self.hearing.encoder.struck.get(part, NO_PITCH)
        query = query._replace(part=part, before=before)
        if not brief.parts[part]:
            return self._suppose(query, tick) if brief.supposes else self._drop(tick)
        on = self._draw_on(query, tick)
        if on is None:
            return self._drop(tick)
        query = query._replace(on=on)
        if not on:
            return self._end(part, self._draw("pitch", query, self._endable(part, tick)), tick)
        if beat and (beat.tick, beat.part) == (tick, part):
            return self._come_to(beat)
        is_left_out = self._is_tremolo(part, tick) or self._is_beside_figure(part, tick)
        if is_left_out or not self._is_left(part, tick):
            self._thinned += 1
            return self._drop(tick)
        if (line := self._begins_at(part, tick)) != tick:
            if self._strikes and line >= self._strikes_at:
                return self._wait(self._strikes_at)
            is_over = self._rest_before(line) or (brief.end is not None and line >= brief.end)
            if is_over or not self._beginnable(part, line).any():
                return self._drop(tick)
            if line - self._last() >= ADVANCE:
                self._wait(line)
            tick, place = line, place_classes(self.hearing.encoder.metre, line)
            query = Query(tick - self._last(), *place, part=part, on=1, before=before)
        if self._count(part) >= brief.voices[part]:
            return self._end_oldest(part, tick)
        harmony = brief.harmony[part]
        favour = None if harmony is None else harmony.at(tick)
        if brief.lines and part == LEAD and before != NO_PITCH and tick != self._closes:
            styled = brief.lines.welcome(before)
            favour = styled if favour is None else favour + styled
        hits = self._kept_at(tick) if part == DRUMS else ()
        pitch = self._draw_pitch(query, self._beginnable(part, tick), favour, tick, hits)
        kept = next((hit for hit in hits if hit.pitch == pitch), None)
        if part == DRUMS and kept is None and brief.drummer:
            pitch = brief.kit.drum(pitch)
            if not self._beginnable(part, tick)[pitch]:
                return self._drop(tick)
        velocity = self._draw_velocity(query._replace(pitch=pitch), kept)
        if part == DRUMS and brief.drummer:
            velocity = min(velocity, brief.kit.most(is_kept=kept is not None))
        return self._begin(Stroke(tick, part, pitch, velocity))

    # --- drawing ----------------------------------------------------------------------------------------------

    def _draw_time(self) -> int:
        """Ticks from the last event to the next, or ADVANCE."""
        self._come_near()
        if self._waiting is None:
            self._waiting = self._in_groove(self.hearing.logits("time", Query(), self.brief.memory))
        earliest, latest = (
            self.frontier - self._last(),
            max(self._due, self.frontier) - self._last(),
        )
        allowed, rate = (earliest <= _TIMES) & (latest >= _TIMES), self._rate()
        likely = hasten(probabilities(self._waiting, allowed), rate)
        if self.brief.lines:
            place = self.hearing.timeline.metre.place(self._last()).position
            likely[:ADVANCE] = self.brief.lines.placed(place, likely[:ADVANCE])
        if self._theme:
            share, coming = self._theme.follows(self._line)
            last = self._last()
            share *= min(rate, 1 / rate)  # who wants more notes or fewer wants another rhythm
            likely = mixed(likely, share, (point.tick - last for point in coming), allowed)
            share, again, _ = self._recalled()
            if again:
                likely = mixed(likely, share, [again.tick - last], allowed)
        if hits := self._kept_from(self.frontier):
            # Who wants more notes has more added to those that are kept, but for what all strike.
            share = max(map(self._keeps, hits))
            share = share if share >= 1 else share / max(1.0, rate)
            likely = mixed(likely, share, [hits[0].tick - self._last()], allowed)
        return self._drawn(likely)

    def _kept_from(self, tick: int) -> tuple[DrumHit, ...]:
        """The next hits, from a tick on, of what the drums keep to, those that were struck left out."""
        if self.brief.drummer is None:
            return ()
        struck = [pitch for pitch, until in self._drums.items() if tick < until]
        return self.brief.drummer.coming(tick, struck)

    def _kept_at(self, tick: int) -> tuple[DrumHit, ...]:
        return tuple(hit for hit in self._kept_from(tick) if hit.tick == tick)

    def _keeps(self, hit: DrumHit) -> float:
        """The share that a hit has which the drums keep to."""
        return self.brief.drummer.share(hit) if self.brief.drummer else 0.0

    def _recalled(self) -> tuple[float, Point | None, int]:
        """The note that its sentences have come again, with its share, and how many ticks before it was played."""
        sentences = None if self.brief.end is not None else self.brief.sentences
        if self._theme is None or sentences is None:
            return 0.0, None, 0
        return self._theme.recalls(self._line, sentences)

    def _rate(self) -> float:
        """How much denser to play than the model would, so that the whole comes out as dense as the call."""
        brief, density = self.brief, self.brief.density * self.brief.densest
        if brief.pace is None or not brief.follow:
            return density
        beats = (self.frontier - brief.start) / TICKS_PER_BEAT
        due = brief.pace * density * beats
        behind = (due + _SETTLED) / (self._begun + self._thinned + _SETTLED)
        return density * min(4.0, max(0.25, float(behind**brief.follow)))

    def _wanted(self) -> NDArray[np.float64] | None:
        """How welcome each part is, beyond what the model thinks: those that should play and do not."""
        brief = self.brief
        if not brief.wanted:
            return None
        playing = {part for part, _ in self._notes}
        missing = [
            plays and part not in playing and part != DRUMS and self._rests(part)
            for part, plays in enumerate(brief.parts)
        ]
        return np.array(missing) * (brief.wanted + self._missed())

    def _rests(self, part: int) -> bool:
        """True if a part has begun nothing for half a beat: short notes leave gaps that are no silence."""
        return self.frontier - self._silent_since[part] >= TICKS_PER_BEAT // 2

    def _missed(self) -> NDArray[np.float64]:
        """Nats by which each part is the more welcome for having been silent so long."""
        silent = (self.frontier - np.array(self._silent_since)) / TICKS_PER_BEAT
        # Who plays little may be silent longer.
        silent = silent * np.minimum(1.0, self.brief.densities)
        return np.clip(_MISSED * (silent - _MISSED_AFTER), 0.0, _MISSED_MOST)

    def _in_groove(self, waiting: Logits) -> Logits:
        """Logits of time, shifted by how welcome each tick of the beat is; not that of ADVANCE."""
        if self.brief.groove is None:
            return waiting
        position, _ = self.hearing.timeline.metre.place(self._last())
        favoured = waiting + self.brief.groove[(position + _TIMES) % TICKS_PER_BEAT]
        favoured[ADVANCE] = waiting[ADVANCE]
        return favoured.astype(np.float32)

    def _draw(
        self,
        field: str,
        query: Query,
        allowed: Mask | None = None,
        temperature: float = 1.0,
        favour: NDArray[np.float64] | None = None,
    ) -> int:
        return self._chosen(self._likely(field, query, allowed, temperature, favour))

    def _likely(
        self,
        field: str,
        query: Query,
        allowed: Mask | None = None,
        temperature: float = 1.0,
        favour: NDArray[np.float64] | None = None,
    ) -> Probabilities:
        logits = self.hearing.logits(field, query, self.brief.memory)
        return _favoured(logits, allowed, temperature, favour)

    def _chosen(self, likely: Probabilities) -> int:
        return self._drawn(nucleus(likely, self.brief.nucleus))

    def _drawn(self, likely: Probabilities) -> int:
        chosen = draw(likely, self._rng.random())
        self.likelihood += float(np.log(likely[chosen] + 1e-12))
        return chosen

    def _draw_pitch(
        self,
        query: Query,
        allowed: Mask,
        favour: NDArray[np.float64] | None,
        tick: int,
        hits: tuple[DrumHit, ...] = (),
    ) -> int:
        """The pitch of an onset: what the model expects, and what the call's theme goes on to."""
        leads = query.part == self._leads and not (self._line and self._line[-1].tick == tick)
        if leads and not self.brief.supposes:
            allowed = _without(worn_out(self._line, tick), allowed)
        mixes = tuple(self._mixes(tick, leads, hits))
        past = tuple(self._line[-len(SHARES) :]) if self._theme else ()
        harmony = self.brief.harmony[query.part]
        because = Reason(tick, allowed, harmony, mixes, self._theme, past, taste=Cause.STYLE)
        return self._draw_for(because, query, allowed, favour)

    def _mixes(self, tick: int, leads: bool, hits: tuple[DrumHit, ...]) -> Iterator[Mixed]:
        """Shares mixed into the odds of a pitch: hits that the drums keep to; the theme, and the note of before."""
        drummer = self.brief.drummer
        if hits and drummer:
            is_asked = drummer.is_accent(hits[0]) or drummer.is_asked_for(hits[0])
            kept = Cause.RHYTHM if drummer.fits_at(tick) else Cause.BAR
            source = Cause.CUE if is_asked else kept
            yield Mixed(source, self._keeps(hits[0]), (hits[0].pitch,))
        if self._theme and leads:
            share, coming = self._theme.follows(self._line)
            yield Mixed(Cause.THEME, share, tuple(point.pitch for point in coming))
            share, again, back = self._recalled()
            if again and again.tick == tick:
                yield Mixed(Cause.FORM, share, (again.pitch,), back)
            if self._close and self.brief.sentences and tick == self._closes and self._line:
                tonic = self.brief.sentences.tonic if self._close.is_full else frozenset[int]()
                yield Mixed(Cause.CLOSE, *self._theme.rests_on(self._line[-1], tonic))

    def _draw_for(
        self, because: Reason, query: Query, allowed: Mask, favour: NDArray[np.float64] | None
    ) -> int:
        """Draw a pitch with what a reason mixes in, and note down in the reason how it came about."""
        temperature, cut = self.brief.temperature, self.brief.nucleus
        plain = self.hearing.plain("pitch", query)
        logits = self.hearing.coloured("pitch", query, plain, self.brief.memory)
        likely = _favoured(logits, allowed, temperature, favour)
        for mix in because.mixes:
            likely = mixed(likely, mix.share, mix.pitches, allowed)
        pitch = self._chosen(likely)
        step = self.hearing.step() if self._keeps_steps else None
        drawn = Drawn(pitch, query, plain, logits, allowed, favour, temperature, cut, step)
        self._because = because._replace(drawn=drawn)
        return pitch

    def _draw_on(self, query: Query, tick: int) -> int | None:
        """Draw a beginning (1) or an end (0) at `tick`; None if neither may be."""
        part = query.part
        begun = sum(1 for onset in self._onsets if tick - onset < TICKS_PER_BEAT)
        may_begin = begun < MOST_ONSETS_PER_BEAT and bool(self._beginnable(part, tick).any())
        may_end = bool(self._endable(part, tick).any())
        if may_begin and may_end and tick < self._due:
            return self._draw("on", query)
        if may_begin:
            return 1
        return 0 if may_end else None

    def _draw_velocity(self, query: Query, kept: DrumHit | None = None) -> int:
        """Velocity drawn by the model, moved towards the call's mean by what its own mean is off."""
        brief = self.brief
        likely = self._likely("velocity", query, temperature=brief.temperature)
        if kept and brief.drummer:
            place, share = velocity_class(kept.velocity), brief.drummer.loudness(kept)
            likely = mixed(likely, share, [place], np.ones(len(likely), np.bool_))
        drawn = velocity_of(self._chosen(likely))
        self._velocities += drawn
        self._begun += 1
        mean = self._velocities / self._begun
        return max(
            1, min(127, round(drawn + brief.follow * (brief.velocity - mean) + brief.louder))
        )

    def _suppose(self, query: Query, tick: int) -> None:
        """Take an event of a part that is not ours as played: what follows may depend on it.

        What sounds together comes in the order of its parts, the lead first.  Whoever waits in silence for the lead's
        note comes after it, off the beat.
        """
        sounding = self._sounding(query.part)
        begun = sum(1 for onset in self._supposed if tick - onset < TICKS_PER_BEAT)
        may_begin = begun < MOST_ONSETS_PER_BEAT
        if not may_begin and not sounding.any():
            return self._drop(tick)
        on = self._draw("on", query) if may_begin and sounding.any() else int(may_begin)
        query = query._replace(on=on)
        pitch = self._draw("pitch", query, ~sounding if on else sounding)
        loudness = 0
        if on:
            loudness = velocity_of(self._draw("velocity", query._replace(pitch=pitch)))
            self._supposed.append(tick)
        self._unheard.append(Stroke(tick, query.part, pitch, loudness))
        self.frontier, self._waiting = tick, None
        return None

    def _sounding(self, part: int) -> Mask:
        """Give the notes of a part that sound, as far as this branch knows."""
        sounding = np.zeros(128, np.bool_)
        for other, pitch in self.hearing.encoder.sounding:
            if other == part:
                sounding[pitch] = True
        return sounding

    # --- a chord ------------------------------------------------------------------------------------------------

    def _strike(self, since: int, chord: Chord | None) -> None:
        """Give the next stroke towards a chord that is struck here: the end of a note outside it, or a note of it.

        A bass begins anew, unless it has done so for this chord, which began at tick `since`, and where a rest follows
        all do.  Where it is none, all notes end.
        """
        tick, last = self.frontier, self.brief.last
        chord_is_last = last is not None and tick >= last.tick
        is_hit = any(rest.start <= since <= rest.start + WAIT for rest in self.brief.rests)
        for (part, pitch), (_, onset) in self._notes.items():
            is_anew = (chord_is_last or is_hit) and onset < since
            is_begun = part != BASS or self._is_of(since, onset)
            stays = pitch % 12 in _tones(chord, part) and is_begun
            if is_anew or (part in STRUCK and not stays):
                if (part, pitch) in self._leaving or self._leaves(part, pitch, onset, tick):
                    continue
                if tick - onset < SHORTEST:
                    return self._wait(onset + SHORTEST)
                return self._end(part, pitch, tick)
        for part in STRUCK:
            wanted = _tones(chord, part) - {pitch % 12 for pitch in self._held(part)}
            missing = np.array([pitch % 12 in wanted for pitch in range(128)])
            free = self._beginnable(part, tick)
            allowed = free & missing
            has_room = self.brief.parts[part] and self._count(part) < self.brief.voices[part]
            if has_room and allowed.any():
                favour = _near(self._voicing) if part == COMP else None
                struck_by = Cause.CUE if chord_is_last or is_hit else Cause.CHORD
                by = Reason(tick, free, struck_by=struck_by, chord=chord, taste=Cause.VOICES)
                return self._begin_one(part, allowed, tick, favour, by)
        self._strikes.popleft()
        voicing = tuple(sorted(self._held(COMP)))
        self._voicing = voicing or self._voicing
        return None

    def _is_of(self, since: int, onset: int) -> bool:
        """True of a note of the bass that begins the chord of tick `since`: with it, tied to it, or just before it."""
        return onset > since - self._least(BASS) or self._is_tied(BASS, onset, since)

    def _hit_last(self, drum: int) -> None:
        """A drum is struck with the last chord, unless it was or the chord is over."""
        tick, last = self.frontier, self.brief.last
        if last is None or tick > last.tick or tick < self._drums.get(drum, tick):
            return
        kit = self.brief.kit
        loud = velocity_near(min(BOLD, kit.loudest) + self.brief.louder)
        self._begin(Stroke(tick, DRUMS, kit.filled(drum), loud))

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
        pitch = self._draw_for(because, query, allowed, favour)
        velocity = self._draw_velocity(query._replace(pitch=pitch))
        self._begin(Stroke(tick, part, pitch, velocity))

    # --- figures --------------------------------------------------------------------------------------------------

    @property
    def _beat(self) -> _Beat | None:
        """The next beat of any part's figure; None without one, or where it lies in a rest."""
        due = []
        for part, figure in enumerate(self.brief.figures):
            if figure is not None and self.brief.parts[part]:
                beat = figure.coming(max(self.frontier, self._stepped.get(part, -1 << 60) + 1))
                due.append(_Beat(beat.tick, part, beat.role))
        first = min(due, default=None)
        return None if first is None or self._rest_before(first.tick) else first

    def _is_beside_figure(self, part: int, tick: int) -> bool:
        """True where a note of a part that keeps to a figure is none of its beats, and is left out."""
        figure = self.brief.figures[part]
        if figure is None:
            return False
        if not figure.takes(tick, self.hearing.timeline.metre):
            return True
        return figure.others < 1 and self._rng.random() >= figure.others

    def _come_to(self, beat: _Beat) -> None:
        """Let time pass to a beat of a figure: who comes before a bass has struck by then what sounds with it."""
        if beat.tick > self._last():
            self._wait(beat.tick)
        self._kept, self._has_kept = beat, False

    def _keep_beat(self, beat: _Beat) -> None:
        """Give the next stroke on a beat: the end of an older note, or a note; of a comp, all of its chord.

        There is none where the part has begun one just now, or may not.
        """
        tick, part = self.frontier, beat.part
        since = self._struck_at.get(part, self.brief.start - TICKS_PER_BEAT)
        may = self._has_kept or tick - since > TOGETHER >= tick - beat.tick
        allowed = self._beginnable(part, tick)
        if may and (self._has_kept or allowed.any()):
            for pitch, onset in self._held(part).items():
                if onset < beat.tick and not self._leaves(part, pitch, onset, tick):
                    return self._end(part, pitch, tick)
        own, free = self._held(part), allowed
        allowed, voices = self._missing_on_beat(part, free, own, tick)
        figure = self.brief.figures[part]
        may = may and bool(allowed.any()) and len(own) < voices
        is_left = self._has_kept or (figure is not None and figure.is_firm)
        if may and (is_left or self._is_left(part, tick)):
            self._has_kept = True
            because = Reason(tick, free, welcome=self.brief.harmony[part])
            return self._begin_one(part, allowed, tick, self._asked(beat, tick), because)
        self._kept, self._stepped[part] = None, beat.tick
        return None

    def _missing_on_beat(
        self, part: int, allowed: Mask, own: Collection[int], tick: int
    ) -> tuple[Mask, int]:
        """The pitches that a part may still begin on a beat beside those of `own`, and how many notes it holds then."""
        harmony = self.brief.harmony[part]
        chord = harmony.chord(tick) if harmony and part == COMP else None
        if chord is None:
            return allowed, min(self.brief.voices[part], 1)
        missing = chord.pitch_classes - {pitch % 12 for pitch in own}
        return allowed & np.array([pitch % 12 in missing for pitch in range(128)]), (
            self.brief.voices[part]
        )

    def _asked(self, beat: _Beat, tick: int) -> NDArray[np.float64] | None:
        """How welcome each pitch is to a part on a beat of its figure."""
        harmony = self.brief.harmony[beat.part]
        if harmony is None:
            return None
        before = self.hearing.encoder.struck.get(beat.part)
        return harmony.at(tick) + harmony.in_figure(beat.role, tick, before)

    def _is_tied(self, part: int, onset: int, tick: int) -> bool:
        """True of a note that a figure has begun for the next bar, up to the figure's next beat."""
        figure = self.brief.figures[part]
        is_tied = figure is not None and figure.is_tied(onset)
        return is_tied and figure is not None and tick < figure.coming(onset + 1).tick

    # --- density of a part, and the grid -----------------------------------------------------------------------

    def _is_left(self, part: int, tick: int) -> bool:
        """True if the density of a part leaves an onset: all that are struck together stay, or none."""
        share = self.brief.densities[part] / self.brief.densest
        if share >= 1:
            return True
        since, is_left = self._judged.get(part, (tick - TOGETHER - 1, True))
        if tick - since > TOGETHER:
            is_left = tick >= self._due or self._rng.random() < share
            self._judged[part] = tick, is_left
        return is_left

    def _is_tremolo(self, part: int, tick: int) -> bool:
        """True where a comp beside a player has struck just before, and this note is no part of that chord."""
        gap = tick - self._silent_since[part]
        return part == COMP and self.brief.supposes and TOGETHER < gap < SOONEST

    def _grid_from(self, tick: int) -> int:
        grid, metre = self.brief.grid, self.hearing.timeline.metre
        return tick if grid is None else line_from(tick, grid, metre)

    def _begins_at(self, part: int, tick: int) -> int:
        """Where an onset drawn for `tick` begins: on the nearest line, or on the next if that is past or taken."""
        if self.brief.grid is None:
            return tick
        line = nearest_line(tick, self.brief.grid, self.hearing.timeline.metre)
        is_taken = self._struck_at.get(part) == line and tick - line > TOGETHER
        is_past = line < max(self.frontier, self._last())
        return self._grid_from(tick) if is_past or is_taken else line

    # --- what may be --------------------------------------------------------------------------------------------

    def _beginnable(self, part: int, tick: int) -> Mask:
        has_closed = self._closed is not None and tick > self._closed
        harmony = self.brief.harmony[part]
        is_tacet = harmony is not None and harmony.is_silent(tick)
        is_held_back = part in STRUCK and (self._is_struck_soon(tick) or self._waits(tick))
        if has_closed or is_tacet or is_held_back:
            return np.zeros(128, np.bool_)
        allowed = self.brief.pitches[part].copy()
        if part == BASS:
            allowed = self._within_reach(allowed)
        channel = self.brief.channels[part]
        for (_, pitch), (sounds_on, _) in self._notes.items():
            if sounds_on == channel:
                allowed[pitch] = False
        if channel == self.brief.channels[DRUMS]:
            for pitch, until in self._drums.items():
                if tick < until:
                    allowed[pitch] = False
        return allowed

    def _waits(self, tick: int) -> bool:
        """True where the parts that strike chords wait for the player to say which."""
        return any(wait - SHORTEST < tick < wait + WAIT for wait in self.brief.waits)

    def _is_struck_soon(self, tick: int) -> bool:
        """True if a note that begins here could not end before the next chord is struck."""
        return bool(self._strikes) and 0 < self._strikes_at - tick < self._least(COMP)

    def _within_reach(self, allowed: Mask) -> Mask:
        """Of the pitches of a bass those that its player reaches from the one before, if there are any."""
        before = self.hearing.encoder.struck.get(BASS)
        if before is None:
            return allowed
        near = allowed & (np.abs(_PITCHES - before) <= BASS_LEAP)
        return near if near.any() else allowed

    def _endable(self, part: int, tick: int) -> Mask:
        allowed = np.zeros(128, np.bool_)
        for (other, pitch), (_, onset) in self._notes.items():
            is_held = onset == self._closed or self._is_tied(part, onset, tick)
            if other == part and tick - onset >= self._least(part) and not is_held:
                allowed[pitch] = True
        return allowed

    def _held(self, part: int) -> Mapping[int, int]:
        """The notes of a part that sound and do not leave, oldest first: pitches, and when each began."""
        return {
            pitch: onset
            for (other, pitch), (_, onset) in self._notes.items()
            if other == part and (other, pitch) not in self._leaving
        }

    def _count(self, part: int) -> int:
        return len(self._held(part))

    def _least(self, part: int) -> int:
        """How many ticks a note of a part lasts at least."""
        if part not in STRUCK or not self.brief.supposes:
            return SHORTEST
        return max(SHORTEST, -(-CLICK_US * TICKS_PER_BEAT // self.hearing.timeline.tempo_us))

    def _leaves(self, part: int, pitch: int, onset: int, tick: int) -> bool:
        """True of a note that would be a click if it ended at a tick: it ends when it is none any more."""
        until = onset + self._least(part)
        if part not in STRUCK or not self.brief.supposes or until <= tick:
            return False
        self._leaving[part, pitch] = until
        return True

    # --- sentences ------------------------------------------------------------------------------------------------

    def _speak_from(self, tick: int) -> None:
        """Begin a sentence of a line that goes on for ever: where it comes to rest is known."""
        if self._theme is None or self.brief.sentences is None or self.brief.end is not None:
            return
        self._close, self._closed = self.brief.sentences.closing(tick), None
        is_on_grid = self._grid_from(self._close.tick) == self._close.tick
        self._closes = self._close.tick if is_on_grid else None

    def _breathe(self, close: Close) -> None:
        """End what is held a little before the bar line, and begin another sentence there."""
        for (part, pitch), (_, onset) in self._notes.items():
            held = min(close.until - BREATH, onset + self.brief.longest)
            held = held if onset == self._closed else onset + SHORTEST
            return self._end(part, pitch, max(self.frontier, held))
        self._onset_by = max(self._onset_by, close.until)
        self._wait(max(self.frontier, close.until))
        return self._speak_from(self.frontier)

    # --- what follows -------------------------------------------------------------------------------------------

    def _begin(self, stroke: Stroke) -> None:
        tick, part, pitch, _ = stroke
        self.reasons[stroke], self._because = self._because, None
        self._feed(stroke)
        self._onsets.append(tick)
        self._onset_by = tick + LONGEST_SILENCE
        if tick == self._closes:
            self._closed = tick
        self._silent_since[part] = self._struck_at[part] = tick
        if part == self._leads:
            self._go_on_with(Point(tick, pitch))
        if part == DRUMS:
            self._drums[pitch] = tick + DRUM_TICKS
            self.planned.append(Stroke(tick + DRUM_TICKS, part, pitch, 0))
        else:
            self._notes[part, pitch] = (self.brief.channels[part], tick)

    def _go_on_with(self, point: Point) -> None:
        """Another note of the line; of a chord the highest."""
        if self._line and self._line[-1].tick == point.tick:
            point = max(point, self._line.pop())
        self._line.append(point)

    def _end(self, part: int, pitch: int, tick: int) -> None:
        del self._notes[part, pitch]
        self._leaving.pop((part, pitch), None)
        self._feed(Stroke(tick, part, pitch, 0))

    def _end_oldest(self, part: int, tick: int) -> None:
        """All voices of a part sound and it begins another note: the oldest gives way, if it has been heard."""
        pitch, onset = next(iter(self._held(part).items()))
        if tick - onset < self._least(part):
            return self._drop(tick)
        return self._end(part, pitch, tick)

    def _end_overlong(self, tick: int) -> bool:
        """End the note that is to end first, if it has sounded for too long or is to leave by `tick`."""
        ends = {
            voice: min(onset + self.brief.longest, self._leaving.get(voice, 1 << 60))
            for voice, (_, onset) in self._notes.items()
        }
        first = min(ends, key=ends.__getitem__, default=None)
        if first is None or ends[first] > tick:
            return False
        self._end(*first, max(self.frontier, ends[first]))
        return True

    def _rest_before(self, tick: int) -> Stretch | None:
        """The rest that has begun by a tick and is not over yet for this rollout."""
        return next(
            (it for it in self.brief.rests if it.start < tick and self.frontier < it.end), None
        )

    def _keep_silent(self, rest: Stretch) -> None:
        """End what sounds, a little after the rest began, and go on behind it."""
        over = rest.end if self.brief.end is None else min(rest.end, self.brief.end)
        if self.brief.last and rest.start == self.brief.last.tick:
            return self._finish(max(over, self.frontier))
        if self._strikes and self.frontier < self._strikes_at <= rest.start + WAIT:
            return self._wait(self._strikes_at)  # the player is waited for
        for (part, pitch), (_, onset) in self._notes.items():
            hit = min(max(rest.start + HIT, onset + SHORTEST), onset + self.brief.longest)
            stop = max(self.frontier, min(hit, over))
            return self._end(part, pitch, stop)
        self._onset_by = max(self._onset_by, over)
        while self._strikes and self._strikes[0].tick < over:
            self._strikes.popleft()
        return self._wait(over)

    def _drop(self, tick: int) -> None:
        """Let nothing happen at a tick, and go on behind it; a beat of a figure there is not lost."""
        beat = None if self._kept else self._beat
        if beat and beat.tick == tick:
            return self._come_to(beat)
        self.frontier = tick + 1
        return None

    def _feed(self, stroke: Stroke) -> None:
        self._unheard.append(stroke)
        self.planned.append(stroke)
        self.frontier = stroke.tick
        self._waiting = None

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
        self._waiting = None

    def _finish(self, tick: int) -> None:
        for (part, pitch), (_, onset) in self._notes.items():
            ends = max(self.frontier, min(tick, onset + self.brief.longest))
            self.planned.append(Stroke(ends, part, pitch, 0))
        self._notes.clear()
        self.frontier = tick
        self.is_done = True


def _favoured(
    logits: Logits, allowed: Mask | None, temperature: float, favour: NDArray[np.float64] | None
) -> Probabilities:
    """Probabilities of what is allowed, with so many nats added to the logits."""
    if favour is not None:
        logits = (logits + favour).astype(np.float32)
    return probabilities(logits, allowed, temperature)


def _tones(chord: Chord | None, part: int) -> frozenset[int]:
    """The tones of a chord that a part strikes: a bass its foot, a comp all of it."""
    if chord is None:
        return frozenset()
    return frozenset({foot(chord)}) if part == BASS else chord.pitch_classes


def voicing_of(own: Sequence[Stroke]) -> tuple[int, ...]:
    """The pitches of the chord that a comp struck last, ascending; none where it has struck none."""
    struck = [it for it in own[-_LOOKED_AT:] if it.part == COMP and it.velocity]
    last = next((it.tick for it in reversed(struck) if _are_together(struck, it.tick)), None)
    if last is None:
        return ()
    return tuple(sorted(it.pitch for it in struck if abs(it.tick - last) <= TOGETHER))


def _are_together(struck: Sequence[Stroke], tick: int) -> bool:
    return sum(abs(it.tick - tick) <= TOGETHER for it in struck) > 1


@lru_cache(64)
def _near(voicing: tuple[int, ...]) -> NDArray[np.float64]:
    """How welcome each pitch is to a comp whose voices were there: the less, the farther one has to move."""
    if not voicing:
        return np.zeros(128)
    apart = np.abs(_PITCHES[:, None] - np.array(voicing)).min(1)
    nats: NDArray[np.float64] = -_MOVED * np.minimum(apart, OCTAVE).astype(np.float64)
    return nats


def _without(pitches: set[int], allowed: Mask) -> Mask:
    """A mask (128,) without some pitches, if that leaves any."""
    fewer = allowed.copy()
    fewer[list(pitches)] = False
    return fewer if fewer.any() else allowed
