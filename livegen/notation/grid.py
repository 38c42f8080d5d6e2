"""Performed notes on a grid that can be read: in each cell of a bar as many lines as its onsets ask for, and no more.

A cell is divided into halves, quarters, eighths or thirds.  Each line that an onset lies beside costs the square of the
distance, each finer division something of its own, so that an uneven hand is not written out.  Where eighths are
swung, the late ones are moved to the middle first.  Knows ticks only.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from livegen.music.note import Note
from livegen.music.time.metre import DOTTED, TICKS_PER_BEAT
from livegen.notation.bars import lines_of_cells
from livegen.notation.symbols import Measure

TOGETHER = 1.5  # ticks: onsets closer than this are one chord's
_LOOSE = 1.5  # ticks beside its line that cost 1
_MERGED = 4.0  # what it costs to write two onsets on one line
# Into how many parts a cell may be divided, and what that costs; thirds only of a quarter and its halves.
_PLAIN = {1: 0.0, 2: 0.3, 4: 0.8, 8: 5.0}
# A drummer's limbs are further apart than a pianist's fingers, and two drums on one line lose nothing.
_OF_KIT, _MERGED_KIT, _THIRDS_KIT, _HALVED_KIT = _PLAIN | {8: 9.0}, 1.0, 2.0, 4.5
_THIRDS = 1.2
_EVEN_HALF, _HALVED = {1: 0.0, 2: 0.3}, 2.0  # of each half by itself, where one is of thirds
_HALF = _EVEN_HALF | {3: _THIRDS}
_COMPOUND = {1: 0.0, 3: 0.2, 6: 0.8, 12: 5.0}
_LATE_END = 0.3  # of a line's distance: a note that ends so little after a line was to end there
_EARLY, _DOTTED = (
    9.0,
    17.5,
)  # ticks: the one note between two beats is an eighth if it lies between these
_WIDE, _ALIKE = (
    3.0,
    0.4,
)  # where eighths are swung, these ticks about their place count for so much less
_SWINGS = 13.4  # the median of these eighths from which on they are swung
_FEWEST, _USUAL = (
    6,
    0.3,
)  # eighths that tell, and their share of all that is between two beats alone


class Span(NamedTuple):
    """A cell, or half of one, from tick `start` on: `ticks` long, divided by lines into so many `parts`."""

    start: int
    ticks: int
    parts: int

    @property
    def is_triplet(self) -> bool:
        """True if its parts are thirds that are none of its metre."""
        return self.parts == 3 and self.ticks != DOTTED

    @property
    def step(self) -> float:
        """Ticks from line to line."""
        return self.ticks / self.parts


class NotationGrid:
    """The lines of the cells of some bars, chosen for some notes.  `swing` is where a late eighth lies, or 0."""

    def __init__(
        self,
        bars: Sequence[Measure],
        notes: Iterable[Note],
        swing: float = 0.0,
        is_kit: bool = False,
    ) -> None:
        self._swing = swing
        self._merged = _MERGED_KIT if is_kit else _MERGED
        self._plain = _OF_KIT if is_kit else _PLAIN
        self._third = _THIRDS_KIT if is_kit else _THIRDS
        self._halved = _HALVED_KIT if is_kit else _HALVED
        onsets = sorted({note.onset for note in notes})
        self._spans = [
            span
            for start, size in lines_of_cells(bars)
            for span in self._chosen(start, size, onsets)
        ]
        self._starts = [span.start for span in self._spans]

    def _chosen(self, start: int, size: int, onsets: Sequence[float]) -> list[Span]:
        """The lines that suit the onsets of a cell best."""
        low = bisect_right(onsets, start - size / 24)
        places = [at - start for at in onsets[low : bisect_right(onsets, start + size * 23 / 24)]]
        even = [self._evened(place, size) for place in places]
        plain = _COMPOUND if size == DOTTED else self._plain
        cost, parts = self._cheapest(even, size, plain)
        spans = [Span(start, size, parts)]
        if size != TICKS_PER_BEAT:
            return spans
        thirds = self._thirds(len(places)) + _strain(places, size / 3, self._merged)
        if thirds < cost:
            cost, spans = thirds, [Span(start, size, 3)]
        half = size // 2
        halves = []
        for at in (0, half):
            inside = [place - at for place in places if at <= place + TOGETHER < at + half]
            halves.append(self._cheapest(inside, half, _HALF if len(inside) == 3 else _EVEN_HALF))
        if sum(row[0] for row in halves) + self._halved < cost:
            (_, first), (_, second) = halves
            spans = [Span(start, half, first), Span(start + half, half, second)]
        return spans

    def _thirds(self, count: int) -> float:
        """The cost of dividing a cell with so many onsets into thirds."""
        if self._swing:  # two are late eighths
            return self._third / 3 if count == 3 else 2 * self._third
        return self._third * {1: 2.0, 2: 1.75}.get(count, 1.0)

    def _cheapest(
        self, places: Sequence[float], size: int, options: Mapping[int, float]
    ) -> tuple[float, int]:
        """The cost and the number of parts into which a span is divided best."""
        return min(
            (cost + _strain(places, size / parts, self._merged), parts)
            for parts, cost in options.items()
            if size % parts == 0
        )

    def _evened(self, place: float, size: int) -> float:
        """Give the place in a cell at which a swung place would lie if it were played straight."""
        if not self._swing or size != TICKS_PER_BEAT or place <= 0:
            return place
        half, beside = size / 2, place - self._swing
        if abs(beside) <= _WIDE:  # no two late eighths are equally late
            return half + _ALIKE * beside
        if place <= self._swing:
            return place * half / self._swing
        return half + beside * half / (size - self._swing)

    def _at(self, tick: float) -> int:
        return max(0, bisect_right(self._starts, tick) - 1)

    def triplet(self, tick: float) -> tuple[int, int] | None:
        """Give the tick at which the triplet of a tick begins, and its ticks; None where there is none."""
        span = self._spans[self._at(tick)]
        return (span.start, span.ticks) if span.is_triplet else None

    def onset(self, tick: float) -> int:
        """The line on which a note that begins at `tick` is written."""
        span = self._spans[self._at(tick)]
        place = tick - span.start
        if not span.is_triplet:
            place = self._evened(place, span.ticks)
        return span.start + round(round(max(0.0, place) / span.step) * span.step)

    def end(self, tick: float, onset: int) -> int:
        """The line at which a note that begins on line `onset` and ends at `tick` is written to end."""
        span = self._spans[self._at(tick - 1e-6)]
        place = tick - span.start
        if not span.is_triplet:
            place = self._evened(place, span.ticks)
        finest = 2 if span.parts == 1 and span.ticks > 6 else span.parts
        finest = 3 if span.ticks == DOTTED and finest < 3 else finest
        step = span.ticks / finest
        lines = max(0, -int(-(place / step - _LATE_END) // 1))
        end = span.start + round(min(lines, finest) * step)
        return end if end > onset else onset + max(1, round(self._spans[self._at(onset)].step))


def _strain(places: Sequence[float], step: float, merging: float) -> float:
    """The cost of writing places of a cell on lines `step` ticks apart, `merging` for each two on one line."""
    lines = [round(place / step) for place in places]
    beside = sum(
        ((place - line * step) / _LOOSE) ** 2 for place, line in zip(places, lines, strict=True)
    )
    pairs = zip(pairwise(places), pairwise(lines), strict=True)
    merged = sum(
        (after - before > TOGETHER) if one == other else (after - before < TOGETHER)
        for (before, after), (one, other) in pairs
    )
    return beside + merging * merged


def swing_of(bars: Sequence[Measure], notes: Iterable[Note]) -> float:
    """Give the place in a beat of its late eighths, in ticks; 0 where eighths are straight, or too few tell."""
    cells = lines_of_cells(bars)
    onsets = sorted({note.onset for note in notes})
    eighths: list[float] = []
    told = 0
    for start, size in cells:
        if size != TICKS_PER_BEAT:
            continue
        between = [
            at - start
            for at in onsets[bisect_right(onsets, start + 2) : bisect_right(onsets, start + 22)]
        ]
        if between and between[-1] - between[0] < TOGETHER:
            told += 1
            eighths += [between[0]] if _EARLY < between[0] < _DOTTED else []
    if len(eighths) < _FEWEST or len(eighths) < _USUAL * told:
        return 0.0
    middle = median(eighths)
    return middle if middle >= _SWINGS else 0.0


def quantised(notes: Iterable[Note], grid: NotationGrid) -> list[Note]:
    """Notes on the lines of a grid; of two that would begin at once on one pitch the longer stays."""
    found: dict[tuple[int, int], Note] = {}
    for start, end, pitch, velocity, _ in notes:
        onset = grid.onset(start)
        note = Note(onset, grid.end(end, onset), pitch, velocity)
        other = found.get((onset, pitch))
        if other is None or note.end > other.end:
            found[onset, pitch] = note
    return [found[place] for place in sorted(found)]
