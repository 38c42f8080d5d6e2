"""A studio of two workers: real processes and sockets, of which one is killed, and all are started anew."""

import asyncio
import fcntl
import json
import os
import signal
import termios
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from bench.studio import Server
from bench.studio_load import Seat
from livegen.control.web.page_messages import Known
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.studio import workers as supervised
from tests.studio.test_site import PATIENCE_S, Studio, message

ROOMS = ("blues", "waltz", "samba", "bolero")


@pytest.fixture
def studio() -> Iterator[Studio]:
    # On a busy machine turns come late, and a worker that takes no more rooms would leave both to the other.
    is_open = ("--set", "studio.most_late_ms=1000", "--set", "studio.most_cpu=100")
    chart = ("--chart", "12-bar-blues")
    one = Studio("--workers", "2", "--rooms", "8", "--mode", "accompany", *chart, *is_open)
    yield one
    one.process.kill()
    one.process.communicate()


def workers(studio: Studio) -> list[dict[str, Any]]:
    """What is told of each."""
    told: list[dict[str, Any]] = json.loads(studio.get("health"))["workers"]
    return told


async def until_so(studio: Studio, is_so: Callable[[list[dict[str, Any]]], bool]) -> None:
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


def bar_of_chart(seat: Seat, at: int) -> int | None:
    """The bar of the chart's form that is played at a time, by the state that a player has."""
    tempo, _, ticks = map(int, seat.state["timeline"])
    if seat.state["memo"]["chart"] is None:
        return None
    since, form = map(int, seat.state["memo"]["chart"][:2])
    return (form + round((at - since) * 24 / tempo)) // ticks % 12


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(work(), 2 * PATIENCE_S)

    asyncio.run(bounded())


def test_who_loses_his_worker_ends_its_notes_is_back_at_his_bar_of_the_chart_and_hears_the_model_again(
    studio: Studio,
) -> None:
    async def jam() -> None:
        server = Server(studio.process, studio.host, studio.token)
        seats = [Seat(server, room, number) for number, room in enumerate(("blues", "waltz"))]
        until = clock.now() + round(10 * PATIENCE_S * SECOND)
        playing = [asyncio.create_task(seat.jam(until)) for seat in seats]
        while not all(seat.heard for seat in seats):
            await asyncio.sleep(0.02)
        await until_so(studio, lambda told: [one["rooms"] for one in told] == [1, 1])
        told = await asyncio.to_thread(workers, studio)
        while None in (bars := [bar_of_chart(seat, until) for seat in seats]):
            await asyncio.sleep(0.02)
        killed_at = clock.now()
        os.kill(told[0]["pid"], signal.SIGKILL)
        while not (lost := [seat for seat in seats if len(seat.greeted) > 1]):
            await asyncio.sleep(0.02)
        while (fate := lost[0].fate(killed_at)) is None or fate.music is None:
            await asyncio.sleep(0.02)
        number = seats.index(lost[0])
        while lost[0].state["engine_pid"] == told[0]["pid"] or not lost[0].state["memo"]["chart"]:
            await asyncio.sleep(0.02)
        assert bar_of_chart(lost[0], until) == bars[number]
        assert lost[0].resumed and not any(seat.stuck for seat in seats)
        assert sum(len(seat.greeted) for seat in seats) == 3  # the other one was not disturbed
        await until_so(studio, lambda told: [one["restarts"] for one in told] == [1, 0])
        for task in playing:
            task.cancel()
        await asyncio.wait(playing)

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
        await until_so(studio, lambda told: not before & {one["pid"] for one in told})
        await until_so(studio, lambda told: all(one["is_open"] or one["rooms"] for one in told))
        assert studio.end() == 0

    run(jam)


def test_a_worker_whose_successor_ends_without_a_word_goes_on_and_can_be_renewed_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervised, "MODULE", "livegen.errors")  # ends at once

    async def renew() -> None:
        studio = supervised.Workers(2, {}, Known())
        for _ in range(2):
            await studio.renew()
        studio.close()

    run(renew)
    assert [line for line in caplog.messages if "goes on as it is" in line] == [
        f"worker {number} goes on as it is: the new one ended before it was ready"
        for number in (0, 1, 0, 1)
    ]


def test_a_studio_whose_terminal_is_closed_ends() -> None:
    window, terminal = os.openpty()
    studio = Studio(
        "--workers",
        "1",
        stdin=terminal,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(terminal)
    os.close(window)
    try:
        assert studio.process.wait(PATIENCE_S) == 0
    finally:
        studio.process.kill()
        studio.process.communicate()
