"""The whole card, from the command line, of a tiny model over a few songs."""

import json
from pathlib import Path

import pytest

from livegen import cli
from livegen.music.files.smf import write
from livegen.music.keys import tone
from livegen.music.melody import critic
from livegen.scorecard.card_views import BEGIN, END, HEADINGS
from tests.inference.tiny_model import tiny_bytes
from tests.scorecard.phrases import song


@pytest.fixture
def music(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve songs, six of them held out."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "music" / "made"
    (folder / "midi").mkdir(parents=True)
    rows = ["file,style,split"]
    for number in range(12):
        write(folder / "midi" / f"{number}.mid", song(55 + number))
        rows.append(f"midi/{number}.mid,waltz,{'valid' if number % 2 else 'train'}")
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "tiny.onnx").write_bytes(tiny_bytes())
    return tmp_path


def run(music: Path, *more: str | Path, data: str = "music") -> int:
    model = str(music / "tiny.onnx")
    few = ("--calls", "4", "--turns", "2", "--events", "24", "--workers", "1")
    return cli.run(["scorecard", model, "--data", str(music / data), *few, *map(str, more)])


def test_of_a_phrase_encoder_it_is_how_phrases_come_back_and_goes_into_its_card(
    music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = music / "CARD.md"
    card.write_text(f"{BEGIN}\n{END}\n")
    asked = ["scorecard", "jam-phrases", "--data", str(music / "music"), "--calls", "2"]

    assert cli.run([*asked, "--card", str(card)]) == 0
    said = capsys.readouterr().out
    assert "20 phrases" in said or "6 phrases" in said
    assert said.strip() in card.read_text()
    assert cli.run([*asked, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["figures"]
    assert [row["name"] for row in rows] == ["f1_", "exact_", "f1_made", "exact_made"]
    f1, exact = (row["columns"]["model"] for row in rows[:2])
    assert 0 <= exact["value"] <= f1["value"] <= 1 and f1["low"] <= f1["value"] <= f1["high"]


@pytest.mark.parametrize(("file", "bench"), [(tone.WEIGHTS, "tone"), (critic.WEIGHTS, "critic")])
def test_a_network_that_is_measured_elsewhere_is_refused_by_name_with_its_command(
    music: Path, file: Path, bench: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["scorecard", str(file), "--data", str(music / "music")]) == 2
    said = capsys.readouterr().err
    assert bench in said and f"python -m bench.{bench} DATA" in said


@pytest.mark.timeout(600)  # all that there is to measure, on a machine that may be busy
def test_every_section_has_figures_with_n_and_bounds(
    music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = music / "CARD.md"
    card.write_text(f"{BEGIN}\n{END}\n")
    out = music / "out"

    assert run(music, "--out", out, "--card", card, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said == json.loads((out / "scorecard.json").read_text())
    # A tiny model may answer with too few notes to compare distributions.
    sections = {row["section"] for row in said["figures"]}
    is_left_out = any("distributions were not compared" in remark for remark in said["remarks"])
    assert sections == set(HEADINGS) - ({"distributions"} if is_left_out else set())
    for row in said["figures"]:
        for found in filter(None, row["columns"].values()):
            assert found["n"] > 0 and found["low"] <= found["high"], row["name"]
    assert "style waltz" not in card.read_text() and "nats per note" in card.read_text()


def test_beside_the_previous_model_music_without_a_train_split_and_without_chords_says_what_is_left_out(
    music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = music / "plain"
    folder.mkdir()
    for number in range(3):
        whole = song(60 + number)
        write(
            folder / f"{number}.mid",
            whole.__class__(whole.ppqn, whole.tracks[:1], metres=whole.metres),
        )

    assert run(music, "--previous", music / "tiny.onnx", "--json", data="plain") == 0
    said = json.loads(capsys.readouterr().out)
    by_name = {row["name"]: row["columns"] for row in said["figures"]}
    # The same model beside itself: what is not played anew by chance is the same.
    assert by_name["per_note"]["model"] == by_name["per_note"]["previous"]
    remarks = " ".join(said["remarks"])
    assert "No train split is there: memorisation was not measured." in remarks
    assert "No piece has a lead, an accompaniment and a track of chords" in remarks


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--split", "test"], "holds no pieces of the split test"),
        (["--calls", "0"], "0 is not in the range"),
        (["--previous", "no-such"], "'no-such' is neither a model"),
    ],
)
def test_a_person_s_mistake_is_said_in_a_line(
    music: Path, more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(music, *more) == 2
    caught = capsys.readouterr()
    assert said in caught.err.splitlines()[-1]


def test_figures_that_are_there_are_not_replaced_unasked_and_no_minutes_are_lost(
    music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (music / "scores").mkdir()
    (music / "scores" / "scorecard.png").write_text("mine")

    assert run(music, "--out", music / "scores") == 2
    assert (
        "scorecard.png is there already; choose another folder with --out"
        in (capsys.readouterr().err.splitlines()[-1])
    )
    assert (music / "scores" / "scorecard.png").read_text() == "mine"
