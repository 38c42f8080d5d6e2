"""Charts by name: those that came with livegen and a person's own, and nothing else of the machine."""

import stat
from pathlib import Path

import pytest

from livegen import shipped
from livegen.control.library.charts import (
    ChartMistake,
    Charts,
    ChartThere,
    NoChart,
    checked_name,
    laid_out,
    read,
)
from livegen.errors import ChartError, ConfigError
from livegen.music.charts import chart_of, read_chart, write_text

TUNE = """\
title: My tune
key: F
# for Sunday

[A]
|: F | D7 | Gm7 C7! | % |1. F :|2. F fine |
[B]
| Bb | (3/4) F D.C. al fine |
"""
WRONG = "title: x\n| C | F |\n| C D E F G |\n"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("| C |")
    (tmp_path / "charts").mkdir()
    return tmp_path / "charts"


@pytest.fixture
def charts(own: Path) -> Charts:
    return Charts(shipped.root() / "charts", own)


def test_charts_are_listed_with_their_titles_and_one_s_own_are_told_apart(
    charts: Charts, own: Path
) -> None:
    (own / "Sunday.txt").write_text(TUNE)
    (own / "broken.txt").write_text(WRONG)
    listed = {one["name"]: one for one in charts.listed()}

    assert listed["12-bar-blues"] == {
        "name": "12-bar-blues",
        "title": "Twelve-bar blues",
        "own": False,
    }
    assert listed["Sunday"] == {"name": "Sunday", "title": "My tune", "own": True}
    assert listed["broken"]["error"].startswith("broken.txt:3: ")
    assert str(own) not in listed["broken"]["error"]


def test_every_chart_that_came_with_livegen_is_listed_and_can_be_read(charts: Charts) -> None:
    listed = charts.listed()

    assert [one["name"] for one in listed] == sorted(
        path.stem for path in shipped.charts().values()
    )
    assert all(one["title"] and "error" not in one for one in listed)


def test_a_chart_in_livegen_s_own_text_is_given_as_it_is_written(charts: Charts, own: Path) -> None:
    (own / "Sunday.txt").write_text(TUNE)

    assert charts.given("Sunday")["text"] == TUNE
    assert "# for Sunday" in TUNE


def test_a_chart_in_another_format_is_given_as_livegen_s_own_text(
    charts: Charts, own: Path
) -> None:
    (own / "song.cho").write_text("{title: Song}\n[C]One and [G7]two\n")
    given = charts.given("song")

    assert given["title"] == "Song"
    assert given["text"] == write_text(read_chart(own / "song.cho"))


@pytest.mark.parametrize("name", ["none", "../secret", "secret", "", ".", "/etc/passwd"])
def test_only_names_are_given(charts: Charts, name: str) -> None:
    with pytest.raises(NoChart):
        charts.given(name)


def test_a_file_that_changes_is_read_again(charts: Charts, own: Path) -> None:
    (own / "tune.txt").write_text("title: One\n| C |\n")
    assert charts.given("tune")["title"] == "One"

    (own / "tune.txt").write_text("title: Another\n| C |\n")

    assert charts.given("tune")["title"] == "Another"
    (own / "tune.txt").unlink()
    with pytest.raises(NoChart):
        charts.given("tune")


# --- what a control takes -----------------------------------------------------------------------------------------


def test_a_name_means_the_text_of_its_chart(charts: Charts) -> None:
    text = charts.meant("chart", " 12-bar-blues ")

    assert chart_of(text.encode(), "x") == read_chart(shipped.chart("12-bar-blues"))
    assert charts.named(text) == "12-bar-blues"


def test_a_text_means_itself_in_livegen_s_own_form(charts: Charts) -> None:
    text = charts.meant("chart", "{title: Song}\n[C]One and [G7]two\n")

    assert text.startswith("title: Song\n") and "| C | G7 |" in text
    assert charts.meant("chart", text) == text
    assert charts.named(text) is None


