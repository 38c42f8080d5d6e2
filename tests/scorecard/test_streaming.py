"""StreamMUSE's figures: what of a melody is supported, and how soon sixteenths are decided."""

from itertools import count

import pytest

from livegen.music.note import Note
from livegen.scorecard.streaming import Timing, in_time, support
from livegen.testing import UniformModel
from tests.scorecard.phrases import call, phrase

SONG = call(phrase([72, 74, 76, 77] * 4), bars=4)


def test_a_note_is_consonant_if_any_note_beside_it_is_and_unsupported_if_there_is_none() -> None:
    melody = [Note(0, 1, 72, 80), Note(1, 2, 74, 80), Note(2, 4, 76, 80)]
    beside = [Note(0.5, 1, 48, 80, 1), Note(0.5, 1, 49, 80, 1), Note(1.5, 2, 49, 80, 1)]

    # The first has a unison beside a semitone, the second a semitone alone, the third nothing.
    assert support(melody, beside) == (0.25, 0.5)
    assert support([], beside) is None


def test_age_counts_only_frames_that_were_decided_in_time() -> None:
    timing = Timing([0.0, 0.0, 3.0, None], [0, 16, 0, None])

    assert timing.success == 0.5
    assert timing.weighted == pytest.approx((1 + 0.5) / 4)
    assert timing.staleness_ms == [0.0, 0.0, 3.0]


def test_an_engine_that_takes_no_time_decides_every_sixteenth_before_it_is_due() -> None:
    heard, timing = in_time(UniformModel(12), SONG, 1, clock=lambda: 0.0)

    assert heard.notes
    assert timing.success == 1.0 and set(timing.staleness_ms) == {0.0}
    assert len(timing.late_ms) == 3 * 16
    assert 0.5 < timing.weighted < 1.0


def test_an_engine_that_takes_seconds_for_each_message_is_late() -> None:
    ticks = count()
    _, timing = in_time(UniformModel(12), SONG, 1, clock=lambda: 0.4 * next(ticks))

    assert timing.success < 0.5
    assert max(timing.staleness_ms, default=0.0) > 0.0 or None in timing.late_ms
