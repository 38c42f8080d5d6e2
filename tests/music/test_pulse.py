"""Clocks are counted rightly and steadied, whatever their jitter."""

import pytest

from livegen.music.sync.pulse import LOCKED, Pulse, line

STEP = 20_000


def steady_pulse(clocks: int = 100) -> Pulse:
    """A pulse that has heard even clocks, the last at 0."""
    pulse = Pulse()
    for clock in range(clocks):
        pulse.feed((clock + 1 - clocks) * STEP)
    return pulse


def test_a_line_through_even_clocks_is_exact() -> None:
    assert line([7, 17, 27, 37]) == (37, 10, 0)


def test_a_line_is_least_squares() -> None:
    # By hand: the mean is 13, the slope (-1.5*0 - 0.5*10 + 0.5*20 + 1.5*22) / 5 = 7.6.
    found = line([0, 10, 20, 22])
    assert found == pytest.approx((13 + 1.5 * 7.6, 7.6, 3.2))


@pytest.mark.parametrize(
    ("places", "steps"),
    [
        pytest.param([1, 2, 3], [1, 1, 1], id="even"),
        pytest.param([2, 3, 4, 5], [0, 0, 4, 1], id="one lost"),
        pytest.param([3, 4, 5, 6], [0, 0, 5, 1], id="two lost"),
        pytest.param([0.05, 1, 2, 3, 4], [0, 0, 0, 3, 1], id="one doubled"),
        pytest.param([1.4, 2, 3, 4, 5], [0, 0, 0, 4, 1], id="one late"),
        pytest.param([0.6, 1.2, 1.8, 2.4, 3.0], [0, 0, 0, 4, 1], id="faster"),
        pytest.param([2, 4, 6, 8, 10], [0, 0, 0, 4, 1], id="half as fast"),
        pytest.param([0.5, 1, 1.5, 2, 2.5], [0, 0, 0, 4, 1], id="twice as fast"),
        pytest.param([500, 501, 502, 503], [0, 0, 502, 1], id="a long silence"),
    ],
)
def test_clocks_in_doubt_are_understood_by_those_after_them(
    places: list[float], steps: list[int]
) -> None:
    pulse = steady_pulse()
    assert [pulse.feed(round(place * STEP)) for place in places] == steps
    assert abs(pulse.at - places[-1] * STEP) < 1_000


def test_it_is_locked_after_half_a_beat() -> None:
    assert not steady_pulse(LOCKED - 1).is_locked
    assert steady_pulse(LOCKED).is_locked


def test_a_late_clock_moves_a_settled_pulse_little() -> None:
    pulse = steady_pulse(200)
    pulse.feed(STEP + 5_000)
    assert abs(pulse.at - STEP) < 50
    assert abs(pulse.period - STEP) < 1


def test_struck_where_it_was_due_it_keeps_its_memory_and_elsewhere_it_begins_there() -> None:
    due, elsewhere = steady_pulse(), steady_pulse()
    due.strike(STEP)
    elsewhere.strike(STEP + 7_000)
    assert (due.is_locked, due.at) == (True, STEP)
    assert (elsewhere.age, elsewhere.at, elsewhere.period) == (1, STEP + 7_000, STEP)


def test_struck_elsewhere_a_clock_near_the_old_period_confirms_it() -> None:
    confirmed, replaced = steady_pulse(), steady_pulse()
    for pulse, period in ((confirmed, STEP + 2_000), (replaced, STEP + 9_000)):
        pulse.strike(STEP + 7_000)
        pulse.feed(STEP + 7_000 + period)
    assert (confirmed.period, replaced.period) == (STEP, STEP + 9_000)


def test_clocks_that_agree_with_nothing_are_forgotten_and_do_not_pile_up() -> None:
    pulse = steady_pulse()
    at = 0
    for index in range(2_000):
        at += 1_500 + 7_919 * (index * index % 11)
        pulse.feed(at)
        assert pulse.waiting <= 13
