"""Candidates, which can be played next: the protocol of a rollout, an ensemble, a loop, a rendition and a tune.

Knows ticks and strokes.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from livegen.codec.encoder import Stroke

if TYPE_CHECKING:
    from livegen.jam.planning.planner import Rollout


class Candidate(Protocol):
    """Strokes appear in `planned`, `step` by `step`, until they are taken; none before tick `frontier` any more.

    `repeats` says that it plays the same over and over, which is no new music; `end` is the tick at which it ends, None
    where it has no end of its own; `rollouts` are those of which it consists.
    """

    @property
    def planned(self) -> Sequence[Stroke]: ...
    @property
    def frontier(self) -> int: ...
    @property
    def is_done(self) -> bool: ...
    @property
    def end(self) -> int | None: ...
    @property
    def repeats(self) -> bool: ...
    @property
    def rollouts(self) -> "tuple[Rollout, ...]": ...

    def step(self) -> None:
        """Plan a little more.  Never raises."""

    def take(self) -> list[Stroke]:
        """Give what was planned, once."""

    def skip(self, tick: int) -> bool:
        """Leave out all that would be over by a tick; False where it cannot."""

    def let_go(self, tick: int) -> bool:
        """Repeat no more; True if a repetition that begins after `tick` is to be taken back."""

    def keep_on(self) -> None:
        """Repeat after all."""


class KeepsStrokes:
    """The part of the protocol that concerns handing over, for a candidate that keeps what it has planned."""

    planned: list[Stroke]

    def take(self) -> list[Stroke]:
        """Give what was planned, once."""
        planned, self.planned = self.planned, []
        return planned


class PlayedOnce:
    """The part of the protocol that concerns repetition, for a candidate that does not repeat."""

    repeats = False

    def skip(self, tick: int) -> bool:
        """Leave out nothing: new music is planned instead."""
        return False

    def let_go(self, tick: int) -> bool:
        """Change nothing."""
        return False

    def keep_on(self) -> None:
        """Change nothing."""
