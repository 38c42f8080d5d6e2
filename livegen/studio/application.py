"""The addresses of a studio: the page, the socket of its rooms, the teacher's, health and figures.

`settings`: {"host", "port": the one that is served, "names": [other names of this machine], "public": [names of a proxy
with TLS that stands in front], "token": the players', None where each needs an invitation, "teacher": the teacher's
token, "recordings": the folder of those of rooms, or None, "font": the file of a sound font, or None}.  Knows neither
processes nor listening sockets.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from livegen.control.library.charts import Charts
from livegen.control.web.clients import Clients
from livegen.control.web.door import Door
from livegen.control.web.guard import App, Guard, Receive, Scope, Send, hosts
from livegen.control.web.places import named
from livegen.control.web.routes import Recordings, app, giving_font
from livegen.control.web.shelf import Shelf
from livegen.studio.invitations import Invitations
from livegen.studio.teacher import Seen, Teacher

REQUESTS_BURST, REQUESTS_PER_S = 2000, 500  # of everybody together: a class opens its pages at once
MOST_STRANGERS = 256
MOST_CONNECTIONS = 1024


class AllRooms(Protocol):
    """The rooms of a studio, in one process or several."""

    def find(self, words: Mapping[str, Any]) -> Clients:
        """The pages of the room that a page asks for.  Raises Full or Elsewhere."""

    async def seen(self) -> list[Seen]:
        """All rooms, as a teacher sees them."""

    def figures(self) -> dict[str, Any]:
        """The numbers of rooms and players, and how busy it is."""


def charts_of(settings: Mapping[str, Any]) -> Charts:
    """Give the charts that players may name, of the folders in the settings: {"charts": {"shipped", "own"}}."""
    return Charts(*(Path(settings["charts"][whose]) for whose in ("shipped", "own")))


def application(
    settings: Mapping[str, Any],
    rooms: AllRooms,
    charts: Charts,
    say: Callable[[str], object],
) -> Guard:
    """The application of a studio, behind its guard.  `charts` can be read and not saved."""
    token = settings["token"] or secrets.token_urlsafe(32)  # nobody knows the latter
    invitations = Invitations(settings["teacher"])
    teacher = Teacher(rooms.seen, charts, settings["teacher"], settings["token"], invitations)
    served = app(
        Door(token, rooms.find, say, MOST_STRANGERS, _invited(invitations)),
        None,
        token,
        say,
        known_charts=charts,
        may_save=False,
        more=(
            *_figures(rooms),
            *teacher.routes(),
            *_recordings(settings),
            *_font(settings, token, invitations),
        ),
    )
    allowed = hosts((*settings["names"], named(settings["host"])), settings["port"])
    return Guard(served, allowed, token, REQUESTS_BURST, REQUESTS_PER_S, settings["public"])


def closing(served: App) -> App:
    """Close each connection after one answer: a proxy that kept it could send along it who wants another room."""

    async def serving(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"connection", b"close")]
                message = {**message, "headers": headers}
            await send(message)

        await served(scope, receive, sending)

    return serving


def _recordings(settings: Mapping[str, Any]) -> list[Route]:
    """Give the routes by which a teacher finds what was recorded in the rooms; no player's token opens it."""
    folder = settings.get("recordings")
    return Recordings(Shelf(Path(folder)), settings["teacher"]).routes() if folder else []


def _font(settings: Mapping[str, Any], token: str, invitations: Invitations) -> list[Route]:
    """Give the route of the sound font on which the pages of players sound, where there is one."""
    if not (font := settings.get("font")):
        return []
    return [giving_font(Path(font), token, lambda given: invitations.read(given) is not None)]


def _invited(invitations: Invitations) -> Callable[[object], Mapping[str, Any] | None]:
    """Give the function that reads an invitation in place of a page's first message."""

    def words(given: object) -> Mapping[str, Any] | None:
        seat = invitations.read(given)
        return None if seat is None else seat._asdict()

    return words


def _figures(rooms: AllRooms) -> list[Route]:
    """Give the routes at which a load balancer and Prometheus look."""

    async def health(request: Request) -> Response:
        return JSONResponse(rooms.figures())

    async def metrics(request: Request) -> Response:
        text = "\n".join(_metrics(rooms.figures())) + "\n"
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    return [Route("/health", health), Route("/metrics", metrics)]


# Of each figure its name and kind for Prometheus, and how it is found in what a process tells of itself.
_METRICS: tuple[tuple[str, str, Callable[[Mapping[str, Any]], float]], ...] = (
    ("livegen_rooms", "gauge", lambda told: told["rooms"]),
    ("livegen_players", "gauge", lambda told: told["players"]),
    ("livegen_turn_late_p99_seconds", "gauge", lambda told: told["late"].get("p99_us", 0) / 1e6),
    ("livegen_processor_share", "gauge", lambda told: told["cpu"]),
    ("livegen_open", "gauge", lambda told: int(told["is_open"])),
)
_OF_WORKERS: tuple[tuple[str, str, Callable[[Mapping[str, Any]], float]], ...] = (
    *_METRICS,
    ("livegen_worker_restarts", "counter", lambda told: told["restarts"]),
)


def _metrics(figures: Mapping[str, Any]) -> Iterator[str]:
    """The lines of Prometheus: of each worker where there are some, so that whoever wants a sum adds them up."""
    workers = figures.get("workers")
    for name, kind, value in _METRICS if workers is None else _OF_WORKERS:
        yield f"# TYPE {name} {kind}"
        if workers is None:
            yield f"{name} {value(figures):g}"
        for worker in workers or ():
            yield f'{name}{{worker="{worker["worker"]}"}} {value(worker):g}'
