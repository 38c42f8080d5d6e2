"""The figures of a bass: a walking bass in swing, the two notes of a bossa, roots and fifths in two, else the kicks.

Knows ticks of the bar, styles and drums; knows no chords, no model and no chance.
"""

from bisect import bisect_left
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from livegen.jam.drummer import LOUD, Drummer
from livegen.music.drum_bars import COMMON, KICK
from livegen.music.metre import TICKS_PER_BEAT, Metre
from livegen.music.swing import STRAIGHT, usual_swing


class Role(Enum):
    """The relation of a note of a figure to its chord."""

    ANY = "any"  # as the harmony asks for there
    WALKS = "walks"  # the same, a step or a small leap from the one before
    FOOT = "foot"
    FIFTH = "fifth"


class Beat(NamedTuple):
    """A tick on which a bass begins a note, and what note."""

    tick: int
    role: Role


Figure = tuple[Beat, ...]

_WALKS = tuple(Beat(tick, Role.WALKS) for tick in range(0, COMMON, TICKS_PER_BEAT))
_IN_TWO = (Beat(0, Role.FOOT), Beat(48, Role.FIFTH))
# One, the and of two, three, the and of four: the bass of a bossa, and of a samba at twice the tempo.
_BOSSA = (Beat(0, Role.FOOT), Beat(36, Role.FIFTH), Beat(48, Role.FIFTH), Beat(84, Role.FOOT))

# Styles, by the first words of their names; the longest that fits counts.  Who swings walks.
_FIGURES: dict[str, Figure] = {
    "leadsheet_latin": _BOSSA, "drums_latin": _BOSSA, "drums_afrocuban": _BOSSA,
    "jazz_traditional": _IN_TWO, "ragtime": _IN_TWO, "march": _IN_TWO, "drums_country": _IN_TWO,
}  # fmt: skip
_WALTZ = 3 * TICKS_PER_BEAT
BESIDE_KICKS = 0.25  # of the other notes of a bass that goes with the kicks, what is left


@dataclass(frozen=True, slots=True)
class BassFigure:
    """Beats that come again every `period` ticks from tick `origin`, a bar line, on.

    `others` is the share that the bass keeps of the notes that it would begin elsewhere.
    """

    origin: int
    period: int
    beats: Figure
    others: float = 0.0

    def coming(self, tick: int) -> Beat:
        """The first beat from a tick on."""
        rounds, into = divmod(tick - self.origin, self.period)
        at = bisect_left(self.beats, into, key=lambda beat: beat.tick)
        begin = self.origin + rounds * self.period
        if at == len(self.beats):
            begin, at = begin + self.period, 0
        beat = self.beats[at]
        return beat._replace(tick=begin + beat.tick)


@lru_cache(maxsize=8)
def figure_for(style: str, metre: Metre, origin: int, drummer: Drummer | None) -> BassFigure | None:
    """The figure of a style from a bar line on; without one of its own the loud kicks of the drums, if any play."""
    bar = metre.place(origin).bar
    fits = [begins for begins in _FIGURES if f"{style}_".startswith(f"{begins}_")]
    figure: Figure = ()
    if bar == COMMON and fits:
        figure = _FIGURES[max(fits, key=len)]
    elif bar in (COMMON, _WALTZ) and usual_swing(style) != STRAIGHT:
        figure = tuple(beat for beat in _WALKS if beat.tick < bar)
    if figure:
        return BassFigure(metre.bar_near(origin), bar, figure)
    kicks = _kicks(drummer) if drummer else ()
    if not drummer or not kicks:
        return None
    return BassFigure(drummer.origin, len(drummer.bars) * drummer.bar, kicks, BESIDE_KICKS)


def _kicks(drummer: Drummer) -> Figure:
    """The loud kicks of the bars that drums keep to."""
    ticks = {
        number * drummer.bar + hit.tick
        for number, bar in enumerate(drummer.bars)
        for hit in bar
        if hit.pitch == KICK and hit.velocity >= LOUD
    }
    return tuple(Beat(tick, Role.ANY) for tick in sorted(ticks))
