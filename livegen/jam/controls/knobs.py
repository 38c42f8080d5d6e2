"""Readings of messages: which knob, pad or parameter was moved, also where several messages say one thing.

A parameter is chosen by two controllers (99 and 98, or 101 and 100) and set by others (6 and 38, or 96 and 97 by a
step); a fine controller is two (n and n + 32, in either order); a program comes after its bank (0 and 32).  MIDI 1.0,
table III and RP-018.  Knows no bindings and no time.
"""

from typing import NamedTuple

from livegen.jam.controls.sources import (
    CC,
    FINE,
    LOW,
    NOTE,
    NRPN,
    OFFSET_TURNS,
    PROGRAM,
    RPN,
    TURNS,
    Source,
)
from livegen.music.messages import ControlChange, Message, NoteOff, NoteOn, ProgramChange

BANK, DATA, INCREMENT, DECREMENT = 0, 6, 96, 97
FINER = 32  # the low bits of controller n come on n + 32
_CHOOSES = {99: (NRPN, 0), 98: (NRPN, 1), 101: (RPN, 0), 100: (RPN, 1)}
CHOOSING = frozenset(_CHOOSES)
SETTING = frozenset((DATA, DATA + FINER, INCREMENT, DECREMENT))
_NONE = 127 << 7 | 127  # the parameter that says: no parameter
MPE_SET_UP = frozenset({Source(RPN, 0), Source(RPN, 6)})  # bend range, zone: no knobs
_WHOLE, _FULL = 127, (1 << 14) - 1


class Moved(NamedTuple):
    """A reading of a message: from where, and a place 0..127, or by how many `steps` where it has none."""

    source: Source
    place: float
    steps: int | None = None


class Knobs:
    """The state of each channel: the parameter chosen, the bank, the halves of fine values."""

    def __init__(self) -> None:
        self._chosen: dict[int, str] = {}  # channel -> kind of the parameter
        self._numbers: dict[tuple[int, str], list[int]] = {}
        self._halves: dict[Source, list[int | None]] = {}

    def read(self, message: Message) -> list[Moved]:
        """Every reading of a message, the most telling first; none of what nobody can bind."""
        match message:
            case NoteOn(pitch, velocity, channel):
                return [Moved(Source(NOTE, pitch, channel), velocity)]
            case NoteOff(pitch, _, channel):
                return [Moved(Source(NOTE, pitch, channel), 0)]
            case ControlChange(control, value, channel) if control < 120:
                return self._controller(control, value, channel)
            case ProgramChange(program, channel):
                return self._program(program, channel)
            case _:
                return []

    def parameter(self, channel: int) -> Source | None:
        """The parameter that data on this channel sets; None while none is chosen."""
        kind = self._chosen.get(channel)
        if kind is None:
            return None
        high, low = self._numbers[channel, kind]
        number = high << 7 | low
        return None if number == _NONE else Source(kind, number, channel)

    def halves(self, source: Source) -> tuple[int | None, int | None]:
        """The high and the low seven bits last heard of a parameter, or of a controller below 32."""
        high, low = self._halves.get(source, (None, None))
        return high, low

    def bank(self, channel: int) -> int | None:
        """The bank last chosen: of one controller its value, of both 128 times the first and the second."""
        high, low = self.halves(Source(CC, BANK, channel))
        if high is None or low is None:
            return high if low is None else low
        return high << 7 | low

    def _program(self, number: int, channel: int) -> list[Moved]:
        plain, bank = Source(PROGRAM, number, channel), self.bank(channel)
        banked = [] if bank is None else [Moved(plain._replace(bank=bank), _WHOLE)]
        return [*banked, Moved(plain, _WHOLE)]

    def _controller(self, control: int, value: int, channel: int) -> list[Moved]:
        plain = Source(CC, control, channel)
        if control in _CHOOSES:
            kind, half = _CHOOSES[control]
            self._chosen[channel] = kind
            self._numbers.setdefault((channel, kind), [127, 127])[half] = value
        readings = []
        if control < 2 * FINER:
            coarse, half = plain._replace(number=control % FINER), control // FINER
            readings += self._fine(coarse, half, value, coarse._replace(form=FINE))
        parameter = self.parameter(channel)
        if parameter is not None:
            readings = [*self._data(parameter, control, value), *readings]
        readings += [
            Moved(plain._replace(form=form), value, steps(value, form))
            for form in (TURNS, OFFSET_TURNS)
        ]
        return [*readings, Moved(plain, value)]

    def _data(self, parameter: Source, control: int, value: int) -> list[Moved]:
        """The readings of a controller that sets a parameter."""
        if control in (INCREMENT, DECREMENT):
            by = 1 if control == INCREMENT else -1
            return [Moved(parameter._replace(form=TURNS), value, by)]
        if control not in (DATA, DATA + FINER):
            return []
        readings = self._fine(parameter, control // FINER, value, parameter)
        high, low = self.halves(parameter)
        whole = (high or 0) << 7 | (low or 0)
        return [Moved(parameter._replace(form=LOW), min(whole, _WHOLE)), *readings]

    def _fine(self, halves_of: Source, half: int, value: int, source: Source) -> list[Moved]:
        """The reading of a value in two halves: nothing before the high one came, which may be all there is."""
        halves = self._halves.setdefault(halves_of, [None, None])
        halves[half] = value
        high, low = halves
        if high is None:
            return []
        return [Moved(source, float(high) if low is None else (high << 7 | low) * _WHOLE / _FULL)]


def steps(value: int, form: str) -> int:
    """By how many steps an encoder without ends turns; up is positive."""
    if form == OFFSET_TURNS:
        return value - 64
    if value < 64:
        return value
    # Two ways to count down: 127, 126 … and 65, 66 …  Nobody turns by more than half of either.
    return value - 128 if value > 96 else 64 - value
