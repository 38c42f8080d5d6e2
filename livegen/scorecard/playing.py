"""An engine that hears a call in time with MIDI clock, on virtual time, and what it plays.

A call is played at its piece's tempo on a steady clock that has counted a bar in before it.  Beats are those of the
true clock, 0 being the call's first bar line.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from livegen.inference.contract import Model
from livegen.jam.controls.controls import settings
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import Engine
from livegen.music.chords.chord import Chord
from livegen.music.chords.chord_names import chord_named
from livegen.music.instant import ranked
from livegen.music.messages import Message, NoteOff, NoteOn, Other
from livegen.music.note import Note
from livegen.music.sync.transport import CLOCK, START
from livegen.scorecard.held_out_calls import LeadCall
from livegen.testing import SECOND, Rehearsal

CLOCKS = 24  # a beat
START_US = 1_000_000
LONGEST_WAIT_BARS = 40  # for an answer to end


@dataclass(frozen=True, slots=True)
class PlayedCall:
    """The result of a call.

    `notes` are the model's, by onset; `line` the beat at which its answer might begin, None when it never did;
    `hanging` is how many notes still sounded a second after the end; `heard_us` the beat, micros, that the engine
    went by when the call was over; `expected` the next chord that it foresaw at each beat at which it was asked.
    """

    call: LeadCall
    notes: tuple[Note, ...]
    line: float | None
    hanging: int = 0
    heard_us: int = 0
    expected: Mapping[float, Chord | None] = field(default_factory=dict)

    @property
    def answer(self) -> tuple[Note, ...]:
        """The notes that began once the call had ended."""
        return tuple(note for note in self.notes if note.onset >= self.call.ends)


def played(
    model: Model,
    call: LeadCall,
    values: dict[str, object],
    *,
    seed: int = 0,
    after_bars: int | None = None,
    more: Sequence[tuple[float, Message]] = (),
    has_clock: bool = True,
    asks: Sequence[float] = (),
    rehearse: Callable[[Engine], Rehearsal] = Rehearsal,
) -> PlayedCall:
    """Play a call to an engine with these settings, and let it answer to the end, or for so many bars.

    `values` are controls by name; ConfigError is raised for one that does not fit.  `more` is played beside the
    call: messages with their beats.  Without `has_clock` nothing tells the engine tempo and bars but the call.  At the
    beats `asks` it is asked for the next chord that it foresees.  `rehearse` makes what it plays in.  Same seed, same
    notes.
    """
    engine = Engine(
        model,
        seed=seed,
        settings=settings({"metre": call.metre, **values} if has_clock else values),
        rules={0: "lead", 1: "comp"},
    )
    rehearsal = rehearse(engine)
    rows = sorted([*ranked(_messages(call)), *ranked(more)], key=itemgetter(0, 1))
    timed = [(beat, message) for beat, _, message in rows]
    questions, expected = sorted(asks), dict[float, Chord | None]()
    most = call.bars + (LONGEST_WAIT_BARS if after_bars is None else after_bars)
    begin_us = beginning(call)
    if has_clock:
        rehearsal.play(START_US - 1_000, Other(bytes((START,))))
    at, clocks = 0, round((1 + most) * call.bar * CLOCKS)
    for clock in range(clocks):
        due = START_US + clock * call.tempo_us // CLOCKS
        while at < len(timed) and begin_us + timed[at][0] * call.tempo_us < due:
            rehearsal.play(begin_us + round(timed[at][0] * call.tempo_us), timed[at][1])
            at += 1
        if has_clock:
            rehearsal.play(due, Other(bytes((CLOCK,))))
        rehearsal.until(due)
        while questions and begin_us + questions[0] * call.tempo_us <= due:
            expected[questions.pop(0)] = next_chord(engine)
        is_over = after_bars is None and at == len(timed) and clock % CLOCKS == 0
        if is_over and engine.snapshot()["turn"] == "waiting":
            break
    sent = list(rehearsal.sent)
    heard_us = engine.timeline.tempo_us
    line = None
    taken = engine.taken
    if taken:
        start_us = engine.timeline.micros(taken[-1].response.start)
        line = round((start_us - begin_us) / call.tempo_us * CLOCKS) / CLOCKS
    if after_bars is not None:
        rehearsal.play(rehearsal.now, Command("stop"))
    rehearsal.until(rehearsal.now + SECOND)
    hanging = len(rehearsal.wire.sounding)
    notes = tuple(_notes(sent, begin_us, call.tempo_us))
    return PlayedCall(call, notes, line, hanging, round(heard_us), expected)


def beginning(call: LeadCall) -> int:
    """Give the time, micros, of the first bar line of a call: a bar is counted in before it."""
    return START_US + round(call.bar * call.tempo_us)


def next_chord(engine: Engine) -> Chord | None:
    """The next other chord that an engine foresees; None where it foresees none."""
    name = str(engine.snapshot()["next_chord"])
    return chord_named(name) if name else None


def _messages(call: LeadCall) -> Iterator[tuple[float, Message]]:
    for note in call.notes:
        yield note.onset, NoteOn(note.pitch, note.velocity)
        yield note.end, NoteOff(note.pitch)


def _notes(sent: Sequence[tuple[int, Message]], begin_us: int, tempo_us: int) -> Iterator[Note]:
    """Notes that went out, in beats from the call's first bar line."""
    found, sounding = [], {}
    for at, message in sent:
        beat = (at - begin_us) / tempo_us
        match message:
            case NoteOn(pitch, velocity, channel):
                sounding[channel, pitch] = (beat, velocity)
            case NoteOff(pitch, _, channel) if (channel, pitch) in sounding:
                since, velocity = sounding.pop((channel, pitch))
                found.append(Note(since, beat, pitch, velocity, channel))
            case _:
                pass
    return iter(sorted(found))
