"""A UDP socket for OSC: where it is bound, who may speak, and the timer that sends.

Knows nothing of what the datagrams mean.  Source for what may be bound: loopback unless the person names the
peers, because UDP knows no password and an address can be forged.
"""

import asyncio
import errno
import ipaddress
import socket
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from livegen.control.desk import Request
from livegen.control.osc import Osc
from livegen.control.peers import HIGHEST_PORT, LOCALHOST, Peer, plain
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.errors import ConfigError, PortError

MAX_BUFFERED = 1 << 16  # bytes that the system did not take yet
DEFAULT_PORT = 9700


def bound(host: str, port: int) -> socket.socket:
    """Bind a UDP socket at exactly this address.  Raises PortError with what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if sys.platform == "win32":  # there another program could take the port over
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        sock.setblocking(False)
        sock.bind((host, port))
        if ipaddress.ip_address(sock.getsockname()[0]) != ipaddress.ip_address(host):
            raise PortError(f"osc: asked for {host}, was given {sock.getsockname()[0]}: not used")
    except OSError as error:
        sock.close()
        raise PortError(_what_to_do(error, host, port)) from None
    except PortError:
        sock.close()
        raise
    return sock


def _what_to_do(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"osc: port {port} of {host} is in use by another program; end that, or choose another: "
                f"--set osc.port={port % HIGHEST_PORT + 1}"
            )
        case errno.EACCES:
            return f"osc: port {port} of {host} is not for everybody; choose one above 1023 with osc.port"
        case errno.EADDRNOTAVAIL:
            return (
                f"osc: {host} is no address of this machine; set osc.host to one, or to {LOCALHOST}"
            )
        case _:
            return f"osc: port {port} of {host} cannot be had ({error.strerror or error})"


def _place(settings: Mapping[str, Any]) -> tuple[str, int, frozenset[str]]:
    """Host, port and who may speak, checked.  Raises ConfigError."""
    given = str(settings.get("host", LOCALHOST))
    host = LOCALHOST if given == "localhost" else given
    try:
        is_local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise ConfigError(
            f"osc.host: expected an address such as {LOCALHOST}, got {given!r:.60}"
        ) from None
    try:
        allow = frozenset(plain(str(peer)) for peer in settings.get("allow", ()))
    except ValueError:
        raise ConfigError("osc.allow: expected addresses such as 192.168.1.20") from None
    port = settings.get("port", DEFAULT_PORT)
    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= HIGHEST_PORT:
        raise ConfigError(f"osc.port: expected a whole number up to 65535, got {port!r:.60}")
    if not is_local and not allow:
        raise ConfigError(
            f"osc.host: {host} can be reached from the network; name who may speak in osc.allow, "
            f"or use {LOCALHOST}"
        )
    return host, port, allow


# --- the socket -----------------------------------------------------------------------------------------------


class OscSurface(asyncio.DatagramProtocol):
    """OSC on a UDP socket.  `ask` takes what is wanted of the engine, `say` one line for the person.

    `settings`: {"host", "port" (0: any), "allow": [addresses]}.  Threads: the event loop's only.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        commands: Mapping[str, str],
        ask: Callable[[Request], object],
        say: Callable[[str], object],
    ) -> None:
        self._settings, self._commands = settings, commands
        self._ask, self._say = ask, say
        self._osc = Osc(commands)
        self._transport: asyncio.DatagramTransport | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> dict[str, Any]:
        """Bind, and tell where.  Raises ConfigError or PortError."""
        host, port, allow = _place(self._settings)
        sock = bound(host, port)
        own = sock.getsockname()
        self._osc = Osc(self._commands, allow, own)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=sock)
        return {"host": own[0], "port": own[1]}

    def show(self, state: Mapping[str, Any]) -> None:
        """Tell who has subscribed."""
        self._osc.show(state)
        self._pump()

    def close(self) -> None:
        """Let the port go."""
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def datagram_received(self, data: bytes, addr: Peer) -> None:
        """Take what came in."""
        now = clock.now()
        for asked in self._osc.receive(data, addr, now, time.time_ns() // 1000):
            self._ask(asked)
        if (line := self._osc.report(now)) is not None:
            self._say(line)
        self._pump()

    def error_received(self, exc: Exception) -> None:
        """Go on: a surface that was switched off answers with an error, and may come back."""

    def _pump(self) -> None:
        """Send what is due, and come back when more is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is None:
            return
        for peer, data in self._osc.replies(clock.now()):
            if self._buffered() < MAX_BUFFERED:
                self._transport.sendto(data, peer)
        if (at := self._osc.deadline()) is not None:
            wait_s = max(0, at - clock.now()) / SECOND
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._pump)

    def _buffered(self) -> int:
        size: int = getattr(self._transport, "get_write_buffer_size", lambda: 0)()
        return size
