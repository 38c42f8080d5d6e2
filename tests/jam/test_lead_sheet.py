"""The place on a chart: where it stays when the beat is found elsewhere."""

from livegen.jam.harmony.lead_sheet import LeadSheet
from livegen.jam.harmony.outline import ChordFrom
from livegen.music.charts import chart_of
from livegen.music.chords.chord import Chord
from livegen.music.time.timeline import Timeline

BEAT, BAR = 500_000, 96
SONG = b"| C | C | Am | Am | F | F | Dm | G |\n"


def laid(on: Timeline, began_us: int = 0) -> LeadSheet:
    """A sheet of eight bars that began on a timeline."""
    sheet = LeadSheet(chart_of(SONG, "test"))
    sheet.begin(began_us)
    sheet.follow(on, began_us, is_same=True, has_song=False)
    return sheet


def bar(sheet: LeadSheet, on: Timeline, now: int) -> object:
    """The bar of the chart, from 0, that is played at a time."""
    return sheet.snapshot(on.tick(now))["bar"]


def test_the_bar_of_now_stays_when_another_tempo_is_found_late_in_a_song() -> None:
    before = Timeline(BEAT)
    sheet, now = laid(before), 43 * 4 * BEAT + BEAT // 2  # 43 bars later: bar 3 of the eight
    assert bar(sheet, before, now) == 3
    # Its bar lines were found at a tempo that is 4 % slower: where the music began they are almost two bars away.
    after = Timeline(BEAT * 104 // 100, 43 * 4 * BEAT)
    sheet.follow(after, now, is_same=False, has_song=False)
    assert bar(sheet, after, now) == 3
    assert bar(sheet, after, now + 4 * BEAT * 104 // 100) == 4


def test_the_bars_are_counted_anew_when_another_tempo_is_found_at_the_beginning() -> None:
    before = Timeline(BEAT)
    sheet, now = laid(before), 4 * 4 * BEAT + BEAT // 2
    after = Timeline(2 * BEAT)  # half as fast: four bars were two
    sheet.follow(after, now, is_same=False, has_song=False)
    assert bar(sheet, after, now) == 2


def test_a_place_that_was_found_within_a_bar_is_laid_by_that_bar_s_line() -> None:
    before = Timeline(BEAT)
    sheet = laid(before)
    dm, g, c = Chord(2, "min"), Chord(7, "maj"), Chord(0, "maj")
    played = [dm] * 4 + [g] * 4 + [c] * 8 + [Chord(9, "min")] * 4  # the player is six bars further
    told = [sheet.hear([ChordFrom(24 * beat, chord)]) for beat, chord in enumerate(played)]
    beat = told.index(True)
    assert beat % 4, "found within a bar"
    now = (beat + 4) * BEAT
    there = bar(sheet, before, now)
    assert there == (6 + (beat + 4) // 4) % 8
    after = Timeline(BEAT, 7 * 4 * BEAT)  # the same bar lines, with other numbers
    sheet.follow(after, now, is_same=False, has_song=False)
    assert bar(sheet, after, now) == there
    assert sheet.at(after.bar_from(after.tick(now))).chord == sheet.form.chord_at(
        (7 + (beat + 4) // 4) % 8 * BAR
    )


def test_a_bar_line_that_is_heard_now_here_now_half_a_bar_further_moves_no_bar_of_the_chart() -> (
    None
):
    timelines = Timeline(BEAT), Timeline(BEAT, (4 * 9 + 2) * BEAT)
    sheet = laid(timelines[0])
    for number in range(18, 40):
        now = number * 2 * BEAT + BEAT // 3  # each half bar
        on = timelines[number % 2]
        sheet.follow(on, now, is_same=False, has_song=False)
        assert bar(sheet, on, now) == number // 2 % 8


def test_a_beat_that_was_counted_too_many_is_given_back_at_the_next_bar_line_that_is_found() -> (
    None
):
    before, after = Timeline(BEAT), Timeline(BEAT, (4 * 9 + 1) * BEAT)
    sheet, now = laid(before), 4 * 20 * BEAT + BEAT // 3
    sheet.follow(after, now, is_same=False, has_song=False)
    line = after.bar_from(after.tick(now))
    assert bar(sheet, after, int(after.micros(line))) == 20 % 8
