"""Events as the network sees them: fields, their sizes, and the hash that names all of it.

Everything that must be the same in training and serving is stated here or follows from here;
whoever changes the meaning of a field raises `VERSION`, and every model file made before is
refused.
"""

import hashlib
import json
from typing import NamedTuple

from livegen.music.parts import PARTS, PITCHED
from livegen.music.time.metre import TICKS_PER_BEAT

VERSION = 2

ADVANCE = 192  # the time class "192 ticks pass and nothing else happens"
MAX_ADVANCES = 4  # a longer silence sounds no longer
VELOCITY_BINS = 32
NO_GRID = 192  # the position of an event where no bar is known; such an event has bar class 0
MAX_BAR_CLASS = 16
NO_PITCH = 255  # `before` where there is none: no pitch is near it
FARTHEST = 24  # the widest interval that is told from wider ones, in semitones
# Classes of an interval: 0..2 * FARTHEST are of an onset; then that of an end, and that where there is no `before`.
ENDS = 2 * FARTHEST + 1
NOWHERE = ENDS + 1
INTERVALS = NOWHERE + 1
SOUNDING = len(PITCHED) * 128  # drums do not sound on: they have no off events
UNKNOWN_STYLE = 0
STYLE_UNKNOWN_NAME = "any"

# The fields in the order in which they are drawn, each with its number of classes.
FIELDS = {"time": ADVANCE + 1, "part": len(PARTS), "on": 2, "pitch": 128, "velocity": VELOCITY_BINS}


class Event(NamedTuple):
    """A step of the network: the first five fields are predicted, the others are where they stand.

    time      0..191 ticks since the event before, or ADVANCE, and then the next four mean nothing
    part      index into PARTS
    on        1 a note starts, 0 it ends
    pitch     0..127
    velocity  0..31, MIDI velocity // 4; 0 for the end of a note
    position  0..191 ticks since the bar line, or NO_GRID
    bar       length of the bar in eighths, 1..16, or 0 without a grid
    before    pitch of the latest onset of the part before this one, or NO_PITCH; drums have none
    """

    time: int
    part: int
    on: int
    pitch: int
    velocity: int
    position: int
    bar: int
    before: int = NO_PITCH

    @property
    def interval(self) -> int:
        """Class of the interval from `before` to an onset: 0..48, wider ones with the widest; or ENDS, or NOWHERE."""
        if self.before == NO_PITCH:
            return NOWHERE
        if not self.on:
            return ENDS
        return max(-FARTHEST, min(FARTHEST, self.pitch - self.before)) + FARTHEST


def velocity_class(velocity: int) -> int:
    """Class of a MIDI velocity (1..127)."""
    return velocity * VELOCITY_BINS // 128


def velocity_of(bin_: int) -> int:
    """MIDI velocity in the middle of a class."""
    return bin_ * 128 // VELOCITY_BINS + 64 // VELOCITY_BINS


def codec_hash() -> str:
    """Twelve hexadecimal digits that name this layout."""
    facts = [
        VERSION, TICKS_PER_BEAT, PARTS, FIELDS, MAX_ADVANCES, NO_GRID, MAX_BAR_CLASS, SOUNDING, FARTHEST,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
