"""Variations: four levels of a band that goes along, as the Main A to D of an arranger keyboard.

One table: B is the band as it is, the others are more or less of it.  Knows parts and drums; knows no model.
"""

from dataclasses import dataclass
from typing import NamedTuple

from livegen.music.drums.drum_bars import (
    CRASH,
    HAT,
    KICK,
    PEDAL_HAT,
    RIDE,
    SIDE_STICK,
    SNARE,
    DrumBar,
    DrumHit,
)
from livegen.music.parts import BASS, COMP, DRUMS, PARTS
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.words.style_names import begins_with

SWINGS = 57  # percent: from here on a bass walks in quarters where it would play eighths
_HATS = (42, 44, 46)
_RIDE = tuple((hat, RIDE) for hat in _HATS)
_STICKS = 100  # velocity: what is never louder is played with brushes


class Each(NamedTuple):
    """A part begins a note each `ticks` of the bar; its other notes fall on lines `lines` ticks apart, or anywhere."""

    ticks: int
    lines: int


class Kit(NamedTuple):
    """The drums of a variation: drums with those that are struck `instead`, and hits that are `added` to each bar.

    Fills stay as they are.  No hit is louder than `loudest`; brushes are softer than sticks.
    """

    instead: tuple[tuple[int, int], ...] = ()
    added: DrumBar = ()
    loudest: int = 127

    @property
    def is_brushed(self) -> bool:
        """True of brushes, which keep to their bars more closely."""
        return self.loudest < _STICKS

    def drum(self, pitch: int) -> int:
        """The drum that is struck where this one is meant."""
        return dict(self.instead).get(pitch, pitch)

    def most(self, is_kept: bool) -> int:
        """Give the most velocity of a hit; brushes add none that stands out among those of their bars."""
        return self.loudest if is_kept or not self.is_brushed else self.loudest * 2 // 3

    def filled(self, pitch: int) -> int:
        """The drum that is struck in a fill: only with brushes another than is meant."""
        return self.drum(pitch) if self.is_brushed else pitch

    def bar(self, bar: DrumBar, ticks: int) -> DrumBar:
        """The hits of a bar of so many ticks on this kit."""
        hits = [hit._replace(pitch=self.drum(hit.pitch)) for hit in bar]
        struck = {(hit.tick, hit.pitch) for hit in hits}
        hits += [it for it in self.added if it.tick < ticks and (it.tick, it.pitch) not in struck]
        return tuple(sorted(hits))


PLAIN_KIT = Kit()
# A ballad's: no open hi-hat, no clap, and a ride where sticks would crash.
BRUSHES = Kit(
    (
        (39, SNARE),
        (40, SNARE),
        (46, PEDAL_HAT),
        (HAT, PEDAL_HAT),
        *((it, RIDE) for it in (CRASH, 52, 55, 57)),
    ),
    (),
    64,
)
KITS = ("auto", "sticks", "brushes")
RITARDS = ("auto", "on", "off")  # at the end: as is usual in a style
BALLAD_BPM = 74  # at most, where brushes are taken by themselves
_STAYS = 84  # and who has brushes in hand keeps them up to this tempo: one that is heard wavers
# Styles whose slow songs are played on brushes, by the first words of their names.
_BALLADS = (
    "jazz", "leadsheet_jazz", "leadsheet_song", "leadsheet_stage_screen", "leadsheet_pop", "pop", "song", "lied",
    "folk", "gospel", "hymn", "romantic", "drums_jazz",
)  # fmt: skip


def has_ballads(style: str) -> bool:
    """True of a style whose slow songs are ballads."""
    return begins_with(style, _BALLADS)


def is_brushed(told: str, style: str, bpm: float, was_brushed: bool) -> bool:
    """True where drums are played with brushes: as the control `kit` says, or by themselves in ballads."""
    if told != "auto":
        return told == "brushes"
    return has_ballads(style) and bpm <= (_STAYS if was_brushed else BALLAD_BPM)


@dataclass(frozen=True, slots=True)
class Variation:
    """A level of the band: `densities` by part multiply those of the mixer, `louder` is added to velocities.

    `comp`, `bass`, and `walks` for a bass in a style that swings, say on which beats they begin notes; None leaves that
    to others (jam/band/figures.py).
    """

    densities: tuple[float, ...] = (1.0,) * len(PARTS)
    louder: float = 0.0
    comp: Each | None = None
    bass: Each | None = None
    walks: Each | None = None
    kit: Kit = PLAIN_KIT


def _by_part(comp: float, bass: float, drums: float) -> tuple[float, ...]:
    given = {COMP: comp, BASS: bass, DRUMS: drums}
    return tuple(given.get(part, 1.0) for part in range(len(PARTS)))


_BEAT = TICKS_PER_BEAT
_EIGHTH = _BEAT // 2
_HALVES, _EIGHTHS = Each(4 * _BEAT, 2 * _BEAT), Each(_EIGHTH, _EIGHTH)  # or wholes
_QUARTERS, _TWO = Each(_BEAT, _EIGHTH), Each(2 * _BEAT, _EIGHTH)  # and some off the beat
# The left foot on two and four; on each beat, with a kick before the third.
_FOOT = tuple(DrumHit(beat * _BEAT, PEDAL_HAT, 70) for beat in (1, 3))
_FEET = (*(DrumHit(beat * _BEAT, PEDAL_HAT, 80) for beat in range(4)), DrumHit(36, KICK, 85))
VARIATIONS = {
    "A": Variation(
        _by_part(0.6, 0.6, 0.6), -8, None, _HALVES, _HALVES, Kit(instead=((SNARE, SIDE_STICK),))
    ),
    "B": Variation(),
    "C": Variation(_by_part(1.8, 0.5, 1.1), 6, _TWO, _QUARTERS, _QUARTERS, Kit(_RIDE, _FOOT)),
    "D": Variation(
        _by_part(3.0, 1.6, 1.2),
        12,
        Each(_BEAT, _EIGHTH),
        _EIGHTHS,
        _QUARTERS,
        Kit(_RIDE, _FEET),
    ),
}
USUAL = "B"
