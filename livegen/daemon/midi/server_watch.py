"""The health of a JACK server, seen from a client: whether it lives, runs, and may be sent to.

python-rtmidi keeps "sending" to a dead server without an error, and after 2,340 messages spins for ever with the GIL
held (MidiOutJack::sendMessage).  And how clients leave it, so that libjack does not crash.  Knows no ports, no music.
"""

import contextlib
import logging
import os
import select
import socket
import stat
from enum import Enum
from pathlib import Path

from livegen.daemon import clock

# Of the ring's 16,384 bytes, filled without a sign of life from the server: 1,000 notes.
MAX_UNPROVEN = 7_000
# Once it is known to be frozen: room for the releases, which it will find when it wakes.
MAX_STALLED = 14_000
RING_OVERHEAD = 4  # bytes per message that RtMidi adds in its ring
STALL_US = 1_000_000  # the longest JACK period in use (8192 at 44.1 kHz) is 0.19 s
PROOF_EVERY_US = 100_000

log = logging.getLogger(__name__)


class Health(Enum):
    """The health of the MIDI system."""

    WELL = "well"
    STALLED = "stalled"  # frozen: it may come back by itself
    LOST = "lost"  # gone: ports must be opened anew


class ServerWatch:
    """Signs of life of a JACK server, from what libjack keeps in this very process.  No dependency, no extra client.

    * libjack holds a socket to the server; when the server dies, a duplicate of it reports a hang-up (measured:
      1.8 ms after SIGKILL), while rtmidi notices nothing.
    * libjack's process thread is woken once a period; while its count of time slices stands still, the server is
      frozen and nothing drains rtmidi's ring.  The count is Linux's (/proc/…/schedstat); elsewhere a frozen server
      cannot be told, and only the hang-up counts.
    """

    def __init__(self) -> None:
        """Remember what is there before libjack is asked for a client; `attach` after that."""
        self._before = _descriptors(), _tasks()
        self._sockets: list[socket.socket] = []
        self._tasks: set[str] = set()
        self._slices = -1
        self._moved_at: int | None = None
        self._looked_at = 0
        self._unproven = 0
        self._state = Health.WELL

    def attach(self) -> None:
        """Find the sockets and threads that the new client brought."""
        descriptors, tasks = self._before
        self._tasks = _tasks() - tasks
        self._sockets = [
            found
            for descriptor in _descriptors() - descriptors
            if (found := _server_socket(descriptor))
        ]
        if not self._sockets:
            log.warning(
                "the socket of the JACK server was not found: livegen will not notice when the server stops"
            )

    def may_send(self, size: int) -> bool:
        """Account for a message of `size` bytes; False when sending more might hang."""
        limit = MAX_UNPROVEN if self._state is Health.WELL else MAX_STALLED
        if self._unproven + size + RING_OVERHEAD > limit:
            return False
        self._unproven += size + RING_OVERHEAD
        return True

    def look(self, now: int) -> Health:
        """Judge the server; the threads are asked at most every 100 ms."""
        if self._hung_up():
            self._state = Health.LOST
        elif now - self._looked_at >= PROOF_EVERY_US:
            # We were asleep ourselves: no verdict on others yet.
            if now - self._looked_at > STALL_US // 2:
                self._moved_at = now
            self._looked_at = now
            self._state = self._running(now)
        return self._state

    def runs(self, by: int, signs: int = 1) -> bool:
        """Wait for so many new signs of life, until `by` (micros) at most; False if fewer came.

        A signal that the server gave before it froze may still be on its way to our thread: ask some milliseconds
        after the event that is doubted.
        """
        before = self._slices_now()
        while not self._hung_up():
            if before == 0 or self._slices_now() >= before + signs:  # 0: the system does not say
                return not self._hung_up()
            if clock.now() >= by:
                return False
            clock.wait_until(clock.now() + clock.SPIN_US, 0)
        return False

    def look_again(self) -> Health:
        """Judge by the hang-up alone, keeping an earlier verdict."""
        return Health.LOST if self._hung_up() else self._state

    def close(self) -> None:
        """Let go of the sockets: while a duplicate is open the server sees the client as connected."""
        for found in self._sockets:
            found.close()
        self._sockets = []

    def _hung_up(self) -> bool:
        if not self._sockets:
            return False
        poll = select.poll()
        for found in self._sockets:
            poll.register(found, 0)  # nothing but hang-ups and errors
        return bool(poll.poll(0))

    def _slices_now(self) -> int:
        return sum(_slices(task) for task in self._tasks)

    def _running(self, now: int) -> Health:
        slices = self._slices_now()
        if slices != self._slices or slices == 0 or self._moved_at is None:
            self._slices, self._moved_at, self._unproven = slices, now, 0
        return Health.STALLED if now - self._moved_at > STALL_US else Health.WELL


