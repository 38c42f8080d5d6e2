"""A model learns a musician's music: from the file that is served to one that is served by its name."""

import json
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from export.graph import to_bytes
from export.quantise import int8
from livegen import shipped
from livegen.cli import run
from livegen.codec.layout import codec_hash
from livegen.errors import ConfigError, ModelError
from livegen.inference.contract import ModelFacts
from livegen.inference.model import load
from livegen.music.files.smf import write
from livegen.music.parts import PARTS
from livegen.training import adapt as adapting
from livegen.training.adapt import Adapted, adapt, lines
from livegen.training.network import Network, NetworkConfig
from livegen.training.reference import FILE, read_reference, write_reference
from livegen.training.run_report import Report
from tests.training.synthetic import rows_of, tune

# The first to train loads all of torch, beside others.
pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.timeout(300)]

STYLES = ("any", "waltz")


def make_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """As little as shows that it works: the sizes of musicians' folders are measured, not tested."""
    small = {
        "BATCH": 4,
        "STEPS": 16,
        "EVENTS": 3000,
        "ANSWERS": 2,
        "OPENING": 8,
        "LENGTH": 24,
        "RATE": 0.02,
    }
    for name, value in (small | {"FEWEST_UPDATES": 30, "FEWEST_PASSES": 1}).items():
        monkeypatch.setattr(adapting, name, value)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    make_quick(monkeypatch)


@pytest.fixture(scope="module")
def file() -> bytes:
    """A small model that has learned nothing, in int8 as it is shipped."""
    torch.manual_seed(3)
    network = Network(NetworkConfig(styles=2, hidden=24, embed=16, head=16))
    facts = ModelFacts("tiny", codec_hash(), tuple(PARTS), STYLES, (1,), data=(("tunes", "CC0"),))
    return int8(to_bytes(network, facts))


