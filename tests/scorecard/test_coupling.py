"""Coupling: what an accompaniment has with the melody it heard, and not with another."""

from dataclasses import replace

import pytest

from livegen.music.note import Note
from livegen.scorecard.coupling import aligned, consonant, unheard
from livegen.scorecard.notes import key_of
from tests.scorecard.phrases import call, phrase

IN_C = replace(call(phrase([60, 64, 67, 72, 71, 67, 65, 64] * 2), bars=2), name="one")
IN_D = replace(call(phrase([62, 66, 69, 74, 73, 69, 67, 66] * 2), bars=2), name="two")
WALTZ = replace(call(phrase([60, 64, 67] * 4), bars=2, metre="3/4"), name="three")


def test_the_melody_that_was_not_heard_is_another_piece_s_in_the_same_key() -> None:
    to_c, to_d, none = unheard([IN_C, IN_D, WALTZ])

    assert to_c is not None and to_d is not None and none is None
    assert key_of(to_c.notes) == key_of(IN_C.notes) and key_of(to_d.notes) == key_of(IN_D.notes)
    assert to_c.tempo_us == IN_C.tempo_us and to_c.onsets == IN_D.onsets


def test_onsets_match_where_both_have_one_and_chords_count_once() -> None:
    chords = [Note(beat, beat + 1, pitch, 80, 1) for beat in range(8) for pitch in (48, 52, 55)]

    assert aligned(IN_C, chords) == pytest.approx(
        2 * 1.0 * 0.5 / 1.5
    )  # all of its, half of the melody's
    assert aligned(IN_C, [note._replace(onset=note.onset + 0.2) for note in chords]) == 0.0
    assert aligned(IN_C, []) is None


def test_chords_of_the_melody_are_more_consonant_than_those_a_semitone_off() -> None:
    chords = [Note(beat, beat + 1, pitch, 80, 1) for beat in range(0, 8) for pitch in (48, 52, 55)]
    off = [note._replace(pitch=note.pitch + 1) for note in chords]

    with_it, without = consonant(IN_C, chords), consonant(IN_C, off)
    assert with_it is not None and without is not None and with_it > without
