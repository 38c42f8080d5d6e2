"""Overlaps and the classifier, with what was wrong in other people's code."""

import numpy as np
import pytest

from livegen.music.keys.key import Key
from livegen.music.note import Note
from livegen.scorecard import distributions
from tests.scorecard.phrases import phrase

RNG = np.random.default_rng(1)


def test_a_sample_overlaps_with_itself_wholly() -> None:
    some = RNG.normal(size=300)

    assert distributions.overlap(some, some) == pytest.approx(1.0, abs=1e-9)
    assert distributions.divergence(some, some) == pytest.approx(0.0, abs=1e-9)


def test_what_lies_far_away_shares_nothing_and_diverges() -> None:
    some = RNG.normal(size=300)

    assert distributions.overlap(some, some + 100) < 1e-6
    assert distributions.divergence(some, some + 100) > 10  # on a grid each it would be 0


def test_two_normals_a_deviation_apart_share_what_the_table_says() -> None:
    some, others = RNG.normal(size=20_000), RNG.normal(1.0, size=20_000)

    assert distributions.overlap(some, others) == pytest.approx(0.617, abs=0.03)  # 2 Φ(-1/2)


def test_a_feature_that_never_changes_is_compared_too() -> None:
    same, other = np.full(30, 2.0), np.full(30, 5.0)

    assert distributions.overlap(same, same) == pytest.approx(1.0)
    assert distributions.overlap(same, other) == pytest.approx(0.0, abs=1e-6)


def test_distances_within_a_set_count_each_pair_once() -> None:
    rows = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]])

    assert sorted(distributions.distances(rows).tolist()) == pytest.approx(
        [0.0, 5.0, 5.0], abs=1e-6
    )
    assert distributions.distances(rows[:1], rows[1:]).tolist() == pytest.approx([5.0, 0.0])


def test_the_shared_histogram_of_halves_that_have_nothing_in_common_is_empty() -> None:
    some, others = np.array([[1.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 1.0]])

    assert distributions.shared(some, others) == 0.0
    assert distributions.shared(some, some) == 1.0


def test_histograms_are_counted_by_hand() -> None:
    notes = [*phrase((62, 64, 62), velocity=80), Note(1.5, 3.5, 74, 90)]
    found = distributions.histograms(notes, Key(2, "major"))

    assert found["pitch class"].tolist() == [3, 0, 1] + [0] * 9
    assert {at - 12: int(n) for at, n in enumerate(found["interval"]) if n} == {2: 1, -2: 1, 12: 1}
    assert {distributions.TIMES[at]: int(n) for at, n in enumerate(found["inter-onset"]) if n} == {
        12: 3
    }
    assert {distributions.TIMES[at]: int(n) for at, n in enumerate(found["duration"]) if n} == {
        12: 3,
        48: 1,
    }
    assert {at * 8: int(n) for at, n in enumerate(found["velocity"]) if n} == {80: 3, 88: 1}


def test_a_time_is_in_the_bin_of_the_last_that_is_not_longer() -> None:
    bins = [
        distributions.TIMES[distributions.time_bin(ticks / 24)] for ticks in (0, 1, 5, 23, 24, 1000)
    ]

    assert bins == [0, 1, 4, 16, 24, 192]


def test_the_entropy_of_pitch_classes_is_in_bits() -> None:
    assert distributions._entropy([0, 0, 4, 4]) == 1.0
    assert distributions._entropy(list(range(12))) == pytest.approx(3.585, abs=1e-3)


def test_every_look_is_a_number_also_of_a_single_note() -> None:
    looks = distributions.looks([Note(0, 1, 60, 80)], Key(0, "major"), 4.0)

    assert np.isfinite(looks).all()
    assert len(looks) == len(distributions.looks(phrase((60, 64, 67, 72)), Key(0, "major"), 4.0))


def test_logistic_regression_finds_the_odds_of_a_table() -> None:
    # 3 of 4 with the feature, 1 of 4 without: odds 3 and 1/3; the ridge draws the slope ln 9 in a little.
    rows = np.array([[1.0]] * 400 + [[0.0]] * 400)
    targets = np.array([1.0] * 300 + [0.0] * 100 + [1.0] * 100 + [0.0] * 300)
    slope, constant = distributions.logistic(rows, targets)

    assert slope == pytest.approx(np.log(9), abs=0.1)
    assert constant == pytest.approx(-np.log(3), abs=0.1)


def test_the_auc_is_how_often_one_score_is_above_another() -> None:
    assert distributions.auc(np.array([3.0, 4.0]), np.array([1.0, 2.0])) == 1.0
    assert distributions.auc(np.array([1.0, 2.0]), np.array([1.0, 2.0])) == 0.5
    assert distributions.auc(np.array([1.0, 3.0]), np.array([2.0])) == 0.5


def test_what_is_alike_cannot_be_told_apart_and_what_differs_can() -> None:
    some = RNG.normal(size=(200, 5))

    alike = distributions.auc(*distributions.told_apart(some, RNG.normal(size=(200, 5))))
    apart = distributions.auc(*distributions.told_apart(some + 2, RNG.normal(size=(200, 5))))
    assert 0.38 < alike < 0.62
    assert apart > 0.95


def test_halves_share_no_call_and_are_of_one_size() -> None:
    seen: list[tuple[int, int, int]] = []

    def compare(
        one: "np.ndarray[tuple[int], np.dtype[np.int64]]",
        other: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    ) -> float:
        seen.append((len(one), len(other), len(set(one) & set(other))))
        return 1.0

    assert distributions.over_halves(9, compare, 3, 0).tolist() == [1.0] * 3
    assert seen == [(4, 4, 0)] * 3
