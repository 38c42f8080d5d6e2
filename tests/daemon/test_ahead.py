"""What takes long to read is read beside the music; nothing overtakes it, and nothing waits for nothing."""

import threading
from typing import Any

from livegen.daemon.engine.ahead import ReadAhead
from livegen.daemon.engine.engine_loop import EngineLoop
from livegen.daemon.engine.engine_process import serve
from livegen.daemon.processes.frames import CommandFrame, Frame, HeardFrame
from livegen.jam.controls.mapping import Command
from livegen.music.messages import NoteOn
from tests.daemon.test_engine_process import Idle

CHART, DENSITY = (
    CommandFrame.named(0, "chart", "| C | F |"),
    CommandFrame.named(1, "density", 0.5),
)


class Reader:
    """Reads when it is let to."""

    def __init__(self) -> None:
        self.may_read, self.was_read = threading.Event(), list[object]()

    def read(self, name: str, value: object) -> None:
        self.may_read.wait(60)
        self.was_read.append(value)

    def ahead(self) -> ReadAhead:
        return ReadAhead(lambda name, value: name == "chart", self.read)


def settled(ahead: ReadAhead, commands: int) -> list[str]:
    """The names of the commands, once so many were given."""
    given: list[str] = []
    while len(given) < commands:
        given += [command.name for command in ahead.take()]
    return given


def test_a_command_that_is_read_at_once_does_not_wait() -> None:
    assert not Reader().ahead().put(DENSITY)


def test_commands_are_given_in_the_order_in_which_they_came_once_they_were_read() -> None:
    reader = Reader()
    ahead = reader.ahead()
    assert [ahead.put(command) for command in (CHART, DENSITY, CHART, DENSITY)] == [True] * 4
    assert list(ahead.take()) == []

    reader.may_read.set()

    assert settled(ahead, 4) == ["chart", "density", "chart", "density"]
    assert reader.was_read == ["| C | F |", "| C | F |"]
    assert not ahead.put(DENSITY)


class Recording(Idle):
    """Keeps what it is fed."""

    def __init__(self) -> None:
        self.fed: list[Any] = []

    def feed(self, event: Any, now: int) -> list[Any]:
        self.fed.append(event)
        return []


class Playing:
    """A link that brings frames, one at a wait; then a chart may be read, and when all was fed it closes."""

    def __init__(self, engine: Recording, reader: Reader, frames: list[Frame]) -> None:
        self._engine, self._reader, self._frames = engine, reader, frames
        self._all = len(frames)

    @property
    def closed(self) -> bool:
        return len(self._engine.fed) == self._all

    def wait(self, timeout_us: int) -> list[Frame]:
        if self._frames:
            return [self._frames.pop(0)]
        self._reader.may_read.set()
        return []

    def send(self, frame: Frame) -> None: ...


def test_while_a_chart_is_read_notes_and_actions_go_on_and_settings_wait() -> None:
    reader, engine = Reader(), Recording()
    note, stop = HeardFrame(2, b"\x90\x3c\x40"), CommandFrame.named(3, "stop")
    link: Any = Playing(engine, reader, [CHART, DENSITY, note, stop])

    serve(link, EngineLoop(link.send, engine, {}, reader.read))

    assert engine.fed == [
        NoteOn(60, 64),
        Command("stop"),
        Command("chart", "| C | F |"),
        Command("density", 0.5),
    ]