def test_off_and_every_other_control_are_taken_as_they_are(charts: Charts) -> None:
    assert charts.meant("chart", "off") == "off"
    assert charts.meant("scale", "12-bar-blues") == "12-bar-blues"
    assert charts.meant("tempo", 100) == 100


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("nothing-like-it", "chart: there is no chart of the name 'nothing-like-it'"),
        ("../secret", "chart: there is no chart of the name '../secret'"),
        (WRONG, "chart: line 3: "),
        ("| \ud800 |", "chart: is not text"),
    ],
)
def test_what_is_no_chart_is_told_in_a_line(charts: Charts, wanted: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        charts.meant("chart", wanted)

    assert str(error.value).startswith(told) and "\n" not in str(error.value)


def test_a_chart_that_a_command_cannot_carry_is_refused(charts: Charts) -> None:
    long = "".join(f"[{'ж' * 100}{n}]\n| C |\n" for n in range(200))

    with pytest.raises(ConfigError, match="chart: the chart is too long"):
        charts.meant("chart", long)


# --- saving -------------------------------------------------------------------------------------------------------


def test_a_chart_is_saved_as_it_was_written_and_found_by_its_name(
    charts: Charts, own: Path
) -> None:
    assert charts.save(" Für Sonntag ", TUNE) == "Für Sonntag"

    path = own / "Für Sonntag.txt"
    assert path.read_text() == TUNE and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in own.iterdir()] == [path.name]
    assert charts.named(charts.meant("chart", TUNE)) == "Für Sonntag"


def test_the_folder_of_one_s_own_is_made_when_it_is_needed(tmp_path: Path) -> None:
    charts = Charts(tmp_path / "none", tmp_path / "data" / "charts")
    assert charts.listed() == []

    charts.save("x", TUNE)

    assert [one["name"] for one in charts.listed()] == ["x"]


def test_nothing_is_written_over_unasked(charts: Charts, own: Path) -> None:
    charts.save("tune", TUNE)

    with pytest.raises(ChartThere, match="there is a chart tune already"):
        charts.save("tune", "| C |")
    assert (own / "tune.txt").read_text() == TUNE

    charts.save("tune", "| C |", replace=True)
    assert (own / "tune.txt").read_text() == "| C |\n"


def test_what_came_with_livegen_and_files_of_other_formats_are_never_written_over(
    charts: Charts, own: Path
) -> None:
    (own / "song.cho").write_text("{title: Song}\n[C]One\n")

    with pytest.raises(ChartError, match="12-bar-blues came with livegen"):
        charts.save("12-bar-blues", TUNE, replace=True)
    with pytest.raises(ChartError, match=r"song is too like the name of the file song\.cho"):
        charts.save("song", TUNE, replace=True)
    assert [one.name for one in own.iterdir()] == ["song.cho"]


def test_a_link_is_not_written_through(charts: Charts, own: Path) -> None:
    (own / "link.txt").symlink_to(own.parent / "secret.txt")

    for replace in (False, True):
        with pytest.raises(ChartThere):
            charts.save("link", TUNE, replace)
    assert (own.parent / "secret.txt").read_text() == "| C |"


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "x" * 61, "CON", ".x", "a\nb", "off"])
def test_a_name_is_one_that_any_system_can_hold(name: str) -> None:
    with pytest.raises(ChartError):
        checked_name(name)


def test_what_is_no_chart_is_not_saved(charts: Charts, own: Path) -> None:
    with pytest.raises(ChartMistake) as mistake:
        charts.save("x", WRONG)

    assert mistake.value.line == 3 and list(own.iterdir()) == []


# --- for a page ---------------------------------------------------------------------------------------------------


def test_a_page_is_told_each_bar_with_its_signs() -> None:
    told = laid_out(read(TUNE))

    assert {name: told[name] for name in ("title", "metre", "tempo", "style", "key")} == {
        "title": "My tune",
        "metre": "4/4",
        "tempo": None,
        "style": "",
        "key": "F major",
    }
    assert told["bars"] == [
        {"text": "F", "section": "A", "opens": True},
        {"text": "D7"},
        {"text": "Gm7 C7!"},
        {"text": "Gm7 C7!"},
        {"text": "F", "ending": "1", "times": 2},
        {"text": "F", "ending": "2", "signs": ["fine"]},
        {"text": "Bb", "section": "B"},
        {"text": "F", "signs": ["D.C. al fine"], "metre": "3/4"},
    ]


def test_a_pick_up_is_told_and_is_no_other_metre() -> None:
    told = laid_out(read("metre: 3/4\npickup: 1\n| G7 | C | F |\n"))

    assert told["bars"] == [{"text": "G7", "pickup": True}, {"text": "C"}, {"text": "F"}]


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (WRONG, 3, "line 3: 5 chords or dots in a bar of 4 beats"),
        ("title: x\n| H7 |", 2, "line 2: "),
        ("", 0, "is empty"),
        ("title: x", 0, "holds no bars"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, told: str) -> None:
    with pytest.raises(ChartMistake) as mistake:
        read(text)

    assert mistake.value.line == line and str(mistake.value).startswith(told)
