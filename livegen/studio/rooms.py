"""All rooms of one process: who finds which, how many there are, and whose turn it is."""

import asyncio
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, TypeGuard

from livegen.control.web.clients import Clients
from livegen.control.web.door import Full
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.lateness import Recent
from livegen.studio.room import Room

EMPTY_US = 60 * SECOND  # so long a room waits for its players to come back
LATE_US = 20_000  # turns later than this at p99: no more rooms are opened
_NAME = re.compile(r"[\w .-]{1,40}")

# A room by its name, and what it calls when it has work.
Build = Callable[[str, Callable[[], object]], Room]


class Rooms:
    """The rooms.  `build` makes one, `most` is how many there may be.  Threads: the event loop's only."""

    def __init__(self, build: Build, most: int, now: Callable[[], int] = clock.now) -> None:
        self._build, self._most, self._now = build, most, now
        self._rooms: dict[str, Room] = {}
        self._next_at: dict[str, int] = {}  # when the next turn of each is due, as far as is known
        self._empty_since: dict[str, int] = {}
        self._news = asyncio.Event()
        self._late = Recent()

    def __len__(self) -> int:
        return len(self._rooms)

    def find(self, words: Mapping[str, Any]) -> Clients:
        """The pages of the room that a page asks for; of a new one of its own where it names none.  Raises Full."""
        given = words.get("room")
        name = given if is_name(given) else _new_name()
        if name not in self._rooms:
            self._open(name)
        return self._rooms[name].clients

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    def figures(self) -> dict[str, Any]:
        """How many rooms and players there are, and how late turns were in the last minute, micros."""
        players = sum(len(room.clients) for room in self._rooms.values())
        return {"rooms": len(self), "players": players, "late": self._late.summary(self._now())}

    async def run(self) -> None:
        """Give all rooms their turns, the one that waits longest first, for ever."""
        while True:
            self._news.clear()
            name = min(self._next_at, key=self._next_at.__getitem__, default=None)
            if name is None or self._next_at[name] > self._now():
                await self._until(None if name is None else self._next_at[name])
            else:
                self.turn(name)
                await asyncio.sleep(0)  # sockets are served between two turns

    def turn(self, name: str) -> None:
        """Give one room its turn."""
        now, room = self._now(), self._rooms[name]
        self._late.add(now, now - self._next_at[name])
        room.turn()
        self._next_at[name] = room.next_at
        if len(room.clients):
            self._empty_since.pop(name, None)
        elif now - self._empty_since.setdefault(name, now) > EMPTY_US:
            del self._rooms[name], self._next_at[name], self._empty_since[name]

    async def _until(self, at: int | None) -> None:
        """Wait for news of a room, at most until `at`, micros."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None if at is None else max(0, at - self._now()) / SECOND):
                await self._news.wait()

    def _open(self, name: str) -> None:
        late_us = self._late.summary(self._now()).get("p99_us", 0)
        if len(self) >= self._most or late_us > LATE_US:
            raise Full(f"the studio is full: {len(self)} rooms play; try again when one has ended")
        self._rooms[name] = self._build(name, partial(self._wake, name))
        self._wake(name)

    def _wake(self, name: str) -> None:
        """A room has news: its turn is due."""
        self._next_at[name] = min(self._now(), self._next_at.get(name, self._now()))
        self._news.set()


def is_name(given: object) -> TypeGuard[str]:
    """True of what can be the name of a room."""
    return isinstance(given, str) and _NAME.fullmatch(given) is not None


def _new_name() -> str:
    """A name that nobody guesses."""
    return f"room-{secrets.token_urlsafe(12)}"
