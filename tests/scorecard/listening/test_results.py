"""A test that goes on: nothing is lost, nobody is told, and all is balanced."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from livegen.errors import ConfigError
from livegen.scorecard.listening import results
from tests.scorecard.listening.evenings import judges, listening


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.jsonl"


def test_a_judge_who_comes_again_goes_on_where_they_stopped(path: Path) -> None:
    test = listening(path)
    test.begin()
    first = test.state("Ann")["trial"]
    test.answer("Ann", first["id"], "prefer", "second")
    half = results.read(path)  # the page was closed before the second question

    assert half.state("Ann")["trial"] == {**first, "said": {"prefer": "second"}}
    half.answer(" ann ", first["id"], "person", "neither")
    again = results.read(path).state("Ann")
    assert (again["done"], again["trials"]) == (1, 6)
    assert again["trial"]["id"] != first["id"]


def test_each_click_is_a_line_and_a_torn_line_costs_only_itself(path: Path) -> None:
    test = listening(path)
    test.begin()
    number = test.state("Ann")["trial"]["id"]
    test.answer("Ann", number, "prefer", "first")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["row"] for row in rows] == ["test", "judge", "answer"]
    with path.open("a") as file:
        file.write('{"row":"answer","judge":"Ann","tr')

    torn = results.read(path)
    torn.answer("Ann", number, "person", "first")

    assert results.read(path).state("Ann")["done"] == 1


def test_who_changes_their_mind_is_counted_once_with_what_was_said_last(path: Path) -> None:
    test = listening(path, pair=("a", "b"))
    test.begin()
    for side in ("first", "neither", "second"):
        test.answer("Ann", 0, "prefer", side)

    (judgement,) = results.read(path).judgements()
    assert judgement.said == test.sides(test.judges[0], 0)[1]


def test_the_page_is_never_told_who_plays_until_all_is_judged(path: Path) -> None:
    test = listening(path, pair=("secret-model", "people"))
    test.begin()
    told: list[dict[str, Any]] = []
    while (state := test.state("Ann"))["trial"]:
        told.append(state)
        for question in state["questions"]:
            test.answer("Ann", state["trial"]["id"], question, "first")

    assert len(told) == 6
    assert not any(word in json.dumps(told) for word in ("secret-model", "people", "made"))
    assert {row["first"] for row in state["told"]} == {"secret-model", "people"}
    with pytest.raises(ConfigError, match="has been told"):
        test.answer("Ann", 0, "prefer", "second")
    with pytest.raises(ConfigError, match="has been told"):
        results.read(path).answer("Ann", 0, "prefer", "second")


def test_the_answers_that_are_heard_are_those_of_the_sources_that_are_written(path: Path) -> None:
    test = listening(path)
    test.begin()
    for name in ("Ann", "Bob"):
        shown = test.state(name)["trial"]
        judge = next(one for one in test.judges if one.name == name)
        for side, source in zip(("first", "second"), test.sides(judge, shown["id"]), strict=True):
            assert shown[side] == [(0.5, 0.25, {"a": 70, "people": 72}[source], 80)]


def test_each_source_is_heard_first_as_often_as_second_and_each_judge_has_another_order(
    path: Path,
) -> None:
    test = listening(path, count=8)
    test.begin()
    for name in ("Ann", "Bob"):
        judges(test, name, 1.0, "people")
    ann, bob = test.judges

    for judge in (ann, bob):
        firsts = Counter(test.sides(judge, number)[0] for number in range(8))
        assert firsts == {"a": 4, "people": 4}
    assert all(test.sides(ann, n) == test.sides(bob, n)[::-1] for n in range(8))
    assert sorted(test.order(ann)) == sorted(test.order(bob)) and test.order(ann) != test.order(bob)


def test_judges_at_once_do_not_disturb_each_other(path: Path) -> None:
    test = listening(path, count=2, pair=("a", "b"))
    test.begin()
    ann, bob = test.state("Ann")["trial"]["id"], test.state("Bob")["trial"]["id"]
    test.answer("Bob", bob, "prefer", "first")
    test.answer("Ann", ann, "prefer", "neither")

    both = results.read(path)
    assert [(one.judge, one.item) for one in both.judgements()] == [("Ann", ann), ("Bob", bob)]


def test_without_people_nobody_is_asked_who_the_person_is(path: Path) -> None:
    assert listening(path, pair=("a", "b")).questions == ("prefer",)
    assert listening(path).questions == ("prefer", "person")


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\x00b"])
def test_a_judge_needs_a_name(path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="a name or a number"):
        listening(path).state(name)


@pytest.mark.parametrize(
    ("trial", "question", "side"),
    [
        (6, "prefer", "first"),
        (-1, "prefer", "first"),
        (0, "which", "first"),
        (0, "prefer", "third"),
    ],
)
def test_what_is_no_answer_is_refused(path: Path, trial: int, question: str, side: str) -> None:
    with pytest.raises(ConfigError, match="no such"):
        listening(path).answer("Ann", trial, question, side)


@pytest.mark.parametrize(
    "text", ["", "a song", '{"row":"test"}\n', "[1]\n", '{"row":"judge","judge":"a"}']
)
def test_a_file_that_is_no_test_is_named_with_what_makes_one(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigError, match="holds no listening test"):
        results.read(path)
