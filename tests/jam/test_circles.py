"""Lines that go round in circles are led out of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.jam.band.circles import MOST, SAME, SAME_CHORD, TIMES, same_of, tiring, worn_out
from livegen.jam.band.theme import Point
from livegen.music.note import Note
from livegen.scorecard.degeneracy import is_loop
from livegen.scorecard.notes import TICK


def line(*pitches: int, apart: int = 12) -> list[Point]:
    return [Point(apart * at, pitch) for at, pitch in enumerate(pitches)]


@pytest.mark.parametrize("figure", [(60, 64), (60, 64, 67), (60, 62, 64, 65, 67, 69, 71, 72)])
def test_a_figure_is_not_begun_once_more_after_four_times(figure: tuple[int, ...]) -> None:
    often = line(*figure * TIMES)
    tick = often[-1].tick + 12

    assert figure[0] in worn_out(often, tick)
    assert worn_out(often[len(figure) :], tick) == set()
    assert worn_out(often, tick + 12) == set()  # another rhythm is not the same again


def test_one_pitch_is_not_struck_for_ever() -> None:
    assert worn_out(line(*[60] * MOST), 12 * MOST) == {60}
    assert worn_out(line(*[60] * (MOST - 1)), 12 * (MOST - 1)) == set()


def test_a_line_tires_of_a_pitch_once_it_has_repeated_it_once_more_than_the_call() -> None:
    assert same_of([]) == same_of(line(60, 62, 64)) == same_of(line(60, 60, 60)) == SAME
    assert same_of(line(64, *[60] * 5, 64)) == 6
    assert same_of(line(*[60] * 20)) == MOST
    assert same_of(line(60, 62, 64), SAME_CHORD) == SAME_CHORD
    assert same_of(line(60, 60, 64), SAME_CHORD) == 3
    assert tiring(line(62, *[60] * SAME), SAME) == 60
    assert tiring(line(62, *[60] * SAME), SAME + 1) is None
    assert tiring([], SAME) is None


def test_the_beginning_of_a_line_is_free() -> None:
    assert worn_out([], 0) == worn_out(line(60), 12) == set()


@given(st.lists(st.tuples(st.integers(60, 62), st.sampled_from([6, 12])), max_size=120))
def test_who_keeps_off_what_is_worn_out_is_never_found_to_loop(
    wishes: list[tuple[int, int]],
) -> None:
    """By the scorecard, which judges by itself."""
    played: list[Point] = []
    tick = 0
    for wish, ticks in wishes:
        worn = worn_out(played, tick)
        free = [wish, *(pitch for pitch in range(60, 70) if pitch not in worn)]
        played.append(Point(tick, free[0] if wish not in worn else free[1]))
        tick += ticks
    notes = [Note(it.tick * TICK, (it.tick + 6) * TICK, it.pitch, 64, 0) for it in played]

    assert not is_loop(notes)
