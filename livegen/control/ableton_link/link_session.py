"""Ableton Link: joins a session that is there, follows its tempo and its bars, and never sets either.

Whoever comes later to a session of Link takes over its tempo.  A session of ours that waited for company would
hand that tempo to a DAW which is started afterwards.  So nothing is sent while nobody else speaks Link: a
listener hears that others are there, only then are they joined, and when they have left we leave, too.

The library's beat is read between two looks at our own clock, so the two clocks (Link's is CLOCK_MONOTONIC_RAW on
Linux) need no relation, and a drift between them shows as phase and is told like any other.

Knows no engine: it asks for the command `link`, a tempo and a bar line in micros of our clock.
"""

import asyncio
import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from livegen.control.ableton_link.link_listener import LinkListener
from livegen.control.surfaces import Request
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.errors import ConfigError
from livegen.extras import to_install
from livegen.music.time.metre import AUTO, COMMON_TIME, TICKS_PER_BEAT, told_metre

FOLLOW_EVERY_US = SECOND // 10
LISTEN_EVERY_US = SECOND
# The library keeps the older of two sessions, but of two that began within half a second of each other either one, ours
# with its tempo too.  Measured: the other's tempo was lost when we joined .6 s after it had begun, never after .8 s.
SETTLED_US = 9 * SECOND // 10
JOIN_AGAIN_US = 10 * SECOND  # networks come and go
ALONE_US = 10 * SECOND  # a DAW that opens another song comes back to the session as it was
TOLERANCE_US = 200  # of phase; reading it is good to a microsecond
READINGS = 5
FOLLOWING = ("auto", "link")
USUAL_BPM = 120.0


class LinkLike(Protocol):
    """The part of `aalink.Link` that is used.  `beat` is 0 modulo `quantum` at the bar lines of the session."""

    enabled: bool
    quantum: float

    @property
    def beat(self) -> float:
        """The beat of this very moment."""

    @property
    def tempo(self) -> float:
        """Beats a minute."""

    @property
    def num_peers(self) -> int:
        """The number of other peers in the session."""


class ListenerLike(Protocol):
    """See `Listener`."""

    def open(self) -> None:
        """Begin, or begin anew."""

    def heard(self) -> bool:
        """True if a peer has spoken since the last call."""

    def close(self) -> None:
        """End."""


