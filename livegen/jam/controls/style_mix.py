"""A style, or two and how much of each.  Pure.

The network is told one style with each event.  Of two it hears all twice, once in each, and each field is drawn by the
weighted sum of the log-probabilities.
"""

from typing import NamedTuple

JOINED = "+"


class StyleMix(NamedTuple):
    """The style that counts more, and another with a share (0..0.5); without one the share is 0."""

    near: str
    far: str = ""
    share: float = 0.0


class Blend(NamedTuple):
    """The same by the numbers that a model has for styles."""

    near: int = 0
    far: int = 0
    share: float = 0.0


def styles_in(text: str) -> tuple[str, ...]:
    """The names in a value of the control `style`."""
    return tuple(name.strip() for name in text.split(JOINED))


def is_word(text: str) -> bool:
    """True of a text in which nothing parts one word from another."""
    return not set(text) & set(" ,;/\n")


def is_mix(text: str) -> bool:
    """True of names joined by +, each of one word; several words are a wish."""
    return JOINED in text and all(map(is_word, styles_in(text)))


def mix_of(text: str, place: float) -> StyleMix:
    """The mix that a value of the control `style` means, with the knob from the first style (0) to the second (1)."""
    first, *others = styles_in(text)
    second = others[0] if others else first
    if second == first:
        return StyleMix(first)
    if place < 0.5:
        return StyleMix(first, second, place)
    return StyleMix(second, first, 1 - place)
