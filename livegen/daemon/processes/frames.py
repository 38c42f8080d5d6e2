"""The frames between processes: a class for each kind, with what it carries.

A frame is a time in micros of the monotonic clock and a payload of at most 65,535 bytes, which is read only when
somebody asks for it: most frames are passed on.  Knows nothing of sockets; `livegen.daemon.processes.link` carries
frames.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Self


class Frame:
    """A frame: `micros` is a time of the monotonic clock, `payload` bytes.  Never changed once made."""

    def __init__(self, micros: int, payload: bytes = b"") -> None:
        self.micros, self.payload = micros, payload

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.micros}, {self.payload!r})"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Frame)
            and type(self) is type(other)
            and (self.micros, self.payload) == (other.micros, other.payload)
        )

    def __hash__(self) -> int:
        return hash((type(self), self.micros, self.payload))


class TextFrame(Frame):
    """A frame of one line of text."""

    @classmethod
    def of(cls, micros: int, line: str) -> Self:
        """Make a frame of a line."""
        return cls(micros, line.encode("utf-8", "replace"))

    @cached_property
    def line(self) -> str:
        """The line."""
        return self.payload.decode("utf-8", "replace")


class JsonFrame(Frame):
    """A frame of one JSON object."""

    @classmethod
    def of(cls, micros: int, values: Mapping[str, Any]) -> Self:
        """Make a frame of values.  Raises TypeError for values that JSON does not know."""
        return cls(micros, json.dumps(values, separators=(",", ":")).encode("utf-8", "replace"))

    @cached_property
    def values(self) -> dict[str, Any]:
        """The object; empty for a payload that is none."""
        try:
            values = json.loads(self.payload)
        except ValueError:
            return {}
        return values if isinstance(values, dict) else {}


# --- MIDI: the payload is one message ------------------------------------------------------------------------------


class HeardFrame(Frame):
    """A message of the player's, and when it came."""


class DueFrame(Frame):
    """A message that is to be sent, and when."""


class SentFrame(Frame):
    """A message that has left the output, and when."""


class CutFrame(Frame):
    """The model's notes are to end now, and what was due is withdrawn: all of it, or that of some keys."""

    @classmethod
    def of(cls, micros: int, keys: Iterable[tuple[int, int]]) -> Self:
        """Make a frame of keys (channel, pitch); without any it is of all."""
        return cls(micros, bytes(number for key in keys for number in key))

    @property
    def keys(self) -> tuple[tuple[int, int], ...]:
        """The keys."""
        return tuple(zip(self.payload[::2], self.payload[1::2], strict=False))


# --- the life of a process -----------------------------------------------------------------------------------------


class SettingsFrame(JsonFrame):
    """The settings of a process: always the first frame that it is sent."""


class ReadyFrame(JsonFrame):
    """The process can work; the values tell what it serves."""


class FailedFrame(TextFrame):
    """The process cannot go on, and the line says why; it ends after this."""


class BeatFrame(Frame):
    """The engine process lives."""


class StartFrame(Frame):
    """The player of a file is to begin it at `micros`."""


class DoneFrame(Frame):
    """The player of a file has sent all of it."""


class OverFrame(Frame):
    """The session is over; the engine process sends it back once it has told the journal everything."""


# --- what is asked for, and what is told ---------------------------------------------------------------------------


class CommandFrame(JsonFrame):
    """A command: its name and its value, of any type that JSON knows."""

    @classmethod
    def named(cls, micros: int, name: str, value: object = None) -> Self:
        """Make a frame of a command."""
        return cls.of(micros, {"name": name, "value": value})

    @property
    def name(self) -> str:
        """The name; empty for a payload without one."""
        name = self.values.get("name")
        return name if isinstance(name, str) else ""

    @property
    def value(self) -> Any:
        """The value."""
        return self.values.get("value")


class SnapshotFrame(JsonFrame):
    """The state of the engine, for the page and OSC."""


class FiguresFrame(JsonFrame):
    """The speed and the lateness of a process, once a second while somebody watches."""


class StatisticsFrame(JsonFrame):
    """The statistics of the engine process, which the command `stats` asks for."""


class JournalFrame(JsonFrame):
    """A row of the journal (`livegen.jam.reports.rows.body`)."""


class MemoryFrame(JsonFrame):
    """The memory of a player, to keep: {"file": path, "notes": see `livegen.inference.kept`, "count": n}.

    With "lesson", where the model adapts to him: see `livegen.inference.lesson`.
    """


class SavedFrame(JsonFrame):
    """The recorder's reply to a command: {"saved": path} or {"not_saved": why}."""


class LogFrame(TextFrame):
    """A line for the terminal and the page."""


class FaultFrame(JsonFrame):
    """A fault of the engine: `line` for the terminal, and `page` in a musician's words."""

    @classmethod
    def saying(cls, micros: int, line: str, page: str) -> Self:
        """Make a frame of both."""
        return cls.of(micros, {"line": line, "page": page})

    @property
    def line(self) -> str:
        """The line for the terminal."""
        return str(self.values.get("line", ""))

    @property
    def page(self) -> str:
        """The line for the page."""
        return str(self.values.get("page", ""))


class NewsFrame(JsonFrame):
    """A line for the page: {"line", "kind": "note" | "bad" | "saved"}, of "saved" ones with the file's "name"."""


# The place of a class in this list is its number in a link; both ends are of one version.
FRAMES: tuple[type[Frame], ...] = (
    HeardFrame,
    DueFrame,
    SentFrame,
    CutFrame,
    SettingsFrame,
    ReadyFrame,
    FailedFrame,
    BeatFrame,
    StartFrame,
    DoneFrame,
    OverFrame,
    CommandFrame,
    SnapshotFrame,
    FiguresFrame,
    StatisticsFrame,
    JournalFrame,
    MemoryFrame,
    SavedFrame,
    LogFrame,
    FaultFrame,
    NewsFrame,
)
NUMBERS = {kind: number for number, kind in enumerate(FRAMES)}
