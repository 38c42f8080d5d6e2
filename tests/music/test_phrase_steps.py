"""A phrase as steps: six lines a beat, and the touch of a hand aside."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from livegen.music.melody.phrase_steps import (
    HOLD,
    LINES_PER_BEAT,
    REST,
    beat_of,
    distance,
    line_near,
    onsets,
    steps_of,
    tones_of,
)
from livegen.music.note import Note

lines = st.lists(st.integers(0, 4 * LINES_PER_BEAT - 1), min_size=1, max_size=16, unique=True)


def phrase(places: list[int], pitches: list[int]) -> list[Note]:
    """A legato phrase on some lines of four beats."""
    begins = sorted(places)
    ends = [*begins[1:], 4 * LINES_PER_BEAT]
    return [
        Note(beat_of(line), beat_of(end), pitches[number % len(pitches)])
        for number, (line, end) in enumerate(zip(begins, ends, strict=True))
    ]


def test_sixteenths_and_triplets_have_lines_and_what_is_near_one_falls_on_it() -> None:
    near = [0.02, 0.27, 0.34, 0.48, 0.66, 0.74, 0.93]
    assert [line_near(beat) for beat in near] == list(range(7))


def test_steps_hold_a_note_until_its_end_and_rest_after_it() -> None:
    steps = steps_of([Note(0, 0.5, 60), Note(1, 2, 62)], 2, 4).steps
    assert steps.tolist() == [60, HOLD, HOLD, REST, REST, REST, 62, HOLD, HOLD, HOLD, HOLD, HOLD]


def test_of_notes_that_begin_together_the_highest_is_the_melody() -> None:
    assert onsets(steps_of([Note(0, 1, 67), Note(0.01, 1, 60), Note(0, 1, 64)], 1, 4).steps) == [
        (0, 6, 67)
    ]


@given(lines, st.lists(st.integers(40, 90), min_size=1, max_size=4))
def test_a_phrase_on_the_lines_comes_back_as_it_was(places: list[int], pitches: list[int]) -> None:
    tones = phrase(places, pitches)
    kept = steps_of(tones, 4, 4)
    back = tones_of(kept.steps, kept.touches)
    assert [(round(tone.onset, 6), round(tone.end, 6), tone.pitch) for tone in back] == [
        (round(tone.onset, 6), round(tone.end, 6), tone.pitch) for tone in tones
    ]


@given(lines, st.lists(st.floats(-0.03, 0.03), min_size=16, max_size=16))
def test_timing_length_and_loudness_are_put_back_on_the_notes_they_are_of(
    places: list[int], lates: list[float]
) -> None:
    tones = [
        tone._replace(
            onset=max(0.0, tone.onset + late), end=tone.onset + late + 0.06, velocity=40 + number
        )
        for number, (tone, late) in enumerate(zip(phrase(places, [60]), lates, strict=False))
    ]
    kept = steps_of(tones, 4, 4)
    back = tones_of(kept.steps, kept.touches)
    assert [(round(tone.onset, 6), tone.velocity) for tone in back] == [
        (round(tone.onset, 6), tone.velocity) for tone in tones
    ]


def test_a_note_that_nobody_played_has_the_touch_of_such_a_line_of_another_beat() -> None:
    late = steps_of([Note(0, 0.4, 60, 90), Note(0.54, 0.9, 62, 50)], 2, 4)
    other = late.steps.copy()
    other[LINES_PER_BEAT + 3] = 65
    made = tones_of(other, late.touches)[-1]
    assert (round(made.onset, 6), made.velocity) == (1.54, 50)


@given(lines, lines)
def test_distance_is_0_of_the_same_1_at_most_and_the_same_both_ways(
    places: list[int], others: list[int]
) -> None:
    some, other = (steps_of(phrase(at, [60, 64]), 4, 4).steps for at in (places, others))
    assert distance(some, some) == 0
    assert 0 <= distance(some, other) <= 1
    assert abs(distance(some, other) - distance(other, some)) < 1e-9


def test_distance_counts_notes_a_pitch_for_a_half() -> None:
    steps = steps_of([Note(beat, beat + 1, 60 + beat) for beat in range(4)], 4, 4).steps
    other = steps.copy()
    other[6] = 72
    assert distance(steps, other) == 0.5 / 4
    silence = np.full_like(steps, REST)
    assert distance(steps, silence) == 1
    assert distance(silence, silence) == 0
