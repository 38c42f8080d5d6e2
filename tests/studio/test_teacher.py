"""A teacher: sees all rooms, and asks for the same in some of them at once."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from itsdangerous import URLSafeTimedSerializer
from starlette.applications import Starlette
from starlette.testclient import TestClient

from livegen.control.web.clients import Client
from livegen.daemon.clock import SECOND
from livegen.jam.controls.mapping import Command
from livegen.studio import invitations
from livegen.studio.invitations import Invitations, Seat
from livegen.studio.level import Level
from livegen.studio.teacher import MOST_MESSAGES, Teacher
from tests.studio.test_room import CHARTS, told
from tests.studio.test_rooms import BEGIN, Studio

TOKEN, PLAYERS = "t" * 22, "p" * 22
TEMPO = {"t": "set", "name": "tempo", "value": 96}


class Class:
    """A studio of two rooms, blues and waltz, and who teaches there."""

    def __init__(self) -> None:
        self.studio = Studio()
        self.pages = {
            name: self.studio.rooms.find({"room": name}).enter() for name in ("blues", "waltz")
        }
        self.invitations = Invitations(TOKEN)
        teacher = Teacher(self.studio.rooms.seen, CHARTS, TOKEN, PLAYERS, self.invitations)
        headers = {"authorization": f"Bearer {TOKEN}"}
        self.browser = TestClient(Starlette(routes=teacher.routes()), headers=headers)

    def says(self, room: str, **message: Any) -> None:
        """A player's page says something."""
        self.pages[room].hear(json.dumps(message), self.studio.now)

    def rooms(self) -> dict[str, Any]:
        """What the teacher sees, by room."""
        return {told["room"]: told for told in self.browser.get("/teacher/rooms").json()["rooms"]}

    def asks(self, rooms: object, *messages: object) -> int:
        given = {"rooms": rooms, "messages": list(messages)}
        return self.browser.post("/teacher/ask", json=given).status_code

    def heard(self) -> dict[str, list[Command]]:
        """What the engine of each room was asked for, once they had their turns."""
        self.studio.turns(self.studio.now + SECOND)
        return {
            name: [event for event, _ in engine.fed if isinstance(event, Command)]
            for name, engine in self.studio.engines.items()
        }


@pytest.fixture
def lesson() -> Iterator[Class]:
    one = Class()
    yield one
    one.browser.close()


def test_the_teacher_sees_who_is_in_each_room_who_plays_and_how_loud(lesson: Class) -> None:
    lesson.says("blues", t="name", name="Ana")
    lesson.says("blues", t="play", data=[144, 60, 127])
    blues, waltz = lesson.rooms()["blues"], lesson.rooms()["waltz"]
    assert blues["players"] == [{"name": "Ana", "plays": True, "role": ""}]
    assert blues["levels"] == {"players": 1.0, "model": 0.0}
    assert waltz["players"] == [{"name": "somebody", "plays": False, "role": ""}]
    assert waltz["levels"]["players"] == 0.0


def test_what_is_asked_for_all_rooms_reaches_every_engine_in_that_order(lesson: Class) -> None:
    assert lesson.asks(None, TEMPO, {"t": "do", "name": "count_in"}) == 200
    wanted = [Command("tempo", 96), Command("count_in", None)]
    assert lesson.heard() == {"blues": wanted, "waltz": wanted}


def test_a_room_that_is_not_named_is_left_alone(lesson: Class) -> None:
    assert lesson.asks(["waltz"], TEMPO) == 200
    assert lesson.heard() == {"blues": [], "waltz": [Command("tempo", 96)]}


@pytest.mark.parametrize(
    ("rooms", "messages", "status"),
    [
        (None, [], 422),
        (None, [TEMPO] * (MOST_MESSAGES + 1), 422),
        (None, [{"t": "play", "data": [144, 60, 80]}], 422),  # a teacher plays nothing
        (None, [{"t": "ping", "at": 0}], 422),
        (None, [7], 422),
        (None, [TEMPO, {"t": "set", "name": "tempo", "value": 9999}], 422),
        ("blues", [TEMPO], 422),
        (["blues", "gone"], [TEMPO], 404),
        ([["blues"]], [TEMPO], 404),
    ],
)
def test_what_does_not_fit_somewhere_is_done_nowhere(
    lesson: Class, rooms: object, messages: list[object], status: int
) -> None:
    assert lesson.asks(rooms, *messages) == status
    assert lesson.heard() == {"blues": [], "waltz": []}


