"""Inputs, outputs and sinks of the port process.

Another way in or out, such as a plug-in's socket, is one more row of its lists.  Standard library only; all times are
micros.  Nothing here may wait or raise: the loop of the port process has no time for it.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from livegen.daemon.midi.outbox import Outbox


class Input(Protocol):
    """A place where messages of the player's come in."""

    def due(self, now: int) -> Iterable[bytes]:
        """Give what has come by now, in order."""

    def deadline(self) -> int | None:
        """Give the time at which `due` has the next message; None where that is not known before."""

    def fileno(self) -> int:
        """Give a descriptor that can be read when something has come; -1 where there is none, and polling must do."""


class Output(Protocol):
    """A place where messages leave."""

    def send(self, data: bytes) -> None:
        """Let a message leave at once."""


class Sink(Protocol):
    """A taker of what is passed on to the engine and of what has left."""

    def heard(self, now: int, data: bytes) -> None:
        """Take a message of the player's, passed on now."""

    def sent(self, due: int, now: int, data: bytes) -> None:
        """Take a message that was due and has left now."""


class Thru(Sink):
    """The player's own notes, sent on from the output while that can be reached."""

    def __init__(self, outbox: Outbox, reaches: Callable[[], bool]) -> None:
        self._outbox, self._reaches = outbox, reaches

    def heard(self, now: int, data: bytes) -> None:
        """Send a message of a channel on."""
        if data[0] < 0xF0 and self._reaches():
            self._outbox.put(now, data, thru=True)

    def sent(self, due: int, now: int, data: bytes) -> None:
        """Do nothing."""
