"""The port process on virtual time: Ctrl-Z over a JACK server that stands still, and how long the loop sleeps."""

import io
import logging
import signal
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.midi.ports import QUEUE_LIMIT, RtMidiPorts
from livegen.daemon.midi.server_watch import STALL_US, Health, ServerWatch
from livegen.daemon.port_process import POLL_US, REST_US, PortProcess, ServeOptions
from livegen.daemon.processes.supervisor import OWN_PAUSE_US, SILENCE_US, State

PERIOD_US = 2_667  # 128 frames at 48 kHz
ON, OFF = bytes((0x90, 60, 80)), bytes((0x80, 60, 64))


@dataclass
class Server:
    """A server that takes what it was given once a period, and stands still from `stalls` until `wakes`, micros."""

    now: int = 1_000 * SECOND
    stalls: int = 0
    wakes: int = 0
    given: list[tuple[int, bytes]] = field(default_factory=list)
    incoming: deque[bytes] = field(default_factory=deque)

    def cycles(self) -> int:
        stood = max(0, min(self.now, self.wakes) - self.stalls) if self.now > self.stalls else 0
        return (self.now - stood) // PERIOD_US

    def send_message(self, data: bytes) -> None:
        self.given.append((self.cycles(), bytes(data)))

    def get_message(self) -> tuple[bytes, float] | None:
        return (self.incoming.popleft(), 0.0) if self.incoming else None

    def taken(self) -> list[bytes]:
        """What has left: a cycle that had begun when it was given takes it no more."""
        return [data for cycle, data in self.given if cycle + 1 < self.cycles()]

    def wait_until(self, due: int, spin_us: int = 0) -> int:
        self.now = max(self.now, due)
        return self.now


class Waits:
    """Waits in place of select, of which one more comes to its end each time; `then` happens during the last."""

    def __init__(
        self, server: Server, then: Callable[[], object] = lambda: None, at: int = 0
    ) -> None:
        self.server, self.then, self.at = server, then, at
        self.slept: list[int] = []

    def __call__(self, readers: object, writers: object, errors: object, seconds: float) -> Any:
        self.slept.append(round(seconds * SECOND))
        self.server.now += self.slept[-1]
        if len(self.slept) == self.at:
            self.then()
        return [], [], []


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server()
    monkeypatch.setattr(clock, "now", lambda: server.now)
    monkeypatch.setattr(clock, "wait_until", server.wait_until)
    return server


@pytest.fixture
def process(server: Server, monkeypatch: pytest.MonkeyPatch) -> PortProcess:
    """A port process whose ports are on this server, with a note that sounds."""
    ports, watch = RtMidiPorts.__new__(RtMidiPorts), ServerWatch()
    ports.api, ports.in_name, ports.out_name = "jack", "Model In", "Model Out"
    ports._midi_in = ports._midi_out = server
    ports._watch, ports._state = watch, Health.WELL
    ports._in_a_row, ports._was_full = 0, False
    monkeypatch.setattr(watch, "_slices_now", lambda: server.cycles())
    process = PortProcess(ServeOptions(), io.StringIO())
    process._select = Waits(server)
    process._midi._ports = ports
    process._outbox.put(server.now, ON)
    process._send()
    server.now += SECOND
    assert ON in server.taken()
    return process


@pytest.mark.parametrize("stall_ms", [0, 20, 100, 700])
def test_ctrl_z_stops_once_a_server_that_stalls_has_taken_the_releases(
    server: Server, process: PortProcess, monkeypatch: pytest.MonkeyPatch, stall_ms: int
) -> None:
    left: list[list[bytes]] = []
    monkeypatch.setattr(process._signals, "stop", lambda number: left.append(server.taken()))
    server.stalls, server.wakes = server.now, server.now + stall_ms * 1000

    process._stop(signal.SIGTSTP)

    assert len(left) == 1 and OFF in left[0]


def test_ctrl_z_stops_also_where_the_server_has_frozen(
    server: Server, process: PortProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[int] = []
    monkeypatch.setattr(process._signals, "stop", lambda number: stopped.append(server.now))
    began = server.stalls = server.now
    server.wakes = server.now + 3600 * SECOND

    process._stop(signal.SIGTSTP)

    assert len(stopped) == 1 and stopped[0] - began < 2 * STALL_US


def test_the_input_is_polled_each_millisecond_only_where_there_are_ports(
    process: PortProcess, server: Server
) -> None:
    without = PortProcess(ServeOptions(), io.StringIO())
    for one, slept in ((process, [POLL_US] * (REST_US // POLL_US)), (without, [REST_US])):
        one._outbox.release_all(server.now)
        one._send()
        one._select = waits = Waits(server)
        one._played_at = server.now

        one._sleep(server.now)

        assert waits.slept == slept


def test_a_rest_of_the_loop_is_not_taken_for_a_pause_in_which_the_engine_was_not_read() -> None:
    assert REST_US < OWN_PAUSE_US


def test_a_key_ends_the_sleep_at_the_next_poll_and_is_heard_in_order(
    process: PortProcess, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[bytes] = []
    monkeypatch.setattr(process, "_pass_on", lambda data, now: passed.append(data))
    key, other = bytes((0x90, 64, 80)), bytes((0x90, 65, 80))
    process._select = waits = Waits(server, lambda: server.incoming.append(key), at=3)
    process._sleep(server.now)
    server.incoming.append(other)
    process._turn()
    assert (waits.slept[:3], passed) == ([POLL_US] * 3, [key, other])


def test_a_signal_ends_the_sleep_at_the_next_poll(process: PortProcess, server: Server) -> None:
    process._select = waits = Waits(
        server, lambda: process._signals._note(signal.SIGUSR1, None), at=3
    )
    process._sleep(server.now)
    assert waits.slept == [POLL_US] * 3


def test_while_something_sounds_the_loop_wakes_when_a_silence_of_the_engine_would_be_one(
    process: PortProcess, server: Server
) -> None:
    process._supervisor.state = State.READY
    process._supervisor._last_beat = server.now - SILENCE_US + 7_500
    process._select = waits = Waits(server)
    process._played_at = server.now

    process._sleep(server.now)

    assert sum(waits.slept) == 7_501


@pytest.mark.parametrize(("lay", "is_let_go"), [(QUEUE_LIMIT - 2, False), (QUEUE_LIMIT - 1, True)])
def test_where_the_input_was_full_keys_whose_ends_may_be_lost_are_let_go_and_that_is_said(
    process: PortProcess,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    lay: int,
    is_let_go: bool,
) -> None:
    passed: list[bytes] = []
    monkeypatch.setattr(process, "_pass_on", lambda data, now: passed.append(data))
    server.incoming.extend([ON] + [b"\xf8"] * (lay - 1))

    with caplog.at_level(logging.WARNING):
        for _ in range(6):
            process._turn()
            process._look_at_midi(server.now)

    assert passed[0] == ON
    assert (OFF in passed) is is_let_go
    assert ("more came at once than" in caplog.text) is is_let_go
    assert len(caplog.records) == is_let_go
