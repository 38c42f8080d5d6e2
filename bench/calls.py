"""Calls from held-out music, and an engine that hears one in time with MIDI clock, on virtual time.

What `bench.control`, `bench.turns` and `bench.accompany` have in common.  A call is some bars of the lead of a
piece, at the piece's tempo there, on a steady clock that has counted a bar in before it.  Beats are those of the
true clock, 0 being the call's first bar line.  All chance is seeded.
"""

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import click

from livegen.answer import TempoMap
from livegen.inference.contract import Model
from livegen.jam.controls import settings
from livegen.jam.engine import Engine
from livegen.music.messages import Message, NoteOff, NoteOn, Other
from livegen.music.smf import Score, Track, read
from livegen.music.timeline import MINUTE_US
from livegen.music.transport import CLOCK, START
from livegen.testing import Rehearsal

CLOCKS = 24  # a beat
START_US = 1_000_000
LAST = 1 / 12  # beats before the last bar line by which all keys are up
FEWEST = 5  # onsets of a call
LONGEST_WAIT_BARS = 40  # for an answer to end
# Sets, and the track that is their lead; None: the first.
LEADS: dict[str, str | None] = {
    "pop909_aligned": "MELODY",
    "trad_abc": "MELODY",
    "openscore_lieder": "VOICE",
    "openewld_leadsheets": "MELODY",
    "wjd_jazz": "SOLO",
    "mutopia_pd": None,
}


class Note(NamedTuple):
    """Beats, pitch, velocity; of a response also its channel."""

    onset: float
    end: float
    pitch: int
    velocity: int
    channel: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """Some bars of a lead.  `bar` is in beats; `metre` is written as the control takes it."""

    name: str
    metre: str
    bar: float
    bars: int
    tempo_us: int
    notes: tuple[Note, ...]
    first_beat: float = 0.0  # of the piece, where beat 0 of the call lies

    @property
    def onsets(self) -> list[float]:
        """Onsets, chords counted once."""
        return sorted({note.onset for note in self.notes})

    @property
    def ends(self) -> float:
        """When its last key comes up."""
        return max(note.end for note in self.notes)


class NoMusic(click.ClickException):
    """There are not all the sets that the figures are of."""


# --- pieces -------------------------------------------------------------------------------------------------------


def files(data: Path, name: str, split: str) -> list[Path]:
    """Files of a split of a set."""
    folder = data / name / name
    if not (folder / "metadata.csv").is_file():
        raise NoMusic(
            f"{folder}: there is no metadata.csv; DATA holds the sets {', '.join(LEADS)}, unpacked"
        )
    with (folder / "metadata.csv").open(newline="", encoding="utf-8-sig") as file:
        return [folder / row["file"] for row in csv.DictReader(file) if row["split"] == split]


def notes_of(score: Score, track: Track) -> list[Note]:
    """Notes of a track, in beats of the score, by onset."""
    sounding: dict[int, tuple[float, int]] = {}
    found = []
    for tick, message in track.messages:
        beat, pitch = tick / score.ppqn, getattr(message, "pitch", None)
        if pitch is None:
            continue
        if pitch in sounding:
            since, velocity = sounding.pop(pitch)
            found.append(Note(since, beat, pitch, velocity))
        if isinstance(message, NoteOn):
            sounding[pitch] = (beat, message.velocity)
    return sorted(found)


