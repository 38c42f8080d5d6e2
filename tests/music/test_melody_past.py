"""What a melody was when it is as it is now, and which chords were found under it."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from livegen.music.chords.chords_implied import BEFORE
from livegen.music.chords.progressions import CLASSES
from livegen.music.songs.melody_past import LAGS, SPARE, MelodyPast

TUNE = (0, 4, 7, 0, 5, 9, 5, 2, 7, 11, 2, 7, 0, 7, 4, 11)  # a pitch class a beat
CHORDS = (0,) * 4 + (10,) * 4 + (14,) * 4 + (0,) * 4  # C, F, G, C: twice the root


def row(size: int, at: int | None) -> np.ndarray:
    """All of it one pitch class, or one chord; nothing where that is None."""
    found = np.zeros(size, np.float32)
    if at is not None:
        found[at] = 1.0
    return found


def heard(melody: Sequence[int | None], chords: Sequence[int | None]) -> MelodyPast:
    """Who has heard a melody, and found a chord under each beat some beats later."""
    past = MelodyPast()
    for beat, tone in enumerate(melody):
        before = beat - BEFORE
        past.hear(row(12, tone), row(CLASSES, chords[before] if before >= 0 else None), BEFORE)
    return past


@pytest.mark.parametrize("rounds", [1, 2, 3])
@pytest.mark.parametrize("into", [6, 11])
def test_of_a_tune_that_comes_back_the_chords_to_come_are_those_of_before(
    rounds: int, into: int
) -> None:
    beats = rounds * len(TUNE) + into
    past = heard((TUNE * 4)[:beats], (CHORDS * 4)[:beats])
    for ahead in (1, 2, 4):
        recalled = past.recalled(ahead)
        assert int(recalled.likely.argmax()) == (CHORDS * 4)[beats - 1 + ahead]
        assert recalled.trust > 0.3


def test_the_longer_a_tune_is_as_it_was_the_more_it_is_trusted() -> None:
    other = tuple((tone + 1) % 12 for tone in TUNE)
    melody = (*TUNE, *other, *TUNE)
    trusts = [
        heard(melody[:beats], (None,) * BEFORE + (0,) * len(melody)).recalled(1).trust
        for beats in range(33, 49)
    ]
    assert trusts[0] == 0.0
    assert trusts[-1] > 0.6
    assert all(a <= b + 1e-6 for a, b in pairwise(trusts))


@pytest.mark.parametrize("melody", [TUNE, (None,) * 64, (), (0,) * 3])
def test_what_was_never_sung_before_recalls_nothing(melody: tuple[int | None, ...]) -> None:
    recalled = heard(melody, (0,) * 64).recalled(1)
    assert recalled.trust == 0.0
    assert not recalled.likely.any()


def test_after_silence_a_tune_is_known_again_once_some_of_it_was_sung() -> None:
    melody = (*TUNE, *(None,) * 40, *TUNE[:8])
    past = heard(melody, (*CHORDS, *(None,) * 40, *CHORDS))
    assert int(past.recalled(1).likely.argmax()) == CHORDS[8]


def test_however_long_is_sung_the_last_round_is_recalled() -> None:
    rounds = 3 * (LAGS + SPARE) // len(TUNE)
    for beats in (rounds * len(TUNE) + 9, rounds * len(TUNE) + 13):
        melody = (TUNE * (rounds + 1))[:beats]
        past = heard(melody, (CHORDS * (rounds + 1))[:beats])
        recalled = past.recalled(1)
        assert int(recalled.likely.argmax()) == CHORDS[beats % len(TUNE)]
        assert recalled.trust == pytest.approx(1.0)


def test_what_lies_further_back_than_all_lags_is_forgotten() -> None:
    chance = np.random.default_rng(1)
    between = tuple(int(tone) for tone in chance.integers(0, 12, LAGS + SPARE))
    melody = (*TUNE, *between, *TUNE)
    assert heard(melody, (0,) * len(melody)).recalled(1).trust == 0.0
