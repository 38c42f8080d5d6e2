"""The end of a process that is stuck in a library with the GIL held."""

import signal
import subprocess
import sys

import pytest

linux = pytest.mark.skipif(sys.platform != "linux", reason="the timer is Linux's")


def ran(program: str) -> int:
    """The exit status of a program; one that hangs fails."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, timeout=30, check=False).returncode


@linux
def test_a_process_stuck_with_the_gil_held_ends_with_0() -> None:
    program = (
        "import ctypes; from livegen.daemon.processes.exit_timer import leaving_within\n"
        "with leaving_within(50_000): ctypes.PyDLL(None).pause()"  # PyDLL keeps the GIL
    )

    assert ran(program) == 0


@linux
def test_a_block_that_is_left_in_time_ends_nothing() -> None:
    program = (
        "import sys, time; from livegen.daemon.processes.exit_timer import leaving_within\n"
        "with leaving_within(200_000): pass\n"
        "time.sleep(0.5); sys.exit(3)"
    )

    assert ran(program) == 3


@linux
def test_one_that_dies_of_a_signal_does_so_also_when_it_is_stuck() -> None:
    program = (
        "import ctypes, signal; from livegen.daemon.processes.exit_timer import leaving_within\n"
        "signal.signal(signal.SIGQUIT, lambda *_: None)\n"
        "with leaving_within(50_000, signal.SIGQUIT): ctypes.PyDLL(None).pause()"
    )

    assert ran(program) == -signal.SIGQUIT
