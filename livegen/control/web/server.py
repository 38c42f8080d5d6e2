"""The page's sockets and its server: where it listens, and how it is started.

A port that is taken is left alone: the one used last is tried then, and the next free one of ten.  Knows nothing of
what is served.
"""

import asyncio
import errno
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from livegen.control.osc.peers import ABSENT, HIGHEST_PORT, places
from livegen.control.web.guard import App
from livegen.control.web.page_messages import MAX_BYTES
from livegen.errors import PortError

PORTS_TRIED = 10
MOST_CONNECTIONS = 64
SENT_AHEAD = 1 << 16  # bytes that the system keeps for a page that does not read
PING_S, PONG_S = 10.0, 20.0
UNREAD_MS = (
    30_000  # so long a page may read nothing of what it asked for; Linux then drops the connection
)

Say = Callable[[str], object]


class Socket(WebSocketsSansIOProtocol):
    """The connection of a page; it tells the application how to drop it."""

    async def run_asgi(self) -> None:
        """Serve it."""
        self.scope["state"]["abort"] = self.transport.abort
        await super().run_asgi()


def bound_nearby(host: str, port: int, say: Say, last: int | None = None) -> list[socket.socket]:
    """Listening sockets at this port, or the last one, or the next free one of ten.  Raises PortError."""
    for other in _ports(port, last):
        try:
            sockets = _bound_at(host, other)
        except OSError as error:
            if error.errno == errno.EADDRINUSE or other == last != port:
                continue
            why = error.strerror or error
            raise PortError(f"page: port {other} of {host} cannot be opened ({why})") from None
        if other != port:
            say(f"page: port {port} is in use by another program; it is at {other} instead")
        return sockets
    raise PortError(
        f"page: the ports {port} to {port + PORTS_TRIED - 1} of {host} are in use; "
        f"choose another: --set page.port={port % HIGHEST_PORT + 1000}"
    )


def _ports(port: int, last: int | None) -> list[int]:
    """The ports to try, in order: a page that is open looks for us where we were last."""
    if not port:
        return [0] * PORTS_TRIED
    first, *others = range(port, min(port + PORTS_TRIED, HIGHEST_PORT + 1))
    return [first, *([last] if last and last != first else []), *others]


def _bound_at(host: str, port: int) -> list[socket.socket]:
    """A socket at this address, and for 127.0.0.1 another at ::1, where there is one."""
    first, *others = places(host)
    found = [_bound(first, port)]
    for other in others:
        try:
            found.append(_bound(other, found[0].getsockname()[1]))
        except OSError as error:
            if error.errno not in ABSENT:
                found[0].close()
                raise
    return found


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # there another program could take the port over
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Inherited by every connection.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT_AHEAD)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
        sock.setblocking(False)
        sock.bind((host, port))
        sock.listen(MOST_CONNECTIONS)
    except OSError:
        sock.close()
        raise
    return sock


# --- the server ---------------------------------------------------------------------------------------------------


def configuration(guarded: App, most: int = MOST_CONNECTIONS) -> uvicorn.Config:
    """The settings of the server: nothing is logged, nobody is told what it is, connections are at most so many."""
    return uvicorn.Config(
        guarded,
        interface="asgi3",
        http="h11",
        ws=Socket,
        ws_max_size=MAX_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PONG_S,
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        limit_concurrency=most,
        timeout_keep_alive=5,
    )


def accepted(
    server: uvicorn.Server, connection: socket.socket, state: Mapping[str, Any]
) -> "asyncio.Task[Any]":
    """Serve a connection that was accepted elsewhere; `state` is told to the application."""
    loop = asyncio.get_running_loop()

    def protocol() -> asyncio.Protocol:
        made: asyncio.Protocol = server.config.http_protocol_class(  # type: ignore[call-arg]
            config=server.config, server_state=server.server_state, app_state=dict(state)
        )
        return made

    connection.setblocking(False)
    return loop.create_task(_connected(loop, protocol, connection))


async def _connected(
    loop: asyncio.AbstractEventLoop,
    protocol: Callable[[], asyncio.Protocol],
    connection: socket.socket,
) -> None:
    with suppress(OSError):  # it went away before it was served
        await loop.connect_accepted_socket(protocol, connection)


async def start(server: uvicorn.Server, sockets: list[socket.socket]) -> None:
    """Serve, without the server's own loop (which wakes ten times a second) and its signal handlers."""
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets)


def leave(server: uvicorn.Server) -> None:
    """Tell everybody who is connected to come again: a page's socket is closed with code 1012."""
    for connection in list(server.server_state.connections):
        connection.shutdown()


def stop(server: uvicorn.Server) -> None:
    """Let the port go, and everybody who is connected."""
    for listening in server.servers:
        listening.close()
    for connection in list(server.server_state.connections):
        if (transport := getattr(connection, "transport", None)) is not None:
            transport.abort()
