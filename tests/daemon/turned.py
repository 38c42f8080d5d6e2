"""An engine process whose loop is turned by hand, and whose time is told."""

from collections.abc import Mapping
from typing import Any

from livegen.daemon.engine.engine_loop import EngineLoop
from livegen.daemon.processes.frames import (
    CommandFrame,
    Frame,
    HeardFrame,
    JournalFrame,
    LogFrame,
    MemoryFrame,
)
from livegen.jam.engine import Engine
from livegen.testing import SECOND


class Turned:
    """The loop, its engine, the time of now in micros, and all frames that were `sent`."""

    def __init__(self, engine: Engine, settings: Mapping[str, Any]) -> None:
        self.now = SECOND
        self.sent: list[Frame] = []
        self.engine = engine
        self.loop = EngineLoop(self.sent.append, engine, settings, now=lambda: self.now)

    def play(self, *pitches: int, length_us: int = SECOND // 4) -> None:
        """Keys one after the other."""
        for pitch in pitches:
            self.hear(0x90, pitch, 80)
            self.now += length_us
            self.hear(0x80, pitch, 64)

    def hear(self, *data: int) -> None:
        """A message of the player's."""
        self.loop.turn([HeardFrame(self.now, bytes(data))])

    def command(self, name: str, value: object = None) -> None:
        """A command, now."""
        self.loop.turn([CommandFrame.named(self.now, name, value)])

    def wait(self) -> None:
        """Let all be made that is being made beside the music."""
        for loader in (self.loop._fitter, self.loop._loader, self.loop._recaller):
            if loader._thread is not None:
                loader._thread.join(30)

    @property
    def said(self) -> list[str]:
        """The lines for the person."""
        return [frame.line for frame in self.sent if isinstance(frame, LogFrame)]

    @property
    def memories(self) -> list[dict[str, Any]]:
        """The memories that were to be kept."""
        return [frame.values for frame in self.sent if isinstance(frame, MemoryFrame)]

    def told(self, name: str) -> list[Any]:
        """The values of what the journal says that the engine was told under a name."""
        return [
            step[-1]
            for frame in self.sent
            if isinstance(frame, JournalFrame)
            for step in frame.values.get("fed", ())
            if isinstance(step, list) and name in step
        ]
