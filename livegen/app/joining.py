"""A configuration becomes a daemon whose engine is in a studio: the port process, and one that speaks to the studio."""

import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livegen.config import Config

# The process that stands in the engine process's place, and how it is told of.
STUDIO = {
    "module": "livegen.studio.far_process",
    "name": "process that speaks to the studio",
    "speaker": "studio",
    "anew": "the connection to the studio was made anew",
    "page_anew": "The connection to the studio was made anew.",
}
VALUES_EVERY_US = 20_000  # of a controller: a studio takes 200 messages a second of a player


def join(config: "Config", address: str, name: str, room: str, role: str) -> int:
    """Open the ports and play in a studio until told to stop, and give the exit status.  Raises LivegenError.

    `address` is what the studio printed for players; `name` and `room` count before those in it where they are not "".
    """
    from livegen.daemon.port_process import ServeOptions, serve
    from livegen.daemon.processes.supervisor import Kind
    from livegen.studio.address import Address

    logging.basicConfig(level=logging.INFO, format="livegen: %(message)s", stream=sys.stderr)
    Address.read(address)  # a wrong one is told before ports are opened
    settings = {"address": address, "name": name, "room": room, "role": role}
    return serve(
        ServeOptions(
            port=config.ports.output,
            in_name=config.ports.input,
            api=config.ports.api,
            settings=settings,
            kind=Kind(**STUDIO),
            values_every_us=VALUES_EVERY_US,
            awake_s=config.daemon.rest_after_s,
            thru=config.ports.thru,
        )
    )
