"""A phrase encoder that is small, and was never trained."""

import numpy as np

from livegen.inference.phrase_model import PhraseFacts, PhraseModel, shapes


def tiny_encoder(code: int, seed: int = 1) -> PhraseModel:
    """An encoder of codes of so many numbers a beat; of another seed, with other weights."""
    rng, facts = np.random.default_rng(seed), PhraseFacts("tiny", code, 16, (1,), (1,), 0.5)
    weights = {name: rng.normal(0, 0.2, shape) for name, shape in shapes(facts).items()}
    return PhraseModel(facts, {name: it.astype(np.float32) for name, it in weights.items()})
