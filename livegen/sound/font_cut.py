"""A sound font cut down to some of its instruments, for a page: the samples of all others are left out.

Source: SoundFont 2.04, sections 4 to 7.  All that is said of instruments stays as it is; a sample that nobody needs is
empty.  Knows bytes, no instruments.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from livegen.errors import ConfigError

_INSTRUMENT, _SAMPLE = 41, 53  # generators that name one
_GAP = 46  # samples of silence behind each
_NAME = ("name", "S20")
_BAG = np.dtype([("generators", "<u2"), ("modulators", "<u2")])
_GENERATOR = np.dtype([("kind", "<u2"), ("amount", "<u2")])
_TABLES = {
    b"phdr": np.dtype(
        [_NAME, ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("unused", "V12")]
    ),
    b"pbag": _BAG,
    b"pgen": _GENERATOR,
    b"inst": np.dtype([_NAME, ("bag", "<u2")]),
    b"ibag": _BAG,
    b"igen": _GENERATOR,
    b"shdr": np.dtype(
        [
            _NAME,
            *((place, "<u4") for place in ("start", "end", "loop", "loop_end", "rate")),
            ("key", "u1"),
            ("cents", "i1"),
            ("link", "<u2"),
            ("kind", "<u2"),
        ]
    ),
}
_PLACES = ("start", "end", "loop", "loop_end")

Table = npt.NDArray[Any]


def cut(font: Path, presets: Iterable[tuple[int, int]]) -> bytes:
    """The font with the samples of these presets, (bank, program), alone; of a font without any of them all.

    Raises ConfigError for what is no SoundFont.
    """
    try:
        data = np.memmap(font, np.uint8, "r")
        info, sound, text = (_list(data, kind) for kind in (b"INFO", b"sdta", b"pdta"))
        samples = dict(_chunks(data, *sound))[b"smpl"]
        chunks = {kind: data[start:end].tobytes() for kind, (start, end) in _chunks(data, *text)}
        tables = {kind: np.frombuffer(chunks[kind], dtype) for kind, dtype in _TABLES.items()}
        heads, kept = _kept(tables, set(presets), data[slice(*samples)].view("<i2"))
    except (KeyError, ValueError, IndexError) as error:
        raise ConfigError(f"{font}: expected a sound font of plain samples (.sf2)") from error
    chunks[b"shdr"] = heads.tobytes()
    body = b"sfbk" + _chunk(b"LIST", b"INFO" + data[slice(*info)].tobytes())
    body += _chunk(b"LIST", b"sdta" + _chunk(b"smpl", kept))
    body += _chunk(b"LIST", b"pdta" + b"".join(_chunk(*one) for one in chunks.items()))
    return _chunk(b"RIFF", body)


def _kept(
    tables: dict[bytes, Table], presets: set[tuple[int, int]], sound: Table
) -> tuple[Table, bytes]:
    """The heads of all samples, and the sound of those that the presets need."""
    heads = tables[b"shdr"]
    bags = tables[b"phdr"]["bag"]
    instruments: set[int] = set()
    played = [(int(head["bank"]), int(head["program"])) for head in tables[b"phdr"][:-1]]
    wanted = presets & set(played) or set(played)
    for at, preset in enumerate(played):
        if preset in wanted:
            among = (tables[b"pbag"], tables[b"pgen"], bags[at], bags[at + 1])
            instruments |= _named(_INSTRUMENT, *among)
    bags = tables[b"inst"]["bag"]
    needed: set[int] = set()
    for at in instruments:
        among = (tables[b"ibag"], tables[b"igen"], bags[at], bags[at + 1])
        needed |= _named(_SAMPLE, *among)
    new, pieces, place = heads.copy(), list[bytes](), 0
    for at, head in enumerate(heads):
        begins = int(head["start"])
        piece = sound[begins : int(head["end"])] if at in needed else sound[:0]
        for name in _PLACES:  # a sample that does not loop may have its loop anywhere
            new[at][name] = place + min(max(0, int(head[name]) - begins), len(piece))
        if len(piece):
            pieces += [piece.tobytes(), bytes(2 * _GAP)]
            place += len(piece) + _GAP
            if place > 2 * len(sound) + _GAP * len(heads):
                raise ValueError("samples that lie upon each other")
    return new, b"".join(pieces)


def _named(kind: int, bags: Table, generators: Table, first: int, end: int) -> set[int]:
    """The numbers of what the generators of some bags name."""
    among = generators[int(bags["generators"][first]) : int(bags["generators"][end])]
    return {int(number) for number in among["amount"][among["kind"] == kind]}


# --- RIFF -----------------------------------------------------------------------------------------------------------


def _list(data: Table, kind: bytes) -> tuple[int, int]:
    """Where the content of the list of a kind begins and ends.  Raises KeyError."""
    if data[:4].tobytes() != b"RIFF" or data[8:12].tobytes() != b"sfbk":
        raise KeyError(kind)
    for name, (start, end) in _chunks(data, 12, len(data)):
        if name == b"LIST" and data[start : start + 4].tobytes() == kind:
            return start + 4, end
    raise KeyError(kind)


def _chunks(data: Table, start: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    while start + 8 <= end:
        size = int.from_bytes(data[start + 4 : start + 8].tobytes(), "little")
        yield data[start : start + 4].tobytes(), (start + 8, min(start + 8 + size, end))
        start += 8 + size + size % 2


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)
