"""Playing a journal again: each engine is made as it was, is fed the same in the same order, and is compared.

It is also woken when it was woken then, so that even what was planned too late comes out the same.  Knows no
files, no models and no configuration: whoever asks brings a way to make the engines.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from livegen.jam.engine import Engine, Event, Wake
from livegen.jam.journal import Run, Session
from livegen.jam.mapping import Command
from livegen.jam.rows import Header, Out, Told, Took, Woke
from livegen.music.messages import ControlChange, Cut, NoteOff, NoteOn, decode, encode

Build = Callable[[Header], Engine]
Meaning = Callable[[Told], Event]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far playing again gave the same: so many of so many notes, and where it first differed, in a line."""

    notes: int
    reproduced: int
    difference: str | None = None

    @property
    def is_same(self) -> bool:
        """Nothing differed: no note, no time, no cut."""
        return self.difference is None

    def __str__(self) -> str:
        said = f"reproduced {self.reproduced} of {self.notes} notes"
        return said if self.difference is None else f"{said}; {self.difference}"


def command(told: Told) -> Event:
    """What an engine was told, as a command."""
    return Command(told.name, told.value)


def reproduce(session: Session, build: Build, meaning: Meaning = command) -> Outcome:
    """Play every engine of a session again, as far as the first difference.

    `build` makes the engine that a header describes, `meaning` the event that it was told.
    """
    notes = sum(len(_notes(handed_out(run))) for run in session.runs)
    reproduced = 0
    for run in session.runs:
        expected = handed_out(run)
        same, difference = _compared(expected, replay(run, build(run.header), meaning), session)
        reproduced += len(_notes(expected[:same]))
        if difference is not None:
            return Outcome(notes, reproduced, difference + _excuse(session))
    return Outcome(notes, reproduced)


def handed_out(run: Run) -> list[Out]:
    """What the engine handed out then, in order."""
    return [out for did in run.did for out in did.out]


def replay(run: Run, engine: Engine, meaning: Meaning = command) -> Iterator[Out]:
    """Feed an engine as it was fed then; what it hands out now, in order."""
    for event, at in _events(run, meaning):
        for due, message in engine.feed(event, at):
            if not isinstance(message, Command):
                yield Out(due, b"" if isinstance(message, Cut) else encode(message))


def _events(run: Run, meaning: Meaning) -> Iterator[tuple[Event, int]]:
    """Every event with the micros at which it was fed: they never decrease, whatever the stamps say."""
    heard, now = deque(run.heard), 0
    for step in (step for did in run.did for step in did.fed):
        match step:
            case Took(messages):
                for stamp, data in (heard.popleft() for _ in range(min(messages, len(heard)))):
                    now = max(now, stamp)
                    if (message := decode(data)) is not None:
                        yield message, now
            case Woke(at):
                now = at
                yield Wake(), at
            case Told(at):
                now = at
                yield meaning(step), at


def _compared(
    expected: Sequence[Out], found: Iterator[Out], session: Session
) -> tuple[int, str | None]:
    """How many are the same, and the first that is not."""
    same = 0
    for then, now in zip_longest(expected, found):
        if then != now:
            at = (min(out.due for out in (then, now) if out is not None) - session.began) / 1e6
            return same, f"{at:.3f} s after the beginning: {_said(then)} then, {_said(now)} now"
        same += 1
    return same, None


def _excuse(session: Session) -> str:
    if not session.lost:
        return ""
    return f" ({session.lost} lines of the journal could not be written: the disk was full)"


def _notes(outs: Sequence[Out]) -> list[Out]:
    return [out for out in outs if isinstance(decode(out.data), NoteOn)]


def _said(out: Out | None) -> str:
    """A message for people, channels from 1."""
    if out is None:
        return "nothing"
    match decode(out.data):
        case NoteOn(pitch, velocity, channel):
            return f"note {pitch} at {velocity} on channel {channel + 1}, due {out.due}"
        case NoteOff(pitch, _, channel):
            return f"the end of note {pitch} on channel {channel + 1}, due {out.due}"
        case ControlChange(control, value, channel):
            return f"controller {control} at {value} on channel {channel + 1}, due {out.due}"
        case _:
            return f"{out.data.hex()}, due {out.due}" if out.data else f"a cut at {out.due}"
