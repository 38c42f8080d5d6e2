"""Bytes of a file of any length, of which only a piece is in memory at a time."""

from dataclasses import dataclass
from typing import BinaryIO

PIECE = 16 << 20  # bytes that are read at once
AHEAD = 8 << 20  # bytes that are kept after the place that is read, to look ahead
_SEARCHED = 1 << 16  # bytes that are searched at once


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes `begin` to `end` of an open file; places are counted from `begin`.

    Whoever reads raises OSError where the file cannot be read on.
    """

    file: BinaryIO
    begin: int
    end: int

    def __len__(self) -> int:
        return self.end - self.begin

    def part(self, at: int, end: int) -> "Bytes":
        """The bytes from `at` to `end`, not yet read."""
        return Bytes(self.file, self.begin + at, min(self.begin + end, self.end))

    def read(self, at: int, size: int) -> bytes:
        """At most `size` bytes from `at` on; fewer where they end."""
        self.file.seek(self.begin + at)
        return self.file.read(max(0, min(size, len(self) - at)))

    def piece(self, at: int) -> bytes:
        """The bytes from `at` on, as many as are read at once."""
        return self.read(at, PIECE)

    def find(self, what: bytes, at: int = 0) -> int:
        """The first place from `at` on where `what` stands; -1 where it is not."""
        while len(piece := self.read(at, _SEARCHED)) >= len(what):
            found = piece.find(what)
            if found >= 0:
                return at + found
            at += len(piece) - len(what) + 1  # it may begin in this piece and end in the next
        return -1
