"""A song position is read in the unit in which its sender counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.music.sync.song_position import SongPosition, relocation
from livegen.music.time.metre import COMMON_TIME, Metre, parse_metre


def said(positions: SongPosition, position: int, metre: Metre = COMMON_TIME) -> int:
    return positions.clocks(position & 0x7F, position >> 7, metre)


@pytest.mark.parametrize("position", [0, 1, 127, 128, 16383])
def test_a_position_is_in_sixteenths_until_the_sender_shows_otherwise(position: int) -> None:
    assert said(SongPosition(), position) == 6 * position


def test_a_sender_that_counts_clocks_is_found_out_by_them() -> None:
    positions = SongPosition()
    assert said(positions, 96) == 576
    positions.count(72)
    assert said(positions, 168) == 168
    assert positions.unit == 1
    assert said(positions, 24) == 24


def test_a_sender_that_counts_sixteenths_is_confirmed() -> None:
    positions = SongPosition()
    positions.start()
    positions.count(100)
    assert said(positions, 16) == 96
    assert positions.unit == 6


def test_a_sender_that_goes_on_with_the_next_beat_counts_clocks() -> None:
    # As Ardour does: stopped after 355 clocks, it goes on at 360.
    positions = SongPosition()
    positions.start()
    positions.count(355)
    assert said(positions, 360) == 360


@pytest.mark.parametrize("metre", ["3/4", "4/4", "6/8", "2/4", "5/4", "7/8"])
@given(bars=st.integers(1, 12), beats=st.integers(1, 64))
def test_who_goes_from_bar_line_to_bar_line_and_plays_the_same_at_each_is_read_as_specified(
    metre: str, bars: int, beats: int
) -> None:
    positions, lines = SongPosition(), parse_metre(metre)
    bar = lines.place(0).bar // 6
    positions.start()
    for number in range(1, bars + 1):
        positions.count(24 * beats)
        place = 8 * number * bar
        assert said(positions, place, lines) == 6 * place


@given(runs=st.lists(st.integers(24, 4000), min_size=1, max_size=20))
def test_who_goes_on_where_he_stopped_is_read_as_specified(runs: list[int]) -> None:
    positions, place = SongPosition(), 0
    positions.start()
    for ran in runs:
        positions.count(ran)
        place += ran // 6
        assert said(positions, place % 2**14) == 6 * (place % 2**14)
        place %= 2**14


def test_on_bar_lines_it_takes_three_distances_that_agree_with_the_clocks() -> None:
    positions, place = SongPosition(), 0
    positions.start()
    units = []
    for beats in (4, 8, 12, 16):
        positions.count(24 * beats)
        place += 24 * beats
        said(positions, place, parse_metre("3/4"))  # as sixteenths every one is a bar line
        units.append(positions.unit)
    assert units == [6, 6, 1, 1]


def test_a_guess_is_taken_back_when_the_clocks_contradict_it() -> None:
    positions = SongPosition()
    positions.start()
    positions.count(90)
    assert said(positions, 90) == 90
    positions.count(96)
    assert said(positions, 106) == 6 * 106
    assert positions.unit == 6


def test_a_sender_that_has_shown_to_count_sixteenths_is_not_doubted_for_one_chance() -> None:
    positions = SongPosition()
    positions.start()
    positions.count(96)
    said(positions, 16)
    positions.count(90)
    assert said(positions, 106) == 6 * 106


@pytest.mark.parametrize(("ran", "position"), [(12, 12), (96, 5), (500, 0)])
def test_few_clocks_or_another_place_are_no_evidence(ran: int, position: int) -> None:
    positions = SongPosition()
    positions.start()
    positions.count(ran)
    assert said(positions, position) == 6 * position


@pytest.mark.parametrize(
    ("position", "expected", "then"),
    [
        (96, 96, None),
        (96, 90, None),
        (96, 102, None),
        (0, 384, 0),
        (0, 385, 1),
        (0, 380, 2),
        (0, 387, 0),
    ],
)
def test_a_relocation_keeps_the_beat_if_it_can(
    position: int, expected: int, then: int | None
) -> None:
    assert relocation(position, expected) == then
