"""The pages that are open: each with its mailbox, its limits and the keys it holds.

One task reads and one writes for each.  None waits for another: news go into mailboxes, which are bounded, and a
page that takes nothing for 30 s is let go.  What a page holds is released when it goes.  Knows starlette's
WebSocket; knows neither HTTP, nor who may come in (`door`), nor what the engine is.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from starlette.websockets import WebSocket, WebSocketDisconnect

from livegen.control.surfaces import Request
from livegen.control.tasks import raise_first, until_one_ends
from livegen.control.web import stage as told
from livegen.control.web.ear import Ear
from livegen.control.web.mailbox import Mailbox
from livegen.control.web.page_messages import (
    KeysPlayed,
    Ping,
    PlayerNamed,
    RefusedMessage,
    Rejoined,
    RoleTaken,
    Said,
    Unfit,
    parse,
)
from livegen.control.web.roles import free_channel, on_channel, plays
from livegen.control.web.stage import MESSAGES_PER_S, MOST_CLIENTS, Stage
from livegen.daemon import clock
from livegen.daemon.bucket import Bucket
from livegen.daemon.clock import SECOND
from livegen.daemon.page_sink import PageKeys

BATCH_S = 0.025
# A note that comes in may be answered within 2 ms, on the same cores: until then nobody is told of it.
TACT_S = 0.010
STALLED_S = 30.0
SLOWED_S = 0.002  # a page that says too much is read that slowly
MISTAKES = 3
URGENT_EVERY_US = 10_000
COMPLAIN_EVERY_US = SECOND
PLAYS_US = 2 * SECOND  # so long after a key of his somebody plays
NAMELESS = "somebody"
FULL, POLICY = 1013, 1008  # codes with which a socket is closed

Ask = Callable[[Request], object]


LISTENS = "you listen here: take another role to play"
NO_EAR = "livegen hears no microphone of a page: start it with livegen serve --listen page"
FOLLOWS = "you do not steer here: others set the controls of this room"


class PagePlayer(NamedTuple):
    """The person at a page, whether he has just played, and what he does there."""

    name: str
    plays: bool
    role: str = ""


class Invited(NamedTuple):
    """The guest of an invitation: his name, his role, and whether he sets the controls of the room.

    A name or a role that is not "" is his as long as he stays.
    """

    player: str = ""
    role: str = ""
    steers: bool = True


class Client:
    """A page: who plays there, in which role, the messages that wait for it, its rate, and the keys that it holds.

    `met` is called when it says who plays there, or what he does; `channel` gives one that nobody else has,
    `number` is one that nobody else had.
    """

    per_s = MESSAGES_PER_S
    watches = True  # it shows what goes on
    ear: Ear | None = None  # of the daemon, where that hears pages

    def __init__(
        self,
        stage: Stage,
        ask: Ask,
        met: Callable[[], object] = lambda: None,
        invited: Invited = Invited(),  # noqa: B008  a value
        channel: Callable[[], int | None] = lambda: None,
        number: int = 1,
    ) -> None:
        self._number = number
        self._stage, self._ask, self._met, self._free_channel = stage, ask, met, channel
        self._invited = invited
        self.player, self.role = invited.player, ""
        self.channel: int | None = None  # on which he is heard, where he has a role
        self._played_at = -PLAYS_US
        self._bucket = Bucket(self.per_s, self.per_s)
        self._hands = PageKeys()
        self._complained_at = self._urgent_at = -SECOND
        self.mailbox = Mailbox()
        self.has_news = asyncio.Event()
        self.mistakes = 0
        self.is_too_fast = False

    def tell(self, put: Callable[[Mailbox], object]) -> None:
        """Put something into its mailbox."""
        put(self.mailbox)
        self.has_news.set()

    def greet(self) -> None:
        """Tell everything that there is to know."""
        self.mailbox.hello(self._stage.hello(clock.now()))
        self.mailbox.state(self._stage.texts)
        if self._stage.is_room:
            self.take_role(self._invited.role)
        for line in self._stage.lines:
            self.mailbox.line(line)
        self.has_news.set()

    def hear(self, text: str, now: int) -> None:
        """Take what it says: act on it, or refuse it."""
        is_in_time = self._bucket.take(now)
        self.is_too_fast = not is_in_time
        if not is_in_time and len(text) > 200:
            return self._complain(now)
        try:
            said = parse(text, self._stage.known)
        except RefusedMessage as refusal:
            self.mistakes += not isinstance(refusal, Unfit)
            text = told.refused(str(refusal), refusal.name)
            return self.tell(lambda box: box.reply(text))
        if not is_in_time and not self._is_urgent(said, now):
            return self._complain(now)
        return self._act(said, now)

    def listen(self, data: bytes, now: int) -> None:
        """Take a piece of audio that it hears, or refuse it."""
        if self.ear is None:
            self.mistakes += 1
            return self._refuse_once(NO_EAR, now)
        if not self._bucket.take(now):
            return self._complain(now)
        try:
            self.ear.take(self._number, data, now)
        except RefusedMessage as refusal:
            self.mistakes += not isinstance(refusal, Unfit)
            return self._refuse_once(str(refusal), now)

    def who(self, now: int) -> PagePlayer:
        """The name of who plays there, and whether he does."""
        return PagePlayer(self.player or NAMELESS, now - self._played_at < PLAYS_US, self.role)

    def take_role(self, role: str) -> None:
        """Be heard by the rule of a role, on a channel of its own; what is held comes up first."""
        self.leave()
        self.role = role
        if role and plays(role) and (channel := self._free_channel()) is not None:
            self.channel = channel
            self._ask(Request("hears", [channel, role]))
        steers = self._steers
        text = told.you(role, self.channel, steers, bool(self._invited.role))
        self.tell(lambda box: box.reply(text))

    @property
    def _by(self) -> tuple[int, str] | None:
        is_room = self._stage.is_room  # at home there is one player, at however many pages
        return (self._number, self.player or f"Player {self._number}") if is_room else None

    @property
    def _steers(self) -> bool:
        return self._invited.steers and plays(self.role)

    def _act(self, said: Said, now: int) -> None:
        match said:
            case Ping(at):
                self.tell(lambda box: box.reply(told.pong(at)))
            case KeysPlayed(data, played_at) if plays(self.role):
                self._played_at = now
                heard = list(on_channel(data, self.channel))
                self._hands.play(heard)
                self._ask(Request("play", heard, played_at, self._by))
            case PlayerNamed(player) if not self._invited.player:
                self.player = player
                self._met()
            case Rejoined(strokes, timeline, controls, at, memo) if (
                self._stage.is_room and self._steers
            ):
                bars = {"strokes": strokes, "timeline": timeline}
                before = bars | {"controls": controls, "memo": memo}
                self._ask(Request("rejoin", before, at))
            case RoleTaken(role) if self._stage.is_room and not self._invited.role:
                self.take_role(role)
                self._met()
            case Request() if self._steers:
                self._ask(said)
            case KeysPlayed():
                self._refuse_once(LISTENS, now)
            case Request():
                self._refuse_once(FOLLOWS, now)
            case _:
                pass

    def _is_urgent(self, said: Said, now: int) -> bool:
        """True if it is done although too much came: silence, and the end of a note that it holds."""
        match said:
            case KeysPlayed(data):
                return self._hands.would_end(on_channel(data, self.channel))
            case Request("panic" | "stop") if now - self._urgent_at >= URGENT_EVERY_US:
                self._urgent_at = now
                return True
            case _:
                return False

    def _complain(self, now: int) -> None:
        self._refuse_once(f"more than {self.per_s} messages a second: some were left out", now)

    def _refuse_once(self, line: str, now: int) -> None:
        """Say why something is not done, once a second at most."""
        if now - self._complained_at >= COMPLAIN_EVERY_US:
            self._complained_at = now
            self.tell(lambda box: box.reply(told.refused(line)))

    def leave(self) -> None:
        """Release what it holds, and its channel."""
        for data in self._hands.release():
            self._ask(Request("play", list(data), by=self._by))
        if self.channel is not None:
            self._ask(Request("hears", [self.channel, ""]))
            self.channel = None


AnyClient = TypeVar("AnyClient", bound=Client)


class Clients:
    """The pages that look at one stage, at most `MOST_CLIENTS`.  Threads: the event loop's only.

    `ask` takes what is wanted of the engine: watch True when the first page comes, False when the last one goes.
    `ear` hears their microphones; None: nobody does.
    """

    def __init__(self, stage: Stage, ask: Ask, ear: Ear | None = None) -> None:
        self._stage, self._ask, self._ear = stage, ask, ear
        self._clients: set[Client] = set()
        self._came = 0  # how many have come so far

    def __len__(self) -> int:
        return len(self._clients)

    def players(self, now: int) -> list[PagePlayer]:
        """The people at the pages, by name."""
        return sorted(client.who(now) for client in self._clients)

    def tell(self, put: Callable[[Mailbox], object]) -> None:
        """Put something into every mailbox."""
        for client in self._clients:
            client.tell(put)

    async def serve(
        self,
        socket: WebSocket,
        *first: str,
        invited: Invited = Invited(),  # noqa: B008  a value
    ) -> None:
        """Serve one page until it goes; `first` are texts for it alone."""
        if len(self._clients) >= MOST_CLIENTS:
            return await turn_away(
                socket, FULL, f"{MOST_CLIENTS} pages are open already; close one"
            )
        client = self.enter(*first, invited=invited)
        try:
            await _converse(socket, client)
        finally:
            self.leave(client)

    def enter(
        self,
        *first: str,
        invited: Invited = Invited(),  # noqa: B008  a value
    ) -> Client:
        """Greet one more page; `first` are texts for it alone."""
        return self.enter_as(Client, *first, invited=invited)

    def enter_as(
        self,
        make: type[AnyClient],
        *first: str,
        invited: Invited = Invited(),  # noqa: B008  a value
    ) -> AnyClient:
        """Greet one more page, or what else `make` makes."""
        self._came += 1
        client = make(self._stage, self._ask, self._meet, invited, self._free_channel, self._came)
        client.ear = self._ear
        for text in first:
            client.mailbox.reply(text)
        self._clients.add(client)
        client.greet()
        self._meet()
        if client.watches and self._watching == 1:
            self._ask(Request("watch", True))
        return client

    def leave(self, client: Client) -> None:
        """A page goes."""
        client.leave()
        self._clients.discard(client)
        self._meet()
        if client.watches and not self._watching:
            self._ask(Request("watch", False))

    @property
    def _watching(self) -> int:
        return sum(client.watches for client in self._clients)

    def _free_channel(self) -> int | None:
        return free_channel(
            {client.channel for client in self._clients if client.channel is not None}
        )

    def _seats(self, now: int) -> list[dict[str, Any]]:
        seats = [(*client.who(now), client.channel) for client in self._clients]
        return [
            {"name": name, "role": role, "channel": channel}
            for name, _, role, channel in sorted(
                seats, key=lambda seat: (seat[0], seat[2], seat[3] or 0)
            )
        ]

    def _meet(self) -> None:
        """Somebody came, went, or gave a name: all are told who is there."""
        now = clock.now()
        if self._stage.meet(self._seats(now)):
            text = self._stage.hello(now)
            self.tell(lambda box: box.hello(text))


async def turn_away(socket: WebSocket, code: int, line: str) -> None:
    """Say why a page cannot stay, and close."""
    async with asyncio.timeout(STALLED_S):
        await socket.send_text(told.refused(line))
        await socket.close(code)


async def text_of(socket: WebSocket) -> str:
    """The next message, where only a text is one of ours.  Raises WebSocketDisconnect."""
    said = await _said(socket)
    return said if isinstance(said, str) else ""


async def _said(socket: WebSocket) -> str | bytes:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    return message.get("text") or message.get("bytes") or ""


async def _converse(socket: WebSocket, client: Client) -> None:
    """Read and write until one of them ends, and end the other."""
    raise_first(await until_one_ends(_read(socket, client), _write(socket, client)))


async def _read(socket: WebSocket, client: Client) -> None:
    while client.mistakes < MISTAKES:
        said = await _said(socket)
        if isinstance(said, bytes):
            client.listen(said, clock.now())
        else:
            client.hear(said, clock.now())
        if client.is_too_fast:  # what is not read costs us nothing, and fills his own line
            await asyncio.sleep(SLOWED_S)
    with suppress(TimeoutError):
        async with asyncio.timeout(1.0):
            for text in client.mailbox.take(clock.now()):
                await socket.send_text(text)
            await socket.close(POLICY)


async def _write(socket: WebSocket, client: Client) -> None:
    while True:
        await client.has_news.wait()
        if not client.mailbox.is_urgent:
            await asyncio.sleep(TACT_S)
        client.has_news.clear()
        try:
            async with asyncio.timeout(STALLED_S):
                for text in client.mailbox.take(clock.now()):
                    await socket.send_text(text)
        except TimeoutError:
            return _abort(socket)
        await asyncio.sleep(BATCH_S - TACT_S)
        if client.mailbox.has_news:
            client.has_news.set()


def _abort(socket: WebSocket) -> None:
    """Drop a connection whose other end takes nothing: closing it would wait for that, too."""
    abort = socket.scope.get("state", {}).get("abort")
    if abort is not None:
        abort()
