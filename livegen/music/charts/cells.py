"""The contents of a bar, spread over its beats: chords, and dots that hold them.  Knows no format."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from livegen.errors import ChartError
from livegen.music.charts.form import Hit, Placed
from livegen.music.chords.chord import Chord


@dataclass(frozen=True, slots=True)
class Cell:
    """A share of a bar: a chord (None for N.C.), or, if it `holds`, the one before; perhaps as a hit."""

    chord: Chord | None = None
    holds: bool = False
    hit: bool = False


HOLD = Cell(holds=True)


def beats_of(ticks: int, beat: int) -> int:
    """Give the number of beats of a bar; eighths or sixteenths where its beats do not fill it."""
    unit = next((unit for unit in (beat, 12, 6) if ticks % unit == 0), 1)
    return ticks // unit


def fits(cells: int, ticks: int, beat: int) -> bool:
    """True if so many cells share a bar: its beats among them, or each beat among several."""
    beats = beats_of(ticks, beat)
    return bool(cells) and ticks % cells == 0 and (beats % cells == 0 or cells % beats == 0)


def spread(
    cells: Sequence[Cell], ticks: int, beat: int
) -> tuple[tuple[Placed, ...], tuple[Hit, ...]]:
    """Chords and hits of a bar of equally long cells.  Raises ChartError where they do not share its beats."""
    if not fits(len(cells), ticks, beat):
        beats = beats_of(ticks, beat)
        raise ChartError(
            f"{len(cells)} chords or dots in a bar of {beats} beats; expected one a beat (a dot holds the chord), or "
            f"fewer that share the beats evenly"
        )
    step = ticks // len(cells)
    placed = tuple(Placed(at * step, cell.chord) for at, cell in enumerate(cells) if not cell.holds)
    starts = [at for at, cell in enumerate(cells) if not cell.holds or cell.hit] + [len(cells)]
    hits = tuple(Hit(at * step, after * step) for at, after in pairwise(starts) if cells[at].hit)
    return placed, hits


def gathered(
    chords: Sequence[Placed], hits: Sequence[Hit], ticks: int, beat: int
) -> tuple[Cell, ...]:
    """The fewest cells that are spread to these chords and hits; () for a bar without either."""
    if not chords and not hits:
        return ()
    at_tick = {placed.tick: Cell(placed.chord) for placed in chords}
    for hit in hits:
        cell = at_tick.get(hit.tick, HOLD)
        at_tick[hit.tick] = Cell(cell.chord, cell.holds, hit=True)
    for count in range(1, ticks + 1):
        step = ticks / count
        if fits(count, ticks, beat) and all(tick % step == 0 for tick in at_tick):
            return tuple(at_tick.get(round(at * step), HOLD) for at in range(count))
    return tuple(at_tick.get(tick, HOLD) for tick in range(ticks))
