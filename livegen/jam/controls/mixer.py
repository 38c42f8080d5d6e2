"""The mixer: what the hand does to each part.  Pure; the table of controls has its strips."""

from dataclasses import dataclass

from livegen.jam.controls.controls import Settings
from livegen.music.parts import DRUMS, PARTS

# Of a strip, what acts on what is planned already.
UNPLANNED = frozenset(f"{part}_{what}" for part in PARTS for what in ("mute", "solo", "level"))


@dataclass(frozen=True, slots=True)
class Strip:
    """A part's own: `level` multiplies velocities, `density` how many notes it plays; `octave` moves its register."""

    is_muted: bool
    is_solo: bool
    level: float
    density: float
    octave: int


def strip_of(settings: Settings, part: int) -> Strip:
    """The strip of a part, which is a number in PARTS."""
    name = PARTS[part]
    return Strip(
        getattr(settings, f"{name}_mute") == "on",
        getattr(settings, f"{name}_solo") == "on",
        getattr(settings, f"{name}_level"),
        getattr(settings, f"{name}_density"),
        0 if part == DRUMS else getattr(settings, f"{name}_octave"),
    )


def strips(settings: Settings) -> tuple[Strip, ...]:
    """The strips, by part."""
    return tuple(strip_of(settings, part) for part in range(len(PARTS)))


def gains(settings: Settings) -> tuple[float, ...]:
    """The factor of each part's velocities; 0 for a part that is muted, or not solo where another is."""
    every = strips(settings)
    has_solo = any(strip.is_solo for strip in every)
    return tuple(
        0.0 if strip.is_muted or (has_solo and not strip.is_solo) else strip.level
        for strip in every
    )
