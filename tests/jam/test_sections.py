"""Drums fill into the sections of a chart, or of a form that was heard, and nowhere else."""

from livegen.jam.band.drummer import Drummer, drummer_for
from livegen.jam.harmony.lead_sheet import LeadSheet
from livegen.jam.harmony.sections import of_round, of_section
from livegen.music.charts import chart_of
from livegen.music.time.metre import COMMON_TIME
from livegen.music.time.timeline import Timeline

BAR = 96


def lines(written: str, bars: int) -> list[int]:
    """The bars of a chart with which sections begin."""
    sheet = LeadSheet(chart_of(written.encode(), "test"))
    sheet.begin(0)
    sheet.follow(Timeline(500_000), 0, is_same=True, has_song=False)
    found = sheet.sections(0, bars * BAR)
    assert found is not None
    return sorted(line // BAR for line in found)


def filled(drummer: Drummer, bars: int) -> list[int]:
    return [number for number in range(bars) if drummer.fill_at(number) is not None]


def test_drums_fill_into_each_section_and_in_no_other_bar() -> None:
    starts = frozenset(BAR * line for line in (0, 4, 12, 15, 24))
    drummer = drummer_for("any", COMMON_TIME, 0, "a", sections=starts)
    assert filled(drummer, 30) == [3, 11, 14, 23]


def test_where_nobody_knows_the_form_they_fill_into_each_eighth_bar() -> None:
    drummer = drummer_for("any", COMMON_TIME, 0, "a")
    assert {7, 15, 23} <= set(filled(drummer, 24)) <= {3, 7, 11, 15, 19, 23}


def test_sections_of_a_chart_begin_where_it_says_so_round_after_round() -> None:
    written = (
        "[Verse]\n| C | C | F | F | C | C | G | C |\n[Bridge]\n| F | G | F | G |\n"
        "[Verse]\n| C | G | C | G |\n"
    )
    assert lines(written, 34) == [0, 8, 12, 16, 24, 28, 32]


def test_a_blues_has_a_fill_each_twelve_bars_and_four_bars_that_go_round_one_each_eight() -> None:
    blues = "| C7 | C7 | C7 | C7 |\n| F7 | F7 | C7 | C7 |\n| G7 | F7 | C7 | G7 |\n"
    assert lines(blues, 37) == [0, 12, 24, 36]
    assert lines("| Em | C | G | D |\n", 20) == [0, 8, 16]
    assert lines("| Dm7 | G7 |\n", 20) == [0, 8, 16]


def test_a_section_of_thirty_two_bars_is_divided_into_eights() -> None:
    assert [line // BAR for line in of_section(0, 32 * BAR, BAR, 0, 99 * BAR)] == [0, 8, 16, 24]
    assert [line // BAR for line in of_section(0, 18 * BAR, BAR, 0, 99 * BAR)] == [0, 8]
    assert [line // BAR for line in of_section(0, 16 * BAR, BAR, 0, 99 * BAR)] == [0]


def test_rounds_lie_the_same_from_wherever_they_are_looked_at() -> None:
    whole = list(of_round(5 * BAR, 4 * BAR, BAR, 0, 40 * BAR))
    later = list(of_round(13 * BAR, 4 * BAR, BAR, 0, 40 * BAR))
    assert whole == later == [BAR * at for at in (1, 9, 17, 25, 33)]


def test_behind_a_cue_that_jumps_a_section_begins() -> None:
    sheet = LeadSheet(chart_of(b"[A]\n| C | C | F | F |\n[B]\n| G | G | C | C |\n", "test"))
    sheet.begin(0)
    sheet.follow(Timeline(500_000), 0, is_same=True, has_song=False)
    sheet.to_top(2 * BAR)
    found = sheet.sections(0, 8 * BAR)
    assert found == frozenset((0, 2 * BAR, 6 * BAR))
