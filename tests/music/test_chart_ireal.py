"""Charts from iReal's links: unscrambled, laid on their beats, played as their signs say."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.errors import ChartError
from livegen.music.charts import Chart, Jump, chart_of
from livegen.music.charts.ireal import unscrambled
from livegen.music.keys.key import Key
from livegen.music.time.metre import parse_metre

BLUES = "*A[T44F7   |Bb7   |F7   | x  |Bb7   |Kcl |F7   |D7#9   ]*B[G-7   |C7b9   |F7 D7 |G-7,C7,Z "


def scrambled(music: str) -> str:
    """The music as links have it: written after another description of it than the reader's."""
    out = ""
    while len(music) > 51:
        s, music = music[:50], music[50:]
        out += (
            s[45:][::-1]
            + s[5:10]
            + s[26:40][::-1]
            + s[24:26]
            + s[10:24][::-1]
            + s[40:45]
            + s[:5][::-1]
        )
    return "1r34LbKcu7" + out + music


def irealb(
    music: str, title: str = "Tune", key: str = "F", tempo: int = 0, style: str = "Medium Swing"
) -> str:
    fields = [title, "Nobody Ann", "", style, key, "", scrambled(music), "", str(tempo), "3"]
    return quote("=".join(fields))


def read(music: str, name: str = "tune.txt") -> Chart:
    return chart_of(f"irealb://{irealb(music)}".encode(), name)


def rows(chart: Chart) -> list[str]:
    """The chords of each bar with the beats on which they stand, from 1."""
    return [
        " ".join(f"{placed.tick // 24 + 1}:{chart.name_of(placed.chord)}" for placed in bar.chords)
        for bar in chart.bars
    ]


@given(st.text(alphabet="CDEFGAB7-^|[]{} ,xQS", max_size=300))
def test_what_was_scrambled_is_read_again(music: str) -> None:
    for abbreviation in ("XyQ", "LZ", "Kcl"):
        assert abbreviation not in music
    assert unscrambled(scrambled(music)) == music


def test_a_link_says_title_style_key_and_tempo() -> None:
    link = "irealb://" + irealb(BLUES, "A Blues", "D-", 132)
    chart = chart_of(link.encode(), "blues.txt")

    assert (chart.title, chart.style, chart.tempo) == ("A Blues", "Medium Swing", 132)
    assert chart.key == Key(2, "minor")
    assert chart.metre == parse_metre("4/4")


def test_bars_are_read_with_the_signs_for_bars_before() -> None:
    assert rows(read(BLUES)) == [
        "1:F7", "1:Bb7", "1:F7", "1:F7", "1:Bb7", "1:Bb7", "1:F7", "1:D7#9", "1:Gm7", "1:C7b9", "1:F7 3:D7",
        "1:Gm7 3:C7",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("music", "row"),
    [
        ("[T44C   Z", "1:C"),
        ("[T44C,D-,E-,FZ", "1:C 2:Dm 3:Em 4:F"),
        ("[T44C F Z", "1:C 3:F"),
        ("[T44CppGZ", "1:C 4:G"),
        ("[T44C  FZ", "1:C 4:F"),
        ("[T44C,FZ", "1:C 3:F"),
        ("[T34C,F,GZ", "1:C 2:F 3:G"),
        ("[T34C F Z", "1:C 3:F"),
        ("[T54C F Z", "1:C 4:F"),
        ("[T44sC,F,lG Z", "1:C 2:F 3:G"),
        ("[T44C(A7) F Z", "1:C 3:F"),
        ("[T44nZ", "1:N.C."),
        ("[T44C/E W/G Z", "1:C/E 3:C/G"),
        ("[T44C^7#11 F7susZ", "1:Cmaj7#11 3:F7sus4"),
        ("[T44Ah7 D7altZ", "1:Am7b5 3:D7alt"),
        ("[T44C*maj7* FZ", "1:Cmaj7 3:F"),
    ],
)
def test_cells_stand_for_beats(music: str, row: str) -> None:
    chart = read(music)
    assert [name.replace("Gb", "F#") for name in rows(chart)] == [row]


def test_twelve_eighths_are_four_beats() -> None:
    bar = read("[T12C F Z").bars[0]
    assert (bar.ticks, bar.beat, [placed.tick for placed in bar.chords]) == (144, 36, [0, 72])


