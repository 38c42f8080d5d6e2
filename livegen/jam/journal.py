"""The journal of a jam: all that is needed to play it again to the note.

A journal is text, one JSON object a line: a header (seed, model, settings), then what came in and, for
comparison, what went out, each with its micros.  It is valid up to any line, so a crash costs the last one
at most.  Knows no files: whoever has lines to write or to read brings them.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from livegen.errors import LivegenError
from livegen.inference.contract import Model
from livegen.jam.controls import Settings, settings
from livegen.jam.engine import Command, Engine, Event, Timed, Wake
from livegen.music.messages import Cut, Message, decode, encode

FORMAT = 1
LONGEST_LINE = 200_000  # characters: a system exclusive message of 64 kB and some


class JournalError(LivegenError):
    """A journal is not one of ours."""


@dataclass(frozen=True, slots=True)
class Header:
    """How the engine was made.  `channels` by part, `rules` by channel, both 0..15, as in `Engine`."""

    seed: int
    model: str
    settings: Settings
    channels: dict[str, int]
    rules: dict[int, str]

    def engine(self, model: Model) -> Engine:
        """The engine as it was; `model` should be the one of the same name."""
        return Engine(
            model,
            seed=self.seed,
            settings=self.settings,
            channels=self.channels,
            rules=self.rules,
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened at `at` micros: an event that came in, or a message that was handed out."""

    at: int
    what: Event | Timed


def header_line(header: Header) -> str:
    """The first line, without its end."""
    return _line({"livegen_journal": FORMAT} | asdict(header))


def entry_line(entry: Entry) -> str:
    """One line for an entry, without its end.  A `Wake` needs none and may not be given."""
    match entry.what:
        case Timed(due, message):
            what = _handed_out(due, message)
        case Command(name, value):
            what = {"command": name, "value": value}
        case Wake():
            raise ValueError("waking is not written down")
        case message:
            what = {"in": encode(message).hex()}
    return _line({"at": entry.at} | what)


def _handed_out(due: int, message: Message | Cut) -> dict[str, Any]:
    if isinstance(message, Cut):
        return {"cut": due}
    return {"out": encode(message).hex(), "due": due}


def read(lines: Iterable[str]) -> tuple[Header, list[Entry]]:
    """Header and entries.  A last line that was cut short is left out; raises JournalError for the rest."""
    rows = list(lines)
    if not rows:
        raise JournalError("the journal is empty")
    header = _header(_parsed(rows[0], 1))
    entries = []
    for number, row in enumerate(rows[1:], 2):
        try:
            entries.append(_entry(_parsed(row, number), number))
        except JournalError:
            if number < len(rows):
                raise
    return header, entries


def replay(entries: Iterable[Entry], engine: Engine, until: int | None = None) -> list[Timed]:
    """Feed an engine what came in, waking it in between; all that it hands out, in order.

    Goes on until `until`, else to the last entry.
    """
    heard = list(entries)
    handed_out: list[Timed] = []
    for entry in heard:
        handed_out += wake_until(engine, entry.at)
        if not isinstance(entry.what, Timed):
            handed_out += engine.feed(entry.what, entry.at)
    last = heard[-1].at if heard else 0
    handed_out += wake_until(engine, last if until is None else until)
    return handed_out


def wake_until(engine: Engine, time: int) -> Iterator[Timed]:
    """Wake the engine whenever it asks for it, up to and including `time`."""
    while (deadline := engine.deadline()) is not None and deadline <= time:
        yield from engine.feed(Wake(), deadline)


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


def _parsed(line: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line) if len(line) <= LONGEST_LINE else None
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise JournalError(f"line {number} of the journal is not a JSON object")
    return row


def _header(row: dict[str, Any]) -> Header:
    if row.get("livegen_journal") != FORMAT:
        found = row.get("livegen_journal")
        raise JournalError(f"the journal has format {found!r}, this livegen reads {FORMAT}")
    try:
        return Header(
            seed=int(row["seed"]),
            model=str(row["model"]),
            settings=settings(row["settings"]),
            channels={str(part): int(channel) for part, channel in row["channels"].items()},
            rules={int(channel): str(rule) for channel, rule in row["rules"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JournalError(f"the journal's header lacks something ({error!r})") from None


def _entry(row: dict[str, Any], number: int) -> Entry:
    try:
        at = int(row["at"])
        if "command" in row:
            return Entry(at, Command(str(row["command"]), row["value"]))
        if "cut" in row:
            return Entry(at, Timed(int(row["cut"]), Cut()))
        message = decode(bytes.fromhex(row["in" if "in" in row else "out"]))
        if message is not None:
            return Entry(at, message if "in" in row else Timed(int(row["due"]), message))
    except (KeyError, TypeError, ValueError):
        pass
    raise JournalError(f"line {number} of the journal says nothing that can be understood")
