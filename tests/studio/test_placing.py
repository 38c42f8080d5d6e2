"""Which worker of a studio has which room."""

import pytest

from livegen.daemon.clock import SECOND
from livegen.studio.front import read_line
from livegen.studio.load import Load
from livegen.studio.placing import COMING_US, LOST_US, MOST_COMING, Placement, Placing

BEGIN = 100 * SECOND


def test_a_new_room_goes_to_the_worker_with_the_fewest_and_stays_there() -> None:
    placing = Placing()
    where = [placing.place(room, [0, 1, 2], BEGIN).worker for room in "abcdef"]
    assert sorted(where) == [0, 0, 1, 1, 2, 2]
    assert [placing.place(room, [0, 1, 2], BEGIN).worker for room in "abcdef"] == where


def test_the_rooms_of_a_worker_that_ended_return_to_others_and_no_other_room_moves() -> None:
    placing = Placing()
    before = {room: placing.place(room, [0, 1], BEGIN).worker for room in "abcd"}
    placing.lose(0, BEGIN)
    after = {room: placing.place(room, [1], BEGIN + SECOND) for room in "abcd"}
    assert after == {room: Placement(1, before[room] == 0) for room in "abcd"}
    assert placing.place("a", [1], BEGIN + LOST_US) == Placement(1, False)


def test_a_room_that_closed_is_placed_anew_and_one_whose_first_player_is_on_the_way_is_kept() -> (
    None
):
    placing = Placing()
    placing.place("blues", [0], BEGIN)
    placing.hear(0, [], BEGIN + SECOND)
    assert placing.place("blues", [0, 1], BEGIN + SECOND).worker == 0
    placing.hear(0, ["blues"], BEGIN + COMING_US + 2 * SECOND)
    assert placing.count(0) == 1
    placing.hear(0, [], BEGIN + COMING_US + 2 * SECOND)
    assert placing.count(0) == 0


def test_strangers_who_name_ever_more_rooms_move_no_room_that_is_there() -> None:
    placing = Placing()
    where = {room: placing.place(room, [0, 1], BEGIN).worker for room in "abcd"}
    for worker in (0, 1):
        placing.hear(worker, [room for room in where if where[room] == worker], BEGIN)
    for number in range(10 * MOST_COMING):
        placing.place(f"nobody's {number}", [0, 1], BEGIN)
    assert {room: placing.place(room, [0, 1], BEGIN).worker for room in "abcd"} == where
    assert placing.count(0) + placing.count(1) == MOST_COMING + len(where)


@pytest.mark.parametrize(
    ("line", "target"),
    [
        (b"GET /ws?room=blues HTTP/1.1", ("/ws", "blues")),
        (b"GET /ws?room=my%20band%C3%A9 HTTP/1.1", ("/ws", "my band\u00e9")),
        (b"GET /ws HTTP/1.1", ("/ws", "")),
        (b"POST /teacher/ask HTTP/1.0", ("/teacher/ask", "")),
        (b"GET //[/ws HTTP/1.1", None),
        (b"\x16\x03\x01\x02\x00 TLS hello", None),
        (b"", None),
        (b"GET /ws?" + b"a=1&" * 900 + b" HTTP/1.1", None),
    ],
)
def test_the_first_line_of_a_request_says_which_room_is_meant_and_no_line_makes_trouble(
    line: bytes, target: tuple[str, str] | None
) -> None:
    assert read_line(line) == target


def test_a_load_is_that_of_the_last_five_seconds() -> None:
    now, worked = BEGIN, 0.0
    load = Load(lambda: now, lambda: worked)
    for busy in (0.8, 0.2):
        for _ in range(40):
            now, worked = now + SECOND // 4, worked + busy / 4
            load.look()
        assert load.share == pytest.approx(busy)
