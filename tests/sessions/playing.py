"""Playing to record sessions with: notes, knobs and clocks, each a list of (seconds, step).  Chance is an argument.

A step is a MIDI message (bytes), an `Ask` of a touch surface, or a `Deed`.  Channels are 0 to 15, tempi in BPM.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from livegen.control.osc.packets import Argument
from livegen.daemon.player import timed_messages
from livegen.music.files.smf import read_to_play

MAJOR = (0, 2, 4, 5, 7, 9, 11)
CLOCK, START, CONTINUE, STOP = (bytes((status,)) for status in (0xF8, 0xFA, 0xFB, 0xFC))
PER_BEAT = 24


@dataclass(frozen=True, slots=True)
class Ask:
    """A datagram of a touch surface: an address below /livegen, and its values."""

    path: str
    values: tuple[Argument, ...] = ()


Deed = Callable[[Any], object]  # something done to the daemon, which is its argument
Step = bytes | Ask | Deed
Timed = tuple[float, Step]


def ask(at: float, path: str, *values: Argument) -> list[Timed]:
    return [(at, Ask(path, values))]


def do(at: float, deed: Deed) -> list[Timed]:
    return [(at, deed)]


def send(at: float, *data: int) -> list[Timed]:
    return [(at, bytes(data))]


def note(
    at: float, pitch: int, seconds: float, velocity: int = 80, channel: int = 0
) -> list[Timed]:
    down, up = bytes((0x90 | channel, pitch, velocity)), bytes((0x80 | channel, pitch, 64))
    return [(at, down), (at + seconds, up)]


def turn(at: float, control: int, *values: int, channel: int = 0) -> list[Timed]:
    """A knob or a pedal, a value every 30 ms."""
    return [
        (at + 0.03 * index, bytes((0xB0 | channel, control, value)))
        for index, value in enumerate(values)
    ]


def melody(
    chance: Random,
    at: float,
    beats: int = 6,
    bpm: float = 126,
    low: int = 62,
    high: int = 80,
    tonic: int = 0,
    channel: int = 0,
    rubato: float = 0.03,
) -> list[Timed]:
    """A walk through a major key: steps, some leaps, notes that overlap or are cut short, a tempo that breathes."""
    scale = [pitch for pitch in range(low, high + 1) if (pitch - tonic) % 12 in MAJOR]
    place, beat, played = chance.randrange(len(scale)), 0.0, list[Timed]()
    while beat < beats:
        length = chance.choice((0.5, 0.5, 0.5, 1, 1, 0.25, 1.5))
        place = max(0, min(len(scale) - 1, place + chance.choice((-3, -1, -1, 1, 1, 2, 4))))
        onset = (
            at + beat * 60 / bpm * (1 + chance.gauss(0, rubato / 4)) + abs(chance.gauss(0, 0.008))
        )
        seconds = length * 60 / bpm * chance.uniform(0.55, 1.12)
        played += note(onset, scale[place], seconds, chance.randrange(58, 104), channel)
        beat += length
    return played


def chords(
    chance: Random,
    at: float,
    roots: Sequence[int] = (48, 57, 53, 55),
    beats: float = 2,
    bpm: float = 126,
    channel: int = 0,
) -> list[Timed]:
    """A triad in C on each root, its keys pressed within 25 ms, released a little before the next."""
    played: list[Timed] = []
    for index, root in enumerate(roots):
        third = 4 if root % 12 in (0, 5, 7) else 3
        for pitch in (root, root + third, root + 7):
            onset = at + index * beats * 60 / bpm + chance.uniform(0, 0.025)
            seconds = beats * 60 / bpm * chance.uniform(0.8, 0.97)
            played += note(onset, pitch, seconds, chance.randrange(55, 84), channel)
    return played


def bass(
    chance: Random, at: float, roots: Sequence[int] = (36, 45, 41, 43), bpm: float = 126
) -> list[Timed]:
    """Two quarters on each root, on channel 3."""
    played: list[Timed] = []
    for index in range(2 * len(roots)):
        onset = at + index * 60 / bpm + chance.gauss(0, 0.006)
        played += note(onset, roots[index // 2], 50 / bpm, chance.randrange(70, 100), 2)
    return played


def drums(chance: Random, at: float, bars: int = 2, bpm: float = 112) -> list[Timed]:
    """Kick, snare and hi-hat in eighths on channel 10, with a fill at the end of the last bar."""
    played: list[Timed] = []
    for eighth in range(8 * bars):
        onset = at + eighth * 30 / bpm + chance.gauss(0, 0.004)
        hits = [42, *{0: [36], 4: [38], 5: [36] * chance.randrange(2)}.get(eighth % 8, [])]
        if eighth >= 8 * bars - 2:
            hits = [45, 38]
        for pitch in hits:
            played += note(onset, pitch, 0.05, chance.randrange(60, 115), 9)
    return played


def clock(at: float, until: float, tempo: Callable[[float], float]) -> list[Timed]:
    """Clock bytes; `tempo` gives the tempo at a moment."""
    ticks: list[Timed] = []
    while at < until:
        ticks.append((at, CLOCK))
        at += 60 / tempo(at) / PER_BEAT
    return ticks


def led(
    until: float, bpm: float, at: float = 0.3, tempo: Callable[[float], float] | None = None
) -> list[Timed]:
    """A DAW that starts."""
    return [(at - 0.01, START), *clock(at, until, tempo or (lambda _: bpm))]


def song_position(at: float, sixteenths: int) -> list[Timed]:
    return send(at, 0xF2, sixteenths & 0x7F, sixteenths >> 7)


def file(path: Path, at: float, track: str | None = None) -> list[Timed]:
    """A MIDI file, or of it the track of this name, from its first note on."""
    score, _ = read_to_play(path)
    if track is not None:
        score = replace(score, tracks=tuple(one for one in score.tracks if one.name == track))
    messages = list(timed_messages(score))
    begin = next(after for after, data in messages if data[0] & 0xF0 == 0x90)
    return [(at + max(0, after - begin) / 1e6, data) for after, data in messages]
