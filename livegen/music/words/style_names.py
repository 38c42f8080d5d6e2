"""Names of styles, words joined by underscores: which begin with which words.  Knows no style."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


def begins_with(style: str, beginnings: Iterable[str]) -> bool:
    """True if the name of a style begins with the whole words of any: jazz_bebop with jazz, and not with jazz_be."""
    return f"{style}_".startswith(tuple(f"{words}_" for words in beginnings))


def nearest(style: str, by_beginning: Mapping[str, T], default: T) -> T:
    """The value of the longest beginning of a style's name, in whole words; the default where there is none."""
    fits = [words for words in by_beginning if begins_with(style, (words,))]
    return by_beginning[max(fits, key=len)] if fits else default
