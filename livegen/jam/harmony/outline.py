"""The outline of the harmony: the chords from a tick on, as who plans a part is told them.

Knows chords and ticks; knows no parts, and not where a chord is from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from livegen.music.charts import Stretch
from livegen.music.chords.chord import Chord

WAIT = 3  # ticks after a strong beat for which those who strike a chord wait for the player's, if it is not foreseen


class ChordFrom(NamedTuple):
    """A chord from a tick on; None where there is none (N.C.)."""

    tick: int
    chord: Chord | None


Changes = Sequence[ChordFrom]  # ascending


class Finale(NamedTuple):
    """The last chord is struck at its tick, and held to the tick `until`; where it is None only drums strike.

    From the tick `slows` on the tempo slows down, up to the last chord; None where it does not.
    """

    last: ChordFrom
    until: int
    slows: int | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """The harmony by which the parts play from a tick on.

    `classes` are the pitch classes of the key, None where none is known; `sections` are bar lines, near the tick, on
    which a section of the song begins, None where its form is not known.  With a `period` the `chords` are repeated
    each so many ticks from the first; a chord of None is N.C.  In `rests` all rest.  `is_written`: a chart says so.
    All ends with `ending`, if there is one.
    """

    classes: frozenset[int] | None = None
    chords: Sequence[ChordFrom] = ()
    period: int | None = None
    rests: Sequence[Stretch] = ()
    is_written: bool = False
    ending: Finale | None = None
    sections: frozenset[int] | None = None


class Ahead(NamedTuple):
    """The notes that a part which goes along strikes from a tick on.

    `is_new` says that the first of `strikes` begins now, or that another than was foreseen is about to.  `waits` are
    strong beats, ticks, on which another chord may come that nobody foresees.
    """

    strikes: Changes = ()
    is_new: bool = False
    waits: Sequence[int] = ()


def foot(chord: Chord) -> int:
    """The pitch class that a bass plays: the root, or what is written under the stroke."""
    return chord.root if chord.bass is None else chord.bass
