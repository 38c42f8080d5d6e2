"""The messages of a page: one table of kinds, each with its values.

Text in; a request for the engine, or a question to us, out; anything else is `Refused` with one line that says
why.  Knows no sockets, no clients and no time.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, NoReturn, TypeGuard

from livegen.control.surfaces import Meant, Request, as_given
from livegen.control.web.roles import ROLES
from livegen.daemon.page_sink import playable
from livegen.daemon.recording import names
from livegen.errors import ConfigError, LivegenError
from livegen.jam.controls.controls import CONTROLS, checked
from livegen.jam.controls.macros import LONGEST_NAME
from livegen.jam.controls.mapping import COMMANDS, LONGEST_PATH, parse_target
from livegen.music.parts import DRUMS
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.timeline import MAX_TEMPO_US, MIN_TEMPO_US
from livegen.music.words.syllables import lines_of

MAX_BYTES = 65_536
MAX_TEXT = 64
LONGEST_PLAYER = 40  # characters of a player's name
LONGEST_LYRICS = 1_000  # characters
MOST_BARS = 10_000
LARGEST = 2**53  # what a number of a page can be to the very one
MOST_STROKES = 256  # with which a page comes back
_AGO = (0, 600_000_000)  # micros
# Of a stroke: when, whose, status, pitch, velocity; of bars: micros of a quarter, when one began, ticks of a bar.
_STROKE = (_AGO, (0, 1), (0x80, 0x9F), (0, 127), (0, 127))
_BARS = ((MIN_TEMPO_US, MAX_TEMPO_US), _AGO, (TICKS_PER_BEAT, 8 * TICKS_PER_BEAT))
# When, the tick of the form, and the ticks that go round.
_PLACE = ((-LARGEST, LARGEST), (0, LARGEST), (0, LARGEST))
# Of a kept phrase, and of each of its notes: onset and end in thousandths of a beat, pitch, velocity.  The limits are
# those of `phrase_steps`, which is not imported: it takes numpy, and this process has none.
MOST_BEATS, MOST_TONES = 16, 96
_PHRASE = {"part": (0, DRUMS - 1), "tonic": (0, 11), "beats": (1, MOST_BEATS), "bar": (1, 8)}
_TONE = ((-1_000, 1_000 * MOST_BEATS), (0, 2_000 * MOST_BEATS), (0, 127), (1, 127))
_NOTE = (LARGEST, 15, 127)  # when it was sent, channel, pitch


class RefusedMessage(LivegenError):
    """Something was said that is not understood or not allowed.

    `name` is that of the control or command that was meant, where one was.
    """

    name = ""


class Unfit(RefusedMessage):
    """A value that a person may well try, and that does not fit."""


@dataclass(frozen=True, slots=True)
class Known:
    """The names that can be asked for by now.  `meant` gives what a control takes, of a name too, or ConfigError."""

    presets: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    meant: Meant = as_given


@dataclass(frozen=True, slots=True)
class Ping:
    """The page asks for the time; `at` is its own, given back."""

    at: float


@dataclass(frozen=True, slots=True)
class KeysPlayed:
    """A message that the page plays; `at` is when it was played, micros of our clock, where the page says so."""

    data: bytes
    at: int | None = None


@dataclass(frozen=True, slots=True)
class PlayerNamed:
    """The page says who plays there; empty: nobody who gives a name."""

    player: str


@dataclass(frozen=True, slots=True)
class Rejoined:
    """The page comes back to a room whose engine is new, and says what went on there before.

    `strokes`: [micros ago, 0 player or 1 model, status, pitch, velocity], oldest first; `timeline`: micros of a
    quarter, micros ago of a bar line, ticks of a bar.  `at` is from when that is counted back, micros of our clock.
    `memo` is that of the engine's state.
    """

    strokes: tuple[tuple[int, int, int, int, int], ...]
    timeline: tuple[int, int, int]
    controls: Mapping[str, Any]
    at: int
    memo: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoleTaken:
    """The page says what its player does in the room; empty: nothing in particular."""

    role: str


Said = Request | Ping | KeysPlayed | PlayerNamed | Rejoined | RoleTaken
Given = Mapping[str, Any]


def parse(text: str, known: Known) -> Said:
    """Read one message of a page.  Raises Refused, and Unfit for a value of the right form."""
    return read(object_in(text), known)


def read(given: object, known: Known) -> Said:
    """Read one message that is JSON no more.  Raises Refused, and Unfit for a value of the right form."""
    if not isinstance(given, dict):
        raise RefusedMessage("expected one JSON object")
    kind = given.get("t")
    read = _KINDS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise RefusedMessage(f"t: expected one of {', '.join(_KINDS)}")
    form, may_have, meaning = read
    if (more := given.keys() - {"t", *form, *may_have}) or form - given.keys():
        raise RefusedMessage(
            f"{kind}: expected {_listed(form | may_have)}{', and not more' if more else ''}"
        )
    try:
        return meaning(given, known)
    except ConfigError as mistake:
        unfit = Unfit(str(mistake)[:500])
        unfit.name = str(given.get("name", ""))[:MAX_TEXT]
        raise unfit from None


def object_in(text: str) -> dict[str, Any]:
    """Read a message as JSON has it, before it is known which it is.  Raises RefusedMessage for what is no object."""
    try:
        given = json.loads(text, parse_constant=_no_number) if len(text) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise RefusedMessage("expected one JSON object")
    return given


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def _listed(form: frozenset[str]) -> str:
    return ", ".join(sorted(form)) or "nothing else"


# --- the kinds ----------------------------------------------------------------------------------------------------


def _set(given: Given, known: Known) -> Said:
    name, value = given["name"], given.get("value")
    if not isinstance(name, str) or name not in CONTROLS:
        raise RefusedMessage("set: there is no such control")
    if isinstance(value, int) and abs(value) > LARGEST:
        raise RefusedMessage(f"{name}: that is too large a number")
    return Request(name, checked(name, known.meant(name, value)))


def _do(given: Given, known: Known) -> Said:
    name, value = given["name"], given.get("value")
    check = _WITH_WORD.get(name) if isinstance(name, str) else None
    if check is not None:
        return Request(name, check(value, known))
    if not isinstance(name, str) or name not in COMMANDS:
        raise RefusedMessage("do: there is no such command")
    if value is not None:
        raise RefusedMessage(f"{name}: takes no value")
    return Request(name)


def _play(given: Given, known: Known) -> Said:
    data = playable(given["data"])
    if data is None:
        raise RefusedMessage(
            "play: expected a note, a controller, a program, bend or pressure, as 2 or 3 bytes"
        )
    at = given.get("at")
    return KeysPlayed(data, None if at is None else int(_time("play", at)))


def _ping(given: Given, known: Known) -> Said:
    return Ping(_time("ping", given["at"]))


def _named(given: Given, known: Known) -> Said:
    name = given["name"]
    if not is_player(name):
        raise RefusedMessage(f"name: expected a name of at most {LONGEST_PLAYER} characters")
    return PlayerNamed(name.strip())


def _rejoined(given: Given, known: Known) -> Said:
    strokes, timeline, controls = given["strokes"], given["timeline"], given["controls"]
    memo = given.get("memo", {})
    is_fit = (
        isinstance(strokes, list)
        and len(strokes) <= MOST_STROKES
        and all(_is_within(one, _STROKE) for one in strokes)
        and _is_within(timeline, _BARS)
        and isinstance(controls, dict)
        and controls.keys() <= CONTROLS.keys()
        and _is_memo(memo)
    )
    if not is_fit:
        raise RefusedMessage(
            f"rejoin: expected at most {MOST_STROKES} strokes, a timeline, values of controls and the state's memo"
        )
    values = {name: _set({"name": name, "value": value}, known) for name, value in controls.items()}
    return Rejoined(
        tuple(tuple(one) for one in strokes),
        tuple(timeline),
        {name: said.value for name, said in values.items() if isinstance(said, Request)},
        int(_time("rejoin", given["at"])),
        memo,
    )


def _is_memo(memo: object) -> bool:
    """True of what an engine tells another one of: the place in the chart, the phrases that are kept; or of nothing."""
    if not isinstance(memo, dict) or not memo.keys() <= {"chart", "phrases"}:
        return False
    place, phrases = memo.get("chart"), memo.get("phrases", {})
    is_place = place is None or _is_within(place, _PLACE)
    return (
        is_place
        and isinstance(phrases, dict)
        and phrases.keys() <= {"A", "B"}
        and all(map(_is_phrase, phrases.values()))
    )


def _is_phrase(phrase: object) -> bool:
    if not isinstance(phrase, dict) or phrase.keys() != {*_PHRASE, "notes"}:
        return False
    notes = phrase["notes"]
    return (
        _is_within([phrase[name] for name in _PHRASE], tuple(_PHRASE.values()))
        and isinstance(notes, list)
        and len(notes) <= MOST_TONES
        and all(_is_within(one, _TONE) for one in notes)
    )


def _is_within(numbers: object, limits: tuple[tuple[int, int], ...]) -> bool:
    return (
        isinstance(numbers, list)
        and len(numbers) == len(limits)
        and all(
            type(number) is int and least <= number <= most
            for number, (least, most) in zip(numbers, limits, strict=True)
        )
    )


def _role(given: Given, known: Known) -> Said:
    role = given["role"]
    if not isinstance(role, str) or role not in ("", *ROLES):
        raise RefusedMessage(f"role: expected one of {', '.join(ROLES)}, or nothing")
    return RoleTaken(role)


def is_player(name: object) -> TypeGuard[str]:
    """True of what can be a player's name in a room; "" is that of nobody."""
    return isinstance(name, str) and len(name) <= LONGEST_PLAYER and name.isprintable()


