"""The rows of a journal, and how they are written as lines.

A journal is text, one JSON object a line, valid up to any line: a crash costs the last one at most.  Two
processes tell of a session.  The port process tells what came in and what left, each with its micros; the
engine process tells how an engine was made, in which order it was fed, when it was woken, and what it handed
out.  Knows no files, no engines and no whole journals: standard library only,
because it is written by processes that start at once.

    {"livegen_journal": 2, "started": "2026-11-21T06:30:12+01:00", "at": …}       the first line
    {"at": …, "engine": {settings}, "since": …, "model": …, "sha256": …, "livegen": …}  an engine begins
    {"at": …, "in": "903c50"}        a message of the player's
    {"at": …, "clock": [20833, …]}   a clock byte at `at`, and others each so much later than the one before
    {"at": …, "sent": "904850"}      a message that left the output
    {"at": …, "fed": [0, -2, …], "out": [[30000, "904850"], [0, "cut"]]}
                                     what the engine did since `at`; see `Did`.  "cut 0924" is of a key: channel 9,
                                     pitch 36, in hexadecimal
    {"at": …, "tempo_us": …, "origin_us": …, "bar_ticks": …, "since": …}  the engine's timeline changed
    {"at": …, "fault": "…"}          the engine raised this, and lost a step; told once a second at most
    {"at": …, "lost": 12}            so many lines could not be written before this one
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from livegen.errors import LivegenError

FORMAT = 2
LONGEST_LINE = 200_000  # characters: a system exclusive message of 64 kB and some
CUT = "cut"
_SHORTEST_BAR_US = 50_000  # a quarter at twice the fastest tempo, and some
_CLOCK = b"\xf8"


class JournalError(LivegenError):
    """A journal is not one of ours."""


# --- what a journal holds -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Header:
    """An engine began.

    `settings` are those its factory was given; `sha256` is of the model's file, "" where that is unknown.
    It was fed messages stamped later than `since`; those that came while it was loading, when it was ready, a moment
    after `at`: at the time of the first `Did`.
    """

    at: int
    since: int
    settings: Mapping[str, Any]
    model: str = ""
    sha256: str = ""
    livegen: str = ""


class Received(NamedTuple):
    """A message of the player's, as it was passed on at `at` micros."""

    at: int
    data: bytes


class Sent(NamedTuple):
    """A message that left the output at `at` micros."""

    at: int
    data: bytes


class Woke(NamedTuple):
    """The engine was woken at `at` micros."""

    at: int


class Took(NamedTuple):
    """The engine was fed the next `messages`, each at its stamp or, where that lay back, at its latest time."""

    messages: int


class Told(NamedTuple):
    """The engine was fed a command at `at` micros; `value` is what JSON holds."""

    at: int
    name: str
    value: Any


class Out(NamedTuple):
    """The engine handed out a message due at `due` micros; without data, a cut, of all or of `keys`.

    A key is a channel and a pitch.
    """

    due: int
    data: bytes = b""
    keys: tuple[tuple[int, int], ...] = ()

    @property
    def written(self) -> str:
        """The message as a line has it; of a cut its keys follow it."""
        names = [CUT, *(bytes(key).hex() for key in self.keys)]
        return self.data.hex() or " ".join(names)


Step = Woke | Took | Told


