"""Framed, bounded, non-blocking messages between two processes over a pair of sockets.

A frame is a kind, a time in micros of the monotonic clock and at most 65,535 bytes.  Neither side ever
waits for the other: what the socket does not take is kept up to a limit, then frames are refused and
counted.  Knows nothing of MIDI or engines.  Threads: the loop that owns the link only.
"""

import json
import os
import select
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

HEADER = struct.Struct("<BQH")
MAX_PAYLOAD = 0xFFFF
MAX_WAITING = 1 << 20  # bytes kept for a peer that does not read
_CHUNK = 1 << 16
_TURN = 1 << 18  # bytes taken in per receive(), so that a flood cannot hold its reader


class Kind(IntEnum):
    """The kinds of frames.  Values are part of no file format and may change with any version."""

    MIDI = 1  # one message; micros: when it came, or when it is due
    CUT = 2  # withdraw what was handed out, release what sounds
    BEAT = 3  # the engine process lives
    READY = 4  # JSON: what this process serves
    SETTINGS = 5  # JSON, always the first frame
    COMMAND = 6  # JSON {"name": …, "value": …}
    SNAPSHOT = 7  # JSON: the state of the engine, for the page and OSC
    LOG = 8  # text, one line
    SENT = 9  # one message that left the output at micros (to the recorder; MIDI is then what was heard)
    FAILED = 10  # text: the one line saying why this process cannot go on; it ends after this
    DONE = 11  # the player has played its file to the end
    JOURNAL = 12  # JSON: a row of the journal (`livegen.jam.rows.body`)
    FIGURES = 13  # JSON, once a second while somebody watches: how fast and how late, over the last minute
    LINE = 14  # JSON {"line", "kind": "note" | "bad" | "saved", "name"}: what a person should read; of the engine
    # process's {"line", "page"}: for the terminal, and in a musician's words
    START = 15  # to the player: play the file, its beginning at micros
    OVER = 16  # to the engine process: the session is over; back: all of it was told
    STATS = 17  # JSON: the statistics of the engine process, on the command "stats"
    SAVED = (
        18  # JSON {"saved": path} or {"not_saved": why}: what became of a command to the recorder
    )


_KINDS = {int(kind): kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as received."""

    kind: Kind
    micros: int
    payload: bytes = b""

    def json(self) -> dict[str, Any]:
        """Read the payload as a JSON object; empty for anything else."""
        try:
            value = json.loads(self.payload)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    def text(self) -> str:
        """Read the payload as text."""
        return self.payload.decode("utf-8", "replace")


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

    def send(self, kind: Kind, micros: int, payload: bytes = b"") -> bool:
        """Queue one frame and try to send; False if it was refused (peer gone or not reading, or too long)."""
        if self.closed or len(self._out) > MAX_WAITING or len(payload) > MAX_PAYLOAD:
            self.refused += 1
            return False
        self._out += HEADER.pack(kind, micros, len(payload)) + payload
        self.flush()
        return True

    def send_json(self, kind: Kind, micros: int, value: Mapping[str, Any]) -> bool:
        """Queue one frame of JSON."""
        return self.send(kind, micros, json.dumps(value, separators=(",", ":")).encode())

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
        frames, at, data = [], 0, self._in
        while at + HEADER.size <= len(data):
            kind, micros, size = HEADER.unpack_from(data, at)
            end = at + HEADER.size + size
            if end > len(data):
                break
            if kind in _KINDS:
                frames.append(Frame(_KINDS[kind], micros, bytes(data[at + HEADER.size : end])))
            at = end
        del data[:at]
        return frames

    def wait(self, timeout_us: int) -> list[Frame]:
        """Wait at most `timeout_us` for frames, flushing meanwhile; for a process with only this to wait for."""
        if not self.closed:
            writers = [self] if self._out else []
            _, writable, _ = select.select([self], writers, [], max(0, timeout_us) / 1e6)
            if writable:
                self.flush()
        return self.receive()

    def drain(self, timeout_us: int) -> None:
        """Give the peer up to `timeout_us` to take what is queued."""
        if self._out and not self.closed:
            select.select([], [self], [], timeout_us / 1e6)
            self.flush()

    def close(self) -> None:
        """Close this end; the peer sees `closed` once it has read the rest."""
        self.closed = True
        self._sock.close()


def pair() -> tuple[Link, Link]:
    """Two ends in one process, for tests."""
    left, right = socket.socketpair()
    return Link(left), Link(right)


def spawn(module: str, arguments: Sequence[str] = ()) -> tuple["subprocess.Popen[bytes]", Link]:
    """Start `python -m module FD arguments…` with the other end of a new link.

    The child has its own session (Ctrl-C in the terminal is ours alone to answer), no standard input, and
    our standard error as its output: standard output belongs to the line that says `ready`.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        if (
            sys.platform == "win32"
        ):  # descriptors are not inherited by number there: share() is the way
            command = [sys.executable, "-m", module, "-", *arguments]
            child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=sys.stderr)
            assert child.stdin is not None
            child.stdin.write(theirs.share(child.pid))
            child.stdin.close()
        else:
            command = [sys.executable, "-m", module, str(theirs.fileno()), *arguments]
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=2,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )
    return child, Link(ours)


def inherited(argument: str) -> Link:
    """The end that `spawn` left for this process, named by its first argument."""
    if sys.platform == "win32":
        return Link(socket.fromshare(sys.stdin.buffer.read()))
    return Link(socket.socket(fileno=int(argument)))
