"""The addresses of the server: the built page, the recordings, the presets, the charts, the socket.

Whoever comes here has passed the guard; /keys, /tickets, /presets, /words, /find and everything under /recordings,
/charts, /chart and /font also ask for the token, and /take for a ticket that one who has the token was given.  Nothing
here runs a program but those that lay out scores (`scores`) and search (`finding`), opens a path that was asked for, or
writes outside the folders of recordings, presets and charts.
"""

import asyncio
import json
import mimetypes
import secrets
from base64 import b64decode
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from livegen.control.library import charts
from livegen.control.library.presets import PresetThere
from livegen.control.web.door import Door
from livegen.control.web.guard import bearer, is_token
from livegen.control.web.scores import KINDS, NoScore, score
from livegen.control.web.shelf import NameTaken, NotThere, Shelf
from livegen.control.web.tickets import Tickets
from livegen.control.words import Reading
from livegen.daemon import clock
from livegen.daemon.recording.recordings import MIDI
from livegen.errors import ConfigError, LivegenError
from livegen.jam.controls.controls import LONGEST_WISH
from livegen.music.charts import write_text

MOST_BODY = 4096
LONGEST_S = 1e6  # of a session
MOST_CHART = 1 << 17  # bytes of a body with the text of a chart
MOST_FILE = charts.MOST_BYTES * 4 // 3 + MOST_BODY  # of one with a file in base64
TOKENED = (
    "/keys",
    "/recordings",
    "/tickets",
    "/take",
    "/presets",
    "/chart",
    "/words",
    "/find",
    "/font",
)
BUILT = Path(__file__).parent / "built"
UNBUILT = """\
<!doctype html><html lang="en"><meta charset="utf-8"><title>livegen</title>
<h1>The page is not built</h1>
<p>livegen plays, but its page is missing. In a clone, run <code>make serve</code> again, which
builds it, with Node 20 or newer or with the one that pip brings along.</p>
"""

# Browsers would refuse a script as plain text, which an odd table of types in the system (Windows) calls it.
for _kind, _suffix in (
    ("text/javascript", ".js"),
    ("text/css", ".css"),
    ("image/svg+xml", ".svg"),
    ("font/woff2", ".woff2"),
    ("audio/midi", ".mid"),
):
    mimetypes.add_type(_kind, _suffix)

T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]
May = Callable[[str | None], bool]
SavePreset = Callable[[str, bool], str]  # a name, and whether to replace; gives the name
Wish = Callable[[str], Reading]
Find = Callable[[], Awaitable[dict[str, Any]]]
SaveFind = Callable[[str, float, float], Awaitable[str]]  # of a session's place; gives the name


def app(
    door: Door,
    shelf: Shelf | None,
    token: str,
    say: Callable[[str], object] = lambda line: None,
    built: Path = BUILT,
    save_preset: SavePreset | None = None,
    known_charts: charts.Charts | None = None,
    wish: Wish | None = None,
    search: tuple[Find, SaveFind] | None = None,
    more: Sequence[Route] = (),
    may_save: bool = True,
) -> Starlette:
    """The server's application.  Without a shelf there are no recordings; `say` takes a line about our own faults.

    `known_charts` are those that can be read and saved; None: no address has charts.  `wish` sets what is asked for in
    words; None: nobody can.  `search` looks for the phrase that was just played,
    and saves what was found; None: nobody can.  `more` are addresses of whoever serves; `may_save`: charts can be.
    """
    recordings = Recordings(shelf, token) if shelf is not None else None
    page = (
        Mount("/", StaticFiles(directory=built, html=True))
        if (built / "index.html").is_file()
        else Route("/", _unbuilt)
    )
    return Starlette(
        routes=[
            WebSocketRoute("/ws", door.serve),
            Route("/keys", with_token(token, _giving_keys(door)), methods=["POST"]),
            *(recordings.routes() if recordings else []),
            *([_saving(save_preset, token)] if save_preset else []),
            *(ChartRoutes(known_charts, token, may_save).routes() if known_charts else []),
            *([_wishing(wish, token)] if wish else []),
            *(Search(*search, token).routes() if search else []),
            *more,
            page,
        ],
        exception_handlers={HTTPException: _mistake, Exception: _fault(say)},
    )


