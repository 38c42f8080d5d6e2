"""Protocol buffers, for bytes that nobody vouches for.

What a message may hold is said by a table, and what the table does not name is refused.  Reading goes no deeper than
the table, in which no message holds itself, and nothing is allocated on the word of the bytes: a length is compared
with what is there.  Google's own library has no limit of that kind: 60 MB of empty messages become 1 GB.  The encoding:
developers.google.com/protocol-buffers/docs/encoding.  Whatever reads raises RefusedFile.  Knows no graph.
"""

import struct
from collections.abc import Mapping
from typing import Any

VARINT, BYTES, FLOAT32 = 0, 2, 5  # the wire types that are read
_NUMBERS = {"int": VARINT, "float": FLOAT32}
MAX_FIELDS = 100_000  # of one file; a 512x2 network in int8 has about 1,500
MAX_NAME = 200

# What may stand in each kind of message: by its number a field's name and what it holds: int, float, text, bytes, or a
# kind of message of the table.  "?" says that it may be absent, "*" that there may be any number of it.  A field that
# holds "refused" is named only so that a line can name it to somebody who brings it along.
Messages = Mapping[str, Mapping[int, str]]
Message = dict[str, Any]
Wire = memoryview
WIRE = "wire"  # the name under which a message has its own bytes


class RefusedFile(Exception):
    """The file is refused; the message completes "this file ..."."""


def expect(condition: bool, otherwise: str) -> None:
    """Raise RefusedFile with what is wrong, unless the condition holds."""
    if not condition:
        raise RefusedFile(otherwise)


def _varint(data: Wire, at: int) -> tuple[int, int]:
    """An unsigned number of at most 64 bits, and where it ends."""
    if at < len(data) and data[at] < 0x80:  # most are short
        return data[at], at + 1
    number = 0
    for index, byte in enumerate(data[at : at + 10]):
        number |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return number & 0xFFFF_FFFF_FFFF_FFFF, at + index + 1
    raise RefusedFile("is damaged or not an ONNX file (a number does not end)")


def _field(said: str) -> tuple[str, str, str]:
    """A field of the table: its name, what it holds, and how often it may be there."""
    name, holds = said.rsplit(maxsplit=1)
    bare = holds.rstrip("?*")
    return name, bare, holds[len(bare) :]


class Reader:
    """Reads messages of a table, and counts their fields."""

    def __init__(self, messages: Messages) -> None:
        self._messages = {
            kind: {number: _field(said) for number, said in fields.items()}
            for kind, fields in messages.items()
        }
        self._left = MAX_FIELDS

    def message(self, kind: str, data: Wire) -> Message:
        """The fields of one message by name: what may come often as a list, what is absent as None."""
        known, at = self._messages[kind], 0
        found: dict[str, list[Any]] = {name: [] for name, _, _ in known.values()}
        while at < len(data):
            self._left -= 1
            expect(self._left >= 0, f"has more than {MAX_FIELDS} fields")
            key, at = _varint(data, at)
            number, wire = key >> 3, key & 7
            name, holds, _ = known.get(number) or _field(f"field {number} of a {kind} refused")
            expect(holds != "refused", f"holds {name}")
            if wire != _NUMBERS.get(holds, BYTES):
                raise RefusedFile(f"is damaged (the {name} of a {kind} is of another kind)")
            value, at = _value(data, at, wire)
            if holds in self._messages:
                value = self.message(holds, value)
            found[name].append(text_of(value) if holds == "text" else value)
        message: Message = {WIRE: data}
        for name, _, often in known.values():
            if often != "*" and len(found[name]) != 1:
                expect(not found[name], f"is damaged (a {kind} with two of {name})")
                expect(often == "?", f"is incomplete (a {kind} without {name})")
            message[name] = found[name] if often == "*" else next(iter(found[name]), None)
        return message


def _value(data: Wire, at: int, wire: int) -> tuple[Any, int]:
    """The value that stands at a place, by its wire type, and where it ends."""
    if wire == FLOAT32:
        expect(len(data) - at >= 4, "is cut short (a number ends too soon)")
        return struct.unpack_from("<f", data, at)[0], at + 4
    number, at = _varint(data, at)
    if wire == VARINT:
        return number - (number >> 63 << 64), at  # it is signed
    expect(number <= len(data) - at, "is cut short (a length points past the end)")
    return data[at : at + number], at + number


def text_of(data: Wire) -> str:
    """A short text that can be printed."""
    expect(len(data) <= MAX_NAME, f"has a name of more than {MAX_NAME} bytes")
    try:
        text = str(data, "utf-8")
    except UnicodeDecodeError:
        raise RefusedFile("has a name that is not text") from None
    expect(text.isprintable(), "has a name that cannot be printed")
    return text
