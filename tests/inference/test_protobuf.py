"""What is read of a protocol buffer that nobody vouches for, and what is refused, to the byte."""

import struct

import pytest

from livegen.inference.protobuf import Message, Reader, RefusedFile

TABLE = {
    "file": {
        1: "number int?",
        2: "weight float?",
        3: "name text*",
        4: "part part?",
        5: "data bytes?",
        6: "a secret refused*",
        7: "counts int*",
    },
    "part": {1: "size int"},
}
LAST = bytes((5 << 3 | 2, 1, 42))  # a field after the one that is looked at


def read(data: bytes) -> Message:
    return Reader(TABLE).message("file", memoryview(data))


def number(value: bytes) -> bytes:
    return bytes((1 << 3 | 0,)) + value


def name(text: bytes) -> bytes:
    size = len(text)
    return bytes((3 << 3 | 2, size & 0x7F | 0x80, size >> 7)) + text


def test_values_are_read_as_they_were_written_and_the_next_begins_where_they_end() -> None:
    weight = bytes((2 << 3 | 5,)) + struct.pack("<f", 1.5)
    part = bytes((4 << 3 | 2, 2, 1 << 3 | 0, 7))

    found = read(weight + number(b"\xac\x02") + part + name(b"lead") + name(b"bass") + LAST)

    assert (found["weight"], found["number"], found["name"]) == (1.5, 300, ["lead", "bass"])
    assert found["part"]["size"] == 7
    assert bytes(found["data"]) == b"*"
    assert read(weight)["weight"] == 1.5  # also where the file ends behind it
    assert read(b"")["number"] is None


def test_a_number_has_its_sign_in_the_last_of_64_bits() -> None:
    assert read(number(b"\xfe" + b"\xff" * 8 + b"\x01"))["number"] == -2
    assert read(number(b"\xff" * 8 + b"\x7f"))["number"] == (1 << 63) - 1


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (number(b"\x80" * 10 + b"\x01"), "a number does not end"),
        (number(b"\x80"), "a number does not end"),
        (bytes((2 << 3 | 5,)) + b"\0\0\0", "a number ends too soon"),
        (bytes((5 << 3 | 2, 2, 42)), "a length points past the end"),
        (LAST + bytes((5 << 3 | 2, 3, 42)), "a length points past the end"),
        (bytes((6 << 3 | 2, 0)), "holds a secret"),
        (bytes((9 << 3 | 2, 0)), "holds field 9 of a file"),
        (bytes((1 << 3 | 2, 0)), "the number of a file is of another kind"),
        (LAST + LAST, "a file with two of data"),
        (bytes((4 << 3 | 2, 0)), "a part without size"),
        (name(b"x" * 201), "a name of more than 200 bytes"),
        (name(b"\xff"), "a name that is not text"),
        (name(b"\x1b[2J"), "a name that cannot be printed"),
    ],
)
def test_what_is_damaged_or_too_much_is_refused_in_words(data: bytes, line: str) -> None:
    with pytest.raises(RefusedFile, match=line):
        read(data)


def test_a_name_may_have_200_bytes_and_a_file_100_000_fields() -> None:
    assert read(name(b"x" * 200))["name"] == ["x" * 200]
    one = bytes((7 << 3 | 0, 1))
    assert len(read(one * 100_000)["counts"]) == 100_000
    with pytest.raises(RefusedFile, match="more than 100000 fields"):
        read(one * 100_001)
