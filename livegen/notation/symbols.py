"""The notation of a score as values: what stands on each staff, bar by bar.  All times are ticks, 24 to a quarter."""

from dataclasses import dataclass
from typing import NamedTuple

from livegen.music.chords.chord import Chord
from livegen.music.keys.key import Key


class Group(NamedTuple):
    """Notes of one layer that begin and end together, on the grid; `pitches` ascend."""

    start: int
    end: int
    pitches: tuple[int, ...]


class Measure(NamedTuple):
    """A bar from tick `start` on, `ticks` long, under a time signature; an incomplete one is shorter than that says."""

    start: int
    ticks: int
    numerator: int
    denominator: int


class SpelledPitch(NamedTuple):
    """A pitch as it is written: C sharp 4 is (61, "C", 1, 4).  Of a drum letter and octave say where it stands."""

    pitch: int
    step: str
    alter: int
    octave: int


class SungSyllable(NamedTuple):
    """A syllable under a note: `place` in its word is "single", "begin", "middle" or "end"."""

    text: str
    place: str


class Symbol(NamedTuple):
    """A note, a chord, or with no tones a rest: `start` counts from the bar line; `sung` is what stands under it.

    `is_tied` says that it goes on in the next symbol of its layer, or the next bar, `is_held` that it goes on from the
    one before; `is_triplet` that three of its kind are played in the time of two.
    """

    start: int
    ticks: int
    tones: tuple[SpelledPitch, ...] = ()
    is_tied: bool = False
    is_held: bool = False
    is_triplet: bool = False
    sung: SungSyllable | None = None


Layer = tuple[Symbol, ...]  # a voice of a staff through one bar, without gaps


@dataclass(frozen=True, slots=True)
class Staff:
    """Five lines: `clef` is "treble", "bass" or "percussion"; `bars` hold the one or two layers of each bar."""

    clef: str
    bars: tuple[tuple[Layer, ...], ...]


@dataclass(frozen=True, slots=True)
class Instrument:
    """The part of a player: two staves are those of a keyboard, the right hand first.  `program` counts from 0.

    `short` is what stands before all staves but the first.
    """

    name: str
    short: str
    staves: tuple[Staff, ...]
    program: int = 0

    @property
    def is_drums(self) -> bool:
        """True for a drum kit."""
        return self.staves[0].clef == "percussion"


class ChordSymbol(NamedTuple):
    """A chord symbol above tick `at`; None is N.C."""

    at: int
    chord: Chord | None


@dataclass(frozen=True, slots=True)
class Notation:
    """A score as it is read.  `bpm` is in quarters; with `swings` eighths are written even and played unevenly."""

    title: str
    bars: tuple[Measure, ...]
    instruments: tuple[Instrument, ...]
    chords: tuple[ChordSymbol, ...] = ()
    key: Key | None = None
    bpm: float = 120.0
    swings: bool = False
