"""Charts from ChordPro: grids of bars, and chords above words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.errors import ChartError
from livegen.music.charts import Chart, chart_of
from livegen.music.keys.key import Key
from livegen.music.time.metre import parse_metre

# Words: John Newton, 1779.
SONG = """\
# for the Sunday
{title: Grace}
{subtitle: John Newton}
{key: G}
{tempo: 90}
{time: 3/4}
{start_of_verse: Verse 1}
[G]Amazing [G7]grace, how [C]sweet the [G]sound
[*softly]That [G]saved a [Em]wretch like [D7]me
{end_of_verse}
{soc}
[C]I once was [G]lost
{eoc}
{start_of_verse: Verse 2}
'Twas grace that taught my heart to fear
{end_of_verse}
{chorus}
"""


def read(text: str, title: str | None = None) -> Chart:
    return chart_of(text.encode(), "song.cho", title)


def names(chart: Chart) -> list[str]:
    return [
        " ".join(f"{placed.tick}:{chart.name_of(placed.chord)}" for placed in bar.chords)
        for bar in chart.bars
    ]


def first(chart: Chart) -> str:
    return " ".join(
        chart.name_of(bar.chords[0].chord) for bar in (*chart.form.intro, *chart.form.round)
    )


def test_a_song_says_what_it_is() -> None:
    chart = read(SONG)

    assert (chart.title, chart.tempo, chart.key) == ("Grace", 90, Key(7, "major"))
    assert chart.metre == parse_metre("3/4")


def test_each_chord_above_words_is_a_bar() -> None:
    assert first(read(SONG)).startswith("G G7 C G G Em D7 C G ")


def test_a_verse_without_chords_has_those_of_the_last_and_a_chorus_comes_again() -> None:
    chart = read(SONG)

    sections = [bar.section for bar in chart.bars if bar.section]
    assert sections == ["Verse 1", "Chorus", "Verse 2", "Chorus"]
    assert len(chart.bars) == 7 + 2 + 7 + 2


def test_bar_lines_among_the_words_make_the_bars() -> None:
    chart = read("{t: x}\n| [C]One and [F]two | and three | [G]four |\n")
    assert names(chart) == ["0:C 48:F", "", "0:G"]


def test_chords_are_laid_on_beats_as_evenly_as_they_can() -> None:
    assert names(read("{t: x}\n| [C]a [F]b [G]c |")) == ["0:C 24:F 48:G"]


def test_a_grid_has_its_bars() -> None:
    chart = read("""{title: Grid}
{start_of_grid: shape="4x4"}
A  || Am . . . | C . . . | D . F . | % . . . |   (four times)
   |: G~A . . . | n . . . :|
{end_of_grid}
[C]these words are not read
""")
    assert names(chart) == ["0:Am", "0:C", "0:D 48:F", "0:D 48:F", "0:G 12:A", "0:N.C."]
    assert (chart.bars[4].opens, chart.bars[5].times) == (True, 2)


def test_a_grid_has_endings_and_two_bars_that_come_again() -> None:
    chart = read("""{sog}
|: C . . . |1 F . . . :|2 G . . . |
| Am . . . | Dm . . . | %% . . . | . . . . |.
{eog}
""")
    assert first(chart) == "C F C G Am Dm Am Dm"


def test_a_grid_of_three_cells_is_in_three() -> None:
    assert read("{sog}\n| C . . | F . G |\n{eog}").metre == parse_metre("3/4")


def test_a_capo_is_heard() -> None:
    chart = read("{capo: 2}\n{key: G}\n[G]a [D]b")

    assert [placed.chord and placed.chord.name for bar in chart.bars for placed in bar.chords] == [
        "A",
        "E",
    ]
    assert chart.key == Key(9, "major")


def test_a_comment_may_name_a_section() -> None:
    chart = read("{c: Verse 1}\n[C]a [F]b\n{c: slowly}\n[G]c\n{c: Chorus}\n[C]d")
    assert [bar.section for bar in chart.bars] == ["Verse 1", None, None, "Chorus"]


def test_tablature_and_notation_are_passed_over() -> None:
    assert (
        first(
            read("{t: x}\n{sot}\ne|--[0]--|\n{eot}\n[C]a\n{start_of_abc}\nX:1\n|[D]|\n{end_of_abc}")
        )
        == "C"
    )


def test_of_several_songs_the_first_or_the_one_named_is_read() -> None:
    both = "{new_song}\n{title: One}\n[C]a\n{new_song}\n{title: Two}\n[F]b"

    assert read(both).title == "One"
    assert first(read(both, "two")) == "F"
    with pytest.raises(ChartError, match="no song 'Three'"):
        read(both, "Three")


def test_a_file_is_known_by_its_directives_too() -> None:
    assert first(chart_of(b"{title: One}\n[C]a [F]b", "song.txt")) == "C F"


ABOVE = """\
title: Down there
key: G

[Verse 1]
G        C
Somebody sings
  D7     G/B  N.C.
a line or two

Chorus:
Em  C x2
la la

[Verse 2]
without any chords
"""


def test_chords_in_a_line_above_the_words_are_bars() -> None:
    chart = chart_of(ABOVE.encode(), "song.txt")

    assert first(chart) == "G C D7 G/B N.C. Em C Em C G C D7 G/B N.C."
    assert (chart.title, chart.key) == ("Down there", Key(7, "major"))
    assert [bar.section for bar in chart.bars if bar.section] == ["Verse 1", "Chorus", "Verse 2"]


def test_a_wrong_key_above_words_is_told_with_its_line() -> None:
    with pytest.raises(ChartError, match=r"song\.txt:2: 'Q'"):
        chart_of(ABOVE.replace("key: G", "key: Q").encode(), "song.txt")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("{t: x}\n[H7]a", 2, "German"),
        ("{t: x}\nno chords here", 0, "holds no chords"),
        ("{t: x}\n{time: 4}\n[C]", 2, "metre"),
        ("{t: x}\n{tempo: quick}\n[C]", 2, "quarters a minute"),
        ("{t: x}\n{capo: all}\n[C]", 2, "capo: expected semitones"),
        ("{t: x}\n{key: Q}\n[C]", 2, "'Q'"),
        ("{sog}\nnothing\n{eog}", 2, "a grid: expected bars"),
        ("{sog}\n| C . . . | F . . . . |\n{eog}", 2, "5 chords or dots in a bar of 4 beats"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_what_was_expected(
    text: str, line: int, said: str
) -> None:
    with pytest.raises(ChartError, match=said) as error:
        read(text)
    assert str(error.value).startswith(f"song.cho:{line}: " if line else "song.cho: ")


@given(st.lists(st.sampled_from([
    "{sov}", "{eov}", "{soc: A}", "{eoc}", "{chorus}", "{sog}", "{eog}", "{t: x}", "{time: 3/4}", "{capo: 3}", "{ns}",
    "[C]a [F#m7b5/E]b", "| [C]a | b [F][G][Am] |", "words", "| C . . . | % |", "|: %% . | F :|", "{c: Bridge}", "{sot}",
    "[x]", "|", "", "# note", "{eot}", "|s d u |", "{comment}",
]), max_size=14).map("\n".join))  # fmt: skip
def test_any_song_is_a_chart_or_a_mistake_in_a_line(text: str) -> None:
    try:
        chart = read(text)
    except ChartError as error:
        assert "\n" not in str(error)
    else:
        assert chart.form.ticks > 0
