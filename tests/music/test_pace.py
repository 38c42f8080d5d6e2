"""Tempo and beat are found in what people play."""

import random

import pytest

from livegen.music.pace import fit
from livegen.music.timeline import MINUTE_US, Timeline, tempo_us

RHYTHMS: dict[str, list[float]] = {
    "quarters": [0, 1, 2, 3, 4, 5, 6, 7],
    "eighths": [beat / 2 for beat in range(16)],
    "sixteenths and quarters": [0, 1, 1.25, 1.5, 1.75, 2, 3, 3.25, 3.5, 3.75, 4],
    "dotted": [0, 0.75, 1, 1.75, 2, 2.75, 3, 3.75, 4],
    "dotted quarters": [0, 1.5, 2, 3.5, 4, 5.5, 6, 7.5],
    "swing": [0, 0.667, 1, 1.667, 2, 2.667, 3, 3.667, 4],
    "a tune": [0, 0.5, 1, 2, 2.5, 3, 4, 4.5, 5, 5.5, 6],
    "with a rest": [0, 1, 2, 3, 3.5, 8, 9, 10, 11, 11.5],
    "syncopated": [0, 0.5, 1.5, 2.5, 3, 4, 4.5, 5.5, 6.5, 7],
}


def played(beats: list[float], bpm: float, seed: int, spread_us: float = 10_000) -> list[int]:
    """Onsets as a hand plays them, its errors cut at two and a half times their spread."""
    chance = random.Random(seed)
    errors = [max(-2.5, min(2.5, chance.gauss(0, 1))) * spread_us for _ in beats]
    return sorted(
        7_000_000 + round(at * MINUTE_US / bpm + error)
        for at, error in zip(beats, errors, strict=True)
    )


@pytest.mark.parametrize("bpm", [84, 100, 112, 126])
@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_the_tempo_of_a_played_rhythm_is_found(rhythm: str, bpm: float) -> None:
    for seed in range(5):
        found = fit(played(RHYTHMS[rhythm], bpm, seed))
        assert abs(found.bpm / bpm - 1) < 0.02
        assert abs(found.origin_us - 7_000_000) < 30_000


@pytest.mark.parametrize("bpm", [60, 66, 150, 176])
@pytest.mark.parametrize("rhythm", ["eighths", "a tune", "dotted"])
def test_an_unusual_tempo_is_found_or_its_half_or_double(rhythm: str, bpm: float) -> None:
    found = fit(played(RHYTHMS[rhythm], bpm, 1))
    assert min(abs(found.bpm / bpm / times - 1) for times in (0.5, 1, 2)) < 0.02


def test_a_long_call_is_followed_to_its_end() -> None:
    onsets = played([beat / 2 for beat in range(64)], 103, 3)
    found = fit(onsets)
    last = found.tick(onsets[-1])
    assert abs(found.bpm / 103 - 1) < 0.005
    assert last % 12 in (0, 1, 11)


def test_a_grid_that_fits_is_kept_as_it_is() -> None:
    running = Timeline(tempo_us(100), 1_000_000)
    onsets = [1_000_000 + round((beat / 2 + 16) * 600_000) + 9_000 for beat in range(8)]
    assert fit(onsets, running) is running


def test_a_new_tempo_is_taken_up() -> None:
    running = Timeline(tempo_us(100), 0)
    assert abs(fit(played(RHYTHMS["a tune"], 132, 2), running).bpm - 132) < 2


def test_one_note_keeps_the_tempo_and_off_the_beat_begins_it_anew() -> None:
    running = Timeline(tempo_us(120), 0)
    assert fit([1_010_000], running) is running
    assert fit([1_250_000], running) is running
    assert fit([1_120_000], running) == Timeline(tempo_us(120), 1_120_000)


def test_a_fixed_tempo_is_only_placed() -> None:
    assert fit([5, 600_000, 900_000], None, fixed_bpm=90) == Timeline(tempo_us(90), 5)


def test_chords_are_one_onset() -> None:
    beats = [0, 0.01, 0.02, 1, 1.01, 2, 2.015, 2.5, 3, 3.01, 4]
    assert abs(fit(played(beats, 96, 1, 1000)).bpm - 96) < 2


@pytest.mark.parametrize(
    "onsets", [[0], [0, 0], [0, 0, 0, 0], [0, 1], [0, 10**12], [0, 10**9, 10**10]]
)
def test_anything_gives_some_grid(onsets: list[int]) -> None:
    assert MINUTE_US / 300 < fit(onsets).tempo_us < MINUTE_US / 30
