"""The composition root: what a configuration says becomes an engine, a daemon, a studio, a file.

Imports inside functions, because two processes come by here: the port process, which must never hold numpy, for
`serve`; and the engine process, for `build_engine`.  Other processes call `build_engine`, `load_model`, `load_fitted`,
`load_memory`, `room_builder` and `read_again` by name.
"""

from livegen.app.agents import serve_agents
from livegen.app.daemons import read_again, serve
from livegen.app.engines import (
    build_engine,
    engine_settings,
    load_fitted,
    load_memory,
    load_model,
)
from livegen.app.generating import generate, sing
from livegen.app.joining import join
from livegen.app.plugins import plugin
from livegen.app.recovering import recover
from livegen.app.replaying import replay
from livegen.app.songs import SongFiles, song
from livegen.app.studios import room_builder, studio
from livegen.shipped import is_players_name

__all__ = [
    "SongFiles",
    "build_engine",
    "engine_settings",
    "generate",
    "is_players_name",
    "join",
    "load_fitted",
    "load_memory",
    "load_model",
    "plugin",
    "read_again",
    "recover",
    "replay",
    "room_builder",
    "serve",
    "serve_agents",
    "sing",
    "song",
    "studio",
]
