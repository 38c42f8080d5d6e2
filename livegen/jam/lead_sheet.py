"""The chart that is played: where on it one is, and its chords from there on.

Its first bar is that of the song where somebody else's time has a song, else the one in which the music began.  Knows
ticks and micros; knows no notes.
"""

from livegen.jam.harmonies import ChordFrom
from livegen.music.charts import Chart, Form, Stretch
from livegen.music.key import Key, likeliest
from livegen.music.timeline import Timeline

PICK_UP = 3  # eighths of a bar: music that begins so little before a bar line is a pick-up to it


class LeadSheet:
    """A chart in force, and the tick of its first whole bar.  Threads: loop only."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.form: Form = chart.form
        self.key = chart.key or _key_of(chart.form)
        self.top: int | None = None
        self._began_us: int | None = None

    @property
    def has_begun(self) -> bool:
        """True if it is known when its first bar was or will be."""
        return self._began_us is not None

    def begin(self, began_us: int) -> None:
        """The music begins at a time, and the chart with it."""
        self._began_us, self.top = began_us, None

    def go_on_from(self, other: "LeadSheet") -> None:
        """Lie where another lay: the same chart in another key."""
        self.top, self._began_us = other.top, other._began_us

    def follow(self, timeline: Timeline, is_same: bool, has_song: bool) -> None:
        """Lay the chart on a timeline: `is_same` if its ticks are those of before, `has_song` if tick 0 is bar 1."""
        if has_song:
            self.top = 0
        elif self.top is None or not is_same:
            began = timeline.tick(self._began_us or 0)
            began += timeline.metre.place(began).bar * PICK_UP // 8
            self.top = began - timeline.metre.place(began).position

    def at(self, tick: int) -> ChordFrom:
        """The chord that holds at a tick, None for N.C."""
        return ChordFrom(tick, self.form.chord_at(self._on_form(tick)))

    def coming(self, since: int, until: int) -> tuple[ChordFrom, ...]:
        """The changes after tick `since` and before `until`."""
        top = self.top or 0
        changes = self.form.changes(self._on_form(since + 1), self._on_form(until))
        return tuple(ChordFrom(tick + top, chord) for tick, chord in changes)

    def rests(self, since: int, until: int) -> tuple[Stretch, ...]:
        """Where the band is silent, in ticks: behind each hit, from the bar of `since` to before `until`."""
        top = self.top or 0
        bar = self.form.bar_stretch(self._on_form(since))
        hits = self.form.hits(bar.start, self._on_form(until))
        return tuple(Stretch(hit.tick + top, hit.until + top) for hit in hits)

    def snapshot(self, tick: int) -> dict[str, object]:
        """Where one is, for people: title, section, the bar of the written chart and of the form, both from 0."""
        on_form = self._on_form(tick)
        bar = self.form.bar_at(on_form)
        return {"title": self.chart.title, "section": bar.section, "bar": bar.written}

    def _on_form(self, tick: int) -> int:
        return max(0, tick - (self.top or 0))


def _key_of(form: Form) -> Key | None:
    """The key that most of a form's chords are at home in."""
    weights = [0.0] * 12
    for bar in form.round:
        ends = [placed.tick for placed in bar.chords[1:]] + [bar.ticks]
        for (tick, chord), end in zip(bar.chords, ends, strict=True):
            for pitch_class in chord.pitch_classes if chord else ():
                weights[pitch_class] += end - tick
    return likeliest(weights)
