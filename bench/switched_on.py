"""Does what can be switched on cost the music anything?  The figures of `bench.jam` with all of it off, and with it on.

    python -m bench.switched_on

On: the memory, two phrases that are kept with the phrase encoder loaded, and a page that looks on and asks twice a
second why a note was played.  The tone is in both.  Off and on take turns, twice, so that what the machine does
meanwhile falls on both.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed

from bench.jam import immediate, jam, nobody
from bench.page import apart, opened, private_server, read, shown, url_of
from tests.e2e.harness import Daemon

HERE = Path(__file__).parent
ON = ("--set", "jam.memory=0.5")
ASKS_S = 0.5
TURNS, JAM_S, ROUNDS = 100, 30.0, 2
FIGURES = (
    ("jam", "stamp_to_state", "note stamped → state updated"),
    ("immediate", "release_to_reply", "last key released → reply due at once has left"),
    ("jam", "lateness", "the model's notes in a jam: sent against due"),
)
SHARES = (("cpu_jamming", "processor while jamming"), ("cpu_idle", "processor at rest"))


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


def table(rows: list[dict[str, Any]]) -> str:
    """The figures, for people."""
    lines = [
        "| ms: p50 / p99 / max | "
        + " | ".join("on" if row["on"] else "off" for row in rows)
        + " |",
        "|---|" + "---|" * len(rows),
    ]
    for part, key, about in FIGURES:
        lines.append(f"| {about} | " + " | ".join(shown(row[part][key]) for row in rows) + " |")
    for key, about in SHARES:
        lines.append(f"| {about} | " + " | ".join(f"{row['jam'][key]:.1%}" for row in rows) + " |")
    memory = (f"{row['jam']['resident_mb']:.0f} MB" for row in rows)
    lines.append("| memory of all processes | " + " | ".join(memory) + " |")
    lines.append("| load | " + " | ".join(f"{row['load']}" for row in rows) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(look_on(sys.argv[1]))
    else:
        found = measure()
        (HERE / "switched_on.json").write_text(json.dumps(found, indent=1) + "\n")
        (HERE / "switched_on.md").write_text(table(found))
        print(table(found))
