"""A configuration becomes the process of all plug-ins."""

import asyncio
import logging
import os
import secrets
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from livegen.app.studios import engine_of_room, of_rooms, studio_settings
from livegen.errors import ConfigError
from livegen.own_processes import spawn_command

if TYPE_CHECKING:
    from livegen.config import Config
    from livegen.plugin.band import BuildRoom
    from livegen.studio.room import Room
    from livegen.studio.way import Way

log = logging.getLogger(__name__)

IN_THE_DAW = "record the track in your DAW: a plug-in keeps no recordings"
NOBODY = "a plug-in remembers nobody"
NOT_KEPT = {
    "capture": IN_THE_DAW,
    "keep": IN_THE_DAW,
    "remember": NOBODY,
    "forget": NOBODY,
    "model": "the model of plug-ins is the one of your config.yaml; it is loaded when none is open",
}


def plugin(config: "Config") -> int:
    """Serve plug-ins until none is there any more, and give the exit status.  Raises LivegenError."""
    from livegen.daemon import page_files
    from livegen.plugin import whereabouts
    from livegen.plugin.whereabouts import Whereabouts

    logging.basicConfig(level=logging.WARNING, format="livegen: %(message)s", stream=sys.stderr)
    place, command = page_files.folder(), spawn_command("livegen", "plugin")
    try:
        claimed = whereabouts.claim(place)
    except OSError as error:
        raise ConfigError(
            f"{place}: plug-ins are told there where livegen is, and nothing can be written ({error.strerror})"
        ) from None
    if claimed is None:
        print("ready: livegen plugin is running already", flush=True)
        return 0
    token = secrets.token_urlsafe(24)

    def ready(port: int) -> None:
        whereabouts.tell(place, Whereabouts(port, token, os.getpid(), command))
        print(f"ready: plug-ins connect to port {port}", flush=True)

    try:
        _serve(config, token, ready)
    finally:
        whereabouts.tell(place, Whereabouts(None, "", os.getpid(), command))
        os.close(claimed)
    return 0


def _serve(config: "Config", token: str, ready: Callable[[int], object]) -> None:
    """Load the model, and serve.  Raises LivegenError."""
    import gc

    from livegen.plugin.band import Bands
    from livegen.plugin.server import PlugInServer
    from livegen.priority import ENGINE, Urgency, lock_memory
    from livegen.studio.application import charts_of

    settings = studio_settings(config)
    engine = settings["engine"]
    channels = {part: int(route["channel"]) for part, route in engine["routes"].items()}
    build, model = band_builder(settings)
    bands, charts = Bands(build, channels), charts_of(settings)
    gc.collect()
    gc.freeze()
    lock_memory()
    urgency = Urgency(ENGINE)  # a host's block is as soon over as a period of JACK
    server = PlugInServer(bands, charts, token, model, log.warning, look=urgency.look)
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(server.serve(ready))


def band_builder(given: dict[str, Any]) -> "tuple[BuildRoom, str]":
    """The function that makes a band's room, and the name of the model.  Raises LivegenError."""
    from livegen.studio.application import charts_of
    from livegen.studio.room import Room

    settings, model = of_rooms(given)
    charts, presets = charts_of(given), list(settings["presets"])

    def build(
        name: str,
        seed: int | None,
        way: "Way",
        now: Callable[[], int],
        wakes: Callable[[], object],
    ) -> "Room":
        engine = engine_of_room(settings, model, seed)
        return Room(name, engine, settings, presets, charts, now, wakes, way=way, left_out=NOT_KEPT)

    return build, model.facts.name