def with_token(token: str, endpoint: Endpoint, invited: May = lambda given: False) -> Endpoint:
    """An endpoint for those who know the token, or have in its place what `invited` says True of."""

    async def asking(request: Request) -> Response:
        given = bearer(request.scope["headers"])
        if not is_token(given, token) and not invited(given):
            raise HTTPException(
                401, "the token is missing or wrong: open the address that livegen printed"
            )
        return await endpoint(request)

    return asking


def _saving(save_preset: SavePreset, token: str) -> Route:
    """The route that saves the controls as a preset; what it does is quick, and is done in the loop."""

    async def save(request: Request) -> Response:
        match await json_of(request):
            case {"name": str(name), "replace": bool(replace), **rest} if not rest:
                return JSONResponse({"name": save_preset(name, replace)})
            case _:
                raise HTTPException(422, 'expected {"name": NAME, "replace": true or false}')

    async def answer(request: Request) -> Response:
        try:
            return await save(request)
        except PresetThere as error:
            raise HTTPException(409, str(error)) from None
        except LivegenError as error:
            raise HTTPException(422, str(error)[:300]) from None
        except OSError as error:
            raise HTTPException(507, f"the folder of presets: {error.strerror}") from None

    return Route("/presets", with_token(token, answer), methods=["POST"])


def giving_font(font: Path, token: str, invited: May = lambda given: False) -> Route:
    """The route that gives what of a sound font pages play, under its name, as `with_token` does.

    It is cut anew for each, in half a second for the largest, one at a time; a page keeps it for a day.
    """
    one_at_a_time = asyncio.Lock()

    async def give(request: Request) -> Response:
        if request.path_params["name"] != font.name or not font.is_file():
            raise HTTPException(404, "this sound font is not there; start livegen anew")
        from livegen.sound.font_cut import cut  # numpy, which nothing else here needs
        from livegen.sound.programs import PRESETS

        try:
            async with one_at_a_time:
                played = await asyncio.to_thread(cut, font, PRESETS)
        except (ConfigError, OSError) as error:
            raise HTTPException(422, str(error)[:300]) from None
        headers = {"cache-control": "private, max-age=86400"}
        return Response(played, media_type="application/octet-stream", headers=headers)

    return Route("/font/{name}", with_token(token, give, invited))


def _wishing(wish: Wish, token: str) -> Route:
    """The route that does a wish in words; it takes a millisecond, and is done in the loop."""

    async def answer(request: Request) -> Response:
        match await json_of(request):
            case {"text": str(text), **rest} if not rest:
                with suppress(ConfigError):
                    reading = wish(text)
                    return JSONResponse(
                        {
                            "sets": dict(reading.sets),
                            "unknown": list(reading.unknown),
                            "taken": [list(pair) for pair in reading.taken],
                        }
                    )
        raise HTTPException(422, f'expected {{"text": TEXT}} of at most {LONGEST_WISH} characters')

    return Route("/words", with_token(token, answer), methods=["POST"])


class Search:
    """The addresses of a search among the recordings, one at a time: for the phrase just played, and what was found."""

    def __init__(self, find: Find, save: SaveFind, token: str) -> None:
        self._find, self._save, self._token = find, save, token
        self._one_at_a_time = asyncio.Lock()

    def routes(self) -> list[Route]:
        """The routes at which they are found."""
        return [
            Route("/find", with_token(self._token, self._look), methods=["POST"]),
            Route("/find/save", with_token(self._token, self._keep), methods=["POST"]),
        ]

    async def _look(self, request: Request) -> Response:
        if await json_of(request) != {}:
            raise HTTPException(422, "expected {}")
        return JSONResponse(await self._do(self._find))

    async def _keep(self, request: Request) -> Response:
        match await json_of(request):
            case {
                "name": str(name),
                "at": int() | float() as at,
                "seconds": int() | float() as seconds,
                **rest,
            } if not rest and 0 <= at < LONGEST_S and 0 <= seconds < LONGEST_S:
                return JSONResponse({"name": await self._do(self._save, name, at, seconds)})
            case _:
                raise HTTPException(
                    422, 'expected {"name": NAME, "at": seconds, "seconds": seconds}'
                )

    async def _do(self, act: Callable[..., Awaitable[T]], *given: Any) -> T:
        if self._one_at_a_time.locked():
            raise HTTPException(409, "another search is running; wait until it has ended")
        try:
            async with self._one_at_a_time:
                return await act(*given)
        except LivegenError as error:
            raise HTTPException(422, str(error)) from None


