"""A chart as it is written: bars in a row with their chords and signs.  Knows no file and not how it is played.

Every format is read into this.  `form` plays it: it follows repeats, endings and jumps.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, NamedTuple

from livegen.music.charts.cells import HOLD, Cell, gathered
from livegen.music.charts.form import Form, Hit, Placed, PlayedBar
from livegen.music.charts.unrolling import unrolled
from livegen.music.chords.chord import Chord
from livegen.music.chords.chord_names import spelled
from livegen.music.keys.key import Key
from livegen.music.time.metre import COMMON_TIME, Metre, written

MOST_BARS = 2_000  # of a written chart
Until = Literal["end", "coda", "fine"]


class Jump(NamedTuple):
    """D.C. or D.S. at the end of a bar: back to the segno, or without one to the beginning, and on until somewhere.

    Repeats are not made again, and of endings the one named is taken, without a name the last.
    """

    to_segno: bool = False
    until: Until = "end"
    ending: int | None = None

    @property
    def words(self) -> str:
        """The words by which a jump is written: "D.S. al coda"."""
        word = "D.S." if self.to_segno else "D.C."
        if self.ending is not None:
            return f"{word} al {self.ending}."
        return word if self.until == "end" else f"{word} al {self.until}"


@dataclass(frozen=True, slots=True)
class WrittenBar:
    """A bar as written.  Without chords it holds the one before it."""

    ticks: int = 96
    beat: int = 24  # ticks between what is counted, as in Metre
    chords: tuple[Placed, ...] = ()
    hits: tuple[Hit, ...] = ()
    section: str | None = None  # the name of the section that begins here
    opens: bool = False  # |: before it
    # The number of times that the part that :| closes behind it is played; 1 where there is no :|.
    times: int = 1
    ending: tuple[int, ...] = ()  # the passes for which it begins an ending
    segno: bool = False
    to_coda: bool = False  # behind it one leaves for the coda, in a pass that goes there
    coda: bool = False  # the coda begins here
    fine: bool = False  # behind it one stops, in a pass that ends so
    jump: Jump | None = None
    line: int = field(default=0, compare=False)  # of the file, from 1; 0 where it has none

    @property
    def metre(self) -> Metre:
        """The metre in which it is whole."""
        return Metre(((0, self.ticks),), self.beat)

    def transposed(self, semitones: int) -> "WrittenBar":
        """The same bar so many semitones higher."""
        moved = tuple(
            Placed(tick, chord and chord.transposed(semitones)) for tick, chord in self.chords
        )
        return replace(self, chords=moved)


@dataclass(frozen=True)
class Chart:
    """A tune's chords on paper.  `bars` are at least one."""

    bars: tuple[WrittenBar, ...]
    title: str = ""
    metre: Metre = COMMON_TIME  # of the first whole bar
    tempo: float | None = None  # quarters a minute
    style: str | None = None  # as the file says it: of a model, or a plain word
    key: Key | None = None
    pickup: bool = False  # the first bar is a pick-up: played once, before the form begins

    @cached_property
    def form(self) -> Form:
        """The chart as it is played; worked out once."""
        return unrolled(self)

    def transposed(self, semitones: int) -> "Chart":
        """The same tune so many semitones higher; down if negative."""
        if not semitones % 12:
            return self
        key = self.key and Key((self.key.tonic + semitones) % 12, self.key.mode)
        return replace(self, bars=tuple(bar.transposed(semitones) for bar in self.bars), key=key)

    def new_metre(self, index: int) -> str:
        """The metre that a bar has and the one before it has not, such as "3/4"; "" where it stays, and of a pick-up.

        The first whole bar is compared with the metre of the chart.
        """
        if self.pickup and index == 0:
            return ""
        own = self.bars[index].metre
        before = self.metre if index == int(self.pickup) else self.bars[index - 1].metre
        return "" if own == before else written(own)

    def name_of(self, chord: Chord | None) -> str:
        """Give a chord as the chart writes it: spelled for its key, "N.C." for None."""
        return "N.C." if chord is None else spelled(chord, self.key)

    def text_of(self, bar: WrittenBar | PlayedBar) -> str:
        """The contents of a bar in livegen's own text: "C . F G!"; "." where it holds the chord before."""
        cells = gathered(bar.chords, bar.hits, bar.ticks, bar.beat) or (HOLD,)
        return " ".join(map(self._cell, cells))

    def _cell(self, cell: Cell) -> str:
        if cell.holds:
            return "!" if cell.hit else "."
        return self.name_of(cell.chord) + ("!" if cell.hit else "")
