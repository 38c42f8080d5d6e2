"""The system's monotonic clock in integer microseconds, and a wait that ends on time.

The only place below `app` that asks for the time.  All processes of one machine share this clock
(CLOCK_MONOTONIC), so its values may travel between them.
"""

import time

SECOND = 1_000_000
# Sleeping until 1 ms before and spinning the rest was late by 1 us at p50, by 0.1 ms at p99 on a two-core
# machine; sleeping alone by 80 us and 0.2 to 3 ms.
SPIN_US = 1_000


def now() -> int:
    """Micros of the monotonic clock, with an arbitrary origin.  Threads: any."""
    return time.monotonic_ns() // 1000


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
