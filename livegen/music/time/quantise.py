"""Hard quantise: the lines of a bar that onsets may fall on.  Knows ticks and bars."""

from livegen.music.time.metre import TICKS_PER_BEAT, Metre

# Ticks from one line to the next, by the name musicians give the grid; T is for triplets.
GRIDS = {"1/8": TICKS_PER_BEAT // 2, "1/16": TICKS_PER_BEAT // 4, "1/8T": TICKS_PER_BEAT // 3}
LINES = (GRIDS["1/16"], GRIDS["1/8T"])  # that hands mean
NEAR = 2  # ticks from a line that are the hand's doing


def lines_about(tick: int, grid: int, metre: Metre) -> tuple[int, int]:
    """The last line at or before a tick and the first after it; lines are `grid` ticks apart from each bar line on."""
    position, bar = metre.place(tick)
    below = position - position % grid
    return tick - position + below, tick - position + min(below + grid, bar)


def line_from(tick: int, grid: int, metre: Metre) -> int:
    """The first line at or after a tick."""
    below, above = lines_about(tick, grid, metre)
    return below if below == tick else above


def line_or_tick(tick: int, grid: int | None, metre: Metre) -> int:
    """The first line at or after a tick; the same tick without a grid."""
    return tick if grid is None else line_from(tick, grid, metre)


def nearest_line(tick: int, grid: int, metre: Metre) -> int:
    """The line nearest to a tick; of two as near the later, as an off-beat eighth is a triplet's last third."""
    below, above = lines_about(tick, grid, metre)
    return below if tick - below < above - tick else above


def on_line(tick: int) -> int:
    """The tick of the nearest sixteenth or triplet, if a hand would take it for that; else the same tick."""
    nearest = min(
        (round(tick / apart) * apart for apart in LINES), key=lambda line: abs(line - tick)
    )
    return nearest if abs(nearest - tick) <= NEAR else tick
