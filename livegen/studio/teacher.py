"""The work of a teacher: to see all rooms, and ask for the same in some of them at once.

Whoever has the teacher's token, which is another than the players'.  A teacher asks for what a page can ask for
(`livegen.control.web.page_messages`), but plays nothing.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from livegen.control.library.charts import Charts
from livegen.control.surfaces import Request as Wanted
from livegen.control.web.page_messages import Known, RefusedMessage, is_player, read
from livegen.control.web.roles import ROLES
from livegen.control.web.routes import json_of, with_token
from livegen.jam.turns import MODES
from livegen.studio.invitations import LONGEST_MINUTES, Invitations, Seat
from livegen.studio.room_names import is_name

MOST_MESSAGES = 16  # of one request
EXPECTED = (
    'expected {"rooms": [NAME, …] or null for all, "messages": '
    f"[a set or do message of a page, …, at most {MOST_MESSAGES}]}}"
)
RECORDING = 'expected {"rooms": [NAME, …] or null for all, "on": true or false}'
INVITATION = (
    'expected {"room": a name of letters, digits, spaces, ".", "-" and "_", "player": a name, '
    f'"minutes": 1 to {LONGEST_MINUTES}}}, and where wanted "role": one of {", ".join(ROLES)}, "steers": false; '
    "both names have at most 40 characters"
)


class Seen(Protocol):
    """A room as a teacher sees it."""

    @property
    def name(self) -> str:
        """The room's name."""

    @property
    def known(self) -> Known:
        """The names that can be asked for there."""

    def told(self) -> dict[str, Any]:
        """All that a teacher sees of it."""

    def ask(self, request: Wanted) -> None:
        """Have it do what somebody wants."""


class Teacher:
    """The teacher's addresses.  `seen` gives all rooms.

    `players_token` is what his page makes the players' addresses from; None where each needs one of `invitations`.
    """

    def __init__(
        self,
        seen: Callable[[], Awaitable[Sequence[Seen]]],
        charts: Charts,
        token: str,
        players_token: str | None,
        invitations: Invitations,
    ) -> None:
        self._seen, self._charts, self._invitations = seen, charts, invitations
        self._token, self._players_token = token, players_token

    def routes(self) -> list[Route]:
        """Give the routes of a teacher."""
        return [
            Route("/teacher/rooms", with_token(self._token, self._show), methods=["GET"]),
            Route("/teacher/ask", with_token(self._token, self._ask), methods=["POST"]),
            Route("/teacher/record", with_token(self._token, self._record), methods=["POST"]),
            Route("/teacher/invite", with_token(self._token, self._invite), methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        return JSONResponse({
            "rooms": sorted((room.told() for room in await self._seen()), key=lambda told: told["room"]),
            "modes": list(MODES),
            "charts": sorted(self._charts.names()),
            "roles": list(ROLES),
            "token": self._players_token,
        })  # fmt: skip

    async def _ask(self, request: Request) -> Response:
        match await json_of(request):
            case {"rooms": None | list() as names, "messages": list(given), **rest} if not rest:
                rooms = _named(names, await self._seen())
            case _:
                raise HTTPException(422, EXPECTED)
        if not 0 < len(given) <= MOST_MESSAGES:
            raise HTTPException(422, EXPECTED)
        # All is read before anything is done: a message that does not fit in one room is done in none.
        wanted = [(room, [_read(message, room) for message in given]) for room in rooms]
        for room, requests in wanted:
            for one in requests:
                room.ask(one)
        return JSONResponse({"rooms": len(rooms)})

    async def _record(self, request: Request) -> Response:
        match await json_of(request):
            case {"rooms": None | list() as names, "on": bool(is_wanted), **rest} if not rest:
                rooms = _named(names, await self._seen())
            case _:
                raise HTTPException(422, RECORDING)
        for room in rooms:
            room.ask(Wanted("record", is_wanted))
        return JSONResponse({"rooms": len(rooms)})

    async def _invite(self, request: Request) -> Response:
        match await json_of(request):
            case {"room": str(room), "player": str(player), "minutes": int(minutes), **rest} if (
                rest.keys() <= {"role", "steers"}
                and is_name(room)
                and is_player(player)
                and 0 < minutes <= LONGEST_MINUTES
                and (role := rest.get("role", "")) in ("", *ROLES)
                and isinstance(steers := rest.get("steers", True), bool)
            ):
                seat = Seat(room, player.strip(), role, steers)
                text = self._invitations.write(seat, minutes)
                return JSONResponse({"invitation": text})
            case _:
                raise HTTPException(422, INVITATION)


def _named(names: Sequence[Any] | None, rooms: Sequence[Seen]) -> Sequence[Seen]:
    if names is None:
        return rooms
    there = {room.name: room for room in rooms}
    missing = [name for name in names if not isinstance(name, str) or name not in there]
    if missing:
        raise HTTPException(404, f"there is no room {str(missing[0])[:40]!r}; it may have closed")
    return [there[name] for name in names]


def _read(message: object, room: Seen) -> Wanted:
    try:
        said = read(message, room.known)
    except RefusedMessage as refusal:
        raise HTTPException(422, str(refusal)) from None
    if not isinstance(said, Wanted):
        raise HTTPException(422, EXPECTED)
    return said
