"""How each mode is tried for docs/EXAMPLES.md: what is played to it, what it plays, and the figure that ranks it.

The calls are held-out music that may be shown: of sets in which tune and file are free.  The engine is the one that
serves, on virtual time, with every control at its default but those named in `WAYS`.  Notes are in beats, 0 being the
call's first bar line.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from livegen.errors import ConfigError
from livegen.inference.model import OnnxModel, load
from livegen.jam.interplay.choice import COPIED, WANTED
from livegen.music.files.smf import read
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.note import Note
from livegen.scorecard import accompaniment, degeneracy, responses
from livegen.scorecard.band import harmony
from livegen.scorecard.held_out_calls import (
    LAST,
    HeldOut,
    LeadCall,
    accompaniment_of,
    drawn,
    followed,
    windows,
)
from livegen.scorecard.musicianship import figures
from livegen.scorecard.notes import SIXTEENTHS, intervals, key_of, line, moved, notes_of
from livegen.scorecard.playing import PlayedCall, played
from livegen.scorecard.responses import Features
from livegen.training.corpora import discover

SEED = 20261121
COMP_CHANNEL = 1  # on which `played` hears a comp
ROUNDS = 2  # of its chords that a solo is shown for

# Sets of which a few bars may be shown, and what is said of them.  OpenEWLD and POP909 are MIT, but not all of their
# songs are free in every country.
SETS = {
    "mutopia_pd": "Mutopia Project, public domain",
    "openscore_lieder": "OpenScore Lieder, CC0 1.0",
    "trad_abc": "tunes in the public domain, from the ABC collections of the music21 corpus",
}
PUBLIC = "Public Domain"  # of Mutopia's licences the one that is meant


class Free(NamedTuple):
    """A held-out piece that may be shown, and what it is called."""

    held: HeldOut
    title: str


@dataclass(frozen=True, slots=True)
class Scene:
    """The music that is played to the engine: a call, and what the player plays besides, on channels of its own."""

    call: LeadCall
    more: tuple[Note, ...] = ()


class Judged(NamedTuple):
    """A figure, the more the better, and which of the faults of `degeneracy` there are."""

    figure: float
    faults: frozenset[str] = frozenset()

    @property
    def rank(self) -> float:
        """The figure, 1 less for a fault."""
        return self.figure - bool(self.faults)


@dataclass(frozen=True, slots=True)
class Way:
    """How a mode is tried; `says` is what its figure is."""

    says: str
    judge: Callable[[Scene, PlayedCall], Judged]
    bars: int
    find: Callable[[HeldOut, int], list[Scene]]
    after_bars: int | None = None  # that the engine is let play on, None: to the end of its turn
    values: dict[str, object] = field(default_factory=dict)


# --- what is played to it -----------------------------------------------------------------------------------------


def free_pieces(data: Path, split: str = "valid") -> list[Free]:
    """Pieces of a split of SETS.  Raises ConfigError when the folder has none of them."""
    found = []
    for source in discover(data):
        if source.name in SETS:
            for row, content in source.described(split):
                if row.get("licence", PUBLIC) == PUBLIC:
                    held = HeldOut(source.name, row["file"], content)
                    found.append(Free(held, titled(row)))
    if not found:
        raise ConfigError(f"{data} has none of the sets {', '.join(SETS)}")
    return sorted(found)


def titled(row: dict[str, str]) -> str:
    """The name of a piece, by its row of metadata: composer, work and title, as far as they are there."""
    composer = " ".join(reversed((row.get("composer") or "").split(", ")))
    work = row.get("set") or row.get("opus") or ""
    parts = [" ".join(part.split()) for part in (composer, work, row["title"])]
    return ", ".join(dict.fromkeys(part for part in parts if part))


def alone(held: HeldOut, bars: int) -> list[Scene]:
    """A melody."""
    return [Scene(call) for call in windows(held, bars)]


def twice(held: HeldOut, bars: int) -> list[Scene]:
    """A melody, and after as many bars as it has those that follow it in the piece."""
    return [Scene(pair.call, moved(pair.people, pair.call.beats)) for pair in followed(held, bars)]


def over_chords(held: HeldOut, bars: int) -> list[Scene]:
    """A melody over the accompaniment that it has in the piece, which sounds in each of its bars."""
    score = read(held.data)
    beside = [note for track in accompaniment_of(score) for note in notes_of(score, track)]
    found = []
    for call in windows(held, bars):
        first, last = call.first_beat, call.first_beat + call.beats
        inside = [note for note in beside if first <= note.onset < last - LAST]
        if len({note.onset // call.bar for note in inside}) == bars:
            cut = [
                note._replace(end=min(note.end, last - LAST), channel=COMP_CHANNEL)
                for note in inside
            ]
            found.append(Scene(call, moved(cut, -first)))
    return found


# --- what ranks it ------------------------------------------------------------------------------------------------


AS_A_BANDMATE = ("exactly", "ends_near", "ends_strong")  # of livegen/scorecard/musicianship.py


def answered(scene: Scene, heard: PlayedCall) -> Judged:
    """Mean of what a bandmate hears of an answer, and of its key match; 0 for what cannot be judged."""
    heard_as = figures(scene.call, heard.notes)
    key_match = responses.measures(scene.call, heard.answer, heard.line or 0.0)["key_match"]
    joint = heard_as.get("joint", 0.0)
    taken_up = min(joint / WANTED, (1 - joint) / (1 - COPIED), 1.0)
    found = [*(heard_as.get(name, 0.0) for name in AS_A_BANDMATE), key_match or 0.0, taken_up]
    return Judged(sum(found) / len(found), frozenset(degeneracy.faults(heard)))


def traded(scene: Scene, heard: PlayedCall) -> Judged:
    """The mean of `answered` over the turns, each beside what was played right before it."""
    beats, found = scene.call.beats, []
    for index, notes in enumerate((scene.call.notes, scene.more)):
        begin, end = (2 * index + 1) * beats, (2 * index + 2) * beats
        call = replace(scene.call, notes=notes)
        answer = tuple(note for note in heard.notes if begin - 1 <= note.onset < end)
        found.append(answered(Scene(call), replace(heard, call=call, notes=answer, line=begin)))
    mean = sum(judged.figure for judged in found) / len(found)
    return Judged(mean, frozenset().union(*(judged.faults for judged in found)))


def carried_on(scene: Scene, heard: PlayedCall) -> Judged:
    """How alike what follows and the call are, all five ways."""
    own, call = (Features(notes, scene.call.bar) for notes in (heard.answer, scene.call.notes))
    return Judged(responses.alike(own, call)["all"], frozenset(degeneracy.faults(heard)))


def accompanied(scene: Scene, heard: PlayedCall) -> Judged:
    """The share of the melody that is a tone of the chord heard in comp and bass."""
    by_beat = accompaniment.frames(scene.call.notes, harmony(heard), scene.call)
    share = accompaniment.note_in_chord([frame for some in by_beat for frame in some])
    return Judged(share or 0.0)


def harmonised(scene: Scene, heard: PlayedCall) -> Judged:
    """The share of the melody's sixteenths with companions that are all in its key and none a dissonance."""
    key, good, sung = key_of(scene.call.notes).pitch_classes, 0, 0
    for at in _middles(scene.call.beats):
        melody = [note.pitch for note in scene.call.notes if note.onset <= at < note.end]
        below = [note.pitch for note in heard.notes if note.onset <= at < note.end]
        if melody:
            sung += 1
            good += bool(below) and all(
                pitch % 12 in key and (max(melody) - pitch) % 12 not in DISSONANT for pitch in below
            )
    return Judged(good / sung if sung else 0.0)


