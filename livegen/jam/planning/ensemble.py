"""Rollouts that play together, each on a hearing of its own: one candidate.

The drums are such a player: what the network was trained on has drums alone or none, so beside pitched parts it never
expects them, and they would lead it astray.  Knows ticks and strokes.
"""

from collections.abc import Sequence

from livegen.codec.encoder import Stroke
from livegen.jam.planning.candidate import PlayedOnce
from livegen.jam.planning.planner import Rollout


class Ensemble(PlayedOnce):
    """Rollouts with the same end, at least one; the one that is behind plans next."""

    def __init__(self, rollouts: Sequence[Rollout]) -> None:
        self.rollouts = tuple(rollouts)

    @property
    def planned(self) -> list[Stroke]:
        """The strokes that were planned and not taken."""
        return sorted(stroke for rollout in self.rollouts for stroke in rollout.planned)

    @property
    def frontier(self) -> int:
        """Nothing will be planned before this tick any more."""
        at_work = [rollout.frontier for rollout in self.rollouts if not rollout.is_done]
        return min(at_work) if at_work else max(it.frontier for it in self.rollouts)

    @property
    def is_done(self) -> bool:
        """Nobody plans more."""
        return all(rollout.is_done for rollout in self.rollouts)

    @property
    def end(self) -> int | None:
        """The tick at which they end, None where they go on for ever."""
        return self.rollouts[0].end

    def step(self) -> None:
        """Let who is behind plan one event."""
        at_work = [rollout for rollout in self.rollouts if not rollout.is_done]
        min(at_work, key=lambda rollout: rollout.frontier).step()

    def take(self) -> list[Stroke]:
        """Give what was planned, once."""
        return [stroke for rollout in self.rollouts for stroke in rollout.take()]
