"""All rooms of one process: who finds which, how many there are, and whose turn it is."""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from livegen.control.surfaces import Request
from livegen.control.web.clients import Clients
from livegen.control.web.door import Elsewhere, Full
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.lateness import Recent
from livegen.studio.budget import Budget
from livegen.studio.load import Load
from livegen.studio.room import Room
from livegen.studio.room_names import is_name, new_name
from livegen.studio.teacher import Seen

LATE_SPAN_US = 10 * SECOND  # over so long it is taken how late turns are
# Rounds of the event loop from bytes that have come to a room that has heard them.
ROUNDS = 3
# The objects of a room hold each other, and .8 MB: Python finds that late, so it is asked to after so many have closed.
TIDIES_AFTER = 8
EMPTY_US = 60 * SECOND  # so long a room waits for its players to come back

# A room by its name, and what it calls when it has work.
Build = Callable[[str, Callable[[], object]], Room]


class Limits(NamedTuple):
    """The load up to which a process opens one more room: of a core, 0 to 1, and late at p99, micros."""

    cpu: float = 0.65
    late_us: int = 20_000


class Rooms:
    """The rooms.  `build` makes one, `most` is how many there may be.  Threads: the event loop's only.

    `worked` gives the processor time, seconds, of this process so far; `empty_us` is how long a room waits for its
    players to come back, micros.
    """

    def __init__(
        self,
        build: Build,
        most: int,
        limits: Limits = Limits(),  # noqa: B008  a value
        now: Callable[[], int] = clock.now,
        worked: Callable[[], float] = time.process_time,
        empty_us: int = EMPTY_US,
    ) -> None:
        self._build, self._most, self._limits, self._now = build, most, limits, now
        self._empty_us = empty_us
        self._load, self._worked = Load(now, worked), worked
        self._rooms: dict[str, Room] = {}
        self._closed = 0
        self._budgets: dict[str, Budget] = {}
        self._next_at: dict[str, int] = {}  # when the next turn of each is due, as far as is known
        self._empty_since: dict[str, int] = {}
        self._news = asyncio.Event()
        self._late = Recent(LATE_SPAN_US)

    def __len__(self) -> int:
        return len(self._rooms)

    def find(self, words: Mapping[str, Any]) -> Clients:
        """The pages of the room that a page asks for; of a new one of its own where it names none.

        `words["handed"]` is where whoever handed the connection over has placed it, and whether that room returns from
        a process that ended.  Raises Full or Elsewhere.
        """
        given, returns = words.get("room"), False
        name = given if is_name(given) else ""
        match words.get("handed"):
            case {"room": str(placed), "returns": bool(returns)}:
                if name not in ("", placed):
                    raise Elsewhere(name)
                name = placed
        return self.room(name or new_name(), returns).clients

    def room(self, name: str, returns: bool = False) -> Room:
        """The room of this name, opened where there is none.  Raises Full, except where it returns."""
        if name not in self._rooms:
            self._open(name, returns)
        return self._rooms[name]

    def ask(self, name: str, request: Request) -> None:
        """Do what somebody wants in a room; nothing where it has closed."""
        if (room := self._rooms.get(name)) is not None:
            room.ask(request)

    async def seen(self) -> list[Seen]:
        """All rooms, as a teacher sees them."""
        return list(self)

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    def figures(self) -> dict[str, Any]:
        """Give the numbers of rooms and players, and how late turns were of late, micros."""
        self._load.look()
        players = sum(len(room.clients) for room in self._rooms.values())
        return {
            "rooms": len(self),
            "players": players,
            "late": self._late.summary(self._now()),
            "cpu": round(self._load.share, 4),
            "is_open": self.is_open,
        }

    @property
    def is_open(self) -> bool:
        """True if one more room can be opened."""
        late_us = self._late.summary(self._now()).get("p99_us", 0)
        is_calm = self._load.share <= self._limits.cpu and late_us <= self._limits.late_us
        return is_calm and len(self) < self._most

    async def run(self) -> None:
        """Give all rooms their turns, the one that waits longest first, for ever."""
        while True:
            self._news.clear()
            name = min(self._next_at, key=self._next_at.__getitem__, default=None)
            if name is None or self._next_at[name] > self._now():
                await self._until(None if name is None else self._next_at[name])
            else:
                self.turn(name)
                for _ in range(ROUNDS):  # sockets are served between two turns
                    await asyncio.sleep(0)

    def turn(self, name: str) -> None:
        """Give one room its turn."""
        now, room = self._now(), self._rooms[name]
        self._load.look()
        self._late.add(now, now - self._next_at[name])
        before, budget = self._worked(), self._budgets[name]
        room.turn()
        after = self._now()
        budget.spend((self._worked() - before) * SECOND, after)
        self._next_at[name] = max(room.next_at, budget.ready_at(after))
        if len(room.clients):
            self._empty_since.pop(name, None)
        elif now - self._empty_since.setdefault(name, now) > self._empty_us:
            room.close()
            del self._rooms[name], self._budgets[name], self._next_at[name], self._empty_since[name]
            self._closed += 1
            if self._closed % TIDIES_AFTER == 0:
                gc.collect()

    def close(self) -> None:
        """All rooms end."""
        for room in self._rooms.values():
            room.close()

    async def _until(self, at: int | None) -> None:
        """Wait for news of a room, at most until `at`, micros."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None if at is None else max(0, at - self._now()) / SECOND):
                await self._news.wait()

    def _open(self, name: str, returns: bool) -> None:
        if not (returns or self.is_open):
            raise Full(f"the studio is full: {len(self)} rooms play; try again when one has ended")
        self._rooms[name] = self._build(name, partial(self._wake, name))
        self._budgets[name] = Budget()
        self._wake(name)

    def _wake(self, name: str) -> None:
        """A room has news: its turn is due, where it has not worked too much."""
        now = self._now()
        self._next_at[name] = min(self._budgets[name].ready_at(now), self._next_at.get(name, now))
        self._news.set()
