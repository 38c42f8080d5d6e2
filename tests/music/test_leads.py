"""Lines of styles are told apart by where in the beat notes begin, by their intervals and by how dense they are."""

import numpy as np
import pytest

from livegen.music.melody.leads import STEPS, WIDEST, lines_of


@pytest.fixture(params=["jazz_bebop", "folk_reel", "folk_march", "pop", "lied"])
def style(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_of_a_style_that_was_counted_places_and_intervals_are_more_and_less_usual(
    style: str,
) -> None:
    lines = lines_of(style)
    assert lines and lines.places.shape == (24,) and lines.steps.shape == (2 * WIDEST + 1,)
    assert lines.steps.min() < 0 < lines.steps.max()
    assert 0.5 < lines.onsets < 3


def test_a_style_that_was_not_counted_has_no_lines() -> None:
    assert lines_of("any") is None and lines_of("drums_rock") is None


def test_marches_and_pop_have_sixteenths_and_songs_few_notes() -> None:
    march, pop, lied, reel = map(lines_of, ("folk_march", "pop", "lied", "folk_reel"))
    assert march and pop and lied and reel
    assert min(march.places[18], pop.places[18]) > lied.places[18]
    assert lied.onsets < march.onsets < reel.onsets


def test_a_hand_a_tick_beside_a_line_is_as_welcome_and_between_lines_nothing_is_said() -> None:
    lines = lines_of("folk_march")
    assert lines is not None
    assert lines.places[17] == lines.places[18] == lines.places[19]
    assert lines.places[[2, 3, 4, 20, 21, 22]].tolist() == [0] * 6


def test_a_pitch_is_as_welcome_as_its_interval_is_in_the_style() -> None:
    lines = lines_of("jazz_bebop")
    assert lines is not None
    welcome = lines.welcome(60)
    assert (
        welcome[60] == STEPS * lines.steps[WIDEST]
        and welcome[61] == STEPS * lines.steps[WIDEST + 1]
    )
    assert np.unique(welcome[73:]).tolist() == [STEPS * lines.steps[-1]]
