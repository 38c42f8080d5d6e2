"""The page as a surface of the control process: its socket, its server, and what is passed on to those who look on.

`settings`: {"host", "port" (0: any), "names": [other names of this machine], "token", "recordings": folder or null,
"models": [names], "presets": [names], "kept": the folder of `page_files` or null, "pid": the process that serves}.
Loopback unless the person says otherwise, and then only with a token of theirs.  A port that is taken is left alone:
the one used last is tried then, and the next free one of ten.

Threads: the event loop's only; files are read in threads.
"""

import errno
import ipaddress
import socket
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from livegen.control.charts import Charts
from livegen.control.finding import FEWEST, Failed, find, save
from livegen.control.last_phrase import LastPhrase
from livegen.control.peers import ABSENT, HIGHEST_PORT, LOCALHOST, places
from livegen.control.surfaces import Meant, Request, as_given
from livegen.control.web.clients import Ask, Clients
from livegen.control.web.guard import Guard, hosts
from livegen.control.web.mailbox import Mailbox
from livegen.control.web.messages import MAX_BYTES
from livegen.control.web.routes import BUILT, SavePreset, Wish, app
from livegen.control.web.shelf import Shelf
from livegen.control.web.stage import Stage
from livegen.daemon import clock, page_files
from livegen.daemon.frames import FiguresFrame, Frame, HeardFrame, NewsFrame, SentFrame
from livegen.errors import ConfigError, PortError

DEFAULT_PORT = 9701
PORTS_TRIED = 10
SHORTEST_TOKEN = 16  # characters
MOST_CONNECTIONS = 64
SENT_AHEAD = 1 << 16  # bytes that the system keeps for a page that does not read
PING_S, PONG_S = 10.0, 20.0

Say = Callable[[str], object]


class Socket(WebSocketsSansIOProtocol):
    """The connection of a page; it tells the application how to drop it."""

    async def run_asgi(self) -> None:
        """Serve it."""
        self.scope["state"]["abort"] = self.transport.abort
        await super().run_asgi()


