"""An answer beside its call, worked out by hand."""

import numpy as np
import pytest

from livegen.music.keys.key import Key
from livegen.music.note import Note
from livegen.scorecard import responses
from livegen.scorecard.notes import line
from livegen.scorecard.responses import Features
from tests.scorecard.phrases import call, phrase

C_MAJOR, A_MINOR = Key(0, "major"), Key(9, "minor")
UP = phrase((60, 62, 64, 65, 67))


def test_an_onset_line_is_the_highest_note_of_each_onset() -> None:
    notes = [Note(0, 1, 60, 80), Note(0.03, 1, 64, 80), Note(1, 2, 55, 80)]

    assert line(notes) == [Note(0, 1, 64, 80), Note(1, 2, 55, 80)]


def test_a_transposed_figure_is_taken_up_but_not_at_the_same_pitch() -> None:
    answer = phrase((67, 69, 71, 72))

    assert responses.reuse(answer, UP) == 1.0
    assert responses.exact_reuse(answer, UP) == 0.0


def test_reuse_is_the_share_of_the_answer_s_figures() -> None:
    answer = phrase((60, 62, 64, 65, 60))  # +2 +2 +1 stands in the call, +2 +1 -5 does not

    assert responses.reuse(answer, UP) == 0.5
    assert responses.exact_reuse(answer, UP) == 0.5


def test_a_repeated_note_is_no_figure() -> None:
    still = phrase((60,) * 8)

    assert responses.reuse(still, still) is None
    assert responses.exact_reuse(still, still) is None


def test_a_copy_has_no_novelty_and_another_tune_has_all() -> None:
    assert responses.novelty(UP, UP) == 0.0
    assert responses.novelty(phrase((50, 55, 51, 58, 49)), UP) == 1.0


def test_the_same_pitches_at_another_pace_are_not_a_copy() -> None:
    assert responses.novelty(phrase((60, 62, 64, 65, 67), step=1.0), UP) == 1.0


def test_novelty_is_what_lies_outside_the_longest_run_that_is_copied() -> None:
    answer = phrase((60, 62, 64, 50, 67))  # of four steps the first two stand in the call

    assert responses.novelty(answer, UP) == 0.5


def test_a_phrase_is_wholly_like_itself() -> None:
    looks = Features(UP, 4.0)

    assert responses.alike(looks, looks) == pytest.approx(
        dict.fromkeys(
            ("pitch classes", "intervals", "places in the bar", "rhythm", "density", "all"), 1.0
        )
    )


def test_an_echo_is_specific_and_the_same_answer_to_all_is_not() -> None:
    calls = [phrase((60, 62, 64, 65, 67)), phrase((61, 66, 68, 63, 61), step=1.0)]
    looks = [Features(notes, 4.0) for notes in calls]

    echo = responses.specificity(looks[0], looks[0], [looks[1]])
    assert echo is not None and echo > 0.3
    assert responses.specificity(looks[1], looks[0], [looks[1]]) == 0.0
    assert responses.specificity(looks[0], looks[0], []) is None


def test_divergence_is_nothing_of_the_same_and_one_bit_of_what_shares_nothing() -> None:
    assert responses.divergence({1: 2, 2: 2}, {1: 1, 2: 1}) == 0.0
    assert responses.divergence({1: 1}, {2: 1}) == 1.0
    assert responses.divergence({1: 1}, {}) == 1.0
    # Half of the mass is shared: 3/4 log2 4/3 - 1/4 log2 ... = 0.3113 bits.
    assert responses.divergence({1: 1, 2: 1}, {1: 1}) == pytest.approx(0.3113, abs=1e-4)


def test_ratios_of_times_are_counted_in_half_octaves() -> None:
    assert responses.ratio_bins([1.0, 1.0, 0.5, 1.5]) == [0, -2, 3]


def test_what_sounds_as_the_key_s_profile_matches_it_wholly() -> None:
    profile = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
    answer = [Note(0, weight, 60 + at, 80) for at, weight in enumerate(profile)]

    assert responses.key_match(answer, C_MAJOR) == pytest.approx(1.0)
    other = responses.key_match(answer, Key(6, "major"))
    assert other is not None and other < 0
    assert responses.key_match([], C_MAJOR) is None


def test_a_minor_scale_has_both_sevenths() -> None:
    answer = phrase((69, 67, 68, 70))  # A, G, G sharp, B flat

    assert responses.in_scale(answer, A_MINOR) == 0.75
    assert responses.in_scale((), A_MINOR) is None


def test_density_is_onsets_per_beat_and_chords_count_once() -> None:
    assert responses.density(UP) == 2.0
    assert responses.density([*UP, *phrase((48, 50, 52, 53, 55))]) == 2.0
    assert responses.density_apart(phrase((60, 62), step=1.0), UP) == 1.0
    assert responses.density_apart((), UP) is None


def test_length_is_counted_from_where_the_answer_might_begin() -> None:
    assert responses.length_apart(phrase((60, 62), at=9.0), asked=4.0, begin=8.0) == 2.0


@pytest.mark.parametrize(
    ("metre", "onset", "is_strong"),
    [
        ("4/4", 8.0, True), ("4/4", 10.0, True), ("4/4", 9.0, False), ("4/4", 7.96, True),
        ("3/4", 9.0, True), ("3/4", 7.5, False), ("3/4", 10.5, False),
        ("6/8", 6.0, True), ("6/8", 7.5, True), ("6/8", 7.0, False),
        ("9/8", 9.0, True), ("9/8", 11.25, False), ("2/4", 8.0, True), ("2/4", 9.0, False),
    ],
)  # fmt: skip
def test_the_first_beat_is_strong_and_so_is_the_middle_of_an_even_bar(
    metre: str, onset: float, is_strong: bool
) -> None:
    assert responses.ends_on_a_strong_beat([Note(onset, onset + 1, 60, 80)], metre) is is_strong


def test_the_triad_of_the_key_ends_an_answer() -> None:
    ends = [
        responses.ends_on_the_triad(phrase((60, last)), C_MAJOR)
        for last in (60, 62, 63, 64, 67, 71)
    ]

    assert ends == [True, False, False, True, True, False]
    assert responses.ends_on_the_triad(phrase((60, 63)), Key(0, "minor")) is True


def test_of_silence_there_is_nothing_to_measure() -> None:
    measured = responses.measures(call(UP), (), 8.0)

    assert set(measured.values()) == {None}


def test_random_notes_are_as_many_as_the_call_s_and_in_its_range() -> None:
    some = call(phrase((60, 72, 65, 61, 70, 66)))
    answer = responses.random_answer(some, np.random.default_rng(1))

    assert len(line(answer)) == 6
    assert all(60 <= note.pitch <= 72 and 8 <= note.onset < note.end <= 16 for note in answer)
    assert answer == responses.random_answer(some, np.random.default_rng(1))


def test_onsets_off_the_lines_of_the_call_are_counted() -> None:
    """Of a call in eighths of which one of twelve is off the beat by a sixteenth, that one is no line."""
    eighths = phrase((60,) * 12)
    now_and_then = (*eighths[:11], Note(5.75, 6.0, 60, 80))
    answer = (
        Note(8, 8.2, 60, 80),
        Note(8.52, 9, 60, 80),
        Note(9.25, 9.5, 60, 80),
        Note(9.75, 10, 60, 80),
    )

    assert responses.off_lines(answer, now_and_then) == 0.5
    assert responses.off_lines(eighths, now_and_then) == 0.0
    assert responses.off_lines((), eighths) is None
