"""The workers of a studio, as the process sees them that has its public port.

Each is a child process at a link; one that ends or is not heard of is started again, ever later.  Where a room is, is
`placing`'s to say.  Threads: the event loop's only.
"""

import asyncio
import json
import logging
import socket
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from livegen.control.surfaces import Request
from livegen.control.web.clients import Clients
from livegen.control.web.door import Full
from livegen.control.web.page_messages import Known
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.processes.back_off import BackOff
from livegen.daemon.processes.child import LastingChild
from livegen.daemon.processes.frames import (
    CommandFrame,
    FiguresFrame,
    Frame,
    OverFrame,
    SnapshotFrame,
)
from livegen.daemon.processes.supervisor import FIRST_STARTS, PAUSES_US, STEADY_US
from livegen.errors import LivegenError
from livegen.studio.placing import Placing
from livegen.studio.room_names import is_name, new_name
from livegen.studio.teacher import Seen

log = logging.getLogger(__name__)

MODULE = "livegen.studio.worker"
LOOK_EVERY_S = 0.1
HANG_US = 5 * SECOND  # a worker that is not heard of for so long is ended
START_US = 60 * SECOND  # a model that takes longer to load is stuck
OWN_PAUSE_US = (
    SECOND  # when we were not run for so long ourselves, what they told may just be unread
)
READY_S = 15.0  # so long a player waits for a worker that is being started
ENDS_S = 5.0  # so long a worker may take to end
SEEN_S = 2.0  # so long a teacher waits for a worker that does not answer
NOTHING = {"rooms": 0, "players": 0, "late": {}, "cpu": 0.0, "is_open": False}


class WorkerChild(LastingChild):
    """A worker of this number, 0 and up; `figures` are the last that it told of itself."""

    def __init__(self, number: int, settings: Mapping[str, Any]) -> None:
        super().__init__(MODULE, settings, BackOff(PAUSES_US, STEADY_US))
        self.number = number
        self.figures: dict[str, Any] = dict(NOTHING)
        self._handing: socket.socket | None = None
        self.heard_at = 0

    def start(self, now: int) -> None:
        """Start the process, with the socket over which it is handed connections."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ours.setblocking(False)
        self._handing, self.heard_at, self.is_ready = ours, now, False
        with theirs:
            self._passed = (theirs.fileno(),)
            self._arguments = (str(theirs.fileno()),)
            super().start(now)

    def hand(self, connection: socket.socket, room: str, returns: bool) -> None:
        """Hand it a connection to a room; one that it cannot take is closed, and whoever it was comes again."""
        told = json.dumps({"room": room, "returns": returns}).encode()
        with connection:
            try:
                assert self._handing is not None
                socket.send_fds(self._handing, [told], [connection.fileno()])
            except OSError as error:
                log.debug("worker %d does not take a connection (%s)", self.number, error)

    def judge(self) -> None:
        """Give it up if it has died again and again without having been ready."""
        if not self.served and self._back_off.deaths >= FIRST_STARTS and self.failure is None:
            self.failure = f"a worker ended {FIRST_STARTS} times before it was ready"

    def hangs(self, now: int) -> bool:
        """True if it has not been heard of for too long."""
        return now - self.heard_at > (HANG_US if self.is_ready else START_US)

    def bury(self, now: int) -> int:
        """End what is left of it, and give the pause, micros, until it is started again."""
        self._hand_no_more()
        self.is_ready, self.figures = False, dict(NOTHING)
        return super().bury(now)

    def end(self, timeout_s: float) -> bool:
        """Close the link, which tells it to finish, and wait; True if it did in time."""
        self._hand_no_more()
        return super().end(timeout_s)

    def kill(self) -> None:
        """End it now."""
        self._hand_no_more()
        super().kill()

    def told(self) -> dict[str, Any]:
        """Give the worker's figures, and what is known of it here."""
        figures = {key: value for key, value in self.figures.items() if key != "names"}
        return figures | {"worker": self.number, "pid": self.pid, "restarts": self.restarts}

    def end_or_kill(self, timeout_s: float) -> None:
        """Wait for its end, for which its link was closed; a worker that does not end in time is killed."""
        if self._child is not None:
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(timeout_s)
            self.kill()

    def _hand_no_more(self) -> None:
        if self._handing is not None:
            self._handing.close()


