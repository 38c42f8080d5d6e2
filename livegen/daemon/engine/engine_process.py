"""The engine process: an engine and a link to the port process.

`python -m livegen.daemon.engine.engine_process FD`.  In its settings `settings["engine"]` names
the factory `build(settings, now) -> engine`.  What it then does is in `engine_loop`.
"""

import gc
import importlib
import logging
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from livegen import __version__
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.engine.engine_loop import EngineLike, EngineLoop
from livegen.daemon.processes.frames import FailedFrame, Frame, JournalFrame, ReadyFrame
from livegen.daemon.processes.link import Link, begun
from livegen.daemon.recording.recordings import fingerprint
from livegen.errors import LivegenError
from livegen.jam.reports import rows
from livegen.priority import ENGINE, Urgency, lock_memory

DEFAULT_FACTORY = "livegen.app:build_engine"
TIDIES_ANYWAY_AT = 20_000  # while a key is heard, garbage is looked for only where there is so much of the youngest


def build(settings: Mapping[str, Any], now: int) -> EngineLike:
    """Build the engine that the settings name.  Raises LivegenError for a name that cannot be found."""
    name = str(settings.get("engine", DEFAULT_FACTORY))
    module, _, function = name.partition(":")
    try:
        factory = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise LivegenError(f"engine {name!r} cannot be found: {error}") from error
    engine: EngineLike = factory(settings, now)
    return engine


def serve(
    link: Link, loop: EngineLoop, frames: Iterable[Frame] = (), urgency: Urgency | None = None
) -> None:
    """Give the engine its turns until it is said to be over, or the link closes.  `frames` came with the settings."""
    loop.turn(frames)
    while not link.closed and not loop.is_over:
        loop.turn(link.wait(loop.time_left()))
        if urgency is not None:
            urgency.look(clock.now())
            loop.urgency = urgency.how


def _clock(behind_us: int) -> Callable[[], int]:
    """Give the clock by which the engine plays: so many micros behind that of the machine."""
    return (lambda: clock.now() - behind_us) if behind_us else clock.now


def _header(settings: Mapping[str, Any], since: int, model: object) -> rows.Header:
    path = settings.get("model")
    sha256 = fingerprint(Path(path)) if isinstance(path, str) else ""
    if isinstance(remembered := settings.get("remember"), str):
        settings = {**settings, "remember_sha256": fingerprint(Path(remembered))}
    return rows.Header(clock.now(), since, settings, str(model), sha256, __version__)


def main() -> int:
    """Serve the engine that the settings describe; 2 when it cannot be built for a reason the person can mend."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    link, first, frames = begun(sys.argv[1])
    settings = first.values
    now = _clock(int(settings.get("behind_us", 0)))
    try:
        engine = build(settings, now())
    except LivegenError as error:
        link.send(FailedFrame.of(clock.now(), str(error)))
        link.drain(SECOND)
        return 2
    sys.setswitchinterval(5e-4)
    gc.collect()
    gc.freeze()
    if settings.get("keep_warm_us"):
        gc.set_threshold(TIDIES_ANYWAY_AT)
    header = _header(settings, first.micros, engine.snapshot().get("model", ""))
    link.send(JournalFrame.of(header.at, rows.body(header)))
    lock_memory()
    urgency = Urgency(ENGINE)
    link.send(ReadyFrame.of(clock.now(), engine.snapshot()))
    serve(link, EngineLoop(link.send, engine, settings, now=now), frames, urgency)
    return 0


if __name__ == "__main__":
    sys.exit(main())
