"""What a card means for a musician."""

import json
from pathlib import Path

import pytest

from livegen.scorecard.card import MODEL, PEOPLE, RANDOM, Card
from livegen.scorecard.estimates import Estimate
from livegen.scorecard.verdict import FEWEST, TABLE, verdict

ENOUGH = 200


def card(model: float, people: float = 0.5, chance: float = 0.1, n: int = ENOUGH) -> Card:
    """Calls of which so much was taken up, each to a tenth."""

    def about(value: float) -> Estimate:
        return Estimate(value, value - 0.05, value + 0.05, n)

    made = Card({"calls": n})
    columns = {RANDOM: about(chance), MODEL: about(model), PEOPLE: about(people)}
    made.add("answers", "reuse", "figures", "people", columns)
    return made


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (0.3, "less than people do"),
        (0.45, "about as much as people do"),
        (0.55, "about as much as people do"),
        (0.7, "more than people do"),
    ],
)
def test_a_figure_is_told_beside_people_s(model: float, said: str) -> None:
    assert verdict(card(model)) == f"In short, for a musician: it takes up your figures {said}."


def test_few_calls_are_said_to_be_too_few() -> None:
    said = "In short, for a musician: 4 calls are too few to say how it plays beside people"

    assert verdict(card(0.5, n=4)).startswith(said)
    assert "too few" not in verdict(card(0.5, n=FEWEST))


def test_what_does_not_tell_people_from_chance_judges_nobody() -> None:
    assert "figures" not in verdict(card(0.5, people=0.5, chance=0.45))


@pytest.mark.parametrize(
    ("faulty", "said"), [(0, "in none of 50 turns"), (0.04, "in 2 of 50 turns")]
)
def test_what_went_wrong_is_said_however_few_the_calls(faulty: float, said: str) -> None:
    made = card(0.5, n=4)
    made.add("degeneracies", "any", "any", "less", {MODEL: Estimate(faulty, 0, 0.1, 50)})

    assert f"; {said} it got stuck" in verdict(made)


def test_the_verdict_asks_for_figures_that_a_card_has() -> None:
    shipped = json.loads(Path("models/jam-gru/scorecard.json").read_text())
    names = {(row["section"], row["name"]) for row in shipped["figures"]}

    assert {row[:2] for row in TABLE} <= names
