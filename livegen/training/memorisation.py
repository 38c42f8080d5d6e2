"""Memorisation: the longest run of notes that one music has in common with another, in whatever key.

Per part, pitched parts only; a run is counted in notes and compared by its intervals, whatever its rhythm, so
that a melody copied with other lengths is still a copy.  Scales and repeated notes are common to all music:
read a figure beside that of music which cannot have copied.  Pure functions of event rows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from livegen.codec.layout import ADVANCE
from livegen.music.parts import PITCHED
from livegen.training.corpora import Rows

TIME, PART, ON, PITCH = range(4)


@dataclass(frozen=True, slots=True)
class Line:
    """The intervals of one part of a piece, a byte each, and the piece's name."""

    piece: str
    intervals: bytes


def lines(piece: str, rows: Rows) -> Iterator[Line]:
    """The pitched parts of a piece, each as the steps from onset to onset in the order of the events."""
    starts = (rows[:, TIME] != ADVANCE) & (rows[:, ON] == 1)
    for part in range(len(PITCHED)):
        pitches = rows[starts & (rows[:, PART] == part), PITCH]
        if len(pitches) > 1:
            yield Line(
                piece, (pitches[1:] - pitches[:-1]).tobytes()
            )  # modulo 256, which is as good


@dataclass(slots=True)
class Known:
    """Music that can be copied from; `longest` asks how far a line does."""

    lines: list[Line]
    _runs: dict[int, set[bytes]] = field(default_factory=dict)

    def longest(self, line: Line) -> bytes:
        """The intervals of the longest run of `line` that occurs here too.

        Doubling, then halving: where a run occurs, all shorter ones within it do.
        """
        best, step = b"", 1
        while found := self._common(line.intervals, len(best) + step):
            best, step = found, 2 * step
        while step := step // 2:
            best = self._common(line.intervals, len(best) + step) or best
        return best

    def _common(self, intervals: bytes, length: int) -> bytes:
        """A run of so many intervals that occurs in both, or nothing."""
        runs = self._of(length)
        ends = range(length, len(intervals) + 1)
        return next((r for end in ends if (r := intervals[end - length : end]) in runs), b"")

    def _of(self, length: int) -> set[bytes]:
        if length not in self._runs:
            self._runs[length] = {
                line.intervals[at : at + length]
                for line in self.lines
                for at in range(len(line.intervals) - length + 1)
            }
        return self._runs[length]

    def where(self, run: bytes) -> str:
        """The first piece in which a run occurs."""
        return next(line.piece for line in self.lines if run in line.intervals)


@dataclass(frozen=True, slots=True)
class Copied:
    """The longest run that a piece copies: how many notes, and from which piece."""

    notes: int
    source: str


def known(pieces: Iterable[tuple[str, Rows]]) -> Known:
    """What these pieces, named, give to copy."""
    return Known([line for name, rows in pieces for line in lines(name, rows)])


def copied(music: Known, rows: Rows) -> Copied:
    """The longest run that `rows` have in common with `music`; 0 notes where there is none."""
    run = max((music.longest(line) for line in lines("", rows)), key=len, default=b"")
    return Copied(len(run) + 1, music.where(run)) if run else Copied(0, "")
