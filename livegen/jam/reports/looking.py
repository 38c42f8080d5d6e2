"""The notes heard before that a drawn pitch took up: the places that the network looked at, tried one by one.

The weights by which a network looks back say where it looked, not what it took (Jain and Wallace 2019, arXiv
1902.10186).  So of the notes that it looked at most each is taken away in turn, and what counts is how much less likely
that makes the pitch, in nats; then the three that cost most are taken away together.  Work comes in runs of the
network, one at a time.  Knows no clock and no plan.
"""

from collections.abc import Callable, Generator, Hashable, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from livegen.inference.contract import Logits, Query, Weights
from livegen.inference.sampling import Mask, probabilities
from livegen.jam.hearing.hearing import Heard, Step

TRIED = 4  # notes, of those that it looked at most
ARCS = 3  # notes at most that a pitch took up
HABIT = 0.1  # nats: where what was taken up counts for less, it was habit
_FLOOR = 1e-9

Named = Callable[[Heard], Hashable | None]


class TakenUp(NamedTuple):
    """A note that was taken up: the name it was given, and the nats that it costs to do without."""

    note: Hashable
    nats: float


class Looked(NamedTuple):
    """The notes taken up, the most costly first, and the nats that it costs to do without all of them.

    `is_told` is False where the model cannot say what it looked at.
    """

    notes: tuple[TakenUp, ...] = ()
    nats: float = 0.0
    is_told: bool = True

    @property
    def is_habit(self) -> bool:
        """True where nothing that was heard before mattered more than a little."""
        return self.nats < HABIT


def looked_at(
    weights: Weights, past: Sequence[Heard | None], named: Named
) -> list[tuple[Hashable, list[int]]]:
    """The notes that were looked at, the most looked at first, each with its places: its beginning, its end.

    `past` are the events of the last places; `named` gives the name of an event's note, None of one that is left out.
    The newest place is the event after which was drawn, which the network has just heard: nobody looks back at it.
    """
    offset = weights.shape[1] - len(past)
    seen: dict[Hashable, list[int]] = {}
    of_place = weights.sum(0)
    for place in np.argsort(-of_place, kind="stable").tolist():
        heard = past[place - offset] if offset <= place < weights.shape[1] - 1 else None
        if heard is not None and (note := named(heard)) is not None:
            seen.setdefault(note, []).append(place)
    return list(seen.items())


def nats(logits: Logits, allowed: Mask, pitch: int) -> float:
    """Give how unlikely a pitch is among those that are allowed."""
    return -float(np.log(max(_FLOOR, probabilities(logits, allowed)[pitch])))


def looking(
    step: Step, query: Query, logits: Logits, allowed: Mask, pitch: int, named: Named
) -> Generator[None, None, Looked]:
    """Find what a pitch took up; yields after each run of the network, TRIED + 2 at most.

    `logits` are those by which it was drawn from all that was heard.  Raises ModelFault.
    """
    weights = step.looked()
    if weights is None:
        return Looked(is_told=False)
    yield
    plain = nats(logits, allowed, pitch)

    def cost(places: Iterable[int]) -> float:
        without = step.guard.logits("pitch", step.without(places), query)
        return nats(without, allowed, pitch) - plain

    tried: list[tuple[float, Hashable, list[int]]] = []
    for note, places in islice(looked_at(weights, step.past, named), TRIED):
        tried.append((cost(places), note, places))
        yield
    # An event that costs next to nothing may be the copy of another: a figure heard twice is taken up from both.
    found = sorted((it for it in tried if it[0] > 0), key=lambda it: -it[0])[:ARCS]
    if not found:
        return Looked()
    together = cost([place for _, _, places in found for place in places])
    if together < found[0][0]:  # without all of them it finds its way another way
        found, together = found[:1], found[0][0]
    return Looked(tuple(TakenUp(note, each) for each, note, _ in found), together)
