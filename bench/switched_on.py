"""Does what can be switched on cost the music anything?  The figures of `bench.jam` with all of it off, and with it on.

    python -m bench.switched_on

On: the memory, the network that adapts, the critic's taste, drums that fit the player's rhythm (where drums play), two
phrases that are kept with the phrase encoder loaded, and a page that looks on and asks twice a second why a note was
played.  The tone is in both.  Off and on take turns, twice, so that what the machine does meanwhile falls on both.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

from websockets.exceptions import ConnectionClosed

from bench.jam import immediate, jam, nobody
from bench.page import apart, opened, read, turns, url_of
from bench.tables import keep
from tests.e2e.harness import Daemon, private_server

ON = tuple(
    word
    for setting in ("memory=0.5", "adapt=on", "taste=0.5", "feel=0.5")
    for word in ("--set", f"jam.{setting}")
)
ASKS_S = 0.5
TURNS, JAM_S, ROUNDS = 100, 30.0, 2


async def look_on(url: str) -> None:
    """Open a page, keep two phrases as soon as there are some, and ask why until killed."""
    page = await opened(url)
    print("looking", flush=True)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(read(page))
        with suppress(ConnectionClosed):  # the daemon has ended
            for turn in count():
                await asyncio.sleep(ASKS_S)
                name = {20: "keep_a", 40: "keep_b"}.get(turn, "why")
                await page.send(json.dumps({"t": "do", "name": name, "value": None}))


@contextmanager
def asking(daemon: Daemon) -> Iterator[None]:
    """A page looks on and asks."""
    with apart("bench.switched_on", url_of(daemon)):
        yield


def measure() -> list[dict[str, Any]]:
    """Off and on, in turns, on one private server."""
    rows = list[dict[str, Any]]()
    with private_server():
        for number in range(2 * ROUNDS):
            is_on = number % 4 in (1, 2)
            looking, more = (asking, ON) if is_on else (nobody, ())
            rows.append(
                {
                    "on": is_on,
                    "jam": jam(looking, JAM_S, *more),
                    "immediate": immediate(looking, TURNS, *more),
                    "load": round(os.getloadavg()[0], 2),
                }
            )
            print(json.dumps(rows[-1]), flush=True)
    return rows


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(look_on(sys.argv[1]))
    else:
        found = measure()
        keep("switched_on", found, turns(["on" if row["on"] else "off" for row in found], found))
