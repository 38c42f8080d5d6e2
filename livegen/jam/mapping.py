"""What knobs, pads, pedals and program changes do: messages become commands, by a table that can be learned.

A binding is two texts, as in config.yaml: where it comes from ("cc 74", "note 36 on 10", "program 3") and what
it does (a control, a command, or "preset" and its name).  Whatever is bound is no music.  Knows controls and
names of commands; does not carry out any.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from livegen.errors import ConfigError
from livegen.jam.controls import CONTROLS, Control, Value
from livegen.music.messages import ControlChange, Message, NoteOff, NoteOn, Other

PROGRAM_CHANGE = 0xC0
CC, NOTE, PROGRAM = "cc", "note", "program"
PRESSED = 64  # of a pedal or a button, 0..127


class Asked(NamedTuple):
    """What a performer can ask for at any moment: its name in files, OSC and bindings; on the page; what it does."""

    name: str
    label: str
    help: str


# The one table of commands: the page, OSC, the manuals and the checks derive from it.  Labels speak from the
# player's side.
_COMMANDS = (
    Asked("your_turn", "Model, play now", "the model answers now, even if a key is still held"),
    Asked("my_turn", "Let me play", "the model is silent and listens"),
    Asked("again", "Another answer", "another answer to the same call"),
    Asked("undo", "Undo", "forgets the last call and its answer, as if they had not been played"),
    Asked("freeze", "Freeze", "repeats the response until it is pressed again; play over it"),
    Asked("keep", "Keep answer", "saves the last response as a MIDI file"),
    Asked(
        "capture",
        "Capture",
        "saves what you and the model played since the last pause, as a MIDI file",
    ),
    Asked("tap", "Tap tempo", "taps the tempo; the last tap is a downbeat"),
    Asked("stop", "Stop", "silences the model and forgets the call"),
    Asked("panic", "Panic", "silences everything"),
)
COMMANDS = {asked.name: asked.help for asked in _COMMANDS}
LABELS = {asked.name: asked.label for asked in _COMMANDS}

_SOURCE = re.compile(r"(cc|note|program)\s+(\d{1,3})(?:\s+on\s+(\d{1,2}))?")


class Source(NamedTuple):
    """Where a binding comes from: `number` 0..127, `channel` 0..15 or None for all."""

    kind: str
    number: int
    channel: int | None = None

    def __str__(self) -> str:
        on = "" if self.channel is None else f" on {self.channel + 1}"
        return f"{self.kind} {self.number}{on}"


@dataclass(frozen=True, slots=True)
class Command:
    """A request: the name of a command with what it needs, or of a control with its new value."""

    name: str
    value: object = None


def parse_source(text: str) -> Source:
    """A source from its text; channels are 1 to 16 there.  Raises ConfigError."""
    match = _SOURCE.fullmatch(text.strip().lower())
    if match and int(match[2]) < 128 and (match[3] is None or 1 <= int(match[3]) <= 16):
        return Source(match[1], int(match[2]), int(match[3]) - 1 if match[3] else None)
    raise ConfigError(
        f"map: expected cc, note or program, a number from 0 to 127, and perhaps a channel, "
        f'such as "cc 74" or "note 36 on 10"; got {text!r}'
    )


def parse_target(text: str) -> str:
    """What a binding does, checked.  Raises ConfigError."""
    name = text.strip()
    if name in CONTROLS or name in COMMANDS or name.startswith("preset "):
        return name
    raise ConfigError(
        f"map: expected a control, a command ({', '.join(COMMANDS)}) or preset NAME; got {text!r}"
    )


class ControlMap:
    """The bindings in force.  Learned ones replace what was bound to the same thing."""

    def __init__(self, bindings: Mapping[str, str] | None = None) -> None:
        self._targets: dict[Source, str] = {}
        self._pressed: set[Source] = set()
        self.learning: str | None = None
        self.rebind(bindings or {})

    @property
    def bindings(self) -> dict[str, str]:
        """The bindings as they are written in a file."""
        return {str(source): target for source, target in self._targets.items()}

    def rebind(self, bindings: Mapping[str, str]) -> None:
        """Replace all bindings.  Raises ConfigError, and then none is replaced."""
        self._targets = {
            parse_source(source): parse_target(target) for source, target in bindings.items()
        }

    def learn(self, target: str) -> None:
        """Bind `target` to the next thing that is moved; "" gives up.  Raises ConfigError."""
        self.learning = parse_target(target) if target else None

    def forget(self, target: str) -> None:
        """Undo what is bound to `target`."""
        self._targets = {s: t for s, t in self._targets.items() if t != target}

    def translate(self, message: Message) -> list[Command] | None:
        """The commands that a message stands for; None when it is music."""
        moved = _moved(message)
        if moved is None:
            return None
        source, value = moved
        if self.learning is not None and value:
            self.forget(self.learning)
            self._targets[source] = self.learning
            self.learning = None
            return []
        for bound in (source, source._replace(channel=None)):
            if (target := self._targets.get(bound)) is not None:
                return self._commands(bound, target, value)
        return None

    def _commands(self, source: Source, target: str, value: int) -> list[Command]:
        if target in CONTROLS and source.kind == CC:
            return [Command(target, turned(CONTROLS[target], value))]
        was_pressed = source in self._pressed
        (self._pressed.add if value >= PRESSED else self._pressed.discard)(source)
        if source.kind == CC and (value < PRESSED or was_pressed):
            return []
        if not value:
            return []
        if target in CONTROLS:  # a pad steps through what there is
            return [Command("next", target)]
        name, _, of = target.partition(" ")
        return [Command(name, of or None)]


def _moved(message: Message) -> tuple[Source, int] | None:
    """What was moved, and how far, 0..127."""
    match message:
        case NoteOn(pitch, velocity, channel):
            return Source(NOTE, pitch, channel), velocity
        case NoteOff(pitch, _, channel):
            return Source(NOTE, pitch, channel), 0
        case ControlChange(control, value, channel) if control < 120:
            return Source(CC, control, channel), value
        case Other(data) if data[0] & 0xF0 == PROGRAM_CHANGE:
            return Source(PROGRAM, data[1], data[0] & 0x0F), 127
        case _:
            return None


def turned(control: Control, position: int) -> Value:
    """The value of a control for a knob at 0..127: its words first, at the very left, then its range."""
    if control.low == control.high:
        return control.choices[position * len(control.choices) // 128]
    if control.choices and position == 0:
        return control.choices[0]
    share = (position - bool(control.choices)) / (127 - bool(control.choices))
    if control.ratio:
        return float(control.low * (control.high / control.low) ** share)
    value = control.low + share * (control.high - control.low)
    return round(value) if control.whole else value
