"""Do those who look on cost the music anything?  The figures of `bench.jam`, with no page open and with eight.

    python -m bench.page

Seven pages read everything, one reads nothing; they are clients in a process of their own, on the same two cores as
everything else.  With and without take turns, twice, so that what the machine does meanwhile falls on both.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from bench.jam import Looking, immediate, jam, nobody, sequencer
from bench.tables import keep, table
from tests.e2e.harness import Daemon, private_server, wait_for

PAGES = 8
STALLED_S = 15.0
ROUNDS = 2
JAM_S, SEQUENCER_S, TURNS = 30.0, 20.0, 80
TOKEN = "bench-token-0123456789"
FIGURES = (
    ("jam", "stamp_to_state", "note stamped → state updated"),
    ("immediate", "release_to_reply", "last key released → reply due at once has left"),
    ("jam", "lateness", "the model's notes in a jam: sent against due"),
    ("sequencer", "lateness", "sixteenths at 180 bpm: sent against due"),
)


# --- those who look on --------------------------------------------------------------------------------------------


async def look_on(url: str) -> None:
    """Open all pages, say so, and read until killed."""
    pages = [await opened(url) for _ in range(PAGES - 1)]
    stalled = await opened(url)
    print("looking", flush=True)
    await asyncio.gather(stall(url, stalled), *(read(page) for page in pages))


async def opened(url: str) -> ClientConnection:
    """A page that was greeted."""
    base, _, token = url.partition("/#")
    page = await connect(f"{base.replace('http', 'ws')}/ws", origin=Origin(base))
    await page.send(json.dumps({"token": token}))
    await page.recv()
    return page


async def read(page: ClientConnection) -> None:
    """Take everything in, as a page does: understood, and thrown away."""
    with suppress(ConnectionClosed):  # the daemon has ended
        async for text in page:
            json.loads(text)


async def stall(url: str, page: ClientConnection) -> None:
    """Read nothing; another that reads nothing takes its place before it would be let go."""
    with suppress(OSError, ConnectionClosed):
        while True:
            page.transport.pause_reading()
            await asyncio.sleep(STALLED_S)
            page.transport.abort()
            page = await opened(url)


@contextmanager
def eight(daemon: Daemon) -> Iterator[None]:
    """Eight pages are open, one of them stalled."""
    with apart("bench.page", url_of(daemon)):
        yield


def url_of(daemon: Daemon) -> str:
    """The address of the page, with its token."""
    wait_for(lambda: "page http" in daemon.errors())
    found = re.search(r"page (http://\S+)", daemon.errors())
    assert found is not None
    return found[1]


@contextmanager
def apart(module: str, url: str) -> Iterator[None]:
    """Run those who look on in a process of their own, which says so."""
    command = [sys.executable, "-m", module, url]
    looking = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert looking.stdout is not None
    assert looking.stdout.readline() == "looking\n"
    try:
        yield
    finally:
        looking.kill()
        looking.communicate()


# --- measuring ----------------------------------------------------------------------------------------------------


def measured(looking: Looking) -> dict[str, Any]:
    """All figures once."""
    page = {"host": "127.0.0.1", "port": 9701, "token": TOKEN}
    results = {
        "jam": jam(looking, JAM_S),
        "immediate": immediate(looking, TURNS),
        "sequencer": sequencer(looking, SEQUENCER_S, control={"page": page}),
    }
    return results | {"load": round(os.getloadavg()[0], 2)}


def measure() -> list[dict[str, Any]]:
    """Without and with, in turns, on one private server."""
    with private_server():
        rows = []
        for number in range(2 * ROUNDS):
            pages = PAGES if number % 4 in (1, 2) else 0
            rows.append({"pages": pages} | measured(eight if pages else nobody))
            print(json.dumps(rows[-1]), flush=True)
        return rows


def turns(heads: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    """Turns beside each other, for people; figures that were not measured are left out."""
    lines = [
        [about, *(shown(row[part][key]) for row in rows)]
        for part, key, about in FIGURES
        if all(part in row for row in rows)
    ]
    jams = [row["jam"] for row in rows]
    return table(
        ["ms: p50 / p99 / max", *heads],
        [
            *lines,
            ["processor while jamming", *(f"{one['cpu_jamming']:.1%}" for one in jams)],
            ["processor at rest", *(f"{one['cpu_idle']:.1%}" for one in jams)],
            ["memory of all processes", *(f"{one['resident_mb']:.0f} MB" for one in jams)],
            ["load", *(str(row["load"]) for row in rows)],
        ],
    )


def shown(figures: dict[str, Any]) -> str:
    """Median, 99th percentile and maximum in ms, of how many; "none" of none."""
    if "p50_us" not in figures:
        return "none"
    values = (figures[f"{name}_us"] / 1000 for name in ("p50", "p99", "max"))
    return " / ".join(f"{value:.2f}" for value in values) + f" (n = {figures['count']})"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(look_on(sys.argv[1]))
    else:
        found = measure()
        keep("page", found, turns([f"{row['pages']} pages" for row in found], found))
