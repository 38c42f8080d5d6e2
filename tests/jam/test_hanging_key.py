"""A key whose note-off is lost or comes for another does not silence the model unsaid."""

from livegen.jam.controls.mapping import Command
from livegen.jam.interplay.held_keys import HANGS_US
from livegen.music.messages import NoteOff, NoteOn
from livegen.testing import SECOND
from tests.jam.stage import BEAT, began, onsets, play, rehearsal, turn


def test_a_phrase_in_which_an_octave_button_was_pressed_is_answered_as_any() -> None:
    plain, shifted = rehearsal(), rehearsal()
    for jam, last in ((plain, 48), (shifted, 60)):
        play(jam, (60, 62))
        jam.play(2 * BEAT, NoteOn(48, 80))
        jam.play(3 * BEAT - BEAT // 5, NoteOff(last))
    assert began(shifted) == began(plain)
    assert [line for line in plain.engine.notices() if "C3" in line] == []
    assert [line for line in shifted.engine.notices() if "C3" in line] == [
        "key C3 is up: its note-off came as C4, for an octave button was pressed while it was held"
    ]


def test_a_last_note_that_is_held_is_waited_for_and_after_three_seconds_that_is_said_once() -> None:
    jam = rehearsal()
    end = play(jam, (60, 62))
    jam.play(end, NoteOn(48, 80))
    jam.play(end + 20_000, NoteOn(55, 80))
    jam.until(end + HANGS_US)
    assert jam.engine.notices() == []
    jam.until(end + HANGS_US + 2 * SECOND)
    assert jam.engine.notices() == [
        "the model waits for C3 G3 to come up; if no key is down, its note-off was lost: "
        "press *Model, play now* or *Panic*"
    ]
    jam.until(end + 8 * SECOND)
    assert (jam.engine.notices(), onsets(jam), turn(jam)) == ([], [], "listening")
    jam.play(jam.now, NoteOff(48))
    jam.play(jam.now, NoteOff(55))
    assert began(jam) < jam.now + 2 * SECOND


def test_the_keys_that_an_answer_waits_for_are_shown_at_once_and_no_others() -> None:
    jam = rehearsal()
    end = play(jam, (60, 62))
    jam.play(end, NoteOn(48, 80))
    assert jam.engine.snapshot()["waits_for"] == [48]
    jam.play(end + BEAT, Command("your_turn"))
    assert jam.engine.snapshot()["waits_for"] == []


def test_a_melody_over_a_key_that_stays_down_is_answered_after_two_bars_of_rest() -> None:
    """A pedal point is answered over; a key whose note-off was lost silences nobody for long."""
    jam = rehearsal()
    jam.play(0, NoteOn(36, 80))
    end = play(jam, (60, 62, 64), at=BEAT)
    jam.until(end + 7 * BEAT)
    assert onsets(jam) == []
    answered = began(jam)
    assert end + 8 * BEAT - BEAT <= answered <= end + 8 * BEAT + BEAT
    assert jam.engine.notices() == []


def test_where_nobody_waits_for_a_key_nothing_is_said_of_it() -> None:
    for mode in ("accompany", "harmonise", "listen", "trade"):
        jam = rehearsal(mode=mode)
        jam.play(0, NoteOn(48, 80))
        jam.until(20 * SECOND)
        assert jam.engine.notices() == []
