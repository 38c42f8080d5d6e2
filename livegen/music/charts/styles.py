"""A chart's word for its style, such as iReal's "Medium Up Swing", as a style that a model has.  Knows no model."""

import re
from collections.abc import Collection
from functools import cache

from livegen.music.words.genres import ENDINGS, GENRES, Genre, plain

# On a chart these words mean something else than in a wish, or mean a style at all.
_ON_A_CHART = (
    Genre(1, "jazz_bebop jazz_swing", "", "up tempo"),
    Genre(1, "jazz_fusion", "", "even, even 8ths, even 16ths"),
    Genre(1, "jazz_traditional", "", "trad"),
    Genre(1, "leadsheet_electronic", "", "dance"),
    Genre(1, "leadsheet_blues", "", "shuffle"),
    Genre(0, "jazz_cool jazz_swing", "", "ballad"),
    Genre(0, "jazz_swing", "", "waltz"),
)
_LEAD_SHEET = "leadsheet_"  # how the names of styles begin that were learned from lead sheets


def nearest_style(word: str | None, styles: Collection[str]) -> str | None:
    """The style that a chart's word means, one of `styles`; None where it says none of them.

    Of several genres in it the one of the highest rank counts, then the first.  A chart is a lead sheet: of the styles
    of a genre those of lead sheets come first.
    """
    if word is None:
        return None
    name = re.sub(r"[\s-]+", "_", word.strip().lower())
    if name in styles:
        return name
    found = [
        (-genre.rank, place, at.start(), genre)
        for place, (genre, pattern) in _patterns()
        if (at := pattern.search(plain(word)))
    ]
    if not found:
        return None
    meant = sorted(min(found)[-1].styles.split(), key=lambda style: _LEAD_SHEET not in style)
    return next((style for style in meant if style in styles), None)


@cache
def _patterns() -> tuple[tuple[bool, tuple[Genre, re.Pattern[str]]], ...]:
    """Each genre with a pattern of its words; False before those that only a chart says, which come first."""
    rows = [(False, genre) for genre in _ON_A_CHART] + [(True, genre) for genre in GENRES]
    return tuple((place, (genre, _pattern(genre.words))) for place, genre in rows)


def _pattern(words: str) -> re.Pattern[str]:
    """Any of some words as whole words; between the parts of one stand spaces, hyphens or nothing."""
    ends = f"(?:{'|'.join(filter(None, ENDINGS))})?"
    any_of = "|".join(
        re.escape(word).replace(r"\ ", r"[\s-]*").replace(r"\~", "~").replace("~", ends)
        for word in words.split(", ")
    )
    return re.compile(rf"(?<![a-z])(?:{any_of})(?![a-z])")