DISSONANT = (1, 2, 6, 10, 11)  # semitones under a melody, octaves apart


def soloed(scene: Scene, heard: PlayedCall) -> Judged:
    """Mean of the share of a solo that is a tone of the chord that lay there, and of the share of distinct figures."""
    call, found = scene.call, []
    count = round(call.beats * SIXTEENTHS)
    chords = accompaniment.heard_chords(scene.more, call.tempo_us, count)
    for at in _middles((1 + ROUNDS) * call.beats):
        sounding = [note.pitch for note in heard.answer if note.onset <= at < note.end]
        if sounding:
            found.append((max(sounding), chords[int(at * SIXTEENTHS) % count]))
    steps = intervals(line(heard.answer))
    figures = list(zip(steps, steps[1:], steps[2:], strict=False))
    distinct = len(set(figures)) / len(figures) if figures else 0.0
    mean = ((accompaniment.note_in_chord(found) or 0.0) + distinct) / 2
    return Judged(mean, frozenset(degeneracy.faults(heard)))


def _middles(beats: float) -> Iterator[float]:
    return ((at + 0.5) / SIXTEENTHS for at in range(round(beats * SIXTEENTHS)))


# --- the modes ----------------------------------------------------------------------------------------------------

_ANSWER = "mean of whether the answer begins on a bar line, ends within an eighth of one and has its last onset on a "
_ANSWER += "strong beat, of its correlation with the call's key, and of how near it is to taking up .3 of the call's "
_ANSWER += "figures"

