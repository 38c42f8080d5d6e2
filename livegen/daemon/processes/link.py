"""Framed, bounded, non-blocking messages between two processes over a pair of sockets.

What the frames are is in `livegen.daemon.processes.frames`.  Neither side ever waits for the other: what the socket
does not take is kept up to a limit, then frames are refused and counted.  Threads: the loop that owns the link only.
"""

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence

from livegen.daemon.clock import SECOND, now, ready
from livegen.daemon.processes.frames import FRAMES, NUMBERS, Frame, SettingsFrame, StartFrame
from livegen.own_processes import spawn_command

HEADER = struct.Struct("<BQH")
MAX_PAYLOAD = 0xFFFF
MAX_WAITING = 1 << 20  # bytes kept for a peer that does not read
_CHUNK = 1 << 16
_TURN = 1 << 18  # bytes taken in per receive(), so that a flood cannot hold its reader
_SETTINGS_US = 10 * SECOND  # how long a process waits for its settings


class Link:
    """An end of a link.  `closed` becomes True when the other end is gone; its last frames are still received."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._out = bytearray()
        self._in = bytearray()
        self.closed = False
        self.refused = 0

    def fileno(self) -> int:
        """The descriptor to select on for reading; -1 once `close` was called."""
        return self._sock.fileno()

    @property
    def waiting(self) -> int:
        """Bytes the peer has not taken yet: select for writing while there are any."""
        return len(self._out)

    def send(self, frame: Frame) -> bool:
        """Queue one frame and try to send; False if it was refused (peer gone or not reading, or too long)."""
        size = len(frame.payload)
        if self.closed or len(self._out) > MAX_WAITING or size > MAX_PAYLOAD:
            self.refused += 1
            return False
        self._out += HEADER.pack(NUMBERS[type(frame)], frame.micros, size) + frame.payload
        self.flush()
        return True

    def flush(self) -> None:
        """Hand the socket as much as it takes."""
        try:
            while self._out:
                del self._out[: self._sock.send(self._out)]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:  # the peer is gone; nobody will ever take the rest
            self._out.clear()
            self.closed = True

    def receive(self) -> list[Frame]:
        """Take in what has come, without waiting: whole frames in order."""
        taken = 0
        if self._sock.fileno() < 0:
            return []
        try:
            while taken < _TURN and (data := self._sock.recv(_CHUNK)):
                self._in += data
                taken += len(data)
            if taken < _TURN:
                self.closed = True
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self.closed = True
        return self._frames() if taken else []

    def _frames(self) -> list[Frame]:
        frames, at, data = list[Frame](), 0, self._in
        while at + HEADER.size <= len(data):
            number, micros, size = HEADER.unpack_from(data, at)
            end = at + HEADER.size + size
            if end > len(data):
                break
            if number < len(FRAMES):
                frames.append(FRAMES[number](micros, bytes(data[at + HEADER.size : end])))
            at = end
        del data[:at]
        return frames

    def wait(self, timeout_us: int) -> list[Frame]:
        """Wait at most `timeout_us` for frames, flushing meanwhile; for a process with only this to wait for."""
        if not self.closed:
            writers = [self] if self._out else []
            _, writable, _ = ready([self], writers, [], max(0, timeout_us) / 1e6)
            if writable:
                self.flush()
        return self.receive()

    def settings(self) -> tuple[SettingsFrame, list[Frame]] | None:
        """Wait for the settings, and give them with what came along; None if the other end is gone or says other."""
        by = now() + _SETTINGS_US
        while not self.closed and (left := by - now()) > 0:
            if frames := self.wait(left):
                first, *others = frames
                return (first, others) if isinstance(first, SettingsFrame) else None
        return None

    def drain(self, timeout_us: int) -> None:
        """Give the peer up to `timeout_us` to take what is queued."""
        if self._out and not self.closed:
            ready([], [self], [], timeout_us / 1e6)
            self.flush()

    def close(self) -> None:
        """Close this end; the peer sees `closed` once it has read the rest."""
        self.closed = True
        self._sock.close()


def unlinked() -> Link:
    """Make an end that has no other end: closed, and taking nothing."""
    left, right = pair()
    left.close()
    right.close()
    return left


def pair() -> tuple[Link, Link]:
    """Two ends in one process, for tests."""
    left, right = socket.socketpair()
    return Link(left), Link(right)


# numpy's matrices here are small: threads that share one cost more than they save, and more yet on a busy machine.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}


def spawn(
    module: str, arguments: Sequence[str] = (), passed: Sequence[int] = ()
) -> tuple["subprocess.Popen[bytes]", Link]:
    """Run a module as `module FD arguments…` with the other end of a new link.

    `passed` are further descriptors that it inherits, but on Windows.  The child has its own session (Ctrl-C in the
    terminal is ours alone to answer), no standard input, and our standard error as its output: standard output belongs
    to the line that says `ready`.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        # Descriptors are not inherited by number on Windows: share() is the way.
        if sys.platform == "win32":
            command = spawn_command(module, "-", *arguments)
            child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=sys.stderr, env=_ONE_THREAD | os.environ
            )
            assert child.stdin is not None
            child.stdin.write(theirs.share(child.pid))
            child.stdin.close()
        else:
            command = spawn_command(module, str(theirs.fileno()), *arguments)
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=2,
                pass_fds=[theirs.fileno(), *passed],
                start_new_session=True,
                env=_ONE_THREAD | os.environ | {"PYTHONUNBUFFERED": "1"},
            )
    return child, Link(ours)


def inherited(argument: str) -> Link:
    """The end that `spawn` left for this process, named by its first argument."""
    if sys.platform == "win32":
        return Link(socket.fromshare(sys.stdin.buffer.read()))
    return Link(socket.socket(fileno=int(argument)))


def start_time(link: Link) -> int:
    """Wait until it is said when to start, and give that time, micros; the time of now when the link closes."""
    while not link.closed:
        for frame in link.wait(SECOND):
            if isinstance(frame, StartFrame):
                return frame.micros
    return now()


def begun(argument: str) -> tuple[Link, SettingsFrame, list[Frame]]:
    """The end that `spawn` left for this process, the settings that come first over it, and the frames behind them.

    Raises SystemExit with status 1 if the other end is gone, or begins with something else.
    """
    link = inherited(argument)
    came = link.settings()
    if came is None:
        sys.exit(1)
    return link, *came
