"""The chart that is played: where on it one is, and its chords from there on.

Its first bar is that of the song where somebody else's time has a song, else the one in which the music began.  Knows
ticks and micros; knows no notes.
"""

from collections.abc import Sequence
from typing import NamedTuple

from livegen.jam.harmony.course import Course, Leg
from livegen.jam.harmony.outline import ChordFrom, Finale
from livegen.jam.harmony.sections import of_round, of_section
from livegen.music.charts import Chart, Form, Stretch
from livegen.music.charts.following import Follower
from livegen.music.chords.chord import Chord
from livegen.music.keys.key import Key, likeliest
from livegen.music.time.timeline import Timeline

HALF = 4  # eighths of a bar
INTRO = 4  # bars of an introduction where none is written
PICK_UP = 3  # eighths of a bar: music that begins so little before a bar line is a pick-up to it
SETTLED = 8  # bars after which what was played is counted no more where the beat is found elsewhere


class ChartPlace(NamedTuple):
    """A place in a chart for another engine: its form's tick `form` is played at `at_us`, micros, and what follows.

    With a `period` so many ticks go round from there.
    """

    at_us: int
    form: int
    period: int = 0


class LeadSheet:
    """A chart in force, and which place of it is played when.  Threads: loop only."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.form: Form = chart.form
        self.key = chart.key or _key_of(chart.form)
        self._course = Course()
        self._follower = Follower(self.form)
        self._outro = Form(chart.form.outro) if chart.form.outro else None
        self._outro_from: int | None = None  # a bar line, if it was asked for
        self._is_laid = False  # on the timeline that was followed last
        self._timeline: Timeline | None = None
        self._began_us: int | None = None

    @property
    def has_begun(self) -> bool:
        """True if it is known when its first bar was or will be."""
        return self._began_us is not None

    def begin(self, began_us: int | None) -> None:
        """The music begins at a time, and the chart with it; None where it is not known when."""
        self._began_us, self._is_laid = began_us, False
        self.call_off()

    def stop(self) -> None:
        """The music was stopped; it is not known when it will begin again."""
        self.begin(None)

    def go_on_from(self, other: "LeadSheet") -> None:
        """Lie where another lay: the same chart in another key."""
        self._course, self._is_laid = other._course, other._is_laid
        self._timeline, self._began_us = other._timeline, other._began_us

    def told(self, now: int) -> ChartPlace | None:
        """The place of a time, micros; None where the chart is not laid on a timeline."""
        if self._timeline is None or not self._is_laid:
            return None
        leg = self._course.leg(self._timeline.tick(now))
        return ChartPlace(self._timeline.micros(leg.origin), leg.form, leg.period or 0)

    def take_up(self, place: ChartPlace, timeline: Timeline, now: int) -> None:
        """Lie on a timeline as another engine told at `now`, micros, whose bars it has."""
        origin = timeline.tick(place.at_us)
        self._course = Course(origin - place.form)
        if place.period:
            self._course.turn(Leg(timeline.tick(now), origin, place.form, place.period))
        self._timeline, self._is_laid = timeline, True
        self._began_us = timeline.micros(self._course.top)

    def follow(self, timeline: Timeline, now: int, is_same: bool, has_song: bool) -> None:
        """Lay the chart on the timeline that holds at `now`, micros.

        `is_same` says that its ticks are those of before, `has_song` that its tick 0 is bar 1.
        """
        before, self._timeline = self._timeline, timeline
        if has_song:
            if not self._is_laid or not is_same or self._course.top != 0:
                self._course = Course(0)
        elif not self._is_laid or before is None:
            self._course = Course(self._first_bar(timeline))
        elif not is_same:
            self._lay_anew(before, timeline, now)
        self._is_laid = True

    def _first_bar(self, timeline: Timeline) -> int:
        """The tick of the bar with which the music began; a pick-up is before it."""
        return _bar_about(timeline, timeline.tick(self._began_us or 0), PICK_UP)

    def _lay_anew(self, before: Timeline, timeline: Timeline, now: int) -> None:
        """The beat was found elsewhere: what was told by cues stays at its time, the beginning with the music's.

        Later the bar of `now` stays where it is: a tempo that differs by little is bars away where the music began.
        Where chords change twice a bar its line is heard now here, now half a bar further: the chart's stays.
        """
        top, here = self._course.top, before.tick(now)
        place = self._course.place(here)
        line = here - (place - self.form.bar_stretch(place).start)
        is_settled = line - top >= SETTLED * before.metre.place(line).bar
        if is_settled:
            self._course.begin_leg(line, here)

        def moved(tick: int) -> int:
            if tick == top:
                return self._first_bar(timeline)
            there = timeline.tick(before.micros(tick))
            middle = _middle_about(timeline, there) if is_settled and tick == line else None
            return _bar_about(timeline, there, HALF) if middle is None else middle

        self._course.move(moved)

    def hear(self, beats: Sequence[ChordFrom]) -> bool:
        """Hear the player's chords of some beats; True if the player is elsewhere on the chart, which follows."""
        has_moved = False
        for tick, chord in beats:
            place, last = self._course.leg(tick).place(tick), self._course.last
            is_told = last.since > tick or last.period is not None  # by a cue
            if place < 0 or is_told:
                continue
            self._follower.hear(place, chord)
            if shift := self._follower.shift():
                there = max(0, place + shift)
                begins = self.form.bar_stretch(there).start
                line = tick - (there - begins)
                self._course.turn(Leg(line, line, begins))
                has_moved = True
        return has_moved

    def at(self, tick: int) -> ChordFrom:
        """The chord that holds at a tick, None for N.C."""
        form, place = self._where(tick)
        return ChordFrom(tick, form.chord_at(place))

    def _where(self, tick: int) -> tuple[Form, int]:
        """The form that is played at a tick, and which tick of it."""
        if self._outro and self._outro_from is not None and tick >= self._outro_from:
            return self._outro, min(tick - self._outro_from, self._outro.ticks - 1)
        return self.form, self._course.place(tick)

    def now(self, now: int) -> Chord | None:
        """The chord that holds at a time, micros, on the timeline that was followed last."""
        return self.at(self._timeline.tick(now)).chord if self._timeline else None

    def changes_at(self, now: int, within: int) -> int | None:
        """Give the time, micros, at which the next chord begins; None where none does within so many ticks."""
        if self._timeline is None:
            return None
        tick = self._timeline.tick(now)
        change = next(iter(self.coming(tick, tick + within)), None)
        return self._timeline.micros(change.tick) if change else None

    def coming(self, since: int, until: int) -> tuple[ChordFrom, ...]:
        """The changes after tick `since` and before `until`."""
        found: list[ChordFrom] = []
        outro = until if self._outro_from is None else self._outro_from
        for start, end, place, follows in self._course.passages(since + 1, min(until, outro)):
            first = max(0, place)
            if place >= 0 and not follows:
                chord = self.form.chord_at(place)
                first += 1
                if chord != self.at(start - 1).chord:
                    found.append(ChordFrom(start, chord))
            changes = self.form.changes(first, max(0, place + end - start))
            found += [ChordFrom(tick + start - place, chord) for tick, chord in changes]
        if self._outro and outro < until:
            last = min(until - outro, self._outro.ticks)
            changes = self._outro.changes(max(0, since + 1 - outro), last)
            found += [ChordFrom(tick + outro, chord) for tick, chord in changes]
        return tuple(found)

    def period(self, tick: int) -> int | None:
        """After how many ticks all comes again from a tick on, for ever; None where cues or an introduction differ."""
        leg = self._course.leg(tick)
        is_round = leg.period is not None or leg.place(tick) >= self.form.intro_ticks
        is_plain = is_round and self._course.last.since <= tick
        return (leg.period or self.form.ticks) if is_plain else None

    def rests(self, since: int, until: int) -> tuple[Stretch, ...]:
        """Give the stretches, in ticks, in which the band rests behind hits, from `since`'s bar to before `until`."""
        found: list[Stretch] = []
        outro = until if self._outro_from is None else self._outro_from
        for start, end, place, follows in self._course.passages(since, min(until, outro)):
            first = self.form.bar_stretch(max(0, place)).start if follows else max(0, place)
            hits = self.form.hits(first, max(0, place + end - start))
            by = start - place
            found += [Stretch(hit.tick + by, hit.until + by) for hit in hits]
        if self._outro and outro < until:
            first = self._outro.bar_stretch(max(0, since - outro)).start
            hits = self._outro.hits(first, min(until - outro, self._outro.ticks))
            found += [Stretch(hit.tick + outro, hit.until + outro) for hit in hits]
        return tuple(found)

    def sections(self, since: int, until: int) -> frozenset[int] | None:
        """The bar lines from tick `since` to before `until` on which a section begins, or where a cue jumps to.

        None where the ending is played.
        """
        if self._outro_from is not None:
            return None
        found = set[int]()
        for start, end, place, follows in self._course.passages(since, until):
            if not follows:
                found.add(start)
            tick = max(start, start - place)
            while tick < end:
                stretch = self.form.section_stretch(tick - start + place)
                by = start - place
                bar = self.form.bar_at(stretch.start).ticks
                is_round = stretch.end - stretch.start == self.form.ticks
                if is_round and place >= self.form.intro_ticks:
                    begin = self.form.intro_ticks + by
                    lines = of_round(begin, self.form.ticks, bar, tick, end)
                else:
                    lines = of_section(stretch.start + by, stretch.end + by, bar, tick, end)
                found.update(lines)
                tick = stretch.end + by
        return frozenset(found)

    # --- cues -----------------------------------------------------------------------------------------------------

    def to_top(self, line: int) -> None:
        """A round begins anew at a bar line; the introduction is not played again."""
        self._course.turn(Leg(line, line, self.form.intro_ticks))

    def to_intro(self, line: int) -> int:
        """The introduction that is written, else the last bars of a round, begin at a bar line; how many bars."""
        written, last = self.form.intro, self.form.round[-INTRO:]
        place = 0 if written else self.form.ticks - sum(bar.ticks for bar in last)
        self._course.turn(Leg(line, line, place))
        return len(written or last)

    def to_next_section(self, tick: int, line: int) -> None:
        """The section that follows the one of `tick`, or the one that was told last, begins at a bar line."""
        last = self._course.last
        place = max(0, last.place(max(tick, last.since)))
        self._course.turn(Leg(line, line, self.form.next_section(place)))

    def end(self, line: int) -> Finale | None:
        """Play the ending that is written from a bar line on; None if none is.

        Its last chord is held: in its last bar, or in one more where that has several chords.
        """
        if self._outro is None:
            return None
        self._outro_from = line
        last = self.form.outro[-1]
        end = line + self._outro.ticks
        if len(last.chords) > 1:
            return Finale(ChordFrom(end, last.chords[-1].chord), end + last.ticks)
        return Finale(ChordFrom(end - last.ticks, last.chords[0].chord), end)

    def call_off(self) -> None:
        """Play no ending."""
        self._outro_from = None

    @property
    def has_outro(self) -> bool:
        """True if an ending is written."""
        return self._outro is not None

    @property
    def vamps(self) -> bool:
        """True if a section goes round, or will."""
        return self._course.last.period is not None

    def vamp(self, tick: int) -> None:
        """The section of `tick`, or the one that was told last, goes round; if one does, it is played to its end."""
        leg = self._course.last
        since = max(tick, leg.since)
        place = leg.place(since)
        if leg.period:
            self._course.turn(Leg(since, since, place))
            return
        section = self.form.section_stretch(max(0, place))
        begins = since - (place - section.start)
        length = section.end - section.start
        self._course.turn(Leg(max(since, begins), begins, section.start, length))

    def snapshot(self, tick: int) -> dict[str, object]:
        """Give the place for people: title, section, the bar of the written chart and of the form, both from 0."""
        form, place = self._where(tick)
        bar = form.bar_at(place)
        return {"title": self.chart.title, "section": bar.section, "bar": bar.written}


def _bar_about(timeline: Timeline, tick: int, eighths: int) -> int:
    """The bar line before a tick, or the one after it where that is no more than so many eighths of a bar away."""
    tick += timeline.metre.place(tick).bar * eighths // 8
    return tick - timeline.metre.place(tick).position


def _middle_about(timeline: Timeline, tick: int) -> int | None:
    """The middle of a tick's bar where it is the nearest beat to it; None where it is not."""
    beat = timeline.beat_from(tick - timeline.metre.beat // 2)
    place = timeline.metre.place(beat)
    return beat if 2 * place.position == place.bar else None


def _key_of(form: Form) -> Key | None:
    """The key that most of a form's chords are at home in."""
    weights = [0.0] * 12
    for bar in form.round:
        ends = [placed.tick for placed in bar.chords[1:]] + [bar.ticks]
        for (tick, chord), end in zip(bar.chords, ends, strict=True):
            for pitch_class in chord.pitch_classes if chord else ():
                weights[pitch_class] += end - tick
    return likeliest(weights)
