"""The port process's ends of its two optional companions: the player of a file, and the recorder.

Both are processes of their own, because reading and writing MIDI files takes time and libraries that the port
process must not know.
"""

import subprocess
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from livegen.daemon.link import Frame, Kind, Link, spawn

PLAYER_MODULE = "livegen.daemon.player"
RECORDER_MODULE = "livegen.daemon.recorder"
MAX_AHEAD = 1 << 14  # messages kept of a file that is dense beyond all music


class Companion:
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
        """Take in its frames; what concerns every companion is kept here, the rest given."""
        return (
            []
            if self.link.closed
            else [frame for frame in self.link.receive() if not self._own(frame)]
        )

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


class Player(Companion):
    """The process that plays a file: its messages come a little ahead, with the time at which they are to be heard."""

    def __init__(self, path: Path) -> None:
        super().__init__(PLAYER_MODULE, [str(path)])
        self._ahead: deque[tuple[int, bytes]] = deque()
        self._is_done = False

    def start(self, at: int) -> None:
        """Let the file begin at `at` micros."""
        self.link.send(Kind.READY, at)

    def due(self, now: int) -> list[bytes]:
        """Take in what comes and give what is to be heard now."""
        # Beyond the limit the rest waits in the player's own process.
        for frame in self.receive() if len(self._ahead) < MAX_AHEAD else []:
            if frame.kind is Kind.MIDI:
                self._ahead.append((frame.micros, frame.payload))
            self._is_done |= frame.kind is Kind.DONE
        messages = []
        while self._ahead and self._ahead[0][0] <= now:
            messages.append(self._ahead.popleft()[1])
        return messages

    def deadline(self) -> int | None:
        """When the next message is to be heard, in micros."""
        return self._ahead[0][0] if self._ahead else None

    @property
    def has_ended(self) -> bool:
        """All of the file was heard, or the process is gone."""
        return not self._ahead and (self._is_done or self.link.closed)


class Recorder(Companion):
    """The process that writes down both sides."""

    def __init__(self, path: Path, tempo_bpm: float) -> None:
        super().__init__(RECORDER_MODULE, [str(path), str(tempo_bpm)])

    def heard(self, now: int, data: bytes) -> None:
        """Write down one message of the player's."""
        self.link.send(Kind.MIDI, now, data)

    def sent(self, now: int, data: bytes) -> None:
        """Write down one message of the model's."""
        self.link.send(Kind.SENT, now, data)