class Recordings:
    """The addresses of the shelf."""

    def __init__(self, shelf: Shelf, token: str) -> None:
        self._shelf, self._token = shelf, token
        self._tickets = Tickets(lambda: secrets.token_urlsafe(16))
        self._one_at_a_time, self._one_score = asyncio.Lock(), asyncio.Lock()

    def routes(self) -> list[Route]:
        """The routes at which they are found."""
        return [
            Route("/recordings", with_token(self._token, self._list)),
            Route("/recordings/{name}", with_token(self._token, self._give)),
            Route("/recordings/{name}/{ending}", with_token(self._token, self._score)),
            Route("/recordings/{name}", with_token(self._token, self._change), methods=["POST"]),
            Route(
                "/recordings/{name}", with_token(self._token, self._throw_away), methods=["DELETE"]
            ),
            Route("/tickets", with_token(self._token, self._issue), methods=["POST"]),
            Route("/take/{ticket}/{name}", self._take),
        ]

    async def _list(self, request: Request) -> Response:
        return JSONResponse(await self._do(self._shelf.listed))

    async def _give(self, request: Request) -> Response:
        return await self._file(request.path_params["name"])

    async def _score(self, request: Request) -> Response:
        """A recording as a score of the ending that is asked for; one at a time is laid out."""
        name, ending = request.path_params["name"], f".{request.path_params['ending']}"
        if ending not in KINDS:
            raise HTTPException(404, f"a score is one of {', '.join(KINDS)}")
        data = await self._do(self._shelf.read, name)
        stem = name.removesuffix(MIDI)
        try:
            async with self._one_score:
                laid_out = await asyncio.to_thread(score, data, stem, ending)
        except NoScore as error:
            raise HTTPException(422, str(error)[:300]) from None
        headers = {
            "content-disposition": _attached(f"{stem}{ending}"),
            "cache-control": "no-store",
        }
        return Response(laid_out, media_type=KINDS[ending], headers=headers)

    async def _change(self, request: Request) -> Response:
        name = request.path_params["name"]
        match await json_of(request):
            case {"rename": str(to), **rest} if not rest:
                return JSONResponse({"name": await self._do(self._shelf.rename, name, to)})
            case {"restore": True, **rest} if not rest:
                return JSONResponse({"name": await self._do(self._shelf.take_back, name)})
            case _:
                raise HTTPException(422, 'expected {"rename": NAME} or {"restore": true}')

    async def _throw_away(self, request: Request) -> Response:
        thrown = await self._do(self._shelf.throw_away, request.path_params["name"])
        return JSONResponse({"trashed": thrown})

    async def _issue(self, request: Request) -> Response:
        match await json_of(request):
            case {"name": str(name), **rest} if not rest:
                await self._do(self._shelf.read, name)  # a ticket for nothing helps nobody
                ticket = self._tickets.issue(name, clock.now())
                return JSONResponse({"url": f"/take/{ticket}/{name}"})
            case _:
                raise HTTPException(422, 'expected {"name": NAME}')

    async def _take(self, request: Request) -> Response:
        ticket, name = request.path_params["ticket"], request.path_params["name"]
        check = self._tickets.take if request.method == "GET" else self._tickets.is_good
        if not check(ticket, name, clock.now()):
            raise HTTPException(
                404, "this address was for one download; download the file again from the page"
            )
        return await self._file(name)

    async def _file(self, name: str) -> Response:
        data = await self._do(self._shelf.read, name)
        headers = {
            "content-disposition": _attached(name),
            "cache-control": "no-store",
        }
        return Response(data, media_type="audio/midi", headers=headers)

    async def _do(self, act: Callable[..., T], *given: str) -> T:
        """Do something with the shelf, in a thread; its mistakes as HTTP knows them."""
        try:
            async with self._one_at_a_time:
                return await asyncio.to_thread(act, *given)
        except NotThere as error:
            raise HTTPException(404, str(error)) from None
        except NameTaken as error:
            raise HTTPException(409, str(error)) from None
        except LivegenError as error:
            raise HTTPException(422, str(error)[:200]) from None
        except OSError as error:
            raise HTTPException(507, f"the folder of recordings: {error.strerror}") from None


