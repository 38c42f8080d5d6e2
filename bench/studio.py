"""The cost of a jam in a studio, beside daemons that serve one jam each, by players that come over its sockets.

    python -m bench.studio [--seconds S]

Each player has a room of his own, plays phrases of a bar at 120 bpm with rests of four bars between them, and stamps
them as the page does, on a way of 2 to 30 ms.  A core: processor time of all processes of the server over the time
that passed, after ten seconds of warming up.  Ahead: how long before its due time a message of the model's came to
the player, who plays it then; late are those that came after it.
"""

import asyncio
import json
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode

import click
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from bench.jam import cpu_s, family, resident_mb
from bench.tables import keep, table
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.lateness import quantiles

PLAYERS = {"respond": (1, 8, 16, 32), "accompany": (1, 4, 8)}
PHRASE = (60, 62, 64, 65, 67, 65, 64, 60)
NOTE_US, PHRASE_US = 250_000, 10 * SECOND
WARM_S = 10.0
PAGE = r"http://([^/\s]+)/#(\S+)"


class Server(NamedTuple):
    """A server that was started: its process, and where its pages are."""

    process: "subprocess.Popen[str]"
    host: str
    token: str


@contextmanager
def served(*words: str) -> Iterator[Server]:
    """A server by this command line, until it is let go, or we are told to end."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    command = [sys.executable, "-m", "livegen", *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        found = next(filter(None, (re.search(PAGE, line) for line in process.stdout)))
        try:
            yield Server(process, *found.groups())
        finally:
            process.terminate()
            process.communicate()


class Player:
    """A player of phrases in a room; `ahead_us` of each message of the model's."""

    def __init__(self, server: Server, number: int) -> None:
        self._server, self._number = server, number
        self._chance = random.Random(number)
        self.ahead_us: list[int] = []

    async def play(self, seconds: float) -> None:
        """Jam for so long."""
        host = self._server.host
        room = f"player {self._number}"
        async with connect(
            f"ws://{host}/ws?{urlencode({'room': room})}", origin=Origin(f"http://{host}")
        ) as page:
            await page.send(json.dumps({"token": self._server.token, "room": room}))
            hello = json.loads(await page.recv())
            reading = asyncio.create_task(self._listen(page))
            over = clock.now() + round(seconds * SECOND)
            at = clock.now() + self._chance.randint(0, PHRASE_US)
            while at < over:
                await self._phrase(page, at, hello.get("room") is not None)
                at += PHRASE_US
            reading.cancel()

    async def _phrase(self, page: ClientConnection, began: int, is_stamped: bool) -> None:
        for number, pitch in enumerate(PHRASE):
            for status, at in ((144, number * NOTE_US), (128, number * NOTE_US + 200_000)):
                way = self._chance.randint(2_000, 30_000)
                await asyncio.sleep(max(0, began + at + way - clock.now()) / SECOND)
                stamp = {"at": began + at} if is_stamped else {}
                await page.send(json.dumps({"t": "play", "data": [status, pitch, 80]} | stamp))

    async def _listen(self, page: ClientConnection) -> None:
        async for text in page:
            told = json.loads(text)
            if told["t"] == "music":
                way = self._chance.randint(2_000, 30_000)
                now = clock.now() + way
                self.ahead_us += [one[0] - now for one in told["music"] if isinstance(one, list)]


class Cost(NamedTuple):
    """The cost of a server while so many played: cores, and resident memory of all its processes, MB."""

    cores: float
    memory_mb: float


def measured(server: Server, players: int, seconds: float) -> tuple[Cost, list[int]]:
    """Let so many play; what it cost, and how long before their time messages came."""
    jamming = [Player(server, number) for number in range(players)]

    async def play() -> float:
        tasks = [asyncio.create_task(one.play(WARM_S + seconds)) for one in jamming]
        await asyncio.sleep(WARM_S)
        pids = family(server.process.pid)
        before, began = cpu_s(pids), clock.now()
        await asyncio.gather(*tasks)
        return (cpu_s(pids) - before) / ((clock.now() - began) / SECOND)

    cores = asyncio.run(play())
    memory = resident_mb(family(server.process.pid))
    return Cost(cores, memory), [us for one in jamming for us in one.ahead_us]


def row(
    how: str, players: int, cost: Cost, ahead: Sequence[int]
) -> tuple[dict[str, Any], list[str]]:
    """The figures of one server, and as they are shown."""
    found = quantiles([-us for us in ahead])
    late = sum(us < 0 for us in ahead)
    facts = {"how": how, "players": players, **cost._asdict(), "late": late, "messages": len(ahead)}
    facts |= {f"behind_{name}": value for name, value in found.items()}
    shown = [
        how,
        str(players),
        f"{100 * cost.cores / players:.2f} %",
        f"{cost.memory_mb / players:.1f}",
    ]
    if not ahead:
        return facts, [*shown, "", ""]
    ms = [-found[f"{name}_us"] / 1000 for name in ("p50", "p99")]
    return facts, [*shown, f"{ms[0]:.0f} / {ms[1]:.0f} ms", f"{late} of {len(ahead)}"]


@click.command()
@click.option("--seconds", default=60.0, show_default=True, help="How long each is measured.")
@click.option("--dry", is_flag=True, help="Print only.")
def main(seconds: float, dry: bool) -> None:
    """Measure a studio beside a daemon."""
    rows = []
    for mode, numbers in PLAYERS.items():
        own = ("--mode", mode, "--tempo", "120")
        with served("serve", "--api", "none", *own) as server:
            rows.append(row(f"{mode}, a daemon", 1, *measured(server, 1, seconds)))
        for players in numbers:
            given = (
                "--host",
                "127.0.0.1",
                "--port",
                "9790",
                "--rooms",
                str(players),
                "--workers",
                "1",
            )
            with served("studio", *given, *own) as server:
                rows.append(row(f"{mode}, a studio", players, *measured(server, players, seconds)))
    for workers, players in ((1, 16), (2, 32)):
        many = ("--host", "127.0.0.1", "--port", "9790", "--workers", str(workers))
        with served("studio", *many, "--mode", "respond", "--tempo", "120") as server:
            how = f"respond, {workers} {'worker' if workers == 1 else 'workers'}"
            rows.append(row(how, players, *measured(server, players, seconds)))
    one, two = (facts["cores"] / facts["players"] for facts, _ in rows[-2:])
    gain = f"Two workers take {2 * one / two:.2f} times the jams of one, by what each jam takes."
    load = " / ".join(f"{one:.1f}" for one in os.getloadavg())
    head = ("", "players", "of a core a jam", "MB a jam", "ahead, p50 / p99", "late")
    text = table(head, [shown for _, shown in rows])
    keep(
        "studio",
        [facts for facts, _ in rows],
        f"{text}\n\n{gain}\n\nLoad: {load}; {os.cpu_count()} cores.",
        dry,
    )


if __name__ == "__main__":
    main()
