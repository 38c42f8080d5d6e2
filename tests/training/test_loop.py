"""The loop: it learns, it survives whatever ends it, and it says what does not fit."""

import hashlib
import io
import json
import math
import os
import pickle
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from export.graph import to_bytes
from livegen.codec.layout import codec_hash
from livegen.errors import ConfigError
from livegen.inference.contract import ModelFacts
from livegen.music.parts import PARTS
from livegen.training.corpora import Corpus
from livegen.training.loop import (
    Run,
    load_network,
    precision_of,
    read_checkpoint,
    shares,
    style_names,
    train,
    write_whole,
)
from livegen.training.model_weights import read_network, read_start
from livegen.training.network import Network, NetworkConfig
from livegen.training.recipe import NetworkRecipe, Recipe
from livegen.training.run_report import Report
from tests.e2e import warm
from tests.training.synthetic import corpus, write_set

pytestmark = pytest.mark.usefixtures("one_thread")

STEPS = 20
CORPORA = {"a": corpus("a", range(6), "tttttv"), "b": corpus("b", (10, 11, 12), "ttv")}
SMALL: dict[str, Any] = {
    "network": {"hidden": 16, "embed": 16, "head": 16, "dropout": 0.1},
    "batch": 4,
    "steps": 16,
    "segment": 40,
    "events": STEPS * 4 * 16,
    "warmup": 2,
    "learning_rate": 0.02,
    "validate_every": 5 * 4 * 16,
    "precision": "32",
}

HEADS = {"hidden": 64, "embed": 64}
KINDS: dict[str, dict[str, Any]] = {
    "gru": {},
    "lstm": {},
    "delta": HEADS,
    "attention": HEADS | {"window": 32},
}


def recipe(**more: Any) -> Recipe:
    return Recipe.model_validate({"name": "tiny"} | SMALL | more)


class Watched(Report):
    """A report that lets the test act after each step."""

    def __init__(self, out: Path, after: Callable[[int], None] = lambda step: None) -> None:
        super().__init__(out)
        self.after = after
        self.losses: list[float] = []

    def step(self, step: int, recipe: Recipe, nats: dict[str, float], *rest: Any) -> None:
        super().step(step, recipe, nats, *rest)
        self.losses.append(sum(nats.values()))
        self.after(step)


def run(
    out: Path,
    after: Callable[[int], None] = lambda step: None,
    resume: bool = True,
    corpora: dict[str, Corpus] = CORPORA,
    **more: Any,
) -> tuple[Run, list[float]]:
    """A run to its end, and the loss of each of its steps."""
    with Watched(out, after) as report:
        found = Run(recipe(**more), corpora, out, report)
        found.go(resume)
    return found, report.losses


def weights(out: Path, name: str = "checkpoint.pt") -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = read_checkpoint(out / name)["weights"]
    return found


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


# --- learning -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_twenty_steps_lower_the_loss(tmp_path: Path, kind: str) -> None:
    network = SMALL["network"] | {"kind": kind, "layers": 2} | KINDS[kind]
    found, losses = run(tmp_path, network=network)
    best, kept = load_network(tmp_path / "best.pt")

    assert (found.step, len(losses)) == (STEPS, STEPS)
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])
    assert (best.config.kind, best.training) == (kind, False)
    assert kept["styles"] == ["any", "style 0", "style 1"]
    assert kept["nats_per_note"] == found.best < 20


@pytest.mark.parametrize("kind", KINDS)
def test_mixed_precision_learns_too(tmp_path: Path, kind: str) -> None:
    network = SMALL["network"] | {"kind": kind} | KINDS[kind]
    _, losses = run(tmp_path, precision="bf16", network=network)

    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


def test_muon_moves_what_lies_between_hidden_units_and_adamw_the_rest(tmp_path: Path) -> None:
    network = SMALL["network"] | {"window": 8}
    found, losses = run(tmp_path, muon=2, network=network, learning_rate=0.01)
    adamw, muon = ([w for g in one.param_groups for w in g["params"]] for one in found.optimisers)
    names = {id(weight): name for name, weight in found.network.named_parameters()}

    assert sorted(names[id(weight)] for weight in muon) == [
        *("layers.0.across.weight", "layers.0.enter.weight"),
        *("recall.ask.weight", "recall.give.weight", "recall.tell.weight"),
        *("sounding.weight", "summary.weight"),
    ]
    assert len(adamw) + len(muon) == len(names)
    assert [one.param_groups[0]["times"] for one in found.optimisers] == [1, 2]
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


