"""Phrases of a style out of nothing: codes for the decoder of `livegen.inference.phrase_model`, drawn in two ways.

`scatter` is the simpler: a normal distribution of the codes of people's phrases, whose middle depends on what is asked
for and whose spread on the style.  `gan` is a small network that corrects such a code: it learned from a critic to make
codes which that cannot tell from people's (Goodfellow et al. 2014; Arjovsky, Chintala and Bottou 2017; Gulrajani et al.
2017).  Both are told the style, the beats of a bar and how long the phrase is; chance is an argument.
`export/generator.py` makes the file.
"""

from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from livegen.errors import ModelError
from livegen.inference.phrase_model import Codes, Floats, PhraseModel
from livegen.music.melody.phrase_steps import MOST_BEATS
from livegen.music.words.style_names import nearest

ROLE = "generator"
WAYS = ("scatter", "gan")
ANY = 0  # the number of no style
MOST_BAR = 6  # beats
WIDTH = 160  # of each hidden layer
SLOPE = 0.2  # of a hidden number below zero
MAX_BYTES = 2 << 20


def asked_for(styles: int, style: int, bar: int, beats: int) -> Floats:
    """The wish for a phrase (asked,): 1, the style (none of them for ANY), the beats of a bar, those of the phrase."""
    found = np.zeros(1 + styles + MOST_BAR + MOST_BEATS, np.float32)
    found[0] = 1
    if style != ANY:
        found[style] = 1
    found[styles + min(bar, MOST_BAR)] = 1
    found[1 + styles + MOST_BAR : 1 + styles + MOST_BAR + beats] = 1
    return found


class GeneratorFacts(NamedTuple):
    """The beginnings of styles' names that a file tells apart, numbered from 1 on; of the phrase encoder whose codes it
    draws, the numbers of a beat's code and the fingerprint.
    """

    styles: tuple[str, ...]
    code: int
    encoder: str


def shapes(facts: GeneratorFacts) -> dict[str, tuple[int, ...]]:
    """The arrays of a file, all of half floats, by name."""
    count, size = len(facts.styles), MOST_BEATS * facts.code
    asked = len(asked_for(count, ANY, 1, 0))
    return {
        "middle": (size, asked),
        "scatter": (count + 1, size, size),
        "hidden.weight": (WIDTH, size + asked),
        "hidden.bias": (WIDTH,),
        "deeper.weight": (WIDTH, WIDTH),
        "deeper.bias": (WIDTH,),
        "made.weight": (size, WIDTH),
        "made.bias": (size,),
    }


class Generator:
    """Draws codes of phrases; `load` makes one.  Threads: any."""

    def __init__(self, facts: GeneratorFacts, weights: dict[str, Floats]) -> None:
        self.facts, self._weights = facts, weights
        self._numbers = {name: at for at, name in enumerate(facts.styles, 1)}

    def number(self, style: str) -> int:
        """The number of a style of the models' by its name; ANY for one that is not told apart."""
        return nearest(style, self._numbers, ANY)

    def drawn(
        self, way: str, style: int, bar: int, beats: int, count: int, rng: np.random.Generator
    ) -> Codes:
        """Codes (count, MOST_BEATS, code) of phrases in a style, of so many beats in bars of `bar` beats."""
        asked = asked_for(len(self.facts.styles), style, bar, beats)
        chance = rng.standard_normal((count, MOST_BEATS * self.facts.code)).astype(np.float32)
        made = self._weights["middle"] @ asked + chance @ self._weights["scatter"][style].T
        if way == "gan":
            made = made + self._corrections(np.hstack([made, np.tile(asked, (count, 1))]))
        result: Codes = made.reshape(count, MOST_BEATS, self.facts.code)
        return result

    def _corrections(self, values: Floats) -> Floats:
        for name in ("hidden", "deeper"):
            values = self._linear(values, name)
            values = np.maximum(values, SLOPE * values)
        return self._linear(values, "made")

    def _linear(self, values: Floats, name: str) -> Floats:
        result: Floats = values @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return result


def save(path: Path, facts: GeneratorFacts, weights: dict[str, Any]) -> None:
    """Write a file: its role, the styles, whose codes it draws, and the weights as half floats."""
    arrays: dict[str, Any] = {
        "role": np.array(ROLE),
        "styles": np.array(facts.styles),
        "encoder": np.array(facts.encoder),
        **{name: np.asarray(weights[name], np.float16) for name in shapes(facts)},
    }
    np.savez(path, **arrays)


def load(path: Path, encoder: PhraseModel) -> Generator:
    """Read a file that draws codes of an encoder.  Raises ModelError with one line for any other."""
    code = encoder.facts.code
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("too long")
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as file:
            role, styles = str(file["role"]), tuple(map(str, file["styles"].tolist()))
            facts = GeneratorFacts(styles, code, str(file["encoder"]))
            weights = {name: file[name] for name in shapes(facts)}
        fits = role == ROLE and all(
            weights[name].shape == shape and weights[name].dtype == np.float16
            for name, shape in shapes(facts).items()
        )
        if not fits or not all(np.isfinite(value).all() for value in weights.values()):
            raise ValueError("other arrays")
    except OSError as error:
        raise ModelError(f"{path}: the generator cannot be read ({error.strerror})") from None
    except Exception:  # zipfile and numpy raise a dozen types for damage
        raise ModelError(
            f"{path} holds no generator for codes of {code} numbers a beat; "
            "make it with `python -m export.generator`"
        ) from None
    if facts.encoder != encoder.fingerprint:
        raise ModelError(
            f"{path} was made for the phrase encoder {facts.encoder:.64}, this one is {encoder.fingerprint}; "
            "make it anew with `python -m export.generator`"
        )
    return Generator(facts, {name: value.astype(np.float32) for name, value in weights.items()})
