"""Processes of a Ray cluster train as those of one machine do, and go on by themselves when one is killed."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from livegen.training.loop import read_checkpoint
from tests.training.test_crew import command, losses, recipe
from tests.training.test_crew import data as data
from tests.training.test_crew import environment as environment

pytestmark = pytest.mark.cluster

STEPS = 400


@pytest.mark.timeout(600)
def test_a_killed_process_of_a_cluster_costs_nothing_in_the_end(
    tmp_path: Path, data: Path, environment: dict[str, str]
) -> None:
    long = {"events": STEPS * 64, "validate_every": STEPS * 64, "learning_rate": 0.004}
    two, out = tmp_path / "two", tmp_path / "out"
    words = [*command(data, two, **long), "--processes", "2"]
    subprocess.run(words, env=environment, check=True, capture_output=True, timeout=200)
    words = [*command(data, out, **long), "--processes", "2", "--cluster"]
    with subprocess.Popen(
        words, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as run:
        assert run.stdout is not None
        second = next(filter(None, (re.search(r"pid=(\d+)\) world_rank=1", x) for x in run.stdout)))
        while not (out / "checkpoint.pt").exists():
            time.sleep(0.05)
        os.kill(int(second[1]), signal.SIGKILL)
        told = run.stdout.read()

    assert run.returncode == 0, told
    assert read_checkpoint(out / "checkpoint.pt")["step"] == STEPS
    assert losses(out)["valid", STEPS] == pytest.approx(losses(two)["valid", STEPS], abs=1e-3)
    assert told.splitlines()[-1] == str(out / "best.pt")


def test_a_mistake_is_one_line_and_no_traceback(
    tmp_path: Path, data: Path, environment: dict[str, str]
) -> None:
    words = [sys.executable, "-m", "livegen", "train", str(recipe(tmp_path / "out", batch=0))]
    done = subprocess.run(
        [*words, "--data", str(data), "--out", str(tmp_path / "out"), "--cluster"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 2 and "batch" in done.stderr and "Traceback" not in done.stderr
