"""Figures and what is known of them."""

import numpy as np
import numpy.typing as npt
import pytest

from livegen.scorecard.estimates import jackknifed, mean, quantile, ratio, resampled, share


def test_a_mean_is_of_what_is_known_and_has_bounds_on_either_side() -> None:
    found = mean([1.0, None, 3.0, 2.0])

    assert found is not None
    assert (found.value, found.n) == (2.0, 3)
    assert 1.0 <= found.low < 2.0 < found.high <= 3.0


def test_of_nothing_there_is_no_estimate() -> None:
    assert [
        mean([]),
        mean([None]),
        ratio([], []),
        ratio([1.0], [0.0]),
        quantile([], 0.5),
        share(0, 0),
    ] == [None] * 6


def test_what_is_always_the_same_has_no_width() -> None:
    found = mean([5.0] * 9)

    assert found is not None
    assert (found.low, found.value, found.high) == (5.0, 5.0, 5.0)


def test_a_ratio_is_of_sums_and_counts_only_pieces_that_have_any() -> None:
    found = ratio([6.0, 0.0, 2.0], [2.0, 0.0, 2.0])

    assert found is not None
    assert (found.value, found.n) == (2.0, 2)


def test_the_interval_of_many_is_near_to_the_normal_one() -> None:
    found = mean([0.0, 1.0] * 200)

    assert found is not None
    assert found.low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.01)
    assert found.high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.01)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = [float(value % 7) for value in range(30)]

    assert mean(values, 3) == mean(values, 3)
    assert quantile(values, 0.5, 3) == quantile(values, 0.5, 3)


def test_any_statistic_is_given_each_row_once_and_then_drawn_ones() -> None:
    seen: list[list[int]] = []

    def count(rows: npt.NDArray[np.int64]) -> float:
        seen.append(rows.tolist())
        return float(len(rows))

    resampled(3, count, times=5)

    assert [0, 1, 2] in seen and len(seen) == 6
    assert all(set(rows) <= {0, 1, 2} for rows in seen)


def test_nothing_in_a_hundred_still_leaves_room_for_four() -> None:
    found = share(0, 100)

    assert found is not None
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(0.037, abs=0.001)  # z² / (n + z²)


def test_leaving_out_each_gives_a_mean_the_error_that_it_has() -> None:
    values = np.random.default_rng(2).normal(size=50)

    found = jackknifed(50, lambda rows: float(values[rows].mean()))

    assert found is not None and found.n == 50
    error = values.std(ddof=1) / 50**0.5
    assert (found.low, found.high) == pytest.approx(
        (values.mean() - 1.96 * error, values.mean() + 1.96 * error)
    )


def test_an_interval_by_leaving_out_holds_its_figure_where_kinds_are_rare() -> None:
    def kinds(rows: npt.NDArray[np.int64]) -> float:
        return float(
            len(np.unique(rows))
        )  # each row is of another kind, of which drawn rows lack many

    drawn, left_out = resampled(40, kinds), jackknifed(40, kinds)
    assert drawn is not None and drawn.high < drawn.value
    assert left_out is not None and left_out.low <= left_out.value <= left_out.high
