"""How urgent a process is: as urgent as the system permits, and never for long without a pause."""

import os
import subprocess
import sys

import pytest

from livegen.priority import ENGINE, ORDINARY, PORT, RAISED, REALTIME, WAYS, granted

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks at Linux's scheduler")


def run(program: str) -> list[str]:
    """Lines of a program in a process of its own, for urgency does not wear off."""
    begins = "import os, time\nfrom livegen import priority\n"
    ran = subprocess.run(
        [sys.executable, "-c", begins + program], capture_output=True, text=True, check=True
    )
    return ran.stdout.split("\n")[:-1]


def refuse(_: int) -> bool:
    raise PermissionError(1, "Operation not permitted")


def test_the_best_way_that_is_granted_is_taken_and_told() -> None:
    assert granted({REALTIME: lambda _: True, RAISED: refuse}, 4) == REALTIME
    assert granted({REALTIME: refuse, RAISED: lambda _: True}, 4) == RAISED
    assert granted({REALTIME: refuse, RAISED: lambda _: False}, 4) == ORDINARY
    assert granted({}, 4) == ORDINARY


def test_every_system_has_ways_and_the_port_process_stands_above_the_engine() -> None:
    assert set(WAYS) == {"linux", "darwin", "win32"} and PORT > ENGINE


@LINUX
def test_an_urgent_process_is_what_it_says_and_its_children_are_ordinary() -> None:
    how, scheduler, child = run(
        """
print(priority.Urgency(priority.ENGINE).how, flush=True)
print(os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK, flush=True)
if not (child := os.fork()):
    print(os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""
    )
    assert how in (REALTIME, RAISED, ORDINARY)
    assert int(scheduler) == (os.SCHED_FIFO if how == REALTIME else os.SCHED_OTHER)
    assert int(child) == os.SCHED_OTHER


@LINUX
def test_a_process_that_runs_away_in_real_time_is_an_ordinary_one_for_a_second() -> None:
    before, ran_away, soon, later = run(
        """
urgency = priority.Urgency(priority.ENGINE)
print(urgency.how)
until = time.monotonic() + 5
while urgency.how == priority.REALTIME and time.monotonic() < until:
    pass
print(urgency.how)
urgency.look(0)
urgency.look(priority.CALMS_US - 1)
print(urgency.how)
urgency.look(priority.CALMS_US)
print(urgency.how)
"""
    )
    if before != REALTIME:
        pytest.skip("real time is not permitted here")
    assert (ran_away, soon, later) == (ORDINARY, ORDINARY, REALTIME)


@LINUX
def test_work_in_slices_is_no_runaway_however_long_it_takes() -> None:
    before, after = run(
        """
urgency = priority.Urgency(priority.ENGINE)
print(urgency.how)
until = time.monotonic() + 0.4
while time.monotonic() < until:
    urgency.look(time.monotonic_ns() // 1000)
print(urgency.how)
"""
    )
    assert after == before


@LINUX
def test_locked_memory_is_locked_and_what_comes_later_can_still_be_had() -> None:
    is_locked, locked_kb = run(
        """
print(priority.lock_memory())
kept = [bytearray(1 << 20) for _ in range(64)]
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmLck")))
"""
    )
    assert (is_locked == "True") == (int(locked_kb) > 0)
