"""Protocol buffers, one message at a time, for bytes that nobody vouches for.

What a message may hold is said by a table, and what the table does not name is refused.  Nothing here recurses, and
nothing is allocated on the word of the bytes: a length is compared with what is there.  The encoding:
developers.google.com/protocol-buffers/docs/encoding.  Whatever reads raises Refused.  Knows no graph.
"""

import struct
from collections.abc import Mapping
from typing import Any

VARINT, BYTES, FLOAT32 = 0, 2, 5  # the wire types that are read
MAX_FIELDS = 100_000  # of one file; a 512x2 network in int8 has about 1,500
MAX_NAME = 200

# What may stand in each kind of message: field number -> (name, wire type, whether it may be repeated).
Messages = Mapping[str, Mapping[int, tuple[str, int, bool]]]
Wire = memoryview


class RefusedFile(Exception):
    """The file is refused; the message completes "this file ..."."""


def expect(condition: bool, otherwise: str) -> None:
    """Raise Refused with what is wrong, unless the condition holds."""
    if not condition:
        raise RefusedFile(otherwise)


def _varint(data: Wire, at: int) -> tuple[int, int]:
    """An unsigned number of at most 64 bits, and where it ends."""
    number = 0
    for index, byte in enumerate(data[at : at + 10]):
        number |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return number & 0xFFFF_FFFF_FFFF_FFFF, at + index + 1
    raise RefusedFile("is damaged or not an ONNX file (a number does not end)")


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


class Reader:
    """Reads messages one level at a time and counts their fields.

    `strangers` has better words for fields that are not in the table and that people are likely to bring along.
    """

    def __init__(self, messages: Messages, strangers: Mapping[tuple[str, int], str]) -> None:
        self._messages, self._strangers = messages, strangers
        self._left = MAX_FIELDS

    def message(self, kind: str, data: Wire) -> dict[str, list[Any]]:
        """The fields of one message by name: numbers as int or float, all else as bytes not looked into."""
        known, at = self._messages[kind], 0
        found: dict[str, list[Any]] = {name: [] for name, _, _ in known.values()}
        while at < len(data):
            self._left -= 1
            expect(self._left >= 0, f"has more than {MAX_FIELDS} fields")
            key, at = _varint(data, at)
            number, wire = key >> 3, key & 7
            stranger = self._strangers.get((kind, number), f"field {number} of a {kind}")
            expect(number in known, f"holds {stranger}")
            name, expected, repeated = known[number]
            expect(wire == expected, f"is damaged (the {name} of a {kind} is of another kind)")
            expect(repeated or not found[name], f"is damaged (a {kind} with two of {name})")
            value, at = self._value(data, at, wire)
            found[name].append(value)
        return found

    def _value(self, data: Wire, at: int, wire: int) -> tuple[int | float | Wire, int]:
        if wire == FLOAT32:
            expect(len(data) - at >= 4, "is cut short (a number ends too soon)")
            return struct.unpack_from("<f", data, at)[0], at + 4
        number, at = _varint(data, at)
        if wire == VARINT:
            return _signed(number), at
        expect(number <= len(data) - at, "is cut short (a length points past the end)")
        return data[at : at + number], at + number


def one(message: Mapping[str, list[Any]], name: str) -> Any:
    """A field's value, the first if there are more."""
    expect(bool(message[name]), f"is incomplete (no {name})")
    return message[name][0]


def text_of(data: Wire) -> str:
    """A short text that can be printed."""
    expect(len(data) <= MAX_NAME, f"has a name of more than {MAX_NAME} bytes")
    try:
        text = str(data, "utf-8")
    except UnicodeDecodeError:
        raise RefusedFile("has a name that is not text") from None
    expect(text.isprintable(), "has a name that cannot be printed")
    return text


def name_of(message: Mapping[str, list[Any]]) -> str:
    """A message's name, which must not be empty."""
    text = text_of(one(message, "name"))
    expect(bool(text), "has something without a name")
    return text


# --- writing ------------------------------------------------------------------------------------------------------


def bytes_field(number: int, data: bytes | Wire) -> bytes:
    """A field of a message, encoded: a text or another message."""
    return _encoded(number << 3 | BYTES) + _encoded(len(data)) + bytes(data)


def number_field(number: int, value: int) -> bytes:
    """A field of a message, encoded: a number that is not negative."""
    return _encoded(number << 3 | VARINT) + _encoded(value)


def _encoded(number: int) -> bytes:
    """A number (not negative) as a varint."""
    low = bytearray()
    while number > 0x7F:
        low.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*low, number])
