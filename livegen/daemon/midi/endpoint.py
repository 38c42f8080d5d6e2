"""The two MIDI ports as one place where messages come and leave, with all that guards them.

Watches over the MIDI system: waits for one that is not there, opens the ports again on one that has come back, keeps
the model's own notes out when a DAW loops them, and has a watchdog end what sounds when this process is killed.
"""

import logging
from collections.abc import Iterable
from enum import Flag, auto
from typing import Any

from livegen.daemon import clock
from livegen.daemon.midi.awaited import GENTLY_US, SOON_US, Awaited
from livegen.daemon.midi.loops import LoopGuard
from livegen.daemon.midi.ports import (
    NONE,
    EmbeddedPorts,
    Ports,
    RtMidiPorts,
    candidates,
    open_ports,
)
from livegen.daemon.midi.server_watch import Health
from livegen.daemon.midi.watchdog import Watchdog
from livegen.daemon.midi.wiring import Input, Output, Sink
from livegen.errors import PortError

log = logging.getLogger(__name__)

TELL_US = 10 * clock.SECOND  # between two lines about an input that is flooded


class Change(Flag):
    """The meaning of a change of the MIDI system for what sounds."""

    NONE = 0
    UNHEARD = auto()  # note-offs of the player's may be lost
    UNSENT = auto()  # note-offs of ours may be lost


class MidiEndpoint(Input, Output, Sink):
    """The ports; none before `open`.  Threads: loop only.

    `reasons` are lines saying why there are no ports of a MIDI system.
    """

    def __init__(self, in_name: str, out_name: str) -> None:
        self._ports: Ports = EmbeddedPorts(in_name, out_name)
        self._loops = LoopGuard(out_name, in_name)
        self._health = Health.WELL
        self._awaited: Awaited | None = None
        self._watchdog: Watchdog | None = None
        self._tell_full_at = 0
        self._come: list[bytes] = []  # that was seen at the input, and not yet asked for
        self.reasons: list[str] = []

    def open(self, api: str) -> None:
        """Open the ports on a MIDI system.  Raises PortError for one that is asked for by name and cannot be had."""
        ports = self._ports
        self._ports = open_ports(api, ports.in_name, ports.out_name, self.reasons.append)
        self._watchdog = Watchdog(self._ports.api, self._ports.out_name)
        if not self.has_ports and api == "auto":
            self._awaited = _awaited()
        self._loops = LoopGuard(self._ports.out_name, self._ports.in_name)

    @property
    def api(self) -> str:
        """The MIDI system; "none" without one."""
        return self._ports.api

    @property
    def names(self) -> tuple[str, str]:
        """The names of the input and of the output."""
        return self._ports.in_name, self._ports.out_name

    @property
    def has_ports(self) -> bool:
        """True if other programs can see the ports."""
        return self._ports.api != NONE

    def is_well(self) -> bool:
        """True while the MIDI system answers."""
        return self._health is Health.WELL

    @property
    def loops(self) -> dict[str, Any]:
        """The loops that are known, in words, and how many messages were withheld so far."""
        return self._loops.summary()

    # --- messages ---------------------------------------------------------------------------------------------------

    def has_come(self) -> bool:
        """True if something lies at the input, which `due` will give."""
        self._come += self._ports.receive()
        return bool(self._come)

    def due(self, now: int) -> Iterable[bytes]:
        """Give what lies at the input, without messages of ours that came back."""
        come, self._come = [*self._come, *self._ports.receive()], []
        return [data for data in come if not self._loops.heard(now, data)]

    def deadline(self) -> int | None:
        """Give None: the ports are polled."""
        return None

    def fileno(self) -> int:
        """Give -1: the ports are polled, on JACK their callbacks would run in the server's thread."""
        return -1

    def drop(self) -> None:
        """Take in what lies at the input and forget it."""
        while self.has_come():
            self._come.clear()

    def send(self, data: bytes) -> None:
        """Send a message, and before it what makes it known if it comes back."""
        for mark in self._loops.mark(clock.now(), data):
            self._ports.send(mark)
        self._ports.send(data)

    def let_out(self, by: int) -> None:
        """Wait until the MIDI system has taken what was sent, until `by` (micros) at most."""
        self._ports.let_out(by)

    def heard(self, now: int, data: bytes) -> None:
        """Take no note: the loop guard saw it at the input."""

    def sent(self, due: int, now: int, data: bytes) -> None:
        """Tell the watchdog and the loop guard what has left."""
        if self._watchdog is not None:
            self._watchdog.tell(data)
        self._loops.sent(now, data)

    # --- the MIDI system --------------------------------------------------------------------------------------------

    def look(self, now: int) -> Change:
        """Look after the MIDI system; call it ten times a second."""
        change = Change.NONE
        if (health := self._ports.health(now)) is not self._health:
            change |= self._change(health)
        if self._awaited is not None and (api := self._awaited.look(now)) is not None:
            change |= self._open_again(api)
        if (line := self._loops.look(now)) is not None:
            log.warning("%s", line)
        if self._ports.was_full():
            change |= Change.UNHEARD
            if now >= self._tell_full_at:
                self._tell_full_at = now + TELL_US
                log.warning(
                    'more came at once than "%s" can hold: keys that were down are taken as let go; '
                    "look for a loop or for a device that floods it",
                    self._ports.in_name,
                )
        return change

    def _change(self, health: Health) -> Change:
        before, self._health = self._health, health
        # Whatever the other side still believes to sound is released as soon as anything reaches it.
        change = Change.NONE if before is Health.LOST else Change.UNSENT
        if health is Health.WELL:
            log.warning("%s: the MIDI server answers again", self.api)
        else:
            log.warning("%s: MIDI server %s; waiting for it", self.api, health.value)
            change |= Change.UNHEARD
        if health is Health.LOST:
            self._awaited = Awaited((self.api,), SOON_US)
        return change

    def _open_again(self, api: str) -> Change:
        """Take the same names on a system that is there, again or at last."""
        is_back = self.api == api
        self._ports.close()  # takes a second on a server that died, which is why it waits until here
        try:
            self._ports = RtMidiPorts(api, *self.names)
        except PortError as error:
            log.debug("%s", error)
            return Change.NONE
        self._awaited, self._health = None, Health.WELL
        self._end_watchdog()
        self._watchdog = Watchdog(api, self._ports.out_name)
        what = "MIDI server is back" if is_back else "a MIDI system has come"
        log.warning('%s: %s, ports "%s" and "%s"', api, what, *self.names)
        if not is_back:
            self._loops = LoopGuard(self._ports.out_name, self._ports.in_name)
        return Change.UNSENT

    # --- the end ----------------------------------------------------------------------------------------------------

    def dismiss_watchdog(self) -> None:
        """All is silent: the watchdog may go."""
        if self._watchdog is not None:
            self._watchdog.dismiss()

    def close(self, by: int, signal: int) -> None:
        """Close the ports by `by` micros; past that the process ends, of this signal where it is not 0."""
        if self._awaited is not None:
            self._awaited.close()
        if isinstance(self._ports, RtMidiPorts):
            self._ports.leave(by, signal)
        else:
            self._ports.close()
        self._end_watchdog()

    def _end_watchdog(self) -> None:
        if self._watchdog is not None:
            self._watchdog.end()
            self._watchdog = None


def _awaited() -> Awaited | None:
    """Make the wait for a MIDI system that may still come; None where none can be had."""
    try:
        return Awaited(candidates("auto"), GENTLY_US)
    except PortError:
        return None
