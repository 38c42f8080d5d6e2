"""A recipe: all that a training run depends on besides the corpora, checked before the first step.

A file is looked at for size, nesting and aliases before anything is built from it: a few lines of
aliases can stand for more than memory holds.
"""

import math
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from livegen import guarded_yaml
from livegen.errors import ConfigError, in_words
from livegen.inference.ring import BLOCK

EVENTS = "events"
ModelName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
R = TypeVar("R", bound=BaseModel)


class Strict(BaseModel):
    """A section of a recipe: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


# Of what a transformer keeps of its window: what fits beside the weights in a processor's cache.
MAX_RING_BYTES = 512 << 10
HEAD = 64  # units of a head, of attention and of a delta rule
ROW = 2 * HEAD * 4  # bytes that an event leaves in each block of attention


class NetworkRecipe(Strict):
    """Kind and size; see training/network.py."""

    kind: Literal["gru", "lstm", "delta", "attention"] = "gru"
    hidden: Annotated[int, Field(ge=8, le=4096)] = 512
    layers: Annotated[int, Field(ge=1, le=8)] = 1
    embed: Annotated[int, Field(ge=8, le=2048)] = 256
    head: Annotated[int, Field(ge=8, le=2048)] = 256
    window: Annotated[int, Field(ge=0, le=4096)] = 0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1

    @model_validator(mode="after")
    def _has_heads(self) -> "NetworkRecipe":
        if self.kind not in ("delta", "attention"):
            return self
        if self.hidden % HEAD or self.hidden != self.embed:
            raise ValueError(
                f"hidden is {self.hidden} and embed {self.embed};"
                f" of kind {self.kind} both are the same multiple of {HEAD}"
            )
        if self.kind == "delta":
            return self
        if not self.window or self.window % BLOCK:
            raise ValueError(
                f"window is {self.window}; an attention looks back over a multiple of {BLOCK} events"
            )
        if (kept := self.window * self.layers * ROW) > MAX_RING_BYTES:
            raise ValueError(
                f"window x layers keep {kept >> 10} kB of what was heard, at most {MAX_RING_BYTES >> 10} kB are taken;"
                " choose a smaller window or fewer layers"
            )
        return self


class Recipe(Strict):
    """See models/*/recipe.yaml, where every line has its comment."""

    name: ModelName
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    network: NetworkRecipe = NetworkRecipe()
    sets: dict[str, Annotated[float, Field(gt=0)]] | None = None
    events: Annotated[int, Field(ge=1)] = 10_000_000
    batch: Annotated[int, Field(ge=1, le=4096)] = 32
    steps: Annotated[int, Field(ge=2, le=4096)] = 128
    shards: Annotated[int, Field(ge=1, le=4096)] = 1
    segment: Annotated[int, Field(ge=16)] = 1024
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 2e-3
    muon: Annotated[float, Field(ge=0, le=100)] = 0.0
    warmup: Annotated[int, Field(ge=0)] = 200
    final_rate: Annotated[float, Field(ge=0, le=1)] = 0.02
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    clip: Annotated[float, Field(gt=0)] = 1.0
    transpose: tuple[Annotated[int, Field(ge=-24, le=0)], Annotated[int, Field(ge=0, le=24)]] = (
        -5,
        6,
    )
    style_unknown: Annotated[float, Field(ge=0, le=1)] = 0.25
    detached: Annotated[float, Field(ge=0, le=1)] = 0.0
    masked: Annotated[float, Field(ge=0, le=1)] = 0.5
    precision: Literal["auto", "bf16", "32"] = "auto"
    validate_every: Annotated[int, Field(ge=1)] = 2_000_000
    patience: Annotated[int, Field(ge=1)] = 8
    checkpoint_seconds: Annotated[float, Field(ge=0)] = 60.0

    @model_validator(mode="after")
    def _fits(self) -> "Recipe":
        step = self.batch * self.steps
        if self.events < step:
            raise ValueError(
                f"events is {self.events}, less than one step of batch x steps = {step}"
            )
        if self.batch % self.shards:
            raise ValueError(f"batch is {self.batch}, which {self.shards} shards do not divide")
        if self.warmup >= self.total_steps:
            raise ValueError(
                f"warmup is {self.warmup} of only {self.total_steps} steps (events / batch / steps)"
            )
        return self

    @property
    def total_steps(self) -> int:
        """Updates of the whole run."""
        return self.events // (self.batch * self.steps)

    def rate_at(self, step: int) -> float:
        """Learning rate of an update: linear warm-up, then a cosine down to `final_rate` of it."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        share = (step - self.warmup) / max(1, self.total_steps - self.warmup)
        cosine = (1 + math.cos(math.pi * min(1.0, share))) / 2
        return self.learning_rate * (self.final_rate + (1 - self.final_rate) * cosine)


def read_recipe(path: Path) -> Recipe:
    """Read and check a recipe.  Raises ConfigError with every mistake, one line each."""
    return checked(path, Recipe)


def kind_of(path: Path) -> str:
    """The kind of a recipe's network, by its key `kind`; without that key "events", a network that foretells events."""
    values = _values(path)
    return str(values.get("kind", EVENTS)) if isinstance(values, dict) else EVENTS


def checked(path: Path, form: type[R]) -> R:
    """Read a recipe of one form and check it.  Raises ConfigError with every mistake, one line each."""
    try:
        return form.model_validate(_values(path))
    except ValidationError as error:
        lines = (
            f"{path}: {'.'.join(map(str, mistake['loc'])) or 'recipe'}: {in_words(mistake)}"
            for mistake in error.errors()
        )
        raise ConfigError("\n".join(lines)) from None


def _values(path: Path) -> object:
    node = guarded_yaml.parse(guarded_yaml.read(path), str(path))
    return None if node is None else guarded_yaml.built(node, str(path))
