"""A jam whose engine is in a studio, as the port process sees it: frames here, messages of the studio there.

What is played here goes out with the time at which it was played, by the studio's clock; what the model plays comes
back ahead of its time, and goes to the port process with the time at which it is due here.  A key of the player's ends
what the model plays before the studio can say so, in modes in which it would.  Without a sign of life for 250 ms all
that sounds is released.

Sans-IO: times in micros of our own clock are arguments; knows no socket and no process.
"""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from livegen.control.web.roles import LISTENER
from livegen.daemon.clock import SECOND
from livegen.daemon.last_strokes import MODEL, PLAYER, LastStrokes
from livegen.daemon.processes.frames import (
    BeatFrame,
    CutFrame,
    DueFrame,
    Frame,
    HeardFrame,
    LogFrame,
    ReadyFrame,
)
from livegen.music.messages import begins_note, decode
from livegen.studio.far_clock import FarClock
from livegen.studio.way import DELAY_US

log = logging.getLogger(__name__)

BEAT_US = 100_000  # how often the port process is told that we live
SILENT_US = 250_000  # a studio that is not heard of for so long will not end its notes
QUICK_PINGS, QUICK_US, PING_US = 6, 120_000, 2 * SECOND
HARMONISE = "harmonise"

Message = Mapping[str, Any]


