"""Ends this process at a time, whatever it is stuck in.

For calls into a MIDI library that may never return and keep the GIL: then no Python runs, neither another thread nor
a signal's handler.  So the system's own timer calls the C library's `_exit` (timer_create(2), SIGEV_THREAD).  Linux;
elsewhere nothing is set.  Knows no MIDI.
"""

import ctypes
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

_CLOCK_MONOTONIC = 1
_SIGEV_SIGNAL, _SIGEV_THREAD = 0, 2


class _Event(ctypes.Structure):
    """`struct sigevent` of sigevent(7): by SIGEV_THREAD `function(value)` is called in a thread of its own."""

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
def leaving_within(timeout_us: int, dies_of: int = 0) -> Iterator[None]:
    """End the process with status 0 unless the block is left within `timeout_us`.  Nothing is cleaned up then.

    With `dies_of` it is ended by that signal instead, of which it is about to die anyway.  Threads: main only then.
    """
    if dies_of:
        signal.signal(dies_of, signal.SIG_DFL)
    timer = _start(max(1, timeout_us), dies_of) if sys.platform == "linux" else None
    try:
        yield
    finally:
        if timer is not None:
            ctypes.CDLL(None).timer_delete(timer)


def _start(timeout_us: int, dies_of: int) -> ctypes.c_void_p | None:
    """A timer that runs; None where the C library has none."""
    timer = ctypes.c_void_p()
    try:
        library = ctypes.CDLL(None)
        leave = ctypes.cast(library._exit, ctypes.c_void_p)  # _exit(value), and the value is 0
        kind = _SIGEV_SIGNAL if dies_of else _SIGEV_THREAD
        event = _Event(None, dies_of, kind, leave)
        seconds, micros = divmod(timeout_us, 1_000_000)
        times = _Times(0, 0, seconds, micros * 1000)
        if library.timer_create(_CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(timer)) == 0:
            library.timer_settime(timer, 0, ctypes.byref(times), None)
            return timer
    except AttributeError:
        log.debug("this C library has no timers")
    return None
