"""Bars and fills that drummers play, by style: what our drums begin with, keep and come back to.

The bars are people's, of the Groove MIDI Dataset, two in a row as they were played, on sixteenths before any swing; the
fills are the last two beats of a bar of 4/4 (export/drum_bars.py).  Knows ticks of the bar and General MIDI's drums;
knows no model, no chance and no time.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from livegen.music.time.metre import TICKS_PER_BEAT, Metre
from livegen.music.words.style_names import begins_with, nearest

TABLE = Path(__file__).with_name("drum_bars.json")
# General MIDI: bass drum, snare, closed hi-hat, crash cymbal; side stick, pedal hat, ride
KICK, SNARE, HAT, CRASH = 36, 38, 42, 49
KICKS = (35, KICK)  # General MIDI's
SIDE_STICK, PEDAL_HAT, RIDE = 37, 44, 51
COMMON = 4 * TICKS_PER_BEAT  # ticks of the bars in the table
FILL = 2 * TICKS_PER_BEAT  # ticks of its fills
ANY = "any"
# A pad of an electronic kit says little of how loud a drum is: how loud the loudest kick and snare are, and how many
# times louder than they came they may be made.
_LOUD = {KICK: (100, 2.0), SNARE: (104, 1.5)}
_SOFTEST, _LOUDEST = 16, 120

# The drums that go with a style, by the first words of its name; the most that fit.  "" is the style itself.
_DRUMS = {
    "jazz": "drums_jazz", "jazz_fusion": "drums_funk", "leadsheet_jazz": "drums_jazz", "ragtime": "drums_neworleans",
    "blues": "drums_blues", "leadsheet_blues": "drums_blues", "leadsheet_funk": "drums_soul",
    "leadsheet_latin": "drums_latin", "leadsheet_reggae": "drums_reggae", "leadsheet_electronic": "drums_dance",
    "leadsheet_rock": "drums_rock", "leadsheet_pop": "drums_pop", "leadsheet_song": "drums_pop",
    "leadsheet_folk": "drums_country", "leadsheet_brass": "drums_neworleans", "march": "drums_neworleans",
    "pop": "drums_pop", "song": "drums_pop", "rock": "drums_rock", "gospel": "drums_soul", "folk": "drums_country",
    "band_rock": "drums_rock", "band_metal": "drums_punk", "band_pop": "drums_pop", "band_electronic": "drums_dance",
    "drums_gospel": "drums_soul", "drums_highlife": "drums_afrobeat", "drums": "",
}  # fmt: skip

_BOSSA_NOVAS = ("leadsheet_latin",)


class DrumHit(NamedTuple):
    """A drum that is struck at a tick, of its bar or of the timeline, and how many ticks late; early below 0."""

    tick: int
    pitch: int
    velocity: int
    late: float = 0.0


DrumBar = tuple[DrumHit, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Bars in a row, and how often, as a share of its style's bars, people play like that."""

    bars: tuple[DrumBar, ...]
    share: float = 1.0


def drums_of(style: str) -> str:
    """The style of drums that goes with a style; "any", whose bars are plain, where none is known to."""
    found = nearest(style, _DRUMS, ANY) or style
    return found if found in _table()[0] else ANY


def patterns(style: str) -> tuple[Pattern, ...]:
    """The bars of 4/4 that drums play in a style; a bossa nova's are by rule: the table's Latin bars are sambas too."""
    if begins_with(style, _BOSSA_NOVAS):
        return (Pattern(_bossa_bars()),)
    return _table()[0][drums_of(style)]


def fills(style: str) -> tuple[DrumBar, ...]:
    """Fills in a style: hits of the last two beats of a bar of 4/4, ticks from their beginning."""
    found = _table()[1]
    return found.get(drums_of(style), found[ANY])


