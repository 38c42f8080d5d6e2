"""Several processes train as one does: the same losses, nobody reads everything, and one that dies costs little."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from livegen.errors import ConfigError
from livegen.training.corpora import Corpus
from livegen.training.crew import GONE, Crew, crew_here, launch
from livegen.training.loop import Run, read_checkpoint, train
from livegen.training.recipe import Recipe
from livegen.training.run_report import Silence
from livegen.training.streams import Pool, Streams, joined
from tests.e2e import warm
from tests.training.crew_members import errs, fails
from tests.training.synthetic import corpus, write_set

Member = tuple[warm.Copy | subprocess.Popen[bytes], Path]  # a process, and the file of what it says
STEPS = 40  # of a run that is not over before somebody can be killed
RECIPE: dict[str, Any] = {
    "name": "tiny",
    "network": {"hidden": 16, "embed": 16, "head": 16, "dropout": 0.1},
    "batch": 4,
    "shards": 2,
    "steps": 16,
    "segment": 40,
    "events": 12 * 64,
    "warmup": 2,
    "learning_rate": 0.02,
    "validate_every": 4 * 64,
    "precision": "32",
    "checkpoint_seconds": 0,
}


@cache
def music() -> Corpus:
    return corpus("a", range(40), "t" * 40)


@cache
def pool() -> Pool:
    return Pool(music().events, music().pieces, [0] * 40, 1.0)


def streams(first: int = 0, every: int = 1, shards: int = 1) -> Streams:
    return Streams([pool()], 8, 50, (-5, 6), 0.25, 3, (first, every), shards)


# --- what each process reads ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shards", [1, 4])
@pytest.mark.parametrize("size", [2, 4])
def test_processes_draw_together_what_one_draws(size: int, shards: int) -> None:
    whole, parts = streams(shards=shards), [streams(r, size, shards) for r in range(size)]
    for _ in range(5):
        expected, found = whole.next(20), [part.next(20) for part in parts]
        for rank, own in enumerate(found):
            for name in ("rows", "targets", "style", "sounding", "keep"):
                assert np.array_equal(getattr(expected, name)[:, rank::size], getattr(own, name))
    assert joined([part.state() for part in parts]) == whole.state()


def test_a_run_of_four_processes_goes_on_as_one_or_two() -> None:
    four = [streams(r, 4) for r in range(4)]
    for part in four:
        part.next(30)
    state = joined([part.state() for part in four])
    one, two = streams(), [streams(r, 2) for r in range(2)]
    for part in (one, *two):
        part.restore(state)
    expected = one.next(10).rows

    assert all(np.array_equal(expected[:, r::2], two[r].next(10).rows) for r in range(2))
    assert all(np.array_equal(expected[:, r::4], four[r].next(10).rows) for r in range(4))


class Watched(np.ndarray):
    """Events that remember which rows were read."""

    read: set[int]

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            self.read |= set(range(*key.indices(len(self))))
        return np.asarray(self)[key]


def test_with_as_many_shards_each_process_reads_its_own_part_only() -> None:
    read = []
    for rank in range(2):
        events = music().events.view(Watched)
        events.read = set()
        part = Streams(
            [Pool(events, pool().pieces, pool().styles, 1.0)], 8, 50, (0, 0), 0.0, 3, (rank, 2), 2
        )
        for _ in range(60):
            part.next(20)
        read.append(events.read)

    assert not read[0] & read[1]
    assert min(len(rows) for rows in read) > 0.3 * len(music().events)


def test_shards_are_of_a_size_and_hold_every_piece_once() -> None:
    shards = streams(shards=4).shards[0]
    sizes = [sum(pool().pieces[p].end - pool().pieces[p].start for p in shard) for shard in shards]

    assert sorted(np.concatenate(shards).tolist()) == list(range(40))
    assert max(sizes) < 1.1 * min(sizes)


def test_a_set_of_few_pieces_is_not_dealt_out() -> None:
    assert len(streams(shards=8).shards[0]) == 1


# --- who a process is -----------------------------------------------------------------------------------------------


def test_a_process_without_variables_is_alone() -> None:
    assert crew_here({}) == crew_here({"WORLD_SIZE": "1", "RANK": "0"}) == Crew()
    assert Crew().leads and Crew().sums([1.0]) == [1.0] and Crew().all("x") == ["x"]


def test_a_process_knows_its_machine() -> None:
    found = crew_here({"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4"})

    assert (found.machine, found.machines, found.leads) == (1, 2, False)


@pytest.mark.parametrize("local", ["", "x", "3"])
def test_variables_that_make_no_sense_are_one_line(local: str) -> None:
    with pytest.raises(ConfigError, match=r"torchrun|machine") as error:
        crew_here({"RANK": "1", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": local})
    assert "\n" not in str(error.value)


SRUN = {"SLURM_PROCID": "5", "SLURM_NTASKS": "8", "SLURM_LOCALID": "1", "SLURM_STEP_NUM_TASKS": "8"}


def test_a_process_that_srun_started_knows_its_machine() -> None:
    found = crew_here(SRUN | {"SLURM_NTASKS_PER_NODE": "4"})

    assert (found.rank, found.machine, found.machines, found.by_slurm) == (5, 1, 2, True)


def test_torchrun_under_slurm_counts_for_more_and_a_batch_script_is_alone() -> None:
    torchrun = {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}

    assert crew_here(SRUN | torchrun) == Crew(1, 2, 1, 2)
    assert crew_here({"SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_LOCALID": "0"}) == Crew()


def test_srun_without_the_number_of_tasks_on_a_machine_is_one_line() -> None:
    with pytest.raises(ConfigError, match="--ntasks-per-node"):
        crew_here(SRUN)


# --- real processes -------------------------------------------------------------------------------------------------


@pytest.fixture
def data(tmp_path: Path) -> Path:
    splits = {seed: ("swing", "valid" if seed % 4 == 3 else "train") for seed in range(24)}
    write_set(tmp_path / "data" / "set", range(24), splits)
    return tmp_path / "data"


@pytest.fixture
def environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_thread: None
) -> dict[str, str]:
    """What processes are started with; this one, which trains as one process does, has the same."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    alone = {k: v for k, v in os.environ.items() if not k.endswith(("RANK", "WORLD_SIZE"))}
    return alone | {"OMP_NUM_THREADS": "1"}


