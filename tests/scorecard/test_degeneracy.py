"""What must never be heard is found where it is, and nowhere else."""

from livegen.music.note import Note
from livegen.scorecard import degeneracy
from livegen.scorecard.playing import PlayedCall
from tests.scorecard.phrases import call, phrase

CALL = call(phrase((60, 62, 64, 65, 67, 65, 64, 62)), bars=1)
TUNE = phrase((60, 62, 64, 65, 67, 62, 60), at=4.0)


def test_a_plain_answer_has_no_fault() -> None:
    assert degeneracy.faults(PlayedCall(CALL, TUNE, 4.0)) == set()


def test_a_figure_five_times_is_a_loop_and_four_times_is_none() -> None:
    assert not degeneracy.is_loop(phrase((60, 62, 64) * 4))
    assert degeneracy.is_loop(phrase((60, 62, 64) * 5 + (60,)))


def test_sixteen_of_one_pitch_are_a_loop_and_fifteen_are_none() -> None:
    assert not degeneracy.is_loop(phrase((60,) * 15))
    assert degeneracy.is_loop(phrase((60,) * 16))


def test_a_figure_that_changes_its_rhythm_is_no_loop() -> None:
    notes = [n for k in range(5) for n in phrase((60, 62, 64), step=0.25 + k / 8, at=8.0 * k)]

    assert not degeneracy.is_loop(notes)


def test_no_answer_is_silence_and_so_are_more_than_two_bars_of_rest() -> None:
    assert degeneracy.faults(PlayedCall(CALL, (), 4.0)) == {"silence"}
    assert degeneracy.faults(PlayedCall(CALL, TUNE, None)) == {"silence"}
    assert degeneracy.is_silent([Note(12.2, 13, 60, 80)], 4.0, 4.0)
    assert not degeneracy.is_silent([Note(12.0, 13, 60, 80)], 4.0, 4.0)


def test_a_note_more_than_a_fifth_beyond_the_call_is_out_of_range() -> None:
    fifth = (*TUNE, Note(8, 9, 74, 80))
    more = (*TUNE, Note(8, 9, 75, 80))

    assert degeneracy.faults(PlayedCall(CALL, fifth, 4.0)) == set()
    assert degeneracy.faults(PlayedCall(CALL, more, 4.0)) == {"out of range"}


def test_more_than_32_onsets_in_a_second_are_a_flood() -> None:
    assert degeneracy.is_flood([Note(at / 32, 3, 60 + at, 80) for at in range(33)], 500_000)
    assert not degeneracy.is_flood([Note(at / 15, 3, 60 + at, 80) for at in range(33)], 500_000)


def test_notes_of_more_than_eight_beats_and_notes_that_do_not_end_are_found() -> None:
    assert degeneracy.faults(PlayedCall(CALL, (Note(4, 12.5, 60, 80),), 4.0)) == {"overlong"}
    assert degeneracy.faults(PlayedCall(CALL, TUNE, 4.0, hanging=1)) == {"hanging"}


def test_a_figure_with_a_repeated_note_is_a_loop_too() -> None:
    assert degeneracy.is_loop(phrase((60, 60, 62) * 5 + (60,)))


def test_repeats_are_found_from_their_first_note_on() -> None:
    assert list(degeneracy.repeats("xabcabcabx", 3)) == [(0, 3), (1, 8), (7, 3)]
    assert list(degeneracy.repeats("ab", 3)) == []
