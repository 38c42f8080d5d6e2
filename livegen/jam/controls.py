"""The controls of a jam: one table, from which configuration, command line, checks and manual derive.

Knows names, ranges and words; a control that has both takes a number in the range or one of the words.
`Settings` holds the values as the engine uses them; `with_control` is the one way in, and it checks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from livegen.errors import ConfigError
from livegen.music.scale import parse_register, parse_scale

Value = float | str


@dataclass(frozen=True, slots=True)
class Control:
    """One live parameter.

    kind     "number": `low`..`high`, or one of `choices` if there are any;
             "choice": one of `choices`; "text": checked by what `help` says.
    whole    the number is a whole one.
    unit     for people, "" for a plain number.
    """

    name: str
    kind: str
    default: Value
    help: str
    low: float = 0.0
    high: float = 0.0
    choices: tuple[str, ...] = ()
    unit: str = ""
    whole: bool = False


_TABLE = (
    Control(
        "mode", "choice", "respond", choices=("respond", "continue"),
        help="respond: answers when your phrase ends, at about its length. "
        "continue: carries on from where you stop until you play again.",
    ),
    Control(
        "temperature", "number", 1.0, low=0.1, high=2.0,
        help="How daring pitch, velocity and choice of part are; below 1 keeps to the likely. "
        "Does not act on time (cooler times would come out denser).",
    ),
    Control(
        "nucleus", "number", 0.95, low=0.05, high=1.0,
        help="Draws only from the likeliest choices that together have this probability; 1 draws from all.",
    ),
    Control(
        "rest", "number", "auto", low=0, high=5000, choices=("auto",), unit="ms",
        help="Silence with no key held that ends your phrase; auto follows the pace of the phrase (250 to 1200 ms).",
    ),
    Control(
        "length", "number", "call", low=1, high=32, choices=("call",), unit="bars", whole=True,
        help="Length of a response: as long as the call, or this many bars.  A continuation has no end.",
    ),
    Control(
        "start", "choice", "beat", choices=("now", "beat", "bar"),
        help="Where a response may begin: as soon as your phrase has ended, on the next beat, or on the next bar line.",
    ),
    Control(
        "register", "text", "call",
        help='Pitches the model may use (not drums): "call" stays within a fifth of what you played, '
        '"all", or a range such as "48-84" or "C3-C6" (middle C is C4).',
    ),
    Control(
        "scale", "text", "played",
        help='Pitches are kept to this scale (not drums): "off", "played" (the key your phrase suggests), '
        'or a name such as "C major", "A minor", "D dorian", "F# blues".',
    ),
    Control(
        "density", "number", 1.0, low=0.25, high=4.0,
        help="More (above 1) or fewer events in the same time: multiplies the rate at which the model plays.",
    ),
    Control(
        "groove", "number", 0.5, low=0.0, high=1.0,
        help="How closely notes keep to the lines of the beat on which you played: 0 leaves time to the model, "
        "1 allows little else.  Loose playing is answered loosely.",
    ),
    Control(
        "velocity_follow", "number", 0.5, low=0.0, high=1.0,
        help="How far the loudness of a response is drawn to that of the call: 0 not at all, 1 to the same mean.",
    ),
    Control(
        "style", "text", "any",
        help="A style the model knows, by name (see the model's card), or any.",
    ),
    Control(
        "tempo", "number", "auto", low=30, high=300, choices=("auto",), unit="BPM",
        help="auto finds the tempo and the beat in what you play; a number fixes the tempo, and the first note "
        "of each phrase is a downbeat.",
    ),
)  # fmt: skip

CONTROLS: dict[str, Control] = {control.name: control for control in _TABLE}


def checked(name: str, value: object) -> Value:
    """The value as the control takes it, numbers also given as text.  Raises ConfigError in one line."""
    control = CONTROLS.get(name)
    if control is None:
        raise ConfigError(f"{name}: there is no such control; there are {', '.join(CONTROLS)}")
    if isinstance(value, str) and control.kind == "text":
        return _checked_text(name, value.strip())
    if isinstance(value, str) and value.strip() in control.choices:
        return value.strip()
    number = _number(value) if control.kind == "number" else None
    if number is not None and control.low <= number <= control.high:
        if not control.whole:
            return number
        if number.is_integer():
            return int(number)
    raise ConfigError(f"{name}: expected {expected(control)}, got {value!r}")


def _checked_text(name: str, text: str) -> str:
    if name == "scale" and text not in ("off", "played"):
        parse_scale(text)
    if name == "register" and text not in ("call", "all"):
        parse_register(text)
    if len(text) > 64:
        raise ConfigError(f"{name}: expected at most 64 characters, got {len(text)}")
    return text


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def expected(control: Control) -> str:
    """What a control takes, in words."""
    takes = []
    if control.kind == "number":
        number = "a whole number" if control.whole else "a number"
        unit = f" {control.unit}" if control.unit else ""
        takes.append(f"{number} from {control.low:g} to {control.high:g}{unit}")
    takes += [f'"{choice}"' for choice in control.choices]
    return " or ".join(takes) or "text"


def _default(name: str) -> Any:
    return field(default=CONTROLS[name].default)


@dataclass(frozen=True, slots=True)
class Settings:
    """The values of all controls, each checked.  Make one with `settings`, change one with `with_control`."""

    mode: str = _default("mode")
    temperature: float = _default("temperature")
    nucleus: float = _default("nucleus")
    rest: float | str = _default("rest")
    length: int | str = _default("length")
    start: str = _default("start")
    register: str = _default("register")
    scale: str = _default("scale")
    density: float = _default("density")
    groove: float = _default("groove")
    velocity_follow: float = _default("velocity_follow")
    style: str = _default("style")
    tempo: float | str = _default("tempo")


def with_control(settings: Settings, name: str, value: object) -> Settings:
    """Settings with one control changed.  Raises ConfigError."""
    changed: dict[str, Any] = {name: checked(name, value)}
    return replace(settings, **changed)


def settings(values: Mapping[str, object] | None = None) -> Settings:
    """Settings with these values, defaults for the rest.  Raises ConfigError for the first that does not fit."""
    given: dict[str, Any] = {name: checked(name, value) for name, value in (values or {}).items()}
    return Settings(**given)
