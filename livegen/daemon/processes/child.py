"""A child process at the end of a link: started, listened to, ended, and, if it is to last, started again."""

import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from livegen.daemon.processes.back_off import BackOff
from livegen.daemon.processes.frames import FailedFrame, Frame, LogFrame, ReadyFrame, SettingsFrame
from livegen.daemon.processes.link import spawn, unlinked


class ChildProcess:
    """A child process; until it is started its link is closed, as after its end.

    `is_ready` turns True when it said so, and `served` is what it then told; `failure` is the line it sent if it could
    not go on, else None; `log` holds its other lines.  Threads: loop only.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self._module, self._arguments, self._settings = module, arguments, settings
        self._passed: Sequence[int] = ()  # descriptors that it inherits
        self._child: subprocess.Popen[bytes] | None = None
        self.link = unlinked()
        self.is_ready = False
        self.served: dict[str, Any] = {}
        self.failure: str | None = None
        self.log: deque[str] = deque(maxlen=16)
        self._is_missed = self._has_failed = False

    @property
    def was_started(self) -> bool:
        """True from its start on."""
        return self._child is not None

    @property
    def pid(self) -> int | None:
        """The process's id, once it was started."""
        return None if self._child is None else self._child.pid

    def start(self, now: int) -> None:
        """Start the process and hand it its settings."""
        self._child, self.link = spawn(self._module, self._arguments, self._passed)
        if self._settings is not None:
            self.link.send(SettingsFrame.of(now, self._settings))

    def receive(self, now: int) -> list[Frame]:
        """Take in its frames, the last words of one that is gone too: what concerns every child process is kept here.

        The rest is given.
        """
        return [frame for frame in self.link.receive() if not self._own(frame, now)]

    def was_lost(self) -> bool:
        """True once, if it has ended without a word."""
        was_missed = self._is_missed
        self._is_missed = self.was_started and self.link.closed
        return self._is_missed and not was_missed and not self._has_failed

    def end(self, timeout_s: float) -> bool:
        """Close the link, which tells it to finish, and wait; True if it did in time.  It is never killed here."""
        self.link.close()
        if self._child is None:
            return True
        try:
            self._child.wait(max(0.0, timeout_s))
        except subprocess.TimeoutExpired:
            # The process goes on by itself (a long recording being written); nobody waits for it from here on.
            self._child.returncode = 0
            return False
        return True

    def kill(self) -> None:
        """End it now: it has nothing to save."""
        self.link.close()
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def _own(self, frame: Frame, now: int) -> bool:
        match frame:
            case ReadyFrame():
                self.is_ready, self.served = True, frame.values
            case FailedFrame():
                self.failure, self._has_failed = frame.line, True
            case LogFrame():
                self.log.append(frame.line)
            case _:
                return False
        return True


class LastingChild(ChildProcess):
    """A child process that is started again when it has died, ever later, so that it cannot take the machine."""

    def __init__(self, module: str, settings: Mapping[str, Any], back_off: BackOff) -> None:
        super().__init__(module, settings=settings)
        self._back_off = back_off
        self._started_at = 0
        self._start_at: int | None = None  # when it is started again
        self._ended: list[subprocess.Popen[bytes]] = []
        self.restarts = 0

    def start(self, now: int) -> None:
        """Start the process and hand it its settings."""
        super().start(now)
        self._started_at, self._start_at = now, None

    def start_again(self, now: int) -> bool:
        """Start it if it was buried and its pause is over; True if so."""
        self._ended = [child for child in self._ended if child.poll() is None]
        if self._start_at is None or now < self._start_at:
            return False
        self.restarts += 1
        self.start(now)
        return True

    def bury(self, now: int) -> int:
        """End what is left of it, and give the pause, micros, until it is started again."""
        assert self._child is not None
        self.link.close()
        self._child.kill()
        self._ended.append(self._child)
        pause = self._back_off.pause_us(now - self._started_at)
        self._start_at = now + pause
        return pause
