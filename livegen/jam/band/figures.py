"""The rhythm of a part of the band: a figure over the bar, and the source that says which.

A variation says it (quarters, halves), or the style (a bass walks in swing, has a bossa's or a tumbao's rhythm), or
for a bass the kick of the drums that sound beside it, ours or the player's; what comps have is in jam/band/comping.py.
The planner keeps to it, whoever says it.  Knows ticks of the bar, styles and drums; knows no chords, no model and no
chance.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from livegen.jam.band.drummer import LOUD, Drummer
from livegen.jam.band.variations import SWINGS, Each, Variation
from livegen.music.drums.drum_bars import COMMON, KICK
from livegen.music.parts import BASS, COMP, PARTS
from livegen.music.time.metre import TICKS_PER_BEAT, Metre
from livegen.music.time.quantise import line_from
from livegen.music.time.swing import STRAIGHT, usual_swing
from livegen.music.words.style_names import nearest


class Role(Enum):
    """The relation of a note of a figure to its chord."""

    ANY = "any"  # as the harmony asks for there
    WALKS = "walks"  # the same, a step or a small leap from the one before
    STAYS = "stays"  # the same, the one before again rather than its octave
    FOOT = "foot"
    FIFTH = "fifth"
    POWER = "root and fifth"  # either, as a guitar's power chord has them
    BROKEN = "broken"  # the same, the next tone up, or from the top one far down
    RIPPLES = "ripples"  # the same, while what was struck before rings on
    NEXT_FOOT = "next foot"  # the foot of the chord of the next bar, tied over the bar line
    PICK_UP = "pick-up"  # the foot of the chord of the next bar, struck again there
    PUSH = "push"  # of a comp: all of the chord of the next bar, tied over the bar line

    @property
    def is_next(self) -> bool:
        """True of what is of the next bar."""
        return self in (Role.NEXT_FOOT, Role.PICK_UP, Role.PUSH)

    @property
    def is_tied(self) -> bool:
        """True of what is held over the bar line."""
        return self in (Role.NEXT_FOOT, Role.PUSH)


class Beat(NamedTuple):
    """A tick on which a part begins a note, and what note."""

    tick: int
    role: Role


Beats = tuple[Beat, ...]

_WALKS = tuple(Beat(tick, Role.WALKS) for tick in range(0, COMMON, TICKS_PER_BEAT))
# The figures that tell people's basses of these styles apart (`bench.styles`): a hymn's walks in quarters, metal's has
# steady eighths, electronic music's rolls in sixteenths; rock's goes ahead of the beat, on one, the last sixteenth of
# it, the and of two, three, its and, and the and of four.
_EIGHTHS = tuple(Beat(tick, Role.STAYS) for tick in range(0, COMMON, TICKS_PER_BEAT // 2))
_AHEAD = tuple(Beat(tick, Role.STAYS) for tick in (0, 18, 36, 48, 60, 84))
_ROLLING = tuple(Beat(tick, Role.ANY) for tick in (0, 12, 18, 36, 42, 48, 60, 66, 72, 84))
_IN_TWO = (Beat(0, Role.FOOT), Beat(48, Role.FIFTH))
# The bass of a bossa, and of a samba at twice the tempo: one, the and of two, three, the and of four.  Each off-beat
# picks up to the note on the beat behind it, that of four to the next chord.
_BOSSA = (Beat(0, Role.FOOT), Beat(36, Role.FIFTH), Beat(48, Role.FIFTH), Beat(84, Role.PICK_UP))
# The and of two, and four, which is the next bar's and is held over its first beat: the bass of a son or a mambo.
_TUMBAO = (Beat(36, Role.FIFTH), Beat(72, Role.NEXT_FOOT))

# Styles, by the first words of their names; the longest that fits counts.  Who swings walks.
_OF_STYLES: dict[str, Beats] = {
    "leadsheet_latin": _BOSSA, "drums_latin": _BOSSA, "drums_afrocuban": _TUMBAO,
    "jazz_traditional": _IN_TWO, "ragtime": _IN_TWO, "march": _IN_TWO, "drums_country": _IN_TWO,
    "band_rock": _AHEAD, "band_metal": _EIGHTHS, "band_electronic": _ROLLING, "hymn": _WALKS,
    "folk_hornpipe": _IN_TWO,
}  # fmt: skip


WALTZ = 3 * TICKS_PER_BEAT
BESIDE_KICKS = 0.25  # of the other notes of a bass that goes with the kicks, what is left


@dataclass(frozen=True, slots=True)
class Figure:
    """Beats on which a part begins a note, again every `period` ticks from tick `origin`, a bar line, on.

    `others` is the share that the part keeps of the notes that it would begin elsewhere, and `lines` how many ticks
    from one line of the bar to the next these lie, None for anywhere.  `is_firm`: no density leaves out a beat.
    The part holds no more than `voices` notes at once, None for as many as it holds without a figure; one that `holds`
    ends none of them before its next.
    """

    origin: int
    period: int
    beats: Beats
    others: float = 0.0
    lines: int | None = None
    is_firm: bool = False
    voices: int | None = None
    holds: bool = False

    def coming(self, tick: int) -> Beat:
        """The first beat from a tick on."""
        rounds, into = divmod(tick - self.origin, self.period)
        at = bisect_left(self.beats, into, key=lambda beat: beat.tick)
        begin = self.origin + rounds * self.period
        if at == len(self.beats):
            begin, at = begin + self.period, 0
        beat = self.beats[at]
        return beat._replace(tick=begin + beat.tick)

    def takes(self, tick: int, metre: Metre) -> bool:
        """True if a note beside its beats may begin on a tick."""
        return self.lines is None or line_from(tick, self.lines, metre) == tick

    def is_tied(self, tick: int) -> bool:
        """True of a beat whose note is the next bar's, and goes on there."""
        beat = self.coming(tick)
        return beat.tick == tick and beat.role.is_tied

    def ties(self, onset: int, tick: int) -> bool:
        """True of a note that was begun for the next bar, at ticks up to the next beat of the figure."""
        return self.is_tied(onset) and tick < self.coming(onset + 1).tick


