"""Working processes end with the work, however that ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from livegen.errors import LivegenError
from livegen.training.process_pool import processes

ROOT = Path(__file__).parents[2]
SLEEPER = """
import os, time
from livegen.training.process_pool import processes

def sleep():
    os.write(1, f"{os.getpid()}\\n".encode())  # in one piece: two processes write to the pipe
    time.sleep(3600)

if __name__ == "__main__":
    with processes(2) as pool:
        for job in [pool.submit(sleep) for _ in range(4)]:
            job.result()
"""


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A program with two processes at work."""
    path = tmp_path / "sleeper.py"
    path.write_text(SLEEPER)
    program = subprocess.Popen(
        [sys.executable, str(path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with program:
        yield program
        program.kill()


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("everybody", [False, True])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_ends_the_work_and_leaves_nothing(
    sleeper: "subprocess.Popen[str]", number: signal.Signals, everybody: bool
) -> None:
    assert sleeper.stdout is not None and sleeper.stderr is not None
    working = [int(sleeper.stdout.readline()) for _ in range(2)]

    (os.killpg if everybody else os.kill)(sleeper.pid, number)
    status = sleeper.wait(60)
    while not all(map(is_gone, working)):
        time.sleep(0.01)

    said = sleeper.stderr.read()
    if number is signal.SIGTERM:
        assert (status, said) == (143, "")
    elif number is signal.SIGINT:
        assert said.splitlines()[-1] == "KeyboardInterrupt"
        assert said.count("Traceback") == 1 and "leaked" not in said


def test_an_exception_ends_what_has_been_begun() -> None:
    with pytest.raises(ZeroDivisionError), processes(1) as pool:
        pool.submit(time.sleep, 3600)
        raise ZeroDivisionError


def test_a_process_that_the_system_ends_is_told_in_one_line() -> None:
    said = "the system ended a process at work"
    with pytest.raises(LivegenError, match=said), processes(1) as pool:
        job: Future[None] = pool.submit(os._exit, 9)
        job.result()


def test_sigterm_is_as_it_was_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with processes(1) as pool:
        assert pool.submit(abs, -1).result() == 1

    assert signal.getsignal(signal.SIGTERM) == before
