"""A note as a whole: where it begins and ends, and what is struck.  Knows no source and no grid."""

from typing import NamedTuple


class Note(NamedTuple):
    """From `onset` to `end`, beats where nothing else is said: MIDI pitch, velocity 1..127 and channel 0..15."""

    onset: float
    end: float
    pitch: int
    velocity: int = 80
    channel: int = 0
