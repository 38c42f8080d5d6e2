"""Playing a journal again: each engine is made as it was, is fed the same in the same order, and is compared.

It is also woken when it was woken then, so that even what was planned too late comes out the same.  Knows no
files, no models and no configuration: whoever asks brings a way to make the engines.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from livegen.jam.controls.mapping import Command
from livegen.jam.engine import TAKE_UP, Engine, Event, TakeUp, Wake
from livegen.jam.reports.journal import EngineRun, Session
from livegen.jam.reports.rows import Fault, Header, JournalError, Out, Told, Took, Woke
from livegen.jam.timing.agenda import Timed
from livegen.music.messages import ControlChange, Cut, NoteOff, NoteOn, decode, encode

Build = Callable[[Header], Engine]
Meaning = Callable[[Told], Event]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of playing again: so many of so many notes were the same, where it first differed, and what failed.

    `faults` say where an engine raised, then or now.
    """

    notes: int
    reproduced: int
    difference: str | None = None
    faults: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        """Nothing differed: no note, no time, no cut."""
        return self.difference is None

    def __str__(self) -> str:
        said = f"reproduced {self.reproduced} of {self.notes} notes"
        return "; ".join([said, *([self.difference] if self.difference else []), *self.faults])


def command(told: Told) -> Event:
    """Make a command of what an engine was told, or the music that it took up.  Raises JournalError."""
    if told.name == TAKE_UP and isinstance(told.value, dict):
        try:
            return TakeUp.of(told.value, told.at)
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise JournalError(f"the music that an engine took up is damaged ({error!r})") from None
    return Command(told.name, told.value)


def reproduce(session: Session, build: Build, meaning: Meaning = command) -> Outcome:
    """Play every engine of a session again, as far as the first difference.  One that raises loses that step, as then.

    `build` makes the engine that a header describes, `meaning` the event that it was told.
    """
    notes = sum(len(_notes(handed_out(run))) for run in session.runs)
    reproduced, difference = 0, None
    raised: list[Fault] = []
    for run in session.runs:
        expected = handed_out(run)
        found = replay(run, build(run.header), meaning, raised.append)
        same, difference = _compared(expected, found, session)
        reproduced += len(_notes(expected[:same]))
        if difference is not None:
            difference += _excuse(session)
            break
    faults = (*_told("then", session.faults, session), *_told("now", raised, session))
    return Outcome(notes, reproduced, difference, faults)


def explained(session: Session, build: Build, meaning: Meaning = command) -> Iterator[str]:
    """Tell why the notes of the model were played, a line each with its seconds from the beginning, where known.

    The session is played again for it.
    """
    for run in session.runs:
        engine, coming = build(run.header), deque[tuple[int, NoteOn]]()
        engine.watch(True)
        for event, at in _events(run, meaning):
            for due, message in _fed(engine, event, at, lambda fault: None):
                if isinstance(message, NoteOn):
                    coming.append((due, message))
            while coming and coming[0][0] < at:
                due, note = coming.popleft()
                if line := engine.explain(due, note.channel, note.pitch):
                    yield f"{(due - session.began) / 1e6:9.3f} s  {line}"


def _told(when: str, faults: Sequence[Fault], session: Session) -> list[str]:
    """A sentence for the faults of then or now, if there were any: how many, and the first."""
    if not faults:
        return []
    after = (faults[0].at - session.began) / 1e6
    many = f", and {len(faults) - 1} times more" if len(faults) > 1 else ""
    return [f"the engine failed {when} {after:.3f} s after the beginning{many}: {faults[0].said}"]


def handed_out(run: EngineRun) -> list[Out]:
    """Give the messages that the engine handed out then, in order."""
    return [out for did in run.did for out in did.out]


def replay(
    run: EngineRun,
    engine: Engine,
    meaning: Meaning = command,
    failed: Callable[[Fault], object] = lambda fault: None,
) -> Iterator[Out]:
    """Feed an engine as it was fed then; what it hands out now, in order.  `failed` is told where it raises."""
    for event, at in _events(run, meaning):
        for due, message in _fed(engine, event, at, failed):
            if not isinstance(message, Command):
                if isinstance(message, Cut):
                    yield Out(due, keys=message.keys)
                else:
                    yield Out(due, encode(message))


def _fed(
    engine: Engine, event: Event, at: int, failed: Callable[[Fault], object]
) -> Sequence[Timed]:
    """Feed an engine an event and give what it hands out; a step at which it raises is lost, as in `serve`."""
    try:
        return engine.feed(event, at)
    except Exception as error:
        failed(Fault(at, f"{type(error).__name__}: {error}"[:200]))
        return []


def _events(run: EngineRun, meaning: Meaning) -> Iterator[tuple[Event, int]]:
    """Every event with the micros at which it was fed: they never decrease, whatever the stamps say."""
    heard, now = deque(run.heard), run.header.at
    for did in run.did:
        now = max(now, did.at)  # what came while the engine was loading was fed when it was there
        for step in did.fed:
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
    """Give how many are the same, and the first that is not."""
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
            return f"{out.written}, due {out.due}"