@dataclass
class TeacherQuestion:
    """A teacher's question: the workers that have not answered yet, and the rooms told so far, each with its worker."""

    waiting: set[WorkerChild]
    rooms: list[tuple[WorkerChild, dict[str, Any]]] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def leave_out(self, worker: WorkerChild) -> None:
        """Wait no longer for a worker: it has told everything, or it has ended."""
        self.waiting.discard(worker)
        if not self.waiting:
            self.over.set()


class Workers:
    """All workers of a studio, so many.  `settings` are those of each, `known` the names that can be asked for."""

    def __init__(self, count: int, settings: Mapping[str, Any], known: Known) -> None:
        self._settings, self._known = settings, known
        self._workers = [WorkerChild(number, settings) for number in range(count)]
        self._leaving: list[WorkerChild] = []
        self._placing = Placing()
        self._news = asyncio.Event()
        self._looked_at = clock.now()
        self._questions: dict[int, TeacherQuestion] = {}
        self._asked = 0
        self._is_moving = asyncio.Lock()

    # --- their lives ----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start all, and wait until all are ready.  Raises LivegenError with what one of them said if it cannot be."""
        for worker in self._workers:
            self._start(worker)
        await self._until(lambda: all(worker.is_ready for worker in self._workers))

    async def run(self) -> None:
        """Look after them, for ever.  Raises LivegenError where none can be started."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self._look(clock.now())

    def close(self) -> None:
        """End them all; each has a while to write what was recorded in its rooms."""
        workers = (*self._workers, *self._leaving)
        for worker in workers:
            self._unlisten(worker)
            worker.link.close()
        by = clock.now() + round(ENDS_S * SECOND)
        for worker in workers:
            worker.end_or_kill(max(0, by - clock.now()) / SECOND)

    async def renew(self) -> None:
        """Start each anew, one after the other: its players come again, to another or to the one that follows it."""
        async with self._is_moving:
            for number, old in enumerate(self._workers):
                new = WorkerChild(number, self._settings)
                self._start(new)
                self._leaving.append(new)  # looked after, and not yet given anybody
                with suppress(LivegenError):  # of another worker, which says so itself
                    await self._until(partial(_is_decided, new))
                self._leaving = [worker for worker in self._leaving if worker is not new]
                if not new.is_ready or new.link.closed:
                    why = new.failure or "the new one ended before it was ready"
                    log.warning("worker %d goes on as it is: %s", number, why)
                    self._unlisten(new)
                    new.kill()
                    continue
                self._workers[number] = new
                self._placing.lose(number, clock.now())
                self._leaving.append(old)
                old.link.send(OverFrame(clock.now()))
                log.warning("worker %d was started anew, and its players come again", number)

    def _start(self, worker: WorkerChild) -> None:
        worker.start(clock.now())
        self._listen(worker)

    def _listen(self, worker: WorkerChild) -> None:
        read = partial(self._read, worker)
        asyncio.get_running_loop().add_reader(worker.link.fileno(), read)

    def _unlisten(self, worker: WorkerChild) -> None:
        if worker.link.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(worker.link.fileno())

    def _read(self, worker: WorkerChild) -> None:
        was_ready = worker.is_ready
        for frame in worker.receive(clock.now()):
            self._take(worker, frame)
        worker.heard_at = clock.now()
        for line in worker.log:
            log.warning("%s", line)
        worker.log.clear()
        if worker.link.closed:
            self._unlisten(worker)
            if worker in self._workers:
                self._placing.lose(worker.number, clock.now())
                self._bury(worker)
        if worker.is_ready != was_ready or worker.failure or worker.link.closed:
            self._news.set()

    def _take(self, worker: WorkerChild, frame: Frame) -> None:
        match frame:
            case FiguresFrame(values=told):
                worker.figures = told
                if worker in self._workers:
                    self._placing.hear(worker.number, told.get("names", ()), frame.micros)
            case SnapshotFrame(values={"number": number, "rooms": rooms, "is_last": is_last}):
                if (question := self._questions.get(number)) is not None:
                    question.rooms += [(worker, told) for told in rooms]
                    if is_last:
                        question.leave_out(worker)
            case _:
                pass

    def _bury(self, worker: WorkerChild) -> None:
        for question in self._questions.values():
            question.leave_out(worker)
        pause = worker.bury(clock.now())
        worker.judge()
        if worker.failure is None:
            log.warning(
                "worker %d ended: its players come again, and it is started again in %.1f s",
                worker.number,
                pause / SECOND,
            )

    async def _look(self, now: int) -> None:
        own_pause, self._looked_at = now - self._looked_at > OWN_PAUSE_US, now
        for worker in (*self._workers, *self._leaving):
            worker.link.flush()
            if own_pause:
                worker.heard_at = now
            if worker.was_started and not worker.link.closed and worker.hangs(now):
                log.warning("worker %d does not answer, and is ended", worker.number)
                self._unlisten(worker)
                if worker in self._workers:
                    self._placing.lose(worker.number, now)
                    self._bury(worker)
                else:  # another of its number has its rooms
                    worker.kill()
                self._news.set()
            if worker in self._workers and worker.start_again(now):
                self._listen(worker)
        for worker in self._leaving:
            if worker.link.closed:
                worker.end(0)
        self._leaving = [worker for worker in self._leaving if not worker.link.closed]

    async def _until(self, is_so: Callable[[], bool]) -> None:
        """Wait for news of workers until it is so.  Raises LivegenError with what one said that cannot be started."""
        while not is_so():
            for worker in (*self._workers, *self._leaving):
                if worker.failure is not None:
                    raise LivegenError(worker.failure)
            self._news.clear()
            await self._news.wait()

    # --- those who come -------------------------------------------------------------------------------------------

    async def take(self, connection: socket.socket, room: str) -> None:
        """Hand on a connection to a room, "" for one of its own; where all workers are being started it waits."""
        ready: list[WorkerChild] = []

        def is_one_ready() -> bool:
            ready[:] = [worker for worker in self._workers if worker.is_ready]
            return bool(ready)

        try:
            async with asyncio.timeout(READY_S):
                await self._until(is_one_ready)
        except (TimeoutError, LivegenError, asyncio.CancelledError):
            return connection.close()
        name = room if is_name(room) else new_name()
        open_ = [worker for worker in ready if worker.figures["is_open"]] or ready
        place = self._placing.place(name, [worker.number for worker in open_], clock.now())
        self._workers[place.worker].hand(connection, name, place.returns)

    # --- as all rooms of a studio ---------------------------------------------------------------------------------

    def find(self, words: Mapping[str, Any]) -> Clients:
        """Find no room: they are the workers'.  Raises Full."""
        raise Full("the address of a room is /ws; open the page again")

    async def seen(self) -> list[Seen]:
        """All rooms, as a teacher sees them; without those of a worker that does not answer in time."""
        self._asked += 1
        number, question = (
            self._asked,
            TeacherQuestion({one for one in self._workers if one.is_ready}),
        )
        self._questions[number] = question
        for worker in question.waiting:
            worker.link.send(CommandFrame.named(clock.now(), "seen", number))
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(SEEN_S if question.waiting else 0):
                    await question.over.wait()
        finally:
            del self._questions[number]
        return [
            RoomElsewhere(told, self._known, partial(self._ask, worker, str(told["room"])))
            for worker, told in question.rooms
        ]

    def figures(self) -> dict[str, Any]:
        """The figures of all together, and of each."""
        told = [worker.told() for worker in self._workers]
        return {
            "rooms": sum(one["rooms"] for one in told),
            "players": sum(one["players"] for one in told),
            "late": max((one["late"] for one in told), key=lambda late: late.get("p99_us", 0)),
            "cpu": sum(one["cpu"] for one in told),
            "is_open": any(one["is_open"] for one in told),
            "workers": told,
        }

    def _ask(self, worker: WorkerChild, room: str, request: Request) -> None:
        values = [room, request.name, request.value]
        worker.link.send(CommandFrame.named(clock.now(), "ask", values))


def _is_decided(worker: WorkerChild) -> bool:
    """True of one that is ready, or never will be."""
    return worker.is_ready or worker.link.closed or worker.failure is not None


class RoomElsewhere:
    """A room of another process, as a teacher sees it."""

    def __init__(
        self, told: Mapping[str, Any], known: Known, ask: Callable[[Request], object]
    ) -> None:
        self.name, self.known = str(told["room"]), known
        self._told, self._ask = dict(told), ask

    def told(self) -> dict[str, Any]:
        """All that a teacher sees of it."""
        return self._told

    def ask(self, request: Request) -> None:
        """Have it do what somebody wants."""
        self._ask(request)
