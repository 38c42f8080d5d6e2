"""The engine as surfaces see it: states come in and are shown, requests go out as commands.

Knows no surface: each is a `Surface`, and what it needs of the desk are `ask` and `say`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from livegen.control.library.charts import Charts
from livegen.control.words import Reading, Vocabulary, is_wish, read, with_names
from livegen.daemon import clock
from livegen.daemon.processes.frames import (
    CommandFrame,
    Frame,
    LogFrame,
    ReadyFrame,
    SnapshotFrame,
)
from livegen.music.time.metre import AUTO, told_metre
from livegen.music.words.syllables import lines_of
from livegen.music.words.word_rhythm import as_rows, rhythm_for


class Request(NamedTuple):
    """A request to the engine: the name of a control and its value, or of a command and its value.

    `at`: when it was done, micros, where whoever asks says so; `by`: the number and the name of the player who plays,
    in a room of several.
    """

    name: str
    value: float | str | Mapping[str, Any] | Sequence[Any] | None = None
    at: int | None = None
    by: tuple[int, str] | None = None


Meant = Callable[[str, Any], Any]


def as_given(control: str, value: Any) -> Any:
    """Take a control's value as it is given: where nothing can be named."""
    return value


class Surface(Protocol):
    """A surface from which a person plays the engine."""

    async def open(self) -> dict[str, Any]:
        """Begin, and tell what others need to know to reach it.  Raises LivegenError."""

    def show(self, state: Mapping[str, Any]) -> None:
        """Take the state of the moment."""

    def close(self) -> None:
        """End at once."""


class SurfaceHost:
    """The engine as surfaces see it.  Threads: the event loop's only.

    `send` takes the frames for the engine; `state` is the latest, with the ports of the settings in it.  `ears` are
    given every frame that is no state, `told_of_requests` everything that is asked for; what `own` names is done here,
    with its value, and never reaches the engine.  `save_preset` takes a name and whether to replace; None where nothing
    can be saved.  `charts` are those that a person may name; None where there are none.  `words` are those that wishes
    are read by; None: those that came with livegen.
    """

    def __init__(
        self,
        send: Callable[[Frame], object],
        ports: Mapping[str, Any],
        now: Callable[[], int] = clock.now,
    ) -> None:
        self._send, self._now = send, now
        self._ports = {"ports": dict(ports)} if ports else {}
        self.surfaces: list[Surface] = []
        self.ears: list[Callable[[Frame], None]] = []
        self.told_of_requests: list[Callable[[Request], None]] = []
        self.own: dict[str, Callable[[Any], object]] = {}
        self.save_preset: Callable[[str, bool], str] | None = None
        self.charts: Charts | None = None
        self.words: Vocabulary | None = None
        self.state: dict[str, Any] = dict(self._ports)

    @property
    def meant(self) -> Meant:
        """The function from a control's name and a given value to what the control takes; it raises ConfigError."""
        return as_given if self.charts is None else self.charts.meant

    def close(self) -> None:
        """Close the surfaces."""
        for surface in self.surfaces:
            surface.close()

    def ask(self, request: Request) -> None:
        """Pass on what a person wants; lost when nobody reads it."""
        if (do := self.own.get(request.name)) is not None:
            do(request.value)
            return
        match request:
            case Request("style", str(text)):
                self._set_style(text)
            case Request("sing", str(text)):
                self._sing(text)
            case _:
                self._pass_on(request)

    def _set_style(self, text: str) -> None:
        """Set a style, or two, by name, or what a wish in words asks for."""
        styles = self.state.get("styles", ())
        if is_wish(text, styles, self.words):
            self.wish(text)
        else:
            self._pass_on(Request("style", with_names(text, styles)))

    def _sing(self, text: str) -> None:
        """Have words sung, in the metre of now; surfaces have refused what cannot be sung."""
        metre = told_metre(str(self.state.get("metre", AUTO)))
        rhythm, _ = rhythm_for(lines_of(text), metre)
        self._pass_on(Request("sing", as_rows(rhythm)))

    def wish(self, text: str) -> Reading:
        """Set what a wish in words asks for, and say what that was.  Raises ConfigError for one that is too long.

        Of one that sets nothing the engine says that it is no style.
        """
        charts = self.charts.names() if self.charts else ()
        controls = self.state.get("controls", {})
        heard = {name: self.state.get(name) for name in ("tempo_bpm", "key")}
        reading = read(text, controls | heard, self.state.get("styles", ()), charts, self.words)
        for name, value in reading.sets.items():
            self._pass_on(Request(name, self.meant(name, value)))
        self.say(f"{text.strip()!r}: {reading.line()}")
        return reading

    def _pass_on(self, request: Request) -> None:
        self._send(CommandFrame.named(self._now(), request.name, request.value))
        for tell in self.told_of_requests:
            tell(request)

    def say(self, line: str) -> None:
        """Tell the person one line."""
        self._send(LogFrame.of(self._now(), line))

    def ready(self, told: Mapping[str, Any]) -> None:
        """Say what is served, and where."""
        self._send(ReadyFrame.of(self._now(), told))

    def take(self, frames: Iterable[Frame]) -> None:
        """Take in frames; of several states the last one is shown."""
        frames = list(frames)
        for hear in self.ears:
            for frame in frames:
                if not isinstance(frame, SnapshotFrame):
                    hear(frame)
        states = [frame for frame in frames if isinstance(frame, SnapshotFrame)]
        if states:
            self.state = self._ports | states[-1].values
            for surface in self.surfaces:
                surface.show(self.state)
