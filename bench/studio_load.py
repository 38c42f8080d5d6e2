"""Many simulated players in a studio for minutes, and what they hear when one of its processes is killed.

    python -m bench.studio_load [--players N] [--minutes M] [--mode MODE] [--kill] [--flood]

Several players share a room.  Each plays quarters at 120 bpm for four bars and rests for two, stamps them as the page
does, on a way of 2 to 30 ms, keeps the schedule of what the model plays, releases it without a sign of life for 250 ms,
connects again, and tells a new engine what went on before.  Stuck is a note that sounds for 20 s, or a player who at
the end is in no room or has heard nothing of the model for 30 s.

With `--flood` one more, in a room of his own, says a thousand messages a second all the time; run it with and without,
and compare how long before their time messages come to the others.

With `--kill`, half-way one worker is killed while all play: the times, ms since then, at which each player who had lost
it had released all that sounded, was greeted again, and heard the first note of the model's that is due then.
"""

import asyncio
import json
import os
import random
import signal
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import quote
from urllib.request import urlopen

import click
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin

from bench.jam import cpu_s, family, resident_mb
from bench.studio import Server, served
from bench.tables import keep, table
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.lateness import quantiles

BEAT_US, BAR = 500_000, 4
PLAYS, RESTS = 4 * BAR, 2 * BAR  # beats
TUNE = (60, 64, 67, 65, 62, 69, 67, 64)
SILENT_US, STUCK_US, DEAF_US = 250_000, 20 * SECOND, 30 * SECOND
COME_AGAIN, FULL = (1012, 4303), 1013
KEPT = 256  # strokes with which one comes back


class Fate(NamedTuple):
    """The fate of a player after his worker was killed: micros since then, None for what did not happen."""

    released: int | None
    back: int | None
    music: int | None