def _time(kind: str, at: object) -> float:
    if (
        isinstance(at, bool)
        or not isinstance(at, int | float)
        or abs(at) > LARGEST
        or not isfinite(at)
    ):
        raise RefusedMessage(f"{kind}: expected a number of microseconds")
    return at


# Of each kind what it must have, what it may have, and how it is read.
_Reader = tuple[frozenset[str], frozenset[str], Callable[[Given, Known], Said]]
_KINDS: dict[str, _Reader] = {
    "set": (frozenset({"name"}), frozenset({"value"}), _set),
    "do": (frozenset({"name"}), frozenset({"value"}), _do),
    "play": (frozenset({"data"}), frozenset({"at"}), _play),
    "ping": (frozenset({"at"}), frozenset(), _ping),
    "name": (frozenset({"name"}), frozenset(), _named),
    "rejoin": (
        frozenset({"at", "strokes", "timeline", "controls"}),
        frozenset({"memo"}),
        _rejoined,
    ),
    "role": (frozenset({"role"}), frozenset(), _role),
}


# --- commands that take something ---------------------------------------------------------------------------------


def _one_of(what: str, names: Callable[[Known], frozenset[str]]) -> Callable[[object, Known], str]:
    def check(value: object, known: Known) -> str:
        if not isinstance(value, str) or value not in names(known):
            raise Unfit(f"{what}: there is none of that name")
        return value

    return check


