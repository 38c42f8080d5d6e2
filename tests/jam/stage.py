"""What tests of the engine share: a jam on virtual time, a player, a DAW that sends clock."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from livegen.app.engines import load_generator, load_phrase_model
from livegen.inference.contract import Model
from livegen.inference.generator import Generator
from livegen.inference.phrase_model import PhraseModel
from livegen.jam.controls.controls import settings
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import Engine
from livegen.jam.planning.brief import Brief
from livegen.jam.planning.registers import everything
from livegen.music.messages import NoteOff, NoteOn, Other
from livegen.music.parts import PARTS
from livegen.testing import SECOND, EchoModel, Rehearsal

BEAT = SECOND // 2  # at 120, the tempo of all that is played here
BAR = 4 * BEAT
CLOCK, START, CONTINUE, STOP = (Other(bytes((status,))) for status in (0xF8, 0xFA, 0xFB, 0xFC))


@cache
def phrase_model() -> PhraseModel:
    """The phrase encoder that came with livegen, read once."""
    return load_phrase_model()


@cache
def generator(encoder: PhraseModel) -> Generator:
    """The generator of phrases in a style that came with livegen, read once."""
    return load_generator(encoder)


def rehearsal(model: Model | None = None, seed: int = 1, **controls: object) -> Rehearsal:
    """An engine at tempo 120, by default with the model that repeats the last note on every beat."""
    given = settings({"tempo": 120, **controls})
    model = model or EchoModel()
    return Rehearsal(
        Engine(model, seed=seed, settings=given, phrase_model=phrase_model, generator=generator)
    )


def brief_of(part: int, start: int, end: int) -> Brief:
    """What one part is told to plan between two ticks: any pitches, one at a time."""
    parts = tuple(it == part for it in range(len(PARTS)))
    return Brief(start, end, parts, everything(), (1,) * len(PARTS), (0, 1, 2, 9))


def play(jam: Rehearsal, pitches: Sequence[int] = (60, 62, 64, 65), at: int = 0) -> int:
    """A note on every beat, four fifths of it long; gives the time of the last release."""
    for beat, pitch in enumerate(pitches):
        jam.play(at + beat * BEAT, NoteOn(pitch, 80))
        jam.play(at + beat * BEAT + BEAT * 4 // 5, NoteOff(pitch))
    return jam.now


def clocks(jam: Rehearsal, beats: float, at: int, tempo_us: int = BEAT) -> int:
    """Clocks of so many beats from `at` on; gives when the next is due."""
    count = round(beats * 24)
    for clock in range(count):
        jam.play(at + clock * tempo_us // 24, CLOCK)
    return at + count * tempo_us // 24


def notes(jam: Rehearsal, channels: Collection[int]) -> list[tuple[int, int, int]]:
    """What the model has begun and ended on some channels, as it ended: from when, until when, pitch."""
    began, found = dict[tuple[int, int], int](), list[tuple[int, int, int]]()
    for at, message in jam.sent:
        if isinstance(message, NoteOn | NoteOff) and message.channel in channels:
            key = message.channel, message.pitch
            if key in began:
                found.append((began.pop(key), at, message.pitch))
            if isinstance(message, NoteOn):
                began[key] = at
    return found


def command(jam: Rehearsal, name: str, value: object = None, at: int | None = None) -> None:
    """Ask for something, now or at a time."""
    jam.play(jam.now if at is None else at, Command(name, value))


def onsets(jam: Rehearsal, since: int = 0, until: int = 1 << 60) -> list[tuple[int, NoteOn]]:
    """What the model has begun, with times, from `since` to before `until`."""
    return [(at, it) for at, it in jam.sent if isinstance(it, NoteOn) and since <= at < until]


def began(jam: Rehearsal) -> int:
    """Let time pass until the model begins its next note; when."""
    before = len(onsets(jam))
    while len(onsets(jam)) == before:
        deadline = jam.engine.deadline()
        assert deadline is not None, "it will not play"
        jam.until(deadline)
    return onsets(jam)[before][0]


def reply(jam: Rehearsal) -> dict[str, Any]:
    """The latest reply; empty before there is one."""
    said = jam.engine.snapshot()["reply"]
    assert isinstance(said, dict)
    return said


def line(jam: Rehearsal) -> str:
    """The sentence of the latest reply."""
    return str(reply(jam)["line"])


def turn(jam: Rehearsal) -> object:
    """Whose turn it is."""
    return jam.engine.snapshot()["turn"]
