"""How far behind the clock an engine plays, by the ways of its players, on virtual time."""

import random

import pytest

from livegen.daemon.clock import SECOND
from livegen.studio.behind import Behind
from livegen.studio.way import AFAR, DELAY_US

MS = 1000
BEGIN = 100 * SECOND


def played(behind: Behind, ways_ms: tuple[int, int], since_s: float, until_s: float) -> list[int]:
    """Keys four times a second on a way of so long; by how much each came too late for the engine, micros."""
    chance, late = random.Random(1), []
    for number in range(round((until_s - since_s) * 4)):
        now = BEGIN + round(since_s * SECOND) + number * SECOND // 4
        way = chance.randint(ways_ms[0] * MS, ways_ms[1] * MS)
        late.append(max(0, way - behind.at(now)))
        behind.hear("Ana", way, now)
    return late


def test_a_room_of_players_at_home_stays_as_it_is() -> None:
    behind = Behind(BEGIN)
    played(behind, (25, 34), 0, 60)
    assert behind.at(BEGIN + 60 * SECOND) == DELAY_US


def test_who_is_further_away_is_waited_for_within_seconds() -> None:
    behind = Behind(BEGIN)
    late = played(behind, (50, 70), 0, 60)
    assert any(late[:16]) and not any(late[24:])
    assert 70 * MS <= behind.at(BEGIN + 60 * SECOND) <= 75 * MS


@pytest.mark.parametrize(
    ("ways_ms", "bound"), [((1, 3), AFAR.shortest_us), ((90, 300), AFAR.longest_us)]
)
def test_it_keeps_within_its_bounds(ways_ms: tuple[int, int], bound: int) -> None:
    behind = Behind(BEGIN)
    played(behind, ways_ms, 0, 60)
    assert behind.at(BEGIN + 60 * SECOND) == bound


def test_the_engines_time_never_goes_back_and_one_late_key_changes_nothing() -> None:
    behind = Behind(BEGIN)
    chance = random.Random(2)
    for _ in range(60):
        behind.hear("Ana", chance.randint(20 * MS, 34 * MS), BEGIN)
    behind.hear("Ana", 400 * MS, BEGIN)
    assert behind.wanted_us == DELAY_US
    before = BEGIN - behind.at(BEGIN)
    for number in range(40):
        behind.hear("Ben", 75 * MS, BEGIN + number)
    for ms in range(5_000):
        now = BEGIN + ms * MS
        assert now - behind.at(now) > before or not ms
        before = now - behind.at(now)


def test_a_player_who_has_gone_is_waited_for_no_longer() -> None:
    behind = Behind(BEGIN)
    for number in range(16):
        behind.hear("Ben", 75 * MS, BEGIN + number * 100 * MS)
    assert behind.wanted_us == 80 * MS
    played(behind, (20, 30), 0, 60)
    assert behind.at(BEGIN + 60 * SECOND) < 36 * MS
