"""Whether somebody speaks Link is heard without a word of ours.  On loopback, at a port of the test's own."""

import socket
import time
from collections.abc import Iterator

import pytest

from livegen.control.ableton_link import link_listener
from livegen.control.ableton_link.link_listener import ALIVE, GROUP, MOST, LinkListener

PATIENCE_S = 20.0


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("", 0))
        number: int = free.getsockname()[1]
    monkeypatch.setattr(link_listener, "PORT", number)
    return number


@pytest.fixture
def listener(port: int) -> Iterator[LinkListener]:
    one = LinkListener()
    one.open()
    yield one
    one.close()


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        yield one


def is_heard(listener: LinkListener) -> bool:
    by = time.monotonic() + PATIENCE_S
    while time.monotonic() < by:
        if listener.heard():
            return True
        time.sleep(0.002)
    return False


@pytest.mark.parametrize("said", ALIVE)
def test_a_peer_that_says_that_it_is_here_is_heard_once(
    listener: LinkListener, peer: socket.socket, port: int, said: bytes
) -> None:
    peer.sendto(said + bytes(40), (GROUP, port))

    assert is_heard(listener)
    assert not listener.heard()


def test_a_farewell_garbage_and_a_flood_are_nobody(
    listener: LinkListener, peer: socket.socket, port: int
) -> None:
    for said in (b"_asdp_v\x01\x03", b"_asdp_v\x02\x01", b"", b"\xff" * 1400, *[b"x"] * MOST):
        peer.sendto(said, ("127.0.0.1", port))

    assert [listener.heard() for _ in range(4)] == [False] * 4


def test_two_programs_of_one_machine_listen_side_by_side(
    listener: LinkListener, peer: socket.socket, port: int
) -> None:
    other = LinkListener()
    other.open()
    peer.sendto(ALIVE[0], (GROUP, port))

    assert is_heard(listener) and is_heard(other)
    other.close()


def test_opening_again_takes_in_new_networks_and_loses_nothing(
    listener: LinkListener, peer: socket.socket, port: int
) -> None:
    peer.sendto(ALIVE[0], (GROUP, port))
    listener.open()

    assert is_heard(listener)


def test_one_that_is_closed_hears_nothing_and_can_be_opened_anew(
    listener: LinkListener, peer: socket.socket, port: int
) -> None:
    listener.close()
    listener.close()
    assert not listener.heard()

    listener.open()
    peer.sendto(ALIVE[0], (GROUP, port))
    assert is_heard(listener)
