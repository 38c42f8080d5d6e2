"""Sections over answers of our own: who answers as people do is measured as people are."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from livegen.scorecard.band import Band
from livegen.scorecard.card import MODEL, OTHER, PEOPLE, RANDOM, Card
from livegen.scorecard.held_out_calls import Pair
from livegen.scorecard.notes import moved
from livegen.scorecard.playing import PlayedCall
from livegen.scorecard.sections import distributions_section, responses_section
from tests.scorecard.phrases import call, phrase

TUNES = [
    [60 + (key * 5 + step * (2 + key % 3)) % 12 + key % 2 for step in range(12)]
    for key in range(40)
]
PACES = [0.5 + number % 2 / 2 for number in range(len(TUNES))]
PAIRS = [
    Pair(
        replace(call(phrase(tune, step=pace), bars=4), name=f"made {number}"),
        phrase(tune[::-1], at=16.0, step=pace),
    )
    for number, (tune, pace) in enumerate(zip(TUNES, PACES, strict=True))
]


@pytest.fixture
def band() -> Band:
    return Band(ThreadPoolExecutor(1), lambda name, done, total: None, 1, [MODEL])


def measured(card: Card, name: str) -> dict[str, float]:
    (figure,) = [figure for figure in card.figures if figure.name == name]
    return {who: found.value for who, found in figure.columns.items() if found}


def test_who_plays_as_people_do_cannot_be_told_from_them_and_random_notes_can(band: Band) -> None:
    card = Card({})
    answers = {MODEL: [PlayedCall(pair.call, pair.people, 16.0) for pair in PAIRS]}
    distributions_section.measure(card, band, PAIRS, answers)

    apart = measured(card, "told_apart")
    assert apart[MODEL] == 0.5
    assert apart[RANDOM] > 0.9
    for feature in ("pitch class", "interval", "inter-onset", "duration"):
        shared = measured(card, f"{feature}_shared")
        assert shared[MODEL] == shared[PEOPLE] > shared[RANDOM]


def test_answers_to_calls_that_are_played_detached_are_judged_by_their_own_lines(
    band: Band,
) -> None:
    card = Card({})
    on_them, off_them = (
        {MODEL: [PlayedCall(p.call, moved(p.call.notes, by), 16.0) for p in PAIRS]}
        for by in (16.0, 16.25)
    )
    responses_section.measure(card, band, PAIRS, on_them, off_them)

    assert measured(card, "off_lines")[MODEL] == 0.0
    assert measured(card, "off_lines_detached")[MODEL] == 1.0
    assert measured(card, "off_lines_detached")[PEOPLE] == measured(card, "off_lines")[PEOPLE]


def test_an_echo_is_the_call_again(band: Band) -> None:
    card = Card({})
    answers = {MODEL: [PlayedCall(pair.call, moved(pair.call.notes, 16.0), 16.0) for pair in PAIRS]}
    responses_section.measure(card, band, PAIRS, answers, answers)

    assert measured(card, "reuse")[MODEL] == 1.0
    assert measured(card, "novelty")[MODEL] == 0.0
    assert measured(card, "density_ratio")[MODEL] == pytest.approx(1.0)
    assert measured(card, "specificity")[MODEL] > measured(card, "specificity")[RANDOM]
    assert measured(card, "exact_reuse")[OTHER] < 0.5
