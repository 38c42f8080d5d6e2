"""A chart as it is played: bars on a line of ticks that goes round for ever.  Knows no signs and no file.

Tick 0 is the first beat of the first whole bar; a pick-up lies before it.  A round is what comes back: all but an
introduction, which is played once, and an ending, which is played when somebody asks for it.  Every question about a
tick takes any tick from 0 on and costs a few microseconds; it may be asked for each note.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from livegen.music.chords.chord import Chord


class Placed(NamedTuple):
    """A chord, or None for N.C., from a tick of its bar on."""

    tick: int
    chord: Chord | None


class Hit(NamedTuple):
    """All strike together at a tick of the bar, and are silent up to `until`, a later tick of it."""

    tick: int
    until: int


class ChordChange(NamedTuple):
    """Another chord, or None for N.C., from a tick on."""

    tick: int
    chord: Chord | None


class Stretch(NamedTuple):
    """A bar or a section on the line: from its first tick to the one behind its last."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PlayedBar:
    """A bar as it is played.  `chords` begin at tick 0 of the bar, also where the bar holds the chord before it."""

    written: int  # which bar of the chart, from 0: where a page shows it
    ticks: int
    beat: int
    chords: tuple[Placed, ...]
    hits: tuple[Hit, ...]
    section: str  # "" where none is named
    begins: bool  # a section begins with it


@dataclass(frozen=True, slots=True)
class _FormTables:
    """The tables in which questions are looked up, in ticks from the first whole bar, the ending left out."""

    bars: tuple[PlayedBar, ...]
    starts: tuple[int, ...]  # of bars, and the end of the last
    begin: int  # where the first round begins
    length: int  # of a round
    changes: tuple[int, ...]
    chords: tuple[Chord | None, ...]  # beside `changes`
    sections: tuple[int, ...]  # where one begins, and the end of the last


@dataclass(frozen=True)
class Form:
    """A form: an introduction, a round that comes back, an ending, all of them bars as they are played.

    `round` is never empty.  Questions about ticks see the introduction once and then the round for ever.
    """

    round: tuple[PlayedBar, ...]
    intro: tuple[PlayedBar, ...] = ()
    outro: tuple[PlayedBar, ...] = ()
    pickup: PlayedBar | None = None
    _line: _FormTables = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_line", _line(self.intro, self.round))

    # --- lengths ------------------------------------------------------------------------------------------------

    @property
    def ticks(self) -> int:
        """Length of a round."""
        return self._line.length

    @property
    def intro_ticks(self) -> int:
        """The tick at which the first round begins; 0 without an introduction."""
        return self._line.begin

    # --- where a tick lies --------------------------------------------------------------------------------------

    def folded(self, tick: int) -> int:
        """The same place in the introduction or the first round; a tick before 0 lies in a round before."""
        line = self._line
        if 0 <= tick < line.starts[-1]:
            return tick
        return line.begin + (tick - line.begin) % line.length

    def bar_at(self, tick: int) -> PlayedBar:
        """The bar in which a tick lies."""
        return self._line.bars[self._bar(self.folded(tick))]

    def bar_stretch(self, tick: int) -> Stretch:
        """Give the stretch of the line in which the bar of a tick lies."""
        folded = self.folded(tick)
        at = self._bar(folded)
        return _moved(self._line.starts, at, tick - folded)

    def section_stretch(self, tick: int) -> Stretch:
        """Give the stretch of a tick's section; the next begins at its end.  A round begins a section anew."""
        folded = self.folded(tick)
        at = bisect_right(self._line.sections, folded) - 1
        return _moved(self._line.sections, at, tick - folded)

    def next_section(self, tick: int) -> int:
        """The tick at which the next section begins, later than `tick`."""
        return self.section_stretch(tick).end

    def _bar(self, folded: int) -> int:
        return bisect_right(self._line.starts, folded) - 1

    # --- chords -------------------------------------------------------------------------------------------------

    def chord_at(self, tick: int) -> Chord | None:
        """The chord that holds at a tick; None for N.C."""
        return self._line.chords[bisect_right(self._line.changes, self.folded(tick)) - 1]

    def changes(self, start: int, end: int) -> tuple[ChordChange, ...]:
        """Give the places where the chord becomes another, from `start` to before `end`, in order.

        A chord that is written again is no change, across a bar line or from one round to the next.  What holds at
        `start` is among them only if it begins there: `chord_at` tells it.
        """
        return tuple(self._changes(start, end))

    def _changes(self, start: int, end: int) -> Iterator[ChordChange]:
        line = self._line
        moved = start - self.folded(start)
        at = bisect_left(line.changes, start - moved)
        while True:
            while at < len(line.changes):
                tick = line.changes[at] + moved
                if tick >= end:
                    return
                if self._is_other(at, moved):
                    yield ChordChange(tick, line.chords[at])
                at += 1
            moved += line.length
            if line.begin + moved >= end:
                return
            at = bisect_left(line.changes, line.begin)

    def _is_other(self, at: int, moved: int) -> bool:
        """True if what begins there is another chord than the one before; at the line's beginning always."""
        line = self._line
        if line.changes[at] == line.begin and moved:
            return line.chords[at] != line.chords[-1]
        return at == 0 or line.chords[at] != line.chords[at - 1]

    # --- hits ---------------------------------------------------------------------------------------------------

    def hits(self, start: int, end: int) -> tuple[Hit, ...]:
        """Hits that begin from `start` to before `end`, in order, in ticks of the line."""
        found: list[Hit] = []
        tick = start
        while tick < end:
            stretch, bar = self.bar_stretch(tick), self.bar_at(tick)
            found.extend(
                hit._replace(tick=at, until=hit.until + stretch.start)
                for hit in bar.hits
                if start <= (at := hit.tick + stretch.start) < end
            )
            tick = stretch.end
        return tuple(found)


def _moved(starts: tuple[int, ...], at: int, by: int) -> Stretch:
    return Stretch(starts[at] + by, starts[at + 1] + by)


def _line(intro: tuple[PlayedBar, ...], round_: tuple[PlayedBar, ...]) -> _FormTables:
    begin, length = (sum(bar.ticks for bar in bars) for bars in (intro, round_))
    starts, changes, sections = [0], list[int](), list[int]()
    chords: list[Chord | None] = []
    for bar in intro + round_:
        start = starts[-1]
        if bar.begins or start in (0, begin):
            sections.append(start)
        for tick, chord in bar.chords:
            # The round's first chord stays even if the introduction ends with it: it follows the round's last too.
            if not chords or chord != chords[-1] or start + tick == begin:
                changes.append(start + tick)
                chords.append(chord)
        starts.append(start + bar.ticks)
    ends = (*sections, starts[-1])
    return _FormTables(
        intro + round_, tuple(starts), begin, length, tuple(changes), tuple(chords), ends
    )