def _target(value: object, known: Known) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT + len("preset "):
        raise RefusedMessage("learn: expected the name of a control or a command")
    return parse_target(value) if value.strip() else ""


def _some_target(value: object, known: Known) -> str:
    if not (target := _target(value, known)):
        raise RefusedMessage("unlearn: expected the name of a control or a command")
    return target


def _bars(value: object, known: Known) -> int | None:
    if value is None or (type(value) is int and 1 <= value <= MOST_BARS):
        return value
    raise RefusedMessage("capture: expected a number of bars, or nothing for all there is")


def _note(value: object, known: Known) -> list[int] | None:
    is_note = (
        isinstance(value, list)
        and len(value) == 3
        and all(type(n) is int and 0 <= n <= most for n, most in zip(value, _NOTE, strict=True))
    )
    if value is None or is_note:
        return value  # type: ignore[return-value]
    raise RefusedMessage(
        "why: expected when a note was sent, its channel and its pitch, or nothing"
    )


def _name(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        raise RefusedMessage("macro: expected the name of a macro")
    return value


def _phrase(value: object, known: Known) -> int | None:
    if type(value) is int:
        return value
    raise RefusedMessage("phrase: expected the number of a phrase on the map")


def _path(value: object, known: Known) -> list[int]:
    is_path = isinstance(value, list) and 1 < len(value) <= LONGEST_PATH
    if isinstance(value, list) and is_path and all(type(number) is int for number in value):
        return value
    raise RefusedMessage(f"path: expected the numbers of 2 to {LONGEST_PATH} phrases on the map")


def _lyrics(value: object, known: Known) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_LYRICS:
        raise RefusedMessage(f"sing: expected words, at most {LONGEST_LYRICS} characters")
    lines_of(value)  # raises for words that cannot be sung
    return value


def _player(value: object, known: Known) -> str:
    if not isinstance(value, str) or not (value == "" or names.is_safe(value)):
        raise Unfit(f"remember: expected the name of a player: {names.RULE}")
    return value


# A model by its name only: whoever has a page open may not make us load any file.
_WITH_WORD: dict[str, Callable[[object, Known], str | int | list[int] | None]] = {
    "preset": _one_of("preset", lambda known: known.presets),
    "model": _one_of("model", lambda known: known.models),
    "macro": lambda value, known: _name(value),
    "learn": _target,
    "unlearn": _some_target,
    "capture": _bars,
    "why": _note,
    "phrase": _phrase,
    "path": _path,
    "sing": _lyrics,
    "remember": _player,
}
