"""The memory of a session on stage: licks of earlier phrases, and the model that knows nothing else."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from livegen import shipped
from livegen.codec.layout import NO_GRID, NO_PITCH, Event
from livegen.inference.contract import Model
from livegen.inference.learner import Learner
from livegen.inference.memory import memory_of
from livegen.inference.model_files import load
from livegen.jam.engine import Swap
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import LEAD
from livegen.testing import Rehearsal, UniformModel
from tests.jam.stage import BAR, BEAT, began, command, onsets, play, rehearsal

LICK = (60, 67, 61, 68, 63, 70)
QUIET: dict[str, Any] = {"sync": "internal", "theme": 0, "adherence": 0, "groove": 0}


@pytest.fixture
def learner() -> Model:
    return load(shipped.model("learner"))


def phrase(jam: Rehearsal, pitches: tuple[int, ...]) -> int:
    """Eighths from the next bar line but one on; gives when its answer is over."""
    at = (jam.now // BAR + 2) * BAR
    for number, pitch in enumerate(pitches):
        begins = at + number * BEAT // 2
        jam.play(begins, NoteOn(pitch, 90))
        jam.play(begins + BEAT * 2 // 5, NoteOff(pitch))
    ends = jam.now
    jam.until(at + 6 * BAR)
    return ends


def steps(pitches: list[int]) -> set[tuple[int, int]]:
    """Figures of three notes by their intervals."""
    moves = [after - before for before, after in pairwise(pitches)]
    return set(pairwise(moves))


def taken_up(jam: Rehearsal, since: int) -> float:
    """The share of the lick's figures in what was played since."""
    theirs = steps(list(LICK))
    return len(theirs & steps([it.pitch for _, it in onsets(jam, since)])) / len(theirs)


@pytest.fixture
def rules(learner: Model) -> Model:
    """A model that plays eighths of the key, and asks no memory of its own accord."""
    model = Learner(learner.facts)
    model.facts = replace(model.facts, learns=False)
    return model


def test_licks_of_an_earlier_phrase_come_back_with_memory_and_seldom_without(
    rules: Model,
) -> None:
    shares = {0: 0.0, 1: 0.0}
    for memory in shares:
        for seed in range(5):
            jam = rehearsal(rules, seed=seed, memory=memory, length=4, **QUIET)
            phrase(jam, LICK * 2)
            ends = phrase(jam, (50, 52, 60, 67))
            shares[memory] += taken_up(jam, ends) / 5

    assert shares[1] > shares[0] + 0.2


def test_the_learner_answers_the_first_phrase_with_its_figures_in_its_rhythm(
    learner: Model,
) -> None:
    jam = rehearsal(learner, length=2, **QUIET)
    ends = phrase(jam, LICK * 2)
    answer = onsets(jam, ends)

    assert taken_up(jam, ends) >= 0.5
    apart = [after - before for (before, _), (after, _) in pairwise(answer)]
    assert sum(abs(gap - BEAT // 2) < 30_000 for gap in apart) > len(apart) / 2
    assert {it.velocity for _, it in answer} <= set(range(70, 111))


def test_before_anything_was_played_the_learner_is_silent(learner: Model) -> None:
    jam = rehearsal(learner, **QUIET)
    jam.until(8 * BAR)

    assert onsets(jam) == []


def test_a_model_that_takes_over_remembers_what_was_played_before_it_came(learner: Model) -> None:
    jam = rehearsal(UniformModel(), length=4, **QUIET)
    phrase(jam, LICK * 2)
    known = len(jam.engine._listener.live.memory or ())
    jam.play(jam.now, Swap(learner))
    jam.until(jam.now + 2 * BAR)
    live = jam.engine._listener.live

    assert live.guard.model is learner
    assert live.memory is not None and len(live.memory) == known == 2 * len(LICK)
    ends = phrase(jam, (50, 52, 60, 67))
    assert taken_up(jam, ends) >= 0.5


def test_what_livegen_plays_is_never_remembered() -> None:
    jam = rehearsal(memory=1)
    play(jam)
    jam.until(jam.now + 4 * BAR)

    assert onsets(jam)
    memory = jam.engine._listener.live.memory
    assert memory is not None and len(memory) == 4


def test_what_was_remembered_before_the_session_is_known_to_its_first_answer(
    learner: Model,
) -> None:
    shares = []
    for known in (False, True):
        jam = rehearsal(learner, length=4, **QUIET)
        if known:
            yesterday = [
                Event(12, LEAD, 1, pitch, 22, NO_GRID, 0, before)
                for before, pitch in pairwise((NO_PITCH, *LICK * 2))
            ]
            jam.engine.remember(memory_of(yesterday))
        ends = phrase(jam, (50, 52, 60, 67))
        shares.append(taken_up(jam, ends))

    assert shares[1] >= max(0.5, shares[0] + 0.25)


@pytest.mark.parametrize("back", ["undo", "again"])
@pytest.mark.parametrize("beats", [0, 1, 3, 9])
def test_what_is_forgotten_comes_back_with_no_turn_that_is_taken_back(
    back: str, beats: int
) -> None:
    jam = rehearsal(length=1, **QUIET)
    phrase(jam, LICK)
    jam.until(play(jam, at=(jam.now // BAR + 1) * BAR) + beats * BEAT)
    command(jam, "forget")
    command(jam, back)

    assert len(jam.engine.memory) == 0


def test_an_answer_is_planned_without_what_was_forgotten_as_the_last_key_had_come_up(
    learner: Model,
) -> None:
    jam = rehearsal(learner, **QUIET)
    phrase(jam, LICK)
    jam.until(play(jam, at=(jam.now // BAR + 1) * BAR))
    command(jam, "forget")
    live = jam.engine._listener.live

    assert live.before_end is not None
    assert len(live.on_line(live.timeline.tick(jam.now) + BAR).memory or ()) == 0


def test_what_is_forgotten_while_the_answer_sounds_is_not_played_any_more(learner: Model) -> None:
    shares = []
    for forgets in (False, True):
        jam = rehearsal(learner, length=4, memory=1, **QUIET)
        phrase(jam, LICK * 2)
        at = (jam.now // BAR + 2) * BAR
        jam.until(play(jam, (50, 52, 60, 67), at))
        since = began(jam)
        if forgets:
            command(jam, "forget")
        jam.until(since + 4 * BAR)
        shares.append(taken_up(jam, since + BEAT // 2))

    assert shares[0] >= 0.5 and not shares[1]
