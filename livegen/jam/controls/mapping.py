"""Bindings: messages of knobs, pads and pedals become commands, by a table that can be learned.

A binding is two texts, as in config.yaml: where it comes from (`sources` says how that is written) and what it does (a
control, a command, or "preset" or "macro" and its name).  Whatever is bound is no music.  Knows controls and names of
commands; does not carry out any.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log
from typing import NamedTuple

from livegen.errors import ConfigError
from livegen.jam.band.variations import VARIATIONS
from livegen.jam.controls.binding_learner import BindingLearner
from livegen.jam.controls.controls import CONTROLS, Control, Value
from livegen.jam.controls.knobs import Knobs, Moved
from livegen.jam.controls.sources import NOTE, PROGRAM, Source, parse_source
from livegen.music.messages import Message

LONGEST_PATH = 5  # phrases of the map that a path leads through
PRESSED = 64  # of a pedal or a button, 0..127


class Asked(NamedTuple):
    """A command: its name in files, OSC and bindings; on the page; what it does; whether it is for a band only."""

    name: str
    label: str
    help: str
    is_cue: bool = False


# The one table of commands: the page, OSC, the manuals and the checks derive from it.  Labels speak from the
# player's side.
_COMMANDS = (
    Asked("your_turn", "Model, play now", "the model answers now, even if a key is still held"),
    Asked("my_turn", "Let me play", "the model is silent and listens"),
    Asked("again", "Again", "another answer to the same call"),
    Asked("undo", "Undo", "forgets the last call and its answer, as if they had not been played"),
    Asked(
        "freeze", "Freeze", "repeats the last answer until you press it again; you can play over it"
    ),
    Asked(
        "why",
        "Why?",
        "says why the model's last note was played: what decided it, what it took up, what else was likely",
    ),
    Asked("keep", "Keep", "saves the last answer as a MIDI file"),
    Asked(
        "capture",
        "Capture",
        "saves what you and the model played since the last pause, as a MIDI file",
    ),
    Asked("tap", "Tap", "taps the tempo; the last tap is a downbeat"),
    Asked(
        "count_in",
        "Count in",
        "counts in with clicks; then the model begins on the one, or you do",
    ),
    Asked(
        "vary",
        "Vary",
        "plays a variation of your last phrase from the next bar line, as far from it as distance says",
    ),
    Asked(
        "restyle",
        "Restyle",
        "plays your last phrase in the style that is set, as far from it as distance says; at 1 a new phrase",
    ),
    Asked("keep_a", "Keep as A", "keeps your last phrase as A"),
    Asked("keep_b", "Keep as B", "keeps your last phrase as B"),
    Asked("between", "A to B", "plays a phrase between A and B, as near to B as morph says"),
    Asked(
        "intro",
        "Intro",
        "an introduction and then the top, from the next bar line on; with a count-in if nobody plays",
        True,
    ),
    Asked("fill", "Fill", "the drums play a fill up to the next bar line", True),
    Asked(
        "break",
        "Break",
        "the band strikes on the next bar line, and is silent for the rest of that bar",
        True,
    ),
    Asked(
        "stop_time",
        "Stop-time",
        "the band strikes once a bar and where the chord changes, until you press it again",
        True,
    ),
    *(
        Asked(
            f"variation_{name.lower()}",
            f"Variation {name}",
            f"the band plays its variation {name} from the next bar line on, with a fill",
            True,
        )
        for name in VARIATIONS
    ),
    Asked("top", "From the top", "the chart, or the form, starts again at the next bar line", True),
    Asked(
        "section", "Next section", "the next section of the chart begins at the next bar line", True
    ),
    Asked(
        "vamp",
        "Vamp",
        "repeats the section, or the last four bars, until you press it again",
        True,
    ),
    Asked(
        "loop_chords",
        "Loop chords",
        "repeats the chords of the last eight, four, two bars or one until you press it again",
        True,
    ),
    Asked(
        "ending",
        "Ending",
        "the band plays the chart's ending, or a last chord, from the next bar line on, and stops",
        True,
    ),
    Asked(
        "forget",
        "Forget me",
        "forgets all that is remembered of the player, also what is kept of other days",
    ),
    Asked("stop", "Stop", "silences the model and forgets the call"),
    Asked("panic", "Panic", "ends every note at once"),
)
COMMANDS = {asked.name: asked.help for asked in _COMMANDS}
NAMED = ("preset ", "macro ")  # how commands begin that are followed by a name of the player's
LABELS = {asked.name: asked.label for asked in _COMMANDS}
# The commands that only a band can be asked for.
CUES = frozenset(asked.name for asked in _COMMANDS if asked.is_cue)


@dataclass(frozen=True, slots=True)
class Command:
    """A request: the name of a command with what it needs, or of a control with its new value."""

    name: str
    value: object = None


def parse_target(text: str) -> str:
    """Check the target of a binding.  Raises ConfigError."""
    name = text.strip()
    if name in CONTROLS or name in COMMANDS or name.startswith(NAMED):
        return name
    raise ConfigError(
        f"map: expected a control, a command ({', '.join(COMMANDS)}), preset NAME or macro NAME; got {text!r}"
    )


class ControlMap:
    """The bindings in force.  Learned ones replace what was bound to the same thing.

    `say` takes one line for the person: what was learned, or that nothing was.
    """

    def __init__(
        self,
        bindings: Mapping[str, str] | None = None,
        say: Callable[[str], object] = lambda line: None,
    ) -> None:
        self._targets: dict[Source, str] = {}
        self._pressed: set[Source] = set()
        self._knobs = Knobs()
        self._learner: BindingLearner | None = None
        self._say = say
        self.rebind(bindings or {})

    @property
    def bindings(self) -> dict[str, str]:
        """The bindings as they are written in a file."""
        return {str(source): target for source, target in self._targets.items()}

    @property
    def learning(self) -> str | None:
        """The target that is being bound; None while none is."""
        return None if self._learner is None else self._learner.target

    def rebind(self, bindings: Mapping[str, str]) -> None:
        """Replace all bindings.  Raises ConfigError, and then none is replaced."""
        self._targets = {
            parse_source(source): parse_target(target) for source, target in bindings.items()
        }

    def learn(self, target: str, now: int) -> None:
        """Bind `target` to what is moved from now on; "" gives up.  Raises ConfigError."""
        self._learner = BindingLearner(parse_target(target), now) if target else None

    def forget(self, target: str) -> None:
        """Undo what is bound to `target`."""
        self._targets = {s: t for s, t in self._targets.items() if t != target}

    def look(self, now: int) -> None:
        """Let time pass: what moved most is learned, or nothing is."""
        if self._learner is not None and now >= self._learner.deadline():
            self._settle(self._learner.target, self._learner.meant())

    def deadline(self) -> int | None:
        """Micros at which `look` has something to do; None for never."""
        return None if self._learner is None else self._learner.deadline()

    def translate(self, message: Message, now: int) -> list[Command] | None:
        """The commands that a message stands for; None when it is music."""
        readings = self._knobs.read(message)
        if self._learner is not None:
            return self._watch(self._learner, message, readings, now)
        for reading in readings:
            if (bound := self._bound(reading.source)) is not None:
                return self._commands(bound, self._targets[bound], reading)
        return None

    def _watch(
        self, learner: BindingLearner, message: Message, readings: list[Moved], now: int
    ) -> list[Command] | None:
        """While something is learned nothing acts that is bound; what is not is music."""
        source = learner.feed(message, self._knobs, now)
        if source is not None:
            self._settle(learner.target, source)
            return []
        return [] if any(self._bound(reading.source) for reading in readings) else None

    def _settle(self, target: str, source: Source | None) -> None:
        self._learner = None
        if source is None:
            self._say(f"nothing was learned for {target}: no knob, pad or pedal moved far enough")
            return
        self.forget(target)
        same = [one for one in self._targets if one[:3] == source[:3] and one.bank == source.bank]
        for one in same:
            del self._targets[one]  # it may have been taken for another form
        self._targets[source] = target
        self._say(f"learned: {source} is bound to {target}")

    def _bound(self, source: Source) -> Source | None:
        """The binding that a source falls under: of its channel, else of all."""
        for bound in (source, source._replace(channel=None)):
            if bound in self._targets:
                return bound
        return None

    def _commands(self, source: Source, target: str, moved: Moved) -> list[Command]:
        is_struck = source.kind in (NOTE, PROGRAM)
        if moved.steps is not None:
            return _turned_by(target, moved.steps)
        if target in CONTROLS and not is_struck:
            return [Command(target, turned(CONTROLS[target], moved.place))]
        was_pressed = source in self._pressed
        (self._pressed.add if moved.place >= PRESSED else self._pressed.discard)(source)
        if not is_struck and (moved.place < PRESSED or was_pressed):
            return []
        if not moved.place:
            return []
        if target in CONTROLS:  # a pad steps through what there is
            return [Command("next", target)]
        return [_pressed(target)]


def _pressed(target: str) -> Command:
    name, _, of = target.partition(" ")
    return Command(name, of or None)


def _turned_by(target: str, steps: int) -> list[Command]:
    """Give the commands of an encoder without ends: steps of a control; a command when it is turned up."""
    if target in CONTROLS:
        return [Command("turn", [target, steps])] if steps else []
    return [_pressed(target)] if steps > 0 else []


def turned(control: Control, place: float) -> Value:
    """The value of a control for a knob at 0..127: its words first, at the very left, then its range."""
    if control.low == control.high:
        return control.choices[int(place * len(control.choices) / 128)]
    if control.choices and place == 0:
        return control.choices[0]
    share = max(0.0, place - bool(control.choices)) / (127 - bool(control.choices))
    if control.ratio:
        return float(control.low * (control.high / control.low) ** share)
    value = control.low + share * (control.high - control.low)
    return round(value) if control.whole else value


def turned_by(control: Control, value: Value, by: int) -> Value:
    """The value of a control so many steps of an encoder further, of 127 for all its range; a whole number by units."""
    if control.low == control.high:
        return control.choices[_within(_index(control, value) + by, len(control.choices) - 1)]
    if control.kind == "text":
        return round(max(control.low, min(control.high, _number(value) + by)))
    if isinstance(value, str):
        return turned(control, _within(by, 127))
    if control.whole and not (control.choices and value + by < control.low):
        return int(max(control.low, min(control.high, value + by)))
    return turned(control, max(0.0, min(127.0, place_of(control, value) + by)))


def place_of(control: Control, value: float) -> float:
    """Give the place of a knob that a number asks for: `turned` the other way round."""
    share = (value - control.low) / (control.high - control.low)
    if control.ratio:
        share = log(value / control.low) / log(control.high / control.low)
    return share * (127 - bool(control.choices)) + bool(control.choices)


def _number(value: Value) -> float:
    """The number that a text says; 0, which changes nothing, for words and ranges."""
    try:
        return float(value)
    except ValueError:
        return 0.0


def _index(control: Control, value: Value) -> int:
    return control.choices.index(str(value)) if value in control.choices else 0


def _within(index: int, most: int) -> int:
    return max(0, min(most, index))
