"""True if anybody speaks Ableton Link on the networks of this machine, without saying a word.

Peers of Link announce themselves about four times a second to one multicast group.  Knows nothing of sessions.
Source: Ableton Link, `discovery/IpInterface.hpp` (group and port) and `discovery/v1/Messages.hpp` (the header).
"""

import socket
import struct
import sys
from contextlib import suppress

GROUP, PORT = "224.76.78.75", 20808
ALIVE = (b"_asdp_v\x01\x01", b"_asdp_v\x01\x02")  # "I am here", to all and in answer to one
MAX_BYTES = 2048
MOST = 64  # datagrams looked at in one go


class LinkListener:
    """A socket in Link's multicast group, on every network there is.  Threads: loop only."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Join the group; again to take in networks that came meanwhile.  Raises OSError."""
        if self._socket is None:
            self._socket = _bound()
        for index, _ in socket.if_nameindex():
            with suppress(OSError):  # joined already, or a network that knows no multicast
                self._socket.setsockopt(
                    socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, _membership(index)
                )

    def heard(self) -> bool:
        """True if a peer has spoken since the last call."""
        return any([data.startswith(ALIVE) for data in self._datagrams()])

    def close(self) -> None:
        """Leave the group."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _datagrams(self) -> list[bytes]:
        came: list[bytes] = []
        with suppress(OSError):  # nothing more, or a network that went away
            while self._socket is not None and len(came) < MOST:
                came.append(self._socket.recv(MAX_BYTES))
        return came


def _bound() -> socket.socket:
    """A socket at Link's port, which every program that speaks Link on this machine shares."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "darwin":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(("", PORT))
    except OSError:
        sock.close()
        raise
    return sock


def _membership(index: int) -> bytes:
    """Give the argument of IP_ADD_MEMBERSHIP that names an interface by its number."""
    group = socket.inet_aton(GROUP)
    if sys.platform == "win32":
        return group + struct.pack("!I", index)  # an address of the form 0.0.0.index
    return group + struct.pack("4si", bytes(4), index)
