"""The way in for pages: whoever connects says the token first, or a key that lets one page in, once.

Knows starlette's WebSocket; what a page then does is in `clients`.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from livegen.control.web import stage as told
from livegen.control.web.clients import FULL, Clients, Invited, text_of, turn_away
from livegen.control.web.guard import is_token
from livegen.control.web.page_messages import RefusedMessage, object_in
from livegen.control.web.tickets import Tickets
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.errors import LivegenError

TOKEN_S = 10.0  # how long whoever connects may take to say the token
MOST_STRANGERS = 16  # connections that did not say it yet
PAGE, KEY_US = "page", 60 * SECOND  # how long a key waits for the browser that was started for it
BAD_TOKEN, ELSEWHERE = 4401, 4303  # codes with which a socket is closed

GONE = (WebSocketDisconnect, RuntimeError, OSError)  # what sending to a page that went away raises
WRONG = "the token in the address is wrong: open the address that livegen printed"


class Elsewhere(LivegenError):
    """A room is to be asked for at another address.  `room` is its name."""

    def __init__(self, room: str) -> None:
        super().__init__(f"the room {room!r} is at /ws?room={quote(room)}")
        self.room = room


class Full(LivegenError):
    """No place is left for one more."""


class Door:
    """`find` gives, by the first message of one who may come in, the pages to which theirs is added.

    It raises Full or Elsewhere.

    `invited` gives, for what was said in place of the token, what an invitation says in place of that message; None
    where it is none.  `say` takes a line about a fault of ours, which costs one page its connection.
    `most_strangers` are connections that may be there without having said the token.  Threads: the event loop's only.
    """

    def __init__(
        self,
        token: str,
        find: Callable[[Mapping[str, Any]], Clients],
        say: Callable[[str], object] = lambda line: None,
        most_strangers: int = MOST_STRANGERS,
        invited: Callable[[object], Mapping[str, Any] | None] = lambda given: None,
    ) -> None:
        self._token, self._find, self._say = token, find, say
        self._most_strangers, self._invited = most_strangers, invited
        self._keys = Tickets(lambda: secrets.token_urlsafe(16), KEY_US)
        self._strangers = 0

    def key(self) -> str:
        """A key that lets one page in, once, in the next minute."""
        return self._keys.issue(PAGE, clock.now())

    async def serve(self, socket: WebSocket) -> None:
        """Serve one page from its first message to its last."""
        if self._strangers >= self._most_strangers:
            return await _refuse(socket)
        await socket.accept()
        try:
            await self._serve(socket)
        except GONE:
            pass
        except Exception as error:
            self._say(f"page: a connection ended because of a fault in livegen: {error!r:.200}")

    async def _serve(self, socket: WebSocket) -> None:
        words = await self._words(socket)
        given, invited = words.get("token"), Invited()
        has_key = isinstance(given, str) and self._keys.take(given, PAGE, clock.now())
        if not has_key and not is_token(given, self._token):
            seat = self._invited(given)
            if seat is None:
                return await turn_away(socket, BAD_TOKEN, WRONG)
            words, invited = seat, Invited(*(seat[key] for key in Invited._fields))
        first = (told.token(self._token),) if has_key else ()
        try:
            # Whoever handed the connection over knows more of it; no page can say so itself.
            clients = self._find({**words, "handed": socket.scope.get("state", {}).get("handed")})
        except Full as full:
            return await turn_away(socket, FULL, str(full))
        except Elsewhere as elsewhere:
            await socket.send_text(told.room(elsewhere.room))
            return await turn_away(socket, ELSEWHERE, str(elsewhere))
        await clients.serve(socket, *first, invited=invited)

    async def _words(self, socket: WebSocket) -> Mapping[str, Any]:
        """The first message of a page; empty for one that says none in time."""
        self._strangers += 1
        try:
            async with asyncio.timeout(TOKEN_S):
                return object_in(await text_of(socket))
        except (RefusedMessage, TimeoutError):
            return {}
        finally:
            self._strangers -= 1


async def _refuse(socket: WebSocket) -> None:
    """Turn a socket away before it is one: there are too many."""
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        return await socket.send_denial_response(Response(status_code=503))
    return await socket.close(FULL)
