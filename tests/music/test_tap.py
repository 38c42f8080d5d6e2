"""Tapping gives a tempo, and a slip of the hand does not spoil it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.music.beat.tap import Tap
from livegen.music.time.timeline import MAX_TEMPO_US, MIN_TEMPO_US, tempo_us


def tapped(times: list[int]) -> int | None:
    """The tempo after the last of these taps."""
    tap, tempo = Tap(), None
    for at in times:
        tempo = tap.feed(at)
    return tempo


def test_even_taps_are_their_tempo_from_the_third_on() -> None:
    tap = Tap()
    assert [tap.feed(at) for at in (0, 500_000, 1_000_000, 1_500_000)] == [
        None,
        None,
        500_000,
        500_000,
    ]


@pytest.mark.parametrize("bpm", [60, 90, 120, 174])
def test_taps_of_a_hand_are_within_three_percent_after_eight(bpm: int) -> None:
    for seed in range(50):
        chance = random.Random(seed)
        found = tapped([round(beat * 6e7 / bpm + chance.gauss(0, 12_000)) for beat in range(8)])
        assert found is not None
        assert abs(found / tempo_us(bpm) - 1) < 0.03


@pytest.mark.parametrize("which", range(6))
@pytest.mark.parametrize("off_us", [-120_000, 120_000])
def test_one_tap_that_is_off_does_not_spoil_the_tempo(which: int, off_us: int) -> None:
    taps = [beat * 500_000 for beat in range(6)]
    taps[which] += off_us
    found = tapped(taps)
    assert found is not None
    assert abs(found - 500_000) < 10_000


@pytest.mark.parametrize("which", range(1, 5))
def test_a_tap_left_out_or_struck_twice_does_not_spoil_the_tempo(which: int) -> None:
    taps = [beat * 500_000 for beat in range(6)]
    assert tapped(taps[:which] + taps[which + 1 :]) == 500_000
    twice = tapped(sorted([*taps, taps[which] + 40_000]))
    assert twice is not None
    assert abs(twice - 500_000) < 15_000


def test_after_two_seconds_it_begins_anew() -> None:
    taps = [0, 500_000, 1_000_000, 3_100_000, 3_500_000]
    assert tapped(taps) is None
    assert tapped([*taps, 3_900_000]) == 400_000


def test_a_new_tempo_has_replaced_the_old_after_eight_taps() -> None:
    slow = [beat * 600_000 for beat in range(8)]
    assert tapped(slow + [slow[-1] + beat * 400_000 for beat in range(1, 9)]) == 400_000


@given(st.lists(st.integers(-(2**40), 2**40) | st.integers(0, 10**7), max_size=20))
def test_any_taps_give_no_tempo_or_one_that_a_timeline_can_have(times: list[int]) -> None:
    found = tapped(times)
    assert found is None or MIN_TEMPO_US <= found <= MAX_TEMPO_US