Figures = tuple[Figure | None, ...]  # by part
NO_FIGURES: Figures = (None,) * len(PARTS)


def of_variation(
    variation: Variation, swing: float, kicks: Sequence[int], metre: Metre, tick: int
) -> Figures:
    """The figures that a variation asks for in the bar of a tick, where the first eighth takes `swing` percent.

    The bass of who plays drums alone is with their kick, at ticks of the bar.
    """
    each = variation.walks if swing >= SWINGS else variation.bass
    position, bar = metre.place(tick)
    given = {COMP: _each(variation.comp, tick - position, bar)}
    given[BASS] = _each(each, tick - position, bar)
    if kicks:
        beats = tuple(Beat(at, Role.ANY) for at in kicks)
        given[BASS] = Figure(tick - position, bar, beats, is_firm=True)
    return tuple(given.get(part) for part in range(len(PARTS)))


def of_bass_varied(given: Figure | None, styled: Figure | None) -> Figure | None:
    """A bass's figure between a variation's and a style's: the style's, where it is as dense and not the kick alone.

    A bass that walks goes on to walk, and a bossa nova stays one, however much of the band is asked for.
    """
    if given is None or styled is None or not given.others:  # the kick of a player
        return given or styled
    is_sparser = len(given.beats) * styled.period < len(styled.beats) * given.period
    return given if is_sparser or styled.others else replace(styled, is_firm=True)


def _each(each: Each | None, origin: int, bar: int) -> Figure | None:
    if each is None:
        return None
    beats = tuple(Beat(at, Role.ANY) for at in range(0, bar, each.ticks))
    return Figure(origin, bar, beats, 1.0, each.lines, is_firm=True)


@lru_cache(maxsize=8)
def of_bass(style: str, metre: Metre, origin: int, drummer: Drummer | None) -> Figure | None:
    """A bass's figure in a style from a bar line on; without one the loud kicks of the drums, if any play."""
    bar = metre.place(origin).bar
    beats = nearest(style, _OF_STYLES, ()) if bar == COMMON else ()
    if not beats and bar in (COMMON, WALTZ) and usual_swing(style) != STRAIGHT:
        beats = tuple(beat for beat in _WALKS if beat.tick < bar)
    if beats:
        return Figure(metre.bar_near(origin), bar, beats)
    kicks = _kicks(drummer) if drummer else ()
    if not drummer or not kicks:
        return None
    period = len(drummer.latest) * drummer.bar
    lines = TICKS_PER_BEAT // (2 if drummer.kit.is_brushed else 4)  # a ballad has no sixteenths
    return Figure(drummer.origin, period, kicks, BESIDE_KICKS, lines)


def _kicks(drummer: Drummer) -> Beats:
    """The loud kicks of the bars that drums keep to, all kicks of brushes."""
    loud = 1 if drummer.kit.is_brushed else LOUD
    ticks = {
        number * drummer.bar + hit.tick
        for number, bar in enumerate(drummer.latest)
        for hit in bar
        if hit.pitch == KICK and hit.velocity >= loud
    }
    return tuple(Beat(tick, Role.ANY) for tick in sorted(ticks))
