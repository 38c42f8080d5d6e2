"""The values that a text asks for: what was said, what that implies, and what comes of both in the end.

Knows the table of controls and where each of them stands; knows no words and no order of words.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from livegen.errors import ConfigError
from livegen.jam.controls.controls import CONTROLS, Value, checked
from livegen.jam.turns import MODES, Length
from livegen.music.parts import PARTS

LONGEST_SHOWN, MOST_SHOWN = 40, 8  # of words that were not understood
_HOME = {  # where nobody named a tonic: the one whose scale has no sharps or flats
    "dorian": "D", "phrygian": "E", "lydian": "F", "mixolydian": "G", "locrian": "B", "major": "C",
    "pentatonic": "C", "major pentatonic": "C", "whole tone": "C",
}  # fmt: skip
OF_A_PART = {"energy": "level", "level": "level", "density": "density", "register": "octave"}


@dataclass(frozen=True, slots=True)
class Reading:
    """The outcome of reading: values of controls, each checked, and the words that say nothing, as written.

    `taken` are words that the table lacks, each with the phrase that they were taken for.
    """

    sets: Mapping[str, Value]
    unknown: tuple[str, ...] = ()
    taken: tuple[tuple[str, str], ...] = ()

    def without(self, names: Collection[str]) -> "Reading":
        """The same, but for some controls."""
        kept = {name: value for name, value in self.sets.items() if name not in names}
        return Reading(kept, self.unknown, self.taken)

    def line(self) -> str:
        """A line for the person who said it."""
        values = [
            name if name == "chart" else f"{name} {_shown(value)}"
            for name, value in self.sets.items()
        ]
        unknown = ", ".join(word[:LONGEST_SHOWN] for word in self.unknown[:MOST_SHOWN])
        taken = ", ".join(f"{word[:LONGEST_SHOWN]} for {phrase}" for word, phrase in self.taken)
        said = f"sets {', '.join(values) or 'nothing'}"
        said += f"; takes {taken}" if taken else ""
        return said + (f"; not understood: {unknown}" if unknown else "")


class AxisStep(NamedTuple):
    """A wish on an axis: the row, how far to turn (0: to where the row says), and how far beyond that."""

    row: Mapping[str, Any]
    turn: float = 0.0
    beyond: float = 0.0
    is_not: bool = False
    is_too: bool = False  # "not too fast", as a description, and no wish for less


@dataclass(slots=True)
class Wanted:
    """The wish as far as it was read.  `axes` are rows of words.yaml; `present` and `styles` are as `read` takes them.

    `implied` holds where nothing else is said.  `chosen` are styles with their ranks, `implied_kinds` kinds of scale by
    what implies them, `unknown` words that say nothing, `taken` words with the phrases that they were taken for.
    """

    axes: Mapping[str, Mapping[str, Any]]
    present: Mapping[str, Any]
    styles: Collection[str]
    said: dict[str, Value] = field(default_factory=dict)
    implied: dict[str, Value] = field(default_factory=dict)
    chosen: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    tonic: str = ""
    kind: str = ""
    implied_kinds: dict[str, str] = field(default_factory=dict)
    bars: int = 0
    is_counted: bool = False  # the tempo, by a number: faster says nothing more
    unknown: list[str] = field(default_factory=list)
    taken: list[tuple[str, str]] = field(default_factory=list)

    def reading(self) -> Reading:
        """The outcome of all that was said."""
        self._choose_style()
        self._choose_scale()
        if self.bars:
            mode = MODES.get(str(self.said.get("mode")))
            trades = mode is not None and mode.length is Length.TRADE
            self.said["trade" if trades else "length"] = self.bars
        return Reading(self._checked(), tuple(self.unknown), tuple(self.taken))

    def calculate(self, row: Mapping[str, Any]) -> None:
        """Reckon with where a control stands: twice, half, ten more."""
        axis, by, now = row["axis"], row["by"], self.now(row["axis"])
        value = {"*": now * by, "+": now + by, "-": now - by}[row["sign"]]
        control = CONTROLS[axis]
        self.said[axis] = min(control.high, max(control.low, value))

    def do(self, step: AxisStep) -> None:
        """Set an axis to where a step says, or turn it."""
        row, axis = step.row, str(step.row["axis"])
        about = self.axes[axis]
        if axis == "tempo" and self.is_counted:
            return
        if step.is_not and "not" in row:
            self.said[axis] = row["not"]
        elif step.is_not and "not" in about:
            self.said[axis] = about["not"][row["way"]] if step.is_too else self._denied(axis, row)
        elif step.turn:
            self.said[axis] = _turned(
                about, CONTROLS[axis].low, CONTROLS[axis].high, self.now(axis), step.turn
            )
        else:
            low, high = CONTROLS[axis].low, CONTROLS[axis].high
            beyond = step.beyond * way(row)
            self.said[axis] = _turned(about, low, high, row["at"], beyond) if beyond else row["at"]

    def _denied(self, axis: str, row: Mapping[str, Any]) -> Value:
        """The value at which "not fast" lands: never nearer to what is denied than now."""
        about, control = self.axes[axis], CONTROLS[axis]
        lands = float(about["not"][row["way"]])
        step = _turned(about, control.low, control.high, self.now(axis), -way(row))
        return min(lands, step) if way(row) > 0 else max(lands, step)

    def do_of_part(self, step: AxisStep, part: str) -> None:
        """Louder drums, a busier bass: one step of that part's own."""
        of_part = OF_A_PART[step.row["axis"]]
        name, turn = f"{part}_{of_part}", step.turn or way(step.row)
        control = CONTROLS.get(name)
        if control is None:
            return self.unknown.append(name)
        now = number_of(self.said.get(name, self.present.get(name, control.default)))
        about = {"step": 1, "round": 0} if of_part == "octave" else self.axes[of_part]
        direction = (turn > 0) - (turn < 0)
        turn = direction if of_part == "octave" else turn
        self.said[name] = _turned(about, control.low, control.high, now or 0, turn)
        return None

    def now(self, axis: str) -> float:
        """The value of an axis by what was said so far, is set, or is heard."""
        heard = {"tempo": self.present.get("tempo_bpm")}.get(axis)
        found = (self.said.get(axis), self.implied.get(axis), self.present.get(axis), heard)
        default = self.axes[axis].get("from", CONTROLS[axis].default)
        return next(
            (number for value in found if (number := number_of(value)) is not None), default
        )

    def style(self, row: Mapping[str, Any]) -> None:
        """A style, with what it implies."""
        self.chosen.append((row["rank"], tuple(row["style"])))
        self.implied |= {
            name: value for name, value in row["set"].items() if name not in self.implied
        }
        if "kind" in row:
            self.implied_kinds.setdefault("style", row["kind"])

    def play(self, parts: Collection[str]) -> None:
        """Only these parts play."""
        self.said["parts"] = " ".join(part for part in PARTS if part in parts)

    def add(self, parts: Collection[str]) -> None:
        """Add these parts to those that play, and mute none of them any more."""
        before = str(self.said.get("parts", self.present.get("parts", "auto")))
        self.play([*(("lead", "comp") if before == "auto" else before.split()), *parts])
        self.said |= {
            f"{part}_mute": "off" for part in parts if self.present.get(f"{part}_mute") == "on"
        }

    def _choose_style(self) -> None:
        if self.chosen:
            _, names = max(reversed(self.chosen), key=lambda one: one[0])  # of indie folk, folk
            there = [name for name in names if not self.styles or name in self.styles]
            if there:
                self.said["style"] = there[0]

    def _choose_scale(self) -> None:
        kinds = self.implied_kinds
        kind = (
            self.kind
            or kinds.get("mood", "")
            or ((kinds.get("style") or "major") if self.tonic else "")
        )
        if kind:
            self.said["scale"] = f"{self.tonic or self._home(kind)} {kind}"

    def _home(self, kind: str) -> str:
        """The tonic that is set or heard; without one, that of the white keys."""
        for said in (self.present.get("scale"), self.present.get("key")):
            tonic = str(said or "").partition(" ")[0]
            if tonic[:1] in set("ABCDEFG") and len(tonic) <= 2:
                return tonic
        return _HOME.get(kind, "A")

    def _checked(self) -> dict[str, Value]:
        """All that was said or implied, as the controls take it, in their order; what they do not take is unknown."""
        found: dict[str, Value] = {}
        wanted = {**self.implied, **self.said}
        for name in CONTROLS:
            if name not in wanted:
                continue
            try:
                found[name] = wanted[name] if name == "chart" else checked(name, wanted[name])
            except ConfigError:
                self.unknown.append(f"{name} {wanted[name]}")
        return found


def _shown(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def way(row: Mapping[str, Any]) -> int:
    """1 for a row that goes up, -1 for one that goes down."""
    return 1 if row["way"] == "up" else -1


def number_of(value: object) -> float | None:
    """A value as a number, None where it is none."""
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None


def _turned(about: Mapping[str, Any], low: float, high: float, now: float, turn: float) -> float:
    """A value turned so many steps, kept in its range."""
    value = now * about["factor"] ** turn if "factor" in about else now + about["step"] * turn
    return round(min(high, max(low, float(value))), int(about["round"]))
