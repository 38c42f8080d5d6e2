"""A connection to another program's port: it is the port of that name, and what opens it is heard."""

import socket
import threading
from collections.abc import Sequence

import pytest
import rtmidi

from livegen.daemon.midi import device_process, ports
from livegen.daemon.processes.frames import DueFrame, ReadyFrame
from livegen.daemon.processes.link import Link

SYNTH, OTHER = "synth:in", "other:in"


class MovingPort:
    """A port of rtmidi whose list of other ports is another one at each look; the last one stays."""

    def __init__(self, *lists: Sequence[str]) -> None:
        self._lists = list(lists)
        self.connected = ""

    def get_ports(self) -> list[str]:
        return list(self._lists.pop(0) if len(self._lists) > 1 else self._lists[0])

    def open_port(self, index: int, name: str) -> None:
        there = self._lists[0]
        if index >= len(there):
            raise rtmidi.InvalidPortError("no such port")
        self.connected = there[index]

    def close_port(self) -> None:
        self.connected = ""


@pytest.mark.parametrize(
    "lists",
    [
        [[SYNTH]],
        [[SYNTH], [OTHER, SYNTH]],
        [[OTHER, SYNTH], [SYNTH]],
        [[OTHER, SYNTH], [SYNTH, OTHER], [OTHER, SYNTH]],
    ],
)
def test_where_the_list_moves_the_port_of_the_name_is_connected_and_no_other(
    lists: list[list[str]],
) -> None:
    port = MovingPort(*lists)
    assert ports.opened(port, SYNTH, "client") and port.connected == SYNTH


def test_a_port_that_has_gone_is_not_connected() -> None:
    port = MovingPort([SYNTH, OTHER], [OTHER])
    assert not ports.opened(port, SYNTH, "client") and port.connected == ""


class LateDevice:
    """A surface whose connection counts only from the second message on, as JACK's may."""

    def __init__(self) -> None:
        self.name, self.sent, self.heard = "pads", 0, list[bytes]()
        self._looks = iter((True,))

    def look(self) -> bool:
        return next(self._looks, False)

    def receive(self) -> list[bytes]:
        return []

    def send(self, data: bytes) -> None:
        self.sent += 1
        if self.sent > 1:
            self.heard.append(data)

    def close(self) -> None: ...


def test_a_surface_that_connects_late_still_gets_its_mode_and_is_shown_all_lights_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = LateDevice()
    monkeypatch.setattr(device_process, "_opened", lambda api, names: device)
    monkeypatch.setattr(device_process, "GREETINGS_US", (0, 0, 0))
    ours, theirs = (Link(end) for end in socket.socketpair())
    settings = {"ports": ["pads"], "begin": "b00001"}
    process = threading.Thread(target=device_process.serve, args=(theirs, settings))
    process.start()
    ready: list[bool] = []
    while len(ready) < 3:
        for frame in ours.wait(1_000):
            assert isinstance(frame, ReadyFrame)
            ready.append(bool(frame.values["is_first"]))
            ours.send(DueFrame(0, b"\x90\x01\x02"))
    ours.drain(1_000_000)
    ours.close()
    process.join(10)
    theirs.close()

    assert ready == [True, False, False]
    begin, light = bytes.fromhex("b00001"), b"\x90\x01\x02"
    assert begin in device.heard
    assert light in device.heard[len(device.heard) - device.heard[::-1].index(begin) :]
