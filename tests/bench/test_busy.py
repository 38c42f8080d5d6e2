"""Keys, their echoes and their answers are told apart, each with its wait."""

import pytest

from bench.busy import Heard, Inside, Wait, figures, inside, summed, waits

ON, OFF = 0x90, 0x80
PLAYER, ECHO, MODEL = 15, 14, 1


def heard(*rows: tuple[float, int, int]) -> list[Heard]:
    return [Heard(at, bytes((kind | channel, 60, 80))) for at, kind, channel in rows]


def test_each_key_has_the_wait_for_its_echo_and_for_the_first_note_of_its_answer() -> None:
    came = heard(
        (1.0, ON, PLAYER), (1.002, ON, ECHO), (1.004, ON, MODEL), (1.006, ON, MODEL), (1.1, OFF, PLAYER),
        (2.0, ON, PLAYER), (2.003, ON, ECHO),
    )  # fmt: skip
    first, second = waits(came, ON)

    assert tuple(first) == pytest.approx((2.0, 4.0))
    assert second.echo == pytest.approx(3.0) and second.model is None


def test_an_answer_that_comes_after_the_next_key_leaves_its_own_unanswered() -> None:
    came = heard((1.0, ON, PLAYER), (2.0, ON, PLAYER), (2.001, ON, MODEL))

    assert [wait.model is None for wait in waits(came, ON)] == [True, False]


def test_what_the_model_wants_to_play_later_is_not_due_at_once() -> None:
    trace = {
        "heard": [(1_000, "9f3c50"), (50_000, "8f3c40"), (90_000, "8f3c40"), (130_000, "8f3c40")],
        "sent": [(50_500, 52_000, "913c50"), (95_000, 95_010, "913c50")],
    }

    assert inside(trace, OFF) == [Inside(2_000, True), Inside(5_010, False), Inside(None, True)]


def test_only_keys_that_are_due_an_answer_at_once_count_and_late_and_missing_ones_are_told() -> (
    None
):
    found = [Wait(2.0, 3.0), Wait(2.0, 300.0), Wait(2.0, 13.0), Wait(None, None)]
    within = [Inside(1_000, True), Inside(299_000, False), Inside(11_000, True), Inside(None, True)]
    row = figures(found, within)

    assert (row["asked"], row["late"], row["unanswered"], row["unechoed"]) == (3, 1, 1, 1)
    assert row["livegen"]["max"] == 13.0 and row["over"]["count"] == 2


def test_of_nothing_only_the_count_is_told() -> None:
    assert summed([]) == {"count": 0}
    assert summed([3.0, 1.0, 2.0]) == {"count": 3, "p50": 2.0, "p95": 2.0, "p99": 2.0, "max": 3.0}
