"""The public port of a studio with several workers: who comes for a room is handed to the worker that has it.

The head of a request is looked at and left in the socket; the worker, or the server of this process, reads it again.
So one port serves all, whatever proxy stands in front, and nothing that is played passes through this process.  Who
stops within the head is let go here: a server would wait for the rest for ever.
"""

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import parse_qs, urlsplit

LONGEST_LINE = 4096  # bytes of a request's first line; a longer one is nobody's of ours
PATIENCE_S = 5.0
LONGEST_HEAD = 1 << 15  # bytes; cookies of others on the same machine come along
LOOK_AGAIN_S = (0.01, 0.16)  # twice as long each time
FULL = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
FULL_S = 1.0
MOST_WAITING = 256  # connections that have not said yet what they want
ROOMS = "/ws"  # the socket of the rooms

Take = Callable[[socket.socket, str], Awaitable[object]]


class Front:
    """Accepts at listening sockets.  Threads: the event loop's only.

    `to_room` takes a connection, and the name of the room that its address says, "" where it says none; `to_page` all
    others.  Whoever takes a connection closes it.
    """

    def __init__(self, sockets: Iterable[socket.socket], to_room: Take, to_page: Take) -> None:
        self._sockets, self._to_room, self._to_page = tuple(sockets), to_room, to_page
        self._waiting: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Accept from now on."""
        for listening in self._sockets:
            self._listen(listening)

    def close(self) -> None:
        """Let the port go, and those who have not said what they want."""
        for listening in self._sockets:
            asyncio.get_running_loop().remove_reader(listening.fileno())
            listening.close()
        for task in self._waiting:
            task.cancel()

    def _listen(self, listening: socket.socket) -> None:
        if listening.fileno() >= 0:
            asyncio.get_running_loop().add_reader(listening.fileno(), self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        try:
            connection, _ = listening.accept()
        except OSError as error:  # it went away, or there are too many open files
            if (
                error.errno in FULL
            ):  # who comes stays in the line, which would wake us again and again
                loop = asyncio.get_running_loop()
                loop.remove_reader(listening.fileno())
                loop.call_later(FULL_S, self._listen, listening)
            return
        if len(self._waiting) >= MOST_WAITING:
            return connection.close()
        connection.setblocking(False)
        task = asyncio.create_task(self._lead(connection))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _lead(self, connection: socket.socket) -> None:
        """Lead one to where he wants to go."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                target = await _target(connection)
        except (TimeoutError, OSError, asyncio.CancelledError):
            return connection.close()
        if target is None:
            return connection.close()
        path, room = target
        await (self._to_room if path == ROOMS else self._to_page)(connection, room)


async def _target(connection: socket.socket) -> tuple[str, str] | None:
    """The path and the room in the address of a request whose head is there; None for what is no request.

    Raises OSError.
    """
    pause_s, longest_s = LOOK_AGAIN_S
    while True:
        try:
            seen = connection.recv(LONGEST_HEAD, socket.MSG_PEEK)
        except BlockingIOError:
            await _readable(connection)
            continue
        line, end, _ = seen.partition(b"\r\n")
        target = read_line(line) if end else None
        if not seen or len(line) >= LONGEST_LINE or (end and target is None):
            return None
        if target is not None and b"\r\n\r\n" in seen:
            return target
        if len(seen) == LONGEST_HEAD:
            return None
        await asyncio.sleep(pause_s)  # a part of it stays readable all the time
        pause_s = min(2 * pause_s, longest_s)


def read_line(line: bytes) -> tuple[str, str] | None:
    """The path of a request's first line, and the room that its query names, "" for none; None for no request."""
    match line.decode("latin-1").split(" "):
        case [_, target, version] if version.startswith("HTTP/1."):
            try:
                parts = urlsplit(target)
                rooms = parse_qs(parts.query, max_num_fields=8).get("room", [""])
            except ValueError:
                return None
            return parts.path, rooms[0]
        case _:
            return None


async def _readable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    is_readable = asyncio.Event()
    loop.add_reader(connection.fileno(), is_readable.set)
    try:
        await is_readable.wait()
    finally:
        loop.remove_reader(connection.fileno())
