"""A configuration becomes a daemon: the settings of its processes, and what of them is read again while it serves."""

import logging
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livegen import shipped
from livegen.app.engines import engine_settings, programs_by_channel
from livegen.home import spelled_out

if TYPE_CHECKING:
    from livegen.config import Config, Origin

log = logging.getLogger(__name__)


def serve(
    config: "Config",
    player: Path | None = None,
    record: Path | None = None,
    until_player_ends: bool = False,
    stats: str = "",
    origin: "Origin | None" = None,
    listen: str | None = None,
) -> int:
    """Serve as configured until told to stop, and give the exit status.  Raises LivegenError.

    `record` is written under that name, or under the next free one.  With `origin`, where the configuration came
    from, it is read again whenever its files change.  With `listen` that audio input, WAV file or page is heard too.
    """
    from livegen.daemon import page_files
    from livegen.daemon.port_process import ServeOptions
    from livegen.daemon.port_process import serve as serve_ports
    from livegen.daemon.recording.recordings import midi_name
    from livegen.sound.notes_heard import PAGE

    logging.basicConfig(level=logging.INFO, format="livegen: %(message)s", stream=sys.stderr)
    settings = engine_settings(config)
    if listen:
        settings |= _behind(settings["horizon_us"], listen)
    tempo = config.controls["tempo"]
    options = ServeOptions(
        port=config.ports.output,
        in_name=config.ports.input,
        api=config.ports.api,
        settings=settings,
        player=player,
        microphone=listen,
        record=record and midi_name(record),
        recordings=recordings_folder(config),
        journals=config.recording.journals,
        record_tempo_bpm=tempo if isinstance(tempo, int | float) else 120.0,
        until_player_ends=until_player_ends,
        awake_s=config.daemon.rest_after_s,
        thru=config.ports.thru,
        control=_control(config, origin, listen == PAGE),
        sound=_own_sound(config) if config.sound.enabled else None,
        sounds_player=config.sound.plays == "both",
        stats=stats,
    )
    try:
        return serve_ports(options)
    finally:
        page_files.withdraw(page_files.folder(), os.getpid())


def _behind(horizon_us: int, source: str) -> dict[str, int]:
    """Give the settings of an engine that hears notes in audio: as far behind the clock it hands out earlier."""
    from livegen.sound.notes_heard import delay_us

    behind_us = delay_us(source)
    return {"behind_us": behind_us, "horizon_us": horizon_us + behind_us}


def _own_sound(config: "Config") -> dict[str, Any]:
    """Give the settings of the process that sounds, fit for JSON."""
    told = config.sound.model_dump(include={"font", "driver", "frames", "gain"})
    return told | {"programs": {"1": {str(c): p for c, p in programs_by_channel(config).items()}}}


def _control(
    config: "Config", origin: "Origin | None", page_listens: bool = False
) -> dict[str, Any]:
    """Give the settings of the control process, fit for JSON."""
    from livegen.jam.controls.mapping import COMMANDS

    osc = config.osc.model_dump(exclude={"enabled"}) if config.osc.enabled else None
    ports = {"in": config.ports.input, "out": config.ports.output}
    files = watched_files(config, origin)
    page = _page(config) | {"listens": page_listens} if config.page.enabled else None
    surfaces = {"osc": osc, "page": page, "link": {}, "set_up": files}
    if config.surfaces:
        surfaces["surfaces"] = _surfaces(config)
    charts = {"shipped": str(shipped.root() / "charts"), "own": str(shipped.own_charts())}
    told = {
        "commands": COMMANDS,
        "ports": ports,
        "charts": charts,
        "words": config.words.model_dump(),
    }
    return surfaces | told


def _surfaces(config: "Config") -> dict[str, Any]:
    """Give the settings of MIDI surfaces: their maps, read."""
    from livegen.config import own_surfaces
    from livegen.control.devices import surface_map

    found = [surface_map.find(name, own_surfaces()) for name in config.surfaces]
    maps = [surface_map.read(path).as_json() for path in found]
    return {"api": config.ports.api, "maps": maps}


def _page(config: "Config") -> dict[str, Any]:
    """Give the settings of the page's server.  A token that nobody chose lasts from one run to the next."""
    from livegen.daemon import page_files
    from livegen.sound.fonts import font_for_a_page

    font = font_for_a_page(config.sound.font)
    folder, kept = recordings_folder(config), page_files.folder()
    token = config.page.token or page_files.token(
        kept, lambda: secrets.token_urlsafe(16), log.warning
    )
    return config.page.model_dump(exclude={"enabled"}) | {
        "token": token,
        "is_token_chosen": config.page.token is not None,
        "kept": str(kept),
        "pid": os.getpid(),
        "recordings": str(folder) if folder else None,
        "models": list(shipped.models()),
        "presets": list(config.all_presets),
        "font": str(font) if font else None,
    }


def watched_files(config: "Config", origin: "Origin | None") -> dict[str, Any]:
    """Give what the control process needs to watch the files of the configuration."""
    from livegen.config import learned_file, own_file, own_folder

    path = (origin and origin.path) or own_file() or own_folder() / "config.yaml"
    return {
        "now": _set_up(config),
        "config": str(path),
        "presets": str(own_folder() / "presets"),
        "learned": str(learned_file()),
        "read": "livegen.app:read_again" if origin else None,
        "origin": origin and origin.as_json(),
    }


def read_again(origin: Mapping[str, Any]) -> dict[str, Any]:
    """Read the files of the configuration anew; the control process calls this by name.  Raises ConfigError."""
    from livegen.config import Origin

    return _set_up(Origin.from_json(origin).load(again=True))


def _set_up(config: "Config") -> dict[str, Any]:
    """A configuration by what can be changed while it plays, and the rest."""
    from livegen.config import every_setting, learned
    from livegen.jam.controls.mapping import ControlMap

    bindings = ControlMap(config.bindings).bindings  # as the engine writes them
    live = ("jam.", "map", "presets", "macros", "setlist")
    rest = {path: _at(config, path) for path, _ in every_setting() if not path.startswith(live)}
    return {
        "controls": config.controls,
        "presets": config.all_presets,
        "macros": config.macros,
        "bindings": bindings,
        "learned": {s: t for s, t in learned().items() if bindings.get(s) == t},
        "rest": rest,
    }


def _at(config: "Config", path: str) -> str:
    """A setting as text, to be compared."""
    value: Any = config.model_dump(by_alias=True)
    for key in path.split("."):
        value = value[key]
    return str(value)


def recordings_folder(config: "Config") -> Path | None:
    """The folder of recordings, or None where none are kept.  Raises ConfigError."""
    from livegen.daemon.recording.recordings import default_folder

    folder = config.recording.folder
    if not config.recording.keep:
        return None
    return spelled_out(folder) if folder else default_folder()
