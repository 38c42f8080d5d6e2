"""Lines and figures for people about all that the port process keeps alive: on the terminal, in the log, on pages.

It reads the state of the parts, and changes none of them.  Standard library only; never waits.
"""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from livegen.daemon.clock import SECOND
from livegen.daemon.midi.endpoint import MidiEndpoint
from livegen.daemon.midi.inlet import Inlet
from livegen.daemon.midi.outbox import Outbox
from livegen.daemon.page_sink import PageSink
from livegen.daemon.processes.children import (
    ControlProcess,
    FilePlayer,
    Microphone,
    Recorder,
    Sounder,
)
from livegen.daemon.processes.supervisor import State, Supervisor

log = logging.getLogger(__name__)

# The engine process as people see it.
ENGINE = {
    State.STARTING: "starting",
    State.READY: "alive",
    State.SILENT: "dead",
    State.DOWN: "dead",
}
PAGE_US = 3 * SECOND  # how long the line that says ready waits for the page's
PAGE = "page"  # what the control process tells of it when it is ready


@dataclass(frozen=True, slots=True)
class ProcessParts:
    """All that the port process keeps alive: ports, what stands before them, and a part for each child process."""

    midi: MidiEndpoint
    inlet: Inlet
    outbox: Outbox
    supervisor: Supervisor
    player: FilePlayer
    microphone: Microphone
    recorder: Recorder
    control: ControlProcess
    sounder: Sounder


class Telling:
    """All that people are told.  `is_ready`: they were told that it can take notes.  Threads: loop only.

    `settings` are the engine's; lines for whoever started the process are printed on `out`.
    """

    def __init__(
        self, parts: ProcessParts, page: PageSink, settings: Mapping[str, Any], out: TextIO
    ) -> None:
        self.is_ready = False
        self._parts, self._page, self._settings, self._out = parts, page, settings, out
        self._engine_shown = self._page_shown = ""
        self._is_explained = False
        self._could_be_ready_at: int | None = None

    def print(self, line: str) -> None:
        """Print a line for whoever started us; that nobody reads it any more ends no jam."""
        try:
            print(line, file=self._out, flush=True)
        except OSError:
            # The rest, too, goes nowhere, or the end of the process would stumble over it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())

    # --- what has happened ----------------------------------------------------------------------------------------

    def losses(self) -> None:
        """Tell what was kept, and which of the processes that a jam can do without are gone."""
        parts = self._parts
        while parts.recorder.saved:
            tell_saved(parts.recorder.saved.popleft())
        if parts.recorder.was_lost():
            log.error("the recorder has ended: what is played from here on is not kept")
        if parts.microphone.was_lost():
            log.error("the process that hears audio has ended: start livegen again to be heard")
        if parts.sounder.was_lost():
            log.error(
                "the process for livegen's own sound has ended: its sound is off until livegen is started again"
            )
        for one in (parts.control, parts.sounder):  # warnings: the jam needs neither
            if one.failure is not None:
                log.warning("%s", one.failure)
                one.failure = None

    def health(self, now: int) -> bool:
        """Show the pages the figures and the engine's health; True if that is another, and so may be the process."""
        parts = self._parts
        if parts.control.link.closed:
            self._engine_shown = ""
            return False
        engine = ENGINE[parts.supervisor.state]
        has_changed, self._engine_shown = engine != self._engine_shown, engine
        if has_changed:
            self._page.engine = {}
        in_name, out_name = parts.midi.names
        figures = {
            "engine": engine,
            "ports": {
                "in": in_name,
                "out": out_name,
                "api": parts.midi.api,
                "sounds": parts.sounder.is_ready and not parts.sounder.link.closed,
            },
            "dropped": parts.outbox.dropped,
            "restarts": parts.supervisor.restarts,
            "refused": parts.inlet.refused,
            "unheard": parts.control.unheard,
            "loop": "; ".join(parts.midi.loops["loops"]) or None,
        }
        self._page.figures(now, figures, at_once=has_changed)
        url = str(parts.control.served.get(PAGE, {}).get("url", ""))
        if url != self._page_shown:
            self._page_shown = url
            log.warning("page %s", url, extra={"private": True})
        return has_changed

    # --- being ready ----------------------------------------------------------------------------------------------

    def becomes_ready(self, now: int) -> bool:
        """Say, once, that notes can be taken, when all that is waited for is there; True as it is said."""
        if self.is_ready:
            if not self._is_explained and self._has_page_come(now):
                self._explain()
            return False
        parts = self._parts
        # A recorder that died takes nothing with it but what it kept; the others that did say why.
        waited_for = parts.player, parts.microphone, parts.recorder
        if not (
            parts.supervisor.is_ready
            and all(child.is_ready or child.link.closed for child in waited_for)
        ):
            return False
        if self._could_be_ready_at is None:
            self._could_be_ready_at = now
        if not self._has_page_come(now):
            return False
        self.is_ready = True
        said = {**self._settings, **parts.supervisor.served}
        rest = "".join(
            f" {key}={_word(said[key])}" for key in ("room", "model", "mode", "seed") if key in said
        )
        in_name, out_name = parts.midi.names
        names = f' in="{in_name}" out="{out_name}"' if parts.midi.has_ports else ""
        self.print(f"ready{names} api={parts.midi.api}{rest}")
        return True

    def _has_page_come(self, now: int) -> bool:
        """True if the page's address was told, or will not be soon: it is the first thing that a person wants."""
        control, since = self._parts.control, self._could_be_ready_at
        if control.is_ready or control.link.closed:
            return True
        return since is not None and now - since > PAGE_US

    def _explain(self) -> None:
        """Say once that there are no ports, and what to play on."""
        self._is_explained = True
        midi = self._parts.midi
        if midi.has_ports:
            return
        why = midi.reasons or (
            ["there are no MIDI ports, as you chose (--api none, or ports.api)"]
            if self._page_shown
            else []
        )
        for line in why:
            log.warning("%s%s", "play on the page; " if self._page_shown else "", line)


def tell_saved(answer: Mapping[str, Any]) -> None:
    """Tell what the recorder answered; on the page a file is known by its name."""
    if "saved" in answer:
        file = Path(str(answer["saved"])).name
        log.warning("saved %s", answer["saved"], extra={"file": file, "page": f"saved {file}"})
    else:
        log.warning("not saved: %s", answer.get("not_saved"), extra={"kind": "bad"})


def _word(value: object) -> str:
    """A value for the ready line: a model file by its name, and quoted when it is more than a word."""
    word = Path(str(value)).name.removesuffix(".onnx")
    return json.dumps(word, ensure_ascii=False) if " " in word else word
