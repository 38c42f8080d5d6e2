"""The placing of rooms with workers: with that of the fewest rooms, until the room closes or the worker ends.

Sans-IO: workers are numbers, times are arguments, in micros.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from livegen.daemon.clock import SECOND

COMING_US = (
    10 * SECOND
)  # so long a room may be unknown to its worker: its first player is on the way
MOST_COMING = 256  # of these: whoever has not said the token yet can name any room
LOST_US = (
    60 * SECOND
)  # so long the players of a worker that ended are let in again before anybody else


class Placement(NamedTuple):
    """The worker of a room; it `returns` if it was at a worker that has ended."""

    worker: int
    returns: bool


class Placing:
    """The places of all rooms.  Threads: the event loop's only."""

    def __init__(self) -> None:
        self._workers: dict[str, int] = {}
        self._asked_at: dict[str, int] = {}
        self._coming: dict[str, None] = {}  # rooms that no worker has told of yet, the oldest first
        self._lost_at: dict[str, int] = {}

    def place(self, room: str, workers: Sequence[int], now: int) -> Placement:
        """The place of a room; of one that has none, at that of some workers, at least one, with the fewest rooms."""
        if room not in self._workers:
            self._workers[room] = min(workers, key=self.count)
            self._coming[room] = None
            if len(self._coming) > MOST_COMING:
                self._forget(next(iter(self._coming)))
        self._asked_at[room] = now
        return Placement(self._workers[room], now - self._lost_at.get(room, -LOST_US) < LOST_US)

    def count(self, worker: int) -> int:
        """Give the number of rooms of a worker."""
        return sum(other == worker for other in self._workers.values())

    def lose(self, worker: int, now: int) -> None:
        """A worker has ended: its rooms return where there is a place for them."""
        for room in [room for room, at in self._workers.items() if at == worker]:
            self._forget(room)
            self._lost_at[room] = now

    def hear(self, worker: int, rooms: Iterable[str], now: int) -> None:
        """A worker tells which rooms it has."""
        there = set(rooms)
        closed = [
            room
            for room, at in self._workers.items()
            if at == worker and room not in there and now - self._asked_at[room] > COMING_US
        ]
        for room in closed:
            self._forget(room)
        for room in there:
            self._coming.pop(room, None)
        self._lost_at = {room: at for room, at in self._lost_at.items() if now - at < LOST_US}

    def _forget(self, room: str) -> None:
        del self._workers[room], self._asked_at[room]
        self._coming.pop(room, None)
