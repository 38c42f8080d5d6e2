"""Learning: which of all that moves is meant.

A key, a pad or a program change is meant at once.  Of controllers and parameters the one that moves most is, judged a
moment after one of them has moved enough: what hardly moves (a pedal that trembles) never is, and messages that only
choose something (a bank, a parameter) are not counted as moving.  Knows no time but the micros it is told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from livegen.jam.controls.knobs import (
    BANK,
    CHOOSING,
    DATA,
    FINER,
    MPE_SET_UP,
    SETTING,
    Knobs,
    steps,
)
from livegen.jam.controls.sources import CC, FINE, LOW, NOTE, OFFSET_TURNS, PROGRAM, TURNS, Source
from livegen.music.messages import ControlChange, Message, NoteOn, ProgramChange

PATIENCE_US = 20_000_000  # after which nothing is learned
SETTLES_US = 400_000  # after something has moved enough: what moves most by then is meant
_ALL_THE_WAY, _ENOUGH = 127, 8
_VELOCITY_PREFIX = 88  # comes before notes (CA-031), and is no knob
_MOST_A_STEP = 16  # an encoder turns by no more with one message
_TURNED = 3  # steps of an encoder are enough, and so many messages tell one


@dataclass(slots=True)
class Trail:
    """The values of a controller or a parameter in order, with a parameter's low halves, and single steps."""

    values: list[int] = field(default_factory=list)
    low: list[int] = field(default_factory=list)
    steps: int = 0

    @property
    def form(self) -> str:
        """The way a control of the device sends, as one of the forms of `sources`."""
        if self.steps:
            return TURNS
        if self.low:
            return LOW if len(set(self.values)) < 2 else ""
        return turning(self.values)

    @property
    def travel(self) -> float:
        """The distance that a control of the device moved, of 127."""
        form = self.form
        if form in (TURNS, OFFSET_TURNS):
            turns = self.steps + sum(abs(steps(value, form)) for value in self.values)
            return min(_ALL_THE_WAY, turns * _ENOUGH / _TURNED)
        if self.values[:1] == [_ALL_THE_WAY] and set(self.values) <= {0, _ALL_THE_WAY}:
            return _ALL_THE_WAY  # a button, that was not heard before
        return _span(self.low if form == LOW else self.values)


def _span(values: Sequence[int]) -> int:
    return max(values) - min(values) if values else 0


def turning(values: Sequence[int]) -> str:
    """The form in which an encoder without ends sends these values; "" if they are places of a knob."""
    for form, away in _AWAY.items():
        turns = [away(value) for value in values]
        is_small = len(turns) >= _TURNED and all(0 < abs(turn) <= _MOST_A_STEP for turn in turns)
        if is_small and _is_turned(values, turns):
            return form
    return ""


# The number of steps that a value means, and their direction.  Up in either form of TURNS is 1, 2 …; 65 alone is more
# likely up by one who counts from 64 than down.
_AWAY: dict[str, Callable[[int], int]] = {
    OFFSET_TURNS: lambda value: steps(value, OFFSET_TURNS),
    TURNS: lambda value: steps(value, TURNS),
}


def _is_turned(values: Sequence[int], turns: Sequence[int]) -> bool:
    """A knob says no value twice, and passes the middle only on its way; an encoder says how fast it is turned."""
    again = sum(before == after for before, after in pairwise(values))
    is_on_its_way = list(values) in (sorted(values), sorted(values, reverse=True))
    both_ways = max(turns) > 0 > min(turns) and not is_on_its_way
    return both_ways or 2 * again >= len(values) - 1


class BindingLearner:
    """Watches for what is meant by `target`, from `since` on.  Threads: loop only."""

    def __init__(self, target: str, since: int) -> None:
        self.target = target
        self._gives_up = since + PATIENCE_US
        self._settles: int | None = None
        self._trails: dict[Source, Trail] = {}
        self._fine: set[Source] = set()  # controllers below 32 of which both halves came
        self._banked: set[int] = set()  # channels

    def feed(self, message: Message, knobs: Knobs, now: int) -> Source | None:
        """Take a message that the knobs have read; what is meant, where that is certain at once."""
        match message:
            case NoteOn(pitch, _, channel):
                return Source(NOTE, pitch, channel)
            case ControlChange(control) if control < 120:
                self._follow(message, knobs)
            case ProgramChange(program, channel):
                bank = knobs.bank(channel) if channel in self._banked else None
                return Source(PROGRAM, program, channel, bank=bank)
        if self._settles is None and self.meant() is not None:
            self._settles = now + SETTLES_US
        return None

    def deadline(self) -> int:
        """The time, micros, at which it is settled what is meant, or that nothing is."""
        return self._gives_up if self._settles is None else self._settles

    def meant(self) -> Source | None:
        """Give the source that moved most; None if none has moved enough."""
        if not self._trails:
            return None
        source = max(self._trails, key=lambda one: self._trails[one].travel)
        trail = self._trails[source]
        if trail.travel < _ENOUGH:
            return None
        coarse = source._replace(number=source.number % FINER)
        if source.kind == CC and source.number < 2 * FINER and coarse in self._fine:
            return coarse._replace(form=FINE)
        return source._replace(form=trail.form)

    def _follow(self, change: ControlChange, knobs: Knobs) -> None:
        control, value, channel = change.control, change.value, change.channel
        parameter = knobs.parameter(channel)
        if control in (BANK, BANK + FINER):
            self._banked.add(channel)
        if control in CHOOSING or control == _VELOCITY_PREFIX:
            return
        if control in SETTING and parameter is not None:
            self._follow_parameter(parameter, control, value)
            return
        coarse = Source(CC, control % FINER, channel)
        if control < 2 * FINER and None not in knobs.halves(coarse):
            self._fine.add(coarse)
        self._trail(Source(CC, control, channel)).values.append(value)

    def _follow_parameter(self, parameter: Source, control: int, value: int) -> None:
        if parameter._replace(channel=None) in MPE_SET_UP:
            return
        trail = self._trail(parameter)
        if control == DATA:
            trail.values.append(value)
        elif control == DATA + FINER:
            trail.low.append(value)
        else:
            trail.steps += 1

    def _trail(self, source: Source) -> Trail:
        return self._trails.setdefault(source, Trail())
