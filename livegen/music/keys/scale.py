"""Scales and registers: sets of pitch classes by name, the one a phrase suggests, ranges of pitches.

Knows pitches and their names (middle C is C4, pitch 60); knows no time.
"""

import re
from collections.abc import Sequence

from livegen.errors import ConfigError
from livegen.music.keys.key import Key, likeliest

PitchClasses = frozenset[int]

_STEPS: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "ionian": (0, 2, 4, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "aeolian": (0, 2, 3, 5, 7, 8, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "pentatonic": (0, 2, 4, 7, 9),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "whole tone": (0, 2, 4, 6, 8, 10),
    "chromatic": tuple(range(12)),
}
# Semitones above its tonic: what a blues may have, and what it has besides the blue note.
_BLUE, _IN_BLUES, _MAKES_BLUES = (
    6,
    frozenset({0, 2, 3, 4, 5, 6, 7, 9, 10}),
    frozenset({0, 3, 6, 10}),
)
_HABIT, _ABSENT = 0.12, 0.01  # shares of what is played: of a habit, and of what is not used
KINDS = tuple(_STEPS)  # of scales, by name
_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_SCALE = re.compile(r"([A-Ga-g])([#♯b♭]?)\s+([a-z ]+)", re.I)
_A_PITCH = r"(?:\d{1,3}|[A-Ga-g][#♯b♭]?(?:-1|\d))"
_PITCH = re.compile(r"(\d{1,3})|([A-Ga-g])([#♯b♭]?)(-1|\d)")
_REGISTER = re.compile(rf"({_A_PITCH})\s*-\s*({_A_PITCH})")


def parse_scale(name: str) -> PitchClasses:
    """Pitch classes of a scale such as "C major" or "F# dorian".  Raises ConfigError."""
    root, steps = _parsed(name)
    return frozenset((root + step) % 12 for step in steps)


def home_of(name: str) -> Key:
    """The key at whose tonic a scale is at home: minor where it has a minor third alone.  Raises ConfigError."""
    root, steps = _parsed(name)
    return Key(root % 12, "minor" if 3 in steps and 4 not in steps else "major")


def _parsed(name: str) -> tuple[int, tuple[int, ...]]:
    """Root and steps of a scale.  Raises ConfigError."""
    match = _SCALE.fullmatch(name.strip())
    steps = _STEPS.get(" ".join(match[3].lower().split())) if match else None
    if match is None or steps is None:
        raise ConfigError(
            f"scale: expected a name such as A minor; kinds are {', '.join(_STEPS)}; got {name!r}"
        )
    return _NATURALS[match[1].upper()] + _ACCIDENTALS[match[2].lower()], steps


def name_of(pitch: int) -> str:
    """The name of a pitch, with sharps: C4 is 60."""
    return f"{_SHARPS[pitch % 12]}{pitch // 12 - 1}"


def blues(classes: PitchClasses, weights: Sequence[float]) -> PitchClasses | None:
    """The blues scale of what is played, with its other notes; None where it is no blues.

    It is one where a note beside the key is the blue note, a tritone above a tonic that is played with its minor third
    and seventh, and nothing else is foreign to a blues there.  One blue note among many is enough.
    """
    total = sum(weights)
    played = frozenset(pc for pc in range(12) if weights[pc] > _ABSENT * total)
    for blue in played - classes:
        tonic = (blue - _BLUE) % 12
        steps = {(pc - tonic) % 12 for pc in played}
        if _MAKES_BLUES <= steps <= _IN_BLUES:
            return played | {(tonic + step) % 12 for step in _STEPS["blues"]}
    return None


def coloured(classes: PitchClasses, weights: Sequence[float]) -> PitchClasses:
    """A key's pitch classes with those that are played beside it, in place of neighbours that are not played.

    So a flat seventh takes the place of the leading tone (mixolydian, blues), and a raised one that of the natural.
    """
    total, found = sum(weights), set(classes)
    for stranger in [pc for pc in range(12) if pc not in classes and weights[pc] > _HABIT * total]:
        found.add(stranger)
        found -= {near for near in _beside(stranger) & classes if weights[near] <= _ABSENT * total}
    return frozenset(found)


def _beside(pitch_class: int) -> set[int]:
    return {(pitch_class + 1) % 12, (pitch_class - 1) % 12}


def key_of(weights: Sequence[float]) -> PitchClasses | None:
    """Pitch classes of the major or minor key that twelve weights suggest; None when they suggest none."""
    key = likeliest(weights)
    return None if key is None else key.pitch_classes


def parse_register(text: str) -> tuple[int, int]:
    """Lowest and highest pitch of a range such as "48-84" or "C3-C6".  Raises ConfigError."""
    match = _REGISTER.fullmatch(text.strip())
    if match:
        low, high = parse_pitch(match[1]), parse_pitch(match[2])
        if 0 <= low <= high <= 127:
            return low, high
    raise ConfigError(
        f"register: expected a range such as 48-84 or C3-C6, low to high, got {text!r}"
    )


def parse_pitch(text: str) -> int:
    """A pitch from its number or its name ("60", "C4", "Bb3").  Raises ConfigError."""
    match = _PITCH.fullmatch(text.strip())
    if match is None:
        raise ConfigError(f"expected a pitch such as 60 or C4, got {text!r}")
    if match[1]:
        return int(match[1])
    return 12 * (int(match[4]) + 1) + _NATURALS[match[2].upper()] + _ACCIDENTALS[match[3].lower()]
