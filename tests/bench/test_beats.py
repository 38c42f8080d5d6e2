"""Bar lines that were found are compared with those that were played."""

import numpy as np

from bench.beats import Row, Truth, compared
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


def test_a_bar_line_on_another_beat_is_wrong_and_every_second_one_will_do() -> None:
    assert of(Timeline(500_000, 10_500_000)).downbeat == 0
    assert of(Timeline(1_000_000, 12_000_000)) == Row(0, 1, 1, 1)
    assert of(Timeline(500_000, 10_000_000, parse_metre("2/4"))) == Row(1, 1, 0, 0)