def hang_up(by: int) -> bool:
    """Take all clients of this process from the JACK server as if it had ended; False if there are none.

    libjack's thread walks through the list of a client's ports without a lock when the graph changes, and crashes if
    one is taken off it meanwhile (jack2 issue 216).  So no port is closed here: the server finds the line cut, and
    takes clients and ports off itself, while their threads, which it waits for, still run.  Returns when it has, or at
    `by` (micros): no call of libjack's is made, so a frozen server keeps nobody.

    rtmidi's objects are good for nothing afterwards; closing an output takes it a second.
    """
    clients = {descriptor for descriptor in _descriptors() if _names(descriptor)[0]}
    for descriptor in _descriptors():
        if _names(descriptor)[1] and (line := _socket(descriptor)) is not None:
            with line, contextlib.suppress(OSError):  # it may have been cut this moment
                line.shutdown(socket.SHUT_RDWR)
    while any(_names(client)[0] for client in clients) and clock.now() < by:
        clock.wait_until(clock.now() + clock.SPIN_US, 0)
    return bool(clients)


def _names(descriptor: int) -> tuple[bool, bool]:
    """Tell whether it is a client's line: that on which the server tells it something, that on which it asks.

    The first has a name of JACK's itself, and libjack closes it when the server has let the client go; the other's
    peer has one.
    """
    if (line := _socket(descriptor)) is not None:
        with line, contextlib.suppress(OSError):
            return _is_of(line.getsockname(), "jack_"), _is_of(line.getpeername(), "jack_")
    return False, False


def _is_of(address: object, *names: str) -> bool:
    """True of a path such as /dev/shm/jack_default_1000_0 of jack2's, or /run/user/1000/pipewire-0 of PipeWire's."""
    return isinstance(address, str) and Path(address).name.startswith(names)


def _descriptors() -> set[int]:
    for folder in ("/proc/self/fd", "/dev/fd"):
        with contextlib.suppress(OSError):
            listed = [int(entry) for entry in os.listdir(folder)]  # noqa: PTH208 (numbers, not paths)
            return {descriptor for descriptor in listed if _is_open(descriptor)}
    return set()


def _is_open(descriptor: int) -> bool:
    """False for the one that was open only while listing: its number is free again, and soon libjack's."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _tasks() -> set[str]:
    with contextlib.suppress(OSError):
        return set(os.listdir("/proc/self/task"))  # noqa: PTH208
    return set()


def _slices(task: str) -> int:
    """The number of times that a thread was given a processor; 0 where the system does not say."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        # Ten times a second all day: Path takes several times as long.
        file = os.open(f"/proc/self/task/{task}/schedstat", os.O_RDONLY)
        try:
            return int(os.read(file, 64).split()[2])
        finally:
            os.close(file)
    return 0


def _server_socket(descriptor: int) -> socket.socket | None:
    """A duplicate of this descriptor if it is a socket to a JACK server."""
    if (found := _socket(descriptor)) is None:
        return None
    with contextlib.suppress(OSError):
        if _is_of(found.getpeername(), "jack_", "pipewire-"):
            return found
    found.close()
    return None


def _socket(descriptor: int) -> socket.socket | None:
    """A duplicate of this descriptor if it is a socket."""
    with contextlib.suppress(OSError):
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return socket.socket(fileno=os.dup(descriptor))
    return None
