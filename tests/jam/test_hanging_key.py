"""A key whose note-off is lost or comes for another does not silence the model unsaid."""

from livegen.codec.encoder import Stroke
from livegen.codec.layout import SOUNDING
from livegen.jam.controls.mapping import Command
from livegen.jam.hearing.hearing import GuardedModel, Hearing
from livegen.jam.interplay.held_keys import HANGS_US
from livegen.jam.struck import Struck
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import COMP, LEAD
from livegen.music.time.timeline import Timeline
from livegen.testing import SECOND, EchoModel
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


def heard(*strokes: tuple[float, int, int, int]) -> Hearing:
    """Who has heard these strokes: beat, part, pitch, velocity."""
    hearing = Hearing.fresh(GuardedModel(EchoModel()), Timeline(BEAT))
    for beat, part, pitch, velocity in strokes:
        hearing.hear(Struck(round(beat * BEAT), part, pitch, velocity))
    return hearing


def sounds(hearing: Hearing) -> set[tuple[int, int]]:
    """The notes that the network takes to sound, by its input and by the encoder alike."""
    found = {divmod(int(at), 128) for at in hearing.sounding.nonzero()[0]}
    assert hearing.sounding.shape == (SOUNDING,)
    assert found == set(hearing.encoder.sounding)
    return found


def test_what_hangs_sounds_to_the_network_for_sixteen_beats_and_no_longer() -> None:
    hanging = (0, COMP, 37, 80), (1, LEAD, 60, 80), (2, LEAD, 60, 0)
    assert sounds(heard(*hanging, (16, LEAD, 62, 80))) == {(COMP, 37), (LEAD, 62)}
    assert sounds(heard(*hanging, (17, LEAD, 62, 80))) == {(LEAD, 62)}


def test_a_key_that_comes_up_after_it_was_let_go_of_is_no_event() -> None:
    before = heard((0, COMP, 37, 80), (18, LEAD, 62, 80))
    after = heard((0, COMP, 37, 80), (18, LEAD, 62, 80), (19, COMP, 37, 0))
    assert sounds(after) == sounds(before)
    assert after.heard == before.heard
    again = heard((0, COMP, 37, 80), (18, LEAD, 62, 80), (19, COMP, 37, 0), (20, COMP, 37, 80))
    assert sounds(again) == {(LEAD, 62), (COMP, 37)}


def test_where_the_beat_is_found_elsewhere_a_key_has_been_held_no_longer() -> None:
    hearing = heard((0, COMP, 48, 80), (2, LEAD, 60, 80))
    moved = hearing.retimed(Timeline(BEAT, -40 * BEAT))
    moved.hear(Struck(4 * BEAT, LEAD, 64, 80))
    assert sounds(moved) == {(COMP, 48), (LEAD, 60), (LEAD, 64)}


def test_what_is_planned_before_what_was_heard_last_lies_there_even_at_the_origin_of_time() -> None:
    hearing = heard((0.0, LEAD, 60, 80))
    assert hearing.encoder.last == 0
    hearing.feed(Stroke(-16, LEAD, 64, 80))
    assert hearing.encoder.last == 0
