"""Whoever asks for something is told what comes of it, also why not, and nothing that is played depends on it."""

from dataclasses import replace
from itertools import product

import pytest

from livegen.jam.controls.mapping import COMMANDS, LABELS
from livegen.jam.engine import Engine, Swap, Wake
from livegen.jam.reports.replies import Replies, Reply
from livegen.jam.turns import MODES
from livegen.music.messages import ControlChange, NoteOff, NoteOn
from livegen.testing import SECOND, EchoModel, Rehearsal, UniformModel
from tests.jam.stage import (
    BAR,
    BEAT,
    START,
    began,
    clocks,
    command,
    line,
    play,
    rehearsal,
    reply,
    turn,
)

LINK = {"tempo_us": 500_000, "origin_us": 0, "peers": 1}


def asked(jam: Rehearsal, name: str, value: object = None, at: int | None = None) -> object:
    """The line that comes of a command."""
    command(jam, name, value, at)
    return line(jam)


def taps(jam: Rehearsal, count: int = 6, every_us: int = SECOND, at: int = 0) -> list[object]:
    """What is said to each of so many taps."""
    return [asked(jam, "tap", at=at + tap * every_us) for tap in range(count)]


# --- every command, everywhere ----------------------------------------------------------------------------------


def test_the_table_has_a_sentence_for_each_and_none_twice() -> None:
    assert len({it.sentence for it in Reply}) == len(Reply)
    for it in Reply:
        assert it.sentence[0].isupper() or it.sentence[0] == "{"
        assert it.sentence.endswith(".") or it is Reply.WHY  # which is filled with sentences


def test_the_same_reply_twice_is_news() -> None:
    replies = Replies()
    assert replies.snapshot() == {}
    for number in (1, 2):
        replies.give("stop", Reply.NOTHING_TO_STOP)
        assert replies.snapshot() == {
            "number": number,
            "to": "stop",
            "done": False,
            "line": "Nothing was playing.",
        }


SITUATIONS = ("nothing was played", "a key is held", "a phrase is over", "model plays", "later")


def brought(mode: str, situation: str) -> Rehearsal:
    """A jam in a mode that has come to a situation; what falls due at this moment has fallen due."""
    jam = rehearsal(UniformModel(12), mode=mode)
    if situation != SITUATIONS[0]:
        play(jam)
    if situation == "a key is held":
        jam.play(jam.now, NoteOn(60, 80))
    if situation == "model plays":
        jam.until(jam.now + 2 * SECOND)
    if situation == "later":
        jam.until(jam.now + 12 * SECOND)
    jam.play(jam.now, Wake())
    return jam


@pytest.mark.parametrize(("mode", "situation"), [*product(MODES, SITUATIONS)])
def test_every_command_is_replied_to_in_every_mode_and_situation(mode: str, situation: str) -> None:
    jam, replies = brought(mode, situation), 0
    for name in COMMANDS:
        before = jam.engine.snapshot()
        command(jam, name)
        while jam.engine.ponder():  # why a note was played is worked out a little at a time
            pass
        replies += 1
        assert reply(jam)["number"] == replies, name
        assert reply(jam)["to"] == name
        if reply(jam)["done"] or name == "undo":
            jam, replies = brought(mode, situation), 0
            continue
        after = jam.engine.snapshot()  # the situation of the next command too
        assert after["turn"] == before["turn"], f"{name} says that it does nothing"
        assert after["sounding"] == before["sounding"], name


def test_a_pad_is_replied_to_as_a_press_on_the_page_is() -> None:
    jam = Rehearsal(Engine(EchoModel(), bindings={"cc 20": "undo"}))
    jam.play(0, ControlChange(20, 127))
    assert line(jam) == "There is no turn to undo."


# --- why not ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("your_turn", "There is no phrase to answer yet: play one first."),
        ("my_turn", "It is your turn already."),
        ("again", "Nothing was answered yet, so there is no other answer."),
        ("undo", "There is no turn to undo."),
        ("freeze", "The model has not played yet: there is nothing to repeat."),
        ("keep", "The model has not played yet: there is nothing to keep."),
        ("stop", "Nothing was playing."),
    ],
)
def test_with_nothing_to_act_on_it_says_why(name: str, said: str) -> None:
    jam = rehearsal()
    assert asked(jam, name) == said
    assert reply(jam)["done"] is False


