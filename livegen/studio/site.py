"""A studio at its public port, and the workers behind it, which have the rooms.

`settings`: those of `worker`, and "workers": how many processes.  Where connections cannot be handed over between
processes, as on Windows, this one has the rooms itself.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import uvicorn

from livegen.control.osc.peers import own_addresses
from livegen.control.web.page_messages import Known
from livegen.control.web.places import is_any, named, near
from livegen.control.web.server import accepted, bound_nearby, configuration, start, stop
from livegen.studio.application import MOST_CONNECTIONS, application, charts_of, closing
from livegen.studio.front import Front
from livegen.studio.workers import Workers

SIGNALS = (signal.SIGINT, signal.SIGTERM)
HANDS_OVER = hasattr(socket, "send_fds")


async def serve(
    settings: Mapping[str, Any],
    ready: Callable[[str | None, str], object],
    say: Callable[[str], object],
) -> None:
    """Serve until SIGINT or SIGTERM, or until our terminal is closed; SIGHUP starts the workers anew.

    Raises LivegenError.

    `ready` is given the address for players, where there is one for all, and the teacher's.
    """
    host = settings["host"]
    sockets = bound_nearby(host, settings["port"], say)
    port = sockets[0].getsockname()[1]
    names = [*settings["names"], *(map(named, own_addresses()) if is_any(host) else ())]
    settings = {**settings, "port": port, "names": names}
    here = f"http://{names[0] if names else near(host)}:{port}"
    address = f"https://{settings['public'][0]}" if settings["public"] else here
    players = f"{address}/#{settings['token']}" if settings["token"] else None
    run = _with_workers if HANDS_OVER else _alone
    over = _over()
    serving = asyncio.create_task(
        run(
            settings,
            sockets,
            lambda: ready(players, f"{address}/teacher.html#{settings['teacher']}"),
            say,
        )
    )
    try:
        await asyncio.wait((serving, over), return_when=asyncio.FIRST_COMPLETED)
    finally:
        serving.cancel()
        await asyncio.wait((serving,))
        for listening in sockets:
            listening.close()
    if not serving.cancelled():
        serving.result()  # a fault of ours, or what a worker said that cannot be started


async def _with_workers(
    settings: Mapping[str, Any],
    sockets: list[socket.socket],
    ready: Callable[[], object],
    say: Callable[[str], object],
) -> None:
    """Serve the page here, and the rooms in workers, until cancelled."""
    count, charts = settings["workers"], charts_of(settings)
    of_each = {**settings, "rooms": -(-settings["rooms"] // count)}
    presets = frozenset(settings["engine"]["presets"])
    workers = Workers(count, of_each, Known(presets, meant=charts.meant))
    served = closing(application(settings, workers, charts, say))
    server = uvicorn.Server(configuration(served, MOST_CONNECTIONS))

    async def to_page(connection: socket.socket, room: str) -> None:
        await accepted(server, connection, {})

    front = Front(sockets, workers.take, to_page)
    running = asyncio.create_task(workers.run())
    try:
        await start(server, [])
        await workers.start()
        front.open()
        _on_renewal(workers.renew)
        ready()
        await running
    finally:
        running.cancel()
        front.close()
        stop(server)
        workers.close()


async def _alone(
    settings: Mapping[str, Any],
    sockets: list[socket.socket],
    ready: Callable[[], object],
    say: Callable[[str], object],
) -> None:
    """Serve the page and the rooms here, until cancelled."""
    from livegen.studio.worker import rooms_of  # engine and network, which else only workers need

    rooms = rooms_of(settings)
    served = application(settings, rooms, charts_of(settings), say)
    server = uvicorn.Server(configuration(served, MOST_CONNECTIONS))
    try:
        await start(server, sockets)
        ready()
        await rooms.run()
    finally:
        stop(server)
        rooms.close()


def _on_renewal(renew: Callable[[], Awaitable[None]]) -> None:
    """Start the workers anew at SIGHUP, one after the other; where it says that our terminal was closed, end.

    A terminal that may close is told by `nohup`, which has SIGHUP ignored.
    """
    loop = asyncio.get_running_loop()
    renewals: set[asyncio.Future[None]] = set()
    needs_terminal = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN and _has_terminal()

    def begin() -> None:
        if needs_terminal and not _has_terminal():
            return signal.raise_signal(signal.SIGTERM)
        task = asyncio.ensure_future(renew())
        renewals.add(task)
        task.add_done_callback(renewals.discard)

    loop.add_signal_handler(signal.SIGHUP, begin)


def _has_terminal() -> bool:
    """True while a terminal controls this process: it has not been closed."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _over() -> "asyncio.Future[None]":
    """A future that is done when a signal says that it is over."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def end() -> None:
        if not over.done():
            over.set_result(None)

    for number in SIGNALS:
        signal.signal(
            number, lambda *_: loop.call_soon_threadsafe(end)
        )  # the loop's own handlers are not on Windows
    return over
