"""A card: figures with chance, baselines and people beside them.  Knows nothing of how they were measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from livegen.scorecard.estimates import Estimate

# The parties that are measured: the model, the one before it, people on the same data, and who knows less or nothing.
MODEL, PREVIOUS, PEOPLE, RANDOM, OTHER = "model", "previous", "people", "random", "another's"
HARMONISER, WRITTEN, UNIGRAM, MARKOV = "harmoniser", "written chords", "unigram", "Markov 5"
DEAF = "deaf"
ECHO, CHAIN = "echo", "chain"
COMMONEST = "commonest"  # who always says the class that is the most frequent


@dataclass(frozen=True, slots=True)
class CardLine:
    """A line of a card: estimates by who was measured, None where there was nothing to measure.

    `better` is "more", "less", or "people" for what is best where people are.
    """

    section: str
    name: str
    says: str
    better: str
    columns: Mapping[str, Estimate | None]


@dataclass(frozen=True, slots=True)
class Card:
    """Facts of what was measured, figures, curves for the page of plots, and what must be said in words.

    Sections add to it one after the other.  The fact `says`, where there is one, is the line above the tables.
    """

    facts: dict[str, Any]
    figures: list[CardLine] = field(default_factory=list)
    curves: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def add(
        self,
        section: str,
        name: str,
        says: str,
        better: str,
        columns: Mapping[str, Estimate | None],
    ) -> None:
        """Add a figure."""
        self.figures.append(CardLine(section, name, says, better, columns))
