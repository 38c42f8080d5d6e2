"""Starts the engine process, takes note of its heartbeats, and starts it again where they end.

Judges by three signs: its link closed (it is dead, at once), no beat for 250 ms (release what sounds, it may
have hiccuped), none for 600 ms (it hangs: kill it).  Beats count only once it is ready.  Knows no MIDI.
"""

import logging
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from livegen.daemon.clock import SECOND
from livegen.daemon.last_strokes import MODEL, PLAYER, LastStrokes
from livegen.daemon.processes.back_off import BackOff
from livegen.daemon.processes.child import LastingChild
from livegen.daemon.processes.frames import (
    BeatFrame,
    CommandFrame,
    FailedFrame,
    Frame,
    HeardFrame,
    ReadyFrame,
    SnapshotFrame,
)

log = logging.getLogger(__name__)

BEAT_US = 100_000
# Ten below the promised 250 ms, for the turn of the loop and the server's period.
SILENCE_US = 240_000
HANG_US = 600_000
START_US = 60 * SECOND  # a model that takes longer to load is stuck
OWN_PAUSE_US = 100_000  # when we were not run for so long ourselves, the beats may just be unread
STEADY_US = 10 * SECOND  # after living this long, the next death counts as the first
PAUSES_US = (0, 0, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000)
FIRST_STARTS = 3


@dataclass(frozen=True, slots=True)
class Kind:
    """The process that decides what is played: the module that it runs, and the words with which it is told of.

    `speaker` says its lines; `anew` and `page_anew` are said when another was ready in its place, `went_on` and
    `page_went_on` when that was told what was played; "" for one that is never told.
    """

    module: str
    name: str
    speaker: str
    anew: str
    page_anew: str
    went_on: str = ""
    page_went_on: str = ""


ENGINE = Kind(
    "livegen.daemon.engine.engine_process",
    "engine process",
    "engine",
    "the engine started again: phrases A and B and the last call are forgotten",
    "The engine started again: phrases A and B are forgotten.",
    "the engine started again and goes on; the last call is forgotten",
    "The engine started again, and goes on.",
)


class State(Enum):
    """The states of the engine process, as seen from here."""

    STARTING = "starting"
    READY = "ready"
    SILENT = "silent"
    DOWN = "down"