WAYS = {
    "respond": Way(_ANSWER, answered, 4, alone),
    "continue": Way(
        "likeness of eight more bars to the call, mean over pitch classes, pairs of intervals, places in the bar, "
        "rhythm and density",
        carried_on, 4, alone, after_bars=8,
    ),
    "trade": Way(
        f"two turns of two bars (`trade: 2`), each judged as an answer is: {_ANSWER}",
        traded, 2, twice, values={"trade": 2},
    ),
    "accompany": Way(
        "share of the melody, by time, that is a tone of the chord heard in comp and bass (chance: .43, any triad of "
        "the key); the player plays the melody alone, without chords",
        accompanied, 8, alone, after_bars=1,
    ),
    "harmonise": Way(
        "share of the melody, by time, that has companions all of which are in its key and none a second, tritone or "
        "seventh; here rules choose the notes, and not the network",
        harmonised, 4, alone, after_bars=0,
    ),
    "solo": Way(
        "mean of the share of the solo, by time, that is a tone of the chord that lay there when the player played, "
        "and of the share of its four-note figures that differ from one another; two rounds of the chords",
        soloed, 4, over_chords, after_bars=4 * ROUNDS,
    ),
}  # fmt: skip


class Try(NamedTuple):
    """A call that a mode is tried on."""

    mode: str
    seed: int
    scene: Scene


class Outcome(NamedTuple):
    """The result of a mode for a call."""

    judged: Judged
    heard: PlayedCall


def tries(pieces: Sequence[Free], count: int) -> list[Try]:
    """So many calls for each mode, the same whatever the model."""
    held = [piece.held for piece in pieces]
    return [
        Try(mode, seed, scene)
        for mode, way in WAYS.items()
        for seed, scene in enumerate(drawn(held, count, SEED, way.find, (way.bars,)))
    ]


def outcome(model: Path, one: Try) -> Outcome:
    """Play it."""
    way = WAYS[one.mode]
    heard = played(
        _opened(model),
        one.scene.call,
        {"mode": one.mode, **way.values},
        seed=one.seed,
        after_bars=way.after_bars,
        more=list(messages(one.scene.more)),
    )
    return Outcome(way.judge(one.scene, heard), heard)


def messages(notes: Iterable[Note]) -> Iterator[tuple[float, Message]]:
    """Notes as messages, each with its beat."""
    for note in notes:
        yield note.onset, NoteOn(note.pitch, note.velocity, note.channel)
        yield note.end, NoteOff(note.pitch, 64, note.channel)


@lru_cache(maxsize=1)
def _opened(model: Path) -> OnnxModel:
    return load(model)
