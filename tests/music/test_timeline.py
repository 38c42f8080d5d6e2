"""Ticks and micros are two names of the same instants."""

from hypothesis import given
from hypothesis import strategies as st

from livegen.music.time.metre import COMMON_TIME, Metre
from livegen.music.time.timeline import MAX_TEMPO_US, MIN_TEMPO_US, Timeline, tempo_us

TIMELINES = st.builds(
    Timeline,
    st.integers(MIN_TEMPO_US, MAX_TEMPO_US),
    st.integers(-(2**50), 2**50),
    st.sampled_from([COMMON_TIME, Metre(((0, 72),)), Metre(((5, 60), (300, 96)))]),
)
TICKS = st.integers(-(2**30), 2**30)


@given(TIMELINES, TICKS)
def test_a_tick_is_the_tick_of_its_micros(timeline: Timeline, tick: int) -> None:
    assert timeline.tick(timeline.micros(tick)) == tick


@given(TIMELINES, st.integers(-(2**45), 2**45))
def test_no_other_tick_is_nearer(timeline: Timeline, micros: int) -> None:
    tick = timeline.tick(micros)
    away = abs(timeline.micros(tick) - micros)
    assert away <= abs(timeline.micros(tick + 1) - micros) + 1
    assert away <= abs(timeline.micros(tick - 1) - micros) + 1


@given(TIMELINES, st.integers(-(2**45), 2**45))
def test_the_first_tick_from_a_time_is_not_before_it(timeline: Timeline, micros: int) -> None:
    tick = timeline.tick_from(micros)
    assert timeline.micros(tick) >= micros > timeline.micros(tick - 1)


@given(TIMELINES, TICKS)
def test_the_next_beat_and_bar_are_on_their_lines(timeline: Timeline, tick: int) -> None:
    beat, bar = timeline.beat_from(tick), timeline.bar_from(tick)
    assert tick <= beat < tick + 24
    if timeline.metre.place(tick).bar == timeline.metre.place(bar).bar:
        assert timeline.metre.place(bar).position == 0


def test_at_120_a_beat_is_half_a_second() -> None:
    timeline = Timeline(tempo_us(120), 1_000_000)
    assert [timeline.micros(tick) for tick in (0, 24, 25)] == [1_000_000, 1_500_000, 1_520_833]
    assert timeline.bpm == 120
