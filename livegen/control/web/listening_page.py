"""A page for a listening test: judges hear pairs and say which they prefer; the page never says who plays.

Served on this machine only, unless it is told another address, behind the guard and a token of its own, from the built
files of the page.  What is asked,
and what becomes of an answer, `test` knows.  Nothing here opens a path that was asked for.
"""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from livegen.control.osc.peers import LOCALHOST, own_addresses
from livegen.control.web.guard import Guard, hosts
from livegen.control.web.places import is_any, named, near
from livegen.control.web.routes import BUILT, json_of, with_token
from livegen.control.web.server import bound_nearby, configuration, start, stop
from livegen.errors import ConfigError
from livegen.extras import to_install

PAGE = "listen.html"


class ListeningTest(Protocol):
    """The questions of the page to a test; both raise ConfigError for what does not fit."""

    def state(self, name: str) -> dict[str, Any]:
        """The pair that a judge hears next."""

    def answer(self, name: str, trial: int, question: str, side: str) -> None:
        """Keep an answer."""


def app(test: ListeningTest, token: str, built: Path = BUILT) -> Starlette:
    """The application: POST /listen and /listen/answer for those who know the token, and the built page.

    Answers are kept one after the other, in the loop: that is quick, and no two judges are written at once.
    """

    async def state(request: Request) -> Response:
        match await json_of(request):
            case {"judge": str(name), **rest} if not rest:
                return _kept(lambda: test.state(name))
            case _:
                raise HTTPException(422, 'expected {"judge": NAME}')

    async def answer(request: Request) -> Response:
        match await json_of(request):
            case {
                "judge": str(name),
                "trial": int(trial),
                "question": str(question),
                "said": str(side),
                **rest,
            } if not rest:
                return _kept(lambda: test.answer(name, trial, question, side))
            case _:
                raise HTTPException(422, 'expected {"judge", "trial", "question", "said"}')

    return Starlette(
        routes=[
            Route("/listen", with_token(token, state), methods=["POST"]),
            Route("/listen/answer", with_token(token, answer), methods=["POST"]),
            Mount("/", StaticFiles(directory=built, html=True)),
        ],
        exception_handlers={HTTPException: _mistake},
    )


def _kept(act: Callable[[], dict[str, Any] | None]) -> Response:
    try:
        return JSONResponse(act() or {})
    except ConfigError as mistake:
        raise HTTPException(422, str(mistake)[:300]) from None


async def _mistake(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


def serve(
    test: ListeningTest, told: Callable[[str], object], built: Path = BUILT, host: str = LOCALHOST
) -> None:
    """Serve at an address of this machine until Ctrl-C; `told` is given what a browser opens.

    Raises ConfigError without a built page, PortError.
    """
    if not (built / PAGE).is_file():
        raise ConfigError(f"the page is not built: {to_install()}")
    asyncio.run(served(test, told, built, host))


async def served(
    test: ListeningTest, told: Callable[[str], object], built: Path, host: str
) -> None:
    """Serve at an address, as `serve` does, until it is cancelled."""
    token = secrets.token_urlsafe(16)
    names = list(map(named, own_addresses() if is_any(host) else [host])) or [near(host)]
    sockets = bound_nearby(host, 0, lambda line: None)
    port = sockets[0].getsockname()[1]
    guarded = Guard(app(test, token, built), hosts(names, port), token)
    server = uvicorn.Server(configuration(guarded))
    await start(server, sockets)
    told(f"http://{names[0]}:{port}/{PAGE}#{token}")
    try:
        await asyncio.Event().wait()
    finally:
        stop(server)