class PageSurface:
    """The page.  `ask` takes what is wanted of the engine, `say` one line for the person.

    `save_preset` takes a name and whether to replace, and gives the name; None: presets cannot be saved.  `charts`:
    those that can be read and saved, or None; `meant` is what a control takes where a person names one, `wish` what a
    person asks for in words.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        ports: Mapping[str, Any],
        ask: Ask,
        say: Say,
        save_preset: SavePreset | None = None,
        charts: Charts | None = None,
        meant: Meant = as_given,
        wish: Wish | None = None,
    ) -> None:
        self._settings, self._say, self._wish = settings, say, wish
        self._save_preset, self._charts = save_preset, charts
        self._token = str(settings["token"])
        folder, kept = settings.get("recordings"), settings.get("kept")
        self._shelf = Shelf(Path(folder)) if folder else None
        self._folder, self._phrase = Path(folder) if folder else None, LastPhrase()
        self._kept = Path(kept) if kept else None
        self._stage = Stage(
            ports,
            settings.get("presets", ()),
            settings.get("models", ()),
            has_recordings=self._shelf is not None,
            meant=meant,
        )
        self._clients = Clients(self._stage, self._token, ask, say)
        self._server: uvicorn.Server | None = None

    async def open(self) -> dict[str, Any]:
        """Bind and serve, and tell where.  Raises ConfigError or PortError."""
        host, names = _place(self._settings, self._token)
        last = page_files.last_port(self._kept) if self._kept else None
        wanted = int(self._settings.get("port", DEFAULT_PORT))
        sockets = _bound_nearby(host, wanted, self._say, last)
        port = sockets[0].getsockname()[1]
        allowed = hosts((*names, _named(host)), port)
        built = Path(self._settings.get("built") or BUILT)
        served = app(
            self._clients,
            self._shelf,
            self._token,
            self._say,
            built,
            self._save_preset,
            self._charts,
            self._wish,
            (self._find, partial(save, self._folder)) if self._folder else None,
        )
        self._server = uvicorn.Server(_configuration(Guard(served, allowed, self._token)))
        await _start(self._server, sockets)
        near = _near(host)
        self._keep(near, port)
        shown = names[0] if names and _is_any(host) else near
        return {"host": host, "port": port, "url": self._url(shown, port)}

    def show(self, state: Mapping[str, Any]) -> None:
        """Tell those who look on the state of the moment."""
        if self._stage.show(state):
            self._say_hello()
        self._tell_state()

    def hear(self, frame: Frame) -> None:
        """Take a note, a line or figures of the port process."""
        if isinstance(frame, HeardFrame):
            self._phrase.hear(frame)
        match frame:
            case HeardFrame() | SentFrame():
                self._clients.tell(partial(Mailbox.note, text=self._stage.note(frame)))
            case NewsFrame():
                self._clients.tell(partial(Mailbox.line, text=self._stage.line(frame)))
            case FiguresFrame():
                self._figures(frame.values)
            case _:
                pass

    async def _find(self) -> dict[str, Any]:
        """Where among the recordings the phrase was played before.  Raises Failed."""
        notes = self._phrase.notes
        if len(notes) < FEWEST:
            raise Failed(f"play a phrase of at least {FEWEST} notes first")
        assert self._folder is not None
        answer = await find(self._folder, notes, self._phrase.began)
        for line in answer.pop("left_out"):
            self._say(line)
        return answer

    def witness(self, request: Request) -> None:
        """Something was asked for, here or elsewhere."""
        if self._stage.asked(request):
            self._say_hello()

    def close(self) -> None:
        """Let the port go, and everybody who is connected."""
        if self._server is None:
            return
        for listening in self._server.servers:
            listening.close()
        for connection in list(self._server.server_state.connections):
            if (transport := getattr(connection, "transport", None)) is not None:
                transport.abort()
        self._server = None

    def _url(self, name: str, port: int) -> str:
        return f"http://{name}:{port}/#{self._token}"

    def _keep(self, near: str, port: int) -> None:
        """Remember the port for the next run, and tell `livegen open` where the page is."""
        if self._kept is None:
            return
        page_files.remember_port(self._kept, port)
        running = page_files.Running(int(self._settings["pid"]), self._url(near, port))
        try:
            page_files.announce(self._kept, running)
        except OSError as error:
            why = error.strerror or error
            self._say(
                f"page: {self._kept} cannot be written ({why}): `livegen open` will not find it"
            )

    def _figures(self, figures: Mapping[str, Any]) -> None:
        has_changed, is_hello_new = self._stage.health(figures)
        if is_hello_new:
            self._say_hello()
        if has_changed:
            self._tell_state()
        if len(self._clients):
            text = self._stage.figures(figures, clock.now())
            self._clients.tell(partial(Mailbox.figures, text=text))

    def _say_hello(self) -> None:
        if len(self._clients):
            text = self._stage.hello(clock.now())
            self._clients.tell(partial(Mailbox.hello, text=text))

    def _tell_state(self) -> None:
        self._clients.tell(partial(Mailbox.state, texts=self._stage.texts))


# --- where --------------------------------------------------------------------------------------------------------


def _place(settings: Mapping[str, Any], token: str) -> tuple[str, list[str]]:
    """Host and further names, checked.  Raises ConfigError."""
    given = str(settings.get("host", LOCALHOST))
    host = LOCALHOST if given == "localhost" else given
    try:
        is_local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise ConfigError(
            f"page.host: expected an address such as {LOCALHOST}, got {given!r:.60}"
        ) from None
    if not is_local and not settings.get("is_token_chosen"):
        raise ConfigError(
            f"page.host: {host} can be reached from the network; choose a page.token of at least "
            f"{SHORTEST_TOKEN} characters, or use {LOCALHOST}"
        )
    if len(token) < SHORTEST_TOKEN:
        raise ConfigError(f"page.token: expected at least {SHORTEST_TOKEN} characters")
    return host, [str(name) for name in settings.get("names", ())]


def _is_any(host: str) -> bool:
    return ipaddress.ip_address(host).is_unspecified


def _near(host: str) -> str:
    """How a browser of this machine calls a page that listens there."""
    if not _is_any(host):
        return _named(host)
    return "[::1]" if ":" in host else LOCALHOST


def _named(host: str) -> str:
    """An address as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def _bound_nearby(host: str, port: int, say: Say, last: int | None = None) -> list[socket.socket]:
    """Listening sockets at this port, or the last one, or the next free one of ten.  Raises PortError."""
    for other in _ports(port, last):
        try:
            sockets = _bound_at(host, other)
        except OSError as error:
            if error.errno == errno.EADDRINUSE or other == last != port:
                continue
            why = error.strerror or error
            raise PortError(f"page: port {other} of {host} cannot be had ({why})") from None
        if other != port:
            say(f"page: port {port} is in use by another program; it is at {other} instead")
        return sockets
    raise PortError(
        f"page: the ports {port} to {port + PORTS_TRIED - 1} of {host} are in use; "
        f"choose another: --set page.port={port % HIGHEST_PORT + 1000}"
    )


def _ports(port: int, last: int | None) -> list[int]:
    """Where to try, in order: a page that is open looks for us where we were last."""
    if not port:
        return [0] * PORTS_TRIED
    first, *others = range(port, min(port + PORTS_TRIED, HIGHEST_PORT + 1))
    return [first, *([last] if last and last != first else []), *others]


def _bound_at(host: str, port: int) -> list[socket.socket]:
    """A socket at this address, and for 127.0.0.1 another at ::1, where there is one."""
    first, *others = places(host)
    found = [_bound(first, port)]
    for other in others:
        try:
            found.append(_bound(other, found[0].getsockname()[1]))
        except OSError as error:
            if error.errno not in ABSENT:
                found[0].close()
                raise
    return found


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # there another program could take the port over
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Inherited by every connection.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT_AHEAD)
        sock.setblocking(False)
        sock.bind((host, port))
        sock.listen(MOST_CONNECTIONS)
    except OSError:
        sock.close()
        raise
    return sock


# --- the server ---------------------------------------------------------------------------------------------------


def _configuration(guarded: Guard) -> uvicorn.Config:
    return uvicorn.Config(
        guarded,
        interface="asgi3",
        http="h11",
        ws=Socket,
        ws_max_size=MAX_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PONG_S,
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=5,
    )


async def _start(server: uvicorn.Server, sockets: list[socket.socket]) -> None:
    """Serve, without the server's own loop (which wakes ten times a second) and its signal handlers."""
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets)
