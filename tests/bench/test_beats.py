"""Bar lines that were found are compared with those that were played."""

import numpy as np
import pytest

from bench.beats import FAULTS, Row, Truth, compared, fault
from livegen.music.beat.beats import FoundBeat
from livegen.music.time.metre import COMMON_TIME, parse_metre
from livegen.music.time.timeline import Timeline

QUARTERS = np.arange(40.0)
TRUTH = Truth(10 + QUARTERS / 2, QUARTERS, 4, COMMON_TIME)  # 120 beats a minute, a bar line at 10 s


def of(timeline: Timeline) -> Row:
    return compared(FoundBeat(timeline, False), TRUTH)


def test_a_bar_line_counts_where_it_is_at_the_end_and_not_at_the_beginning() -> None:
    assert of(Timeline(500_000, 10_000_000)) == Row(1, 1, 1, 1)
    # Half a percent slower with a bar line 18 s after the first is a fifth of a beat off at the first.
    assert of(Timeline(502_500, 28_000_000 - 36 * 502_500)).downbeat == 1
    assert of(Timeline(502_500, 10_000_000)).downbeat == 0


@pytest.mark.parametrize(
    ("timeline", "expected"),
    [
        (Timeline(500_000, 10_000_000), "nothing"),
        (Timeline(1_000_000, 10_000_000), "half as fast"),
        (Timeline(250_000, 10_000_000), "twice as fast"),
        (Timeline(750_000, 10_000_000), "another tempo"),
        (Timeline(500_000, 10_000_000, parse_metre("3/4")), "other bars"),
        (Timeline(500_000, 10_500_000), "bar lines"),
    ],
)
def test_a_fault_is_named_by_the_tempo_else_by_the_bars_else_by_their_lines(
    timeline: Timeline, expected: str
) -> None:
    assert fault(FoundBeat(timeline, False), TRUTH) == expected
    assert expected in FAULTS


def test_a_waltz_in_fours_and_a_polka_in_fours_are_told_apart() -> None:
    found = FoundBeat(Timeline(500_000, 10_000_000), False)
    told = [fault(found, TRUTH._replace(metre=parse_metre(metre))) for metre in ("3/4", "2/4")]
    assert told == ["3/4 as 4/4", "2/4 as 4/4"]


def test_a_bar_line_on_another_beat_is_wrong_and_every_second_one_will_do() -> None:
    assert of(Timeline(500_000, 10_500_000)).downbeat == 0
    assert of(Timeline(1_000_000, 12_000_000)) == Row(0, 1, 1, 1)
    assert of(Timeline(500_000, 10_000_000, parse_metre("2/4"))) == Row(1, 1, 0, 0)
