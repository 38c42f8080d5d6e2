"""The drum kit on five lines: where each General MIDI drum stands, its notehead, and which hand or foot plays it.

Places as drummers mostly have them (Norman Weinberg, Guide to Standardized Drumset Notation, 1998).
"""

from typing import NamedTuple


class Drum(NamedTuple):
    """A drum: its name, letter and octave of where it stands, its notehead as MusicXML calls it; feet stem down."""

    name: str
    step: str
    octave: int
    head: str = "normal"
    is_foot: bool = False


_DRUMS = {
    35: Drum("Acoustic Bass Drum", "E", 4, is_foot=True),
    36: Drum("Bass Drum", "F", 4, is_foot=True),
    37: Drum("Side Stick", "C", 5, "x"),
    38: Drum("Snare", "C", 5),
    39: Drum("Hand Clap", "D", 5, "triangle"),
    40: Drum("Electric Snare", "C", 5, "diamond"),
    41: Drum("Low Floor Tom", "G", 4),
    42: Drum("Closed Hi-Hat", "G", 5, "x"),
    43: Drum("High Floor Tom", "A", 4),
    44: Drum("Pedal Hi-Hat", "D", 4, "x", is_foot=True),
    45: Drum("Low Tom", "B", 4),
    46: Drum("Open Hi-Hat", "G", 5, "circle-x"),
    47: Drum("Low-Mid Tom", "D", 5),
    48: Drum("High-Mid Tom", "E", 5),
    49: Drum("Crash Cymbal", "A", 5, "x"),
    50: Drum("High Tom", "F", 5),
    51: Drum("Ride Cymbal", "F", 5, "x"),
    52: Drum("China Cymbal", "C", 6, "x"),
    53: Drum("Ride Bell", "F", 5, "diamond"),
    54: Drum("Tambourine", "B", 4, "triangle"),
    55: Drum("Splash Cymbal", "B", 5, "x"),
    56: Drum("Cowbell", "E", 5, "triangle"),
    57: Drum("Crash Cymbal 2", "B", 5, "diamond"),
    59: Drum("Ride Cymbal 2", "E", 5, "x"),
}
_OTHER = Drum("Percussion", "D", 5, "slash")


def drum_of(pitch: int) -> Drum:
    """The drum of a key; what General MIDI has besides a kit shares one place and is told apart by its name."""
    return _DRUMS.get(pitch) or _OTHER._replace(name=f"Percussion {pitch}")
