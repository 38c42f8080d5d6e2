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
class ProgramChange:
    """A sound is chosen, 0 to 127."""

    program: int
    channel: int = 0


@dataclass(frozen=True, slots=True)
class PitchBend:
    """All notes of a channel are bent.  `value` is 0 to 16383; 8192 (`CENTRE`) is not bent at all."""

    value: int
    channel: int = 0


@dataclass(frozen=True, slots=True)
class ChannelPressure:
    """All keys of a channel are pressed, 0 to 127."""

    value: int
    channel: int = 0


@dataclass(frozen=True, slots=True)
class KeyPressure:
    """A key that is down is pressed, 0 to 127."""

    pitch: int
    value: int
    channel: int = 0


@dataclass(frozen=True, slots=True)
class Other:
    """A well-formed system message, as it came: clock, song position, system exclusive."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """Not MIDI: withdraw all that is handed out but not yet due, release all that sounds, now.

    `keys` (channel, pitch), where there are any, narrow it to their notes.
    """

    keys: tuple[tuple[int, int], ...] = ()


ChannelMessage = (
    NoteOn | NoteOff | ControlChange | ProgramChange | PitchBend | ChannelPressure | KeyPressure
)
Message = ChannelMessage | Other

NOTE_OFF, NOTE_ON, CONTROL_CHANGE = 0x80, 0x90, 0xB0
KEY_PRESSURE, PROGRAM_CHANGE, CHANNEL_PRESSURE, PITCH_BEND = 0xA0, 0xC0, 0xD0, 0xE0
CENTRE = 0x2000
SUSTAIN, ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF = 64, 120, 121, 123
DATA_ENTRY, RPN_FINE, RPN_COARSE = 6, 100, 101
NRPN = (98, 99)

# Length in bytes by status; channel messages by their high nibble.  F0 has any length, F4 F5 F9 FD
# are undefined.
_LENGTH = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3} | {
    0xF1: 2, 0xF2: 3, 0xF3: 2, 0xF6: 1, 0xF8: 1, 0xFA: 1, 0xFB: 1, 0xFC: 1, 0xFE: 1, 0xFF: 1
}  # fmt: skip


def kind_of(data: Sequence[int]) -> int:
    """The status of a channel message without its channel, such as NOTE_ON; 0xF0 for every system message."""
    return data[0] & 0xF0


def channel_of(data: Sequence[int]) -> int:
    """The channel of a channel message, 0 to 15."""
    return data[0] & 0x0F


def begins_note(data: Sequence[int]) -> bool:
    """True for a note-on of three bytes that is no note-off in disguise."""
    return len(data) == 3 and data[0] & 0xF0 == NOTE_ON and data[2] > 0


def velocity_near(loudness: float) -> int:
    """The velocity of a note-on, 1 to 127, that is nearest to a loudness of that scale."""
    return max(1, min(127, round(loudness)))


def decode(data: Sequence[int]) -> Message | None:
    """Turn the bytes of one message into a value; None for what the standard does not allow."""
    if not data:
        return None
    status = data[0]
    what = status & 0xF0 if status < 0xF0 else status
    if status == 0xF0:
        well_formed = (
            len(data) >= 2 and data[-1] == 0xF7 and all(byte < 0x80 for byte in data[1:-1])
        )
        return Other(bytes(data)) if well_formed else None
    if _LENGTH.get(what) != len(data) or any(not 0 <= byte < 0x80 for byte in data[1:]):
        return None
    on = channel_of(data)
    match what, tuple(data[1:]):
        case (0x90, (pitch, 0)):
            return NoteOff(pitch, channel=on)
        case (0x90, (pitch, velocity)):
            return NoteOn(pitch, velocity, on)
        case (0x80, (pitch, velocity)):
            return NoteOff(pitch, velocity, on)
        case (0xB0, (control, value)):
            return ControlChange(control, value, on)
        case (0xE0, (low, high)):
            return PitchBend(low | high << 7, on)
        case (0xD0, (value,)):
            return ChannelPressure(value, on)
        case (0xA0, (pitch, value)):
            return KeyPressure(pitch, value, on)
        case (0xC0, (program,)):
            return ProgramChange(program, on)
        case _:
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
        case PitchBend(value, channel):
            return bytes((PITCH_BEND | channel, value & 0x7F, value >> 7))
        case ChannelPressure(value, channel):
            return bytes((CHANNEL_PRESSURE | channel, value))
        case KeyPressure(pitch, value, channel):
            return bytes((KEY_PRESSURE | channel, pitch, value))
        case ProgramChange(program, channel):
            return bytes((PROGRAM_CHANGE | channel, program))
        case Other(data):
            return data
