"""A configuration becomes a studio: its settings, fit for JSON, and what each of its processes makes of them."""

import asyncio
import logging
import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from livegen import shipped
from livegen.app.daemons import recordings_folder
from livegen.app.engines import engine_settings, engine_with
from livegen.errors import ConfigError

if TYPE_CHECKING:
    from livegen.config import Config
    from livegen.inference.contract import Model
    from livegen.jam.engine import Engine
    from livegen.studio.keeping import RoomKeeper
    from livegen.studio.room import Room

log = logging.getLogger(__name__)


def studio(
    config: "Config",
    host: str,
    port: int,
    rooms: int,
    public: Sequence[str] = (),
    invited: bool = False,
    workers: int | None = None,
    record: Path | None = None,
) -> int:
    """Serve a studio of at most so many rooms until told to stop, and give the exit status.  Raises LivegenError.

    `public` are the names of a proxy with TLS that stands in front; `invited`: players need an invitation; `workers`
    is how many processes play, None for one a core.  With `record`, a folder, all rooms are recorded.
    """
    from livegen.control.osc.peers import host_of
    from livegen.studio import site

    logging.basicConfig(level=logging.INFO, format="livegen: %(message)s", stream=sys.stderr)
    folder = record or rooms_folder(config)
    host, _ = host_of("--host", host)
    settings = studio_settings(config) | {
        "host": host,
        "port": port,
        "public": list(public),
        "token": None if invited else config.page.token or secrets.token_urlsafe(16),
        "rooms": rooms,
        "recordings": str(folder) if folder else None,
        "records": record is not None,
        "workers": workers or config.studio.workers or os.cpu_count() or 1,
    }
    if settings["teacher"] == settings["token"]:
        raise ConfigError(
            "page.teacher: expected another text than page.token, which all players know"
        )
    if config.remember and shipped.is_players_name(config.remember):
        log.warning("remember: a studio remembers nobody by name: %s is left out", config.remember)
    asyncio.run(site.serve(settings, _ready, log.warning))
    return 0


def rooms_folder(config: "Config") -> Path | None:
    """The folder for what a teacher has recorded; None where recordings are turned off.  Raises ConfigError."""
    folder = recordings_folder(config)
    return folder / "studio" if folder else None


def studio_settings(config: "Config") -> dict[str, Any]:
    """Give what the configuration says of a studio, fit for JSON.  Raises ModelError."""
    from livegen.sound.fonts import MOST_FAR, font_for_a_page

    font = font_for_a_page(config.sound.font, MOST_FAR)
    return {
        "font": str(font) if font else None,
        "names": config.page.names,
        "teacher": config.page.teacher or secrets.token_urlsafe(16),
        "charts": {"shipped": str(shipped.root() / "charts"), "own": str(shipped.own_charts())},
        "builder": "livegen.app:room_builder",
        "engine": engine_settings(config) | {"fitter": None},  # a room adapts to nobody
        "seed": config.seed,
        "limits": {
            "cpu": config.studio.most_cpu / 100,
            "late_us": round(config.studio.most_late_ms * 1000),
        },
    }


def _ready(players: str | None, teacher: str) -> None:
    theirs = f"players open {players}" if players else "players need an invitation"
    print(f"ready: {theirs}\nteacher: {teacher}", flush=True)


def _sync_for_ever(keeper: "RoomKeeper") -> None:
    """See to it that a power failure costs recordings no more than it costs those of `serve`: a second."""
    from livegen.daemon import clock
    from livegen.daemon.recording.recordings import SYNC_US

    while True:
        time.sleep(SYNC_US / clock.SECOND)
        keeper.sync()


def of_rooms(given: Mapping[str, Any]) -> "tuple[dict[str, Any], Model]":
    """Give the settings of the engines of rooms, and their model, which all share.  Raises LivegenError."""
    from livegen.inference.model_files import load
    from livegen.studio.way import HORIZON_US

    # Nobody is remembered: anybody could say that he is somebody else.
    settings = given["engine"] | {"horizon_us": HORIZON_US, "keep_warm_us": 0, "remembers": None}
    return settings, load(Path(settings["model"]))


def engine_of_room(settings: Mapping[str, Any], model: "Model", seed: int | None) -> "Engine":
    """Make the engine of a room; a seed of None is one by chance."""
    chosen = secrets.randbelow(2**32) if seed is None else seed
    rules = {int(channel): rule for channel, rule in settings["rules"].items()}
    return engine_with({**settings, "seed": chosen}, model, rules)


def room_builder(given: Mapping[str, Any]) -> "Callable[[str, Callable[[], object]], Room]":
    """The function that makes a room of these settings by its name; the processes of a studio call this by name.

    The model is loaded once.  Raises LivegenError.
    """
    from livegen.control.surfaces import Request
    from livegen.daemon import clock
    from livegen.studio.application import charts_of
    from livegen.studio.keeping import RoomKeeper
    from livegen.studio.room import Room

    settings, model = of_rooms(given)
    charts, presets = charts_of(given), list(settings["presets"])
    folder, font = given.get("recordings"), given.get("font")
    keeper = RoomKeeper(Path(folder)) if folder else None
    if keeper:
        Thread(target=keeper.rescue, name="rescue").start()
        Thread(target=_sync_for_ever, args=(keeper,), name="sync", daemon=True).start()

    def build(name: str, wakes: Callable[[], object]) -> Room:
        engine = engine_of_room(settings, model, given["seed"])
        room = Room(
            name,
            engine,
            settings,
            presets,
            charts,
            clock.now,
            wakes,
            keeper,
            font=font and Path(font).name,
        )
        if given.get("records"):
            room.ask(Request("record", True))
        return room

    return build
