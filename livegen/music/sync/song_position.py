"""Song position, read with distrust: in clocks, whichever unit its sender counts in.

The specification says sixteenths, six clocks each.  Ardour sends single clocks, of the next whole beat.  The
specification is believed until the clocks that ran between two positions speak against it: a position that lies as
many single clocks further as ran speaks for clocks, one that lies as many sixteenths further for sixteenths.  A sender
that goes to a bar line may lie there by chance, and so counts for little.  Knows no time and no tempo.
"""

from copy import copy

from livegen.music.time.metre import TICKS_PER_BEAT, Metre

SIXTEENTH = 6  # clocks
_EVIDENCE = TICKS_PER_BEAT  # clocks that must have run to judge the unit by
_CHANCES = 3  # different distances that are no chance, even if each of them might be one
_NEARLY = 2  # clocks by which a position may come early or late


class SongPosition:
    """The last position named (Start names 0), the clocks counted since, and the unit found: 6 or 1."""

    def __init__(self) -> None:
        self.unit = SIXTEENTH
        self._last: int | None = None
        self._ran = 0
        self._moved: set[int] = set()  # distances for clocks, since the last one for sixteenths
        self._is_told = False  # a distance spoke for sixteenths

    def copy(self) -> "SongPosition":
        """A branch, independent of this."""
        branch = copy(self)
        branch._moved = set(self._moved)
        return branch

    def start(self) -> None:
        """The position is 0."""
        self._last, self._ran = 0, 0

    def count(self, clocks: int) -> None:
        """Count so many clocks that ran."""
        self._ran += clocks

    def clocks(self, low: int, high: int, metre: Metre) -> int:
        """The position in clocks, from the two data bytes (7 bits each, low first)."""
        position = low | high << 7
        if self._last is not None and self._ran >= _EVIDENCE:
            self._judge(position, position - self._last, metre)
        self._last, self._ran = position, 0
        return position * self.unit

    def _judge(self, position: int, moved: int, metre: Metre) -> None:
        """By the unit in which the position moved as far as the clocks; neither, if the sender went elsewhere."""
        if abs(moved * SIXTEENTH - self._ran) <= SIXTEENTH:
            self.unit, self._is_told, self._moved = SIXTEENTH, True, set()
        elif self._is_clocks(position, moved):
            self._moved.add(moved)
            is_bar = metre.place(position * SIXTEENTH).position == 0
            if len(self._moved) >= _CHANCES or not (is_bar or self._is_told):
                self.unit = 1

    def _is_clocks(self, position: int, moved: int) -> bool:
        """True if it lies as many clocks further as ran, or on the beat after that."""
        further = moved - self._ran
        is_next_beat = position % TICKS_PER_BEAT == 0 and 0 <= further < TICKS_PER_BEAT
        return abs(further) <= SIXTEENTH or is_next_beat


def relocation(position: int, expected: int) -> int | None:
    """Give the place of the next clock, if a position named while running truly means another than expected.

    A position within a sixteenth is a report.  Two clocks off a whole number of sixteenths is a message that
    came early or late: the beat is kept.
    """
    away = position - expected
    if abs(away) <= SIXTEENTH:
        return None
    whole = round(away / SIXTEENTH) * SIXTEENTH
    return expected + (whole if abs(away - whole) <= _NEARLY else away)
