"""A phrase that is moved to codes of a style: what is left of it at the two ends of the way."""

import numpy as np
import pytest

from livegen.codec.phrases import reference_of
from livegen.inference.phrase_model import Codes
from livegen.jam.phrases.phrase_variations import LATEST, WAYS, FoundPhrase, restyled
from livegen.music.melody.phrase_steps import HOLD, Steps
from tests.jam.stage import generator, phrase_model

TONIC, BAR, BEATS = 0, 4, 4
UP, DOWN = (
    np.array([it for pitch in pitches for it in (pitch, HOLD, HOLD)], np.int16)
    for pitches in ((60, 62, 64, 65, 67, 69, 71, 72), (72, 71, 69, 67, 65, 64, 62, 60))
)


@pytest.fixture(scope="module", params=["pop", "folk_reel"])
def goals(request: pytest.FixtureRequest) -> Codes:
    """Codes of a style."""
    draws = generator(phrase_model())
    chance = np.random.default_rng(1)
    return draws.drawn("scatter", draws.number(request.param), BAR, BEATS, WAYS, chance)


def moved(steps: Steps, asked: float, goals: Codes) -> FoundPhrase:
    """A phrase of four beats on the ways to codes."""
    return restyled(phrase_model(), steps, BAR, TONIC, asked, goals)


def test_at_the_far_end_the_goal_is_played_of_which_the_network_is_surest_and_that_is_no_silence(
    goals: Codes,
) -> None:
    alone = [moved(UP, 1.0, goals[[number]]) for number in range(WAYS)]
    at_once = [one for one in alone if (one.steps[: LATEST + 1] >= 0).any()]
    surest = max(at_once, key=lambda one: one.sureness)
    assert (moved(UP, 1.0, goals).steps == surest.steps).all()


def test_at_the_far_end_nothing_is_left_of_the_phrase(goals: Codes) -> None:
    assert reference_of(UP, TONIC) == reference_of(DOWN, TONIC)
    assert (moved(UP, 1.0, goals).steps == moved(DOWN, 1.0, goals).steps).all()
    assert (moved(UP, 0.2, goals).steps != moved(DOWN, 0.2, goals).steps).any()


def test_at_the_near_end_a_phrase_is_itself_however_odd_it_is(goals: Codes) -> None:
    odd = np.random.default_rng(1).integers(36, 96, len(UP)).astype(np.int16)
    assert (moved(odd, 0.0, goals).steps == odd).all()