class FarJam:
    """A player's side of it.  `send` takes a message for the studio, `give` a frame for the port process.

    `is_in`: the studio has greeted us on this connection; `room` is the name of the room, "" until it is known.
    `refusal` is the last line with which it turned us away.
    """

    def __init__(
        self,
        name: str,
        role: str,
        room: str,
        send: Callable[[Message], object],
        give: Callable[[Frame], object],
    ) -> None:
        self.room = room
        self._name, self._role, self._send, self._give = name, role, send, give
        self._clock = FarClock()
        self._past, self._began = LastStrokes(), 0  # the latter tells the engines of a room apart
        self._state: dict[str, Any] = {}
        self._modes: Mapping[str, Any] = {}
        self._mode = ""
        self._listens = False
        self._players: list[str] = []
        self._beat_at = self._ping_at = self._stamped_at = 0
        self._pings = 0
        self._lived_at: int | None = (
            None  # when the studio was heard of last; None once all was released
        )
        self._told_until = 0  # a studio tells its last lines again whenever one comes in
        self._is_known = False
        self.is_in = False
        self.refusal = ""

    # --- from the player ------------------------------------------------------------------------------------------

    def hear(self, frame: Frame, now: int) -> None:
        """Take a frame of the port process."""
        if not isinstance(frame, HeardFrame) or frame.payload[0] >= 0xF0 or not self.is_in:
            return
        if begins_note(frame.payload) and self._yields:
            self._give(CutFrame(now))
        self._stamped_at = max(self._stamped_at, frame.micros + self._clock.ahead_us)
        self._past.put(self._stamped_at, PLAYER, frame.payload)
        self._send({"t": "play", "data": [*frame.payload], "at": self._stamped_at})

    @property
    def _yields(self) -> bool:
        """A key of the player's ends what the model plays."""
        return bool(self._modes.get(self._mode, {}).get("yields")) and not self._listens

    # --- from the studio ------------------------------------------------------------------------------------------

    def take(self, text: str, now: int) -> None:
        """Take a message of the studio's; what is none is left out."""
        try:
            self._take(json.loads(text), now)
        except (
            ValueError,
            TypeError,
            LookupError,
            AttributeError,
            OverflowError,  # a time that is infinite
            RecursionError,  # lists in lists in lists
        ) as error:
            log.debug("a message of the studio's is left out: %r", error)

    def _take(self, message: Message, now: int) -> None:
        match message.get("t"):
            case "hello":
                self._greeted(message, now)
            case "pong":
                self._clock.take(int(message["at"]), now, int(message["now"]))
            case "music":
                self._lived_at = now
                for one in message["music"]:
                    self._play(one, now)
            case "beat":
                self._lived_at = now
            case "state":
                self._follow(message["state"], now)
            case "line":
                self._say_once(message, now)
            case "you":
                self._listens = message["role"] == LISTENER
            case "room":
                self.room = str(message["room"])
            case "refused":
                self.refusal = message["line"]
                if self.is_in:
                    self._say(message["line"], now)
            case _:
                pass

    def _greeted(self, hello: Message, now: int) -> None:
        self._modes, self.room = hello["modes"], str(hello.get("room") or "")
        if not self.is_in:
            self.is_in, self._lived_at = True, now
            self._tell_past(hello.get("began") or 0, now)
            self._clock.begin(now, hello["now"])
            self._pings, self._ping_at, self._stamped_at = 0, now, 0
            if self._name:
                self._send({"t": "name", "name": self._name})
            if self._role:
                self._send({"t": "role", "role": self._role})
            if self._is_known:
                self._say("here again", now)
            else:
                self._give(ReadyFrame.of(now, {"room": self.room}))
            self._is_known = True
            if hello.get("is_recorded"):  # the line that said so may be an hour old
                self._say("what is played in this room is recorded", now)
        if (players := [_shown(seat) for seat in hello.get("players", ())]) != self._players:
            self._players = players
            self._say(f"in the room: {', '.join(players)}", now)

    def _tell_past(self, began: int, now: int) -> None:
        """Tell a room what went on there before, where its engine is another than then."""
        before, self._began = self._began, began
        if before != began:
            self._told_until = 0
        if before and before != began and self._state.get("timeline"):
            at = now + self._clock.ahead_us  # as that clock was before
            self._send(self._past.rejoin(at, self._state))

    def _play(self, one: Any, now: int) -> None:
        if isinstance(one, dict):
            self._past.cut(
                now + self._clock.ahead_us, {(channel, pitch) for channel, pitch in one["cut"]}
            )
            self._give(CutFrame.of(now, [(channel, pitch) for channel, pitch in one["cut"]]))
        else:
            due, *numbers = one
            data = bytes(numbers)
            if decode(data) is not None:  # a studio is a stranger
                self._past.put(due, MODEL, data)
                self._give(DueFrame(due - self._clock.ahead_us, data))

    def _follow(self, state: Message, now: int) -> None:
        self._state |= state
        before, self._mode = self._mode, str(state.get("mode", self._mode))
        if self._mode == HARMONISE != before:
            self._say(
                f"harmonise: the added notes come about {self.cost_us // 1000} ms after your keys, because the model "
                "is in the studio",
                now,
            )

    @property
    def cost_us(self) -> int:
        """The time after a key, micros, at which a note comes that must sound at that key."""
        return DELAY_US + (self._clock.trip_us or 0)

    def _say_once(self, told: Message, now: int) -> None:
        if told["at"] > self._told_until:
            self._told_until = told["at"]
            self._say(told["line"], now)

    def _say(self, line: str, now: int) -> None:
        self._give(LogFrame.of(now, line))

    # --- time -----------------------------------------------------------------------------------------------------

    def lost(self, now: int) -> None:
        """The connection has ended: all that sounds is released."""
        self.is_in = False
        self._release(now)

    def step(self, now: int) -> None:
        """Do what it is time for."""
        if now >= self._beat_at:
            self._beat_at = now + BEAT_US
            self._give(BeatFrame(now))
        if self.is_in and now >= self._ping_at:
            self._pings += 1
            self._ping_at = now + (QUICK_US if self._pings < QUICK_PINGS else PING_US)
            self._send({"t": "ping", "at": now})
        if self._lived_at is not None and now - self._lived_at > SILENT_US:
            self._release(now)

    def deadline(self) -> int:
        """Give the time, micros, at which `step` is due."""
        times = [self._beat_at]
        if self.is_in:
            times.append(self._ping_at)
        if self._lived_at is not None:
            times.append(self._lived_at + SILENT_US + 1)
        return min(times)

    def _release(self, now: int) -> None:
        """Release what sounds, once for each silence."""
        if self._lived_at is not None:
            self._lived_at = None
            self._past.cut(now + self._clock.ahead_us)
            self._give(CutFrame(now))


def _shown(seat: Message) -> str:
    """Somebody in the room, with what he plays."""
    return f"{seat['name']} ({seat['role']})" if seat["role"] else str(seat["name"])
