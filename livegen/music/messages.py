"""MIDI messages as values, and the one table that says how they travel.

Knows the bytes of the MIDI 1.0 specification (M1-1996-0105, tables I to V); knows no ports and no
time.  Channels are 0 to 15 here; only `config` and `control` show 1 to 16.  Standard library only:
the port process imports this module and must start at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NoteOn:
    """A key goes down.  `velocity` is 1 to 127: a note-on of velocity 0 is decoded as `NoteOff`."""

    pitch: int
    velocity: int
    channel: int = 0


@dataclass(frozen=True, slots=True)
class NoteOff:
    """A key comes up."""

    pitch: int
    velocity: int = 64
    channel: int = 0


@dataclass(frozen=True, slots=True)
class ControlChange:
    """A controller moves; 120 to 127 are channel mode messages (table III)."""

    control: int
    value: int
    channel: int = 0


@dataclass(frozen=True, slots=True)
class Other:
    """Any other well-formed message, as it came: clock, bend, pressure, program, sysex."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """Not MIDI: withdraw all that is handed out but not yet due, release all that sounds, now."""


Message = NoteOn | NoteOff | ControlChange | Other

NOTE_OFF, NOTE_ON, CONTROL_CHANGE = 0x80, 0x90, 0xB0
SUSTAIN, ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF = 64, 120, 121, 123
DATA_ENTRY, RPN_FINE, RPN_COARSE = 6, 100, 101
NRPN = (98, 99)

# Length in bytes by status; channel messages by their high nibble.  F0 has any length, F4 F5 F9 FD
# are undefined.
_LENGTH = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3} | {
    0xF1: 2, 0xF2: 3, 0xF3: 2, 0xF6: 1, 0xF8: 1, 0xFA: 1, 0xFB: 1, 0xFC: 1, 0xFE: 1, 0xFF: 1
}  # fmt: skip


def decode(data: Sequence[int]) -> Message | None:
    """Turn the bytes of one message into a value; None for what the standard does not allow."""
    if not data:
        return None
    status = data[0]
    kind = status & 0xF0 if status < 0xF0 else status
    if status == 0xF0:
        well_formed = (
            len(data) >= 2 and data[-1] == 0xF7 and all(byte < 0x80 for byte in data[1:-1])
        )
        return Other(bytes(data)) if well_formed else None
    if _LENGTH.get(kind) != len(data) or any(not 0 <= byte < 0x80 for byte in data[1:]):
        return None
    channel = status & 0x0F
    if kind == NOTE_ON and data[2]:
        return NoteOn(data[1], data[2], channel)
    if kind in (NOTE_ON, NOTE_OFF):
        return NoteOff(data[1], data[2] if kind == NOTE_OFF else 64, channel)
    if kind == CONTROL_CHANGE:
        return ControlChange(data[1], data[2], channel)
    return Other(bytes(data))


def encode(message: Message) -> bytes:
    """Give the bytes of a message, running status not used."""
    match message:
        case NoteOn(pitch, velocity, channel):
            return bytes((NOTE_ON | channel, pitch, velocity))
        case NoteOff(pitch, velocity, channel):
            return bytes((NOTE_OFF | channel, pitch, velocity))
        case ControlChange(control, value, channel):
            return bytes((CONTROL_CHANGE | channel, control, value))
        case Other(data):
            return data
