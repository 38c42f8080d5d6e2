"""A line that takes its figures up again and comes to rest is told from one that does not."""

import random

import pytest

from bench.sentences import BARS, figures
from livegen.music.note import Note


def quarters(pitches: list[int], held: set[int]) -> list[Note]:
    """A line of quarters, four a bar; in the bars of `held` the third is the last, a half note."""
    return [
        Note(beat, beat + 1, pitch, 80)
        for beat, pitch in enumerate(pitches)
        if not (beat // 4 in held and beat % 4 == 3)
    ]


def any_pitches(seed: int) -> list[int]:
    chance = random.Random(seed)
    return [chance.choice((60, 62, 64, 65, 67, 69, 71, 72)) for _ in range(4 * BARS)]


def test_what_stood_there_four_bars_before_returns_and_chance_does_not() -> None:
    idea = any_pitches(1)[:16]
    again, new = figures(quarters(idea * 8, set())), figures(quarters(any_pitches(2), set()))
    assert again["returns"] == again["anywhere"] == 1
    assert new["returns"] <= new["anywhere"] < 0.1


def test_a_figure_that_comes_at_another_place_of_the_bar_stands_anywhere_and_does_not_return() -> (
    None
):
    moved = any_pitches(1)[:15] * 9  # every fifteen quarters
    found = figures(quarters(moved[: 4 * BARS], set()))
    assert found["anywhere"] == 1 and found["returns"] == 0


def test_the_place_in_four_that_rests_most_often_is_found_and_whether_it_is_at_home() -> None:
    pitches = [60, 64, 67, 72, 60, 62, 64, 65, 67, 65, 64, 62, 60, 59, 60, 60] * 8
    found = figures(quarters(pitches, set(range(3, BARS, 4)) | {0}))
    assert found["fourth rests"] == found["fourth at home"] == 1
    assert found["others rest"] == pytest.approx(1 / 24)
