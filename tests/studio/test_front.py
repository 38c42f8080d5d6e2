"""The public port of a studio: who says what he wants is led there, and who does not costs nobody anything."""

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import pytest

from livegen.studio import front
from livegen.studio.front import Front

LINE = b"GET /ws?room=blues HTTP/1.1\r\n"
HEAD = LINE + b"Host: here\r\nSec-WebSocket-Key: AAAA\r\n\r\n"
SOON_S = 30.0


class Taker:
    """Takes connections, and keeps what was said on each."""

    def __init__(self) -> None:
        self.came: list[tuple[str, bytes]] = []

    async def take(self, connection: socket.socket, room: str) -> None:
        with connection:
            self.came.append((room, connection.recv(1 << 16)))


class Crowded(socket.socket):
    """A listening socket of a process that has too many open files."""

    asked = 0

    def accept(self) -> tuple[socket.socket, object]:
        self.asked += 1
        raise OSError(errno.EMFILE, "too many open files")


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as one:
        one.setblocking(False)
        yield one


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(work(), SOON_S)

    asyncio.run(bounded())


async def let_go(listening: socket.socket, *said: bytes) -> None:
    """Say something, and wait until the connection is closed."""
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    for part in said:
        writer.write(part)
        await asyncio.sleep(0.02)
    with suppress(ConnectionResetError):
        await reader.read()
    writer.close()


def test_who_stops_within_the_head_of_his_request_is_let_go_and_handed_to_nobody(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "PATIENCE_S", 0.1)
    taker = Taker()

    async def stop() -> None:
        port = Front([listening], taker.take, taker.take)
        port.open()
        endless = LINE + b"Cookie: " + b"a" * front.LONGEST_HEAD
        for said in (b"", LINE[:9], LINE, HEAD[:-2], b"no request\r\n\r\n", endless):
            await let_go(listening, said)
        port.close()

    run(stop)
    assert taker.came == []


def test_a_request_that_comes_in_pieces_is_handed_on_whole(listening: socket.socket) -> None:
    taker = Taker()

    async def come() -> None:
        port = Front([listening], taker.take, taker.take)
        port.open()
        await let_go(listening, HEAD[:9], HEAD[9:40], HEAD[40:])
        port.close()

    run(come)
    assert taker.came == [("blues", HEAD)]


def test_a_port_of_a_process_with_too_many_open_files_is_not_asked_again_at_once() -> None:
    async def crowd(listening: Crowded) -> None:
        port = Front([listening], Taker().take, Taker().take)
        port.open()
        _, writer = await asyncio.open_connection(*listening.getsockname())
        await asyncio.sleep(0.1)
        writer.close()
        port.close()

    with Crowded() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        run(lambda: crowd(listening))
        assert listening.asked == 1
