"""What the report says of judges whose preferences are known."""

import json
from pathlib import Path

import pytest

from livegen.scorecard.listening import report, results
from livegen.scorecard.listening.results import Listening
from tests.scorecard.listening.evenings import judges, listening


@pytest.fixture
def test(tmp_path: Path) -> Listening:
    made = listening(tmp_path / "results.jsonl", count=24)
    made.begin()
    return made


def text(test: Listening) -> str:
    return "\n".join(report.lines(results.read(test.path)))


def test_judges_who_prefer_people_and_hear_them_are_reported_so(test: Listening) -> None:
    for name in ("Ann", "Bob", "Cho", "Dan"):
        judges(test, name, 0.8, "people", ties=0.1)

    said = text(test)
    assert "4 judges, 96 judgements of 24 pairs: a, people." in said
    assert "people is preferred." in said
    assert "The person is recognised." in said
    assert "No difference was found" not in said
    figures = report.figures(test)
    assert figures["pairs"][0]["winner"] == "people"
    strong, weak = figures["strengths"]["people"], figures["strengths"]["a"]
    assert strong["low"] > 0.5 > weak["high"]
    assert figures["agreement"] > 0.1


def test_judges_who_guess_tell_nothing(test: Listening) -> None:
    for name in ("Ann", "Bob", "Cho", "Dan"):
        judges(test, name, 0.5, "people", ties=0.2, seed=3)

    said = text(test)
    assert said.count("No difference was found.") == 2  # which is preferred, and who is the person
    assert "is preferred." not in said and "recognised" not in said
    assert "about 194 to find 60 : 40" in said
    figures = report.figures(test)
    assert figures["pairs"][0]["winner"] is None
    assert abs(figures["agreement"]) < 0.2


def test_who_always_takes_the_first_is_found_out_and_makes_no_difference(test: Listening) -> None:
    for name in ("Ann", "Bob"):
        while (state := test.state(name))["trial"]:
            for question in state["questions"]:
                test.answer(name, state["trial"]["id"], question, "first")

    said = text(test)
    assert "judges favour one place" in said
    assert "No difference was found." in said


def test_of_who_hears_no_difference_ties_are_shown(test: Listening) -> None:
    judges(test, "Ann", 1.0, "people", ties=1.0)

    said = text(test)
    assert "24 judgements, each without a difference. No difference was found." in said
    assert "24 times nobody could tell." in said


def test_before_anybody_judged_it_says_so(test: Listening) -> None:
    assert text(test) == "Nobody has judged yet: 24 pairs of a, people are waiting."


def test_figures_are_json_and_of_one_judge_it_is_said_that_they_are(test: Listening) -> None:
    judges(test, "Ann", 0.9, "people")

    figures = json.loads(json.dumps(report.figures(test), allow_nan=False))
    assert figures["judgements"] == 24 and figures["agreement"] is None
    assert "With so few judges" in text(test)
