"""The addresses of a studio: the page, the socket of its rooms, health and figures; and how it is served.

`settings`: {"host", "port", "names": [other names of this machine], "public": [names of a proxy with TLS that
stands in front], "token": the players', None where each needs an invitation, "teacher": the teacher's token, "rooms":
how many at most}.  Threads: the event loop's only.
"""

import asyncio
import secrets
import signal
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from livegen.control.library.charts import Charts
from livegen.control.osc.peers import own_addresses
from livegen.control.web.door import Door
from livegen.control.web.guard import Guard, hosts
from livegen.control.web.places import is_any, named, near
from livegen.control.web.routes import app
from livegen.control.web.server import bound_nearby, configuration, start, stop
from livegen.studio.invitations import Invitations
from livegen.studio.rooms import Build, Rooms
from livegen.studio.teacher import Teacher

SIGNALS = (signal.SIGINT, signal.SIGTERM)
REQUESTS_BURST, REQUESTS_PER_S = 2000, 500  # of everybody together: a class opens its pages at once
MOST_CONNECTIONS, MOST_STRANGERS = 1024, 256


async def serve(
    settings: Mapping[str, Any],
    build: Build,
    charts: Charts,
    ready: Callable[[str | None, str], object],
    say: Callable[[str], object],
) -> None:
    """Serve until SIGINT or SIGTERM.  Raises ConfigError or PortError.

    `charts` can be read and not saved.  `ready` is given the address for players, where there is one for
    all, and the teacher's.
    """
    rooms = Rooms(build, settings["rooms"])
    token = settings["token"] or secrets.token_urlsafe(32)  # nobody knows the latter
    host, invitations = settings["host"], Invitations(settings["teacher"])
    sockets = bound_nearby(host, settings["port"], say)
    port = sockets[0].getsockname()[1]
    names = [*settings["names"], *(map(named, own_addresses()) if is_any(host) else ())]
    teacher = Teacher(rooms, charts, settings["teacher"], settings["token"], invitations)
    served = app(
        Door(token, rooms.find, say, MOST_STRANGERS, _invited(invitations)),
        None,
        token,
        say,
        known_charts=charts,
        may_save=False,
        more=(*_figures(rooms), *teacher.routes()),
    )
    allowed = hosts((*names, named(host)), port)
    guard = Guard(served, allowed, token, REQUESTS_BURST, REQUESTS_PER_S, settings["public"])
    server = uvicorn.Server(configuration(guard, MOST_CONNECTIONS))
    await start(server, sockets)
    over = _over()
    playing = asyncio.create_task(rooms.run())
    here = f"http://{names[0] if names else near(host)}:{port}"
    address = f"https://{settings['public'][0]}" if settings["public"] else here
    players = f"{address}/#{token}" if settings["token"] else None
    ready(players, f"{address}/teacher.html#{settings['teacher']}")
    try:
        await asyncio.wait((playing, over), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop(server)
        playing.cancel()
    if playing.done() and not playing.cancelled():
        playing.result()  # a fault of ours


def _invited(invitations: Invitations) -> Callable[[object], Mapping[str, Any] | None]:
    """What an invitation says in place of a page's first message."""

    def words(given: object) -> Mapping[str, Any] | None:
        seat = invitations.read(given)
        return None if seat is None else seat._asdict()

    return words


def _over() -> "asyncio.Future[None]":
    """A future that is done when a signal says that it is over."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def end() -> None:
        if not over.done():
            over.set_result(None)

    for number in SIGNALS:
        signal.signal(
            number, lambda *_: loop.call_soon_threadsafe(end)
        )  # the loop's own handlers are not on Windows
    return over


def _figures(rooms: Rooms) -> list[Route]:
    """Where a load balancer and Prometheus look."""

    async def health(request: Request) -> Response:
        return JSONResponse(rooms.figures())

    async def metrics(request: Request) -> Response:
        told = rooms.figures()
        late = told["late"].get("p99_us", 0) / 1e6
        lines = (
            "# TYPE livegen_rooms gauge",
            f"livegen_rooms {told['rooms']}",
            "# TYPE livegen_players gauge",
            f"livegen_players {told['players']}",
            "# TYPE livegen_turn_late_p99_seconds gauge",
            f"livegen_turn_late_p99_seconds {late:g}",
        )
        return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")

    return [Route("/health", health), Route("/metrics", metrics)]