def test_training_from_a_folder_of_files_leaves_weights_and_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way that `livegen train` goes."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    splits = {seed: ("swing", "valid" if seed == 3 else "train") for seed in range(4)}
    write_set(tmp_path / "data" / "set", range(4), splits)
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps({"name": "tiny"} | SMALL | {"events": 60 * 64}))
    best = train(path, tmp_path / "data", tmp_path / "out")
    lines = (tmp_path / "out/metrics.jsonl").read_text().splitlines()
    record = [json.loads(line) for line in lines]

    assert best == tmp_path / "out" / "best.pt"
    assert load_network(best)[1]["recipe"]["name"] == "tiny"
    assert [(line["kind"], line["step"]) for line in record] == [
        *[("valid", step) for step in range(5, 50, 5)],
        ("train", 50),
        *[("valid", step) for step in (50, 55, 60)],
    ]
    assert record[0].keys() >= {"nats_per_note", "set_set", "nats_pitch", "accuracy_time"}
    train_line = next(line for line in record if line["kind"] == "train")
    assert train_line.keys() >= {"loss", "rate", "events", "events_per_second", "data_share"}
    assert list((tmp_path / "out/tensorboard").glob("events.out.tfevents.*"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file of the size that SMALL asks for."""
    torch.manual_seed(5)
    network = Network(NetworkConfig(styles=3, hidden=16, embed=16, head=16))
    styles = ("any", "style 0", "style 1")
    facts = ModelFacts("first", codec_hash(), tuple(PARTS), styles, (1,))
    path = tmp_path_factory.mktemp("model") / "first.onnx"
    path.write_bytes(to_bytes(network.eval(), facts))
    return path


def test_a_run_may_begin_with_the_weights_of_a_model_file(tmp_path: Path, model: Path) -> None:
    start = read_start(model, recipe())
    with Watched(tmp_path) as report:
        found = Run(recipe(), CORPORA, tmp_path, report, start)
        first = found.network.summary.weight.clone()
        found.go(resume=True)

    assert torch.equal(first, read_network(model.read_bytes())[0].summary.weight)
    assert not torch.equal(first, found.network.summary.weight)
    kept = read_checkpoint(tmp_path / "checkpoint.pt")
    assert kept["begun_from"] == hashlib.sha256(model.read_bytes()).hexdigest()
    with pytest.raises(ConfigError, match="another model"):
        run(tmp_path)


def test_a_run_that_begins_with_a_model_learns_the_styles_that_the_model_lacks(
    tmp_path: Path, model: Path
) -> None:
    pieces = tuple(
        replace(piece, style=f"style {at % 2 + 1}") for at, piece in enumerate(CORPORA["a"].pieces)
    )
    corpora = {"a": replace(CORPORA["a"], pieces=pieces)}
    start = read_start(model, recipe())
    known = start.network.style.weight.detach().clone()
    with Watched(tmp_path) as report:
        found = Run(recipe(), corpora, tmp_path, report, start)
        first = found.network.style.weight.detach().clone()
        found.go(resume=True)

    assert found.styles == ["any", "style 0", "style 1", "style 2"]
    assert torch.equal(first[:3], known) and torch.equal(first[3], known[0])
    assert not torch.equal(found.network.style.weight[3], found.network.style.weight[0])
    kept = read_checkpoint(tmp_path / "checkpoint.pt")
    assert kept["styles"] == found.styles and kept["network"]["styles"] == 4


def test_a_model_of_another_size_is_no_beginning(model: Path) -> None:
    with pytest.raises(ConfigError, match=r"hidden=16.*the recipe asks for.*hidden=32"):
        read_start(model, recipe(network=SMALL["network"] | {"hidden": 32}))


def test_a_run_stopped_before_its_first_validation_names_the_checkpoint_that_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(Report, "step", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    write_set(tmp_path / "data" / "set", range(2), {0: ("", "train"), 1: ("", "valid")})
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps({"name": "tiny"} | SMALL))

    found = train(path, tmp_path / "data", tmp_path / "out")

    assert found == tmp_path / "out" / "checkpoint.pt" and found.is_file()
    assert not (tmp_path / "out" / "best.pt").exists()


def test_what_does_not_get_better_stops(tmp_path: Path) -> None:
    """At a rate of next to nothing the first validation is the best; three more are waited for."""
    found, losses = run(tmp_path, learning_rate=1e-30, final_rate=1, patience=3, events=40 * 64)

    assert found.waited == 3
    assert len(losses) == 20


# --- being ended ----------------------------------------------------------------------------------


def test_a_run_killed_at_any_step_goes_on_to_the_very_same_weights(tmp_path: Path) -> None:
    """SIGKILL leaves no time for anything; what counts is what lay on disk."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run(whole, checkpoint_seconds=0)
    program, said = tmp_path / "program.py", tmp_path / "said.txt"
    program.write_text(
        "import os, signal, sys, torch\n"
        "from pathlib import Path\n"
        "from tests.training.test_loop import run\n"
        "torch.set_num_threads(1)\n"
        "def after(step):\n"
        "    if step == 7: os.kill(os.getpid(), signal.SIGKILL)\n"
        "run(Path(sys.argv[1]), after, checkpoint_seconds=0)\n"
    )
    with said.open("wb") as out:
        words = [sys.executable, str(program), str(killed)]
        one = warm.start("learner", words, os.environ, out.fileno())
    assert one.wait(100) == -signal.SIGKILL, said.read_text()
    assert read_checkpoint(killed / "checkpoint.pt")["step"] == 6
    _, losses = run(killed, checkpoint_seconds=0)

    assert len(losses) == STEPS - 6
    assert equal(weights(killed), weights(whole))
    assert equal(weights(killed, "best.pt"), weights(whole, "best.pt"))


def test_a_run_in_another_thread_leaves_the_signals_alone(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []
    with ThreadPoolExecutor(1) as pool:
        found, _ = pool.submit(
            run, tmp_path, lambda step: seen.append(signal.getsignal(signal.SIGINT))
        ).result()

    assert found.step == STEPS
    assert seen == [before] * STEPS


@pytest.mark.parametrize(
    ("number", "more"),
    [
        (signal.SIGTERM, {}),
        (signal.SIGINT, {}),
        (signal.SIGINT, {"muon": 2}),
        (signal.SIGINT, {"network": {"kind": "attention", "head": 16} | KINDS["attention"]}),
        (signal.SIGINT, {"network": {"kind": "delta", "head": 16} | KINDS["delta"]}),
    ],
)
def test_a_signal_stops_at_the_next_step_saves_and_the_same_command_goes_on(
    tmp_path: Path, number: signal.Signals, more: dict[str, Any]
) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    run(whole, **more)
    before = signal.getsignal(number)

    def after(step: int) -> None:
        if step == 3:
            os.kill(os.getpid(), number)

    found, losses = run(stopped, after, **more)
    assert (found.step, len(losses)) == (3, 3)
    assert found.best == math.inf
    assert signal.getsignal(number) == before
    assert not (stopped / "best.pt").exists()  # no validation yet
    _, losses = run(stopped, **more)

    assert len(losses) == STEPS - 3
    assert equal(weights(stopped), weights(whole))


def test_a_finished_run_has_nothing_left_to_do(tmp_path: Path) -> None:
    run(tmp_path)
    before = weights(tmp_path)

    assert run(tmp_path)[1] == []
    assert equal(weights(tmp_path), before)


def test_without_resuming_a_run_starts_anew(tmp_path: Path) -> None:
    run(tmp_path)

    assert len(run(tmp_path, resume=False)[1]) == STEPS


def test_the_seed_decides_everything(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(tmp_path / name, seed=seed, events=5 * 64)

    assert equal(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert not equal(weights(tmp_path / "a"), weights(tmp_path / "c"))


# --- what does not fit ----------------------------------------------------------------------------


def one_line(error: pytest.ExceptionInfo[ConfigError]) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_run_of_another_recipe_is_not_gone_on_with(tmp_path: Path) -> None:
    run(tmp_path, events=5 * 64)
    before = weights(tmp_path)
    for more in ({"learning_rate": 0.01}, {"seed": 9}):
        with pytest.raises(ConfigError) as error:
            run(tmp_path, **({"events": 5 * 64} | more))
        assert "belongs to another recipe, another model or other data" in one_line(error)
    assert equal(weights(tmp_path), before)


def test_a_run_on_other_data_is_not_gone_on_with(tmp_path: Path) -> None:
    """Its streams stand at rows that are now another piece's."""
    run(tmp_path, events=5 * 64)
    with pytest.raises(ConfigError) as error:
        run(
            tmp_path,
            events=5 * 64,
            corpora=CORPORA | {"b": corpus("b", (10, 11, 13, 12), "tttv")},
        )

    assert "other data" in one_line(error)


def test_weights_alone_are_no_run_to_go_on_with(tmp_path: Path) -> None:
    run(tmp_path, events=5 * 64)
    (tmp_path / "best.pt").replace(tmp_path / "checkpoint.pt")
    with pytest.raises(ConfigError) as error:
        run(tmp_path, events=5 * 64)

    assert "holds weights alone" in one_line(error)


def test_a_run_of_a_livegen_whose_streams_kept_other_facts_is_refused(tmp_path: Path) -> None:
    run(tmp_path, events=5 * 64)
    kept = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    for cursor in kept["streams"]["cursors"]:
        cursor["fresh"] = False
        del cursor["first"]
    torch.save(kept, tmp_path / "checkpoint.pt")
    with pytest.raises(ConfigError) as error:
        run(tmp_path, events=5 * 64)

    assert "an earlier livegen's" in one_line(error)


def test_a_loss_that_runs_away_ends_the_run_before_it_spoils_the_weights(tmp_path: Path) -> None:
    with Watched(tmp_path) as report:
        found = Run(recipe(), CORPORA, tmp_path, report)
        with torch.no_grad():
            found.network.summary.weight[0, 0] = math.inf
        before = found.network.sounding.weight.clone()
        with pytest.raises(ConfigError) as error:
            found.go(resume=False)

    assert "not finite at step 0; try a smaller learning_rate" in one_line(error)
    assert torch.equal(found.network.sounding.weight, before)


def test_corpora_without_music_to_learn_from_or_to_judge_by_are_refused() -> None:
    silent = replace(
        CORPORA["a"], pieces=tuple(replace(p, end=p.start + 1) for p in CORPORA["a"].pieces)
    )
    cases: list[tuple[dict[str, float] | None, dict[str, Corpus], str]] = [
        ({"a": 1, "c": 1}, CORPORA, "trains on c, which holds no readable training pieces"),
        ({"a": 1}, {"a": silent}, "trains on a, which holds no readable training pieces"),
        (None, {"a": silent}, "no readable training pieces in the data"),
        (None, {}, "no readable training pieces in the data"),
        (None, {"a": corpus("a", [1], "t")}, "no pieces to validate on"),
    ]
    for sets, corpora, said in cases:
        with pytest.raises(ConfigError, match=said):
            shares(recipe(sets=sets), corpora)


def test_sets_get_the_shares_of_the_recipe_or_the_roots_of_their_sizes() -> None:
    sizes = {name: len(found.events) for name, found in CORPORA.items()}
    roots = {name: math.sqrt(size) for name, size in sizes.items()}

    assert shares(recipe(sets={"b": 3, "a": 1}), CORPORA) == {"b": 0.75, "a": 0.25}
    assert shares(recipe(), CORPORA) == {n: root / sum(roots.values()) for n, root in roots.items()}
    assert style_names(CORPORA) == ["any", "style 0", "style 1"]


def test_a_run_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(ConfigError, match="cannot be a run folder"):
            Report(out)


def test_the_precision_is_what_the_recipe_says() -> None:
    assert precision_of(recipe(precision="32")) == "32-true"
    assert precision_of(recipe(precision="bf16")) == "bf16-mixed"
    assert precision_of(recipe(precision="auto")) in ("32-true", "bf16-mixed")


# --- checkpoints ----------------------------------------------------------------------------------


class Gadget:
    """What a checkpoint from an enemy holds: unpickled, it leaves a mark."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


def test_a_checkpoint_with_a_gadget_is_refused_and_does_nothing(tmp_path: Path) -> None:
    """Inside torch's own archive, and as a bare pickle."""
    marker, path = tmp_path / "marker", tmp_path / "checkpoint.pt"
    gadget = {"codec": Gadget(marker)}
    archive = io.BytesIO()
    torch.save(gadget, archive)
    for content in (archive.getvalue(), pickle.dumps(gadget)):
        path.write_bytes(content)
        for read in (read_checkpoint, load_network):
            with pytest.raises(ConfigError) as error:
                read(path)
            assert "is not a livegen checkpoint" in one_line(error)
    assert not marker.exists()
    act, given = gadget["codec"].__reduce__()
    act(*given)  # it would have
    assert marker.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is not a livegen checkpoint"),
        (b"", "is not a livegen checkpoint"),
        (b"no archive", "is not a livegen checkpoint"),
        ({"codec": "0123456789ab"}, "was trained for codec 0123456789ab, this livegen uses"),
        ({"weights": {}}, "was trained for codec None"),
        ([1, 2], "was trained for codec None"),
    ],
)
def test_any_other_file_is_no_checkpoint(tmp_path: Path, content: Any, said: str) -> None:
    path = tmp_path / "checkpoint.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(ConfigError) as error:
        read_checkpoint(path)

    assert said in one_line(error)


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    write_whole(path, {"step": 1})
    with pytest.raises(AttributeError):  # a local function cannot be saved
        write_whole(path, {"step": lambda: None})

    assert torch.load(path, weights_only=True) == {"step": 1}


def test_network_settings_reach_the_network(tmp_path: Path) -> None:
    settings = {
        "kind": "lstm",
        "hidden": 24,
        "layers": 2,
        "embed": 8,
        "head": 12,
        "window": 9,
        "dropout": 0.2,
    }
    with Watched(tmp_path) as report:
        config = Run(recipe(network=settings), CORPORA, tmp_path, report).network.config

    assert config.facts() == {"styles": 3} | settings
    assert NetworkRecipe.model_validate(settings).model_dump() == settings