def test_what_is_done_is_said() -> None:
    jam = rehearsal()
    play(jam)
    assert asked(jam, "your_turn") == "The model answers."
    began(jam)
    assert asked(jam, "your_turn") == "The model is playing already."
    assert asked(jam, "keep") == "The last answer is being saved."
    assert asked(jam, "freeze") == "The answer repeats until you press Freeze again."
    assert turn(jam) == "looping"
    assert asked(jam, "your_turn") == "A loop is playing: end it with Freeze first."
    assert asked(jam, "freeze") == "The loop ends after this round."
    assert asked(jam, "again") == "Another answer is on its way."
    began(jam)
    assert asked(jam, "my_turn") == "The model is silent: it is your turn."
    assert asked(jam, "undo") == "The last turn is undone."
    assert asked(jam, "capture") == "The last bars are being saved."
    play(jam, at=jam.now + SECOND)
    assert asked(jam, "stop") == "The model is silent, and the phrase is forgotten."


def test_my_turn_while_a_phrase_is_played_says_that_it_stays_without_an_answer() -> None:
    jam = rehearsal()
    play(jam)
    assert asked(jam, "my_turn") == "The model listens, and leaves this phrase without an answer."
    jam.until(jam.now + 10 * SECOND)
    assert not jam.sent


def test_a_preset_is_replied_to_by_its_name_and_says_when_it_comes() -> None:
    presets: dict[str, dict[str, object]] = {
        "Loud": {"energy": 1},
        "Wrong": {"energy": 7, "style": "polka"},
    }
    jam = Rehearsal(Engine(EchoModel(), presets=presets))
    assert asked(jam, "preset", "Loud") == "Preset Loud."
    assert (
        asked(jam, "preset", "Soft") == "preset: there is no preset 'Soft'; there are Loud, Wrong"
    )
    assert "style: fake knows no style 'polka'" in str(asked(jam, "preset", "Wrong"))
    play(jam)
    began(jam)
    assert asked(jam, "preset", "Loud") == "Preset Loud comes with the next bar line."
    jam.until(jam.now + 3 * SECOND)
    assert line(jam) == "Preset Loud."


def test_learning_and_forgetting_are_replied_to_in_the_words_of_the_page() -> None:
    jam = rehearsal()
    assert (
        asked(jam, "learn", "your_turn")
        == f"Now move the knob, pad or pedal for {LABELS['your_turn']}."
    )
    assert asked(jam, "learn", "") == "Learning has ended."
    assert asked(jam, "unlearn", "clock_out") == "Nothing is bound to clock out."
    assert "expected a control, a command" in str(asked(jam, "learn", "volume"))


