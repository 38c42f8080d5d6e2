"""Variations: four levels of a band that goes along, as the Main A to D of an arranger keyboard.

One table: B is the band as it is, the others are more or less of it.  Knows parts and drums; knows no model.
"""

from dataclasses import dataclass
from typing import NamedTuple

from livegen.music.drum_bars import KICK, PEDAL_HAT, RIDE, SIDE_STICK, SNARE, DrumBar, DrumHit
from livegen.music.metre import TICKS_PER_BEAT, Metre
from livegen.music.parts import BASS, COMP, DRUMS, PARTS
from livegen.music.quantise import line_from

SWINGS = 57  # percent: from here on a bass walks in quarters where it would play eighths
_HATS = (42, 44, 46)
_RIDE = tuple((hat, RIDE) for hat in _HATS)


@dataclass(frozen=True, slots=True)
class PartPulse:
    """A part begins a note each `ticks` of the bar, or `at` some of its ticks, and then on no other.

    Its other notes fall on lines `lines` ticks apart, or anywhere.
    """

    ticks: int
    lines: int | None = None
    at: tuple[int, ...] = ()

    def line_from(self, tick: int, metre: Metre) -> int:
        """The first tick on which it begins a note that is not before this one."""
        if not self.at:
            return line_from(tick, self.ticks, metre)
        place, bar = metre.place(tick)
        return tick - place + min((at for at in self.at if at >= place), default=bar + self.at[0])

    def takes(self, tick: int, metre: Metre) -> bool:
        """True if a note of the part may begin on a tick."""
        if self.at:
            return self.line_from(tick, metre) == tick
        return self.lines is None or line_from(tick, self.lines, metre) == tick


class Kit(NamedTuple):
    """The drums of a variation: drums with those that are struck `instead`, and hits that are `added` to each bar.

    Fills stay as they are.
    """

    instead: tuple[tuple[int, int], ...] = ()
    added: DrumBar = ()

    def drum(self, pitch: int) -> int:
        """The drum that is struck where this one is meant."""
        return dict(self.instead).get(pitch, pitch)

    def bar(self, bar: DrumBar, ticks: int) -> DrumBar:
        """The hits of a bar of so many ticks on this kit."""
        hits = [hit._replace(pitch=self.drum(hit.pitch)) for hit in bar]
        struck = {(hit.tick, hit.pitch) for hit in hits}
        hits += [it for it in self.added if it.tick < ticks and (it.tick, it.pitch) not in struck]
        return tuple(sorted(hits))


PLAIN_KIT = Kit()


@dataclass(frozen=True, slots=True)
class Variation:
    """A level of the band: `densities` by part multiply those of the mixer, `louder` is added to velocities.

    `comp` is the pulse of a comp, `bass` that of a bass, `walks` that of a bass in a style that swings; None leaves
    the rhythm to the model.
    """

    densities: tuple[float, ...] = (1.0,) * len(PARTS)
    louder: float = 0.0
    comp: PartPulse | None = None
    bass: PartPulse | None = None
    walks: PartPulse | None = None
    kit: Kit = PLAIN_KIT

    def pulses(self, swing: float) -> tuple[PartPulse | None, ...]:
        """The pulses by part where the first eighth of a beat takes `swing` percent of it."""
        pulses = {COMP: self.comp, BASS: self.walks if swing >= SWINGS else self.bass}
        return tuple(pulses.get(part) for part in range(len(PARTS)))


def _by_part(comp: float, bass: float, drums: float) -> tuple[float, ...]:
    given = {COMP: comp, BASS: bass, DRUMS: drums}
    return tuple(given.get(part, 1.0) for part in range(len(PARTS)))


_BEAT = TICKS_PER_BEAT
_EIGHTH = _BEAT // 2
_HALVES, _EIGHTHS = PartPulse(4 * _BEAT, 2 * _BEAT), PartPulse(_EIGHTH, _EIGHTH)  # or wholes
_QUARTERS, _TWO = PartPulse(_BEAT, _EIGHTH), PartPulse(2 * _BEAT, _EIGHTH)  # and some off the beat
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
        PartPulse(_BEAT, _BEAT // 4),
        _EIGHTHS,
        _QUARTERS,
        Kit(_RIDE, _FEET),
    ),
}
USUAL = "B"
