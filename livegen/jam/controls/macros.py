"""Macros: movements of several controls over bars, under one name.

A macro is written {energy: [0.3, 0.9], density: 2, variation: D, bars: 8}: a number goes from the first to the second,
or from where it is; a word is set when the movement is over.  A control that somebody else moves meanwhile is his.
Knows ticks and micros; sets controls by what it is given for that.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from livegen.errors import ConfigError
from livegen.jam.controls.controls import CONTROLS, Control, Settings, Value, checked
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.timeline import Timeline

BARS = "bars"
USUAL_BARS, LEAST_BARS, MOST_BARS = 4, 0.25, 64
LONGEST_NAME = 60  # characters: what a message of a page or of OSC may name
STEP = TICKS_PER_BEAT // 2  # ticks from one value to the next
_ARROW = re.compile(r"\s*(?:→|->)\s*")
EXPECTED = "expected controls and bars, such as {energy: [0.3, 0.9], density: 2, bars: 8}"


class Move(NamedTuple):
    """A control goes to a value, from another one or, where that is None, from where it is."""

    control: str
    since: Value | None
    to: Value


@dataclass(frozen=True, slots=True)
class Macro:
    """Moves that take so many bars together."""

    moves: tuple[Move, ...]
    bars: float


def parse_macros(given: object) -> dict[str, Macro]:
    """Macros by name; none of what is no mapping.  Raises ConfigError."""
    macros = given if isinstance(given, Mapping) else {}
    return {str(name): parse_macro(macro) for name, macro in macros.items()}


def parse_macro(given: object) -> Macro:
    """A macro as it is written.  Raises ConfigError."""
    if not isinstance(given, Mapping):
        raise ConfigError(f"{EXPECTED}, got {given!r:.60}")
    bars = given.get(BARS, USUAL_BARS)
    is_number = isinstance(bars, int | float) and not isinstance(bars, bool)
    if not is_number or not LEAST_BARS <= bars <= MOST_BARS:
        raise ConfigError(f"bars: expected {LEAST_BARS:g} to {MOST_BARS} bars, got {bars!r:.60}")
    moves = tuple(_move(str(name), value) for name, value in given.items() if name != BARS)
    if not moves:
        raise ConfigError(f"{EXPECTED}, got no control")
    return Macro(moves, bars)


def _move(name: str, given: object) -> Move:
    if isinstance(given, str) and _ARROW.search(given):
        given = _ARROW.split(given.strip())
    if isinstance(given, bool):  # YAML reads on and off as these
        given = "on" if given else "off"
    ends: Sequence[object] = given if isinstance(given, list | tuple) else [given]
    control = CONTROLS.get(name)
    if control is not None and control.kind == "text":
        raise ConfigError(f"{name}: a macro cannot change a text")
    if not 1 <= len(ends) <= 2:
        raise ConfigError(f"{name}: expected one value, or two: [from, to]; got {given!r:.60}")
    values = [checked(name, end) for end in ends]
    if len(values) == 2 and any(isinstance(value, str) for value in values):
        raise ConfigError(f"{name}: a movement goes between two numbers, got {given!r:.60}")
    return Move(name, values[0] if len(values) == 2 else None, values[-1])


def place(control: Control, since: float, to: float, share: float) -> float:
    """The value of a control after a share, 0 to 1, of its way."""
    if share >= 1:
        return to
    if control.ratio:
        return float(since * (to / since) ** share)
    value = since + share * (to - since)
    return round(value) if control.whole else value


@dataclass(slots=True)
class _Run:
    """A macro that runs: its next step is due at `next_us`.

    Of each control that it still moves the value before it is in `since`, the one that it was given last in `given`.
    """

    macro: Macro
    next_us: int
    done: int = -1  # steps
    steps: int = 1
    since: dict[str, Value] = field(default_factory=dict)
    given: dict[str, Value] = field(default_factory=dict)


class Macros:
    """The macros that run: of two that move the same control the later does.  Threads: loop only.

    `settings` gives the controls as they are, `macros` those that can be started; `put` gives controls other values.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        put: Callable[[Mapping[str, Value], int], None],
        macros: Callable[[], Mapping[str, Macro]],
    ) -> None:
        self._settings, self._put, self._macros = settings, put, macros
        self._runs: dict[str, _Run] = {}

    def snapshot(self) -> dict[str, bool]:
        """Of each macro whether it runs."""
        return {name: name in self._runs for name in self._macros()}

    def start(self, name: str, at: int) -> float:
        """Begin a macro at a time, anew if it runs; how many bars it takes.  Raises ConfigError."""
        macros = self._macros()
        if name not in macros:
            known = ", ".join(macros) or "none"
            raise ConfigError(f"macro: there is no macro {name!r:.80}; there are {known}")
        self._runs.pop(name, None)  # what moves last is asked last
        self._runs[name] = _Run(macros[name], at)
        return macros[name].bars

    def deadline(self) -> int | None:
        """Give the time, micros, at which something is to be moved; None while nothing runs."""
        return min((run.next_us for run in self._runs.values()), default=None)

    def move(self, timeline: Timeline, now: int) -> None:
        """Move what is due by the bars of a timeline."""
        tick = timeline.tick(now)
        for name, run in list(self._runs.items()):
            if run.next_us > now:
                continue
            if run.done < 0:
                self._begin(run, timeline.metre.place(tick).bar)
            else:
                self._leave(run)
            run.done += 1
            after = tick + STEP - tick % STEP
            run.next_us = timeline.micros(after if after - tick > 1 else after + STEP)
            values = self._values(run)
            if run.done >= run.steps or not run.since:
                del self._runs[name]
            self._put(values, now)
            settings = self._settings()
            run.given = {control: getattr(settings, control) for control in run.since}

    def _begin(self, run: _Run, bar: int) -> None:
        settings = self._settings()
        run.steps = max(1, round(run.macro.bars * bar / STEP))
        for control, since, _ in run.macro.moves:
            for other in self._runs.values():
                other.since.pop(control, None)
                other.given.pop(control, None)
            run.since[control] = getattr(settings, control) if since is None else since
        run.given = {control: getattr(settings, control) for control in run.since}

    def _leave(self, run: _Run) -> None:
        """Leave alone what somebody else has moved since the last step."""
        settings = self._settings()
        for control, value in run.given.items():
            if getattr(settings, control) != value:
                del run.since[control]

    def _values(self, run: _Run) -> dict[str, Value]:
        """The values after the steps that are done."""
        share, values = run.done / run.steps, dict[str, Value]()
        for control, _, to in run.macro.moves:
            since = run.since.get(control)
            if since is None:
                continue
            if not isinstance(since, str) and not isinstance(to, str):
                values[control] = place(CONTROLS[control], since, to, share)
            elif share >= 1:
                values[control] = to
        return values
