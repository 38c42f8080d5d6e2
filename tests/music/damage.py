"""What happens to MIDI files: a good file and chance in, a damaged file out; `DAMAGE` is the table of it."""

from collections.abc import Callable
from random import Random

Damage = Callable[[bytes, Random], bytes]

KEY = b"\0\xff\x59\2"
SIGNATURE = b"\0\xff\x58\4\0\2\x18\x08"
END = b"\0\xff\x2f\0"


def header(
    data: bytes, *, form: int | None = None, tracks: int = 0, division: int | None = None
) -> bytes:
    """Another header: `tracks` are added to its count."""
    fields = [int.from_bytes(data[at : at + 2], "big") for at in (8, 10, 12)]
    fields = [
        fields[0] if form is None else form,
        max(0, fields[1] + tracks),
        fields[2] if division is None else division,
    ]
    return data[:8] + b"".join(value.to_bytes(2, "big") for value in fields) + data[14:]


def starts(data: bytes) -> list[int]:
    """Where the track chunks of a good file begin."""
    found, at = [], 14
    while at + 8 <= len(data):
        found.append(at)
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "big")
    return found


def sized(data: bytes, rng: Random, by: int) -> bytes:
    """The length of a track that is `by` bytes wrong."""
    at = rng.choice(starts(data)) + 4
    size = max(0, int.from_bytes(data[at : at + 4], "big") + by)
    return data[:at] + size.to_bytes(4, "big") + data[at + 4 :]


def into_track(data: bytes, rng: Random, inserted: bytes, place: str = "begin") -> bytes:
    """Bytes more in the longest track, whose length says so."""
    at = max(starts(data), key=lambda at: int.from_bytes(data[at + 4 : at + 8], "big"))
    size = int.from_bytes(data[at + 4 : at + 8], "big")
    where = {"begin": at + 8, "end": at + 8 + size - 4}.get(place) or rng.randrange(
        at + 8, at + 4 + size
    )
    grown = (size + len(inserted)).to_bytes(4, "big")
    return data[: at + 4] + grown + data[at + 8 : where] + inserted + data[where:]


def overwritten(data: bytes, rng: Random, bytes_: int) -> bytes:
    """Random bytes in place of some of the longest track."""
    at = max(starts(data), key=lambda at: int.from_bytes(data[at + 4 : at + 8], "big"))
    end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
    where = rng.randrange(at + 8, max(at + 9, end - bytes_))
    return data[:where] + rng.randbytes(min(bytes_, end - where)) + data[where + bytes_ :]


def without_ends(data: bytes, rng: Random) -> bytes:
    """No track says where it ends."""
    out = data[:14]
    for at in starts(data):
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        out += b"MTrk" + (size - 4).to_bytes(4, "big") + data[at + 8 : at + 4 + size]
    return out


def between(data: bytes, inserted: bytes) -> bytes:
    """Bytes before the last track."""
    at = starts(data)[-1]
    return data[:at] + inserted + data[at:]