def order(music: str) -> str:
    chart = read(music)
    return " ".join(
        chart.name_of(bar.chords[0].chord) for bar in (*chart.form.intro, *chart.form.round)
    )


@pytest.mark.parametrize(
    ("music", "played"),
    [
        ("{T44C   |F   }[G   Z", "C F C F G"),
        ("{T44C   |N1F   }            |N2G   Z", "C F C G"),
        ("{T44C   |<3x>F   }[G   Z", "C F C F C F G"),
        ("[T44C   |F   |XyQr|XyQ|G   Z", "C F C F G"),
        ("[T44C   |F   | r |G   Z", "C F C F G"),
        ("[T44C   |<Fine>F   |<D.C. al Fine>G   Z", "C F G C F"),
        ("[T44C   |SF   |G  Q|<D.S. al Coda>A   Z[QB   Z", "C F G A F G B"),
        ("{T44C   |N1F   }  |N2G   |[A   |B <D.C. al 2nd End.>  Z", "C F C G A B C G"),
        ("*i[T44C   ]*A{F   |G   }", "C F G F G"),
    ],
)
def test_signs_are_followed(music: str, played: str) -> None:
    assert order(music) == played


def test_sections_have_their_names() -> None:
    chart = read("*i[T44C   ]*A{F   |G   }*B[A   Z")
    assert [bar.section for bar in chart.bars] == ["Intro", "A", None, "B"]
    assert len(chart.form.intro) == 1


def test_a_jump_that_stands_behind_the_last_bar_belongs_to_it() -> None:
    assert read("[T44C   |F   |<D.C. al Coda>   Z").bars[1].jump == Jump(until="coda")


def test_of_several_tunes_the_first_or_the_one_named_is_read() -> None:
    both = f"irealb://{irealb('[T44C   Z', 'One')}==={irealb('[T44F   Z', 'Two')}===List".encode()

    assert chart_of(both, "list.txt").title == "One"
    assert rows(chart_of(both, "list.txt", "two")) == ["1:F"]
    with pytest.raises(ChartError, match="no tune 'Three'; it has 'One', 'Two'"):
        chart_of(both, "list.txt", "Three")


def test_old_links_are_plain() -> None:
    old = b"irealbook://First=Nobody=Bossa Nova=C=n=[T44C^7   |D-7 G7 Z=Second=Nobody=Swing=F=n=[T34F   Z"

    assert rows(chart_of(old, "old.txt")) == ["1:Cmaj7", "1:Dm7 3:G7"]
    assert chart_of(old, "old.txt", "Second").metre == parse_metre("3/4")


def test_a_page_holds_links() -> None:
    page = f'<html><body>\n<p>Tunes</p><a href="irealb://{irealb(BLUES, "It&apos;s")}">here</a></body></html>'
    assert len(chart_of(page.encode(), "tunes.html").bars) == 12


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("irealb://", "without a tune"),
        ("irealb://a=b=c", "without a tune"),
        ("irealb://" + irealb("   "), "has no chords"),
        ("irealb://" + irealb("[T44C   |C7b8   Z"), "tune.txt:1: bar 2: 'C7b8'"),
        ("irealb://" + irealb("[T44 x  |C   Z"), "bar 1: the sign that repeats the bar before"),
        ("irealb://" + irealb("[T99C   Z"), "bar 1: metre"),
        ("irealb://" + irealb("[T44" + "C |" * 2001), "more than 2,000 bars"),
        ("irealb://" + irealb("C |" * 7000), "more than 20,000 characters"),
        ("<html>\nnothing here</html>", "without an iReal link"),
    ],
)
def test_a_mistake_is_told_in_a_line(text: str, said: str) -> None:
    with pytest.raises(ChartError) as error:
        chart_of(text.encode(), "tune.txt")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@given(st.text(alphabet="CDFGABW7-^b#/hox|[]{}Z ,NSQTUnprsl*<>()123D.alcoda", max_size=120))
def test_any_music_is_a_chart_or_a_mistake_in_a_line(music: str) -> None:
    try:
        chart = read(music)
    except ChartError as error:
        assert "\n" not in str(error)
    else:
        assert chart.form.ticks > 0
