"""Phrases as a network sees them: from the tonic, in any key and register alike."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from livegen.codec.phrases import (
    CLASSES,
    FIRST_PITCH,
    HOLD_CLASS,
    LINES,
    REACH,
    REST_CLASS,
    decode,
    encode,
    firsts_of,
    reference_of,
)
from livegen.music.melody.phrase_steps import (
    HOLD,
    LINES_PER_BEAT,
    REST,
    Steps,
    steps_of,
)
from livegen.music.note import Note

steps_of_four_beats = st.lists(
    st.one_of(st.integers(36, 96), st.just(HOLD), st.just(REST)),
    min_size=4 * LINES_PER_BEAT,
    max_size=4 * LINES_PER_BEAT,
).map(lambda values: np.array(values, np.int16))


def tune(low: int) -> Steps:
    return steps_of(
        [Note(beat, beat + 1, low + step) for beat, step in enumerate((0, 4, 7, 12))], 4, 4
    ).steps


def test_a_tune_is_the_same_in_every_key_and_register() -> None:
    told = [
        encode(tune(low), reference_of(tune(low), low % 12)).tolist() for low in (48, 50, 60, 67)
    ]
    assert told[0] == told[1] == told[2] == told[3]


def test_a_pitch_is_told_from_the_tonic_nearest_to_the_middle() -> None:
    assert reference_of(tune(60), 0) == 60
    assert encode(tune(60), 60)[0] == FIRST_PITCH + REACH


@given(steps_of_four_beats, st.integers(0, 11))
def test_what_lies_within_two_octaves_comes_back_but_a_hold_of_nothing_is_a_rest(
    steps: Steps, tonic: int
) -> None:
    reference = reference_of(steps, tonic)
    told = encode(steps, reference)
    back = decode(told, reference, 4)
    assert told.shape == (LINES,)
    assert told.min() >= 0 and told.max() < CLASSES
    near = (steps >= 0) & (abs(steps - reference) <= REACH)
    assert (back[near] == steps[near]).all()
    assert ((back >= 0) == (steps >= 0)).all()
    assert ((back - steps)[steps >= 0] % 12 == 0).all()
    assert encode(back, reference).tolist() == told.tolist()


def test_behind_a_phrase_lie_rests_and_a_hold_follows_a_note_only() -> None:
    told = encode(np.array([HOLD, 60, HOLD, REST, HOLD, 62], np.int16), 60)
    note, other = FIRST_PITCH + REACH, FIRST_PITCH + REACH + 2
    assert told[:6].tolist() == [REST_CLASS, note, HOLD_CLASS, REST_CLASS, REST_CLASS, other]
    assert set(told[6:].tolist()) == {REST_CLASS}


def test_a_beat_says_whether_it_is_the_first_of_a_bar() -> None:
    assert firsts_of(3)[:7].tolist() == [1, 0, 0, 1, 0, 0, 1]