class Seat:
    """A player: his keys, and what sounds of the model at his place."""

    def __init__(self, server: Server, room: str, number: int) -> None:
        self._server, self._room, self._chance = server, room, random.Random(number)
        self._page: ClientConnection | None = None
        self._waiting: list[list[int]] = []  # due, status, pitch, velocity
        self._sounding: dict[tuple[int, int], int] = {}
        self._strokes: list[list[int]] = []  # when, whose, status, pitch, velocity
        self.state: dict[str, Any] = {}
        self._began: int | None = None
        self._alive_at = clock.now()
        self.music_at = clock.now()
        self.ahead_us: list[int] = []
        self.stuck = self.refused = self.resumed = 0
        self.released: list[int] = []  # when all was released
        self.greeted: list[int] = []
        self.heard: list[int] = []  # when each note of the model's was due

    @property
    def is_in(self) -> bool:
        """True while he is in a room."""
        return self._page is not None

    async def jam(self, until: int) -> None:
        """Play until then, micros."""
        tasks = [asyncio.create_task(work) for work in (self._stay(), self._listen())]
        try:
            await self._play(until)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _stay(self) -> None:
        """Be in the room, and come again where it is lost."""
        wait, place = 0.25, self._server.host
        where = f"ws://{place}/ws?room={quote(self._room)}"
        while True:
            code = None
            try:
                async with connect(where, origin=Origin(f"http://{place}")) as page:
                    await page.send(json.dumps({"token": self._server.token, "room": self._room}))
                    async for text in page:
                        wait = 0.25 if await self._take(page, json.loads(text)) else wait
                    code = page.close_code
            except (ConnectionClosed, InvalidHandshake, OSError) as error:
                code = error.rcvd.code if isinstance(error, ConnectionClosed) and error.rcvd else 0
            self._page = None
            self.refused += code == FULL
            soon = 0.02 if code in COME_AGAIN else wait * self._chance.uniform(0.5, 1)
            await asyncio.sleep(4.0 if code == FULL else soon)
            wait = min(2 * wait, 4.0)

    async def _take(self, page: ClientConnection, told: Mapping[str, Any]) -> bool:
        """Take a message; True for a greeting."""
        now = clock.now()
        match told["t"]:
            case "hello":
                if self._page is not page:
                    self.greeted.append(now)
                self._page = page
                is_other = self._began not in (None, told["began"])
                self._began = told["began"]
                if is_other:
                    self._release(now)
                    await page.send(json.dumps(self._rejoining(now)))
                    self.resumed += 1
                return True
            case "state":
                self.state |= told["state"]
            case "beat":
                self._alive_at = now
            case "music":
                self._alive_at = now
                for one in told["music"]:
                    self._put(one, now)
        return False

    def _rejoining(self, now: int) -> dict[str, Any]:
        tempo, origin, ticks = self.state["timeline"]
        strokes = sorted(self._strokes[-KEPT:])
        return {
            "t": "rejoin",
            "at": now,
            "strokes": [[max(0, now - at), *rest] for at, *rest in strokes],
            "timeline": [tempo, (now - origin) % (tempo * ticks // 24), ticks],
            "controls": self.state.get("controls", {}),
            "memo": self.state.get("memo", {}),
        }

    def _put(self, one: Any, now: int) -> None:
        if isinstance(one, dict):
            keys = {tuple(key) for key in one["cut"]}
            self._waiting = [it for it in self._waiting if keys and (it[1] & 15, it[2]) not in keys]
            for key in [key for key in self._sounding if not keys or key in keys]:
                del self._sounding[key]
            return
        self.music_at = now
        self.ahead_us.append(one[0] - now - self._chance.randint(2_000, 30_000))
        if one[1] & 0xE0 == 0x80:
            self._waiting.append(one)

    async def _listen(self) -> None:
        """Let what is due sound."""
        while True:
            await asyncio.sleep(0.02)
            now = clock.now()
            if now - self._alive_at > SILENT_US:
                self._release(now)
            for one in sorted(it for it in self._waiting if it[0] <= now):
                self._waiting.remove(one)
                self._strike(*one)
            stuck = [key for key, at in self._sounding.items() if now - at > STUCK_US]
            self.stuck += len(stuck)
            for key in stuck:
                del self._sounding[key]

    def _strike(self, due: int, status: int, pitch: int, velocity: int = 0) -> None:
        key = status & 15, pitch
        self._note(due, 1, status, pitch, velocity)
        if status & 0xF0 == 0x90 and velocity:
            self._sounding[key] = due
            self.heard.append(due)
        else:
            self._sounding.pop(key, None)

    def _release(self, now: int) -> None:
        if self._sounding or self._waiting:
            self.released.append(now)
        self._sounding.clear()
        self._waiting.clear()

    def _note(self, *stroke: int) -> None:
        self._strokes.append(list(stroke))
        del self._strokes[: -2 * KEPT]

    async def _play(self, until: int) -> None:
        began = clock.now() + self._chance.randint(0, BEAT_US)
        beat = 0
        while (at := began + beat * BEAT_US) < until:
            if beat % (PLAYS + RESTS) < PLAYS:
                pitch = TUNE[beat % len(TUNE)]
                await self._key(0x90, pitch, at)
                await self._key(0x80, pitch, at + BEAT_US * 4 // 5)
            beat += 1

    async def _key(self, status: int, pitch: int, at: int) -> None:
        way = self._chance.randint(2_000, 30_000)
        await asyncio.sleep(max(0, at + way - clock.now()) / SECOND)
        self._note(at, 0, status, pitch, 80)
        if self._page is None:
            return
        with suppress(ConnectionClosed):
            await self._page.send(json.dumps({"t": "play", "data": [status, pitch, 80], "at": at}))

    def fate(self, killed_at: int) -> Fate | None:
        """Give what he heard after a worker was killed; None where it was not his."""
        back = _first(self.greeted, killed_at)
        if back is None and self._page is not None:
            return None
        music = None if back is None else _first(self.heard, killed_at + back)
        music = None if back is None or music is None else music + back
        released = _first(self.released, killed_at)
        is_then = back is None or released is None or released <= back
        return Fate(released if is_then else None, back, music)


async def flood(server: Server) -> None:
    """Say a thousand messages a second, for ever."""
    place = server.host
    while True:
        with suppress(ConnectionClosed, InvalidHandshake, OSError):
            where = f"ws://{place}/ws?room=flood"
            async with connect(where, origin=Origin(f"http://{place}")) as page:
                await page.send(json.dumps({"token": server.token, "room": "flood"}))
                reading = asyncio.create_task(_read_all(page))
                try:
                    for number in count():
                        data = [0x90 if number % 2 else 0x80, 40 + number // 2 % 40, 80]
                        await page.send(json.dumps({"t": "play", "data": data}))
                        await asyncio.sleep(0.001)
                finally:
                    reading.cancel()
        await asyncio.sleep(1)


async def _read_all(page: ClientConnection) -> None:
    with suppress(ConnectionClosed):
        async for _ in page:
            pass


def _first(times: Iterable[int], since: int) -> int | None:
    """Give how long after `since` the first of some times is."""
    return min((at - since for at in times if at >= since), default=None)


class Run(NamedTuple):
    """The outcome of a run."""

    seats: list[Seat]
    cores: float
    memory_mb: float
    fates: list[Fate]


async def run(
    server: Server, players: int, a_room: int, minutes: float, kills: bool, floods: bool
) -> Run:
    """Let them play."""
    seats = [Seat(server, f"room {number // a_room}", number) for number in range(players)]
    began = clock.now()
    until = began + round(minutes * 60 * SECOND)
    pids = family(server.process.pid)
    before, killed_at = cpu_s(pids), 0
    playing = [asyncio.create_task(seat.jam(until)) for seat in seats]
    flooding = asyncio.create_task(flood(server)) if floods else None
    if kills:
        cycle = (PLAYS + RESTS) * BEAT_US
        half = round((until - began) / 2 / cycle) * cycle + 5 * BEAT_US  # in the second bar
        await asyncio.sleep(half / SECOND)
        health = await asyncio.to_thread(_health, server)
        killed_at = clock.now()
        os.kill(health["workers"][0]["pid"], signal.SIGKILL)
    await asyncio.gather(*playing)
    if flooding:
        flooding.cancel()
    cores = 0.0 if kills else (cpu_s(pids) - before) / ((clock.now() - began) / SECOND)
    fates = [seat.fate(killed_at) for seat in seats] if kills else []
    memory = resident_mb(family(server.process.pid))
    return Run(seats, cores, memory, [fate for fate in fates if fate is not None])


def _health(server: Server) -> dict[str, Any]:
    with urlopen(f"http://{server.host}/health") as answer:
        told: dict[str, Any] = json.load(answer)
        return told


def _ms(values: Iterable[int | None]) -> list[str]:
    known = [value for value in values if value is not None]
    found = quantiles(known)
    if not known:
        return ["0", "", "", ""]
    return [
        str(len(known)),
        *(f"{found[name] / 1000:.0f}" for name in ("p50_us", "p99_us", "max_us")),
    ]


@click.command()
@click.option("--players", default=60, show_default=True)
@click.option("--a-room", default=3, show_default=True, help="Players of a room.")
@click.option("--minutes", default=10.0, show_default=True)
@click.option("--workers", default=2, show_default=True)
@click.option("--mode", default="respond", show_default=True)
@click.option("--kill", "kills", is_flag=True, help="Kill a worker half-way.")
@click.option("--flood", "floods", is_flag=True, help="One more says far too much.")
@click.option("--dry", is_flag=True, help="Print only.")
def main(
    players: int,
    a_room: int,
    minutes: float,
    workers: int,
    mode: str,
    kills: bool,
    floods: bool,
    dry: bool,
) -> None:
    """Let many play in a studio."""
    given = ("--host", "127.0.0.1", "--port", "9790", "--rooms", "200", "--workers", str(workers))
    with served("studio", *given, "--mode", mode, "--tempo", "120") as server:
        came = asyncio.run(run(server, players, a_room, minutes, kills, floods))
    now = clock.now()
    ahead = [us for seat in came.seats for us in seat.ahead_us]
    facts = {
        "mode": mode,
        "players": players,
        "rooms": -(-players // a_room),
        "workers": workers,
        "minutes": minutes,
        "messages": len(ahead),
        "ahead, ms, p50 / p99": " / ".join(
            f"{-us / 1000:.0f}" for us in list(quantiles([-us for us in ahead]).values())[:2]
        ),
        "late": sum(us < 0 for us in ahead),
        "one who floods": floods,
        "stuck notes": sum(seat.stuck for seat in came.seats),
        "players who hear nothing": sum(now - seat.music_at > DEAF_US for seat in came.seats),
        "turned away (1013)": sum(seat.refused for seat in came.seats),
        "connections": sum(len(seat.greeted) > 0 for seat in came.seats),
        "cores": round(came.cores, 2),
        "memory, MB": round(came.memory_mb),
    }
    text = table(("", ""), [[name, str(value)] for name, value in facts.items()])
    if kills:
        rows = [
            [name, *_ms(getattr(fate, field) for fate in came.fates)]
            for name, field in (
                ("all released", "released"),
                ("greeted again", "back"),
                ("first note of the model's", "music"),
            )
        ]
        head = ("after the kill, ms", "players", "p50", "p99", "max")
        text += f"\n\nOf {len(came.fates)} players whose worker was killed:\n\n{table(head, rows)}"
        facts["fates"] = [fate._asdict() for fate in came.fates]
    load = " / ".join(f"{one:.1f}" for one in os.getloadavg())
    name = "studio_kill" if kills else "studio_flood" if floods else "studio_load"
    keep(name, [facts], f"{text}\n\nLoad: {load}; {os.cpu_count()} cores.", dry)


if __name__ == "__main__":
    main()
