"""A plug-in's seat in a jam: its lines in, lines for it out.

A seat is in the live jam as a page is, and in the jam of a bounce as well while there is one: then that alone hears
it and plays to it.  Sans-IO: knows no sockets; the time is an argument.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from livegen import __version__
from livegen.control.surfaces import Request
from livegen.control.web import stage as told
from livegen.control.web.clients import Client, Invited
from livegen.control.web.mailbox import CUT_ALL, Mailbox
from livegen.control.web.page_messages import RefusedMessage, object_in
from livegen.music.messages import channel_of
from livegen.plugin import words
from livegen.plugin.bounce import Bounce
from livegen.plugin.words import PROTOCOL, Block, Greeting, Live, Transport
from livegen.studio.room import Room

MESSAGES_PER_S = 1000
SHOWN = ("mode", "turn", "tempo_bpm", "key", "chord", "controls")
# What comes from here on is of the bounce, or of the live jam.
BOUNCE, LIVE = '{"t":"bounce"}', '{"t":"live"}'
OTHER_MODEL = "choose it in config.yaml (model), and open the session again when no plug-in plays"
COMMON = "4/4"  # of a host that says nothing else; no control is set for it


class PlugInMailbox(Mailbox):
    """The messages for a plug-in: music, the engine's sign of life, and the little of the state that it shows.

    `channel` is the one whose music it plays; None: all.
    """

    def __init__(self) -> None:
        super().__init__()
        self.channel: int | None = None

    def hello(self, text: str) -> None:
        """A plug-in is greeted once, by its seat."""

    def state(self, texts: Mapping[str, str]) -> None:
        """Keep what a plug-in shows."""
        super().state({name: texts[name] for name in SHOWN if name in texts})

    def note(self, text: str) -> None:
        """Notes as they come and go are for pages."""

    def figures(self, text: str) -> None:
        """Figures are for pages."""

    def music(self, text: str) -> None:
        """Music for its part, and each end of notes."""
        if self.channel is None or text.startswith("{") or self._is_mine(text):
            super().music(text)

    def _is_mine(self, text: str) -> bool:
        return channel_of(json.loads(text)[1:]) == self.channel


class PlugIn(Client):
    """A plug-in among the pages of a room.  `at_once` is called when its mailbox has something that is urgent."""

    per_s = MESSAGES_PER_S
    watches = False

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.mailbox: PlugInMailbox = PlugInMailbox()
        self.at_once: Callable[[], object] = lambda: None
        self._metre = COMMON

    def tell(self, put: Callable[[Mailbox], object]) -> None:
        """Put something into its mailbox; what is urgent goes out before the engine works on."""
        super().tell(put)
        if self.mailbox.is_urgent:
            self.at_once()

    def follow(self, transport: Transport) -> None:
        """Take what the host says: its time, and its metre where that is another than before."""
        if transport.metre != self._metre:
            self._metre = transport.metre
            self._ask(Request("metre", transport.metre))
        self._ask(Request("transport", transport.told, by=self._by))


class Seat:
    """A plug-in.  `bounce` gives the bounce of its band, a new one where there is none; `left` ends it for this seat.

    `channels` are those of the parts; `page` is the address of the jam's page.  `has_news` is set when lines wait.
    Threads: the event loop's only.
    """

    def __init__(
        self,
        hello: Greeting,
        live: Room,
        channels: Mapping[str, int],
        page: str,
        now: int,
        bounce: Callable[["Seat"], Bounce],
        left: Callable[["Seat"], object],
    ) -> None:
        self.hello, self._live = hello, live
        self._channels, self._page = channels, page
        self._find_bounce, self._left = bounce, left
        self._bounce: Bounce | None = None
        self._told: list[str] = []
        self._set: dict[str, Any] = {}
        self._here = self._there = self._enter(live)
        self.has_news = self._here.has_news
        for name, value in hello.controls.items():
            self.hear(json.dumps({"t": "set", "name": name, "value": value}), now)

    # --- in and out -----------------------------------------------------------------------------------------------

    def greeted(self, now: int, model: str) -> list[str]:
        """The answer to its greeting; and a line for people where its session was saved with another model."""
        greeting = {
            "t": "hello",
            "protocol": PROTOCOL,
            "version": __version__,
            "now": now,
            "band": self._live.name,
            "model": model,
            "page": self._page,
            "channels": self._channels,
        }
        answer = [json.dumps(greeting)]
        if self.hello.model not in ("", model):
            line = f"the session was saved with the model {self.hello.model}, and {model} plays: {OTHER_MODEL}"
            answer.append(json.dumps({"t": "line", "line": line, "kind": "bad"}))
        return answer

    def hear(self, text: str, now: int) -> None:
        """Take a line: act on it, or refuse it."""
        try:
            given = object_in(text)
            said = words.own(given)
        except RefusedMessage as refusal:
            self._there.mistakes += 1
            line = told.refused(str(refusal))
            return self._there.tell(lambda box: box.reply(line))
        match said:
            case Transport():
                self._there.follow(said)
            case Block():
                self._render(said)
            case Live():
                self._end_bounce()
            case None:
                self._there.hear(text, self._bounce.now if self._bounce else now)
                self._keep(given)
        return None

    def hand_out(self, at_once: Callable[[], object]) -> None:
        """Call `at_once` for what is urgent in the live jam, as soon as it is there."""
        self._here.at_once = at_once

    def take(self, now: int) -> list[str]:
        """The lines for it by now."""
        lines, self._told = self._told, []
        return [*lines, *self._there.mailbox.take(self._bounce.now if self._bounce else now)]

    @property
    def is_urgent(self) -> bool:
        """True if it waits for what is there for it."""
        return bool(self._told) or self._there.mailbox.is_urgent

    @property
    def is_too_fast(self) -> bool:
        """True if it says more than is heard."""
        return self._there.is_too_fast

    @property
    def mistakes(self) -> int:
        """The number of its lines that made no sense."""
        return self._here.mistakes + (self._there.mistakes if self._bounce else 0)

    def leave(self) -> None:
        """It goes; what it holds is released."""
        self._end_bounce()
        self._live.clients.leave(self._here)

    # --- a bounce -------------------------------------------------------------------------------------------------

    def _render(self, block: Block) -> None:
        if self._bounce is None:
            self._bounce = self._find_bounce(self)
            self._there = self._enter(self._bounce.room)
            self._there.has_news = self.has_news
            self._told.append(BOUNCE)
            for name, value in self._set.items():
                self._there.hear(json.dumps({"t": "set", "name": name, "value": value}), 0)
        self._bounce.until(block.at)
        music = self._there.mailbox.take(self._bounce.now)
        self._told += [*music, json.dumps({"t": "done", "until": block.until})]
        self.has_news.set()

    def _end_bounce(self) -> None:
        if self._bounce is None:
            return
        self._bounce.room.clients.leave(self._there)
        self._left(self)
        self._bounce, self._there = None, self._here
        self._told.append(LIVE)
        self._here.mailbox.take(0)  # what nobody played
        self._here.tell(lambda box: box.music(CUT_ALL))

    # --- its place in a jam ---------------------------------------------------------------------------------------

    def _enter(self, room: Room) -> PlugIn:
        """Come into a room under its name and role."""
        client = room.clients.enter_as(PlugIn, invited=Invited(role=self.hello.role))
        client.mailbox.channel = self._channels.get(self.hello.part)
        client.player = self.hello.name
        return client

    def _keep(self, given: Mapping[str, Any]) -> None:
        """Keep a control that was set, for the next bounce."""
        match given:
            case {"t": "set", "name": str(name), "value": value}:
                self._set[name] = value
