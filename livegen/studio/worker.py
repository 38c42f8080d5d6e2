"""A worker of a studio: `python -m livegen.studio.worker FD FD`, a process with one model and some of the rooms.

The first descriptor is a link (`livegen.daemon.processes.link`), the second a socket over which the connections of
players come, each with the room to which it belongs.  `settings`: those of `application`, and {"builder":
"module:function", which makes from the settings what makes a room, "rooms": how many at most, "charts": {"shipped",
"own"} (folders), "limits": see `rooms`}.

Ends when its link closes, or when it is told that it is over: then its players are told to come again.
"""

import asyncio
import gc
import importlib
import json
import logging
import signal
import socket
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import uvicorn

from livegen.control.pump import Pump
from livegen.control.surfaces import Request
from livegen.control.tasks import raise_first, until_one_ends
from livegen.control.web.server import accepted, configuration, leave, start, stop
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.processes.frames import (
    CommandFrame,
    FailedFrame,
    FiguresFrame,
    Frame,
    LogFrame,
    OverFrame,
    ReadyFrame,
    SnapshotFrame,
)
from livegen.daemon.processes.link import Link, begun
from livegen.errors import LivegenError
from livegen.studio.application import MOST_CONNECTIONS, application, charts_of, closing
from livegen.studio.rooms import Build, Limits, Rooms

TELLS_EVERY_S = 0.25
HANDED = 4096  # bytes with which a connection is handed over, at most
TOLD_AT_ONCE = 40  # rooms in a frame
LEAVES_S = 1.0


def rooms_of(settings: Mapping[str, Any]) -> Rooms:
    """Make the rooms that the settings describe, with their model.  Raises LivegenError."""
    module, _, function = str(settings["builder"]).partition(":")
    build: Build = getattr(importlib.import_module(module), function)(settings)
    return Rooms(build, settings["rooms"], Limits(**settings["limits"]))


class Worker:
    """The rooms, the server of their players, and what is told of both.  Threads: the event loop's only."""

    def __init__(self, link: Link, handed: socket.socket, settings: Mapping[str, Any]) -> None:
        self.rooms = rooms_of(settings)
        self._pump = Pump(link, self._take)
        self._handed = handed
        served = closing(application(settings, self.rooms, charts_of(settings), self._say))
        self._server = uvicorn.Server(configuration(served, MOST_CONNECTIONS))
        self._is_over = asyncio.Event()

    async def serve(self) -> None:
        """Serve until it is over."""
        await start(self._server, [])
        loop = asyncio.get_running_loop()
        self._handed.setblocking(False)
        loop.add_reader(self._handed.fileno(), self._receive)
        self._pump.open()
        self._tell_figures()  # before it is ready: nobody is to think that it takes no rooms
        self._pump.send(ReadyFrame.of(clock.now(), {"ready": True}))
        ended = await until_one_ends(
            self._pump.closed.wait(), self._is_over.wait(), self.rooms.run(), self._report()
        )
        loop.remove_reader(self._handed.fileno())
        if self._is_over.is_set():
            leave(self._server)
            await asyncio.sleep(LEAVES_S)
        stop(self._server)
        self.rooms.close()
        raise_first(ended)  # a fault of ours

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(TELLS_EVERY_S)
            self._tell_figures()

    def _tell_figures(self) -> None:
        told = self.rooms.figures() | {"names": [room.name for room in self.rooms]}
        self._pump.send(FiguresFrame.of(clock.now(), told))

    def _take(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            match frame:
                case OverFrame():
                    self._is_over.set()
                case CommandFrame(name="seen", value=number):
                    self._tell(number)
                case CommandFrame(name="ask", value=[str(room), str(name), value]):
                    self.rooms.ask(room, Request(name, value))
                case _:
                    pass

    def _tell(self, number: object) -> None:
        """Tell all rooms as a teacher sees them, some in each frame, with the number of the question."""
        rooms, is_last = [room.told() for room in self.rooms], False
        while not is_last:
            some, rooms = rooms[:TOLD_AT_ONCE], rooms[TOLD_AT_ONCE:]
            is_last = not rooms
            told = {"rooms": some, "number": number, "is_last": is_last}
            self._pump.send(SnapshotFrame.of(clock.now(), told))

    def _receive(self) -> None:
        """Take a connection that is handed over."""
        try:
            text, descriptors, _, _ = socket.recv_fds(self._handed, HANDED, 1)
        except OSError:
            return
        for descriptor in descriptors:
            connection = socket.socket(fileno=descriptor)
            accepted(self._server, connection, {"handed": json.loads(text)})

    def _say(self, line: str) -> None:
        self._pump.send(LogFrame.of(clock.now(), line))


async def serve(link: Link, handed: socket.socket, settings: Mapping[str, Any]) -> int:
    """Serve some of a studio's rooms, and give the exit status: 2 when it cannot for a reason the person can mend."""
    try:
        worker = Worker(link, handed, settings)
    except LivegenError as error:
        link.send(FailedFrame.of(clock.now(), str(error)))
        link.drain(SECOND)
        return 2
    gc.collect()
    gc.freeze()
    await worker.serve()
    return 0


def main() -> int:
    """Serve as the settings say."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal's, and the parent's to answer
    logging.basicConfig(level=logging.WARNING, format="livegen: %(message)s")
    link, settings, _ = begun(sys.argv[1])
    handed = socket.socket(fileno=int(sys.argv[2]))
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(serve(link, handed, settings.values))


if __name__ == "__main__":
    sys.exit(main())
