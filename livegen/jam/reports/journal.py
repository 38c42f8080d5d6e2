"""The journal of a session: all that is needed to play it again to the note, and what was played.

What its lines hold stands in `rows`.  Here they become a whole, and here is the account that whoever feeds an
engine keeps for it.  Knows no files; standard library only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from livegen.jam.reports.rows import (
    Did,
    Fault,
    Grid,
    Header,
    JournalError,
    Lost,
    Out,
    Received,
    Row,
    Sent,
    Step,
    Told,
    Took,
    Woke,
    first,
    parse,
)

FULL = 1000  # steps after which an account should be sent: far below what a frame holds


@dataclass(frozen=True, slots=True)
class EngineRun:
    """The life of an engine: all that came in during it, and all that it did."""

    header: Header
    heard: tuple[Received, ...]
    did: tuple[Did, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """A whole journal.  `began` is the micros of its first line, `started` the same on the wall, ISO 8601."""

    started: str
    began: int
    heard: tuple[Received, ...]
    sent: tuple[Sent, ...]
    grids: tuple[Grid, ...]
    runs: tuple[EngineRun, ...]
    lost: int
    faults: tuple[Fault, ...] = ()


class Account:
    """An account of all that an engine was fed and handed out since the last `settle`.

    Times must not decrease.  `is_full` says that it should be asked now.
    """

    def __init__(self) -> None:
        self._fed: list[Step] = []
        self._out: list[Out] = []
        self._at: int | None = None
        self._fed_at = 0  # the time of the last step

    def woke(self, now: int) -> None:
        """The engine is woken."""
        self._feed(now)
        self._fed.append(Woke(now))

    def took(self, now: int) -> None:
        """The engine is fed a message."""
        self._feed(now)
        if self._fed and isinstance(last := self._fed[-1], Took):
            self._fed[-1] = Took(last.messages + 1)
        else:
            self._fed.append(Took(1))

    def told(self, now: int, name: str, value: object) -> None:
        """The engine is fed a command, or something else that a name and a value fit for JSON describe."""
        self._feed(now)
        self._fed.append(Told(now, name, value))

    def gave(self, due: int, data: bytes = b"", keys: tuple[tuple[int, int], ...] = ()) -> None:
        """The engine handed out a message, or without data a cut, for what it was fed last; as in `Out`."""
        self._begin(self._fed_at)
        self._out.append(Out(due, data, keys))

    @property
    def is_full(self) -> bool:
        """True if it has grown to what one line should hold."""
        return len(self._fed) + len(self._out) >= FULL

    def settle(self) -> Did | None:
        """Give all that happened since the last call; None when nothing did."""
        if self._at is None:
            return None
        did = Did(self._at, tuple(self._fed), tuple(self._out))
        self._fed, self._out, self._at = [], [], None
        return did

    def _feed(self, now: int) -> None:
        self._fed_at = now
        self._begin(now)

    def _begin(self, now: int) -> None:
        if self._at is None:
            self._at = now


def read(lines: Iterable[str]) -> Session:
    """Read a journal.  A last line that was cut short is left out; raises JournalError for any other."""
    texts = list(lines)
    started, began = first(texts)
    rows: list[Row] = []
    for number, text in enumerate(texts[1:], 2):
        try:
            rows += parse(text, f"line {number} of the journal")
        except JournalError:
            if number < len(texts):
                raise
    return _session(started, began, rows)


def salvage(lines: Iterable[str]) -> Session:
    """Read what can be read of a journal, leaving out any line that cannot.  Raises JournalError for its first."""
    texts = list(lines)
    started, began = first(texts)
    rows: list[Row] = []
    for text in texts[1:]:
        try:
            rows += parse(text)
        except JournalError:
            continue
    return _session(started, began, rows)


_R = TypeVar("_R", bound=Row)


def _only(rows: Iterable[Row], kind: type[_R]) -> tuple[_R, ...]:
    return tuple(row for row in rows if isinstance(row, kind))


def _session(started: str, began: int, rows: list[Row]) -> Session:
    heard = _only(rows, Received)
    return Session(
        started,
        began,
        heard,
        _only(rows, Sent),
        _only(rows, Grid),
        tuple(_runs(rows, heard)),
        sum(row.count for row in _only(rows, Lost)),
        _only(rows, Fault),
    )


def _runs(rows: list[Row], heard: tuple[Received, ...]) -> Iterator[EngineRun]:
    """Engines one after the other: what each did stands between two headers, what it was fed by the stamps."""
    starts = [index for index, row in enumerate(rows) if isinstance(row, Header)]
    headers = _only(rows, Header)
    untils = [*(header.since for header in headers[1:]), None]
    ends = [*starts[1:], None]
    for header, until, start, end in zip(headers, untils, starts, ends, strict=False):
        fed = (row for row in heard if row.at > header.since and (until is None or row.at <= until))
        yield EngineRun(header, tuple(fed), _only(rows[start:end], Did))
