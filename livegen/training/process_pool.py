"""Processes that work for training and evaluation, and that are gone when the work is left, however it is left.

Knows no music.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from livegen.errors import LivegenError


@contextmanager
def processes(
    count: int | None = None, begin: Callable[..., None] | None = None, *given: Any
) -> Iterator[ProcessPoolExecutor]:
    """A pool of `count` processes, one for each processor by default, each of which first calls `begin(*given)`.

    An exception, Ctrl-C and SIGTERM (which is SystemExit with 143 in here) end the processes at once, not after
    what they have begun.  Raises LivegenError when the system has ended one of them.
    """
    with _sigterm_raises():
        pool = ProcessPoolExecutor(
            count, get_context("spawn"), initializer=_start, initargs=(begin, *given)
        )
        try:
            yield pool
        except BaseException as error:
            for process in list((pool._processes or {}).values()):
                process.kill()
            pool.shutdown(cancel_futures=True)
            if isinstance(error, BrokenProcessPool):
                raise LivegenError(
                    "the system ended a process at work, as it does when memory is short;"
                    " try again with less running beside it"
                ) from None
            raise
        pool.shutdown()


def _start(begin: Callable[..., None] | None, *given: Any) -> None:
    """Leave Ctrl-C, which a terminal sends to everybody, to the parent, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=end_with_parent, daemon=True).start()
    if begin is not None:
        begin(*given)


def end_with_parent() -> None:
    """Wait for the process that started this one, and go when it has gone, however it went."""
    from multiprocessing import parent_process

    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@contextmanager
def _sigterm_raises() -> Iterator[None]:
    """Let SIGTERM unwind the stack, where nobody else has a use for it."""
    free = threading.current_thread() is threading.main_thread() and (
        signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if free:
        signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        if free:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _raise(number: int, _: object) -> None:
    raise SystemExit(128 + number)
