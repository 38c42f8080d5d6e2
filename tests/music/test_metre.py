"""Bars: every tick has its place."""

from hypothesis import given
from hypothesis import strategies as st

from livegen.music.time.metre import (
    COMMON_TIME,
    BarPlace,
    Metre,
    bar_ticks,
    parse_metre,
    told_metre,
    written,
)

changes = st.lists(
    st.tuples(st.integers(-1000, 5000), st.integers(1, 400)),
    min_size=1,
    unique_by=lambda change: change[0],
).map(lambda found: Metre(tuple(sorted(found))))


def test_a_bar_of_four_quarters_has_96_ticks() -> None:
    assert [COMMON_TIME.place(tick) for tick in (0, 95, 96, -1)] == [
        BarPlace(0, 96),
        BarPlace(95, 96),
        BarPlace(0, 96),
        BarPlace(95, 96),
    ]


def test_bars_are_as_long_as_their_signature_says() -> None:
    lengths = {(3, 4): 72, (6, 8): 72, (2, 2): 96, (5, 8): 60, (4, 4): 96}
    assert {signature: bar_ticks(*signature) for signature in lengths} == lengths


def test_a_beat_of_compound_time_is_a_dotted_quarter() -> None:
    beats = {
        "6/8": 36,
        "9/8": 36,
        "12/8": 36,
        "3/4": 24,
        "4/4": 24,
        "3/8": 24,
        "7/8": 24,
        "6/4": 24,
    }
    assert {text: parse_metre(text).beat for text in beats} == beats


def test_a_signature_that_makes_no_sense_still_has_a_bar() -> None:
    assert (bar_ticks(0, 4), bar_ticks(255, 2**255)) == (1, 1)


@given(changes, st.integers(-2000, 9000))
def test_a_place_lies_within_its_bar(metre: Metre, tick: int) -> None:
    position, bar = metre.place(tick)

    assert 0 <= position < bar


@given(changes)
def test_a_change_is_a_bar_line(metre: Metre) -> None:
    assert [metre.place(tick) for tick, _ in metre.changes] == [
        BarPlace(0, bar) for _, bar in metre.changes
    ]


def test_a_metre_is_written_as_it_is_read() -> None:
    for text in ("2/4", "3/4", "4/4", "5/4", "6/8", "7/8", "9/8", "12/8", "11/8", "13/16"):
        assert written(parse_metre(text)) == text
    assert told_metre("auto") is None
    assert told_metre("3/4") == parse_metre("3/4")
