"""A night's playing, scene after scene, as a list of steps: what `bench.soak` plays in real time and on virtual time.

A scene lasts 40 to 70 s: a mode, somebody who leads the time, a chart or none, some knobs and commands, and a person
who plays; then a stop.  Modes come in turn, so do those who lead, and what happens to the machine.  Chance is an
argument; knows no daemon and no clock.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import count
from random import Random

from livegen import shipped
from livegen.jam.turns import MODES
from tests.sessions.playing import STOP, bass, chords, drums, led, melody, turn
from tests.sessions.playing import Timed as Played

MACROS = {
    "Lift": {"energy": [0.3, 0.9], "density": 2, "bars": 4},
    "Drop": {"energy": 0.1, "variation": "A", "bars": 1},
}
MODELS = ("learner", "jam-gru")
SILENT_S = 4.0  # after the stop of a scene, in which nothing may sound at the end
KNOBS: dict[str, tuple[int | float | str, ...]] = {
    "density": (0.5, 1.0, 2.0),
    "energy": (0.1, 0.5, 0.9),
    "temperature": (0.7, 1.0, 1.3),
    "style": ("any", "jazz_bebop", "folk_reel", "band_rock", "jazz_bebop+folk_reel"),
    "variation": ("A", "B", "C", "D"),
    "quantise": ("off", "1/16"),
    "swing": ("auto", 60),
    "length": ("call", 1, 4),
    "start": ("bar", "now", "beat"),
    "parts": ("auto", "comp bass drums", "lead"),
    "memory": (0.0, 0.5),
    "taste": (0.0, 0.5),
    "feel": (0.0, 0.5),
    "adapt": ("off", "on"),
    "voices": ("auto", 1),
    "click": ("off", "on"),
    "clock_out": ("off", "on"),
    "drums_mute": ("off", "on"),
    "bass_octave": (0, 1),
    "transpose": (0, 2),
}
COMMANDS = (
    "your_turn", "my_turn", "again", "undo", "freeze", "why", "keep", "tap", "count_in", "vary", "restyle", "keep_a",
    "keep_b", "between", "intro", "fill", "break", "stop_time", "top", "section", "vamp", "loop_chords", "ending",
    "capture", "panic",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A control by name with its value, or a command: `is_command`, and what it needs."""

    name: str
    value: int | float | str | None = None
    is_command: bool = False


class Fate(Enum):
    """The fates of a machine.  Those of files and ports are of real time only."""

    PAGE_COMES = "a page is opened"
    PAGE_GOES = "the page is closed"
    SLEEPS = "the machine is suspended for some seconds"
    KILLED = "the engine process is killed"
    PORTS_LOST = "the MIDI server ends and another begins"
    DISK_FULL = "the disk is full"
    DISK_FREE = "the disk has room again"


FATES = (
    Fate.PAGE_COMES, None, Fate.DISK_FULL, None, Fate.SLEEPS, Fate.DISK_FREE, Fate.PAGE_GOES, Fate.KILLED, None,
    Fate.PAGE_COMES, Fate.PORTS_LOST, Fate.PAGE_GOES,
)  # fmt: skip

# Of how many rounds of these it happens in one: an engine is to grow old between its deaths.
RARE = {Fate.KILLED: 10, Fate.PORTS_LOST: 3}

Step = bytes | Told | Fate
Timed = tuple[float, Step]
LEADERS = ("nobody", "livegen", "a DAW")


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene: what it is called, how many seconds it lasts, and its steps in order, seconds from its beginning."""

    says: str
    lasts: float
    steps: tuple[Timed, ...]


def scenes(chance: Random) -> Iterator[Scene]:
    """The scenes of a night that does not end."""
    modes, charts = list(MODES), list(shipped.charts())
    for number in count():
        mode, leader = modes[number % len(modes)], LEADERS[number % len(LEADERS)]
        chart = charts[number % len(charts)] if number % 2 else "off"
        yield _scene(chance, number, mode, leader, chart)


def _scene(chance: Random, number: int, mode: str, leader: str, chart: str) -> Scene:
    plays, bpm = chance.uniform(34, 60), chance.uniform(70, 180)
    sync = "internal" if leader == "livegen" else "auto"
    tempo = round(bpm) if leader == "livegen" else "auto"
    set_up: dict[str, int | float | str] = {
        "mode": mode,
        "sync": sync,
        "tempo": tempo,
        "chart": chart,
    }
    steps: list[Timed] = [(0.0, Told(name, value)) for name, value in set_up.items()]
    for name in chance.sample(list(KNOBS), 4):
        steps.append((chance.uniform(0, plays), Told(name, chance.choice(KNOBS[name]))))
    for name in chance.sample(COMMANDS, 2):
        steps.append((chance.uniform(5, plays), Told(name, is_command=True)))
    steps.append((plays / 2, Told("macro", chance.choice(list(MACROS)), is_command=True)))
    if number % 5 == 4:
        model = MODELS[number // 5 % len(MODELS)]
        steps.append((plays / 3, Told("model", model, is_command=True)))
    turn_of_fates, which = divmod(number, len(FATES))
    if (fate := FATES[which]) is not None and turn_of_fates % RARE.get(fate, 1) == 0:
        steps.append((plays / 2, fate))
    steps += _played(chance, mode, plays, bpm)
    if leader == "a DAW":
        steps += [*played(led(plays, bpm)), (plays, STOP)]
    steps.append((plays + 1.0, Told("stop", is_command=True)))
    steps.sort(key=lambda timed: timed[0])
    return Scene(f"{mode}, {leader} leads, {chart}", plays + 1.0 + SILENT_S, tuple(steps))


def played(some: Iterable[Played]) -> Iterator[Timed]:
    """Those steps of a session that are played on keys: all that the functions here make."""
    return ((at, step) for at, step in some if isinstance(step, bytes))


def _played(chance: Random, mode: str, until: float, bpm: float) -> Iterator[Timed]:
    """What the person plays: phrases with rests, or with a left hand where the model goes along."""
    beat, at = 60 / bpm, 0.5
    while at < until - 12 * beat:
        beats = chance.choice((2, 4, 4, 8))
        yield from played(melody(chance, at, beats, bpm, tonic=chance.choice((0, 5, 7))))
        match chance.randrange(6) if mode in ("accompany", "solo", "listen") else 5:
            case 0 | 1:
                yield from played(chords(chance, at, bpm=bpm))
            case 2:
                yield from played(bass(chance, at, bpm=bpm))
            case 3:
                yield from played(drums(chance, at, bpm=bpm))
        if chance.random() < 0.2:
            yield from played(turn(at, 64, 127, 0))
        at += beats * beat + chance.choice((0.0, 2.0, 6.0))
