"""The strokes that another engine is told: which are kept, what a cut leaves of them, and how they are told."""

import pytest

from livegen.daemon.last_strokes import MODEL, PLAYER, LastStrokes

NOW = 1_000_000_000
ON, OFF = b"\x90\x3c\x50", b"\x80\x3c\x40"
KEPT = 512  # strokes, of which 256 are told


def past(*strokes: tuple[int, int, bytes]) -> LastStrokes:
    """Strokes, each with its time before or after now, micros, and who plays it."""
    found = LastStrokes()
    for at, who, data in strokes:
        found.put(NOW + at, who, data)
    return found


def told(found: LastStrokes, at: int = 0) -> list[tuple[int, int, bytes]]:
    """The strokes told then, in the same form."""
    return [(when - NOW, who, bytes(data)) for when, who, *data in found.told(NOW + at)]


def test_strokes_are_told_with_who_played_them_and_nothing_else_is() -> None:
    others = b"\xb0\x40\x7f", b"\xe0\x00\x40", b"\xf8", b"\xa0\x3c\x10", b"\xc0\x05"
    found = past((0, PLAYER, ON), *((0, PLAYER, data) for data in others), (0, MODEL, OFF))

    assert told(found) == [(0, PLAYER, ON), (0, MODEL, OFF)]


def test_what_was_played_in_the_last_two_minutes_is_told_oldest_first_and_what_is_to_come_is_not() -> (
    None
):
    found = past(*((at, PLAYER, ON) for at in (1, 0, -119_999_999, -120_000_000, -5)))

    assert told(found) == [(at, PLAYER, ON) for at in (-119_999_999, -5, 0)]


def test_the_last_256_are_told_of_those_that_were_played_already() -> None:
    found = past(
        *((at, PLAYER, ON) for at in range(-300, 0)), *((at, MODEL, ON) for at in range(1, 101))
    )

    assert told(found) == [(at, PLAYER, ON) for at in range(-256, 0)]


@pytest.mark.parametrize("is_cut", [False, True])
def test_as_many_again_are_kept_and_no_more(is_cut: bool) -> None:
    found = past((0, PLAYER, ON), *((1, PLAYER, OFF) for _ in range(KEPT - 1)))
    if is_cut:
        found.cut(NOW)
    assert told(found) == [(0, PLAYER, ON)]

    found.put(NOW + 1, PLAYER, OFF)

    assert told(found) == []


def test_a_cut_takes_back_what_the_model_was_to_play_and_ends_what_it_holds() -> None:
    found = past(
        (-9, MODEL, b"\x91\x30\x50"),
        (-9, MODEL, b"\x90\x40\x50"),
        (-8, MODEL, b"\x90\x3c\x50"),
        (-7, MODEL, b"\x90\x40\x00"),  # an end, too
        (-6, MODEL, b"\x90\x41\x50"),
        (-5, MODEL, b"\x80\x41\x40"),
        (-4, PLAYER, b"\x90\x48\x50"),
        (0, MODEL, b"\x90\x43\x50"),
        (1, MODEL, b"\x80\x43\x40"),
        (1, PLAYER, b"\x80\x48\x40"),
    )
    before = told(found)

    found.cut(NOW)

    ends = [
        (0, MODEL, data) for data in (b"\x80\x3c\x40", b"\x80\x43\x40", b"\x81\x30\x40")
    ]  # each once
    assert told(found) == before + ends
    assert told(found, 1) == [*before, *ends, (1, PLAYER, b"\x80\x48\x40")]


def test_a_cut_of_some_keys_leaves_the_others_as_they_were() -> None:
    found = past(
        (-9, MODEL, b"\x90\x3c\x50"),
        (-9, MODEL, b"\x91\x3c\x50"),
        (-9, PLAYER, b"\x90\x3c\x50"),
        (1, MODEL, b"\x80\x3c\x40"),
        (2, MODEL, b"\x81\x3c\x40"),
    )
    before = told(found)

    found.cut(NOW, {(0, 0x3C)})

    assert told(found, 2) == [*before, (0, MODEL, b"\x80\x3c\x40"), (2, MODEL, b"\x81\x3c\x40")]


def test_where_there_were_no_bars_nothing_is_taken_up_and_without_a_memo_the_strokes_are() -> None:
    found, timeline = past((0, PLAYER, ON)), [500_000, NOW, 96]

    assert found.take_up(NOW, {"memo": {"chart": None}}) is None
    strokes = [[NOW, PLAYER, *ON]]
    assert found.take_up(NOW, {"timeline": timeline}) == {"strokes": strokes, "timeline": timeline}
    assert found.take_up(NOW, {"timeline": timeline, "memo": {"chart": [1, 2, 3]}}) == {
        "strokes": strokes,
        "timeline": timeline,
        "chart": [1, 2, 3],
    }


def test_to_another_clock_strokes_and_bars_are_counted_back() -> None:
    found = past((-700_000, PLAYER, ON), (-200_000, MODEL, OFF))
    state = {"timeline": [500_000, NOW - 4_300_000, 96]}  # bars of two seconds

    assert found.rejoin(NOW, state) == {
        "t": "rejoin",
        "at": NOW,
        "strokes": [[700_000, 0, *ON], [200_000, 1, *OFF]],
        "timeline": [500_000, 300_000, 96],
        "controls": {},
        "memo": {},
    }
    more = {"controls": {"density": 0.5}, "memo": {"chart": None}}
    assert more.items() <= found.rejoin(NOW, state | more).items()
