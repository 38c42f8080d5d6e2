"""Where OSC is bound, and what is said when it cannot be."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from livegen.control.osc import peers
from livegen.control.osc.udp import OscSurface, bound
from livegen.errors import LivegenError


def opened(settings: Mapping[str, Any], then: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Open a surface, look around, close it; what it told."""

    async def run() -> dict[str, Any]:
        surface = OscSurface(settings, {}, print, print)
        try:
            told = await surface.open()
            then()
            return told
        finally:
            surface.close()
            await asyncio.sleep(0)  # the socket is closed by the loop

    return asyncio.run(run())


def refusal(settings: Mapping[str, Any]) -> str:
    with pytest.raises(LivegenError) as raised:
        opened(settings)
    return str(raised.value)


@pytest.mark.parametrize(
    ("host", "actual"), [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("::1", "::1")]
)
def test_the_address_that_was_asked_for_is_the_one_that_is_bound(host: str, actual: str) -> None:
    told = opened({"host": host, "port": 0})

    assert told["host"] == actual and told["port"] > 0


def test_loopback_is_bound_when_nothing_is_said() -> None:
    assert opened({"port": 0})["host"] == "127.0.0.1"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5"])
def test_the_network_is_not_listened_to_unless_it_is_said_who_may_speak(host: str) -> None:
    assert refusal({"host": host, "port": 0, "allow": []}) == (
        f"osc.host: {host} can be reached from the network; name who may speak in osc.allow, "
        "or use 127.0.0.1"
    )


def test_the_network_is_listened_to_when_it_is_said_who_may_speak() -> None:
    told = opened({"host": "0.0.0.0", "port": 0, "allow": ["192.168.1.20"]})

    assert told["host"] == "0.0.0.0"


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        line = refusal({"port": port})

    assert line == (
        f"osc: port {port} of 127.0.0.1 is in use by another program; end that, or choose another: "
        f"--set osc.port={port + 1}"
    )


def test_nobody_can_take_the_port_beside_us() -> None:
    sockets = bound("127.0.0.1", 0)
    with (
        sockets[0] as ours,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError):
            other.bind(ours.getsockname())
    for sock in sockets:
        sock.close()


def has_ipv6() -> bool:
    """Whether this machine knows itself as ::1."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"] if has_ipv6() else ["127.0.0.1"])
def test_whoever_says_localhost_is_heard_and_answered_whichever_address_that_is(
    address: str,
) -> None:
    asked: list[Any] = []

    async def run() -> tuple[bytes, Any]:
        surface = OscSurface({"host": "localhost", "port": 0}, {"panic": "x"}, asked.append, print)
        told = await surface.open()
        loop = asyncio.get_running_loop()
        with socket.socket(
            socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM
        ) as sender:
            sender.setblocking(False)
            sender.bind((address, 0))
            await loop.sock_sendto(
                sender, b"/livegen/do/panic\0\0\0,\0\0\0", (address, told["port"])
            )
            await loop.sock_sendto(
                sender, b"/livegen/nothing\0\0\0\0,\0\0\0", (address, told["port"])
            )
            answer = await asyncio.wait_for(loop.sock_recvfrom(sender, 4096), 30)
        surface.close()
        await asyncio.sleep(0)
        return answer

    answer, sender = asyncio.run(run())

    assert [request.name for request in asked] == ["panic"]
    assert b"unknown address" in answer and sender[0] == address


def test_on_a_machine_without_ipv6_the_other_address_is_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peers, "LOCALHOSTS", ("127.0.0.1", "2001:db8::1"))  # no address of ours

    [only] = bound("127.0.0.1", 0)

    assert only.getsockname()[0] == "127.0.0.1"
    only.close()


def test_a_port_that_another_program_has_at_the_other_address_is_in_use() -> None:
    if not has_ipv6():
        return  # then nobody can have it
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as taken:
        taken.bind(("::1", 0))
        assert "of ::1 is in use by another program" in refusal({"port": taken.getsockname()[1]})


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"host": "tablet.local", "port": 0}, "osc.host: expected an address such as 127.0.0.1"),
        ({"port": 70_000}, "osc.port: expected a whole number up to 65535, got 70000"),
        ({"port": True}, "osc.port: expected a whole number up to 65535, got True"),
        ({"port": None}, "osc.port: expected a whole number up to 65535, got None"),
        ({"port": 0, "allow": ["tablet"]}, "osc.allow: expected addresses such as 192.168.1.20"),
        (
            {"host": "203.0.113.9", "port": 0, "allow": ["203.0.113.10"]},
            "osc: 203.0.113.9 is no address of this machine",
        ),
    ],
)
def test_settings_that_cannot_be_met_are_named(settings: dict[str, Any], line: str) -> None:
    assert refusal(settings).startswith(line)
