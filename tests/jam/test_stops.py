"""Where a band strikes once and is silent, in ticks."""

from livegen.jam.harmony.stops import Stops, apart
from livegen.music.charts import Stretch
from livegen.music.time.metre import COMMON_TIME, parse_metre

BAR = 96


def test_a_break_is_silent_from_its_bar_line_to_the_next_and_is_seen_while_it_lasts() -> None:
    stops = Stops(BAR, 2 * BAR)
    rest = (Stretch(BAR, 2 * BAR),)
    assert stops.rests(0, 4 * BAR, COMMON_TIME, ()) == rest
    assert stops.rests(BAR + 10, 4 * BAR, COMMON_TIME, ()) == rest
    assert stops.rests(2 * BAR, 4 * BAR, COMMON_TIME, ()) == ()
    assert stops.rests(0, BAR, COMMON_TIME, ()) == ()


def test_stop_time_strikes_at_bar_lines_and_changes_from_the_bar_of_now_on() -> None:
    stops = Stops(BAR, goes_on=True)
    found = stops.rests(BAR + 50, 3 * BAR, COMMON_TIME, (40, BAR + 48, 2 * BAR, 5 * BAR))
    assert found == (
        Stretch(BAR, BAR + 48),
        Stretch(BAR + 48, 2 * BAR),
        Stretch(2 * BAR, 3 * BAR),
    )


def test_stop_time_ends_with_the_bar_line_that_was_asked_for() -> None:
    stops = Stops(0, 2 * BAR, goes_on=True)
    assert stops.rests(0, 9 * BAR, COMMON_TIME, ())[-1] == Stretch(BAR, 2 * BAR)
    assert stops.rests(2 * BAR, 9 * BAR, COMMON_TIME, (2 * BAR,)) == ()


def test_in_bars_of_three_it_strikes_each_bar() -> None:
    starts = [it.start for it in Stops(0, goes_on=True).rests(0, 216, parse_metre("3/4"), ())]
    assert starts == [0, 72, 144]


def test_what_was_asked_for_wins_over_hits_of_a_chart() -> None:
    written = (Stretch(0, 24), Stretch(BAR, BAR + 24), Stretch(2 * BAR, 2 * BAR + 48))
    asked = (Stretch(BAR, 2 * BAR),)
    assert apart(written, asked) == (written[0], asked[0], written[2])
