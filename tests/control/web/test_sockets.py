"""The sockets of the page's server."""

import select
import socket
from contextlib import suppress

import pytest

from livegen.control.web import server

PATIENCE_S = 10.0


@pytest.mark.skipif(
    not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system has no such timeout"
)
def test_who_reads_nothing_of_what_he_asked_for_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "UNREAD_MS", 100)
    (listening, *others) = server.bound_nearby("127.0.0.1", 0, print)
    for other in others:
        other.close()
    with listening, socket.socket() as reader:
        reader.connect(listening.getsockname())
        select.select([listening], [], [], PATIENCE_S)
        connection, _ = listening.accept()
        with connection:
            connection.setblocking(False)
            with suppress(BlockingIOError):
                while True:
                    connection.send(bytes(1 << 16))
            select.select([connection], [], [], PATIENCE_S)
            with pytest.raises(TimeoutError):
                connection.recv(1)
