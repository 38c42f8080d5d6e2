"""The rows of a journal that an engine's loop writes: what the engine was fed and gave, its timeline, and its faults.

Each goes out as a frame, with its time.  Where nobody keeps a journal, no row is made.
"""

from collections.abc import Callable, Mapping

from livegen.daemon.processes.frames import Frame, JournalFrame
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import Event, Fitted, Recall, Swap, TakeUp, Wake
from livegen.jam.reports import rows
from livegen.jam.reports.journal import Account
from livegen.music.time.timeline import Timeline


class JournalRows:
    """Rows on their way to `send`; None where nobody keeps them.  Times are micros and do not decrease."""

    def __init__(self, send: Callable[[Frame], object] | None) -> None:
        self._send = send
        self._account = Account()
        self._timeline: Timeline | None = None

    def fed(self, event: Event, now: int) -> None:
        """The engine is about to be fed an event."""
        if self._send is None:
            return
        match event:
            case Wake():
                self._account.woke(now)
            case Command(name, value):
                self._account.told(now, name, value)
                self.settle()  # before it is fed: what it did to an engine that crashed can be read
            case Swap() | Fitted() | Recall() | TakeUp():
                pass  # told where it is fed, with its file or what it holds
            case _:
                self._account.took(now)
        if self._account.is_full:
            self.settle()

    def takes_over(self, now: int, name: str, told: Mapping[str, object]) -> None:
        """The engine is about to be fed what was loaded beside the music, a model or a memory: its file, and more."""
        if self._send is not None:
            self._account.told(now, name, told)
            self.settle()

    def gave(self, due: int, data: bytes = b"", keys: tuple[tuple[int, int], ...] = ()) -> None:
        """The engine handed out a message, or a cut; as in `Account`."""
        if self._send is not None:
            self._account.gave(due, data, keys)

    def settle(self) -> None:
        """Send what was fed and handed out since the last time."""
        if (did := self._account.settle()) is not None:
            self._row(did)

    def plays_by(self, timeline: Timeline | None, since: int, now: int) -> None:
        """The engine plays by a timeline, valid since some micros; it is told where it is another."""
        if self._send is None or timeline is None or timeline == self._timeline:
            return
        self._timeline = timeline
        self._row(grid_of(timeline, since, now))

    def failed(self, now: int, line: str) -> None:
        """The engine raised."""
        self._row(rows.Fault(now, line))

    def _row(self, row: rows.Did | rows.Grid | rows.Fault) -> None:
        if self._send is not None:
            self._send(JournalFrame.of(row.at, rows.body(row)))


def grid_of(timeline: Timeline, since: int, now: int) -> rows.Grid:
    """The bars of a timeline that is valid since some micros, as they are told now."""
    position, bar = timeline.metre.place(tick := timeline.tick(now))
    return rows.Grid(now, timeline.tempo_us, timeline.micros(tick - position), bar, since)
