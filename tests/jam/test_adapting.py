"""A model that was fitted to the player takes over on a bar line, and all that was heard stays heard."""

from typing import Any

from livegen.inference.contract import Layers
from livegen.inference.lesson import PLAYED
from livegen.jam.engine import Fitted, Recall, Swap
from livegen.testing import UniformModel
from tests.jam.stage import BAR, BEAT, command, onsets, play, rehearsal


class Fitting(UniformModel):
    """A model whose answers stay as they are."""

    def say(self, layers: Layers) -> None:
        pass


LED: dict[str, Any] = {"sync": "internal", "tempo": 120}


def test_it_plays_from_the_next_bar_line_on_and_nothing_is_heard_again() -> None:
    jam = rehearsal(mode="listen", **LED)
    play(jam)
    live, fitted = jam.engine._listener.live, Fitting()
    state, before = live.state, live.guard.model
    jam.play(2 * BAR + BEAT, Fitted(fitted, {}))
    jam.until(3 * BAR - 1)
    assert live.guard.model is before

    jam.until(3 * BAR)
    assert jam.engine._listener.live is live
    assert live.guard.model is fitted and live.state is state


def test_an_answer_that_sounds_goes_on_over_the_bar_line() -> None:
    with_it, without = (rehearsal(UniformModel(12), length=4, **LED) for _ in range(2))
    for jam in (with_it, without):
        play(jam)
        jam.until(4 * BAR)
    with_it.play(4 * BAR + BEAT, Fitted(Fitting(12), {}))
    for jam in (with_it, without):
        jam.until(8 * BAR)

    assert onsets(with_it, 5 * BAR)
    assert with_it.sent == without.sent  # it says what the one before said


def test_another_model_that_is_on_its_way_in_is_not_overtaken() -> None:
    jam = rehearsal(UniformModel(6), mode="listen", **LED)
    play(jam)
    first, other, fitted = jam.engine._listener.live.guard.model, UniformModel(), Fitting()
    jam.engine.feed(Swap(other), jam.now)
    jam.engine.feed(Fitted(fitted, {}), jam.now)
    assert jam.engine._listener.live.guard.model in (first, fitted)
    jam.until(jam.now + 2 * BAR)

    assert jam.engine._listener.live.guard.model is fitted


def test_what_the_player_and_the_model_play_is_the_lesson_and_only_where_it_is_wanted() -> None:
    jam = rehearsal(**LED)
    play(jam)
    jam.until(6 * BAR)
    unwanted = jam.engine.lesson
    assert onsets(jam) and unwanted is None
    command(jam, "adapt", "on")

    lesson = jam.engine.lesson
    assert lesson is not None and lesson.played == 8  # four notes begin and end
    assert 0 < lesson.rows[:, PLAYED].mean() < 1


def test_a_turn_that_is_taken_back_teaches_nothing() -> None:
    jam = rehearsal(adapt="on", **LED)
    play(jam)
    jam.until(6 * BAR)
    command(jam, "undo")

    lesson = jam.engine.lesson
    assert lesson is not None and lesson.played == 0


def test_who_sits_down_brings_a_lesson_of_his_own() -> None:
    jam = rehearsal(adapt="on", mode="listen", **LED)
    play(jam)
    theirs = jam.engine.lesson
    assert theirs is not None and theirs.played == 8
    jam.play(jam.now, Recall(jam.engine.memory, theirs))
    assert jam.engine.lesson is theirs
    jam.play(jam.now, Recall(jam.engine.memory))
    mine = jam.engine.lesson
    assert mine is not None and mine.played == 0


def test_who_sits_down_keeps_his_lesson_when_a_turn_of_before_is_taken_back() -> None:
    jam = rehearsal(adapt="on", **LED)
    play(jam)
    jam.until(6 * BAR)
    theirs = jam.engine.lesson
    assert theirs is not None and theirs.played == 8
    jam.play(jam.now, Recall(jam.engine.memory, theirs))
    command(jam, "undo")

    lesson = jam.engine.lesson
    assert lesson is not None and lesson.played == 8
