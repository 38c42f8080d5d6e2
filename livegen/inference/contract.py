"""The contract between a model and the engine, whatever runtime carries the model.

A model is two pure functions.  `advance` hears one event: it gives the new state and a summary, from which
`logits` predicts the fields of the next event one after the other, each given those already drawn.  Neither
writes into what it was given, and nothing it returns is ever written again: whoever holds a state holds a
snapshot.  Knows numpy; knows no file format and no runtime.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from livegen.codec.layout import ADVANCE, NO_PITCH, Event
from livegen.inference.ring import Ring
from livegen.music.parts import DRUMS

State = Any  # the model's own: an array, or a `Ring`; `is_finite` looks into it, nobody else
Summary = NDArray[np.float32]  # (K,) or (1, K), the model's own
# (SOUNDING,) = pitched part * 128 + pitch: 1.0 while that note sounds.
Sounding = NDArray[np.float32]
Logits = NDArray[np.float32]  # (classes of the field,), unnormalised
# (heads, places): how much each head looks at each place; a row sums to 1.
Weights = NDArray[np.float32]
# Weights and biases of the last layers of a network's heads, by their names in a model file.
Layers = Mapping[str, NDArray[np.float32]]


def is_finite(state: State) -> bool:
    """True if every number of a state that is new in it is finite."""
    return state.is_finite() if isinstance(state, Ring) else bool(np.isfinite(state).all())


def sound(sounding: Sounding, event: Event) -> None:
    """Note in `sounding` what an event starts or ends; drums do not sound on."""
    if event.time != ADVANCE and event.part != DRUMS:
        sounding[event.part * 128 + event.pitch] = event.on


class Query(NamedTuple):
    """The event being predicted, as far as it is drawn; what is not drawn yet may be anything in range.

    Drawn in this order: time; then `position` and `bar` follow from it; part, and `before` with it; on, pitch;
    velocity is last.  No head looks at what is drawn after its own field.
    """

    time: int = 0
    position: int = 0
    bar: int = 0
    part: int = 0
    on: int = 0
    pitch: int = 0
    before: int = NO_PITCH

    @classmethod
    def of(cls, event: Event) -> "Query":
        """All that a query can hold of an event, for any of its fields."""
        return cls(
            event.time, event.position, event.bar, event.part, event.on, event.pitch, event.before
        )


class Looks(NamedTuple):
    """The place in a state, taken as one row of numbers, of what a network looks back at.

    It looks at `places` events, the newest last.  Of each the state keeps `numbers` numbers, one event's after the
    other's, from number `first` on; the step that looks pushes the oldest out and adds its own event.
    """

    first: int
    numbers: int
    places: int

    def without(self, state: State, places: Iterable[int]) -> State:
        """A state for a step to come that finds nothing at these places, as they are in what it will look at.

        The newest place is that step's own event, and in no state yet: IndexError for it, and beyond.
        """
        bare = state.copy()
        row = bare.reshape(-1)
        for place in places:
            if not 0 <= place < self.places - 1:
                raise IndexError(f"place {place} of {self.places - 1} in the state")
            since = self.first + (place + 1) * self.numbers
            row[since : since + self.numbers] = 0
        return bare


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """The facts in the metadata of a model file.  `styles[0]` is the unknown style ("any").

    `has_ring` says that the state is a ring of `state_shape[0]` entries, of which each step gives one.

    `learns` says that the model knows nothing of its own: what the memory of a session brings is all that it has.

    `looks` says where what the network looks back at lies; None where the file does not say.

    `network` is what it takes to train the model further, which serving has no use for: `config`, from which
    the network is built, and `joined`, for each tensor that holds several parameters their names in order.
    """

    name: str
    codec: str
    parts: tuple[str, ...]
    styles: tuple[str, ...]
    state_shape: tuple[int, ...]
    has_ring: bool = False
    learns: bool = False
    looks: Looks | None = None
    ticks_per_beat: int = 24
    commit: str = ""
    data: tuple[tuple[str, str], ...] = ()  # (set, licence)
    quantised: bool = False
    network: Mapping[str, Any] = field(default_factory=dict)


class Model(Protocol):
    """A network with its state outside of it.  Threads: one at a time."""

    @property
    def facts(self) -> ModelFacts:
        """The facts of the model file."""
        ...

    def initial_state(self) -> State:
        """The state before anything was heard."""
        ...

    def advance(
        self, event: Event, style: int, sounding: Sounding, state: State
    ) -> tuple[State, Summary]:
        """Hear one event.  `sounding` is what sounds right after it, `style` an index into `facts.styles`."""
        ...

    def looked(self, event: Event, style: int, sounding: Sounding, state: State) -> Weights | None:
        """The places that the model would look at on hearing that event; None where the model cannot say."""
        ...

    def logits(self, field: str, summary: Summary, query: Query) -> Logits:
        """Logits of one field (a key of `codec.layout.FIELDS`) of the event after the one last heard."""
        ...

    def keep_warm(self) -> None:
        """Run a step that changes nothing, so that weights stay in the processor's caches."""
        ...


class Fittable(Model, Protocol):
    """A model whose answers can be fitted to a player while it plays; what it hears stays the same."""

    def say(self, layers: Layers) -> None:
        """Answer with these layers from now on, and with those of the beginning where there are no others."""
        ...
