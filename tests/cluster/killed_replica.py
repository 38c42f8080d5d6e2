"""What players notice when one of the replicas of a studio on Ray Serve is killed.

    serve run deploy/studio.yaml              # elsewhere, on this machine, with tokens of yours
    python -m tests.cluster.killed_replica PID --token TOKEN [--players 16]

Players, each in a room of his own, jam for 25 s; then the replica PID (`pgrep -f ray::ServeReplica`) is killed.  Who
was on it connects again each 0.2 s.  Prints when the loss was seen, and when all were greeted again, in seconds.
"""

import asyncio
import json
import os
import signal
import statistics
from contextlib import suppress

import click
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from livegen.daemon import clock
from livegen.daemon.clock import SECOND

BEFORE_S, AFTER_S, AGAIN_S = 25.0, 40.0, 0.2
HOST = "127.0.0.1:8000"  # deploy/studio.yaml
PHRASE, NOTE_S, REST_S = (60, 62, 64, 65), 0.15, 3.0


class Player:
    """One who comes again; `lost_at` and `back_at` are micros, of the first loss after he has heard music."""

    def __init__(self, number: int, token: str) -> None:
        self._room, self._token = f"player {number}", token
        self.heard, self.lost_at, self.back_at = 0, 0, 0

    async def play(self) -> None:
        """Jam for ever."""
        address = f"ws://{HOST}/ws?room={self._room.replace(' ', '%20')}"
        while True:
            with suppress(ConnectionClosed, OSError, TimeoutError):
                async with connect(address, origin=Origin(f"http://{HOST}")) as page:
                    await self._jam(page)
            if self.heard and not self.lost_at:
                self.lost_at = clock.now()
            await asyncio.sleep(AGAIN_S)

    async def _jam(self, page: ClientConnection) -> None:
        await page.send(json.dumps({"token": self._token, "room": self._room}))
        await page.recv()
        if self.lost_at and not self.back_at:
            self.back_at = clock.now()
        playing = asyncio.create_task(self._phrases(page))
        try:
            async for text in page:
                self.heard += json.loads(text).get("t") == "music"
        finally:
            playing.cancel()

    async def _phrases(self, page: ClientConnection) -> None:
        while True:
            for pitch in PHRASE:
                for status in (144, 128):
                    message = {"t": "play", "data": [status, pitch, 80], "at": clock.now()}
                    await page.send(json.dumps(message))
                    await asyncio.sleep(NOTE_S)
            await asyncio.sleep(REST_S)


async def killed(pid: int, token: str, count: int) -> str:
    """Let so many play, kill a replica, and tell what they noticed."""
    players = [Player(number, token) for number in range(count)]
    tasks = [asyncio.create_task(one.play()) for one in players]
    await asyncio.sleep(BEFORE_S)
    already = sum(one.lost_at > 0 for one in players)
    os.kill(pid, signal.SIGKILL)
    at = clock.now()
    await asyncio.sleep(AFTER_S)
    for task in tasks:
        task.cancel()
    lost = [one for one in players if one.lost_at > at]
    seen = sorted((one.lost_at - at) / SECOND for one in lost)
    back = sorted((one.back_at - at) / SECOND for one in lost if one.back_at)
    told = f"{sum(one.heard > 0 for one in players)} of {count} heard music; {already} were lost before"
    if not lost:
        return f"{told}; nobody was on the replica"
    told += f"; {len(lost)} were on the replica, seen after {seen[0]:.2f} to {seen[-1]:.2f} s"
    if back:
        told += f"; {len(back)} back, p50 {statistics.median(back):.2f} s, the last after {back[-1]:.2f} s"
    return f"{told}; load {os.getloadavg()[0]:.1f}"


@click.command()
@click.argument("pid", type=int)
@click.option("--token", required=True, help="The studio's page.token.")
@click.option("--players", type=click.IntRange(1, 1000), default=16, show_default=True)
def main(pid: int, token: str, players: int) -> None:
    """Kill the replica PID under players."""
    click.echo(asyncio.run(killed(pid, token, players)))


if __name__ == "__main__":
    main()
