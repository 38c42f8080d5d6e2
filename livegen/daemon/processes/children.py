"""The port process's ends of its children: the player of a file, the recorder, and the control process.

All are processes of their own, because files, pages and surfaces take time and libraries that the port process
must not know.
"""

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from livegen.daemon.clock import SECOND
from livegen.daemon.processes.back_off import BackOff
from livegen.daemon.processes.child import ChildProcess, LastingChild
from livegen.daemon.processes.frames import (
    CommandFrame,
    DoneFrame,
    DueFrame,
    FailedFrame,
    Frame,
    HeardFrame,
    JournalFrame,
    MemoryFrame,
    SavedFrame,
    SentFrame,
    SnapshotFrame,
    StartFrame,
)
from livegen.music.messages import NOTE_OFF, NOTE_ON, kind_of

PLAYER_MODULE = "livegen.daemon.player"
MICROPHONE_MODULE = "livegen.daemon.microphone"
RECORDER_MODULE = "livegen.daemon.recording.recorder"
SOUNDER_MODULE = "livegen.daemon.sounder"
CONTROL_MODULE = "livegen.control.process"
MAX_AHEAD = 1 << 14  # messages kept of a file that is dense beyond all music


class TimedInput(ChildProcess):
    """A process whose messages come a little ahead, with the time at which they are to be heard."""

    def __init__(
        self, module: str, *arguments: str, settings: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(module, arguments, settings)
        self._ahead: deque[tuple[int, bytes]] = deque()
        self._waited_us = 0
        self._is_done = False

    def play(self, at: int) -> None:
        """Let a file begin at `at` micros."""
        self.link.send(StartFrame(at))

    def due(self, now: int) -> list[bytes]:
        """Take in what comes and give what is to be heard now."""
        # Beyond the limit the rest waits in the other process.
        for frame in self.receive(now) if len(self._ahead) < MAX_AHEAD else []:
            if isinstance(frame, DueFrame):
                self._ahead.append((frame.micros + self._waited_us, frame.payload))
            self._is_done |= isinstance(frame, DoneFrame)
        messages = []
        while self._ahead and self._ahead[0][0] <= now:
            messages.append(self._ahead.popleft()[1])
        return messages

    def deadline(self) -> int | None:
        """Give the time, micros, at which the next message is to be heard."""
        return self._ahead[0][0] if self._ahead else None

    def fileno(self) -> int:
        """Give the descriptor of the link while that is open."""
        return -1 if self.link.closed else self.link.fileno()


class FilePlayer(TimedInput):
    """The process that plays a file."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(PLAYER_MODULE, str(path))

    def wait(self, micros: int) -> None:
        """Play all that is left so much later: nobody heard it meanwhile."""
        self._ahead = deque((at + micros, data) for at, data in self._ahead)
        self._waited_us += micros

    @property
    def has_ended(self) -> bool:
        """All of the file was heard, or the process is gone."""
        return not self._ahead and (self._is_done or self.link.closed)


class Microphone(TimedInput):
    """The process that hears notes in audio, one voice; None for `source`: there is none."""

    def __init__(self, source: str | None) -> None:
        super().__init__(MICROPHONE_MODULE, settings={"source": source})
        self._last = b""

    def hear(self, audio: CommandFrame) -> None:
        """Hand on a piece of what a page hears; lost where the process is not there, or reads too slowly."""
        if not self.link.waiting:
            self.link.send(audio)

    def due(self, now: int) -> list[bytes]:
        """Give what is to be heard now; where the process is gone, the end of the note that it left."""
        messages = super().due(now)
        self._last = messages[-1] if messages else self._last
        if self.link.closed and not self._ahead and self._last and kind_of(self._last) == NOTE_ON:
            messages.append(bytes((NOTE_OFF | self._last[0] & 0x0F, self._last[1], 0)))
            self._last = b""
        return messages


class Recorder(ChildProcess):
    """The process that keeps what both sides play: journals in `folder`, and with `record` one MIDI file.

    `saved` holds the answers to `capture` and `keep`, oldest first: {"saved": path} or {"not_saved": why}.
    """

    def __init__(
        self,
        folder: Path | None,
        record: Path | None = None,
        tempo_bpm: float = 120.0,
        journals: int = 0,
    ) -> None:
        settings = {
            "folder": str(folder) if folder else None,
            "record": str(record) if record else None,
            "tempo_bpm": tempo_bpm,
            "journals": journals,
        }
        super().__init__(RECORDER_MODULE, settings=settings)
        self.saved: deque[dict[str, Any]] = deque(maxlen=16)

    def heard(self, now: int, data: bytes) -> None:
        """Write down one message of the player's."""
        self.link.send(HeardFrame(now, data))

    def sent(self, due: int, now: int, data: bytes) -> None:
        """Write down one message of the model's."""
        self.link.send(SentFrame(now, data))

    def account(self, frame: JournalFrame) -> None:
        """Write down what the engine process told: its header, what it did, its timeline."""
        self.link.send(frame)

    def remember(self, frame: MemoryFrame) -> None:
        """Keep what is remembered of a player."""
        self.link.send(frame)

    def ask(self, now: int, name: str, value: object = None) -> None:
        """Ask for a take: "capture" the last so many bars, the last jam with None, or "all"; "keep" {"from", "to"}."""
        self.link.send(CommandFrame.named(now, name, value))

    def receive(self, now: int) -> list[Frame]:
        """Take in its frames; its answers are kept here."""
        frames = super().receive(now)
        self.saved += (frame.values for frame in frames if isinstance(frame, SavedFrame))
        return [frame for frame in frames if not isinstance(frame, SavedFrame)]


class Sounder(ChildProcess):
    """The process that sounds what both sides play, or with `plays_player` off what the model plays."""

    def __init__(self, settings: Mapping[str, Any], plays_player: bool = True) -> None:
        super().__init__(SOUNDER_MODULE, settings=settings)
        self._plays_player = plays_player

    def heard(self, now: int, data: bytes) -> None:
        """Sound one message of the player's."""
        if self._plays_player and data[0] < 0xF0:
            self.link.send(HeardFrame(now, data))

    def sent(self, due: int, now: int, data: bytes) -> None:
        """Sound one message of the model's."""
        if data[0] < 0xF0:
            self.link.send(SentFrame(now, data))


class ControlProcess(LastingChild):
    """The process of pages and surfaces: a person's commands come from it, states go to it.

    It may lag, and only the latest state waits for it; it may die, and is started again.  One that says at its
    first start why it cannot go on is left alone.
    """

    MAX_COMMANDS = 2_000  # a second; beyond them is a fault, and the engine has music to make
    MAX_COMMAND = 65_000  # bytes; the presets of a whole set, with their charts, are one command
    PAUSES_US = (1_000_000, 2_000_000, 5_000_000, 10_000_000, 30_000_000)
    STEADY_US = 60_000_000  # after living this long, the next death counts as the first

    def __init__(self, settings: Mapping[str, Any], module: str = CONTROL_MODULE) -> None:
        super().__init__(module, settings, BackOff(self.PAUSES_US, self.STEADY_US))
        self._state: SnapshotFrame | None = None
        self._is_told = True
        self._counted_from = self._commands = 0
        self._is_given_up = False
        self.dropped = self.unheard = 0

    def start(self, now: int) -> None:
        """Start the process, hand it its settings, and tell it the state."""
        super().start(now)
        self._is_told = self._state is None
        self._tell()

    def commands(self, now: int) -> list[CommandFrame]:
        """Take in its frames and give the commands to pass on, none of them from the future.

        `log` and `failure` are filled on the way.
        """
        frames = [frame for frame in self.receive(now) if isinstance(frame, CommandFrame)]
        passed = [frame for frame in frames if self._has_room(frame, now)]
        return [CommandFrame(min(frame.micros, now), frame.payload) for frame in passed]

    def show(self, state: SnapshotFrame) -> None:
        """Let it know the state; while it does not read, only the latest waits."""
        self._state, self._is_told = state, False
        self._tell()

    def whisper(self, frame: Frame) -> bool:
        """Let it know what may be lost: nothing is sent while it does not read, and counted in `unheard`."""
        is_heard = not self.link.waiting and self.link.send(frame)
        self.unheard += not is_heard
        return is_heard

    def look(self, now: int) -> None:
        """Call ten times a second: tells what waits, and starts it again when it has died."""
        self._tell()
        if self.was_started and self._start_at is None and self.link.closed:
            self.bury(now)
            if not self._is_given_up:
                self.log.append(
                    "the control process ended: the page and OSC come back when it has started again"
                )
        if not self._is_given_up:
            self.start_again(now)

    def kill(self) -> None:
        """End it now, or what is left of it."""
        self._is_given_up = True
        super().kill()

    def _tell(self) -> None:
        if self._state is not None and not self._is_told and not self.link.waiting:
            self._is_told = self.link.send(self._state)

    def _has_room(self, frame: CommandFrame, now: int) -> bool:
        if now - self._counted_from >= SECOND:
            self._counted_from, self._commands = now, 0
        self._commands += 1
        is_urgent = _is_urgent(frame)
        has_room = self._commands <= self.MAX_COMMANDS or is_urgent
        has_room &= len(frame.payload) <= self.MAX_COMMAND
        self.dropped += not has_room
        return has_room

    def _own(self, frame: Frame, now: int) -> bool:
        if isinstance(frame, FailedFrame) and not self.is_ready:
            self._is_given_up = True
        return super()._own(frame, now)


def _is_urgent(command: CommandFrame) -> bool:
    """True for a command that is passed on however much else comes: silence, and the end of a note."""
    match command.name, command.value:
        case "panic" | "stop", _:
            return True
        case "play", [int(status), *_]:
            return kind_of([status]) == NOTE_OFF
        case _:
            return False
