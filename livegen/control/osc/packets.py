"""OSC 1.0 packets, guarded: bytes to messages, and messages to bytes.

Knows no address of ours, no socket and no clock.  python-osc reads and writes the single message; bundles are
walked here, because its own walk (1.10.2) never ends when an element says that it is -4 bytes long, and logs
a line for each type it does not know.  Source: OSC 1.0 specification, "OSC Packets", "OSC Bundles".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import OscMessageBuilder

MAX_BYTES = 8192
MAX_DEPTH = 4  # bundles in bundles
MAX_AHEAD_US = 1_000_000
MAX_ARGUMENTS = 16
TAGS = b"ifhdsTFNI"  # no blobs, arrays, colours and MIDI: nothing here takes them
BUNDLE = b"#bundle\0"
HEAD = len(BUNDLE) + 8  # with the time tag
UNIX_EPOCH_S = 2_208_988_800  # seconds from 1900, where NTP begins, to 1970

Argument = int | float | str | bool | None
Arguments = tuple[Argument, ...]


class PacketFault(Enum):
    """The reason why something was not taken, in the words of a log line."""

    PEER = "from an address that is not allowed"
    RATE = "too many in a second"
    SIZE = f"longer than {MAX_BYTES} bytes"
    DEPTH = f"bundles nested deeper than {MAX_DEPTH}"
    BYTES = "not OSC"
    AHEAD = f"meant for later than {MAX_AHEAD_US // 1_000_000} s from now"
    ADDRESS = "at an unknown address"
    VALUE = "with a value that does not fit"
    FULL = "requests to subscribe that could not be met"


class RefusedPacket(Exception):
    """A datagram that is not looked at further."""

    def __init__(self, reason: PacketFault) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Message:
    """A message.  `is_ahead`: a bundle around it is due later than `MAX_AHEAD_US` from now."""

    address: str
    arguments: Arguments = ()
    is_ahead: bool = False


def messages(data: bytes, wall_us: int) -> list[Message]:
    """Read the messages of a datagram, in order.  `wall_us`: micros since 1970, which time tags count from.

    Raises Refused, and nothing else for any bytes; a datagram is read whole or not at all.
    """
    if len(data) > MAX_BYTES:
        raise RefusedPacket(PacketFault.SIZE)
    return list(_walk(data, wall_us + MAX_AHEAD_US, False, 1))


def _walk(data: bytes, latest_us: int, is_ahead: bool, depth: int) -> Iterator[Message]:
    if not data.startswith(BUNDLE):
        yield _message(data, is_ahead)
        return
    if depth > MAX_DEPTH:
        raise RefusedPacket(PacketFault.DEPTH)
    if len(data) < HEAD:
        raise RefusedPacket(PacketFault.BYTES)
    is_ahead |= _due_us(data[len(BUNDLE) : HEAD]) > latest_us
    at = HEAD
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big", signed=True)
        if not 0 < size <= len(data) - at - 4:
            raise RefusedPacket(PacketFault.BYTES)
        yield from _walk(data[at + 4 : at + 4 + size], latest_us, is_ahead, depth + 1)
        at += 4 + size


def _due_us(tag: bytes) -> int:
    """Micros since 1970 of a time tag.  The tag 1, "immediately", lies long ago, as it should."""
    seconds, fraction = int.from_bytes(tag[:4], "big"), int.from_bytes(tag[4:], "big")
    return (seconds - UNIX_EPOCH_S) * 1_000_000 + (fraction * 1_000_000 >> 32)


def _message(data: bytes, is_ahead: bool) -> Message:
    """Read one message.  An impulse (I) is read as true: python-osc does not know it, and neither has bytes."""
    address, at = _string(data, 0)
    tags, end = _string(data, at) if at < len(data) else (b",", at)
    if not address.startswith(b"/") or tags[:1] != b"," or tags[1:].strip(TAGS):
        raise RefusedPacket(PacketFault.BYTES)
    if len(tags) > 1 + MAX_ARGUMENTS:
        raise RefusedPacket(PacketFault.BYTES)
    try:
        parsed = OscMessage(data[:at] + data[at:end].replace(b"I", b"T") + data[end:])
    except (ParseError, ValueError):  # ValueError: text that is not UTF-8
        raise RefusedPacket(PacketFault.BYTES) from None
    return Message(parsed.address, tuple(parsed), is_ahead)


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    """A string and where the next thing begins: padded with zeros to a multiple of four."""
    end = data.find(b"\0", at)
    if end < 0:
        raise RefusedPacket(PacketFault.BYTES)
    return data[at:end], end + 4 - end % 4


def encode(address: str, arguments: Arguments) -> bytes:
    """Write one message.  Text that OSC cannot carry loses what it cannot."""
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(_text(argument) if isinstance(argument, str) else argument)
    return builder.build().dgram


def _text(text: str) -> str:
    return text.replace("\0", " ").encode("utf-8", "replace").decode()
