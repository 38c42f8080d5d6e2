"""The line of statistics that `--stats` prints at exit, and SIGUSR1 at any time: our own figures and the engine's."""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from livegen.daemon import clock
from livegen.daemon.lateness import Lateness, Trace
from livegen.daemon.processes.frames import CommandFrame, StatisticsFrame
from livegen.daemon.processes.link import Link

WAIT_US = 100_000  # how long the engine process may take to add its figures
TRACE_LENGTH = 1 << 14


class Statistics:
    """A sink that measures, and prints when it is asked to.  Threads: loop only.

    `others` gives the figures that other rooms keep; `traces` adds the latest messages with their times.
    """

    def __init__(
        self,
        print_line: Callable[[str], None],
        others: Callable[[], Mapping[str, Any]],
        traces: bool = False,
    ) -> None:
        self._print, self._others = print_line, others
        self._lateness = Lateness()
        self._trace = Trace(TRACE_LENGTH) if traces else None
        self._by: int | None = None  # until when the engine's figures are waited for

    def heard(self, now: int, data: bytes) -> None:
        """Note when a message of the player's came."""
        if self._trace is not None:
            self._trace.heard.append((now, data.hex()))

    def sent(self, due: int, now: int, data: bytes) -> None:
        """Note when a message was due and when it left."""
        self._lateness.add(now - due)
        if self._trace is not None:
            self._trace.sent.append((due, now, data.hex()))

    def ask(self, now: int, link: Link) -> None:
        """Ask the engine process for its figures; the line is printed when they have come, or without them."""
        if self._by is None:
            self._by = now + WAIT_US
            link.send(CommandFrame.named(now, "stats"))

    def take(self, frame: StatisticsFrame) -> None:
        """Take the engine's figures and print the line."""
        if self._by is not None:
            self._write(frame.values)

    def look(self, now: int) -> None:
        """Print the line without the engine's figures when they have not come in time."""
        if self._by is not None and now >= self._by:
            self._write({})

    def print_at_exit(self, now: int, link: Link) -> None:
        """Print the line now, and wait for the engine's figures as long as they may take."""
        self.ask(now, link)
        while self._by is not None and not link.closed and clock.now() < self._by:
            for frame in link.wait(WAIT_US // 10):
                if isinstance(frame, StatisticsFrame):
                    self.take(frame)
        if self._by is not None:
            self._write({})

    def _write(self, engine: Mapping[str, Any]) -> None:
        self._by = None
        stats = {
            "lateness": self._lateness.summary(),
            **self._others(),
            "cpu_s": round(sum(os.times()[:2]), 3),
            "engine": dict(engine),
        }
        if self._trace is not None:
            stats["trace"] = self._trace.as_json()
        self._print(json.dumps({"stats": stats}))