def recipe(out: Path, **more: Any) -> Path:
    path = out.parent / "recipe.yaml"
    path.write_text(json.dumps(RECIPE | more))
    return path


def command(data: Path, out: Path, **more: Any) -> list[str]:
    words = ["train", recipe(out, **more), "--data", data, "--out", out]
    return [sys.executable, "-m", "livegen", *map(str, words)]


def crew(words: list[str], environment: dict[str, str], size: int, folder: Path) -> list[Member]:
    """Processes as torchrun starts them on one machine, with the file of all that each says in a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    members: list[Member] = []
    for rank in range(size):
        place = {"RANK": str(rank), "LOCAL_RANK": str(rank)}
        sizes = {"WORLD_SIZE": str(size), "LOCAL_WORLD_SIZE": str(size)}
        said = folder / f"said-{rank}.txt"
        with said.open("wb") as out:
            given = environment | meeting | place | sizes
            members.append((warm.start("learner", words, given, out.fileno()), said))
    return members


def losses(out: Path) -> dict[tuple[str, int], float]:
    """Validation losses of the record, and the mean loss of training where it stands there."""
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return {
        (line["kind"], line["step"]): line["nats_per_note" if line["kind"] == "valid" else "loss"]
        for line in lines
    }


@pytest.fixture
def killed() -> Iterator[list[Member]]:
    """Processes that no test leaves behind."""
    members: list[Member] = []
    yield members
    for member, _ in members:
        member.kill()
        member.wait()


@pytest.mark.timeout(300)
def test_two_processes_that_the_option_starts_give_the_losses_and_the_weights_of_one(
    tmp_path: Path, data: Path, environment: dict[str, str]
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    train(recipe(one), data, one)
    words = [*command(data, two), "--processes", "2"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    weights = [read_checkpoint(out / "checkpoint.pt")["weights"] for out in (one, two)]

    assert losses(one) == pytest.approx(losses(two), abs=2e-5)
    for name, expected in weights[0].items():
        torch.testing.assert_close(weights[1][name], expected, atol=1e-4, rtol=1e-3)
    assert done.stdout == f"{two / 'best.pt'}\n"  # the leader speaks


@pytest.mark.timeout(300)
def test_a_killed_worker_costs_no_more_than_the_steps_since_the_last_checkpoint(
    tmp_path: Path, data: Path, environment: dict[str, str], killed: list[Member]
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    long = {"events": STEPS * 64, "validate_every": STEPS * 64}
    train(recipe(whole, **long), data, whole)
    killed += crew(command(data, out, **long), environment, 2, tmp_path)
    checkpoint = out / "checkpoint.pt"
    while not checkpoint.exists():  # written after every step
        time.sleep(0.02)
    killed[1][0].send_signal(signal.SIGKILL)
    status = [member.wait(100) for member, _ in killed]
    reached = read_checkpoint(checkpoint)["step"]

    assert 0 < reached < STEPS
    assert status == [2, -signal.SIGKILL]
    assert killed[0][1].read_text().splitlines()[-1] == f"livegen: {GONE}"
    train(recipe(out, **long), data, out)
    assert read_checkpoint(checkpoint)["step"] == STEPS
    last = ("valid", STEPS)
    assert losses(out)[last] == pytest.approx(losses(whole)[last], abs=1e-3)


def test_a_batch_that_the_processes_do_not_divide_is_a_mistake(tmp_path: Path) -> None:
    recipe = Recipe.model_validate(RECIPE | {"batch": 3, "shards": 1})

    with pytest.raises(
        ConfigError, match="batch is 3, which cannot be split evenly among 2 processes"
    ):
        Run(recipe, {"a": music()}, tmp_path, Silence(), crew=Crew(0, 2))


def test_a_mistake_that_all_make_is_said_once(capfd: pytest.CaptureFixture[str]) -> None:
    assert launch(2, errs) == 2

    assert capfd.readouterr().err == "livegen: something does not fit\n"


def test_the_status_of_a_crew_is_that_of_the_first_that_failed() -> None:
    assert launch(2, fails, 7) == 7  # 0 is that of the two processes above


def test_streams_that_are_dealt_out_come_together_in_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = torch.arange(12).reshape(6, 2)
    members = [Crew(rank, 3, rank, 3) for rank in range(3)]
    parts = [member.dealt(whole) for member in members]
    monkeypatch.setattr(Crew, "gathered", lambda self, value: parts)

    assert [part.tolist() for part in parts] == [whole[rank::3].tolist() for rank in range(3)]
    assert all(torch.equal(m.joined(p), whole) for m, p in zip(members, parts, strict=True))
