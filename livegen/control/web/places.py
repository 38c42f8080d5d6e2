"""Addresses of this machine, as they stand in a URL."""

import ipaddress

from livegen.control.osc.peers import LOCALHOST


def is_any(host: str) -> bool:
    """True for the address that stands for all of this machine's."""
    return ipaddress.ip_address(host).is_unspecified


def near(host: str) -> str:
    """The address by which a browser of this machine reaches a page that listens there."""
    if not is_any(host):
        return named(host)
    return "[::1]" if ":" in host else LOCALHOST


def named(host: str) -> str:
    """An address as it stands in a URL."""
    return f"[{host}]" if ":" in host else host
