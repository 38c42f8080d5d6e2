"""Sources, outputs and sinks of the port process.

Another way in or out, such as a plug-in's socket, is one more row of these lists.  Standard library only; all times are
micros.  Nothing here may wait or raise: the loop of the port process has no time for it.
"""

from collections.abc import Iterable
from typing import Protocol

from livegen.daemon import clock
from livegen.daemon.loops import LoopGuard
from livegen.daemon.ports import Ports
from livegen.daemon.watchdog import Watchdog


class Input(Protocol):
    """A source of messages of the player's."""

    def due(self, now: int) -> Iterable[bytes]:
        """Give what has come by now, in order."""


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


class MidiInput(Input):
    """The input port, without messages of ours that came back."""

    def __init__(self, ports: Ports, loops: LoopGuard) -> None:
        self._ports, self._loops = ports, loops

    def due(self, now: int) -> Iterable[bytes]:
        """Give what lies at the port."""
        return [data for data in self._ports.receive() if not self._loops.heard(now, data)]


class MidiOutput(Output):
    """The output port."""

    def __init__(self, ports: Ports, loops: LoopGuard) -> None:
        self._ports, self._loops = ports, loops

    def send(self, data: bytes) -> None:
        """Send a message, and before it what makes it known if it comes back."""
        for mark in self._loops.mark(clock.now(), data):
            self._ports.send(mark)
        self._ports.send(data)


class Guards(Sink):
    """The watchdog and the loop guard, which must know of all that has left the output port."""

    def __init__(self, loops: LoopGuard, watchdog: Watchdog | None) -> None:
        self._loops, self._watchdog = loops, watchdog

    def heard(self, now: int, data: bytes) -> None:
        """Take no note: the loop guard saw it at the input."""

    def sent(self, due: int, now: int, data: bytes) -> None:
        """Tell both, the watchdog first."""
        if self._watchdog is not None:
            self._watchdog.tell(data)
        self._loops.sent(now, data)
