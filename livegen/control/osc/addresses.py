"""The OSC namespace: one table of addresses, derived from the controls and the commands.

What comes to an address becomes a request for the engine; a state of the engine becomes values at addresses.
Knows no bytes, no peers and no time.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from math import ceil, isfinite, log, log10
from typing import Any

from livegen.control.osc.packets import Argument, Arguments
from livegen.control.surfaces import Meant, Request, as_given
from livegen.errors import ConfigError
from livegen.jam.controls.controls import CONTROLS, Control, Value, checked, expected
from livegen.jam.controls.mapping import parse_target
from livegen.music.words.syllables import lines_of

ROOT = "/livegen"
ERROR = f"{ROOT}/error"
STATE = f"{ROOT}/state"
# Always there, always taken, whatever the table of commands holds.
URGENT = {
    "panic": "Ends every note at once.",
    "stop": "The model falls silent and waits for you.",
}
# The same for commands that take a word.
WORDED = {
    "preset": "Switches to the preset of this name; while the model plays, on the next bar line.",
    "macro": "Starts the macro of this name; while the model plays, on the next bar line.",
    "save_preset": "Saves the controls as they are now as a preset of this name; a preset that exists stays as it is.",
    "learn": "Binds this control or command to the knob, pad or pedal that is moved next; without a word, "
    "stops learning.",
    "unlearn": "Removes what is bound to this control or command.",
    "sing": "Sets these words to a tune and plays it from the next bar line on, in your key and tempo.",
    "remember": "Knows what was played under this name on other days, and keeps what is played from now on; an empty "
    "word keeps nothing more.",
    "model": "Loads this model, by its name or file, while the music goes on; it takes over at the next bar line.",
}
UNSHOWN = (
    "controls",
    "plan",
    "surprise",
    "phrases",
    "styles",
    "rest_at",
)  # at addresses of their own; too much for a surface
MAX_SHOWN = 256  # addresses of a state
MAX_TEXT = 64
MAX_LINE = 200  # of what is told: a sentence
MAX_PATH = 512  # of a model, and of words to be sung
LONG_WORDS = ("model", "sing")
EMPTIED = ("learn", "remember")  # without a word something ends
NESTING = 4
LONGEST_INTEGER = 2**63
LARGEST_FLOAT = 3e38  # of four bytes


class AddressKind(Enum):
    """The kinds of addresses."""

    SET = "set"  # a control to the value given
    SCALE = "norm"  # a control to the place in its range, 0 to 1
    CHOOSE = "choose"  # a control to one word, by a button
    DO = "do"
    GET = "get"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"


@dataclass(frozen=True, slots=True)
class OscAddress:
    """An address that is listened to.  `name`: of the control or the command; `word`: what CHOOSE chooses."""

    path: str
    kind: AddressKind
    name: str = ""
    word: str = ""


def addresses(commands: Mapping[str, str]) -> dict[str, OscAddress]:
    """Path to address, for all controls and for these commands (name to a sentence of help)."""
    table = [address for control in CONTROLS.values() for address in _of_control(control)]
    table += [
        OscAddress(f"{ROOT}/do/{command}", AddressKind.DO, command)
        for command in {**URGENT, **commands, **WORDED}
    ]
    table += [
        OscAddress(f"{ROOT}/{kind.value}", kind)
        for kind in (AddressKind.GET, AddressKind.SUBSCRIBE, AddressKind.UNSUBSCRIBE)
    ]
    return {address.path: address for address in table}


def _of_control(control: Control) -> Iterator[OscAddress]:
    path = f"{ROOT}/{control.name}"
    yield OscAddress(path, AddressKind.SET, control.name)
    if control.low < control.high:
        yield OscAddress(f"{path}/norm", AddressKind.SCALE, control.name)
    for word in control.choices:
        yield OscAddress(f"{path}/{word}", AddressKind.CHOOSE, control.name, word)


# --- what comes in --------------------------------------------------------------------------------------------


def request(address: OscAddress, arguments: Arguments, meant: Meant = as_given) -> Request | None:
    """Give the request to the engine; None when a button was let go.  Raises ConfigError, one short line.

    `meant` gives what a control takes of what was given for it, which may be a name.
    """
    match address.kind:
        case AddressKind.SET:
            given = meant(address.name, _only(address, arguments))
            return Request(address.name, _value(address.name, given))
        case AddressKind.SCALE:
            return Request(address.name, _scaled(address, _only(address, arguments)))
        case AddressKind.CHOOSE:
            return Request(address.name, address.word) if _is_pressed(arguments) else None
        case AddressKind.DO if address.name in WORDED:
            return Request(address.name, _word(address, arguments))
        case AddressKind.DO:
            return (
                Request(address.name, _detail(address.name, arguments))
                if _is_pressed(arguments)
                else None
            )
        case _:
            return None


def _only(address: OscAddress, arguments: Arguments) -> Argument:
    if len(arguments) != 1:
        raise ConfigError(f"{address.name}: takes one value")
    return _tidy(arguments[0])


def _value(name: str, argument: Argument) -> Value:
    control = CONTROLS[name]
    if control.kind == "text" and isinstance(argument, str):
        return checked(name, argument)
    try:
        return checked(name, argument)
    except ConfigError:
        # Shorter than the table's own line, which would not fit into the reply to so short a request.
        raise ConfigError(f"{name}: takes {_range(control) or expected(control)}") from None


def _range(control: Control) -> str:
    """The numbers that a control takes, in few letters; then its words.  Empty for one that takes no numbers."""
    if not control.low < control.high:
        return ""
    numbers = f"{control.low:g} to {control.high:g} {control.unit}".rstrip()
    whole = " (whole)" if control.whole else ""
    return " or ".join([numbers + whole, *(f'"{choice}"' for choice in control.choices)])


def _scaled(address: OscAddress, argument: Argument) -> Value:
    place = argument if isinstance(argument, int | float) else -1
    if isinstance(argument, bool) or not 0 <= place <= 1:
        raise ConfigError(f"{address.name}/norm: takes 0 to 1")
    return checked(address.name, _at(CONTROLS[address.name], place))


def _at(control: Control, place: float) -> float:
    """The value at a place, 0 to 1, of the range: of about ten thousand that there are, so that people can read it."""
    low, high = control.low, control.high
    value = low * (high / low) ** place if control.ratio else low + place * (high - low)
    is_whole = control.whole or control.kind == "text"
    return round(value) if is_whole else round(value, max(0, ceil(4 - log10(high - low))))


def _place(control: Control, value: Value) -> float | None:
    """The place, 0 to 1, of a value in the range; None for a word, and outside."""
    low, high = control.low, control.high
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not low <= number <= high or low == high:
        return None
    return log(number / low) / log(high / low) if control.ratio else (number - low) / (high - low)


def _is_pressed(arguments: Arguments) -> bool:
    """True if a button went down: many send 1 for that and 0 when it comes up again."""
    return not arguments or arguments[0] != 0


def _detail(name: str, arguments: Arguments) -> Value | None:
    """Give the value beside a press, such as a number of bars; a plain 1 is the press itself."""
    if len(arguments) > 1:
        raise ConfigError(f"{name}: takes one value at most")
    said = _tidy(arguments[0]) if arguments else None
    if said is None or isinstance(said, bool) or said == 1:
        return None
    if isinstance(said, str) and len(said) > MAX_TEXT:
        raise ConfigError(f"{name}: takes at most {MAX_TEXT} letters")
    if isinstance(said, float) and not isfinite(said):
        raise ConfigError(f"{name}: takes a number")
    return said


def _word(address: OscAddress, arguments: Arguments) -> str:
    """The word that a command takes, checked as far as it can be here."""
    name, said = address.name, arguments or ("",)
    word = said[0].strip() if isinstance(said[0], str) else None
    is_given = word or (name in EMPTIED and word == "")
    if (
        len(said) > 1
        or not is_given
        or len(word or "") > (MAX_PATH if name in LONG_WORDS else MAX_TEXT)
    ):
        raise ConfigError(f"{name}: takes a word")
    if name in ("learn", "unlearn") and word:
        try:
            return parse_target(word)
        except ConfigError:
            raise ConfigError(f"{name}: takes a control or command") from None
    if name == "sing":
        lines_of(word or "")  # raises for words that cannot be sung
    return word or ""


def _tidy(argument: Argument) -> Argument:
    """The number that was meant: 0.95 travels as 0.949999988079071."""
    return float(f"{argument:.7g}") if isinstance(argument, float) else argument


# --- what goes out --------------------------------------------------------------------------------------------


def shown(state: Mapping[str, Any]) -> dict[str, Arguments]:
    """Address to values for a state: its `controls` at their own addresses, all else below `/livegen/state`."""
    controls = state.get("controls")
    values: dict[str, Arguments] = {}
    for name, value in controls.items() if isinstance(controls, dict) else ():
        if name in CONTROLS and isinstance(value, int | float | str):
            values.update(_of_value(CONTROLS[name], value))
    rest = {key: value for key, value in state.items() if key not in UNSHOWN}
    for path, arguments in _flat(STATE, rest, NESTING):
        if len(values) < MAX_SHOWN:
            values[path] = arguments
    return values


def _of_value(control: Control, value: Value) -> Iterator[tuple[str, Arguments]]:
    path = f"{ROOT}/{control.name}"
    yield path, (_plain(value),)
    if (place := _place(control, value)) is not None:
        yield f"{path}/norm", (place,)
    for word in control.choices:
        yield f"{path}/{word}", (int(value == word),)


def _flat(path: str, value: object, depth: int) -> Iterator[tuple[str, Arguments]]:
    match value:
        case dict() if depth:
            for key, inside in value.items():
                yield from _flat(f"{path}/{_part(str(key))}", inside, depth - 1)
        case list() | tuple():
            yield path, tuple(_plain(one) for one in value[:16] if not isinstance(one, dict | list))
        case dict():
            pass
        case _:
            yield path, (_plain(value),)


def _part(key: str) -> str:
    """A key as a part of an address: what OSC reserves for patterns becomes a line."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", key)[:MAX_TEXT]


def _plain(value: object) -> Argument:
    """A value as any surface takes it: no truth values, no nothing, no endless text."""
    match value:
        case bool():
            return int(value)
        case int() if -LONGEST_INTEGER <= value < LONGEST_INTEGER:
            return value
        case float() if abs(value) < LARGEST_FLOAT:
            return value
        case None:
            return ""
        case _:
            return str(value)[:MAX_LINE]


def holds(path: str, name: str) -> bool:
    """True if an address shows this control."""
    own = f"{ROOT}/{name}"
    return path == own or path.startswith(f"{own}/")
