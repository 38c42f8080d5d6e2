"""Chords that stand in a text, such as "over Dm7 G7 Cmaj7", as a chart of one bar each.  Knows names of chords only."""

import re
from collections.abc import Iterator

from livegen.errors import ChartError
from livegen.music.chords.chord_names import chord_named

FEWEST = 2
_LETTER = re.compile(r"[A-H]")


def chart_in(text: str) -> tuple[str, str]:
    """The text of a chart, "" where no chords stand in a row, and what is left of the text.

    Letters alone are no chords: somebody may speak of keys.
    """
    pieces = list(re.finditer(r"[^\s|,–]+", text))
    for first, last in _runs([_is_chord(piece[0]) for piece in pieces]):
        names = [piece[0] for piece in pieces[first:last]]
        if len(names) >= FEWEST and sum(len(name) > 1 for name in names) >= FEWEST:
            begin, end = pieces[first].start(), pieces[last - 1].end()
            return f"| {' | '.join(names)} |\n", f"{text[:begin]} {text[end:]}".replace("|", " ")
    return "", text


def _runs(are_chords: list[bool]) -> Iterator[tuple[int, int]]:
    """The places where chords stand in a row: of the first, and behind the last."""
    first = None
    for at, is_chord in enumerate([*are_chords, False]):
        if is_chord and first is None:
            first = at
        elif not is_chord and first is not None:
            yield first, at
            first = None


def _is_chord(name: str) -> bool:
    if not _LETTER.match(name):
        return False
    try:
        return chord_named(name) is not None
    except ChartError:
        return False
