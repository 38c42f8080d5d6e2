"""The process that stands in the engine process's place when the engine is in a studio, far away.

`python -m livegen.studio.far_process FD`, for `livegen join`.  Its settings: {"address": what a studio printed, "name":
the player's, "room": where, "role": what he plays}; name and room count before those in the address.  It carries
messages between the link to the port process and the studio's socket; what they mean is in `far_jam`.  Where the
connection is lost it makes another, later and later.  Knows no engine and no ports.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Origin

from livegen.control.pump import Pump
from livegen.control.tasks import until_one_ends
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.processes.back_off import BackOff
from livegen.daemon.processes.frames import FailedFrame, Frame, LogFrame
from livegen.daemon.processes.link import Link, begun
from livegen.errors import LivegenError
from livegen.studio.address import Address
from livegen.studio.far_jam import FarJam

OPEN_S = 5.0
ALIVE_S = 2.0  # a connection over which nothing is answered for so long is lost
PAUSES_US = (50_000, 100_000, 250_000, 500_000, 1_000_000, 2_000_000, 4_000_000)
STEADY_US = 10 * SECOND
MAX_BYTES = 1 << 20  # of a message: the greeting of a room is 40 kB
# The codes with which a studio closes a socket: it does not know who comes; it is somewhere else, or begins anew.
UNKNOWN, COME_AGAIN = 4401, (4303, 1012)
BUSY = (429, 503)
REFUSALS = {
    403: "it takes nobody from this address; use the one that it printed",
    421: "it is known by another name; use the address that it printed",
    429: "more come at once than it takes",
    503: "more come at once than it takes",
}


class Refused(LivegenError):
    """The studio does not let us in.  `code` is the one with which it closed the socket, or the HTTP status."""

    def __init__(self, line: str, code: int) -> None:
        super().__init__(line)
        self.code = code


class ComeAgain(Exception):
    """The studio asks us to connect again."""


class FarProcess:
    """The link, the socket, and the jam between them.  Threads: the event loop's only."""

    def __init__(self, link: Link, settings: Mapping[str, Any]) -> None:
        self._address = address = Address.read(str(settings["address"]))
        self._pump = Pump(link, self._hear)
        self._link = link
        self._socket: ClientConnection | None = None
        self._unsent: asyncio.Queue[str] = asyncio.Queue()
        name, room = (
            str(settings.get(key) or given)
            for key, given in (("name", address.name), ("room", address.room))
        )
        self._jam = FarJam(name, str(settings.get("role") or ""), room, self._send, self._pump.send)
        self._was_in = False

    async def run(self) -> int:
        """Serve until the link closes, and give the exit status: 2 when we were never let in."""
        self._pump.open()
        connecting, *_ = await until_one_ends(
            self._connect_for_ever(), self._tick(), self._pump.closed.wait()
        )
        failure = None if connecting.cancelled() else connecting.exception()
        if failure is not None:
            if not isinstance(failure, Refused):
                raise failure
            self._link.send(FailedFrame.of(clock.now(), str(failure)))
            self._link.drain(SECOND)
        self._pump.close()
        return 0 if failure is None else 2

    # --- the studio -----------------------------------------------------------------------------------------------

    async def _connect_for_ever(self) -> None:
        """Be connected, again and again.  Raises Refused where we have never been let in."""
        back_off, said = BackOff(PAUSES_US, STEADY_US), ""
        while True:
            began, why = clock.now(), "the studio closed the connection"
            try:
                await self._converse()
            except ComeAgain:
                why = ""
            except Refused as refusal:
                if not self._was_in and refusal.code not in BUSY:
                    raise
                why = str(refusal)
            if was_in := self._jam.is_in:
                said = ""
            self._jam.lost(now := clock.now())
            if why not in ("", said):  # of tries that all fail alike the first is told
                self._say(f"{why}: what sounded was released; trying again")
                said = why
            await asyncio.sleep(back_off.pause_us(now - began if was_in else 0) / SECOND)

    async def _converse(self) -> None:
        """Connect, say who we are, and listen until the connection ends.  Raises Refused or ComeAgain."""
        try:
            async with connect(
                self._address.socket(self._jam.room),
                origin=Origin(self._address.origin),
                open_timeout=OPEN_S,
                ping_interval=ALIVE_S,
                ping_timeout=ALIVE_S,
                compression=None,
                max_size=MAX_BYTES,
            ) as socket:
                await self._serve(socket)
        except InvalidStatus as error:
            status = error.response.status_code
            raise Refused(
                f"{self._address.origin} does not let us in ({_of_status(status)})", status
            ) from None
        except (OSError, TimeoutError) as error:
            why = "it did not answer in time" if isinstance(error, TimeoutError) else _reason(error)
            raise Refused(
                f"no studio answers at {self._address.origin} ({why}); is it running, and the address right?",
                0,
            ) from None
        except WebSocketException as error:
            raise Refused(f"{self._address.origin} is no studio ({error})", 0) from None

    async def _serve(self, socket: ClientConnection) -> None:
        self._jam.refusal, self._unsent = "", asyncio.Queue()
        await socket.send(json.dumps({"token": self._address.token, "room": self._jam.room}))
        writing = asyncio.create_task(self._write(socket, self._unsent))
        try:
            while True:
                text = await socket.recv()
                if isinstance(text, str):
                    self._jam.take(text, clock.now())
                self._was_in = self._was_in or self._jam.is_in
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd is not None else 0
            if code in COME_AGAIN:
                raise ComeAgain from None
            if not self._jam.is_in and self._jam.refusal:
                raise Refused(_refusal(self._jam.refusal, code), code) from None
            if not self._jam.is_in:
                raise Refused(
                    f"{self._address.origin} hung up before it said who it is; is it a studio?",
                    code,
                ) from None
        finally:
            writing.cancel()
            with suppress(asyncio.CancelledError, ConnectionClosed):
                await writing

    async def _write(self, socket: ClientConnection, unsent: "asyncio.Queue[str]") -> None:
        while True:
            await socket.send(await unsent.get())

    # --- the port process -----------------------------------------------------------------------------------------

    def _hear(self, frames: list[Frame]) -> None:
        for frame in frames:
            self._jam.hear(frame, clock.now())

    def _send(self, message: Mapping[str, Any]) -> None:
        self._unsent.put_nowait(json.dumps(message, separators=(",", ":")))

    def _say(self, line: str) -> None:
        self._pump.send(LogFrame.of(clock.now(), line))

    async def _tick(self) -> None:
        while True:
            self._jam.step(clock.now())
            await asyncio.sleep(max(0, self._jam.deadline() - clock.now()) / SECOND)


def _refusal(line: str, code: int) -> str:
    """A refusal as a line for who joins: the studio says what it expected of a page."""
    if code == UNKNOWN:
        return "the studio does not know this address: the token is wrong, or the invitation has lapsed"
    return line


def _of_status(status: int) -> str:
    """Say what an HTTP status means here."""
    return (
        f"{status}: {REFUSALS[status]}"
        if status in REFUSALS
        else f"it answers {status}, as no studio does"
    )


def _reason(error: OSError) -> str:
    """Say why a connection could not be made, in few words."""
    return (
        os.strerror(error.errno)
        if error.errno and error.errno > 0
        else error.strerror or str(error)
    )


def main() -> int:
    """Carry messages until the link closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    link, settings, _ = begun(sys.argv[1])  # what was played before we are in a room is lost
    # The only kind of loop that can watch a link on every system.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(_carry(link, settings.values))


async def _carry(link: Link, settings: Mapping[str, Any]) -> int:
    return await FarProcess(link, settings).run()


if __name__ == "__main__":
    sys.exit(main())
