"""Another model on its way in: it hears again what was played last, while the old one still plays.

Knows hearings; knows no turns.
"""

from collections import deque
from collections.abc import Iterable

from livegen.inference.contract import Model
from livegen.jam.controls.style_mix import Blend
from livegen.jam.hearing.hearing import GuardedModel, Hearing
from livegen.jam.struck import Struck
from livegen.music.time.timeline import Timeline


class Successor:
    """A hearing of the same music by another model; `is_ready` once it has caught up."""

    def __init__(
        self, model: Model, timeline: Timeline, style: Blend, heard: Iterable[Struck]
    ) -> None:
        self.hearing = Hearing.fresh(GuardedModel(model), timeline, style)
        self._unheard = deque(heard)

    def append(self, stroke: Struck) -> None:
        """Take a stroke that is played meanwhile."""
        self._unheard.append(stroke)

    def work(self, strokes: int) -> None:
        """Hear some of what is left."""
        for _ in range(min(strokes, len(self._unheard))):
            self.hearing.hear(self._unheard.popleft())

    @property
    def is_ready(self) -> bool:
        """Nothing is left to be heard."""
        return not self._unheard
