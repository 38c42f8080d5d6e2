"""Ends this process at a time, whatever it is stuck in.

For calls into a MIDI library that may never return and keep the GIL: then no Python runs, neither another thread nor
a signal's handler.  So the system's own timer calls the C library's `_exit` (timer_create(2), SIGEV_THREAD).  Linux;
elsewhere nothing is set.  Knows no MIDI.
"""

import ctypes
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

_CLOCK_MONOTONIC = 1
_SIGEV_THREAD = 2


class _Event(ctypes.Structure):
    """`struct sigevent` of sigevent(7), for SIGEV_THREAD: `function(value)` is called in a thread of its own."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("function", ctypes.c_void_p),
        ("attributes", ctypes.c_void_p),
        ("rest", ctypes.c_char * 64),
    )


class _Times(ctypes.Structure):
    """`struct itimerspec`: seconds and nanoseconds, of the repetition and of the first time."""

    _fields_ = tuple(
        (name, ctypes.c_long) for name in ("again_s", "again_ns", "first_s", "first_ns")
    )


@contextmanager
def leaving_within(timeout_us: int) -> Iterator[None]:
    """End the process with status 0 unless the block is left within `timeout_us`.  Nothing is cleaned up then."""
    timer = _start(max(1, timeout_us)) if sys.platform == "linux" else None
    try:
        yield
    finally:
        if timer is not None:
            ctypes.CDLL(None).timer_delete(timer)


def _start(timeout_us: int) -> ctypes.c_void_p | None:
    """A timer that runs; None where the C library has none."""
    timer = ctypes.c_void_p()
    try:
        library = ctypes.CDLL(None)
        leave = ctypes.cast(library._exit, ctypes.c_void_p)  # _exit(value), and the value is 0
        event = _Event(None, 0, _SIGEV_THREAD, leave)
        seconds, micros = divmod(timeout_us, 1_000_000)
        times = _Times(0, 0, seconds, micros * 1000)
        if library.timer_create(_CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(timer)) == 0:
            library.timer_settime(timer, 0, ctypes.byref(times), None)
            return timer
    except AttributeError:
        log.debug("this C library has no timers")
    return None
