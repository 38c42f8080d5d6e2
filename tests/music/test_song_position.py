"""A song position is read in the unit in which its sender counts."""

import pytest

from livegen.music.song_position import SongPosition, relocation


def said(positions: SongPosition, position: int) -> int:
    return positions.clocks(position & 0x7F, position >> 7)


@pytest.mark.parametrize("position", [0, 1, 127, 128, 16383])
def test_a_position_is_in_sixteenths_until_the_sender_shows_otherwise(position: int) -> None:
    assert said(SongPosition(), position) == 6 * position


def test_a_sender_that_counts_clocks_is_found_out_by_them() -> None:
    positions = SongPosition()
    assert said(positions, 96) == 576
    positions.count(48)
    assert said(positions, 144) == 144
    assert positions.unit == 1
    assert said(positions, 24) == 24


def test_a_sender_that_counts_sixteenths_is_confirmed() -> None:
    positions = SongPosition()
    positions.start()
    positions.count(100)
    assert said(positions, 16) == 96
    assert positions.unit == 6


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