DAMAGE: dict[str, Damage] = {
    "nothing": lambda data, rng: data,
    "the last byte is missing": lambda data, rng: data[:-1],
    "the last eight bytes are missing": lambda data, rng: data[:-8],
    "cut in half": lambda data, rng: data[: len(data) // 2],
    "cut anywhere": lambda data, rng: data[: rng.randrange(40, len(data))],
    "cut behind the name of its last track": lambda data, rng: data[: starts(data)[-1] + 4],
    "one track more in the header": lambda data, rng: header(data, tracks=1),
    "fewer tracks in the header": lambda data, rng: header(data, tracks=-1),
    "no tracks in the header": lambda data, rng: header(data, tracks=-100),
    "65,000 tracks in the header": lambda data, rng: header(data, tracks=65_000),
    "format 0 with many tracks": lambda data, rng: header(data, form=0),
    "format 2": lambda data, rng: header(data, form=2),
    "format 5": lambda data, rng: header(data, form=5),
    "no division": lambda data, rng: header(data, division=0),
    "time in SMPTE frames": lambda data, rng: header(data, division=0xE728),
    "a division that there is not": lambda data, rng: header(data, division=0x8000),
    "a header of five bytes": lambda data, rng: data[:4] + b"\0\0\0\5" + data[8:],
    "a header of four gigabytes": lambda data, rng: data[:4] + b"\xff\xff\xff\xff" + data[8:],
    "a longer header": lambda data, rng: data[:4] + b"\0\0\0\x08" + data[8:14] + b"\0\0" + data[14:],
    "wrapped in RIFF": lambda data, rng: b"RIFF" + (len(data) + 12).to_bytes(4, "little") + b"RMIDdata"
    + len(data).to_bytes(4, "little") + data + b"LIST\x04\0\0\0INFO",
    "128 bytes before it": lambda data, rng: bytes(128) + data,
    "bytes after it": lambda data, rng: data + b"\r\n\x1a" + bytes(61),
    "a tag after it": lambda data, rng: data + b"TAG" + b"title".ljust(125),
    "no header": lambda data, rng: data[14:],
    "a misspelt header": lambda data, rng: b"MThh" + data[4:],
    "another file after it": lambda data, rng: data + data,
    "a track a byte too long": lambda data, rng: sized(data, rng, 1),
    "a track a byte too short": lambda data, rng: sized(data, rng, -1),
    "a track much too long": lambda data, rng: sized(data, rng, 5000),
    "a track of no length": lambda data, rng: sized(data, rng, -(1 << 24)),
    "a track of four gigabytes": lambda data, rng: sized(data, rng, (1 << 32) - 1 - len(data)),
    "a chunk that nobody knows": lambda data, rng: between(data, b"XFIH\0\0\0\4abcd"),
    "bytes between its tracks": lambda data, rng: between(data, bytes(7)),
    "a key of eight sharps": lambda data, rng: into_track(data, rng, KEY + b"\x08\0"),
    "bars of 0/4": lambda data, rng: into_track(data, rng, SIGNATURE),
    "a tempo without bytes": lambda data, rng: into_track(data, rng, b"\0\xff\x51\0"),
    "a tempo of nothing": lambda data, rng: into_track(data, rng, b"\0\xff\x51\3\0\0\0"),
    "a status that runs over sysex": lambda data, rng: into_track(
        data, rng, b"\0\x90\x3c\x40\0\xf0\5\x7e\x7f\x09\1\xf7\x10\x3c\0"
    ),
    "a sysex without an end": lambda data, rng: into_track(data, rng, b"\0\xf0\x84\x00\x7e\x7f"),
    "a clock": lambda data, rng: into_track(data, rng, b"\0\xf8"),
    "a status that there is not": lambda data, rng: into_track(data, rng, b"\0\xf4"),
    "a time with zeros before it": lambda data, rng: into_track(data, rng, b"\x80\x80\x80\x80\0\xb0\7\x64"),
    "a time of five bytes": lambda data, rng: into_track(data, rng, b"\x81\x80\x80\x80\0\xb0\7\x64"),
    "a text longer than its track": lambda data, rng: into_track(data, rng, b"\0\xff\1\xff\xff\xff\x7fab"),
    "a text of a gigabyte at the end": lambda data, rng: into_track(data, rng, b"\0\xff\1\x84\x80\x80\x80\0", "end"),
    "running status first": lambda data, rng: into_track(data, rng, b"\0\x3c\x40"),
    "a velocity of 200": lambda data, rng: into_track(data, rng, b"\0\x90\x3c\xc8\x10\x80\x3c\x40"),
    "a note that never ends": lambda data, rng: into_track(data, rng, b"\0\x9f\x3c\x40"),
    "a note of no length": lambda data, rng: into_track(data, rng, b"\0\x9f\x3c\x40\0\x8f\x3c\x40"),
    "an end before its end": lambda data, rng: into_track(data, rng, END),
    "no ends of tracks": without_ends,
    "a stray byte": lambda data, rng: into_track(data, rng, bytes((rng.randrange(128),)), "anywhere"),
    "a byte overwritten": lambda data, rng: overwritten(data, rng, 1),
    "eight bytes overwritten": lambda data, rng: overwritten(data, rng, 8),
    "64 bytes overwritten": lambda data, rng: overwritten(data, rng, 64),
}  # fmt: skip
