"""A band behind chords: its roots at the changes, and how many chords it plays."""

import pytest

from livegen.jam.timing.agenda import ROUTES
from livegen.music.chords.chord import Chord
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.note import Note
from livegen.music.parts import BASS, COMP
from livegen.scorecard.backing import (
    LATE,
    backed,
    diversity,
    figures,
    foreseen,
    guessed,
    held,
    other_chords,
    roots_at_changes,
    tones_on_strong_beats,
)
from livegen.scorecard.playing import PlayedCall
from livegen.testing import UniformModel
from tests.scorecard.phrases import call, phrase

C, F, G = Chord(0, "maj"), Chord(5, "maj"), Chord(7, "maj")
CHORDS = ((0.0, C), (4.0, F), (8.0, G), (12.0, C))
SONG = call(phrase([72, 74, 76, 77] * 4), bars=4)


def bass(*rows: tuple[float, float, int]) -> list[Note]:
    return [Note(onset, end, pitch, 80, ROUTES[BASS].channel) for onset, end, pitch in rows]


def test_a_root_counts_where_the_chord_begins_or_a_little_after_it() -> None:
    notes = bass((0, 2, 36), (4.0, 6, 41), (8.2, 9, 43), (12.5, 13, 36))

    assert roots_at_changes(notes, CHORDS, LATE) == [True, True, False]
    assert roots_at_changes(notes, CHORDS, 0.0) == [True, False, False]


def test_a_root_that_is_held_over_the_change_counts_and_another_note_there_does_not() -> None:
    assert roots_at_changes(bass((3, 6, 41)), CHORDS[:2], LATE) == [True]
    assert roots_at_changes(bass((3, 6, 41), (4, 5, 45)), CHORDS[:2], LATE) == [False]


def test_a_bass_that_is_written_below_a_chord_counts_as_its_root() -> None:
    over_e = ((0.0, F), (4.0, Chord(0, "maj", 4)))

    assert roots_at_changes(bass((4, 5, 40)), over_e, LATE) == [True]
    assert roots_at_changes(bass((4, 5, 36)), over_e, LATE) == [False]


def test_only_strong_beats_are_asked_for_tones() -> None:
    assert tones_on_strong_beats(bass((0, 1, 36), (1, 2, 37), (2, 3, 37)), CHORDS) == [True, False]


def test_one_chord_over_and_over_is_one_and_chords_without_a_common_tone_are_as_many() -> None:
    one = [Note(beat, beat + 1, pitch, 80) for beat in range(8) for pitch in (60, 64, 67)]
    other = [
        Note(2.0 * at, 2.0 * at + 1, pitch, 80)
        for at in range(4)
        for pitch in (48 + at, 52 + at, 56 + at)
    ]

    assert diversity(one, 8.0) == pytest.approx(1.0)
    assert diversity(other, 8.0) == pytest.approx(4.0)
    assert diversity([], 8.0) is None


def test_chords_are_held_from_one_to_the_next() -> None:
    messages = held(SONG, CHORDS)
    struck = [beat for beat, message in messages if isinstance(message, NoteOn)]
    ended = [beat for beat, message in messages if isinstance(message, NoteOff)]

    assert sorted(set(struck)) == [0.0, 4.0, 8.0, 12.0]
    assert len(struck) == len(ended) == 12


def test_a_chord_is_foreseen_where_its_root_and_third_were_expected_a_beat_before() -> None:
    expected = {3.0: Chord(5, "maj7"), 7.0: Chord(2, "min"), 11.0: None}

    assert foreseen(expected, CHORDS) == [True, False, False]
    assert foreseen({}, CHORDS) == []


def test_another_seventh_or_bass_is_no_other_chord() -> None:
    chords = ((0.0, C), (2.0, Chord(0, "7")), (4.0, Chord(0, "maj", 4)), (6.0, Chord(0, "min")))

    assert [beat for beat, _ in other_chords(chords)] == [6.0]


def test_who_guesses_knows_how_long_chords_sound_and_not_which_comes() -> None:
    chords = ((0.0, C), (4.0, F), (6.0, G), (8.0, C))
    by_chance, by_length = guessed(chords, 12.0)

    assert by_chance == pytest.approx([2 / 4, 2 / 10, 8 / 10])
    assert by_length == [1.0, 0.0, 1.0]


def test_of_two_rounds_the_second_is_given_and_a_band_of_random_notes_has_its_roots() -> None:
    heard, over = backed(UniformModel(12), SONG, CHORDS, 1, 2, {"parts": "comp bass drums"})

    assert isinstance(heard, PlayedCall) and heard.call.beats == 16
    assert [chord for _, chord in over] == [C, F, G, C]
    found = figures(heard, over)
    assert (
        found["foreseen"].count(1.0) >= 2
    )  # bars that come back are remembered, whatever is played
    assert found["root_at_change"].count(1.0) >= 2
    assert min(note.onset for note in heard.notes if note.channel == ROUTES[COMP].channel) < 0
