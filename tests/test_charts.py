"""The charts that come with livegen can be played, and the command chart shows how any chart is read."""

import re
from pathlib import Path

import pytest

from livegen import shipped
from livegen.cli import run
from livegen.errors import ChartError
from livegen.inference.onnx_file import read
from livegen.music.charts import chart_of, read_chart, write_text
from livegen.music.chords.chord_names import chord_named

SHIPPED = {path.stem: path for path in sorted((shipped.root() / "charts").glob("*.txt"))}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's folder of charts, empty."""
    monkeypatch.setattr(shipped, "own_charts", lambda: tmp_path / "charts")
    return tmp_path / "charts"


def test_at_least_twenty_charts_come_with_livegen() -> None:
    assert len(SHIPPED) >= 20


@pytest.mark.parametrize("name", SHIPPED)
def test_each_says_title_tempo_and_a_style_that_the_model_knows(name: str) -> None:
    chart = read_chart(SHIPPED[name])

    assert chart.title
    assert chart.tempo is not None
    assert chart.style in read(shipped.model("default")).facts.styles
    assert chart.form.ticks >= 4 * 96


@pytest.mark.parametrize("name", SHIPPED)
def test_each_says_where_it_is_from_or_is_a_common_form(name: str) -> None:
    lines = SHIPPED[name].read_text().splitlines()
    assert any(line.startswith(("composer:", "note:")) for line in lines)


@pytest.mark.parametrize("name", SHIPPED)
def test_each_is_read_again_as_it_is_written(name: str) -> None:
    chart = read_chart(SHIPPED[name])
    assert chart_of(write_text(chart).encode(), name) == chart


MANUAL = (Path(__file__).resolve().parent.parent / "docs" / "CHARTS.md").read_text()


def test_the_chart_of_the_manual_is_read() -> None:
    block = MANUAL.partition("```text\n")[2].partition("```")[0]
    chart = chart_of(block.encode(), "manual")
    assert (chart.title, len(chart.form.round)) == ("My tune", 24)


def test_every_chord_of_the_manual_is_read_and_those_of_a_group_are_the_same() -> None:
    table = MANUAL.partition("### Chords")[2].partition("`C2` is")[0]
    names = re.findall(r"`(C[^`]*)`", table)
    assert len(names) >= 50
    assert all(chord_named(name) for name in names)
    group = re.search(r"half-diminished (.+) \|", table)
    assert group
    assert len({chord_named(name) for name in re.findall(r"`([^`]+)`", group[1])}) == 1


def test_the_manual_names_every_chart_that_comes_with_livegen() -> None:
    listed = MANUAL.partition("## The charts that come")[2]
    assert set(re.findall(r"`([\w-]+)`", listed)) == set(SHIPPED)


def test_the_mistake_of_the_manual_is_told_so() -> None:
    with pytest.raises(ChartError) as error:
        chart_of(b"\n" * 11 + b"| C F G |", "tune.txt")
    assert f"livegen: {error.value}\n" in MANUAL


def test_a_chart_is_found_by_name_or_path_and_one_s_own_beside_them(own_folder: Path) -> None:
    own_folder.mkdir()
    mine = own_folder / "mine.cho"
    mine.write_text("[C]la")

    assert shipped.chart("12-bar-blues") == SHIPPED["12-bar-blues"]
    assert shipped.chart("mine") == shipped.chart(str(mine)) == mine
    assert list(shipped.charts())[-1] == "mine"


def test_a_chart_that_there_is_not_is_told_with_the_names_there_are() -> None:
    with pytest.raises(ChartError, match="12-bar-blues"):
        shipped.chart("nope")


def test_a_chart_is_shown_as_it_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tune.txt"
    path.write_text(
        "title: Mine\nmetre: 3/4\ntempo: 90\npickup: 1\n| G7 |\n[Intro] | C |\n[A] |: F | C! . G7 :|\n[Ending] | C |"
    )

    assert run(["chart", str(path)]) == 0
    assert capsys.readouterr().out == (
        "Mine · 3/4 · 90 BPM\n"
        "chorus: 4 bars, 12 beats\n"
        "pick-up: 1 beat\n"
        "\nintroduction\n[Intro]\n| C |\n"
        "\nchorus\n[A]\n| F       | C! . G7 |\n[A]\n| F       | C! . G7 |\n"
        "\nending\n[Ending]\n| C |\n"
    )


def test_a_chart_is_shown_in_another_key_and_in_livegen_s_own_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "song.cho"
    path.write_text("{title: One}\n{ns}\n{title: Two}\n{key: C}\n[C]la [F]la")

    assert run(["chart", str(path), "--title", "Two", "--transpose", "2", "--text"]) == 0
    assert capsys.readouterr().out == "title: Two\nmetre: 4/4\nkey: D major\n| D | G |\n"


def test_the_names_of_charts_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["chart"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names == list(SHIPPED)


def test_a_chart_that_cannot_be_read_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tune.txt"
    path.write_text("| C |\n| Q7 |")

    assert run(["chart", str(path)]) == 2
    told = capsys.readouterr().err
    assert (
        told
        == "livegen: tune.txt:2: 'Q7' is no chord; expected a letter from A to G first, such as Bb7\n"
    )
