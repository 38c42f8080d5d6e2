"""Certainty, time, and what a call is worth to who does not listen."""

from pathlib import Path

import numpy as np
import pytest

from livegen.codec.layout import ADVANCE
from livegen.music.files.smf import write
from livegen.scorecard import likelihood
from livegen.testing import UniformModel
from livegen.training.evaluate import judge
from tests.scorecard.phrases import phrase, song


def test_who_is_as_often_right_as_certain_is_calibrated() -> None:
    sure = np.full(100, 0.75)
    hits = np.arange(100) < 75

    assert likelihood.calibration(sure, hits) == pytest.approx(0.0)
    assert likelihood.calibration(sure, np.ones(100, np.bool_)) == pytest.approx(0.25)


def test_errors_of_bins_are_weighted_by_how_many_are_in_them() -> None:
    sure = np.array([0.95] * 30 + [0.1] * 10)
    hits = np.array([True] * 15 + [False] * 15 + [False] * 10)

    assert likelihood.calibration(sure, hits) == pytest.approx((30 * 0.45 + 10 * 0.1) / 40)
    few, many = likelihood.reliability(sure, hits)
    assert few == pytest.approx((0.1, 0.0, 10))
    assert many == pytest.approx((0.95, 0.5, 30))


def test_ticks_of_a_piece_last_as_long_as_its_tempo_says(tmp_path: Path) -> None:
    write(tmp_path / "song.mid", song(60))

    assert likelihood.seconds((tmp_path / "song.mid").read_bytes(), 24 * 8) == pytest.approx(4.0)


def test_the_events_after_a_call_are_the_same_whatever_was_heard_before() -> None:
    after = phrase((60, 62, 64, 65), at=16.0)
    alone, first_alone = likelihood.rows_of((), after, "4/4")
    behind, first = likelihood.rows_of(phrase((67, 69, 71, 72)), after, "4/4")

    assert first_alone == 0
    assert behind[first + 1 :].tolist() == alone[1:].tolist()
    assert (behind[:first, 0] == ADVANCE).any()  # the silence between belongs to nobody


def test_hearing_saves_nothing_to_who_does_not_listen() -> None:
    call, other = phrase((60, 62, 64, 65)), phrase((61, 66, 61, 66))
    people = phrase((64, 65, 67, 69), at=4.0)
    nats = likelihood.lift(UniformModel(), call, people, other, 4.0, "4/4")

    assert len({round(value, 6) for value in nats.values()}) == 1


def test_certainty_of_pitch_is_noted_where_pitch_is_scored() -> None:
    rows, _ = likelihood.rows_of((), phrase((60, 62, 64)), "4/4")
    judged = judge(UniformModel(), rows, 0)

    ends = rows[:, 2] == 0
    assert judged.sure[0] == 0.0  # the first event is not scored
    assert judged.sure[1:][ends[1:]] == pytest.approx(1.0)  # only what sounds can end
    assert (judged.sure[1:][~ends[1:]] < 0.01).all()
