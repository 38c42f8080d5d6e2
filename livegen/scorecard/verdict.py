"""The verdict of a card for a musician, in one line.  Knows figures by their names; measures nothing.

A figure is judged only where it was measured often enough and tells people from chance: a model that lies between
two that cannot be told apart is like both.  Whether the model is like people, their intervals say: they meet.
"""

from collections.abc import Iterator
from typing import NamedTuple

from livegen.scorecard.card import MODEL, PEOPLE, RANDOM, Card, CardLine
from livegen.scorecard.estimates import Estimate

FEWEST = 20  # calls or melodies
ENOUGH = "--calls 200 is the usual number"
MUCH = ("less than people do", "about as much as people do", "more than people do")
OFTEN = ("less often than people do", "about as often as people do", "more often than people do")


class Judged(NamedTuple):
    """A figure that says something to a musician: what, and the words for less than people, like them, and more."""

    section: str
    name: str
    says: str
    words: tuple[str, str, str] = MUCH


TABLE = (
    Judged("answers", "reuse", "takes up your figures"),
    Judged("answers", "in_scale", "keeps to your scale"),
    Judged("answers", "off_lines", "strays from your beat"),
    Judged("accompaniment", "note_in_chord", "plays chords that fit your melody", OFTEN),
    Judged("memory", "mean", "repeats music that it was trained on"),
)
FAULTS = ("degeneracies", "any")


def verdict(card: Card) -> str:
    """Say in a line how it plays beside people, as far as that can be told, and what went wrong."""
    figures = {(figure.section, figure.name): figure for figure in card.figures}
    said = [
        f"{row.says} {word}"
        for row in TABLE
        if (word := _beside_people(figures.get(row[:2]), row.words)) is not None
    ]
    plays = f"it {', '.join(said)}" if said else _too_few(card)
    return f"In short, for a musician: {'; '.join([plays, *_faults(figures.get(FAULTS))])}."


def _beside_people(figure: CardLine | None, words: tuple[str, str, str]) -> str | None:
    """The word for where the model stands; None where the figure says nothing."""
    if figure is None:
        return None
    model, people, chance = (figure.columns.get(who) for who in (MODEL, PEOPLE, RANDOM))
    if model is None or people is None or chance is None or model.n < FEWEST:
        return None
    return words[1 + _side(model, people)] if _side(chance, people) else None


def _side(one: Estimate, other: Estimate) -> int:
    """-1 where the interval of one lies below that of the other, 1 where above, 0 where they meet."""
    return (one.low > other.high) - (one.high < other.low)


def _too_few(card: Card) -> str:
    calls = card.facts.get("calls", 0)
    return f"{calls} calls are too few to say how it plays beside people ({ENOUGH})"


def _faults(figure: CardLine | None) -> Iterator[str]:
    found = figure and figure.columns.get(MODEL)
    if found:
        faulty = round(found.value * found.n)
        yield (
            f"in {faulty or 'none'} of {found.n} turns it got stuck, fell silent, played a flood of notes "
            "or left one hanging"
        )
