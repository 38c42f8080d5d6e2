"""Charts in livegen's own text: read, written, and every mistake named by its line."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from livegen.errors import ChartError
from livegen.music.charts import Chart, Hit, Jump, Placed, chart_of, write_text
from livegen.music.chords.chord_names import chord_named
from livegen.music.keys.key import Key
from livegen.music.time.metre import parse_metre

TUNE = """\
title: A test
metre: 4/4
tempo: 132.5
style: jazz_swing
key: Eb
composer: nobody

# for people
pickup: 1
| Bb7 |
[A]
|: Ebmaj7 | Ab7 . Bb7 . | % |1. N.C. :|2. Eb! . ! Bb7 |   # two endings
[B]
| (3/4) segno Cm7 | F7(b9, #11) to coda | (4/4) Bb7 C/E | Fm7 . . Bb7 D.S. al Coda ||
[Coda]
| Eb6 | Eb6 :|x3
"""


def read(text: str) -> Chart:
    return chart_of(text.encode(), "tune.txt")


def test_a_chart_says_what_it_is() -> None:
    chart = read(TUNE)

    assert (chart.title, chart.tempo, chart.style) == ("A test", 132.5, "jazz_swing")
    assert chart.key == Key(3, "major")
    assert chart.metre == parse_metre("4/4")
    assert chart.pickup
    assert [bar.section for bar in chart.bars if bar.section] == ["A", "B", "Coda"]


def test_bars_have_their_chords_signs_and_lines() -> None:
    bars = read(TUNE).bars

    assert bars[2].chords == (Placed(0, chord_named("Ab7")), Placed(48, chord_named("Bb7")))
    assert bars[3].chords == bars[2].chords
    assert (bars[1].opens, bars[4].times, bars[4].ending, bars[5].ending) == (True, 2, (1,), (2,))
    assert bars[5].hits == (Hit(0, 48), Hit(48, 72))
    assert (bars[6].segno, bars[7].to_coda, bars[10].coda) == (True, True, True)
    assert bars[9].jump == Jump(to_segno=True, until="coda")
    assert bars[7].chords == (Placed(0, chord_named("F7b9#11")),)
    assert [bar.ticks for bar in bars] == [24, 96, 96, 96, 96, 96, 72, 72, 96, 96, 96, 96]
    assert bars[5].line == 12


@pytest.mark.parametrize(
    ("bar", "ticks"),
    [
        ("C", [0]),
        ("C F", [0, 48]),
        ("C . F G", [0, 48, 72]),
        ("C / / F", [0, 72]),
        ("C - - F", [0, 72]),
        (". . F .", [48]),
        ("C . . . . . . F", [0, 84]),
        ("C F G Am", [0, 24, 48, 72]),
    ],
)
def test_chords_share_the_beats(bar: str, ticks: list[int]) -> None:
    assert [placed.tick for placed in read(f"| {bar} |").bars[0].chords] == ticks


@pytest.mark.parametrize(
    ("metre", "bar", "ticks"),
    [
        ("3/4", "C . F", [0, 48]),
        ("6/8", "C F", [0, 36]),
        ("6/8", "C . F . . .", [0, 24]),
        ("5/4", "C . . F .", [0, 72]),
        ("7/8", "C . . F . G .", [0, 36, 60]),
        ("12/8", "C . F .", [0, 72]),
    ],
)
def test_chords_share_the_beats_of_every_metre(metre: str, bar: str, ticks: list[int]) -> None:
    assert [placed.tick for placed in read(f"metre: {metre}\n| {bar} |").bars[0].chords] == ticks


@pytest.mark.parametrize(
    "text", ["C | F | G7", "| C | F | G7", "C | F | G7 |", "||: C | F || G7 :||", "| C | F | G7 |]"]
)
def test_bar_lines_at_both_ends_of_a_line_may_be_left_out_or_doubled(text: str) -> None:
    assert len(read(text).bars) == 3


@pytest.mark.parametrize(
    "text",
    [
        "[Verse 1]\n| C | F |",
        "[Verse 1] | C | F |",
        "Verse 1:\n| C | F |",
        "Verse 1: | C | F |",
        "[Verse 1] C | F",
    ],
)
def test_a_section_may_be_written_in_several_ways(text: str) -> None:
    assert [(bar.section, len(bar.chords)) for bar in read(text).bars] == [
        ("Verse 1", 1),
        (None, 1),
    ]


def test_the_colon_of_a_repeat_makes_no_section() -> None:
    bars = read("C F :| G\nAm:| Dm").bars
    assert [(bar.section, bar.times) for bar in bars] == [
        (None, 2),
        (None, 1),
        (None, 2),
        (None, 1),
    ]


def test_d_and_c_are_chords_and_a_da_capo_has_points_or_no_space_or_says_where_it_ends() -> None:
    chart = read("| D C | G | D C F F7 |")
    assert [len(bar.chords) for bar in chart.bars] == [2, 1, 4]
    assert not any(bar.jump for bar in chart.bars)
    for sign in (
        "D.C.",
        "DC",
        "D. C.",
        "d.c.",
        "D C al fine",
        "D S",
        "DS al coda",
        "D.S. al 2nd ending",
    ):
        assert read(f"| F | segno G {sign} |").bars[1].jump, sign


def test_a_repeat_that_was_opened_goes_on_across_the_beginning_of_a_section() -> None:
    opened = read("|: C | F |\n[B]\n| G :|")
    assert [bar.chords[0].chord.root for bar in opened.form.round if bar.chords[0].chord] == [
        0,
        5,
        7,
    ] * 2
    assert chart_of(write_text(opened).encode(), "again.txt").form == opened.form
    ending = read("|: C :|\n[B]\n| 1. F :|2. G |")
    assert [bar.opens for bar in ending.bars] == [True, False, False]
    left_out = read("[A]\n| C | F |\n[B]\n| G :|")
    assert [bar.chords[0].chord.root for bar in left_out.form.round if bar.chords[0].chord] == [
        0,
        5,
        7,
        7,
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("| C |\n| H7 |", 2, "German"),
        ("| C |\n\n| Xyz |", 3, "expected a letter from A to G"),
        ("| C F G |", 1, "3 chords or dots in a bar of 4 beats"),
        ("| C |\n| C . |\n| C . . |", 3, "a bar of 4 beats"),
        ("| C |  | F |", 1, "an empty bar"),
        ("| % |", 1, "there is none"),
        ("| C | % F |", 1, "a whole bar"),
        ("hello", 1, "expected bars"),
        ("colour: red\n| C |", 1, "title, metre, tempo"),
        ("tempo: fast\n| C |", 1, "quarters a minute"),
        ("tempo: 4000\n| C |", 1, "quarters a minute"),
        ("metre: 4/3\n| C |", 1, "metre: expected"),
        ("key: Q\n| C |", 1, "'Q'"),
        ("title:\n| C |", 1, "title: expected"),
        ("title: a\ntitle: b\n| C |", 2, "twice"),
        ("| C |\ntempo: 100", 2, "before the first bar"),
        ("pickup: 9\n| C |", 2, "less than a bar"),
        ("pickup: soon\n| C |", 1, "pickup: expected beats"),
        ("[A]\n[B]\n| C |", 2, "has no bars"),
        ("| C |\n[B]\n", 3, "has no bars"),
        ("[]\n| C |", 1, "name of a section"),
        (":| C |", 1, "before the first bar"),
        ("| C :|x99", 1, "2 to 64 times"),
        ("| C |x3 | F |", 1, "a repeat that closes"),
        ("| C | segno |", 1, "expected a chord beside"),
        ("|0. C |", 1, "number of an ending"),
        ("| C | fine? |", 1, "capital"),
        ("| C |\n" * 2001, 2001, "more than 2,000 bars"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_what_was_expected(
    text: str, line: int, said: str
) -> None:
    with pytest.raises(ChartError, match=said) as error:
        read(text)
    assert str(error.value).startswith(f"tune.txt:{line}: ")
    assert "\n" not in str(error.value)


def test_a_chart_is_read_again_as_it_was_written() -> None:
    chart = read(TUNE)
    assert chart_of(write_text(chart).encode(), "again.txt") == chart


def test_a_name_that_looks_like_a_link_does_not_make_a_link_of_the_text() -> None:
    chart = replace(read("| C | F |"), title="irealb://Tune", style="ireal://x")
    assert chart_of(write_text(chart).encode(), "again.txt").bars == chart.bars


def test_a_repeat_behind_an_ending_in_another_section_is_written_where_it_begins() -> None:
    """Other formats have endings that no repeat closes."""
    text = "|: D :| 1. F7 |\n[B]\n|: Gm7 | 1. F7 |\n[B]\n| Gm7 | D :| C |"
    bars = [replace(bar, opens=bar.opens and at == 0) for at, bar in enumerate(read(text).bars)]
    chart = replace(read(text), bars=tuple(bars))
    again = chart_of(write_text(chart).encode(), "again.txt")
    assert [bar.written for bar in again.form.round] == [bar.written for bar in chart.form.round]


CHORDS = st.sampled_from(["C", "F#m7b5", "Bb7/D", "N.C.", "Gsus4", ".", "C!", "!", "/"])
METRES = st.sampled_from(["4/4", "3/4", "6/8", "5/4", "7/8", "2/2"])
BEATS = {"4/4": 4, "3/4": 3, "6/8": 2, "5/4": 5, "7/8": 7, "2/2": 4}


@st.composite
def texts(draw: st.DrawFn) -> str:
    metre = draw(METRES)
    lines = [f"title: {draw(st.sampled_from(['Blues', 'Ein Stück', 'a - b']))}", f"metre: {metre}"]
    lines += [f"tempo: {draw(st.integers(20, 400))}"] if draw(st.booleans()) else []
    lines += ["key: " + draw(st.sampled_from(["Eb", "F#m", "C"]))] if draw(st.booleans()) else []
    for section in range(draw(st.integers(1, 3))):
        lines.append(f"[S{section}]")
        row = draw(st.sampled_from(["|", "|:"]))
        for _ in range(draw(st.integers(1, 4))):
            change = draw(st.sampled_from(["", "", "", draw(METRES)]))
            metre = change or metre
            signs = draw(st.sampled_from(["", "", "segno ", "1. ", "1,2. ", "2. ", "coda "]))
            ends = draw(
                st.sampled_from(
                    ["", "", " to coda", " fine", " D.C.", " D.S. al coda", " D.C. al 2."]
                )
            )
            count = draw(st.sampled_from([1, BEATS[metre], 2 * BEATS[metre]]))
            cells = draw(st.lists(CHORDS, min_size=count, max_size=count))
            close = draw(st.sampled_from(["|", "|", ":|", ":|x3 |"]))
            row += f" {change} {signs}{' '.join(cells)}{ends} {close}"
        lines.append(row)
    return "\n".join(lines)


@given(texts())
@example("metre: 4/4\n[A]\n| C :|\n[B]\n| 1. C :|")
@example("metre: 4/4\n[A]\n|: C |\n[B]\n| coda C |\n[C]\n| C :|")
def test_any_chart_is_read_again_as_it_was_written(text: str) -> None:
    chart = read(text)
    assert chart_of(write_text(chart).encode(), "again.txt") == chart


@given(st.text(alphabet="|:[]%. \n123CDFGm7b#/!()xaodcegnsift", max_size=80))
def test_any_text_is_a_chart_or_a_mistake_in_a_line(text: str) -> None:
    try:
        chart = read(text)
    except ChartError as error:
        assert "\n" not in str(error)
    else:
        assert chart.form.ticks > 0
        assert chart_of(write_text(chart).encode(), "again.txt").form == chart.form
