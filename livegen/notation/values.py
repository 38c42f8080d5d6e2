"""Note values: a span of a bar as the notes, tied where need be, or the rests that a reader finds his place by.

A value crosses the middle of a bar only from beat to beat, a beat only from half beat to half beat, and so on down; a
rest stays within what it is a whole part of.  Knows ticks only.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from livegen.music.time.metre import DOTTED
from livegen.notation.bars import cell_of
from livegen.notation.symbols import Measure

_PLAIN = (
    192,
    144,
    96,
    72,
    48,
    36,
    24,
    18,
    12,
    9,
    6,
    3,
)  # a breve to a thirty-second, dotted ones too
_EIGHTH = 12


class NoteValue(NamedTuple):
    """A note or rest: where it begins in its bar, its ticks, and whether it is of a triplet."""

    start: int
    ticks: int
    is_triplet: bool = False


# Of a tick of a bar: where the triplet begins in which it lies, and its ticks; None where there is none.
Triplet = Callable[[int], tuple[int, int] | None]


def notes_in(start: int, end: int, bar: Measure, triplet: Triplet) -> list[NoteValue]:
    """The values of a note from `start` to `end`, ticks of a bar."""
    return list(_split(start, end, bar, triplet, _is_readable))


def rests_in(start: int, end: int, bar: Measure, triplet: Triplet) -> list[NoteValue]:
    """The values of a rest; that of a whole bar is one, whatever the metre."""
    if (start, end) == (0, bar.ticks):
        return [NoteValue(0, bar.ticks)]
    return list(_split(start, end, bar, triplet, _is_restful))


_Fits = Callable[[int, int, Measure], bool]


def _split(
    start: int, end: int, bar: Measure, triplet: Triplet, fits: _Fits
) -> Iterator[NoteValue]:
    since, ticks = triplet(start) or (start, 0)
    if start != since or 0 < end - start < ticks:
        until = min(end, since + ticks)
        yield from _of_triplet(start, until, since, ticks)
    else:
        until = end
        last = triplet(end - 1)
        if last is not None and start < last[0] < end < sum(last):
            until = last[0]  # of a triplet that it takes only some of
        while not fits(start, until, bar):
            until = _boundary(start, until, bar)
        yield NoteValue(start, until - start)
    if until < end:
        yield from _split(until, end, bar, triplet, fits)


def _of_triplet(start: int, end: int, since: int, ticks: int) -> Iterator[NoteValue]:
    """Values within a triplet: thirds of `ticks`, two of them as one, or halves of them."""
    third = ticks // 3
    while start < end:
        place = (start - since) % third
        options = (2 * third, third) if place == 0 else ()
        lasts = next(
            (one for one in options if one <= end - start), min(third - place, end - start)
        )
        yield NoteValue(start, lasts, True)
        start += lasts


def _is_readable(start: int, end: int, bar: Measure) -> bool:
    """True if one note may last from `start` to `end`."""
    if end - start not in _PLAIN:
        return False
    cell, middle = cell_of(bar), _middle(bar)
    is_on_beats = start % cell == 0 == end % cell
    if middle and start < middle < end:
        return is_on_beats
    crossed = (end - 1) // cell - start // cell
    if crossed:
        if cell == DOTTED or crossed > 1:
            return is_on_beats or (cell != DOTTED and start % cell == 0 and end % (cell // 2) == 0)
        return start % (cell // 2) == 0 == end % (cell // 2)
    return _is_readable_in_cell(start % cell, (end - 1) % cell + 1, cell)


def _is_readable_in_cell(start: int, end: int, cell: int) -> bool:
    if cell == DOTTED:
        crossed = (end - 1) // _EIGHTH - start // _EIGHTH
        return not crossed or start % _EIGHTH == 0 or end % _EIGHTH == 0
    half = cell // 2
    return not start < half < end or start % (half // 2 or 1) == 0 == end % (half // 2 or 1)


def _is_restful(start: int, end: int, bar: Measure) -> bool:
    """True if one rest may last from `start` to `end`."""
    ticks, cell = end - start, cell_of(bar)
    if cell == DOTTED:
        return (ticks in (3, 6, 12) and start % ticks == 0) or (
            ticks in (36, 72) and start % ticks == 0
        )
    longest = (3, 6, 12, 24, 48) if _middle(bar) else (3, 6, 12, 24)
    return ticks in longest and start % ticks == 0


def _middle(bar: Measure) -> int:
    """The tick of the middle of a bar of four cells, of which each half is counted by itself; 0 where there is none."""
    cell = cell_of(bar)
    return bar.ticks // 2 if bar.ticks in (4 * cell, 8 * cell) else 0


def _boundary(start: int, end: int, bar: Measure) -> int:
    """Give the tick that divides a span that is no value of its own: the strongest within it."""
    cell, middle = cell_of(bar), _middle(bar)
    if middle and start < middle < end:
        return middle
    last = (end - 1) // cell * cell
    if last > start:
        if start % cell:
            return start - start % cell + cell
        return (
            last
            if end % cell
            else start + next(v for v in _PLAIN if v < end - start and v % cell == 0)
        )
    finer = (step for step in (_EIGHTH, 6, 3, 1) if step < cell)
    for step in finer:
        at = (end - 1) // step * step if start % step == 0 else start - start % step + step
        if start < at < end:
            return at
    return end
