"""The system's clock that never goes back, in integer microseconds, and waits that end on time.

The only place below `app` that asks for the time.  It is Python's performance counter: CLOCK_MONOTONIC on Linux, mach's
absolute time on macOS, QueryPerformanceCounter on Windows.  Each counts from the start of the machine, so all processes
of one machine share it, and its values may travel between them.  Python's monotonic clock is the same on the first two;
on Windows it moves in steps of 15.6 ms before Python 3.13.
"""

import select
import sys
import time
from collections.abc import Sequence
from typing import Any

SECOND = 1_000_000
# Sleeping until 1 ms before and spinning the rest was late by 1 us at p50, by 0.1 ms at p99 on a two-core
# machine; sleeping alone by 80 us and 0.2 to 3 ms.
SPIN_US = 1_000
# Windows ends a wait for descriptors at a tick of its own, 15.6 ms apart; a sleep has a timer of high resolution there
# (Python 3.11), so that is slept instead, in turns so short.
TURN_S = 0.001
_WAITS_IN_STEPS = sys.platform == "win32"


def now() -> int:
    """Micros of the clock, with an arbitrary origin.  Threads: any."""
    return time.perf_counter_ns() // 1000


def wait_until(due: int, spin_us: int = SPIN_US) -> int:
    """Return at `due` (micros), asleep until `spin_us` before; the time it became is given back."""
    ahead = due - spin_us - now()
    if ahead > 0:
        time.sleep(ahead / SECOND)
    return spin_until(due)


def spin_until(due: int) -> int:
    """Return at `due` (micros) without giving up the processor; the time it became is given back."""
    while (at := now()) < due:
        pass
    return at


Ready = tuple[list[Any], list[Any], list[Any]]


def ready(
    readers: Sequence[Any], writers: Sequence[Any], others: Sequence[Any], seconds: float
) -> Ready:
    """Wait for descriptors as `select.select` does, but no longer than so many seconds on Windows too."""
    if not _WAITS_IN_STEPS:
        return select.select(readers, writers, others, seconds)
    until = now() + round(seconds * SECOND)
    while True:
        # Winsock refuses to wait for nothing.
        found = select.select(readers, writers, others, 0) if readers or writers else ([], [], [])
        left_s = (until - now()) / SECOND
        if any(found) or left_s <= 0:
            return found
        time.sleep(min(left_s, TURN_S))
