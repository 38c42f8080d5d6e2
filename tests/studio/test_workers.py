"""A studio of two workers: real processes and sockets, of which one is killed, and all are started anew."""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.studio.test_site import PATIENCE_S, Studio, message

ROOMS = ("blues", "waltz", "samba", "bolero")


@pytest.fixture
def studio() -> Iterator[Studio]:
    one = Studio("--workers", "2", "--rooms", "8")
    yield one
    one.process.kill()
    one.process.communicate()


def workers(studio: Studio) -> list[dict[str, Any]]:
    """What is told of each."""
    told: list[dict[str, Any]] = json.loads(studio.get("health"))["workers"]
    return told


async def until(studio: Studio, is_so: Callable[[list[dict[str, Any]]], bool]) -> None:
    """Wait until it is so of the workers."""
    while not is_so(await asyncio.to_thread(workers, studio)):
        await asyncio.sleep(0.05)


async def closed(page: ClientConnection) -> int | None:
    """Read until the page's socket is closed, and give the code."""
    with pytest.raises(ConnectionClosed):
        while True:
            await page.recv()
    await page.wait_closed()
    return page.close_code


async def comes_again(studio: Studio, room: str) -> None:
    """A page finds its room again."""
    page = await studio.page(room)
    assert (await message(page, "hello"))["room"] == room
    await page.close()


async def come_in(studio: Studio) -> dict[str, tuple[ClientConnection, int]]:
    """A page in each room, and the process that has it."""
    pages = {}
    for room in ROOMS:
        page = await studio.page(room)
        assert (await message(page, "hello"))["room"] == room
        pages[room] = page, (await message(page, "state"))["state"]["engine_pid"]
    return pages


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(work(), 2 * PATIENCE_S)

    asyncio.run(bounded())


def test_a_worker_that_is_killed_is_started_again_and_its_players_come_back_while_others_play_on(
    studio: Studio,
) -> None:
    async def jam() -> None:
        pages = await come_in(studio)
        pids = {pid for _, pid in pages.values()}
        assert len(pids) == 2
        dead, alive = pids
        os.kill(dead, signal.SIGKILL)
        for room, (page, pid) in pages.items():
            if pid == dead:
                await closed(page)
                await comes_again(studio, room)
            else:
                await message(page, "beat")
                await page.close()
        await until(studio, lambda told: sorted(one["restarts"] for one in told) == [0, 1])
        assert alive in {one["pid"] for one in await asyncio.to_thread(workers, studio)}

    run(jam)


def test_all_workers_are_started_anew_by_sighup_and_players_are_told_to_come_again(
    studio: Studio,
) -> None:
    async def jam() -> None:
        pages = await come_in(studio)
        before = {pid for _, pid in pages.values()}
        studio.process.send_signal(signal.SIGHUP)
        for room, (page, _) in pages.items():
            assert await closed(page) == 1012
            await comes_again(studio, room)
        await until(studio, lambda told: not before & {one["pid"] for one in told})
        await until(studio, lambda told: all(one["is_open"] or one["rooms"] for one in told))
        assert studio.end() == 0

    run(jam)