class ChartRoutes:
    """The addresses of the charts: what there is, one by its name, one that is saved, and a text that is looked at."""

    def __init__(self, known: charts.Charts, token: str, may_save: bool = True) -> None:
        self._charts, self._token, self._may_save = known, token, may_save
        self._one_at_a_time = asyncio.Lock()

    def routes(self) -> list[Route]:
        """The routes at which they are found."""
        return [
            Route("/charts", with_token(self._token, self._list)),
            *(
                [Route("/charts", with_token(self._token, self._save), methods=["POST"])]
                if self._may_save
                else []
            ),
            Route("/charts/{name}", with_token(self._token, self._give)),
            Route("/chart", with_token(self._token, self._read), methods=["POST"]),
            Route("/chart/file", with_token(self._token, self._read_file), methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        return await self._answer(self._charts.listed)

    async def _give(self, request: Request) -> Response:
        return await self._answer(self._charts.given, request.path_params["name"])

    async def _save(self, request: Request) -> Response:
        match await json_of(request, MOST_CHART):
            case {"name": str(name), "text": str(text), "replace": bool(replace), **rest} if (
                not rest
            ):
                return await self._answer(self._saved, name, text, replace)
            case _:
                raise HTTPException(
                    422, 'expected {"name": NAME, "text": TEXT, "replace": true or false}'
                )

    async def _read(self, request: Request) -> Response:
        match await json_of(request, MOST_CHART):
            case {"text": str(text), "transpose": int(semitones), **rest} if not rest:
                return await self._answer(self._told, text, max(-11, min(11, semitones)))
            case _:
                raise HTTPException(422, 'expected {"text": TEXT, "transpose": semitones}')

    async def _read_file(self, request: Request) -> Response:
        match await json_of(request, MOST_FILE):
            case {"base64": str(coded), **rest} if not rest:
                with suppress(ValueError):
                    return await self._answer(self._told, b64decode(coded, validate=True))
        raise HTTPException(422, 'expected {"base64": a file}')

    def _told(self, given: str | bytes, semitones: int = 0) -> dict[str, Any]:
        """A chart as it sounds, its text as it is written, and which of those there are it is; or what is wrong."""
        try:
            chart = charts.read(given)
        except charts.ChartMistake as mistake:
            return _wrong(mistake)
        text, seen = write_text(chart), chart.transposed(semitones)
        return charts.laid_out(seen) | {"text": text, "name": self._charts.named(text)}

    def _saved(self, name: str, text: str, replace: bool) -> dict[str, str]:
        return {"name": self._charts.save(name, text, replace)}

    async def _answer(self, act: Callable[..., Any], *given: Any) -> Response:
        """Do something with charts, in a thread, and tell what came of it."""
        try:
            async with self._one_at_a_time:
                return JSONResponse(await asyncio.to_thread(act, *given))
        except charts.NoChart as error:
            raise HTTPException(404, str(error)) from None
        except charts.ChartThere as error:
            raise HTTPException(409, str(error)) from None
        except charts.ChartMistake as mistake:
            return JSONResponse(_wrong(mistake), 422)
        except LivegenError as error:
            raise HTTPException(422, str(error)[:300]) from None
        except OSError as error:
            raise HTTPException(507, f"the folder of charts: {error.strerror}") from None


def _wrong(mistake: charts.ChartMistake) -> dict[str, Any]:
    return {"error": str(mistake), "line": mistake.line}


def _giving_keys(door: Door) -> Endpoint:
    async def give(request: Request) -> Response:
        if await json_of(request) != {}:
            raise HTTPException(422, "expected {}")
        return JSONResponse({"key": door.key()})

    return give


def _attached(name: str) -> str:
    """The header that names a file to be saved; a checked name has no quotes.  RFC 6266, section 4.3."""
    plain = "".join(one if one.isascii() else "_" for one in name)
    more = "" if plain == name else f"; filename*=UTF-8''{quote(name)}"
    return f'attachment; filename="{plain}"{more}'


async def json_of(request: Request, most: int = MOST_BODY) -> Any:
    """The body, which must be called JSON: a form of another page cannot do that without asking first."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "expected application/json")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise HTTPException(413, f"expected at most {most} bytes")
    try:
        found = json.loads(body)
        json.dumps(found, ensure_ascii=False).encode()  # half of a surrogate pair is no text
        return found
    except (ValueError, RecursionError):
        raise HTTPException(400, "expected JSON") from None


async def _unbuilt(request: Request) -> Response:
    return Response(UNBUILT, media_type="text/html")


async def _mistake(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if request.url.path.startswith(TOKENED):
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)
    return PlainTextResponse(error.detail, error.status_code, error.headers)


def _fault(say: Callable[[str], object]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        say(f"page: {request.method} failed: {error!r:.200}")
        return PlainTextResponse("a fault in livegen", 500)

    return answer
