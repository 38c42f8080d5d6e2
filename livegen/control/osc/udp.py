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

from livegen.control.osc.datagrams import Osc
from livegen.control.osc.peers import ABSENT, HIGHEST_PORT, LOCALHOST, Peer, host_of, places, plain
from livegen.control.surfaces import Meant, Request, as_given
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.processes.frames import Frame, NewsFrame
from livegen.errors import ConfigError, PortError

MAX_BUFFERED = 1 << 16  # bytes that the system did not take yet
DEFAULT_PORT = 9700


def bound(host: str, port: int) -> list[socket.socket]:
    """Bind UDP sockets at exactly this address, and for 127.0.0.1 at ::1 too, where there is one.

    Raises PortError with what to do.
    """
    first, *others = places(host)
    found = [_bound(first, port)]
    for other in others:
        try:
            found.append(_bound(other, found[0].getsockname()[1]))
        except PortError as error:
            if getattr(error.__cause__, "errno", None) not in ABSENT:
                found[0].close()
                raise
    return found


def _bound(host: str, port: int) -> socket.socket:
    try:
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            if sys.platform == "win32":  # there another program could take the port over
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            sock.setblocking(False)
            sock.bind((host, port))
            given = sock.getsockname()[0]
            if ipaddress.ip_address(given) != ipaddress.ip_address(host):
                raise PortError(f"osc: the system opened {given} instead of {host}; OSC stays off")
        except (OSError, PortError):
            sock.close()
            raise
    except OSError as error:
        raise PortError(_what_to_do(error, host, port)) from error
    return sock


def _what_to_do(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"osc: port {port} of {host} is in use by another program; end that, or choose another: "
                f"--set osc.port={port % HIGHEST_PORT + 1}"
            )
        case errno.EACCES:
            return f"osc: port {port} of {host} needs an administrator's rights; choose one above 1023 with osc.port"
        case errno.EADDRNOTAVAIL:
            return (
                f"osc: {host} is no address of this machine; set osc.host to one, or to {LOCALHOST}"
            )
        case _:
            return f"osc: port {port} of {host} cannot be opened ({error.strerror or error})"


def _place(settings: Mapping[str, Any]) -> tuple[str, int, frozenset[str]]:
    """Host, port and who may speak, checked.  Raises ConfigError."""
    host, is_local = host_of("osc.host", str(settings.get("host", LOCALHOST)))
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

    `settings`: {"host", "port" (0: any), "allow": [addresses]}; `meant`: see `Osc`.  Threads: the event loop's only.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        commands: Mapping[str, str],
        ask: Callable[[Request], object],
        say: Callable[[str], object],
        meant: Meant = as_given,
    ) -> None:
        self._settings, self._commands, self._meant = settings, commands, meant
        self._ask, self._say = ask, say
        self._osc = Osc(commands)
        self._transports: dict[int, asyncio.DatagramTransport] = {}  # by the length of an address
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> dict[str, Any]:
        """Bind, and tell where.  Raises ConfigError or PortError."""
        host, port, allow = _place(self._settings)
        sockets = bound(host, port)
        own = sockets[0].getsockname()
        self._osc = Osc(self._commands, allow, own, self._meant)
        loop = asyncio.get_running_loop()
        for sock in sockets:
            transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=sock)
            self._transports[len(sock.getsockname())] = transport
        return {"host": own[0], "port": own[1]}

    def show(self, state: Mapping[str, Any]) -> None:
        """Tell who has subscribed."""
        self._osc.show(state)
        self._pump()

    def hear(self, frame: Frame) -> None:
        """Tell who has subscribed a line for people; all other frames are not for them."""
        if isinstance(frame, NewsFrame):
            self._osc.tell(str(frame.values.get("line", "")))
            self._pump()

    def close(self) -> None:
        """Let the port go."""
        if self._timer is not None:
            self._timer.cancel()
        for transport in self._transports.values():
            transport.close()
        self._transports = {}

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
        if not self._transports:
            return
        for peer, data in self._osc.replies(clock.now()):
            transport = self._transports.get(len(peer))
            if transport is not None and _buffered(transport) < MAX_BUFFERED:
                transport.sendto(data, peer)
        if (at := self._osc.deadline()) is not None:
            wait_s = max(0, at - clock.now()) / SECOND
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._pump)


def _buffered(transport: asyncio.DatagramTransport) -> int:
    size: int = getattr(transport, "get_write_buffer_size", lambda: 0)()
    return size