def levelled(hits: Iterable[DrumHit]) -> DrumBar:
    """The same hits with kicks and snares about as loud as those of other kits, in order."""
    found = tuple(sorted(hits))
    for drum, (loud, most) in _LOUD.items():
        own = [hit.velocity for hit in found if hit.pitch == drum]
        times = max(1.0, min(most, loud / max(own))) if own else 1.0
        found = tuple(
            hit._replace(velocity=max(_SOFTEST, min(_LOUDEST, round(hit.velocity * times))))
            if hit.pitch == drum
            else hit
            for hit in found
        )
    return found


def plain_bar(metre: Metre, bar: int) -> DrumBar:
    """A bar of hats in eighths, kicks on the strong beats and snares on the others; `bar` is its length in ticks."""
    strong, found = metre.strong(bar), []
    for into in range(0, bar, TICKS_PER_BEAT // 2):
        if into % metre.beat == 0:
            found.append(DrumHit(into, SNARE if into % strong else KICK, 90))
        found.append(DrumHit(into, HAT, 70))
    return tuple(found)


def _bossa_bars() -> tuple[DrumBar, DrumBar]:
    """Two bars of a bossa nova: hi-hats in eighths, a surdo's kick, its clave on a side stick, the foot on weak beats.

    After drummers' methods.
    """
    eighth = TICKS_PER_BEAT // 2
    time = [DrumHit(at, HAT, 52 if at % TICKS_PER_BEAT else 62) for at in range(0, COMMON, eighth)]
    time += [DrumHit(at, PEDAL_HAT, 45) for at in (24, 72)]
    time += [DrumHit(at, KICK, loud) for at, loud in ((0, 78), (36, 62), (48, 80), (84, 62))]
    claves = ((0, 36, 72), (24, 60))
    one, other = (
        tuple(sorted([*time, *(DrumHit(at, SIDE_STICK, 84) for at in clave)])) for clave in claves
    )
    return one, other


def brushed_bars(metre: Metre, bar: int, is_swung: bool) -> tuple[DrumBar, DrumBar]:
    """Two bars of a ballad on brushes, of `bar` ticks each: taps on the snare, a kick, the hi-hat by foot, all soft.

    Off the beat are taps after each second beat; where the beat is straight a side stick is on the last weak beat.
    After jazz and pop drummers' methods, where nobody swirls: General MIDI's usual kit has no such sound.
    """
    strong, beats = metre.strong(bar), range(0, bar, metre.beat)
    weak = [tick for tick in beats if tick % strong]
    hits = [DrumHit(tick, SNARE, 34 if tick in weak else 28) for tick in beats]
    hits += [DrumHit(tick, PEDAL_HAT, 42) for tick in weak]
    hits += [DrumHit(0, KICK, 50), *(DrumHit(at, KICK, 36) for at in range(strong, bar, strong))]
    if metre.beat == TICKS_PER_BEAT:
        off = [tick + metre.beat // 2 for tick in (weak or [0])]
    else:
        off = [tick + third for tick in beats for third in (metre.beat // 3, metre.beat * 2 // 3)]
    hits += [DrumHit(tick, SNARE, 22) for tick in off if tick < bar]
    if weak and not is_swung:
        hits.append(DrumHit(weak[-1], SIDE_STICK, 46))
    other = [hit for hit in hits if hit.tick not in off[:1]]
    return tuple(sorted(hits)), tuple(sorted(other))


@cache
def _table() -> tuple[Mapping[str, tuple[Pattern, ...]], Mapping[str, tuple[DrumBar, ...]]]:
    table = json.loads(TABLE.read_text())
    return (
        {
            style: tuple(Pattern(tuple(map(_bar, row["bars"])), row["share"]) for row in rows)
            for style, rows in table["bars"].items()
        },
        {style: tuple(map(_bar, rows)) for style, rows in table["fills"].items()},
    )


def _bar(hits: list[list[int]]) -> DrumBar:
    return tuple(DrumHit(*hit) for hit in hits)
