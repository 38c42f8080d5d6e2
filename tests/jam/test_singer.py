"""Words are sung on stage: in the player's key and bars, and they fall silent like any answer."""

import pytest

from livegen.music.time.metre import COMMON_TIME
from livegen.music.words.syllables import lines_of
from livegen.music.words.word_rhythm import as_rows, of_rows, rhythm_for
from livegen.testing import Rehearsal, UniformModel
from tests.jam import stage
from tests.jam.stage import BAR, BEAT, command, line, onsets, play

MELODY = (62, 64, 66, 67, 69, 67, 66, 62)  # D major
TEXT = "Amazing grace, how sweet the sound"
ROWS = as_rows(rhythm_for(lines_of(TEXT), COMMON_TIME)[0])


def jam() -> Rehearsal:
    return stage.rehearsal(UniformModel(), mode="listen")


def test_each_syllable_is_sung_on_its_place_of_the_bar_in_the_key_that_was_played() -> None:
    rehearsal = jam()
    play(rehearsal, MELODY)
    command(rehearsal, "sing", ROWS)
    rehearsal.until(12 * BAR)

    sung = onsets(rehearsal)
    rhythm = of_rows(ROWS).notes
    first = sung[0][0] - rhythm[0].start * BEAT // 24
    assert first % BAR == 0
    assert [at - first for at, _ in sung] == [note.start * BEAT // 24 for note in rhythm]
    assert {note.pitch % 12 for _, note in sung} <= {2, 4, 6, 7, 9, 11, 1}
    assert sung[-1][1].pitch % 12 == 2
    assert line(rehearsal).startswith("Your words come as a tune")


def test_playing_over_a_tune_silences_it() -> None:
    rehearsal = jam()
    play(rehearsal, MELODY)
    command(rehearsal, "sing", ROWS)
    rehearsal.until(3 * BAR)
    begun = len(onsets(rehearsal))
    play(rehearsal, MELODY, rehearsal.now + 1000)
    rehearsal.until(rehearsal.now + 3 * BAR)
    assert 0 < begun <= len(onsets(rehearsal)) < len(ROWS)


def test_before_anything_was_played_nothing_is_sung_and_it_is_said_why() -> None:
    rehearsal = jam()
    command(rehearsal, "sing", ROWS)
    rehearsal.until(4 * BAR)
    assert onsets(rehearsal) == []
    assert line(rehearsal).startswith("Play something first")


def test_after_a_tune_an_answer_is_an_answer_again() -> None:
    rehearsal = stage.rehearsal(mode="respond")
    play(rehearsal, MELODY)
    command(rehearsal, "sing", ROWS)
    rehearsal.until(10 * BAR)
    sung = len(onsets(rehearsal))
    play(rehearsal, MELODY, 10 * BAR)
    rehearsal.until(16 * BAR)
    assert sung == len(ROWS)
    answered = [note.pitch for _, note in onsets(rehearsal)[sung:]]
    assert len(answered) > 2


@pytest.mark.parametrize(
    "rows", [None, [], "la", [[1, 2]], [["la", 9, 0, 0, 12, 0]], [ROWS[1], ROWS[0]], ROWS * 99]
)
def test_rows_of_anybody_are_refused_in_a_line(rows: object) -> None:
    rehearsal = jam()
    play(rehearsal, MELODY)
    command(rehearsal, "sing", rows)
    rehearsal.until(6 * BAR)
    assert onsets(rehearsal) == []
    assert line(rehearsal).startswith("sing: expected")
