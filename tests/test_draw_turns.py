"""The picture of the turns says what their tables say."""

from dataclasses import replace
from itertools import combinations

import pytest

from docs import draw_turns
from docs.draw_turns import BESIDE, HEIGHT, PLACES, ROUTES, WIDTH, carried, changes, pictures
from livegen.jam.turns import Action, Happening, Start, Turn


def test_the_pictures_are_those_that_the_tables_give() -> None:
    for path, text in pictures().items():
        assert path.read_text(encoding="utf-8") == text, "python -m docs.draw_turns mends it"


def test_every_change_of_the_usual_table_has_its_arrow() -> None:
    shown = {
        (source, happening, route.target)
        for route, happenings in carried(ROUTES, Start.REST.turns).items()
        for source in route.sources
        for happening in happenings
        if source is not route.target
    }
    assert shown == {(turn, h, then) for (turn, h), then in changes(Start.REST.turns).items()}


def test_a_change_without_an_arrow_is_refused_by_name() -> None:
    table = Start.REST.turns | {(Turn.KEPT, Happening.BEGIN): (Action.PLAY, Turn.RESPONDING)}
    with pytest.raises(ValueError, match="have no arrow: kept to responding: the first note"):
        carried(ROUTES, table)


def test_an_arrow_without_a_change_is_refused_by_name() -> None:
    table = dict(Start.REST.turns)
    del table[Turn.ANEW, Happening.BEGIN]
    with pytest.raises(ValueError, match="no row of the table leads from anew to responding"):
        carried(ROUTES, table)


def test_a_difference_beside_the_player_that_is_not_drawn_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(draw_turns, "BESIDE", replace(BESIDE, sources=tuple(Turn)))
    with pytest.raises(ValueError, match="does not lead to together from each state"):
        draw_turns.beside()


def test_no_state_lies_on_another_and_all_lie_inside_the_picture() -> None:
    assert set(PLACES) == set(Turn)
    for x, y in PLACES.values():
        assert 0 <= x <= WIDTH - draw_turns.BOX_WIDTH and 0 <= y <= HEIGHT - draw_turns.BOX_HEIGHT
    for (x, y), (other_x, other_y) in combinations(PLACES.values(), 2):
        assert abs(x - other_x) >= draw_turns.BOX_WIDTH or abs(y - other_y) >= draw_turns.BOX_HEIGHT