def at_home(file: bytes, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shipped model with reference pieces, in an empty home."""
    for name in ("CACHE", "DATA", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    folder = home / "root" / "models" / shipped.DEFAULT_MODEL
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(file)
    pieces = [("waltzes", "waltz", rows_of(tune(seed))) for seed in range(50, 53)]
    write_reference(folder / FILE, [*pieces, ("polkas", "polka", rows_of(tune(60)))])
    monkeypatch.setattr(shipped, "root", lambda: home / "root")
    return folder / "model.onnx"


@pytest.fixture
def base(file: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return at_home(file, tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music") / "My tunes"
    folder.mkdir()
    for seed in range(10):
        write(folder / f"{seed}.mid", tune(seed))
    return folder


def taught(base: Path, music: Path, **more: bool) -> Adapted:
    return adapt(base, music, shipped.own("mine"), **more)


@pytest.fixture(scope="module")
def learned(
    file: bytes, music: Path, one_thread: None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Adapted]:
    """A home in which a model was taught once, for all tests that look at what came of it; and what was told."""
    home = tmp_path_factory.mktemp("learned")
    with pytest.MonkeyPatch.context() as patch:
        make_quick(patch)
        return home, taught(at_home(file, home, patch), music)


@pytest.fixture
def adapted(
    learned: tuple[Path, Adapted], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Adapted:
    """A copy of that home is this test's own; what was told of the model, with its path there."""
    home, told = learned
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    for name in ("CACHE", "DATA", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setattr(shipped, "root", lambda: tmp_path / "root")
    return replace(told, path=tmp_path / told.path.relative_to(home))


# --- learning -----------------------------------------------------------------------------------------------------


def test_the_music_is_learned_and_what_was_forgotten_is_told(adapted: Adapted) -> None:
    said = "\n".join(lines(adapted))

    assert adapted.after.own < adapted.before.own
    assert adapted.before.known.keys() == adapted.after.known.keys() == {"waltzes", "polkas"}
    assert adapted.is_complete and adapted.pieces == 10 and 0 < adapted.held < adapted.notes
    assert "your music, held back" in said and "music it knew: waltzes" in said
    assert "longest run of notes copied" in said and str(adapted.path) in said


def test_the_model_is_served_by_its_name_at_once(adapted: Adapted) -> None:
    facts = load(shipped.model("mine")).facts

    assert shipped.model("mine") == adapted.path
    assert list(shipped.models()) == [shipped.DEFAULT_MODEL, "mine"]
    assert (facts.name, facts.styles, facts.quantised) == ("mine", STYLES, True)
    assert facts.data == (("tunes", "CC0"), ("My tunes", adapting.LICENCE))
    assert sorted(path.name for path in adapted.path.parent.iterdir()) == [
        "model.onnx",
        FILE,
        "report.json",
    ]
    assert json.loads((adapted.path.parent / "report.json").read_text())["name"] == "mine"


def test_what_was_made_can_be_taught_more(adapted: Adapted, music: Path) -> None:
    again = adapt(adapted.path, music, shipped.own("more"))

    assert again.before.own == pytest.approx(adapted.after.own, rel=1e-6)
    assert again.after.own <= adapted.after.own * 1.01


def test_the_model_that_is_taught_is_left_as_it_is(adapted: Adapted, file: bytes) -> None:
    assert shipped.model("default").read_bytes() == file


# --- being stopped ------------------------------------------------------------------------------------------------


def test_ctrl_c_keeps_what_was_learned_and_the_same_command_goes_on(
    base: Path, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Report.step

    def stop_at(self: Report, number: int, *rest: object) -> None:
        step(self, number, *rest)  # type: ignore[arg-type]
        steps.append(number)
        if number == 20:
            os.kill(os.getpid(), signal.SIGINT)

    steps: list[int] = []
    monkeypatch.setattr(Report, "step", stop_at)
    stopped = taught(base, music)
    assert not stopped.is_complete and stopped.after.own < stopped.before.own
    assert shipped.model("mine") == stopped.path

    monkeypatch.setattr(Report, "step", step)
    whole = adapt(base, music, stopped.path.parent)
    assert max(steps) == 20 and whole.is_complete
    assert whole.before == stopped.before and whole.after.own <= stopped.after.own


def test_what_is_there_is_not_made_again_unasked(adapted: Adapted, music: Path) -> None:
    base = shipped.model("default")
    with pytest.raises(ConfigError, match=r"the model mine is there already .*--fresh .*--name"):
        taught(base, music)

    assert taught(base, music, fresh=True).is_complete


def test_other_music_does_not_go_on_from_what_was_begun(base: Path, music: Path) -> None:
    work = shipped.own("mine") / "training"
    work.mkdir(parents=True)
    (work / "begun.json").write_text("{}")
    with pytest.raises(ConfigError, match="begun from another model or other music"):
        taught(base, music)


# --- reference pieces ---------------------------------------------------------------------------------------------


def test_reference_pieces_come_back_with_the_styles_that_the_model_names(base: Path) -> None:
    found = read_reference(base.parent / FILE, STYLES)

    assert [(name, len(corpus.split("valid"))) for name, corpus in found.items()] == [
        ("waltzes", 3),
        ("polkas", 1),
    ]
    assert {name: corpus.pieces[0].style for name, corpus in found.items()} == {
        "waltzes": "waltz",
        "polkas": "",
    }
    piece = found["polkas"].pieces[0]
    assert (found["polkas"].events[piece.start : piece.end] == rows_of(tune(60))).all()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no", b"\x93NUMPY"])
def test_other_files_hold_no_reference_pieces(tmp_path: Path, data: bytes) -> None:
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(ConfigError, match="holds no reference pieces"):
        read_reference(tmp_path / FILE, STYLES)


def test_a_model_without_reference_pieces_is_taught_without(base: Path, music: Path) -> None:
    (base.parent / FILE).unlink()
    adapted = taught(base, music)

    assert adapted.before.known == {} and adapted.way == 1.0
    assert "music it knew" not in "\n".join(lines(adapted))


# --- the command --------------------------------------------------------------------------------------------------


def test_the_command_names_the_model_after_the_folder(
    base: Path, music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "--from", "default", str(music)]) == 0

    assert "play with it: livegen serve --model My-tunes" in capsys.readouterr().out
    assert shipped.model("My-tunes").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("{music}", "livegen train --from default"),
        (
            "--from default {music} --out x",
            "--data, --out, --processes and --cluster belong to a recipe",
        ),
        ("--from default {base}", "is a file, and no recipe (.yaml, .yml)"),
        ("--from nobody {music}", "'nobody' is neither a model"),
        ("--from default {music} --name ../x", "cannot be the name of a model"),
        ("--from default {music} --name default", "is a model that came with livegen"),
        ("--from default {empty}", "holds no MIDI files"),
        ("{recipe}", "a recipe needs --data DIR"),
        ("{recipe} --data {music} --out x --name y", "--name belongs to a folder"),
        ("{recipe} --data {music} --out x --from nobody", "'nobody' is neither a model"),
        ("{recipe} --data {music} --out x --from default", "the recipe asks for"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    base: Path,
    music: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: str,
    said: str,
) -> None:
    (tmp_path / "empty").mkdir()
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("name: mine")
    given = {"{music}": music, "{base}": base, "{empty}": tmp_path / "empty", "{recipe}": recipe}
    arguments = [str(given.get(word, word)) for word in words.split()]

    assert run(["train", *arguments]) == 2
    errors = capsys.readouterr().err
    assert said in errors and errors.count("\n") == 1
    assert not shipped.own_folder().exists() or not list(shipped.own_folder().iterdir())


def test_a_model_of_ones_own_hides_none_that_came_with_livegen(base: Path, file: bytes) -> None:
    for name in (shipped.DEFAULT_MODEL, "other"):
        (shipped.own_folder() / name).mkdir(parents=True)
        (shipped.own_folder() / name / "model.onnx").write_bytes(file)

    assert shipped.model("default") == shipped.model(shipped.DEFAULT_MODEL) == base
    assert list(shipped.models()) == [shipped.DEFAULT_MODEL, "other"]


def test_a_file_that_is_no_model_is_refused(tmp_path: Path, music: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"no")
    with pytest.raises(ModelError, match=r"x\.onnx"):
        adapt(tmp_path / "x.onnx", music, tmp_path / "mine")
    assert not (tmp_path / "mine").exists()
