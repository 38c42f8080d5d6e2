"""The port process's ends of its children: the player of a file, the recorder, and the control process.

All are processes of their own, because files, pages and surfaces take time and libraries that the port process
must not know.
"""

import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from livegen.daemon.back_off import BackOff
from livegen.daemon.link import Frame, Kind, Link, spawn
from livegen.music.messages import NOTE_OFF

PLAYER_MODULE = "livegen.daemon.player"
RECORDER_MODULE = "livegen.daemon.recorder"
CONTROL_MODULE = "livegen.control.process"
MAX_AHEAD = 1 << 14  # messages kept of a file that is dense beyond all music


class ChildProcess:
    """A child process at the end of a link.

    `is_ready` turns True when it said so; `failure` is the line it sent if it could not go on, else None.
    """

    def __init__(self, module: str, arguments: Sequence[str]) -> None:
        """Start the process."""
        self._child: subprocess.Popen[bytes]
        self.link: Link
        self._child, self.link = spawn(module, arguments)
        self.is_ready = False
        self.failure: str | None = None
        self.log: deque[str] = deque(maxlen=16)

    def receive(self) -> list[Frame]:
        """Take in its frames, the last words of one that is gone too: what concerns every child process is kept here.

        The rest is given.
        """
        return [frame for frame in self.link.receive() if not self._own(frame)]

    def end(self, timeout_s: float) -> bool:
        """Close the link, which tells it to finish, and wait; True if it did in time.  It is never killed here."""
        self.link.close()
        try:
            self._child.wait(max(0.0, timeout_s))
        except subprocess.TimeoutExpired:
            # It goes on by itself (a long recording being written); nobody waits for it from here on.
            self._child.returncode = 0
            return False
        return True

    def kill(self) -> None:
        """End it now: it has nothing to save."""
        self.link.close()
        self._child.kill()
        self._child.wait()

    def _own(self, frame: Frame) -> bool:
        match frame.kind:
            case Kind.READY:
                self.is_ready = True
            case Kind.FAILED:
                self.failure = frame.text()
            case Kind.LOG:
                self.log.append(frame.text())
            case _:
                return False
        return True


class Player(ChildProcess):
    """The process that plays a file: its messages come a little ahead, with the time at which they are to be heard."""

    def __init__(self, path: Path) -> None:
        super().__init__(PLAYER_MODULE, [str(path)])
        self._ahead: deque[tuple[int, bytes]] = deque()
        self._waited_us = 0
        self._is_done = False

    def start(self, at: int) -> None:
        """Let the file begin at `at` micros."""
        self.link.send(Kind.START, at)

    def due(self, now: int) -> list[bytes]:
        """Take in what comes and give what is to be heard now."""
        # Beyond the limit the rest waits in the player's own process.
        for frame in self.receive() if len(self._ahead) < MAX_AHEAD else []:
            if frame.kind is Kind.MIDI:
                self._ahead.append((frame.micros + self._waited_us, frame.payload))
            self._is_done |= frame.kind is Kind.DONE
        messages = []
        while self._ahead and self._ahead[0][0] <= now:
            messages.append(self._ahead.popleft()[1])
        return messages

    def wait(self, micros: int) -> None:
        """Play all that is left so much later: nobody heard it meanwhile."""
        self._ahead = deque((at + micros, data) for at, data in self._ahead)
        self._waited_us += micros

    def deadline(self) -> int | None:
        """When the next message is to be heard, in micros."""
        return self._ahead[0][0] if self._ahead else None

    @property
    def has_ended(self) -> bool:
        """All of the file was heard, or the process is gone."""
        return not self._ahead and (self._is_done or self.link.closed)


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
        super().__init__(RECORDER_MODULE, [])
        settings = {
            "folder": str(folder) if folder else None,
            "record": str(record) if record else None,
            "tempo_bpm": tempo_bpm,
            "journals": journals,
        }
        self.link.send_json(Kind.SETTINGS, 0, settings)
        self.saved: deque[dict[str, Any]] = deque(maxlen=16)

    def heard(self, now: int, data: bytes) -> None:
        """Write down one message of the player's."""
        self.link.send(Kind.MIDI, now, data)

    def sent(self, due: int, now: int, data: bytes) -> None:
        """Write down one message of the model's."""
        self.link.send(Kind.SENT, now, data)

    def account(self, frame: Frame) -> None:
        """Write down what the engine process told: its header, what it did, its timeline."""
        self.link.send(Kind.JOURNAL, frame.micros, frame.payload)

    def ask(self, now: int, name: str, value: object = None) -> None:
        """Ask for a take: "capture" the last so many bars, the last jam with None, or "all"; "keep" {"from", "to"}."""
        self.link.send_json(Kind.COMMAND, now, {"name": name, "value": value})

    def receive(self) -> list[Frame]:
        """Take in its frames; its answers are kept here."""
        frames = super().receive()
        self.saved += (frame.json() for frame in frames if frame.kind is Kind.SAVED)
        return [frame for frame in frames if frame.kind is not Kind.SAVED]


