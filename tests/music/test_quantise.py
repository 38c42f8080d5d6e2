"""The lines of a grid."""

from hypothesis import given
from hypothesis import strategies as st

from livegen.music.time.metre import COMMON_TIME, Metre, parse_metre
from livegen.music.time.quantise import GRIDS, line_from, lines_about, nearest_line

METRES = st.sampled_from(["4/4", "3/4", "7/8", "5/4", "6/8"]).map(parse_metre)
GRID = st.sampled_from(sorted(GRIDS.values()))


def test_eighths_sixteenths_and_triplets_divide_a_beat_into_two_four_and_three() -> None:
    assert [[line for line in range(24) if line_from(line, grid, COMMON_TIME) == line]
            for grid in GRIDS.values()] == [[0, 12], [0, 6, 12, 18], [0, 8, 16]]  # fmt: skip


def test_an_onset_goes_to_the_nearest_line_and_from_the_middle_to_the_later() -> None:
    assert [nearest_line(tick, 8, COMMON_TIME) for tick in (3, 4, 12, 17, 23)] == [0, 8, 16, 16, 24]


@given(st.integers(0, 5000), GRID, METRES)
def test_every_bar_line_is_a_line_and_a_line_stays_where_it_is(
    tick: int, grid: int, metre: Metre
) -> None:
    below, above = lines_about(tick, grid, metre)
    bar_line = tick - metre.place(tick).position

    assert below <= tick < above <= below + grid
    assert nearest_line(bar_line, grid, metre) == bar_line
    for line in (below, above):
        assert nearest_line(line, grid, metre) == line_from(line, grid, metre) == line
