"""A card as people see it."""

import json
from pathlib import Path

import pytest

from livegen.errors import ConfigError
from livegen.scorecard import card_views
from livegen.scorecard.card import MODEL, PEOPLE, RANDOM, Card
from livegen.scorecard.estimates import Estimate


def card() -> Card:
    facts = {
        "model": "made", "split": "valid", "pieces": 2, "calls": 3, "melodies": 0, "turns": 10, "events": 5,
        "seed": 1, "resampled": 1000,
    }  # fmt: skip
    made = Card(facts, remarks=["Nothing was accompanied."])
    made.add(
        "answers", "reuse", "figures taken up", "people",
        {PEOPLE: Estimate(0.25, 0.2, 0.3, 3), RANDOM: Estimate(0.01, 0, 0.02, 3), MODEL: Estimate(0.1, 0.05, 0.15, 3)},
    )  # fmt: skip
    made.add("degeneracies", "loop", "turns with: loop", "less", {MODEL: None})
    made.add(
        "likelihood",
        "styles_pop",
        "nats per note: style pop",
        "less",
        {MODEL: Estimate(5, 4, 6, 2)},
    )
    return made


def test_chance_stands_left_and_people_right_of_the_model() -> None:
    lines = list(card_views.table_lines(card()))

    assert [cell.strip() for cell in lines[2].split("|")[2:-1]] == [
        "random",
        "model",
        "people",
        "n",
    ]
    assert [cell.strip() for cell in lines[4].split("|")[1:-1]] == [
        "figures taken up", "0.010", "0.100 (0.050 to 0.150)", "0.250 (0.200 to 0.300)", "3",
    ]  # fmt: skip
    assert lines[-3] == "* Nothing was accompanied."
    assert lines[-1].startswith("In short, for a musician: 3 calls are too few")
    assert "–" in lines[8]


def test_styles_stand_in_the_json_alone() -> None:
    assert not any("style pop" in line for line in card_views.table_lines(card()))
    rows = json.loads(card_views.as_json(card()))["figures"]
    assert rows[2]["columns"]["model"] == {"value": 5, "low": 4, "high": 6, "n": 2}


def test_tables_are_put_between_the_markers_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "CARD.md"
    path.write_text(f"before\n{card_views.BEGIN}\nold\n{card_views.END}\nafter\n")
    card_views.put_into(path, card())
    once = path.read_text()
    card_views.put_into(path, card())

    assert path.read_text() == once
    assert once.startswith("before\n") and once.endswith(f"{card_views.END}\nafter\n")
    assert "figures taken up" in once and "old" not in once


def test_a_card_without_markers_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "CARD.md"
    path.write_text("mine\n")

    with pytest.raises(ConfigError, match="no place for the scorecard"):
        card_views.put_into(path, card())
    assert path.read_text() == "mine\n"


def test_what_is_written_is_json_and_a_page(tmp_path: Path) -> None:
    paths = card_views.write(card(), tmp_path / "new")

    assert [path.name for path in paths] == ["scorecard.json", "scorecard.png"]
    assert paths[1].read_bytes().startswith(b"\x89PNG")


def test_what_was_written_is_replaced_only_when_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "scorecard.json").write_text("mine")

    with pytest.raises(FileExistsError):
        card_views.write(card(), tmp_path)
    assert (tmp_path / "scorecard.json").read_text() == "mine"
    card_views.write(card(), tmp_path, replaces=True)
    assert (tmp_path / "scorecard.json").read_text() != "mine"


def test_the_page_has_a_panel_for_what_was_measured_and_names_the_rest(tmp_path: Path) -> None:
    panels = {title: has_data for title, _, has_data in card_views._panels(card())}

    assert [title for title, has_data in panels.items() if has_data] == ["answers"]
    assert len(panels) == 10
    card_views.plot(Card({"model": "none", "split": "valid", "calls": 0}), tmp_path / "empty.png")
    assert (tmp_path / "empty.png").read_bytes().startswith(b"\x89PNG")
