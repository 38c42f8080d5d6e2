"""The theme: what a response takes up of its call, and how much."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.codec.encoder import Stroke
from livegen.jam.band.sentences import FORM, Sentences
from livegen.jam.band.theme import (
    FEWEST,
    LATEST,
    MOST,
    SHARES,
    Point,
    Theme,
    line_of,
    mixed,
    theme_of,
)
from livegen.music.parts import COMP, DRUMS, LEAD
from livegen.music.time.metre import COMMON_TIME, parse_metre
from livegen.music.time.quantise import on_line

PLAIN = MOST**-0.5  # the setting at which the shares are taken once
CALL = tuple(Point(12 * at, pitch) for at, pitch in enumerate((60, 62, 64, 60, 67, 62, 65)))


def test_the_line_of_a_call_is_the_highest_pitched_note_of_each_onset() -> None:
    strokes = [
        Stroke(12, LEAD, 67, 80),
        Stroke(0, COMP, 48, 80),
        Stroke(0, LEAD, 60, 80),
        Stroke(6, LEAD, 60, 0),
        Stroke(12, DRUMS, 99, 80),
    ]

    assert line_of(strokes) == [Point(0, 60), Point(12, 67)]


def test_too_short_a_call_has_no_theme_and_a_long_one_that_of_its_end() -> None:
    strokes = [Stroke(at, LEAD, 40 + at % 50, 80) for at in range(LATEST + 20)]

    assert theme_of(line_of(strokes)[: FEWEST - 1], 0.5) is None
    assert theme_of(line_of(strokes), 0.0) is None
    found = theme_of(line_of(strokes), 0.5)
    assert found is not None and [point.tick for point in found._line] == list(
        range(20, LATEST + 20)
    )


def test_chords_under_a_solo_say_where_it_began_and_no_figure() -> None:
    theme = theme_of([Point(at, pitch) for at, pitch in CALL], 1.0, is_line=False)
    assert theme is not None
    assert (theme.follows(CALL), theme.began) == ((0.0, []), CALL[0].tick)


def test_an_interval_of_the_call_goes_on_as_it_did_there_at_any_pitch_and_time() -> None:
    _, found = Theme(CALL, PLAIN).follows(
        [Point(100, 70), Point(106, 74 - 8 + 1)]
    )  # three down: never in the call
    assert found == []

    share, found = Theme(CALL, PLAIN).follows(
        [Point(96, 70), Point(108, 66)]
    )  # four down, then seven up
    assert share == pytest.approx(SHARES[1])
    assert found == [Point(120, 73)]


@pytest.mark.parametrize("beside", [6, 8, -4])
def test_a_figure_that_began_beside_the_lines_of_the_call_comes_back_to_them(beside: int) -> None:
    _, found = Theme(CALL, PLAIN).follows([Point(96 + beside, 70), Point(108 + beside, 66)])
    assert [point.pitch for point in found] == [73]
    assert found[0].tick % 12 == 0 and 120 + beside <= found[0].tick <= 120 + beside + 6


def test_a_figure_that_began_off_the_beats_of_a_call_on_beats_comes_back_to_the_next() -> None:
    call = tuple(Point(2 * tick, pitch) for tick, pitch in CALL)
    _, found = Theme(call, PLAIN).follows([Point(100 + 8, 70), Point(132, 66)])
    assert found == [Point(168, 73)]


def test_of_several_places_those_count_where_most_of_the_line_stands() -> None:
    theme = Theme(CALL, PLAIN)  # two up stands at the beginning twice, and after five down nowhere

    share, found = theme.follows([Point(0, 50), Point(12, 52)])
    assert found == [Point(24, 54), Point(24, 48)] and share == pytest.approx(SHARES[1])
    share, found = theme.follows([Point(0, 50), Point(12, 52), Point(24, 54)])
    assert found == [Point(36, 50)] and share == pytest.approx(SHARES[2])


def test_the_end_of_a_call_leads_nowhere() -> None:
    _, found = Theme(CALL, PLAIN).follows([Point(0, 70), Point(12, 65), Point(24, 68)])

    assert found == []


def test_a_response_that_begins_is_free() -> None:
    assert Theme(CALL, 1.0).follows([])[1] == []
    assert Theme(CALL, 1.0).follows([Point(0, 60)])[1] == []


def test_the_longer_it_goes_along_the_less_it_is_held_to_it() -> None:
    line = tuple(Point(12 * at, 60 + (at * at) % 17) for at in range(20))
    shares = [Theme(line, PLAIN).follows(line[: n + 1])[0] for n in range(1, 19)]

    assert max(shares) == pytest.approx(max(SHARES))
    assert shares[-1] == pytest.approx(SHARES[-1])


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_higher_setting_never_takes_up_less(one: float, other: float) -> None:
    low, high = sorted((one, other))
    past = [Point(0, 50), Point(12, 52)]

    assert Theme(CALL, low).follows(past)[0] <= Theme(CALL, high).follows(past)[0] + 1e-9


def test_a_hand_that_is_a_little_off_is_taken_up_on_the_line() -> None:
    assert [on_line(tick) for tick in (11, 13, 14, 7, 15, 17)] == [12, 12, 12, 6, 16, 18]
    assert on_line(3) == 3


@given(
    st.lists(st.floats(0.01, 1), min_size=4, max_size=4),
    st.floats(0, 1),
    st.lists(st.integers(-3, 8), max_size=5),
    st.lists(st.booleans(), min_size=4, max_size=4).filter(any),
)
def test_what_is_mixed_stays_a_distribution_over_what_is_allowed(
    weights: list[float], share: float, places: list[int], allowed: list[bool]
) -> None:
    mask = np.array(allowed)
    likely = np.array(weights) * mask
    likely /= likely.sum()
    found = mixed(likely, share, places, mask)

    assert found.sum() == pytest.approx(1.0)
    assert (found[~mask] == 0).all()
    wanted = [place for place in places if 0 <= place < 4 and mask[place]]
    assert all(found[place] >= share / len(wanted) - 1e-9 for place in set(wanted))


# --- sentences ----------------------------------------------------------------------------------------------------

BAR = 96
SENTENCES = Sentences(COMMON_TIME, 0)


def test_of_four_periods_each_takes_up_an_idea_as_its_form_has_it() -> None:
    line = [Point(tick, 60 + tick // 24 % 7) for tick in range(BAR, 4 * BAR, 24)]
    theme = Theme([Point(tick, 60 + tick // 24) for tick in range(0, BAR, 24)], 1.0)
    came: dict[int, list[int]] = {}
    while line[-1].tick < BAR * 32:
        share, again, back = theme.recalls(line, SENTENCES)
        if again:
            whole = [*theme._line, *line]
            assert 0 < share < 1
            assert Point(again.tick - back, again.pitch) in whole
            came.setdefault(again.tick // BAR, []).append(back // BAR)
        line.append(again or Point(line[-1].tick + 24, 72))
    assert came == {bar: [before] * 4 for bar, before in enumerate(FORM) if before}


def test_an_idea_of_the_call_comes_again_in_the_line_that_goes_on_after_it() -> None:
    theme = Theme([Point(tick, 60 + tick // 24) for tick in range(0, 2 * BAR, 24)], 1.0)
    line = [Point(tick, 50) for tick in range(2 * BAR, 4 * BAR, 24)]
    _, again, back = theme.recalls(line, SENTENCES)
    assert (again, back) == (Point(4 * BAR, 60), 4 * BAR)


def test_what_has_not_been_played_is_not_recalled() -> None:
    theme = Theme([Point(tick, 60) for tick in range(3 * BAR, 4 * BAR, 24)], 1.0)
    assert theme.recalls([], SENTENCES) == (0.0, None, 0)
    late = [Point(tick, 60) for tick in range(BAR * 4, BAR * 5, 24)]
    assert theme.recalls(late, SENTENCES) == (0.0, None, 0)


def test_groups_of_four_bars_close_on_their_last_strong_beat_and_each_second_one_on_the_tonic() -> (
    None
):
    closes = [SENTENCES.closing(0)]
    while closes[-1].until < 16 * BAR:
        closes.append(SENTENCES.closing(closes[-1].tick))
    assert [close.tick for close in closes] == [3 * BAR + 48, 7 * BAR + 48, 15 * BAR + 48]
    assert [close.until for close in closes] == [4 * BAR, 8 * BAR, 16 * BAR]
    assert [close.is_full for close in closes] == [False, True, True]
    waltz = Sentences(parse_metre("3/4"), 72)
    assert waltz.closing(72) == (72 + 3 * 72, 72 + 4 * 72, False)
