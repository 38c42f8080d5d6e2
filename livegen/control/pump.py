"""A link in an event loop: what comes over it is handed on, and what is sent is written as the other side reads."""

import asyncio
from collections.abc import Callable

from livegen.daemon.processes.frames import Frame
from livegen.daemon.processes.link import Link


class Pump:
    """`take` is given the frames that come, some at a time; `closed` is set when the other side is gone.

    Threads: the event loop's only.
    """

    def __init__(self, link: Link, take: Callable[[list[Frame]], object]) -> None:
        self._link, self._take = link, take
        self._is_writing = False
        self.closed = asyncio.Event()

    def open(self) -> None:
        """Listen to the link."""
        asyncio.get_running_loop().add_reader(self._link.fileno(), self._read)

    def close(self) -> None:
        """Close the link."""
        if not self._link.closed or self._link.fileno() >= 0:
            self._forget()
            self._link.close()

    def send(self, frame: Frame) -> None:
        """Send a frame; it is lost when nobody reads it."""
        self._link.send(frame)
        self._after_sending()

    def _read(self) -> None:
        self._take(self._link.receive())
        if self._link.closed:
            self._end()

    def _after_sending(self) -> None:
        """Come back when the other side takes more, if it did not take everything."""
        if self._link.closed:
            self._end()
        elif self._link.waiting and not self._is_writing:
            self._is_writing = True
            asyncio.get_running_loop().add_writer(self._link.fileno(), self._flush)

    def _flush(self) -> None:
        self._link.flush()
        if not self._link.waiting:
            self._is_writing = False
            asyncio.get_running_loop().remove_writer(self._link.fileno())
        self._after_sending()

    def _end(self) -> None:
        self._forget()
        self.closed.set()

    def _forget(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._link.fileno())
        loop.remove_writer(self._link.fileno())
