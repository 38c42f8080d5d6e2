"""Song position, read with distrust: in clocks, whichever unit its sender counts in.

The specification says sixteenths, six clocks each.  Ardour sends single clocks.  The clocks that ran between two
positions tell which it is, or several positions that are all whole beats of clocks, which sixteenths seldom are; until
then the specification is believed.  Knows no time and no tempo.
"""

from livegen.music.metre import TICKS_PER_BEAT

SIXTEENTH = 6  # clocks
_EVIDENCE = TICKS_PER_BEAT  # clocks that must have run to judge the unit by
_BEATS = 3  # different positions that are all whole beats of clocks: of sixteenths on beats one in six is
_NEARLY = 2  # clocks by which a position may come early or late


class SongPosition:
    """The last position named (Start names 0), the clocks counted since, and the unit found: 6 or 1."""

    def __init__(self) -> None:
        self.unit = SIXTEENTH
        self._last: int | None = None
        self._ran = 0
        self._named: set[int] = set()
        self._is_told = False  # the clocks have told the unit

    def start(self) -> None:
        """The position is 0."""
        self._last, self._ran = 0, 0

    def count(self, clocks: int) -> None:
        """So many clocks ran."""
        self._ran += clocks

    def clocks(self, low: int, high: int) -> int:
        """The position in clocks, from the two data bytes (7 bits each, low first)."""
        position = low | high << 7
        self._guess(position)
        if self._last is not None and self._ran >= _EVIDENCE:
            self._judge(position - self._last)
        self._last, self._ran = position, 0
        return position * self.unit

    def _guess(self, position: int) -> None:
        """By the positions alone, while the clocks have told nothing."""
        if self._is_told or not position:
            return
        self._named.add(position)
        are_beats = all(named % TICKS_PER_BEAT == 0 for named in self._named)
        self.unit = 1 if are_beats and len(self._named) >= _BEATS else SIXTEENTH

    def _judge(self, moved: int) -> None:
        """By whichever unit the positions moved as far as the clocks; neither, if the sender went elsewhere."""
        for unit in (SIXTEENTH, 1):
            if abs(moved * unit - self._ran) <= SIXTEENTH:
                self.unit, self._is_told = unit, True
                return


def relocation(position: int, expected: int) -> int | None:
    """Where the next clock is, if a position named while running truly means another place than expected.

    A position within a sixteenth is a report.  Two clocks off a whole number of sixteenths is a message that
    came early or late: the beat is kept.
    """
    away = position - expected
    if abs(away) <= SIXTEENTH:
        return None
    whole = round(away / SIXTEENTH) * SIXTEENTH
    return expected + (whole if abs(away - whole) <= _NEARLY else away)
