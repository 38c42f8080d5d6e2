"""The page as a surface of the control process: its socket, its server, and what is passed on to those who look on.

`settings`: {"host", "port" (0: any), "names": [other names of this machine], "token", "recordings": folder or null,
"models": [names], "presets": [names], "font": the sound font's file or null, "listens": whether it hears a page's
microphone, "kept": the folder of `page_files` or null, "pid": the process that serves}.
Loopback unless the person says otherwise, and then only with a token of theirs.

Threads: the event loop's only; files are read in threads.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from livegen.control.library.charts import Charts
from livegen.control.library.last_phrase import LastPhrase
from livegen.control.library.search_process import FEWEST, Failed, find, save
from livegen.control.osc.peers import LOCALHOST, host_of
from livegen.control.surfaces import Meant, Request, as_given
from livegen.control.web.clients import Ask, Clients
from livegen.control.web.door import Door
from livegen.control.web.ear import Ear
from livegen.control.web.guard import Guard, hosts
from livegen.control.web.places import is_any, named, near
from livegen.control.web.routes import BUILT, SavePreset, Wish, app, giving_font
from livegen.control.web.server import Say, bound_nearby, configuration, start, stop
from livegen.control.web.shelf import Shelf
from livegen.control.web.stage import Stage
from livegen.control.web.view import View
from livegen.daemon import page_files
from livegen.daemon.processes.frames import Frame, HeardFrame
from livegen.errors import ConfigError

DEFAULT_PORT = 9701
SHORTEST_TOKEN = 16  # characters


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
        font = settings.get("font")
        self._font = Path(font) if font else None
        stage = Stage(
            ports,
            settings.get("presets", ()),
            settings.get("models", ()),
            has_recordings=self._shelf is not None,
            meant=meant,
            font=self._font.name if self._font else None,
            listens=bool(settings.get("listens")),
        )
        ear = Ear(ask) if settings.get("listens") else None
        self._view = View(stage, Clients(stage, ask, ear))
        self._door = Door(self._token, lambda words: self._view.clients, say)
        self._server: uvicorn.Server | None = None

    async def open(self) -> dict[str, Any]:
        """Bind and serve, and tell where.  Raises ConfigError or PortError."""
        host, names = _place(self._settings, self._token)
        last = page_files.last_port(self._kept) if self._kept else None
        wanted = int(self._settings.get("port", DEFAULT_PORT))
        sockets = bound_nearby(host, wanted, self._say, last)
        port = sockets[0].getsockname()[1]
        allowed = hosts((*names, named(host)), port)
        built = Path(self._settings.get("built") or BUILT)
        served = app(
            self._door,
            self._shelf,
            self._token,
            self._say,
            built,
            self._save_preset,
            self._charts,
            self._wish,
            (self._find, partial(save, self._folder)) if self._folder else None,
            [giving_font(self._font, self._token)] if self._font else [],
        )
        self._server = uvicorn.Server(configuration(Guard(served, allowed, self._token)))
        await start(self._server, sockets)
        here = near(host)
        self._keep(here, port)
        shown = names[0] if names and is_any(host) else here
        return {"host": host, "port": port, "url": self._url(shown, port)}

    def show(self, state: Mapping[str, Any]) -> None:
        """Tell those who look on the state of the moment."""
        self._view.show(state)

    def hear(self, frame: Frame) -> None:
        """Take a note, a line or figures of the port process."""
        if isinstance(frame, HeardFrame):
            self._phrase.hear(frame)
        self._view.hear(frame)

    async def _find(self) -> dict[str, Any]:
        """Find the places among the recordings at which the phrase was played before.  Raises Failed."""
        notes = self._phrase.notes
        if len(notes) < FEWEST:
            raise Failed(f"play a phrase of at least {FEWEST} notes first")
        assert self._folder is not None
        answer = await find(self._folder, notes, self._phrase.began)
        for line in answer.pop("left_out"):
            self._say(line)
        return answer

    def asked(self, request: Request) -> None:
        """Take note of what was asked for, on a page or elsewhere."""
        self._view.asked(request)

    def close(self) -> None:
        """Let the port go, and everybody who is connected."""
        if self._server is None:
            return
        stop(self._server)
        self._server = None

    def _url(self, name: str, port: int) -> str:
        return f"http://{name}:{port}/#{self._token}"

    def _keep(self, name: str, port: int) -> None:
        """Remember the port for the next run, and tell `livegen open` where the page is."""
        if self._kept is None:
            return
        page_files.remember_port(self._kept, port)
        running = page_files.Running(int(self._settings["pid"]), self._url(name, port))
        try:
            page_files.announce(self._kept, running)
        except OSError as error:
            why = error.strerror or error
            self._say(
                f"page: {self._kept} cannot be written ({why}): `livegen open` will not find this page"
            )


# --- where --------------------------------------------------------------------------------------------------------


def _place(settings: Mapping[str, Any], token: str) -> tuple[str, list[str]]:
    """Host and further names, checked.  Raises ConfigError."""
    host, is_local = host_of("page.host", str(settings.get("host", LOCALHOST)))
    if not is_local and not settings.get("is_token_chosen"):
        raise ConfigError(
            f"page.host: {host} can be reached from the network; choose a page.token of at least "
            f"{SHORTEST_TOKEN} characters, or use {LOCALHOST}"
        )
    if len(token) < SHORTEST_TOKEN:
        raise ConfigError(f"page.token: expected at least {SHORTEST_TOKEN} characters")
    return host, [str(name) for name in settings.get("names", ())]