# --- values that do not fit -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("density", 99, "density: expected a number from 0.25 to 4"),
        ("metre", "junk", "metre: expected"),
        ("mode", "sing", "mode: expected"),
        ("volume", 1, "volume: there is no such control"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_was_expected(
    name: str, value: object, said: str
) -> None:
    jam = rehearsal()
    before = jam.engine.settings
    assert str(asked(jam, name, value)).startswith(said)
    assert reply(jam)["to"] == name
    assert reply(jam)["done"] is False
    assert jam.engine.settings == before


def test_a_value_that_fits_needs_no_words() -> None:
    jam = rehearsal()
    assert jam.engine.snapshot()["reply"] == {}
    command(jam, "density", 2)
    assert jam.engine.snapshot()["reply"] == {}


def test_a_style_that_the_model_does_not_know_is_refused_and_the_one_before_stays() -> None:
    jam = rehearsal()
    command(jam, "style", "jazz")
    assert "style: fake knows no style 'jaz'; did you mean jazz?" in str(asked(jam, "style", "jaz"))
    assert jam.engine.settings.style == "jazz"


class Waltzing(EchoModel):
    """Knows other styles."""

    facts = replace(EchoModel.facts, styles=("any", "waltz"))


def test_another_model_that_does_not_know_the_style_says_so() -> None:
    jam = rehearsal(style="jazz")
    jam.play(0, Swap(Waltzing()))
    jam.until(10 * SECOND)
    assert "knows no style 'jazz'" in str(line(jam))


# --- taps -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sync", ["auto", "free"])
def test_six_taps_in_the_player_s_own_time_set_the_tempo_and_say_so(sync: str) -> None:
    jam = rehearsal(sync=sync, tempo="auto")
    assert taps(jam) == [
        "Tap 1: keep tapping, the third tap sets the tempo.",
        "Tap 2: keep tapping, the third tap sets the tempo.",
        *["60 BPM: your next phrase begins on the downbeat."] * 4,
    ]
    assert jam.engine.snapshot()["tempo_bpm"] == 60
    play(jam, at=jam.now + SECOND)
    assert jam.engine.snapshot()["tempo_bpm"] == 60


def test_taps_in_internal_time_say_that_the_last_is_the_downbeat() -> None:
    assert taps(rehearsal(sync="internal"))[-1] == "60 BPM, and this tap is the downbeat."


def test_taps_beyond_the_range_leave_the_tempo_and_say_so() -> None:
    jam = rehearsal(tempo="auto")
    assert (
        taps(jam, every_us=SECOND // 10)[-1] == "The tempo stays as it is: taps set 30 to 300 BPM."
    )
    assert jam.engine.settings.tempo == "auto"


def test_taps_while_a_daw_leads_say_who_leads() -> None:
    jam = rehearsal(tempo="auto")
    jam.play(0, START)
    said = []
    for beat in range(4):
        clocks(jam, 1, beat * BEAT)
        said.append(asked(jam, "tap"))
    assert said == [
        *["The DAW's clock sets the tempo: yours has no effect."] * 2,
        *["The DAW's clock sets the tempo: your 120 BPM is used when it stops."] * 2,
    ]
    assert str(asked(jam, "tempo", 90)).startswith("The DAW's clock sets the tempo: your 90 BPM")


def test_taps_while_link_leads_say_so() -> None:
    jam = rehearsal(tempo="auto", sync="link")
    command(jam, "link", LINK)
    assert taps(jam)[-1] == "Ableton Link sets the tempo: yours has no effect."


def test_taps_while_a_clock_is_waited_for_say_so() -> None:
    jam = rehearsal(tempo="auto", sync="clock")
    assert taps(jam)[-1] == "The DAW's clock sets the tempo: yours has no effect."
    play(jam, at=jam.now + SECOND)
    assert asked(jam, "your_turn") == "The model answers as soon as the DAW's clock runs."


# --- what the headline needs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_when_the_player_will_have_rested_is_known_in_every_mode(mode: str) -> None:
    jam = rehearsal(UniformModel(6), mode=mode)
    assert jam.engine.snapshot()["rest_at"] is None
    jam.play(0, NoteOn(60, 80))
    assert jam.engine.snapshot()["held"] == 1
    jam.play(SECOND, NoteOff(60))
    rest_at = jam.engine.snapshot()["rest_at"]
    assert isinstance(rest_at, int)
    assert SECOND < rest_at < 2.5 * SECOND


def test_an_answer_that_is_about_to_begin_is_told_and_one_that_will_not_be_given_is_not() -> None:
    jam = rehearsal(start="bar")
    play(jam)
    jam.until(2 * BAR - SECOND // 4)
    assert jam.engine.snapshot()["coming"] is True
    command(jam, "my_turn")
    assert jam.engine.snapshot()["coming"] is False
    command(jam, "your_turn")
    assert jam.engine.snapshot()["coming"] is True
    began(jam)
    assert jam.engine.snapshot()["coming"] is False


@pytest.mark.parametrize("mode", ["harmonise", "listen"])
def test_where_nobody_answers_nothing_is_coming(mode: str) -> None:
    jam = rehearsal(mode=mode)
    play(jam)
    jam.until(jam.now + 14 * SECOND)
    snapshot = jam.engine.snapshot()
    assert (snapshot["held"], snapshot["coming"]) == (0, False)
    assert isinstance(rest_at := snapshot["rest_at"], int) and rest_at < jam.now
