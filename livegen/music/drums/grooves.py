"""Two bars of drums as people play them, and which of them go with a rhythm that somebody else plays.

What a player gives is a rhythm: where in two bars of 4/4 something is struck, and how hard.  Drums are reduced to the
same, as for the tapped drums of J. Gillick et al., "Learning to Groove with Inverse Sequence Transformations" (2019):
to all that is struck, which is what busy hands play, and to kicks, snares and toms, which is what people clap.  A
groove is like the rhythm that is like one of the two.

The grooves are people's, of the Groove MIDI Dataset, on sixteenths before any swing (export/drummer.py).  Knows ticks
of two bars and General MIDI's drums; knows no model, no chance and no time.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.music.drums.drum_bars import (
    ANY,
    COMMON,
    CRASH,
    HAT,
    KICK,
    PEDAL_HAT,
    RIDE,
    SIDE_STICK,
    SNARE,
    drums_of,
)
from livegen.music.files.weights import read_arrays
from livegen.music.time.metre import TICKS_PER_BEAT

TABLE = Path(__file__).with_name("grooves.npz")
# Kick, snare, side stick; closed, pedal and open hi-hat; low, middle and high tom; crash, ride.
KIT = (KICK, SNARE, SIDE_STICK, HAT, PEDAL_HAT, 46, 43, 47, 50, CRASH, RIDE)
_OTHERS = {
    22: HAT, 26: 46, 35: KICK, 39: SNARE, 40: SNARE, 41: 43, 45: 47, 48: 50, 52: CRASH, 53: RIDE, 54: HAT, 55: CRASH,
    56: RIDE, 57: CRASH, 58: 43, 59: RIDE,
}  # fmt: skip
STEP = TICKS_PER_BEAT // 4  # ticks of a sixteenth
BAR = COMMON // STEP  # sixteenths of a bar
STEPS = 2 * BAR  # of a groove
BACKBONE = [KIT.index(drum) for drum in (KICK, SNARE, SIDE_STICK, 43, 47, 50, CRASH)]
FEWEST = 4  # sixteenths struck in two bars that make a rhythm: whole notes do not say what drums are to play
LOUD = 50  # velocity of what people clap; ghost notes are softer
LOUDEST = 127
SWINGS = 55.0  # percent of a beat for its first eighth, from which on it swings
# What it costs, of a likeness of 0 to 2, that a groove was played at half or twice the tempo, or that it swings where
# nobody else does, or the other way round; and what it is worth that all others of its style are like it.
_OCTAVE, _SWINGS, _TYPICAL = 0.2, 0.5, 0.2
_ANOTHER = 10.0  # what it costs that it is of another style than is told

Floats = NDArray[np.float32]
# (STEPS, drums): velocities by sixteenth and drum of KIT, 0 where none is struck.
Grid = NDArray[np.uint8]


class Clap(NamedTuple):
    """Something that was struck, at a tick of the timeline, with a velocity of 1 to 127."""

    tick: float
    velocity: int


class Rhythm(NamedTuple):
    """Strokes of two bars, by sixteenth: how hard, 0 to 1, and how late (-.5 to .5 of a sixteenth) (STEPS,)."""

    accents: Floats
    lates: Floats


class Groove(NamedTuple):
    """Two bars of drums: `hits` (STEPS, drums), of a style."""

    number: int
    hits: Grid
    style: str


class Bank(NamedTuple):
    """All grooves, N of them.

    `hits` (N, STEPS, drums); of each its style, as a place in `styles`, how many beats a minute and percent of swing it
    was played at, and how alike the others of its style are to it, 0 to 1.  `whole` and `clapped` are their rhythms;
    `struck` (N, STEPS * drums) is 1 where a hit is.
    """

    hits: Grid
    styles: tuple[str, ...]
    style: NDArray[np.uint8]
    bpm: Floats
    swing: Floats
    typical: Floats
    whole: Floats
    clapped: Floats
    struck: Floats


def drum_number(pitch: int) -> int | None:
    """The place in KIT of a drum of General MIDI's, or of an electronic kit's; None of what is none of them."""
    drum = _OTHERS.get(pitch, pitch)
    return KIT.index(drum) if drum in KIT else None


def unswung(beat: float, percent: float) -> float:
    """Give the place, in beats, of an onset where the first eighth takes half of its beat, and not `percent`."""
    late = percent / 100
    whole, into = divmod(beat, 1.0)
    return whole + (into * 0.5 / late if into < late else 0.5 + (into - late) * 0.5 / (1 - late))


def rhythm_of(
    claps: Iterable[Clap], origin: int, since: float, until: float, swing: float
) -> Rhythm | None:
    """The rhythm of the two bars up to tick `until`, as bars from tick `origin` on have it; None of one too sparse.

    Of a bar that was not heard, before tick `since`, the other is supposed.  `swing` in percent is taken out.
    """
    accents, lates = np.zeros(STEPS, np.float32), np.zeros(STEPS, np.float32)
    first = max(since, until - 2 * COMMON)
    for tick, velocity in claps:
        if first - STEP / 2 <= tick < until:
            place = unswung((tick - origin) / TICKS_PER_BEAT, swing) * TICKS_PER_BEAT / STEP
            step = round(place)
            if velocity / LOUDEST >= accents[step % STEPS]:
                accents[step % STEPS], lates[step % STEPS] = velocity / LOUDEST, place - step
    heard = (until - first) / STEP
    if heard < STEPS:
        steps = (np.floor((until - origin) / STEP) - np.arange(1, STEPS + 1)).astype(int) % STEPS
        for step in steps[int(heard) :]:
            other = (step + BAR) % STEPS
            accents[step], lates[step] = accents[other], lates[other]
    return Rhythm(accents, lates) if np.count_nonzero(accents) >= FEWEST else None


def whole(hits: Grid) -> Floats:
    """The accents of all that is struck (..., STEPS), 0 to 1, of hits (..., STEPS, drums)."""
    return np.asarray(hits.max(-1) / np.float32(LOUDEST), np.float32)


def clapped(hits: Grid) -> Floats:
    """The accents of what people would clap of it (..., STEPS), 0 to 1: what is loud of kicks, snares and toms."""
    loudest = hits[..., BACKBONE].max(-1)
    return np.asarray(np.where(loudest >= LOUD, loudest, 0) / np.float32(LOUDEST), np.float32)


def alike(rhythm: Floats, others: Floats) -> Floats:
    """Give how alike accents (STEPS,) and others (N, STEPS) are, 0 to 2: by where they are struck and by how hard."""
    found: Floats = _cosine(rhythm, others) + _cosine(np.sign(rhythm), np.sign(others))
    return found


def _cosine(one: Floats, others: Floats) -> Floats:
    lengths = np.linalg.norm(others, axis=-1) * np.linalg.norm(one)
    found: Floats = (others @ one) / np.maximum(lengths, 1e-6)
    return found


def likeness(rhythm: Rhythm, bank: Bank, style: str, bpm: float, swing: float) -> Floats:
    """Give how like each groove is to a rhythm (N,), 0 to 2 but for style and tempo; another style's is far below 0.

    Any style may be played where none is told, or the bank has none that goes with it.
    """
    drums = drums_of(style)
    found = np.maximum(alike(rhythm.accents, bank.whole), alike(rhythm.accents, bank.clapped))
    found += _TYPICAL * bank.typical - _OCTAVE * np.abs(np.log2(bank.bpm / bpm))
    found -= _SWINGS * ((bank.swing >= SWINGS) != (swing >= SWINGS))
    if drums != ANY and drums in bank.styles:
        found = np.where(bank.style != bank.styles.index(drums), found - _ANOTHER, found)
    return np.asarray(found, np.float32)


def nearest(rhythm: Rhythm, style: str, bpm: float, swing: float) -> Groove:
    """The groove that is most like a rhythm."""
    return groove(int(likeness(rhythm, shipped(), style, bpm, swing).argmax()))


def groove(number: int) -> Groove:
    """The groove of a number."""
    bank = shipped()
    return Groove(number, bank.hits[number], bank.styles[bank.style[number]])


@cache
def shipped() -> Bank:
    """The grooves that come with livegen.  Raises ModelError where they are damaged."""
    names = Bank._fields[: Bank._fields.index("whole")]
    hits, styles, style, *others = read_arrays(TABLE, names, "grooves", "drummer")
    bpm, swing, typical = (some.astype(np.float32) for some in others)
    return Bank(
        hits,
        tuple(map(str, styles)),
        style,
        bpm,
        swing,
        typical,
        whole(hits),
        clapped(hits),
        (hits > 0).reshape(len(hits), -1).astype(np.float32),
    )
