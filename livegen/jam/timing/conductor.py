"""The leader of the time: MIDI clock, Link, a tempo of our own, or the player.

One timeline for all.  Rule of `auto`: MIDI clock while it runs (and for the bar that is coasted when it
drops out), else Link while it has company, else nobody: the player's own pace is followed.  Knows the
sources and not who plays by them.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from livegen.music.beat.tap import Tap
from livegen.music.sync.clock_follower import ClockFollower
from livegen.music.sync.transport import Transport
from livegen.music.time.metre import Metre
from livegen.music.time.timeline import Timeline


class Leader(Enum):
    """The one whose time is followed."""

    CLOCK = "clock"
    LINK = "link"
    INTERNAL = "internal"
    FREE = "free"


LEADERS = {Leader.CLOCK: "The DAW's clock", Leader.LINK: "Ableton Link"}  # for people


class Conductor:
    """The one timeline, whoever gives it.

    `timeline` is None while the player leads.  `jumps` counts what makes plans void: another leader, a start, a
    song position, another beat.  `say` takes one line for the person.  Threads: loop only.
    """

    def __init__(
        self, sync: str, metre: Metre, say: Callable[[str], object] = lambda line: None
    ) -> None:
        self.sync = sync
        self._say = say
        self.clock = ClockFollower(metre)
        self.leader = Leader.FREE
        self.timeline: Timeline | None = None
        self.jumps = 0
        self._metre = metre
        self._tap = Tap()
        self._internal: Timeline | None = None
        self._is_tapped = False  # the player has said where the beats of our own time are
        self._link: Timeline | None = None
        self._link_has_company = False
        self._clock_jumps = 0

    def message(self, data: bytes, now: int) -> None:
        """A clock, start, stop, continue or song position came in."""
        was_doubled = self.clock.doubled_us is not None
        self.clock.feed(data, now)
        lag = self.clock.doubled_us
        if lag is not None and not was_doubled:
            self._say(
                f"MIDI clock comes twice, {lag / 1000:.1f} ms apart: take away one of the two "
                "connections; until then livegen leaves the copies out"
            )
        self._settle()

    def link(self, timeline: Timeline | None, has_company: bool = True) -> None:
        """Take the timeline of Link: a timeline whose tick 0 is a bar line; None when it is off."""
        jumped = (timeline is None) != (self._link is None)
        if timeline and self._link:
            jumped = abs(timeline.origin_us - self._link.origin_us) > timeline.tempo_us // 8 and (
                timeline.tempo_us == self._link.tempo_us
            )
        self._link = timeline and replace(timeline, metre=self._metre)
        self._link_has_company = has_company
        self.jumps += jumped and self.leader is Leader.LINK
        self._settle()

    def tap(self, now: int) -> int | None:
        """A tap; the tempo (micros per beat) once there were enough."""
        return self._tap.feed(now)

    @property
    def taps(self) -> int:
        """The number of taps that belong together by now."""
        return self._tap.count

    def set_internal(self, tempo_us: int, now: int, is_downbeat: bool = False) -> None:
        """The tempo of our own: its beat goes on from where it is, or a bar begins now."""
        running = self._internal
        self._is_tapped |= is_downbeat
        self._internal = Timeline(tempo_us, now, self._metre)
        if running is not None and not is_downbeat:
            self._internal = replace(running.at_tempo(tempo_us, now), metre=self._metre)
        self.jumps += self.leader is Leader.INTERNAL and is_downbeat and self._internal != running
        self._settle()

    def begin_bar(self, at: int) -> bool:
        """A bar of our own time begins at `at`, if it leads and the player has tapped no other; True if one does."""
        if self._internal is None or self.leader is not Leader.INTERNAL or self._is_tapped:
            return False
        self._internal = replace(self._internal, origin_us=at, metre=self._metre)
        self.jumps += 1
        self._settle()
        return True

    def go_on_from(self, timeline: Timeline, now: int) -> None:
        """The time of our own goes on at its tempo from where the beat of a timeline is by now."""
        if self._internal:
            moved = timeline.at_tempo(self._internal.tempo_us, now)
            self._internal = replace(moved, metre=self._metre)
        self._settle()

    def adopt(self, timeline: Timeline) -> None:
        """Let the time of our own be this, if there is none yet."""
        self._internal = self._internal or replace(timeline, metre=self._metre)
        self._settle()

    def set_metre(self, metre: Metre) -> None:
        """Other bars from now on, in whoever's time; beats stay where they are, so it is no jump."""
        self._metre = self.clock.metre = metre
        self._internal = self._internal and replace(self._internal, metre=metre)
        self._link = self._link and replace(self._link, metre=metre)
        self._settle()

    def follow(self, sync: str) -> None:
        """Another rule of who leads."""
        self.sync = sync
        self._settle()

    def look(self, now: int) -> None:
        """Time has passed."""
        self.clock.look(now)
        self._settle()

    def deadline(self) -> int | None:
        """Give the time, micros, at which to look again."""
        return self.clock.deadline()

    @property
    def idle_tempo_us(self) -> int | None:
        """The tempo of a clock that runs without having been started: it says how fast, and not where."""
        timeline = self.clock.timeline if self.clock.is_locked else None
        is_told = self.leader is Leader.FREE and self.sync in ("auto", "clock")
        return timeline.tempo_us if timeline and is_told else None

    @property
    def leads_by(self) -> int | None:
        """The time, micros, by which a clock that has just started leads; None where none is about to."""
        return self.clock.tells_by if self.sync in ("auto", "clock") else None

    @property
    def is_stopped(self) -> bool:
        """Told to be in time with a clock that is not there or was not started."""
        return self.sync == "clock" and not self._clock_runs

    @property
    def _clock_runs(self) -> bool:
        return self.clock.timeline is not None and self.clock.transport in (
            Transport.RUNNING,
            Transport.COASTING,
        )

    def _settle(self) -> None:
        """Say who leads by now, and by which timeline."""
        leader = self._leader()
        if leader is not self.leader:
            self.leader = leader
            self.jumps += 1
        if leader is Leader.CLOCK:
            self.jumps += self.clock.jumps != self._clock_jumps
            self._clock_jumps = self.clock.jumps
        self.timeline = {
            Leader.CLOCK: self.clock.timeline,
            Leader.LINK: self._link,
            Leader.INTERNAL: self._internal,
            Leader.FREE: None,
        }[leader]

    def _leader(self) -> Leader:
        match self.sync:
            case "clock" | "auto" if self._clock_runs:
                return Leader.CLOCK
            case "link" if self._link is not None:
                return Leader.LINK
            case "auto" if self._link is not None and self._link_has_company:
                return Leader.LINK
            case "internal" if self._internal is not None:
                return Leader.INTERNAL
            case _:
                return Leader.FREE
