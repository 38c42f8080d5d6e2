"""The process of all plug-ins: a socket for them, pages for their windows, and the rooms.

A plug-in says the token first.  Whatever it says then costs nobody but itself: lines are bounded, so is what waits for
it, and who makes no sense is told so and let go.  It ends when no plug-in was there for two minutes.
"""

import asyncio
import signal
import socket
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import uvicorn

from livegen.control.library.charts import Charts
from livegen.control.osc.peers import LOCALHOST
from livegen.control.tasks import raise_first, until_one_ends
from livegen.control.web import stage as told
from livegen.control.web.clients import MISTAKES, SLOWED_S, STALLED_S, TACT_S
from livegen.control.web.door import TOKEN_S, Door, Full
from livegen.control.web.guard import Guard, hosts, is_token
from livegen.control.web.page_messages import MAX_BYTES, RefusedMessage, object_in
from livegen.control.web.places import named
from livegen.control.web.routes import app
from livegen.control.web.server import bound_nearby, configuration, start, stop
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.plugin import words
from livegen.plugin.band import Bands
from livegen.plugin.seat import Seat

EMPTY_S = 120.0
LOOKS_S = 1.0
LOOKS_ON_S = 0.02  # well below the time for which a process may run in real time
MOST_CONNECTIONS = 512
PAGE_PORT = 9703
WRONG = "token: it is not that of plugin.json: read the file again"
TOO_LONG = f"a line has at most {MAX_BYTES} bytes: this one is longer"


class PlugInServer:
    """The process.  `model` is the name of the model; `say` takes a line about a fault of ours; `look` is called all
    the time with the time, micros: for the urgency of the process.

    Threads: the event loop's only.
    """

    def __init__(
        self,
        bands: Bands,
        charts: Charts,
        token: str,
        model: str,
        say: Callable[[str], object],
        empty_s: float = EMPTY_S,
        look: Callable[[int], object] = lambda now: None,
    ) -> None:
        self._look = look
        self._bands, self._charts, self._token = bands, charts, token
        self._model, self._say, self._empty_s = model, say, empty_s
        self._connections = 0

    async def serve(self, ready: Callable[[int], object]) -> None:
        """Serve until nobody is there, SIGINT or SIGTERM; `ready` is given the port.  Raises LivegenError."""
        page = self._page()
        listening = await asyncio.start_server(self._meet, LOCALHOST, 0, limit=MAX_BYTES)
        port: int = listening.sockets[0].getsockname()[1]
        try:
            await start(*page)
            ready(port)
            lasts = (self._bands.rooms.run(), self._empty(), _signalled(), self._look_on())
            raise_first(await until_one_ends(*lasts))
        finally:
            listening.close()
            stop(page[0])
            self._bands.rooms.close()

    def _page(self) -> tuple[uvicorn.Server, list[socket.socket]]:
        """The server of the pages, and its sockets."""
        sockets = bound_nearby(LOCALHOST, PAGE_PORT, lambda line: None)
        port = sockets[0].getsockname()[1]
        self._bands.page = f"http://{LOCALHOST}:{port}", self._token
        door = Door(self._token, self._bands.rooms.find, self._say)
        served = app(door, None, self._token, self._say, known_charts=self._charts, may_save=False)
        guarded = Guard(served, hosts((named(LOCALHOST),), port), self._token)
        return uvicorn.Server(configuration(guarded)), sockets

    async def _empty(self) -> None:
        """Return when no plug-in was there for long."""
        since = clock.now()
        while clock.now() - since < self._empty_s * SECOND:
            await asyncio.sleep(min(LOOKS_S, self._empty_s))
            if len(self._bands):
                since = clock.now()

    async def _look_on(self) -> None:
        """Call `look`, for ever."""
        while True:
            self._look(clock.now())
            await asyncio.sleep(LOOKS_ON_S)

    # --- a connection ---------------------------------------------------------------------------------------------

    async def _meet(self, reader: Reader, writer: Writer) -> None:
        """Serve a connection from its first line to its last."""
        self._connections += 1
        try:
            if self._connections <= MOST_CONNECTIONS:
                await self._serve(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # it went away, or the process ends
        except Exception as error:
            self._say(f"plug-in: a connection ended because of a fault in livegen: {error!r:.200}")
        finally:
            self._connections -= 1
            writer.close()

    async def _serve(self, reader: Reader, writer: Writer) -> None:
        try:
            async with asyncio.timeout(TOKEN_S):
                given = object_in(await _line(reader))
            if not is_token(given.get("token"), self._token):
                raise RefusedMessage(WRONG)
            seat = self._bands.enter(words.greeting(given))
        except (RefusedMessage, Full) as refusal:
            return await _send(writer, [told.refused(str(refusal))])
        writer.transport.set_write_buffer_limits(high=MAX_BYTES)
        try:
            await _send(writer, seat.greeted(clock.now(), self._model))
            seat.hand_out(partial(_send_at_once, writer, seat))
            raise_first(await until_one_ends(_read(reader, writer, seat), _write(writer, seat)))
        finally:
            self._bands.leave(seat)


async def _read(reader: Reader, writer: Writer, seat: Seat) -> None:
    try:
        while seat.mistakes < MISTAKES:
            seat.hear(await _line(reader), clock.now())
            if seat.is_too_fast:  # what is not read costs us nothing, and fills its own line
                await asyncio.sleep(SLOWED_S)
    except RefusedMessage as refusal:
        await _send(writer, [told.refused(str(refusal))])
    else:
        await _send(writer, seat.take(clock.now()))


async def _write(writer: Writer, seat: Seat) -> None:
    while True:
        await seat.has_news.wait()
        if not seat.is_urgent:
            with suppress(TimeoutError):
                async with asyncio.timeout(TACT_S):
                    await _urgent(seat)
        seat.has_news.clear()
        await _send(writer, seat.take(clock.now()))


async def _urgent(seat: Seat) -> None:
    """Wait until something is there for which it waits."""
    while not seat.is_urgent:
        seat.has_news.clear()
        await seat.has_news.wait()


async def _line(reader: Reader) -> str:
    """The next line.  Raises RefusedMessage for one that is too long or no text, IncompleteReadError at the end."""
    try:
        return (await reader.readuntil(b"\n")).decode()
    except asyncio.LimitOverrunError:
        raise RefusedMessage(TOO_LONG) from None
    except UnicodeDecodeError:
        raise RefusedMessage("expected lines in UTF-8") from None


async def _send(writer: Writer, lines: list[str]) -> None:
    """Send lines.  Raises TimeoutError for an end that takes nothing."""
    writer.write(_bytes(lines))
    async with asyncio.timeout(STALLED_S):
        await writer.drain()


def _send_at_once(writer: Writer, seat: Seat) -> None:
    """Send what waits, unless the plug-in has not taken what was sent before: then `_write` waits for it."""
    if not writer.transport.get_write_buffer_size():
        writer.write(_bytes(seat.take(clock.now())))


def _bytes(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


async def _signalled() -> None:
    """Return when a signal says that it is over."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(over.set))
    await over.wait()
