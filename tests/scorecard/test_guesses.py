"""Accuracy, precision, recall and F1, against figures that are worked out by hand."""

import numpy as np
import pytest

from livegen.codec.layout import FIELDS
from livegen.scorecard.guesses import Counts
from livegen.scorecard.likelihood import rows_of
from livegen.scorecard.sections.guesses_section import INTERVAL, _classes, _where
from livegen.testing import UniformModel
from livegen.training.evaluate import judge
from tests.scorecard.phrases import phrase

CAME = np.array([0, 0, 0, 0, 1, 1, 2, 2])
GUESSED = np.array([0, 0, 0, 1, 1, 0, 0, 0])


def counts(guesses: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Counts:
    return Counts.of(np.array([0, 0, 0, 0, 1, 1, 1, 1]), CAME, guesses, 2, 5)


def test_each_class_that_came_counts_alike() -> None:
    accuracy, precision, recall, f1 = counts(GUESSED).figures()

    # Of 0: 3 of 6 guesses are right, 3 of 4 are found; of 1: 1 of 2 and 1 of 2; 2 is never guessed; 3 and 4 never are.
    assert accuracy == pytest.approx(4 / 8)
    assert precision == pytest.approx((3 / 6 + 1 / 2 + 0) / 3)
    assert recall == pytest.approx((3 / 4 + 1 / 2 + 0) / 3)
    assert f1 == pytest.approx((2 * 3 / 10 + 2 * 1 / 4 + 0) / 3)


def test_a_class_that_is_guessed_and_never_came_counts_with_a_precision_of_nothing() -> None:
    wrong = GUESSED.copy()
    wrong[3] = 4  # instead of 1, which then is guessed once, and rightly

    assert counts(wrong).figures()[1] == pytest.approx((3 / 6 + 1 + 0 + 0) / 4)
    assert counts(wrong).figures()[3] == pytest.approx((2 * 3 / 10 + 2 * 1 / 3 + 0 + 0) / 4)


def test_who_always_says_the_commonest_class_is_accurate_and_finds_no_other() -> None:
    accuracy, _, recall, _ = counts(np.zeros_like(CAME)).figures()

    assert accuracy == 0.5
    assert recall == pytest.approx(1 / 3)


def test_groups_can_be_drawn_again_and_again() -> None:
    made = counts(GUESSED)

    assert made.figures(np.array([0]))[0] == pytest.approx(3 / 4)
    assert made.figures(np.array([0, 0, 1]))[0] == pytest.approx(7 / 12)
    assert made.figures(np.array([1, 0])) == made.figures()


def test_a_model_s_guess_is_legal_and_a_hit_where_it_came() -> None:
    rows, _ = rows_of((), phrase((60, 60, 60, 64)), "4/4")
    judged = judge(UniformModel(), rows, 0)

    columns = list(FIELDS)
    ends = (rows[:, 2] == 0) & (rows[:, 0] != 192)
    pitch = columns.index("pitch")
    assert judged.guesses[ends, pitch].tolist() == rows[ends, pitch].tolist()  # only one sounds
    right = judged.guesses == rows[:, : len(columns)]
    assert (right[1:] >= judged.hits[1:]).all()


def test_an_interval_is_from_the_onset_before() -> None:
    rows, _ = rows_of((), phrase((60, 62, 59, 96)), "4/4")
    where = _where(INTERVAL, rows)

    assert (_classes(INTERVAL, rows, rows)[where] - 24).tolist() == [2, -3, 24]
