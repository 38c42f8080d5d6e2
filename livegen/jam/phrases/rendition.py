"""Music that is settled before it is played, once: a candidate that plans nothing by itself.

Knows ticks and strokes.
"""

from collections.abc import Mapping, Sequence

from livegen.codec.encoder import Stroke
from livegen.jam.planning.candidate import KeepsStrokes, PlayedOnce


class Rendition(KeepsStrokes, PlayedOnce):
    """Strokes, in order, from tick `start` to tick `end`, the last by then.

    `lates` says by tick how many ticks later a stroke sounds than it lies, from -1/2 to 1/2: as a hand has it, so that
    nothing else, such as swing, moves it.
    """

    rollouts = ()

    def __init__(
        self, strokes: Sequence[Stroke], start: int, end: int, lates: Mapping[int, float]
    ) -> None:
        self.planned: list[Stroke] = []
        self.frontier, self.end, self.lates = start, end, lates
        self.is_done = False
        self._strokes = list(strokes)

    def step(self) -> None:
        """Plan all of it."""
        self.planned += self._strokes
        self.frontier, self.is_done, self._strokes = self.end, True, []
