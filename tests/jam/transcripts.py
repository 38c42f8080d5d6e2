"""Transcripts: jams as text, one line for each thing that happened.

    # why this transcript is here
    set mode continue            a control; `model echo|uniform|bass` and `seed 7` likewise
    bind cc 20: freeze           what is bound
    preset loud: energy 1, density 2
    route bass: channel 3, program 33, transpose -12
    clock 120 from 0.900 beats 32          start, and so many beats of MIDI clock; `... on` without the start
    0.000 > note_on 60 80        the player (`note_on 60 80 10` is channel 10), `note_off 60`,
    0.250 > pedal down           `control_change 74 64`, `program 4`, `stop`, `continue`, `position 16` (sixteenths)
    0.500 > command temperature 0.5
    0.600 > link 120 from 0.000 peers 1
    0.700 < note_on 60 80        the model; its clocks are not shown, start and stop are
    1.000 ? turn responding, density 0.5   what a status line shows then, or a control
    10.000 end

`python -m tests.jam.transcripts --write` plays them all again and writes what the model does now; the diff
is to be read by a person.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from heapq import merge
from pathlib import Path
from typing import Any, NamedTuple

from livegen.codec.layout import FIELDS, Event
from livegen.inference.contract import Logits, Model, Query, Sounding, State, Summary
from livegen.jam.controls.controls import CONTROLS, settings
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import Engine
from livegen.jam.engine import Event as Fed
from livegen.jam.timing.agenda import Route
from livegen.music.messages import ControlChange, Message, NoteOff, NoteOn, Other, ProgramChange
from livegen.music.parts import BASS
from livegen.music.time.timeline import tempo_us
from livegen.testing import EchoModel, Rehearsal, UniformModel


class BassModel(EchoModel):
    """Plays bass, a note on every beat, half a beat long, and of any pitch."""

    def advance(
        self, event: Event, style: int, sounding: Sounding, state: State
    ) -> tuple[State, Summary]:
        """Remember where in the bar we are, and whether the bass sounds."""
        heard = super().advance(event, style, sounding, state)[0]
        heard[0] = sounding[BASS * 128 : (BASS + 1) * 128].any()
        heard[1], heard[3] = BASS, 20
        return heard, heard

    def logits(self, field: str, summary: Summary, query: Query) -> Logits:
        """As certain as the echo of all but pitches and of which beat comes next."""
        if field == "pitch":
            return UniformModel.logits(self, field, summary, query) * 0
        logits = super().logits(field, summary, query)
        if field == "time" and not summary[0]:
            position = int(summary[4])
            for time in range(FIELDS["time"]):
                if (position + time) % 24:
                    logits[time] = -2000
        return logits


FOLDER = Path(__file__).parent.parent / "transcripts"
MODELS: dict[str, Callable[[], Model]] = {
    "echo": EchoModel,
    "uniform": lambda: UniformModel(6),
    "bass": BassModel,
}
BYTES = {"stop": b"\xfc", "continue": b"\xfb", "start": b"\xfa"}
WORDS = {data: word for word, data in BYTES.items()}
CLOCK, START = Other(b"\xf8"), Other(b"\xfa")


class Line(NamedTuple):
    """What happens at a time, and the line that says so, None for one clock of many."""

    at: int
    happens: Fed | None
    text: str | None


def paths() -> list[Path]:
    """All transcripts."""
    return sorted(FOLDER.glob("*.txt"))


def played_again(text: str) -> str:
    """The transcript with the model's lines as the engine plays them now."""
    kept = [line for line in text.splitlines() if "<" not in line.split("#")[0]]
    words = [line.split("#")[0].split() for line in kept]
    rehearsal = Rehearsal(_engine([line.split("#")[0].strip() for line in kept]))
    happening = [
        Line(_micros(word[0]), _event(word[1:]), line)
        for line, word in zip(kept, words, strict=True)
        if word and word[0][0].isdigit()
    ]
    played = [
        line for line, word in zip(kept, words, strict=True) if not (word and word[0][0].isdigit())
    ]
    clocks = [_clocks(word) for word in words if word[:1] == ["clock"]]
    shown = 0
    for at, happens, line in merge(*clocks, happening, key=lambda line: line.at):
        if happens is None:
            rehearsal.until(at)
        else:
            rehearsal.play(at, happens)
        if line is None:
            continue
        heard = _heard(rehearsal)
        until = next((n for n in range(shown, len(heard)) if heard[n][0] >= at), len(heard))
        played += [text for _, text in heard[shown:until]]
        played.append(_shown(line, rehearsal) if " ? " in line else line)
        played += [text for _, text in heard[until:]]
        shown = len(heard)
    return "\n".join(played) + "\n"


def _heard(rehearsal: Rehearsal) -> list[tuple[int, str]]:
    """What the model sent, in words, with times; and what it asks of whoever keeps files."""
    sent = [(at, _told(at, message)) for at, message in rehearsal.sent]
    asked = [(at, _asked(at, command)) for at, command in rehearsal.wire.asked]
    told = [(at, text) for at, text in sent + asked if text]
    return sorted(told, key=lambda it: it[0])


