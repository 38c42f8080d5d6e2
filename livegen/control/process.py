"""The control process: `python -m livegen.control.process FD`.

Between the engine and the surfaces from which a person plays it: states come in over the link and are shown, what a
person asks for goes out as commands.  The first frame holds the settings: {"osc": {"host", "port", "allow"}, "page":
{…} (see `web.surface`), "link": {} (Ableton's), "surfaces": {…} (see `midi_surface`), "set_up": {…} (see there),
"commands": {name: help}, "ports": {…}, "charts": {"shipped", "own"} (folders), "words": {"encoder": whether}}; a
surface without settings is not opened.  One that cannot be opened says so in one line, and the others go on; when none
can, the process fails.  Ends when its link closes.
"""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from livegen.control.library.charts import Charts
from livegen.control.pump import Pump
from livegen.control.surfaces import Surface, SurfaceHost
from livegen.control.words import shipped
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.processes.frames import FailedFrame, Frame
from livegen.daemon.processes.link import Link, begun
from livegen.errors import ConfigError, LivegenError
from livegen.extras import to_install
from livegen.priority import be_nice

NICE = 5  # the music goes first


def _osc(settings: Mapping[str, Any], desk: SurfaceHost) -> Surface:
    try:
        from livegen.control.osc.udp import OscSurface
    except ImportError as error:
        raise ConfigError(
            f"osc: {error.name} is not installed: {to_install()}; or leave OSC off: --set osc.enabled=false"
        ) from None
    commands = settings.get("commands", {})
    surface = OscSurface(settings["osc"], commands, desk.ask, desk.say, desk.meant)
    desk.ears.append(surface.hear)
    return surface


def _link(settings: Mapping[str, Any], desk: SurfaceHost) -> Surface:
    from livegen.control.ableton_link.link_session import LinkSession

    return LinkSession(desk.ask, desk.say)


def _set_up(settings: Mapping[str, Any], desk: SurfaceHost) -> Surface:
    from livegen.control.set_up import SetUpSurface

    surface = SetUpSurface(settings["set_up"], desk.ask, desk.say)
    desk.own["save_preset"] = surface.try_to_save_preset
    desk.save_preset = surface.save_preset
    return surface


def _page(settings: Mapping[str, Any], desk: SurfaceHost) -> Surface:
    try:
        from livegen.control.web.surface import PageSurface
    except ImportError as error:
        raise ConfigError(f"page: {error.name} is not installed: {to_install()}") from None
    ports = settings.get("ports", {})
    surface = PageSurface(
        settings["page"],
        ports,
        desk.ask,
        desk.say,
        desk.save_preset,
        desk.charts,
        desk.meant,
        desk.wish,
    )
    desk.ears.append(surface.hear)
    desk.told_of_requests.append(surface.asked)
    return surface


def _surfaces(settings: Mapping[str, Any], desk: SurfaceHost) -> Surface:
    from livegen.control.devices.midi_surface import MidiSurfaces

    return MidiSurfaces(settings["surfaces"], desk.ask, desk.say)


SURFACES: dict[str, Callable[[Mapping[str, Any], SurfaceHost], Surface]] = {
    "osc": _osc,
    "link": _link,
    "surfaces": _surfaces,
    "set_up": _set_up,
    "page": _page,
}


async def _opened(
    settings: Mapping[str, Any], desk: SurfaceHost
) -> tuple[dict[str, Any], list[str]]:
    """Open each surface that has settings: what those that opened tell, and why the others did not."""
    told: dict[str, Any] = {}
    failures = []
    for name, build in SURFACES.items():
        if settings.get(name) is None:
            continue
        try:
            surface = build(settings, desk)
            told[name] = await surface.open()
        except LivegenError as error:
            failures.append(str(error))
        else:
            desk.surfaces.append(surface)
            surface.show(desk.state)
    return told, failures


def _encode(desk: SurfaceHost, loop: asyncio.AbstractEventLoop) -> None:
    """Bring the encoder of words to the desk, beside the loop; until then, and without it, the table alone is read."""
    from livegen.control.words.sentence_encoder import with_encoder

    known, line = (
        None,
        "words that wishes have and the table lacks are looked for by the encoder now",
    )
    try:
        known = with_encoder(shipped())
    except ConfigError as error:
        line = f"{error}; wishes are read by the table alone"

    def tell() -> None:
        desk.words = known
        desk.say(line)

    with suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(tell)


async def serve(link: Link, settings: Mapping[str, Any], first: Iterable[Frame] = ()) -> int:
    """Serve until the link closes, and give the exit status: 2 when nothing could be opened.

    `first` are frames that came with the settings.
    """
    pump = Pump(link, lambda frames: desk.take(frames))
    desk = SurfaceHost(pump.send, settings.get("ports", {}))
    if folders := settings.get("charts"):
        desk.charts = Charts(Path(folders["shipped"]), Path(folders["own"]))
    desk.take(first)
    told, failures = await _opened(settings, desk)
    if failures and not told:
        link.send(FailedFrame.of(clock.now(), "; ".join(failures)))
        link.drain(SECOND)
        return 2
    try:
        pump.open()
        for failure in failures:
            desk.say(failure)
        desk.ready(told)
        if settings.get("words", {}).get("encoder"):
            threading.Thread(
                target=_encode, args=(desk, asyncio.get_running_loop()), daemon=True
            ).start()
        await pump.closed.wait()
    finally:
        desk.close()
        pump.close()
    return 0


def main() -> int:
    """Serve the surfaces that the settings describe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    link, settings, frames = begun(sys.argv[1])
    be_nice(NICE)
    # The only kind of loop that can watch a link on every system.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(serve(link, settings.values, frames))


if __name__ == "__main__":
    sys.exit(main())