@dataclass(frozen=True, slots=True)
class Did:
    """The events that an engine was fed, in order, and the messages that it handed out, in order, since `at` micros.

    In a line, a step is: n, woken n micros after the step before (the first: after `at`); -n, fed n messages;
    [n, name, value], told something n micros after the step before.
    """

    at: int
    fed: tuple[Step, ...] = ()
    out: tuple[Out, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """The engine's timeline, told at `at` and valid since `since`: `origin_us` is a bar line, `tempo_us` a quarter.

    24 ticks are a quarter.  Where the engine found the beat of notes already heard, `since` lies back.
    """

    at: int
    tempo_us: int
    origin_us: int
    bar_ticks: int
    since: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A gap of so many lines: the disk was full for too long."""

    at: int
    count: int


@dataclass(frozen=True, slots=True)
class Fault:
    """The engine raised: what was said of it."""

    at: int
    said: str


Row = Header | Received | Sent | Did | Grid | Fault | Lost


_OPENING = '{"livegen_journal":'  # of the first line


# --- writing ------------------------------------------------------------------------------------------------------


def first_line(started: str, at: int) -> str:
    """The first line, without its end."""
    return _text({"livegen_journal": FORMAT, "started": started, "at": at})


def line(row: Row) -> str:
    """Write a row as a line, without its end."""
    return _text({"at": row.at} | body(row))


def clock_line(times: list[int]) -> str:
    """Write a run of clock bytes as a line, by their micros, ascending."""
    apart = [later - earlier for earlier, later in pairwise(times)]
    return _text({"at": times[0], "clock": apart})


def body(row: Row) -> dict[str, Any]:
    """A row without its time, fit for JSON: what the engine process sends, with the time beside it."""
    match row:
        case Received(_, data):
            return {"in": data.hex()}
        case Sent(_, data):
            return {"sent": data.hex()}
        case Did(at, fed, out):
            return {
                "fed": list(_shortened(at, fed)),
                "out": [[given.due - at, given.written] for given in out],
            }
        case Header(_, since, settings, model, sha256, livegen):
            made = {"engine": dict(settings), "since": since, "model": model}
            return made | {"sha256": sha256, "livegen": livegen}
        case Grid(_, tempo_us, origin_us, bar_ticks, since):
            bars = {"tempo_us": tempo_us, "origin_us": origin_us, "bar_ticks": bar_ticks}
            return bars | {"since": since}
        case Fault(_, said):
            return {"fault": said}
        case Lost(_, count):
            return {"lost": count}


def _shortened(at: int, fed: Iterable[Step]) -> Iterator[Any]:
    for step in fed:
        if isinstance(step, Took):
            yield -step.messages
            continue
        yield step.at - at if isinstance(step, Woke) else [step.at - at, step.name, step.value]
        at = step.at


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


# --- reading ------------------------------------------------------------------------------------------------------


def is_blank(texts: Sequence[str]) -> bool:
    """True if a journal says nothing yet: a power loss may leave its name, and of its first line a part or zeros."""
    begun = "".join(texts).rstrip("\0")
    return "\n" not in begun and begun[: len(_OPENING)] == _OPENING[: len(begun)]


def first(texts: Sequence[str]) -> tuple[str, int]:
    """Read the first line of a journal: when it began, on the wall and in micros.  Raises JournalError."""
    if not texts:
        raise JournalError("the journal is empty")
    row = _parsed(texts[0], "the first line of the journal")
    if (found := row.get("livegen_journal")) != FORMAT:
        raise JournalError(
            f"the journal has format {found!r}, this livegen reads {FORMAT}; play it with the livegen that wrote it"
        )
    try:
        return str(row["started"]), int(row["at"])
    except NONSENSE:
        raise JournalError("the first line of the journal lacks its time") from None


def parse(text: str, where: str = "a line") -> list[Row]:
    """The rows of one line, several for a run of clock bytes.  Raises JournalError."""
    row = _parsed(text, where)
    try:
        return row_of(int(row["at"]), row)
    except NONSENSE:
        raise JournalError(f"{where} says nothing that can be understood") from None


def row_of(at: int, value: Mapping[str, Any]) -> list[Row]:
    """The rows that a body means; see `body`.  Raises one of Python's errors of value for nonsense."""
    for key, meaning in _MEANINGS.items():
        if key in value:
            return meaning(at, value)
    raise ValueError("nothing known")


NONSENSE = (LookupError, TypeError, ValueError, OverflowError, AttributeError)


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(text) if len(text) <= LONGEST_LINE else None
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise JournalError(f"{where} is not a JSON object")
    return row


def _header(at: int, row: Mapping[str, Any]) -> list[Row]:
    names = (str(row.get(name, "")) for name in ("model", "sha256", "livegen"))
    if not isinstance(row["engine"], dict):
        raise TypeError("settings")
    return [Header(at, int(row["since"]), row["engine"], *names)]


def _clocks(at: int, row: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = [Received(at, _CLOCK)]
    for apart in row["clock"]:
        at += int(apart)
        rows.append(Received(at, _CLOCK))
    return rows


def _did(at: int, row: Mapping[str, Any]) -> list[Row]:
    out = tuple(_out(at + int(due), str(data)) for due, data in row.get("out", ()))
    return [Did(at, tuple(_steps(at, row["fed"])), out)]


def _out(due: int, written: str) -> Out:
    what, *names = written.split()
    if what != CUT:
        return Out(due, _message(written))
    keys = (bytes.fromhex(name) for name in names)
    return Out(due, keys=tuple((channel, pitch) for channel, pitch in keys))


def _steps(at: int, fed: Iterable[Any]) -> Iterator[Step]:
    for step in fed:
        if isinstance(step, list):
            at += int(step[0])
            yield Told(at, str(step[1]), step[2])
        elif (number := int(step)) < 0:
            yield Took(-number)
        else:
            at += number
            yield Woke(at)


def _message(text: object) -> bytes:
    data = bytes.fromhex(text) if isinstance(text, str) else b""
    if not data:
        raise ValueError("a message without bytes")
    return data


def _grid(at: int, row: Mapping[str, Any]) -> list[Row]:
    tempo_us, bar_ticks = int(row["tempo_us"]), int(row["bar_ticks"])
    if tempo_us * bar_ticks < 24 * _SHORTEST_BAR_US or tempo_us > 0xFFFFFF:
        raise ValueError("no grid")
    return [Grid(at, tempo_us, int(row["origin_us"]), bar_ticks, int(row.get("since", at)))]


_MEANINGS: dict[str, Callable[[int, Mapping[str, Any]], list[Row]]] = {
    "in": lambda at, row: [Received(at, _message(row["in"]))],
    "clock": _clocks,
    "sent": lambda at, row: [Sent(at, _message(row["sent"]))],
    "fed": _did,
    "engine": _header,
    "tempo_us": _grid,
    "fault": lambda at, row: [Fault(at, str(row["fault"]))],
    "lost": lambda at, row: [Lost(at, int(row["lost"]))],
}