@pytest.mark.parametrize("token", [PLAYERS, "", "x" * 22])
def test_players_see_no_other_rooms_and_ask_for_nothing_there(lesson: Class, token: str) -> None:
    lesson.browser.headers["authorization"] = f"Bearer {token}"
    assert lesson.browser.get("/teacher/rooms").status_code == 401
    assert lesson.asks(None, TEMPO) == 401


def players_of(page: Client, lesson: Class) -> list[str]:
    """Whom a page was told of last, by name."""
    return [seat["name"] for seat in told(page, "hello", lesson.studio.now)[-1]["players"]]


def test_players_of_a_room_are_told_who_else_is_there(lesson: Class) -> None:
    first = lesson.pages["blues"]
    second = lesson.studio.rooms.find({"room": "blues"})
    other = second.enter()
    other.hear(json.dumps({"t": "name", "name": "Ben"}), lesson.studio.now)
    lesson.says("blues", t="name", name="Ana")
    assert players_of(first, lesson) == ["Ana", "Ben"]
    second.leave(other)
    assert players_of(first, lesson) == ["Ana"]


@pytest.mark.parametrize("name", [7, "x" * 41, "a\nb"])
def test_a_name_that_is_none_is_refused_with_what_was_expected(lesson: Class, name: object) -> None:
    lesson.says("blues", t="name", name=name)
    (refused,) = told(lesson.pages["blues"], "refused", BEGIN)
    assert "at most 40 characters" in refused["line"]


def test_a_level_is_full_at_the_loudest_note_and_falls_within_a_second() -> None:
    level = Level()
    level.strike(127, BEGIN)
    level.strike(20, BEGIN)
    assert [level.at(BEGIN + part * SECOND // 4) for part in (0, 1, 4)] == [1.0, 0.75, 0.0]


def test_an_invitation_says_room_and_player_and_nobody_can_alter_it(lesson: Class) -> None:
    wanted = {"room": "blues", "player": "Ana", "minutes": 60}
    text = lesson.browser.post("/teacher/invite", json=wanted).json()["invitation"]
    assert lesson.invitations.read(text) == Seat("blues", "Ana")
    for altered in (text[:-1], "x" + text, text.swapcase(), text + "\ud800", "", 7, None):
        assert lesson.invitations.read(altered) is None
    assert Invitations("another secret").read(text) is None


def test_an_invitation_lapses(lesson: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    text = lesson.invitations.write(Seat("blues", "Ana"), 1)
    for seconds, seat in ((59, Seat("blues", "Ana")), (61, None)):
        later = datetime.now(UTC) + timedelta(seconds=seconds)
        monkeypatch.setattr(invitations, "datetime", Mock(now=lambda zone, later=later: later))
        assert lesson.invitations.read(text) == seat


@pytest.mark.parametrize(
    "wrong",
    [{"room": "../up"}, {"player": "a\nb"}, {"minutes": 0}, {"minutes": 10**9}, {"more": 1}],
)
def test_an_invitation_to_what_is_no_room_or_without_end_is_not_written(
    lesson: Class, wrong: dict[str, object]
) -> None:
    wanted = {"room": "blues", "player": "Ana", "minutes": 60} | wrong
    assert lesson.browser.post("/teacher/invite", json=wanted).status_code == 422


def test_a_secret_is_not_tried_out_on_an_invitation_by_its_signature_alone() -> None:
    seat = ["blues", "Ana", "", True, 60]
    signed = URLSafeTimedSerializer(TOKEN, salt="livegen: a seat in a studio").dumps(seat)
    assert Invitations(TOKEN).read(signed) is None
