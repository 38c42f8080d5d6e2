"""The rooms of a studio: who finds which, and how many there may be."""

import asyncio
import gc
import socket
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from livegen.control.web.door import Elsewhere, Full
from livegen.daemon.clock import SECOND
from livegen.jam.timing.agenda import Timed
from livegen.studio.budget import AT_ONCE_US, SHARE
from livegen.studio.room import Room
from livegen.studio.rooms import EMPTY_US, TIDIES_AFTER, Limits, Rooms
from tests.studio.test_room import CHARTS, Noting

BEGIN = 100 * SECOND
LIMITS = Limits(cpu=0.65, late_us=20_000)


class Studio:
    """A rooms whose time goes on where a test says so."""

    def __init__(self, most: int = 8) -> None:
        self.now, self.worked = BEGIN, 0.0
        self.engines: dict[str, Noting] = {}
        self.rooms = Rooms(self.build, most, LIMITS, lambda: self.now, lambda: self.worked)

    def build(self, name: str, wakes: Callable[[], object]) -> Room:
        engine = self.engines[name] = Noting()
        return Room(name, engine, {}, [], CHARTS, lambda: self.now, wakes)

    def turns(self, until: int) -> None:
        """Give all rooms their turns until then, micros."""
        due = self.rooms._next_at
        while due and (at := min(due.values())) <= until:
            self.now = max(self.now, at)
            self.rooms.turn(min(due, key=due.__getitem__))
        self.now = until


def test_who_names_the_same_room_plays_in_the_same_one() -> None:
    rooms = Studio().rooms
    assert rooms.find({"room": "blues"}) is rooms.find({"room": "blues"})
    assert rooms.find({"room": "blues"}) is not rooms.find({"room": "waltz"})


@pytest.mark.parametrize(
    "words", [{}, {"room": ""}, {"room": 7}, {"room": "../up"}, {"room": "x" * 41}]
)
def test_who_names_none_has_a_room_of_his_own(words: dict[str, Any]) -> None:
    rooms = Studio().rooms
    assert rooms.find(words) is not rooms.find(words)


def test_a_full_studio_says_so_and_still_lets_players_into_the_rooms_there_are() -> None:
    rooms = Studio(most=2).rooms
    blues = rooms.find({"room": "blues"})
    rooms.find({"room": "waltz"})
    with pytest.raises(Full, match="2 rooms play"):
        rooms.find({})
    assert rooms.find({"room": "blues"}) is blues


def test_a_studio_whose_turns_come_too_late_takes_no_more_rooms() -> None:
    studio = Studio()
    studio.rooms.find({"room": "blues"})
    for _ in range(10):
        studio.now = studio.rooms._next_at["blues"] + LIMITS.late_us + 1
        studio.rooms.turn("blues")
    with pytest.raises(Full):
        studio.rooms.find({"room": "waltz"})


def test_a_room_is_kept_for_a_minute_for_players_who_come_back_and_then_closed() -> None:
    studio = Studio()
    clients = studio.rooms.find({"room": "blues"})
    page = clients.enter()
    studio.turns(BEGIN + 2 * EMPTY_US)
    clients.leave(page)
    studio.turns(studio.now + EMPTY_US - SECOND)
    assert studio.rooms.find({"room": "blues"}) is clients
    studio.turns(studio.now + 2 * SECOND)
    assert len(studio.rooms) == 0


def test_rooms_that_have_closed_are_forgotten_though_python_looks_for_no_garbage() -> None:
    studio, built = Studio(), list[weakref.ref[Room]]()
    studio.rooms = Rooms(studio.build, 8, LIMITS, lambda: studio.now, lambda: 0.0, empty_us=0)
    gc.disable()
    try:
        for number in range(50):
            built.append(weakref.ref(studio.rooms.room(f"room {number}")))
            studio.engines.clear()
            studio.turns(studio.now + SECOND)
    finally:
        gc.enable()
    assert len(studio.rooms) == 0
    assert sum(one() is not None for one in built) < TIDIES_AFTER


def test_figures_tell_rooms_players_and_how_late_turns_were() -> None:
    studio = Studio()
    studio.rooms.find({"room": "blues"}).enter()
    studio.rooms.find({"room": "waltz"}).enter()
    studio.turns(BEGIN + SECOND)
    told = studio.rooms.figures()
    assert (told["rooms"], told["players"]) == (2, 2)
    assert told["late"]["max_us"] == 0


class Busy(Noting):
    """An engine that works 4 ms whenever it is woken, and always wants to be."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.studio = studio

    def feed(self, event: Any, now: int) -> list[Timed]:
        self.studio.now += 4_000
        self.studio.worked += 0.004
        return []

    def deadline(self) -> int | None:
        return self.studio.now


def test_a_room_that_always_works_takes_its_share_and_the_others_have_their_turns_in_time() -> None:
    studio = Studio()
    build = studio.build
    busy = Busy(studio)

    def built(name: str, wakes: Callable[[], object]) -> Room:
        if name != "flood":
            return build(name, wakes)
        return Room(name, busy, {}, [], CHARTS, lambda: studio.now, wakes)

    studio.rooms = Rooms(built, 8, LIMITS, lambda: studio.now, lambda: studio.worked)
    for name in ("flood", "blues"):
        studio.rooms.find({"room": name}).enter()
    studio.turns(BEGIN + 10 * SECOND)
    assert studio.worked <= 10 * SHARE + AT_ONCE_US / SECOND + 0.01
    assert studio.rooms.figures()["late"]["p99_us"] <= 4_000


def test_what_comes_while_a_room_has_its_turn_is_heard_before_the_next_one() -> None:
    """However much the room has to do: its players' keys do not wait for more than one slice of work."""
    here, there = socket.socketpair()
    turns, heard_after = 0, 0

    class Working(Rooms):
        def turn(self, name: str) -> None:
            nonlocal turns
            turns += 1
            if turns == 5:
                there.send(b"a key\n")
            assert turns < 20

    async def play() -> None:
        nonlocal heard_after
        rooms = Working(Studio().build, 8, LIMITS, lambda: BEGIN)
        rooms.room("blues")
        reader, writer = await asyncio.open_connection(sock=here)
        working = asyncio.create_task(rooms.run())
        assert await reader.readline() == b"a key\n"
        heard_after = turns
        working.cancel()
        writer.close()

    asyncio.run(play())
    there.close()
    assert heard_after == 5


def test_a_process_that_is_too_busy_takes_no_more_rooms_but_those_of_one_that_ended() -> None:
    studio = Studio()
    studio.rooms.find({"room": "blues"})
    for _ in range(12):
        studio.now, studio.worked = studio.now + SECOND // 4, studio.worked + 0.7 / 4
        studio.rooms.figures()
    with pytest.raises(Full):
        studio.rooms.find({"room": "waltz"})
    back = {"room": "waltz", "handed": {"room": "waltz", "returns": True}}
    assert studio.rooms.find(back) is studio.rooms.find({"room": "waltz"})


def test_a_page_at_the_wrong_process_is_told_which_room_to_ask_for() -> None:
    with pytest.raises(Elsewhere) as told:
        Studio().rooms.find({"room": "blues", "handed": {"room": "waltz", "returns": False}})
    assert told.value.room == "blues"
