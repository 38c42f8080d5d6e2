"""Judges if a phrase is over: at a bar line to come, by what will have been heard there if nothing more is played.

The figures are those of a logistic regression on the bar lines in and after phrases of singers that somebody else
answers (`python -m bench.phrases`).  Their weights were moved from the fitted ones by hand, for singers rest in the
middle of a phrase more often than who plays to a partner, and notated notes last until the rest: docs/log/music.md has
both.  Knows beats and bars; knows no time and no mode.
"""

import math
from typing import NamedTuple

LONGEST = 4.0  # beats: a silence, or a last note, counts for no more
SHORT_US, LEAST_SHORT = 1_400_000, 4  # of bars that are shorter fewer than four are one
_LONGEST_BARS = 1.5
_SLOW = 1.2  # in usual distances: a gap no longer than that is none
_BREATH = 1.5  # in usual distances: a gap longer than that is a breath
_LONG = 1.4  # in the longest distance so far: a gap longer than that was not there before
_RESTED = 1.8  # in usual distances: after the tonic a gap longer than that is rest
# The nats that silence on a bar line adds, where every line so far was struck.
UNSTRUCK = 2.5

# The nats that each figure of `Ending` adds to the odds.
_ALWAYS = -2.4
_AGAINST_USUAL, _AGAINST_LONGEST = 0.4, 1.2  # of logarithms of ratios
_LONGER = 0.7
_SILENCE, _BARS, _HELD = 4.2, 0.6, -3.0  # of four beats; of a bar; of four beats
_ONE, _ODD, _SQUARE = -2.4, -1.0, 0.7
_TONIC, _STRONG, _HOME = 1.0, 0.4, 1.0
_AS_SLOW, _AS_BEFORE = -2.0, -1.0
_EMPTY, _EMPTY_BARS = 1.5, 0.95  # of a silent bar
_AS_LONG, _LONGER_BEFORE, _HABIT = 3.0, -1.5, 2  # of so many phrases before it: one was by chance


class Ending(NamedTuple):
    """A phrase as it would stand at a bar line.

    gap       beats from its last onset to the bar line
    held      of these, how many the last note sounds
    usual     the upper quartile of beats between its onsets, `longest` the most
    bar       beats of a bar
    bars      how many bars the phrase has taken by then, as `counted` counts
    is_tonic  its last note is the tonic of its key
    is_strong its last note began on a strong beat
    alike     how many phrases in a row before it were as long, in bars
    longer    how many in a row, all as long as each other, were longer
    """

    gap: float
    held: float
    usual: float
    longest: float
    bar: float
    bars: int
    is_tonic: bool
    is_strong: bool
    alike: int = 0
    longer: int = 0

    @property
    def odds(self) -> float:
        """The logarithm of the odds that the phrase is over: above 0 it more probably is."""
        return (
            _ALWAYS
            + _AGAINST_USUAL * math.log(self.gap / self.usual)
            + _AGAINST_LONGEST * min(0.0, math.log(self.gap / self.longest))
            + _SILENCE * min(self.gap, LONGEST) / LONGEST
            + _BARS * min(self.gap / self.bar, _LONGEST_BARS)
            + _HELD * min(self.held, LONGEST) / LONGEST
            + self._of_bars()
            + _LONGER * (self.bars > 1 and self.gap > _LONG * self.longest)
            + _TONIC * self.is_tonic
            + _HOME * (self.is_tonic and self.is_square and self.gap > _RESTED * self.usual)
            + _STRONG * self.is_strong
            + self._of_breaths()
            + _EMPTY * (self.gap - self.held >= _EMPTY_BARS * self.bar)
            + _AS_LONG * (self.alike >= _HABIT)
            + _LONGER_BEFORE * (self.longer >= _HABIT)
        )

    @property
    def is_square(self) -> bool:
        """True of two, four, eight … bars: most phrases last so long."""
        return self.bars > 1 and self.bars & (self.bars - 1) == 0

    def _of_bars(self) -> float:
        """Phrases last two, four or eight bars more often than other numbers."""
        if self.bars < 2:
            return _ONE
        return _ODD if self.bars % 2 else _SQUARE * self.is_square

    def _of_breaths(self) -> float:
        """Chords in whole notes are no rests, and who has breathed within the phrase may do so again."""
        is_breath = self.longest > max(0.9 * self.gap, _BREATH * self.usual)
        return _AS_SLOW * (self.gap <= _SLOW * self.usual) + _AS_BEFORE * is_breath


def counted(bars: int, bar_us: int, is_open: bool = False) -> int:
    """Give so many bars as a phrase counts them: a few are one where it is fast, or heard twice too fast.

    Four that leave it open, off the tonic chord, are the first half of eight.
    """
    return 1 if bar_us < SHORT_US and bars < LEAST_SHORT + is_open else bars
