"""Swing moves off-beats and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from livegen.music.time.swing import heard_swing, swung, usual_swing


@given(st.floats(50, 75), st.integers(-1000, 1000))
def test_order_is_kept(percent: float, tick: int) -> None:
    assert swung(tick, percent) <= swung(tick + 1, percent)


@given(st.floats(50, 75), st.integers(-50, 50))
def test_beats_and_sixteenths_before_the_off_beat_stay(percent: float, beat: int) -> None:
    assert [swung(beat * 24 + tick, percent) for tick in (0, 6, 8)] == [
        beat * 24 + tick for tick in (0, 6, 8)
    ]


def test_triplets_stay_up_to_triplet_swing() -> None:
    for percent in (50, 58, 66.7):
        assert [swung(tick, percent) for tick in (0, 8, 16)] == [0, 8, 16]


def test_the_off_beat_lies_where_its_percentage_says() -> None:
    assert [swung(12, percent) for percent in (50, 66.7, 75)] == [12, 16, 18]


def test_styles_of_jazz_swing_and_others_do_not() -> None:
    assert all(
        57 <= usual_swing(style) <= 62 for style in ("jazz_swing", "jazz_bebop", "drums_jazz")
    )
    assert [usual_swing(style) for style in ("any", "pop", "drums_funk", "no such style")] == [
        50
    ] * 4


def test_swing_is_heard_where_off_beats_are_late_and_nothing_else_is_played_before_them() -> None:
    swings = (0, 16, 24, 40, 48, 65, 72)
    assert 65 < heard_swing(swings) < 68
    assert heard_swing(tick // 12 * 12 for tick in swings) == 50
    assert heard_swing((0, 8, 16, 24, 32, 40, 48, 56, 64)) == 50, "triplets"
    assert heard_swing((0, 16, 24, 40)) == 50, "too few to tell"
