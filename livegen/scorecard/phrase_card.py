"""The scorecard of a network that does not play alone: of a phrase encoder how phrases come back; others are named.

What the others are worth is measured by commands of the checkout (`bench`), whose figures stand in docs/NETWORKS.md.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from livegen import shipped
from livegen.codec.phrases import FIRST_PITCH, Classes, encode, firsts_of, reference_of
from livegen.errors import ConfigError
from livegen.home import spelled_out
from livegen.inference import phrase_model as phrase_files
from livegen.inference.phrase_model import PhraseModel
from livegen.scorecard.card import MODEL, Card
from livegen.scorecard.estimates import RESAMPLED, mean
from livegen.training.corpora import discover
from livegen.training.phrase_corpus import SETS, PhraseSpan, PieceMelody, cut, melodies, phrases

EACH = 10  # phrases that come back for each call of the option --calls: a phrase takes a hundredth of the time


# The command that measures a network that is not measured here, by its file.
BENCHES = {
    shipped.GENERATOR: "generator",
    "tone.npz": "tone",
    "critic.npz": "critic",
    "drum_touch.npz": "drummer",
    "grooves.npz": "drummer",
    "beats.npz": "beats",
    "chords_implied.npz": "implied",
}


def phrase_encoder(name_or_path: str) -> Path | None:
    """The file of a phrase encoder by name or path; None for a model that plays.

    Raises ConfigError, one line, for a network that is measured elsewhere.
    """
    if name_or_path == shipped.PHRASES:
        return shipped.phrase_model()
    path, role = spelled_out(name_or_path), shipped.role_of(name_or_path)
    if role and (bench := BENCHES.get(path.name)):
        raise ConfigError(
            f"{name_or_path!r} holds {role}, which has no scorecard; its figures stand in docs/NETWORKS.md,"
            f" and a checkout of livegen measures it: python -m bench.{bench} DATA"
        )
    inside = path / shipped.ENCODER if path.is_dir() else path
    return inside if inside.name == shipped.ENCODER and inside.is_file() else None


class Back(NamedTuple):
    """The return of a phrase: F1 of its notes, and whether all is exact."""

    f1: float
    exact: float


def back(told: Classes, guessed: Classes) -> Back:
    """Compare two phrases as classes."""
    notes, others = (
        {(int(at), int(some[at])) for at in np.flatnonzero(some >= FIRST_PITCH)}
        for some in (told, guessed)
    )
    return Back(
        2 * len(notes & others) / max(1, len(notes) + len(others)), float((told == guessed).all())
    )


def came_back(
    model: PhraseModel, some: Sequence[PieceMelody], spans: Sequence[PhraseSpan]
) -> list[Back]:
    """Measure how phrases come back from their codes."""
    found = []
    for span in spans:
        melody = some[span.melody]
        steps, tonic = cut(melody, span)
        told, firsts = encode(steps, reference_of(steps, tonic)), firsts_of(melody.bar)
        found.append(back(told, model.decode(model.encode(told, firsts)[None], firsts)[0]))
    return found


def score_phrases(path: Path, data: Path, split: str, count: int, seed: int) -> Card:
    """Measure a phrase encoder on so many phrases of a split: of the sets it is trained on, or else of what there is.

    Raises ModelError for another file, ConfigError where there is no phrase.
    """
    model = phrase_files.load(path)
    there = [source.name for source in discover(data)]
    sets = [name for name in SETS if name in there] or there
    held = list(melodies(data, split, sets))
    spans = [span for number, melody in enumerate(held) for span in phrases(number, melody)]
    if not spans:
        raise ConfigError(f"the split {split} of {data} holds no phrase of a melody")
    order = np.random.default_rng(seed).permutation(len(spans))[:count]
    some = [spans[at] for at in order]
    found = came_back(model, held, some)
    card = Card(
        {
            "model": model.facts.name,
            "split": split,
            "phrases": len(some),
            "seed": seed,
            "resampled": RESAMPLED,
            "says": (
                f"{model.facts.name} on the split {split}: {len(some)} phrases, encoded and decoded; seed {seed}."
                f"  In brackets the 95 % interval of {RESAMPLED} resamplings of phrases."
            ),
        }
    )
    for name in ("", *sets):
        of = [
            one
            for one, span in zip(found, some, strict=True)
            if not name or held[span.melody].corpus == name
        ]
        of_set = f" of {name}" if name else ""
        if of:
            f1, exact = mean([one.f1 for one in of]), mean([one.exact for one in of])
            card.add("back", f"f1_{name}", f"F1 of the notes{of_set}", "more", {MODEL: f1})
            card.add("back", f"exact_{name}", f"phrases{of_set} all exact", "more", {MODEL: exact})
    return card
