"""Addresses of peers: how they are compared, which may speak, and where they are answered."""

import errno
import ipaddress
import socket
from contextlib import suppress
from functools import lru_cache
from typing import Any

from livegen.control.osc.packets import Argument
from livegen.errors import ConfigError

# An address as the socket gives and takes it: address, port, and two more where it is IPv6.
Peer = tuple[Any, ...]

LOWEST_PORT = 1024  # below live services that must not be sent to because somebody asked for it
HIGHEST_PORT = 0xFFFF
LOCALHOST = "127.0.0.1"
LOCALHOSTS = (LOCALHOST, "::1")
ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)  # of a machine without IPv6


@lru_cache(maxsize=64)
def plain(host: str) -> str:
    """An address as it is compared: without a scope, IPv4 as IPv4, this machine as 127.0.0.1.  Raises ValueError."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return LOCALHOST if address.is_loopback else str(address)


def places(host: str) -> tuple[str, ...]:
    """The addresses to listen at for this host: whoever says `localhost` may mean either address of this machine."""
    return LOCALHOSTS if host in ("localhost", LOCALHOST) else (host,)


def own_addresses() -> list[str]:
    """The addresses by which other machines reach this one, the one of its way out first; empty without a network."""
    found = list[str]()
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect(("192.0.2.1", 9))  # of a test network (RFC 5737): nothing is sent
        found.append(asking.getsockname()[0])
    with suppress(OSError):
        found += [str(row[4][0]) for row in socket.getaddrinfo(socket.gethostname(), None)]
    return [
        one
        for one in dict.fromkeys(found)
        if not ipaddress.ip_address(one.partition("%")[0]).is_loopback
    ]


def host_of(setting: str, given: str) -> tuple[str, bool]:
    """The host that a setting says to listen on, and whether only this machine reaches it.  Raises ConfigError."""
    host = LOCALHOST if given == "localhost" else given
    try:
        return host, ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise ConfigError(
            f"{setting}: expected an address such as {LOCALHOST}, got {given!r:.60}"
        ) from None


def is_allowed(host: str, allow: frozenset[str]) -> bool:
    """True if this address may speak: this machine always, others when they are named."""
    who = plain(host)
    return who == LOCALHOST or who in allow


def port_of(argument: Argument) -> int | None:
    """A port to answer at, also where it came as a float; None for anything else."""
    if isinstance(argument, bool | str) or argument is None:
        return None
    is_port = LOWEST_PORT <= argument <= HIGHEST_PORT and argument == argument // 1
    return int(argument) if is_port else None
