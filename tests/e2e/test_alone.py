"""Nothing leaves the machine, and nothing is left in HOME but what is livegen's own.

Every command runs in a network of its own in which each question for a name is written down (`alone`).
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from livegen.music.files.smf import write
from tests.e2e.tunes import tune

ROOT = Path(__file__).parents[2]
ALONE = ROOT / "tests" / "e2e" / "alone.py"
WAYS = (  # to have a network of one's own: as root, and as anybody where the system lets people
    ("unshare", "--net", "--mount"),
    ("unshare", "--map-root-user", "--net", "--mount"),
)
OURS = (".local/share/livegen/", ".config/livegen/", ".cache/livegen/")
LONG_ENOUGH_S = (
    12  # onnxruntime as it comes asks for the first name four seconds after it was loaded
)
RECIPE = """
name: tiny
network: {hidden: 32, embed: 16, head: 16}
events: 640
batch: 4
steps: 32
segment: 64
warmup: 2
validate_every: 320
"""

# Both in one process, which loads torch once.
TRAINS_AND_EXPORTS = """
import sys
from livegen import cli
recipe, music, run, model = sys.argv[1:]
assert cli.run(["train", recipe, "--data", music, "--out", run]) == 0
from export import to_onnx
to_onnx.main([run, "--out", model, "--int8"])
"""

Runs = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.timeout(900)  # loading torch takes a busy machine minutes


def way() -> tuple[str, ...]:
    """How a network of one's own is had here; skips, saying why, where it is not."""
    said = ""
    for command in WAYS:
        try:
            ran = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("there is no `unshare` (Linux, package util-linux)")
        if ran.returncode == 0:
            return command
        said = ran.stderr.strip()
    pytest.skip(f"no network of one's own is to be had ({said}); run this test as root")


@pytest.fixture
def alone(tmp_path: Path) -> Runs:
    """Run `python ARGUMENTS…` alone, with an empty HOME: what came of it."""
    home = tmp_path / "home"
    home.mkdir()

    def run(*arguments: str | Path) -> dict[str, Any]:
        out = tmp_path / "told.json"
        command = [*way(), sys.executable, ALONE, out, sys.executable, *arguments]
        environment = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
        }
        ran = subprocess.run(
            [str(word) for word in command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        told: dict[str, Any] = json.loads(out.read_text())
        told["left"] = sorted(
            str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()
        )
        return told

    return run


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """A folder with so many tunes that some are for validation."""
    folder = tmp_path / "music"
    folder.mkdir()
    for number in range(30):
        write(folder / f"tune-{number}.mid", tune(50 + number % 20))
    return folder


def assert_alone(told: dict[str, Any], status: int = 0) -> None:
    assert told["status"] == status, told["stderr"]
    assert (told["asked"], told["connections"]) == ([], 0)
    assert [path for path in told["left"] if not path.startswith(OURS)] == []


def test_whoever_asks_for_a_name_and_leaves_a_file_is_found_out(alone: Runs) -> None:
    asks = (
        "import pathlib, socket\n"
        "pathlib.Path.home().joinpath('left').touch()\n"
        "try: socket.create_connection(('127.0.0.1', 9))\n"
        "except OSError: pass\n"
        "try: socket.gethostbyname('example.org')\n"
        "except OSError: raise SystemExit(3)\n"
    )
    told = alone("-c", asks)

    assert told["status"] == 3
    assert set(told["asked"]) == {"example.org"} and told["connections"] == 1
    assert told["left"] == ["left"]


def test_serve_asks_nobody_and_leaves_only_what_is_ours(alone: Runs, tmp_path: Path) -> None:
    call = tmp_path / "call.mid"
    write(call, tune(60, eighths=LONG_ENOUGH_S * 3))  # at 120 bpm; to answer takes as long again
    serve = ("-m", "livegen", "serve", "--api", "none", "--player", call, "--until-player-ends")

    assert_alone(alone(*serve))


def test_answering_files_asks_nobody(alone: Runs, music: Path, tmp_path: Path) -> None:
    calls = sorted(music.glob("*.mid"))[:2]

    assert_alone(alone("-m", "livegen", "generate", *calls, "--out", tmp_path / "answers"))


def test_evaluating_asks_nobody(alone: Runs, music: Path) -> None:
    evaluate = ("-m", "livegen", "evaluate", "default", "--data", music, "--split", "all")

    assert_alone(alone(*evaluate, "--events", "16"))


def test_the_scorecard_asks_nobody(alone: Runs, music: Path, tmp_path: Path) -> None:
    scorecard = ("-m", "livegen", "scorecard", "default", "--data", music, "--out", tmp_path)
    few = ("--calls", "2", "--turns", "2", "--events", "16", "--workers", "1")

    assert_alone(alone(*scorecard, *few))


def test_training_and_exporting_ask_nobody(alone: Runs, music: Path, tmp_path: Path) -> None:
    recipe, run = tmp_path / "recipe.yaml", tmp_path / "run"
    recipe.write_text(RECIPE)

    assert_alone(alone("-c", TRAINS_AND_EXPORTS, recipe, music, run, tmp_path / "tiny"))
    assert (tmp_path / "tiny" / "model.onnx").is_file()


def test_the_doctor_asks_nobody(alone: Runs) -> None:
    doctor = alone("-m", "livegen", "doctor")

    assert_alone(doctor, status=doctor["status"])
    assert doctor["status"] in (0, 1) and "MIDI" in doctor["stdout"], doctor["stderr"]


def test_whoever_imports_livegen_before_onnxruntime_asks_nobody(alone: Runs) -> None:
    loads = (
        "import livegen, onnxruntime, time\n"
        f"onnxruntime.InferenceSession('{ROOT}/models/jam-gru/model.onnx')\n"
        f"time.sleep({LONG_ENOUGH_S})"
    )

    assert_alone(alone("-c", loads))