def windows(path: Path, lead: str | None, bars: int) -> list[Call]:
    """All calls of so many bars in a piece: begun within their first beat, going on into their last bar."""
    score = read(path)
    track = next((t for t in score.tracks if lead is None or t.name.startswith(lead)), None)
    if track is None or len(score.metres) > 1:
        return []
    _, numerator, denominator = score.metres[0] if score.metres else (0, 4, 4)
    bar = numerator * 4 / denominator
    if not 1 <= bar <= 8 or denominator > 16:
        return []
    tempo, notes, found = TempoMap.of(score), notes_of(score, track), []
    for index in range(int(notes[-1].onset // bar)):
        begin, end = index * bar, (index + bars) * bar
        inside = [note for note in notes if begin <= note.onset < end - LAST]
        if len({n.onset for n in inside}) < FEWEST * max(1, bars // 2):
            continue
        if inside[0].onset >= begin + 1 or inside[-1].onset < end - bar:
            continue
        tick = round(begin * score.ppqn)
        beat_us = tempo.micros(tick + score.ppqn) - tempo.micros(tick)
        cut = tuple(
            note._replace(onset=note.onset - begin, end=min(note.end, end - LAST) - begin)
            for note in inside
        )
        metre = f"{numerator}/{denominator}"
        found.append(Call(path.stem, metre, bar, bars, beat_us, cut, begin))
    return found


def calls(
    data: Path,
    count: int,
    seed: int,
    *,
    bars: Sequence[int] = (2,),
    split: str = "valid",
    leads: dict[str, str | None] = LEADS,
) -> list[Call]:
    """So many calls, evenly from all sets, of `bars` in turn; from one piece another only when all have given one."""
    rng = random.Random(seed)
    streams = [_stream(data, name, lead, bars, split, rng) for name, lead in leads.items()]
    found: list[Call] = []
    while len(found) < count and streams:
        for stream in list(streams):
            call = next(stream, None)
            if call is None:
                streams.remove(stream)
            elif len(found) < count:
                found.append(call)
    return found


def _stream(
    data: Path, name: str, lead: str | None, bars: Sequence[int], split: str, rng: random.Random
) -> Iterator[Call]:
    paths, turn = files(data, name, split), 0
    rng.shuffle(paths)
    left: dict[tuple[Path, int], list[Call]] = {}
    while paths:
        for path in list(paths):
            key = path, bars[turn % len(bars)]
            if key not in left:
                left[key] = windows(path, lead, key[1])
                rng.shuffle(left[key])
            if left[key]:
                turn += 1
                yield left[key].pop()
            else:
                paths.remove(path)


# --- playing ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a call.

    `notes` are the model's, by onset; `line` the beat at which its answer might begin, None when it never did.
    """

    call: Call
    notes: tuple[Note, ...]
    line: float | None

    @property
    def answer(self) -> tuple[Note, ...]:
        """What was played once the call had ended."""
        return tuple(note for note in self.notes if note.onset >= self.call.ends)


def played(
    model: Model,
    call: Call,
    values: dict[str, object],
    *,
    seed: int = 0,
    after_bars: int | None = None,
    more: Sequence[tuple[float, Message]] = (),
) -> Heard:
    """Play a call to an engine with these settings, and let it answer to the end, or for so many bars.

    `more` is played beside the call: messages with their beats.
    """
    engine = Engine(
        model,
        seed=seed,
        settings=settings({"metre": call.metre, **values}),
        rules={0: "lead", 1: "comp"},
    )
    rehearsal = Rehearsal(engine)
    timed = sorted([*_messages(call), *more], key=lambda row: (row[0], _rank(row[1])))
    most = call.bars + (LONGEST_WAIT_BARS if after_bars is None else after_bars)
    begin_us = START_US + round(call.bar * call.tempo_us)
    rehearsal.play(START_US - 1_000, Other(bytes((START,))))
    at, clocks = 0, round((1 + most) * call.bar * CLOCKS)
    for clock in range(clocks):
        due = START_US + clock * call.tempo_us // CLOCKS
        while at < len(timed) and begin_us + timed[at][0] * call.tempo_us < due:
            rehearsal.play(begin_us + round(timed[at][0] * call.tempo_us), timed[at][1])
            at += 1
        rehearsal.play(due, Other(bytes((CLOCK,))))
        is_over = after_bars is None and at == len(timed) and clock % CLOCKS == 0
        if is_over and engine.snapshot()["turn"] == "waiting":
            break
    line = None
    taken = engine._performer.taken
    if taken:
        start_us = engine.timeline.micros(taken[-1].response.start)
        line = round((start_us - begin_us) / call.tempo_us * CLOCKS) / CLOCKS
    return Heard(call, tuple(_notes(rehearsal.sent, begin_us, call.tempo_us)), line)


def _messages(call: Call) -> Iterator[tuple[float, Message]]:
    for note in call.notes:
        yield note.onset, NoteOn(note.pitch, note.velocity)
        yield note.end, NoteOff(note.pitch)


def _rank(message: Message) -> int:
    return isinstance(message, NoteOn)


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


def bpm(call: Call) -> float:
    """Its tempo."""
    return MINUTE_US / call.tempo_us
