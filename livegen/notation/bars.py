"""The bars of a score, and the cells of a bar: the spans in which a reader counts.  Knows ticks only."""

from collections.abc import Iterable, Sequence

from livegen.music.time.metre import DOTTED, TICKS_PER_BEAT, bar_ticks
from livegen.notation.symbols import Measure

_EIGHTH = TICKS_PER_BEAT // 2


def bars_of(metres: Sequence[tuple[int, int, int]], ppqn: int, end: float) -> list[Measure]:
    """The bars up to tick `end`, one at least, by metres of a file: (its tick, numerator, denominator).

    A metre that begins within a bar cuts that short; before the first, and without any, it is 4/4.
    """
    scaled = [(round(tick * TICKS_PER_BEAT / ppqn), *metre) for tick, *metre in metres]
    if not scaled or scaled[0][0] > 0:
        scaled.insert(0, (0, 4, 4))
    bars: list[Measure] = []
    for index, (since, numerator, denominator) in enumerate(scaled):
        until = scaled[index + 1][0] if index + 1 < len(scaled) else max(end, 1.0)
        at, ticks = since, bar_ticks(numerator, denominator)
        while at < until and (index + 1 < len(scaled) or at < end or not bars):
            last = index + 1 < len(scaled) and at + ticks > until
            bars.append(Measure(at, int(until) - at if last else ticks, numerator, denominator))
            at += ticks
    return bars


def cell_of(bar: Measure) -> int:
    """Ticks of the spans in which a bar is counted: quarters, dotted quarters (6/8), or eighths (5/8)."""
    if bar.denominator < 8:
        return TICKS_PER_BEAT
    is_compound = bar.denominator == 8 and bar.numerator > 3 and bar.numerator % 3 == 0
    return DOTTED if is_compound else _EIGHTH if bar.denominator == 8 else _EIGHTH // 2


def lines_of_cells(bars: Iterable[Measure]) -> list[tuple[int, int]]:
    """Give the tick at which each cell of all bars begins, and its ticks; the last of an incomplete bar is shorter."""
    cells = []
    for bar in bars:
        size = cell_of(bar)
        end = bar.start + bar.ticks
        cells += [(at, min(size, end - at)) for at in range(bar.start, end, size)]
    return cells