class Supervisor(LastingChild):
    """Owner of the engine process, or of another `kind` in its place.  Threads: loop only.

    `is_ready` stays True once it was; `failure` is the one line why it never will be, else None, and `is_our_fault`
    whether the process crashed rather than said so.
    """

    def __init__(
        self, settings: Mapping[str, Any], kind: Kind = ENGINE, is_thru: bool = False
    ) -> None:
        """With thru what leaves is the player's, too: then it is not told as the model's."""
        super().__init__(kind.module, settings, BackOff(PAUSES_US, STEADY_US))
        self._kind, self._is_thru = kind, is_thru
        self._past, self._shown = LastStrokes(), SnapshotFrame.of(0, {})  # of the last engine
        self._goes_on = False  # the next one was told
        self._last_beat = self._watched_at = 0
        self._loudness = logging.WARNING  # of what is told of a silence
        self.state = State.DOWN
        self.is_our_fault = False
        # The player who was named last, as the next process has to know.
        self.remembers: str | None = None

    @property
    def pid(self) -> int | None:
        """The engine process's id while there is one."""
        return None if self.state is State.DOWN else super().pid

    def start(self, now: int) -> None:
        """Start the process and hand it its settings, which say when it is not the first that was ready."""
        if self.is_ready:
            self._settings = {**(self._settings or {}), "again": True}
        if self.remembers is not None:
            self._settings = {**(self._settings or {}), "remembers": self.remembers}
        super().start(now)
        self._take_up(now)
        self._watched_at = now
        self.state = State.STARTING

    def _take_up(self, now: int) -> None:
        """Tell the next engine what was played; not again where it may have died of that."""
        can_go_on = bool(self._kind.went_on) and self._back_off.deaths == 1
        music = self._past.take_up(now, self._shown.values) if can_go_on else None
        self._goes_on = music is not None
        if music is not None:
            self.link.send(CommandFrame.named(now, "take_up", music))

    def heard(self, now: int, data: bytes) -> None:
        """Pass a message of the player's on to the engine."""
        self._past.put(now, PLAYER, data)
        self.link.send(HeardFrame(now, data))

    def sent(self, due: int, now: int, data: bytes) -> None:
        """Remember it for the next engine; this one knows what it handed out."""
        if not self._is_thru:
            self._past.put(now, MODEL, data)

    def watch(self, now: int, sounds: bool) -> bool:
        """Look after the process; True when what sounds must be released now.

        A silence is told only where something `sounds`: on a busy machine there are others, which nobody hears.
        """
        unwatched, self._watched_at = now - self._watched_at, now
        if self.state is State.DOWN:
            if self.failure is None:
                self.start_again(now)
            return False
        if self.link.closed:
            self.receive(now)  # its last words, if a send found it gone before they were read
            return self._died(now, sounds)
        if unwatched > OWN_PAUSE_US:
            self._last_beat = now
        quiet = now - self._last_beat
        if self.state is State.STARTING:
            return now - self._started_at > START_US and self._died(now, sounds)
        if quiet > HANG_US:
            return self._died(now, sounds)
        if quiet > SILENCE_US and self.state is State.READY:
            self._loudness = logging.WARNING if sounds else logging.DEBUG
            log.log(
                self._loudness,
                "the %s did not answer for %d ms: its notes were released",
                self._kind.name,
                quiet // 1000,
                extra={"page": "The model is too slow: its notes were released."},
            )
            self.state = State.SILENT
            return True
        return False

    @property
    def silent_at(self) -> int | None:
        """The time, micros, at which a silence is told if nothing is heard before; None where none would be."""
        return self._last_beat + SILENCE_US + 1 if self.state is State.READY else None

    def stop(self) -> None:
        """Ask the process to end: its link closes, and a signal for one that does not read it."""
        self.link.close()
        if self._child is not None:
            self._child.terminate()

    def reap(self, timeout_s: float) -> None:
        """Wait for the process to end, and kill it if it does not in time."""
        if self._child is None:
            return
        try:
            self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _own(self, frame: Frame, now: int) -> bool:
        match frame:
            case BeatFrame():
                self._beat(now)
            case ReadyFrame():
                self.served = frame.values
                if self.is_ready:
                    self._tell_of_another()
                self.state, self.is_ready = State.READY, True
                self._beat(now)
            case SnapshotFrame():
                self._shown = frame  # read where it is needed: states come often
                return False
            case FailedFrame():
                log.error("%s", frame.line)
                if not self.is_ready:
                    self.failure = frame.line
            case _:
                return False
        return True

    def _tell_of_another(self) -> None:
        kind = self._kind
        if self._goes_on:
            log.warning("%s", kind.went_on, extra={"page": kind.page_went_on})
        else:
            log.warning("%s", kind.anew, extra={"page": kind.page_anew})

    def _beat(self, now: int) -> None:
        self._last_beat = now
        if self.state is State.SILENT:
            log.log(
                self._loudness,
                "the %s answers again",
                self._kind.name,
                extra={"page": "The model is back."},
            )
            self.state = State.READY

    def _died(self, now: int, sounds: bool) -> bool:
        """Bury the process and say when the next one starts."""
        how = self._how_it_ended()
        pause = self.bury(now)
        self.state = State.DOWN
        if not self.is_ready and self._back_off.deaths >= FIRST_STARTS and self.failure is None:
            self.failure = (
                f"the {self._kind.name} ended {FIRST_STARTS} times before it was ready ({how})"
            )
            self.is_our_fault = True
            log.error("%s", self.failure)
        if self.failure is None:
            log.warning(
                "%s %s: %sstarting it again in %.1f s",
                self._kind.name,
                how,
                "notes released, " if sounds else "",
                pause / SECOND,
                extra={
                    "page": "The model stopped: its notes were released, and it is started again."
                },
            )
        return True

    def _how_it_ended(self) -> str:
        assert self._child is not None
        if not self.link.closed:
            return "hangs"
        try:  # the link closes an instant before the process is gone
            status = self._child.wait(0.01)
        except subprocess.TimeoutExpired:
            return "closed its link"
        return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