def _engine(lines: list[str]) -> Engine:
    words = [line.split() for line in lines]
    # Most were written for answers on the next beat, and show other things than where an answer begins.
    given = {"start": "beat", "theme": "0.5"}
    given |= {word[1]: " ".join(word[2:]) for word in words if word[:1] == ["set"]}
    model = next((word[1] for word in words if word[:1] == ["model"]), "echo")
    seed = next((int(word[1]) for word in words if word[:1] == ["seed"]), 0)
    return Engine(
        MODELS[model](),
        seed=seed,
        settings=settings(given),
        bindings=dict(_named(lines, "bind")),
        presets={name: _values(what) for name, what in _named(lines, "preset")},
        routes={name: _route(_values(what)) for name, what in _named(lines, "route")},
    )


def _named(lines: list[str], word: str) -> Iterator[tuple[str, str]]:
    """Name and rest of lines such as `preset loud: energy 1`."""
    for line in lines:
        if line.startswith(word + " "):
            name, _, rest = line.removeprefix(word + " ").partition(":")
            yield name.strip(), rest.strip()


def _values(text: str) -> dict[str, str]:
    return {name: value for name, _, value in (it.strip().partition(" ") for it in text.split(","))}


def _route(values: dict[str, str]) -> Route:
    numbers: dict[str, Any] = {name: int(value) for name, value in values.items()}
    route = Route(**numbers)
    return replace(route, channel=route.channel - 1)


def _micros(seconds: str) -> int:
    whole, _, part = seconds.partition(".")
    return int(whole) * 1_000_000 + int(part.ljust(6, "0")[:6])


def _clocks(words: list[str]) -> Iterator[Line]:
    """Start and clocks of a line such as `clock 120 from 0.900 beats 32`."""
    began, tempo = _micros(words[3]), tempo_us(float(words[1]))
    if words[-1] != "on":
        yield Line(began, START, None)
    for clock in range(round(float(words[5]) * 24)):
        yield Line(began + clock * tempo // 24, CLOCK, None)


def _event(words: list[str]) -> Fed | None:
    if words[0] != ">":
        return None
    name, numbers = words[1], [int(word) for word in words[2:] if word.lstrip("-").isdigit()]

    def channel(place: int) -> int:
        return numbers[place] - 1 if len(numbers) > place else 0

    events: dict[str, Callable[[], Fed]] = {
        "command": lambda: Command(words[2], " ".join(words[3:]) or None),
        "note_on": lambda: NoteOn(numbers[0], numbers[1], channel(2)),
        "note_off": lambda: NoteOff(numbers[0], channel=channel(1)),
        "control_change": lambda: ControlChange(numbers[0], numbers[1], channel(2)),
        "pedal": lambda: ControlChange(64, 127 * (words[2] == "down"), channel(0)),
        "program": lambda: ProgramChange(numbers[0], channel(1)),
        "position": lambda: Other(bytes((0xF2, numbers[0] % 128, numbers[0] // 128))),
        "link": lambda: Command("link", _link(words)),
    }
    return Other(BYTES[name]) if name in BYTES else events[name]()


def _link(words: list[str]) -> dict[str, int]:
    """What Link says, from `link 120 from 0.000 peers 1`."""
    tempo = tempo_us(float(words[2]))
    return {"tempo_us": tempo, "origin_us": _micros(words[4]), "peers": int(words[6])}


def _shown(line: str, rehearsal: Rehearsal) -> str:
    """A line that asks, with the answers of now."""
    before, _, asked = line.partition(" ? ")
    snapshot = rehearsal.engine.snapshot()
    names = [it.split()[0] for it in asked.split("#")[0].split(",")]
    values = [
        getattr(rehearsal.engine.settings, name) if name in CONTROLS else snapshot[name]
        for name in names
    ]
    told = ", ".join(
        f"{name} {'-' if value in ('', None) else value}"
        for name, value in zip(names, values, strict=True)
    )
    return f"{before} ? {told}"


def _told(at: int, message: Message) -> str:
    """What the model sent, in words; "" for a clock."""
    match message:
        case NoteOn(pitch, velocity, channel):
            return f"{_time(at)} < note_on {pitch} {velocity}{_where(channel)}"
        case NoteOff(pitch, _, channel):
            return f"{_time(at)} < note_off {pitch}{_where(channel)}"
        case ProgramChange(program, channel):
            return f"{_time(at)} < program {program}{_where(channel)}"
        case Other(data) if data in WORDS:
            return f"{_time(at)} < {WORDS[data]}"
        case _:
            return ""


def _asked(at: int, command: Command) -> str:
    value = command.value
    span = [_time(value[name]) for name in ("from", "to")] if isinstance(value, dict) else []
    return " ".join([_time(at), "<", command.name, *span])


def _where(channel: int) -> str:
    return f" {channel + 1}" if channel else ""


def _time(at: int) -> str:
    return f"{at // 1_000_000}.{at % 1_000_000 // 1000:03}"


if __name__ == "__main__":
    for path in paths():
        now = played_again(path.read_text())
        if now != path.read_text():
            print(f"{path.name} differs")
            if "--write" in sys.argv:
                path.write_text(now)