class ControlProcess(ChildProcess):
    """The process of pages and surfaces: a person's commands come from it, states go to it.

    It may lag, and only the latest state waits for it; it may die, and is started again.  One that says at its
    first start why it cannot go on is left alone.  `served` is what it told when it was ready.
    """

    MAX_COMMANDS = 2_000  # a second; beyond them is a fault, and the engine has music to make
    MAX_COMMAND = 32_768  # bytes; the presets of a whole set are one command
    PAUSES_US = (1_000_000, 2_000_000, 5_000_000, 10_000_000, 30_000_000)
    STEADY_US = 60_000_000  # after living this long, the next death counts as the first

    def __init__(self, settings: Mapping[str, Any], now: int, module: str = CONTROL_MODULE) -> None:
        self._settings, self._module = settings, module
        self._state: bytes | None = None
        self._is_told = True
        self._counted_from = self._commands = 0
        self._back_off = BackOff(self.PAUSES_US, self.STEADY_US)
        self._start_at: int | None = None
        self._ended: list[subprocess.Popen[bytes]] = []
        self._is_given_up = False
        self.dropped = self.restarts = self.unheard = 0
        self.served: dict[str, Any] = {}
        super().__init__(module, ())
        self._begin(now)

    def commands(self, now: int) -> list[Frame]:
        """Take in its frames and give the COMMAND frames to pass on, none of them from the future.

        `log` and `failure` are filled on the way.
        """
        frames = [frame for frame in self.receive() if frame.kind is Kind.COMMAND]
        passed = [frame for frame in frames if self._has_room(frame, now)]
        return [replace(frame, micros=min(frame.micros, now)) for frame in passed]

    def show(self, now: int, state: bytes) -> None:
        """Let it know the state, the payload of a SNAPSHOT; while it does not read, only the latest waits."""
        self._state, self._is_told = state, False
        self._tell(now)

    def whisper(self, kind: Kind, now: int, payload: bytes) -> bool:
        """Let it know what may be lost: nothing is sent while it does not read, and counted in `unheard`."""
        is_heard = not self.link.waiting and self.link.send(kind, now, payload)
        self.unheard += not is_heard
        return is_heard

    def look(self, now: int) -> None:
        """Call ten times a second: tells what waits, and starts it again when it has died."""
        self._tell(now)
        self._ended = [child for child in self._ended if child.poll() is None]
        if self._start_at is None and self.link.closed:
            self._bury(now)
        if self._start_at is not None and now >= self._start_at and not self._is_given_up:
            self._start_at = None
            self.restarts += 1
            self._child, self.link = spawn(self._module)
            self._begin(now)

    def kill(self) -> None:
        """End it now, or what is left of it."""
        self._is_given_up = True
        super().kill()

    def _begin(self, now: int) -> None:
        self._began_at = now
        self.link.send_json(Kind.SETTINGS, now, self._settings)
        self._is_told = self._state is None
        self._tell(now)

    def _tell(self, now: int) -> None:
        if self._state is not None and not self._is_told and not self.link.waiting:
            self._is_told = self.link.send(Kind.SNAPSHOT, now, self._state)

    def _bury(self, now: int) -> None:
        """Remember when to start it again; not at once, and ever later, so that it cannot take the machine."""
        self.link.close()
        self._child.kill()
        self._ended.append(self._child)
        self._start_at = now + self._back_off.pause_us(now - self._began_at)
        if not self._is_given_up:
            self.log.append("the control process ended: page and OSC rest while it starts again")

    def _has_room(self, frame: Frame, now: int) -> bool:
        if now - self._counted_from >= 1_000_000:
            self._counted_from, self._commands = now, 0
        self._commands += 1
        is_urgent = _is_urgent(frame)
        has_room = self._commands <= self.MAX_COMMANDS or is_urgent
        has_room &= len(frame.payload) <= self.MAX_COMMAND
        self.dropped += not has_room
        return has_room

    def _own(self, frame: Frame) -> bool:
        if frame.kind is Kind.READY:
            self.served = frame.json()
        if frame.kind is Kind.FAILED and not self.is_ready:
            self._is_given_up = True
        return super()._own(frame)


def _is_urgent(frame: Frame) -> bool:
    """True for a command that is passed on however much else comes: silence, and the end of a note."""
    command = frame.json()
    match command.get("name"), command.get("value"):
        case "panic" | "stop", _:
            return True
        case "play", [int(status), *_]:
            return status & 0xF0 == NOTE_OFF
        case _:
            return False
