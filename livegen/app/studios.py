"""A configuration becomes a studio: one model, and an engine for each room."""

import asyncio
import logging
import secrets
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from livegen import shipped
from livegen.app.engines import engine_settings, engine_with
from livegen.errors import ConfigError

if TYPE_CHECKING:
    from livegen.config import Config
    from livegen.control.library.charts import Charts
    from livegen.studio.room import Room

log = logging.getLogger(__name__)


def studio(
    config: "Config",
    host: str,
    port: int,
    rooms: int,
    public: Sequence[str] = (),
    invited: bool = False,
) -> int:
    """Serve a studio of at most so many rooms until told to stop, and give the exit status.  Raises LivegenError.

    `public` are the names of a proxy with TLS that stands in front; `invited`: players need an invitation.
    """
    from livegen.control.library.charts import Charts
    from livegen.control.osc.peers import host_of
    from livegen.studio import site

    logging.basicConfig(level=logging.INFO, format="livegen: %(message)s", stream=sys.stderr)
    host, _ = host_of("--host", host)
    settings = {
        "host": host,
        "port": port,
        "names": config.page.names,
        "public": list(public),
        "token": None if invited else config.page.token or secrets.token_urlsafe(16),
        "teacher": config.page.teacher or secrets.token_urlsafe(16),
        "rooms": rooms,
    }
    if settings["teacher"] == settings["token"]:
        raise ConfigError(
            "page.teacher: expected another text than page.token, which all players know"
        )
    charts = Charts(shipped.root() / "charts", shipped.own_charts())
    asyncio.run(site.serve(settings, _builder(config, charts), charts, _ready, log.warning))
    return 0


def _ready(players: str | None, teacher: str) -> None:
    theirs = f"players open {players}" if players else "players need an invitation"
    print(f"ready: {theirs}\nteacher: {teacher}", flush=True)


def _builder(config: "Config", charts: "Charts") -> "Callable[[str, Callable[[], object]], Room]":
    """What makes a room of this configuration by its name.  The model is loaded once.  Raises LivegenError."""
    from livegen.daemon import clock
    from livegen.inference.model_files import load
    from livegen.studio.room import HORIZON_US, Room

    # Nobody is remembered: anybody could say that he is somebody else.
    settings = engine_settings(config)
    settings |= {"horizon_us": HORIZON_US, "keep_warm_us": 0, "remembers": None}
    model = load(Path(settings["model"]))
    rules = {int(channel): rule for channel, rule in settings["rules"].items()}
    presets = list(config.all_presets)

    def build(name: str, wakes: Callable[[], object]) -> Room:
        seed = secrets.randbelow(2**32) if config.seed is None else config.seed
        engine = engine_with(settings | {"seed": seed}, model, rules)
        return Room(name, engine, settings, presets, charts, clock.now, wakes)

    return build