@dataclass(frozen=True, slots=True)
class LinkReport:
    """A report: micros of a beat, micros of a bar line, and the number of peers."""

    tempo_us: int
    origin_us: int
    peers: int

    def after(self, told: "LinkReport | None", bar_us: int) -> "LinkReport":
        """The same session, its bar line near the one told before, so that a small step of phase looks like one."""
        if told is None or told.tempo_us != self.tempo_us:
            return self
        step = self.step(told, bar_us)
        origin = told.origin_us if abs(step) <= TOLERANCE_US else told.origin_us + step
        return LinkReport(self.tempo_us, origin, self.peers)

    def step(self, told: "LinkReport", bar_us: int) -> int:
        """The distance of its bar lines from those told before, micros: at most half a bar."""
        return (self.origin_us - told.origin_us + bar_us // 2) % bar_us - bar_us // 2


def aalink() -> LinkLike:
    """The library's peer, not yet on the network.  Raises ImportError.  Threads: a running event loop's."""
    peer: LinkLike = importlib.import_module("aalink").Link(USUAL_BPM)
    return peer


def is_installed() -> bool:
    """True if the library is there."""
    return importlib.util.find_spec("aalink") is not None


class LinkSession:
    """The surface for Ableton Link, which sets nothing but the time: tempo and beat of the session.

    `ask` takes what is wanted of the engine, `say` one line for the person.  It follows while the control `sync`
    is auto or link.  Threads: the event loop's only.
    """

    def __init__(
        self,
        ask: Callable[[Request], object],
        say: Callable[[str], object],
        make: Callable[[], LinkLike] | None = None,
        listener: ListenerLike | None = None,
        now: Callable[[], int] = clock.now,
    ) -> None:
        self._ask, self._say, self._now = ask, say, now
        self._make = make or (aalink if is_installed() else None)
        self._listener: ListenerLike = listener or LinkListener()
        self._link: LinkLike | None = None
        self._sync, self._quantum = "", 4.0
        self._engine: object = None
        self._told: LinkReport | None = None
        self._is_told = False  # the engine goes by Link
        self._is_listening = False
        self._listen_anew_at = 0
        self._heard_at: int | None = None
        self._company_at = 0
        self._is_found = False
        self._complaint = ""
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> dict[str, Any]:
        """Begin.  Never fails: what is missing is said when it is needed."""
        self._pump()
        return {"installed": self._make is not None}

    def show(self, state: Mapping[str, Any]) -> None:
        """Take who is to lead, and the bars; an engine that was started anew is told where the session stands."""
        controls = state.get("controls")
        if isinstance(controls, dict):
            self._sync = str(controls.get("sync", ""))
            self._quantum = _quarters(str(controls.get("metre", AUTO)))
        if state.get("engine_pid") != self._engine:
            self._engine, self._told, self._is_told = state.get("engine_pid"), None, False
        if self._sync == "link" and self._make is None:
            self._complain(f"link: aalink is not installed: {to_install('link')}")

    def close(self) -> None:
        """Leave."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._leave()
        self._deafen()

    # --- in and out -------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Join, follow, leave, as is due now; call when `pause_us` has passed."""
        now = self._now()
        if self._make is None or self._sync not in FOLLOWING:
            self._leave()
            self._deafen()
        elif self._is_in:
            self._follow(now)
        elif self._hears(now):
            self._join(now)

    @property
    def pause_us(self) -> int:
        """The time until the next look."""
        return FOLLOW_EVERY_US if self._is_in else LISTEN_EVERY_US

    @property
    def _is_in(self) -> bool:
        return self._link is not None and self._link.enabled

    def _hears(self, now: int) -> bool:
        """True if there is somebody to join, whose session is older than ours would be."""
        try:
            if not self._is_listening or now >= self._listen_anew_at:
                self._listener.open()
                self._is_listening, self._listen_anew_at = True, now + JOIN_AGAIN_US
        except OSError as error:
            self._complain(f"link: cannot listen to the network ({error.strerror or error})")
            return False
        if not self._listener.heard():
            self._heard_at = None
        elif self._heard_at is None:
            self._heard_at = now
        return self._heard_at is not None and now - self._heard_at >= SETTLED_US

    def _join(self, now: int) -> None:
        assert self._make is not None
        self._deafen()  # from here on we would hear ourselves
        try:
            self._link = self._link or self._make()
        except Exception as error:
            self._make = None
            return self._complain(f"link: aalink cannot be used ({error})")
        self._link.quantum = self._quantum
        self._link.enabled = True
        self._company_at, self._is_found = now, False
        return None

    def _leave(self) -> None:
        if self._link is not None and self._link.enabled:
            self._link.enabled = False
        if self._is_told:
            self._told, self._is_told = None, False
            self._ask(Request("link", None))

    def _deafen(self) -> None:
        if self._is_listening:
            self._listener.close()
            self._is_listening, self._heard_at = False, None

    # --- following --------------------------------------------------------------------------------------------

    def _follow(self, now: int) -> None:
        link = self._link
        assert link is not None
        if link.quantum != self._quantum:
            link.quantum, self._told = self._quantum, None
        peers = int(link.num_peers)
        if peers:
            self._company_at, self._is_found = now, True
        elif now - self._company_at >= ALONE_US:
            return self._leave()
        if not self._is_found:  # the tempo is still our own
            return None
        if (session := self._session(link, peers)) is not None:
            self._tell(session)
        return None

    def _session(self, link: LinkLike, peers: int) -> LinkReport | None:
        """The state of the session; None when its tempo changed while it was read."""
        tempo = link.tempo
        at, beat = min((self._reading(link) for _ in range(READINGS)), key=lambda one: one[0])[1:]
        if link.tempo != tempo or not tempo > 0:
            return None
        tempo_us = round(60 * SECOND / tempo)
        into_bar = beat % self._quantum
        return LinkReport(tempo_us, at - round(into_bar * tempo_us), peers)

    def _reading(self, link: LinkLike) -> tuple[int, int, float]:
        """The time that reading took, its moment, and the beat: the quickest of several is the surest."""
        before, beat = self._now(), link.beat
        after = self._now()
        return after - before, (before + after) // 2, beat

    def _tell(self, session: LinkReport) -> None:
        session = session.after(self._told, round(self._quantum * session.tempo_us))
        if session == self._told:
            return
        self._told, self._is_told = session, True
        value = {
            "tempo_us": session.tempo_us,
            "origin_us": session.origin_us,
            "peers": session.peers,
        }
        self._ask(Request("link", value))

    def _complain(self, line: str) -> None:
        """Say a line, once."""
        if line != self._complaint:
            self._complaint = line
            self._say(line)

    def _pump(self) -> None:
        self.look()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.pause_us / SECOND, self._pump)


def _quarters(metre: str) -> float:
    """Quarters of a bar."""
    try:
        return (told_metre(metre) or COMMON_TIME).place(0).bar / TICKS_PER_BEAT
    except ConfigError:
        return 4.0
