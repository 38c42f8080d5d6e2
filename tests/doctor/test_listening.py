"""Two seconds of listening, on virtual time."""

from collections.abc import Callable

import pytest

from livegen.daemon.midi.ports import EmbeddedPorts
from livegen.daemon.midi.server_watch import Health
from livegen.doctor import port_traffic
from livegen.doctor.patchbay import Connection
from livegen.doctor.port_traffic import ECHO_US, LISTEN_US, Overheard, Unheard, heard
from livegen.doctor.system import MidiSystem
from livegen.errors import PortError

CLOCK = b"\xf8"
EVERY_US = 20_833  # 120 bpm


class Room(EmbeddedPorts):
    """Ports on virtual time; `source` says what comes when, `delay_us` after how long what is sent comes back."""

    def __init__(
        self, source: Callable[[int, int], list[bytes]] | None = None, delay_us: int | None = None
    ) -> None:
        super().__init__()
        self.at = 1_000_000
        self._source, self._delay_us = source, delay_us
        self._received_at = self.at
        self.sent: list[tuple[int, bytes]] = []

    def now(self) -> int:
        return self.at

    def wait_until(self, due: int) -> None:
        self.at = max(self.at, due)

    def send(self, data: bytes) -> bool:
        self.sent.append((self.at, data))
        return True

    def receive(self) -> list[bytes]:
        since, self._received_at = self._received_at, self.at
        found = self._source(since, self.at) if self._source else []
        if self._delay_us is not None:
            found += [data for at, data in self.sent if since < at + self._delay_us <= self.at]
        return found

    def listen(self) -> Overheard:
        return heard(self, self.now, self.wait_until)


def clocks(since: int, until: int) -> list[bytes]:
    return [CLOCK] * (until // EVERY_US - since // EVERY_US)


def test_silence_is_listened_to_for_two_seconds() -> None:
    found = Room().listen()

    assert found.messages == () and found.back_us is None
    assert LISTEN_US <= found.listened_us < LISTEN_US + 10_000


def test_a_clock_is_heard_for_as_long() -> None:
    found = Room(clocks).listen()

    assert {data for _, data in found.messages} == {CLOCK}
    assert 94 <= len(found.messages) <= 97


def test_what_came_before_is_left_out_for_nobody_knows_when_it_came() -> None:
    room = Room(clocks)
    room.at += 10 * EVERY_US  # while others were connected

    found = room.listen()

    began = 1_000_000 + 10 * EVERY_US
    assert found.messages[0][0] >= (began // EVERY_US + 1) * EVERY_US
    assert 94 <= len(found.messages) <= 97


def test_what_comes_back_is_recognised_and_is_not_what_was_heard() -> None:
    found = Room(delay_us=7_000).listen()

    assert found.back_us is not None and 7_000 <= found.back_us < 8_000
    assert found.messages == ()


def test_a_loop_that_drops_system_exclusive_is_found() -> None:
    class Track(Room):
        def receive(self) -> list[bytes]:
            return [data for data in super().receive() if data[0] != 0xF0]

    assert Track(delay_us=30_000).listen().back_us is not None


def test_a_loop_of_half_a_second_is_found() -> None:
    assert Room(delay_us=ECHO_US).listen().back_us is not None


def test_the_word_that_is_sent_sounds_nowhere() -> None:
    room = Room()
    room.listen()

    assert [data for _, data in room.sent if data[0] not in (0xF0, 0xBF)] == []
    assert [data[1] for _, data in room.sent if data[0] == 0xBF] == [119] * 3
    assert room.sent[-2][1][2] == 0  # the controller is left as it was


def test_a_flood_ends_the_listening_and_is_not_kept_whole() -> None:
    room = Room(lambda since, until: [b"\x90\x3c\x40"] * (until - since))

    assert room.listen().listened_us < LISTEN_US


@pytest.mark.parametrize("state", [Health.STALLED, Health.LOST])
def test_a_server_that_stops_meanwhile_ends_the_listening(state: Health) -> None:
    class Stopping(Room):
        def health(self, now: int) -> Health:
            return state if now > 1_500_000 else Health.WELL

    room = Stopping()

    with pytest.raises(PortError, match="stopped meanwhile"):
        room.listen()
    assert room.at < 2_000_000


# --- beside a livegen that runs -------------------------------------------------------------------------------

IN, OUT = "livegen-in:Model In", "livegen-out:Model Out"


@pytest.mark.parametrize(
    ("wires", "why"),
    [
        (None, "belongs to the livegen that runs"),
        ((), "nothing is connected"),
        ((Connection(OUT, IN),), "nothing is connected"),
    ],
)
def test_where_nothing_can_be_heard_no_port_is_opened(
    wires: tuple[Connection, ...] | None, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port_traffic, "open_ports", None)

    found = port_traffic.listen(
        MidiSystem("jack", (OUT,), (IN,), wires), [(IN, OUT)], "Model In", "Model Out"
    )

    assert isinstance(found, Unheard) and why in found.why


def test_ports_that_cannot_be_opened_are_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: str) -> None:
        raise PortError("jack: no ports; start a server")

    monkeypatch.setattr(port_traffic, "open_ports", refuse)

    assert port_traffic.listen(MidiSystem("jack", (), ()), [], "Model In", "Model Out") == Unheard(
        "jack: no ports"
    )
