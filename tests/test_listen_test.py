"""`livegen listen-test` from the command line: what makes a test, and the mistakes that are said in a line."""

import json
from pathlib import Path

import pytest

from livegen import cli
from livegen.control.web import listening_page as page
from livegen.music.files.smf import write
from livegen.scorecard.listening import results
from tests.inference.tiny_model import tiny_bytes
from tests.scorecard.listening.evenings import judges, listening
from tests.scorecard.phrases import song


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model, some songs, and a page that nobody waits for."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(page, "serve", lambda test, told, host: told(f"http://{host}/"))
    (tmp_path / "tiny.onnx").write_bytes(tiny_bytes())
    (tmp_path / "songs").mkdir()
    for first in (57, 60):
        write(tmp_path / "songs" / f"{first}.mid", song(first))
    return tmp_path


def run(folder: Path, *arguments: str) -> int:
    out = () if "--report" in arguments else ("--out", str(folder / "results.jsonl"))
    return cli.run(["listen-test", *arguments, *out])


def test_a_model_and_people_make_a_test_that_goes_on_with_its_file_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = ("--models", str(folder / "tiny.onnx"), "--people", str(folder / "songs"))
    assert run(folder, *made, "--pairs", "4", "--bars", "2", "--seed", "3") == 0
    assert capsys.readouterr().out == "http://127.0.0.1/\n"
    test = results.read(folder / "results.jsonl")
    assert test.sources == ["people", "tiny"] and len(test.trials) == 4

    assert run(folder) == 0
    assert "4 pairs of people, tiny" in capsys.readouterr().err
    assert run(folder, *made) == 2
    assert "holds a test that has begun" in capsys.readouterr().err


def test_models_alone_answer_calls_that_come_with_livegen_and_a_line_says_that_people_are_missing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "other.onnx").write_bytes(tiny_bytes())
    models = (str(folder / "tiny.onnx"), str(folder / "other.onnx"))

    assert run(folder, "--models", *models, "--pairs", "2", "--bars", "1") == 0
    assert "--people FOLDER" in capsys.readouterr().err
    assert results.read(folder / "results.jsonl").questions == ("prefer",)


def test_what_was_judged_is_reported_in_words_and_as_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = listening(tmp_path / "results.jsonl", count=12)
    test.begin()
    for name in ("Ann", "Bob"):
        judges(test, name, 1.0, "people")

    assert run(tmp_path, "--report", str(test.path)) == 0
    assert "people is preferred." in capsys.readouterr().out
    assert run(tmp_path, "--report", str(test.path), "--json") == 0
    assert json.loads(capsys.readouterr().out)["pairs"][0]["wins"] == [0, 24]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--models", "default"], "a test compares two sources or more"),
        ([], "a test compares two sources or more"),
        (["--models", "default", "jam-gru"], "--models: expected different names"),
        (["--models", "default", "no-such"], "'no-such' is neither a model"),
        (["--people", "no-such-folder"], "no-such-folder"),
        (["--json"], "--json belongs to --report"),
        (
            ["--models", "default", "--host", "here"],
            "--host: expected an address such as 127.0.0.1, got 'here'",
        ),
        (["--report", "{folder}/tiny.onnx"], "holds no listening test"),
        (["--report", "{folder}/tiny.onnx", "--pairs", "3"], "--report takes no other option"),
    ],
)
def test_a_person_s_mistake_is_said_in_a_line(
    folder: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, *[word.format(folder=folder) for word in arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not (folder / "results.jsonl").exists()


def test_music_with_too_few_bars_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = ("--models", str(folder / "tiny.onnx"), "--people", str(folder / "songs"))
    assert run(folder, *made, "--bars", "8", "--pairs", "9") == 0

    assert "the music has only" in capsys.readouterr().err
