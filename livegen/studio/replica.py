"""The application of a studio with its rooms, as a server of somebody else's runs it: all that it needs is ASGI.

`settings` are those of `worker`.  Rooms play from the lifespan's startup to its shutdown.  Knows no server, no
processes and no listening sockets.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from livegen.control.web.guard import Receive, Scope, Send
from livegen.errors import LivegenError
from livegen.studio.application import application, charts_of
from livegen.studio.worker import rooms_of

log = logging.getLogger(__name__)


class Replica:
    """A process, one of several, that serves a studio.  Threads: the event loop's only."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Load the model.  Raises LivegenError."""
        self.rooms = rooms_of(settings)
        self._served = application(settings, self.rooms, charts_of(settings), log.warning)
        self._playing: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._served(scope, receive, send)

    def check(self) -> None:
        """Raise LivegenError when the rooms no longer play."""
        if self._playing is None or self._playing.done():
            raise LivegenError("the rooms of this process do not play")

    async def _live(self, receive: Receive, send: Send) -> None:
        """Let the rooms play for as long as the server lives."""
        await receive()
        self._playing = asyncio.create_task(self.rooms.run())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._playing.cancel()
        await send({"type": "lifespan.shutdown.complete"})
