"""The recipe of a phrase encoder and decoder: `kind: phrases`.  Knows no network."""

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from livegen.inference.phrase_model import (
    MAX_BLOCKS,
    MAX_BYTES,
    MAX_CODE,
    MAX_WIDTH,
    PhraseFacts,
    bytes_of,
)
from livegen.training.recipe import ModelName, Strict, checked

PHRASES = "phrases"

Blocks = Annotated[tuple[Annotated[int, Field(ge=1, le=8)], ...], Field(max_length=MAX_BLOCKS)]


class PhraseNetworkRecipe(Strict):
    """Sizes; see training/phrase_network.py.  A network that no file could hold is refused before it is trained."""

    code: Annotated[int, Field(ge=1, le=MAX_CODE)] = 8
    width: Annotated[int, Field(ge=8, le=MAX_WIDTH)] = 128
    encoder: Blocks = (1, 2)
    decoder: Blocks = (1, 2, 4)

    @model_validator(mode="after")
    def _fits_into_a_file(self) -> "PhraseNetworkRecipe":
        facts = PhraseFacts("", self.code, self.width, self.encoder, self.decoder, 0.0)
        if (size := bytes_of(facts)) > MAX_BYTES:
            raise ValueError(
                f"its weights take {size / 2**20:.1f} MB, at most {MAX_BYTES >> 20} MB are taken;"
                " choose a smaller width or fewer blocks"
            )
        return self


class PhraseRecipe(Strict):
    """See models/jam-phrases/recipe.yaml, where every line has its comment."""

    name: ModelName
    kind: Literal["phrases"]
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    network: PhraseNetworkRecipe = PhraseNetworkRecipe()
    sets: dict[str, Annotated[float, Field(gt=0)]]
    beta: Annotated[float, Field(ge=0, le=10)] = 0.0
    beta_by: Annotated[float, Field(gt=0, le=1)] = 0.3
    phrases: Annotated[int, Field(ge=1)] = 500_000
    batch: Annotated[int, Field(ge=1, le=4096)] = 128
    transpose: tuple[Annotated[int, Field(ge=-12, le=0)], Annotated[int, Field(ge=0, le=12)]] = (
        -6,
        6,
    )
    moved: Annotated[float, Field(ge=0, le=1)] = 0.3
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 2e-3
    warmup: Annotated[int, Field(ge=0)] = 200
    final_rate: Annotated[float, Field(ge=0, le=1)] = 0.02
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    clip: Annotated[float, Field(gt=0)] = 1.0
    validate_every: Annotated[int, Field(ge=1)] = 500
    checkpoint_seconds: Annotated[float, Field(ge=0)] = 60.0

    @property
    def total_steps(self) -> int:
        """Updates of the whole run."""
        return max(1, self.phrases // self.batch)

    def rate_at(self, step: int) -> float:
        """Learning rate of an update: linear warm-up, then a cosine down to `final_rate` of it."""
        warm = min(1.0, (step + 1) / max(1, self.warmup))
        cosine = (1 + math.cos(math.pi * step / self.total_steps)) / 2
        return self.learning_rate * warm * max(self.final_rate, cosine)


def read_phrase_recipe(path: Path) -> PhraseRecipe:
    """Read and check a recipe of `kind: phrases`.  Raises ConfigError with every mistake, one line each."""
    return checked(path, PhraseRecipe)
