"""A response that repeats: it stands where a `Rollout` stands, and plans nothing new.

Knows ticks and strokes.
"""

from collections.abc import Sequence

from livegen.codec.encoder import Stroke
from livegen.jam.brief import Brief


class Loop:
    """Strokes that come again every `period` ticks, the first time `period` ticks after they stood.

    `strokes` lie within one period, from tick `first` on.  After `let_go` the repetition that has begun is the last.
    """

    def __init__(
        self, strokes: Sequence[Stroke], first: int, period: int, start: int, brief: Brief
    ) -> None:
        self.brief = brief
        self.planned: list[Stroke] = []
        self.is_done = not strokes
        self.likelihood = 0.0
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

    def let_go(self) -> None:
        """Plan no more repetitions."""
        self._lets_go = True
