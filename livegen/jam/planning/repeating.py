"""A response that repeats: a candidate that plans nothing new.

Knows ticks and strokes.
"""

from collections.abc import Sequence

from livegen.codec.encoder import Stroke
from livegen.jam.planning.candidate import KeepsStrokes


class Loop(KeepsStrokes):
    """Strokes that come again every `period` ticks, the first time from tick `start` on.

    `strokes` lie within one period, from tick `first` on.  After `let_go` the repetition that has begun is the last.
    """

    repeats, end, rollouts = True, None, ()

    def __init__(self, strokes: Sequence[Stroke], first: int, period: int, start: int) -> None:
        self.planned: list[Stroke] = []
        self.is_done = not strokes
        self.frontier = start
        self._strokes = [stroke._replace(tick=stroke.tick - first) for stroke in strokes]
        self._period = period
        self._lets_go = False

    def step(self) -> None:
        """Plan one repetition, or end."""
        if self._lets_go:
            self.is_done = True
            return
        begin = self.frontier
        self.planned += [stroke._replace(tick=stroke.tick + begin) for stroke in self._strokes]
        self.frontier = begin + self._period

    def let_go(self, tick: int) -> bool:
        """Plan no more repetitions; whether one that was planned begins after `tick`, and is to be taken back."""
        self._lets_go = True
        if self.frontier - self._period <= tick or self.is_done:
            return False
        self.frontier -= self._period
        return True

    def keep_on(self) -> None:
        """Do not end after all."""
        self._lets_go, self.is_done = False, not self._strokes

    def skip(self, tick: int) -> bool:
        """Leave out the repetitions that would be over by `tick`."""
        self.frontier += max(0, (tick - self.frontier) // self._period) * self._period
        return True
