"""From a folder of MIDI files to a model that answers: the whole road, in twenty steps of learning."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from export import to_onnx
from livegen import cli
from livegen.music.files.smf import read, write
from tests.e2e.tunes import tune

ROOT = Path(__file__).parents[2]
RECIPE = """
name: tiny
network: {hidden: 32, embed: 16, head: 16}
events: 2560
batch: 4
steps: 32
segment: 64
warmup: 2
validate_every: 1280
"""


def done(*arguments: str | Path) -> str:
    """Type a command, with success; its standard output."""
    program, *words = map(str, arguments)
    said = io.StringIO()
    with redirect_stdout(said):
        if program == "livegen":
            assert cli.run(words) == 0
        else:
            to_onnx.main(words, standalone_mode=False)
    return said.getvalue()


def served(*arguments: str | Path, home: Path) -> str:
    """`livegen serve` as a process, to its end; its standard output."""
    command = [sys.executable, "-m", "livegen", "serve", *map(str, arguments)]
    environment = {"XDG_CACHE_HOME": str(home), "PATH": "/usr/bin:/bin", "HOME": str(home)}
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Iterator[Path]:
    """A folder with `music` (forty tunes), and `model.onnx` that learned twenty steps from it."""
    folder = tmp_path_factory.mktemp("road")
    (folder / "music").mkdir()
    for number in range(40):
        write(folder / "music" / f"tune-{number}.mid", tune(50 + number % 20))
    (folder / "recipe.yaml").write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        train = ("train", folder / "recipe.yaml", "--data", folder / "music")
        done("livegen", *train, "--out", folder / "run")
        done("export.to_onnx", folder / "run", "--out", folder / "model.onnx", "--int8")
        yield folder


def test_twenty_steps_of_training_give_a_model_that_can_be_served(trained: Path) -> None:
    call, both = trained / "call.mid", trained / "both.mid"
    write(call, tune(50, eighths=16))
    said = served(
        "--api", "none", "--model", trained / "model.onnx", "--seed", "1",
        "--player", call, "--record", both, "--until-player-ends", home=trained,
    )  # fmt: skip

    assert said.startswith("ready ")
    first, *rest = [track.name for track in read(both).tracks]
    assert first == "Player" and set(rest) == {"Model"}


def test_a_trained_model_is_evaluated_beside_the_baselines_on_plain_midi_files(
    trained: Path,
) -> None:
    evaluate = ("evaluate", trained / "model.onnx", "--data", trained / "music", "--json")
    result = json.loads(done("livegen", *evaluate))

    assert result["notes"] == 40 * 64 - 40  # the first of each piece is not scored
    assert set(result["nats"]) == {"time", "part", "on", "pitch", "velocity"}
    assert sum(result["nats"].values()) == pytest.approx(result["nats_per_event"])
    assert result["all"]["markov5"]["nats_per_note"] < result["all"]["unigram"]["nats_per_note"]
    assert result["parts"]["lead"]["notes"] == result["notes"]
    assert "folds" in result["baselines_fitted_on"]


def test_sets_beside_each_other_are_told_apart_and_their_splits_are_kept(trained: Path) -> None:
    data = trained / "sets"
    for name in ("one", "two"):
        (data / name / "midi").mkdir(parents=True)
        for number in range(4):
            write(data / name / "midi" / f"{number}.mid", tune(55 + number))
    rows = [f"midi/{number}.mid,reel,{'valid' if number else 'train'}" for number in range(4)]
    (data / "one" / "metadata.csv").write_text("\n".join(["file,style,split", *rows]) + "\n")
    evaluate = ("evaluate", trained / "model.onnx", "--data", data, "--json")
    result = json.loads(done("livegen", *evaluate))

    assert {name: row["notes"] for name, row in result["sets"].items()} == {
        "one": 3 * 63,
        "two": 4 * 63,
    }
    assert result["styles"]["reel"]["notes"] == 3 * 63
    assert "1 pieces" in result["baselines_fitted_on"]
