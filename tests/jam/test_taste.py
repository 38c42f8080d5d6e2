"""Who chooses among the responses that were planned: the rules, the critic, or both."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from livegen.codec.encoder import Stroke
from livegen.jam.interplay import choice
from livegen.jam.interplay.choice import Audition, Question, asked, chosen, ends, worth
from livegen.jam.planning.brief import Brief
from livegen.music.keys.key import Key
from livegen.music.melody import critic
from livegen.music.parts import DRUMS, LEAD
from livegen.music.time.metre import COMMON_TIME, parse_metre
from livegen.music.time.swing import STRAIGHT
from livegen.testing import SECOND, UniformModel
from tests.jam.stage import BAR, began, brief_of, command, onsets, play, rehearsal

BRIEF = replace(brief_of(LEAD, 384, 768), closes=720)
CALL = [Stroke(24 * beat, LEAD, 60 + beat % 5, 80) for beat in range(16)]


def audition(worth: float, *pitches: int, brief: Brief = BRIEF, part: int = LEAD) -> Audition:
    strokes = [
        Stroke(brief.start + 24 * at, part, pitch, 80) for at, pitch in enumerate(pitches or (60,))
    ]
    return Audition(tuple(strokes), brief, worth)


def question(some: list[Audition]) -> Question:
    found = asked(some, CALL, COMMON_TIME, STRAIGHT)
    assert found
    return found


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What a critic says whoever asks."""
    told: list[float] = []
    monkeypatch.setattr(choice, "tastes", lambda *_: told)
    return told


@pytest.mark.parametrize(("taste", "which"), [(0.0, 1), (0.2, 1), (0.9, 2), (1.0, 2)])
def test_the_more_taste_the_more_the_critic_decides(
    taste: float, which: int, says: list[float]
) -> None:
    some = [audition(2.0), audition(2.5), audition(1.5)]
    says += [0.0, 0.5, 2.0]

    assert chosen(some, taste, question(some)) == which


def test_between_the_two_comes_what_both_find_good(says: list[float]) -> None:
    some = [audition(3.0), audition(2.8), audition(1.0)]
    says += [-2.0, 1.8, 2.0]

    assert [chosen(some, taste, question(some)) for taste in (0.0, 0.5, 1.0)] == [0, 1, 2]


def test_without_taste_the_critic_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "tastes", lambda *_: pytest.fail("it was asked"))
    some = [audition(1.0), audition(2.0)]

    assert chosen(some, 0.0, question(some)) == 1


def test_where_the_critic_cannot_be_read_the_rules_choose(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(critic, "shipped", lambda: critic.read(tmp_path / "critic.npz"))
    some = [audition(1.0, 60, 62), audition(2.0, 61, 63)]

    assert chosen(some, 1.0, question(some)) == 1
    assert "the critic is not asked" in caplog.text


def test_the_critic_is_asked_about_melodies_in_ticks_from_their_bar_line() -> None:
    told = question([audition(0.0, 60, 62, 64)])

    assert told.replies == [[(0, 60), (24, 62), (48, 64)]]
    assert told.phrase[0] == (-384, 60)
    assert told.until == 336
    assert told.bars == (96, 48)


def test_swing_is_heard_by_the_critic_as_by_everybody() -> None:
    eighths = Audition(
        (Stroke(384, LEAD, 60, 80), Stroke(396, LEAD, 62, 80), Stroke(408, LEAD, 64, 0)), BRIEF, 0.0
    )
    told = asked([eighths], CALL, COMMON_TIME, 67.0)

    assert told
    assert [tick for tick, _ in told.replies[0]] == [0, 16]


@pytest.mark.parametrize(
    "brief",
    [
        replace(BRIEF, closes=None),
        replace(BRIEF, parts=(False, True, False, False)),
        replace(BRIEF, start=390),
    ],
    ids=["no close", "no lead", "off the bar line"],
)
def test_the_critic_is_asked_about_nothing_that_it_was_not_taught(brief: Brief) -> None:
    assert asked([audition(0.0, brief=brief)], CALL, COMMON_TIME, STRAIGHT) is None


def test_the_critic_is_not_asked_about_a_call_that_begins_after_its_answer() -> None:
    late = [stroke._replace(tick=stroke.tick + 400) for stroke in CALL]

    assert asked([audition(0.0)], late, COMMON_TIME, STRAIGHT) is None


def test_the_critic_is_not_asked_about_a_call_without_pitches() -> None:
    drums = [Stroke(24 * beat, DRUMS, 38, 80) for beat in range(8)]

    assert asked([audition(0.0)], drums, COMMON_TIME, STRAIGHT) is None
    assert asked([], CALL, COMMON_TIME, STRAIGHT) is None


def test_in_three_four_bars_and_strong_beats_are_those_of_three_four() -> None:
    brief = replace(BRIEF, start=360, end=648, closes=576)
    told = asked([audition(0.0, brief=brief)], CALL, parse_metre("3/4"), STRAIGHT)

    assert told
    assert told.bars == (72, 72)


# --- on stage -----------------------------------------------------------------------------------------------------


def answered(says: list[float], taste: float = 0.0) -> list[int]:
    """The pitches of an answer in which nothing is likelier than anything else."""
    jam = rehearsal(UniformModel(12.0), taste=taste)
    play(jam, (60, 62, 64, 65, 67, 65, 64, 62))
    jam.until(jam.now + 10 * SECOND)
    assert len(jam.engine.auditions) == len(says)
    return [message.pitch for _, message in onsets(jam)]


def test_with_taste_another_of_the_planned_answers_is_played(says: list[float]) -> None:
    says += [0.0] * 4
    usual = answered(says)
    heard = set()
    for favourite in range(4):
        says[:] = [5.0 if at == favourite else 0.0 for at in range(4)]
        heard.add(tuple(answered(says, taste=1.0)))
        assert answered(says) == usual, "without taste it is as before"

    assert len(heard) == 4
    assert tuple(usual) in heard


def test_taste_that_is_turned_during_an_answer_changes_no_note_of_it() -> None:
    def played(turned: bool) -> list[tuple[int, int]]:
        jam = rehearsal()
        play(jam, (60, 62, 64, 65))
        while not onsets(jam):
            jam.until(jam.now + SECOND // 10)
        if turned:
            command(jam, "taste", 1.0)
        jam.until(jam.now + 8 * SECOND)
        return [(at, message.pitch) for at, message in onsets(jam)]

    assert played(True) == played(False)


def test_with_the_shipped_critic_an_answer_comes_in_time() -> None:
    jam = rehearsal(taste=1.0)
    over = play(jam, (60, 62, 64, 65))
    assert 0 < began(jam) - over <= 2 * BAR

    told = jam.engine.question()
    assert told and np.isfinite(critic.tastes(*told)).all()


@pytest.mark.parametrize(
    ("asks", "best_first"),
    [
        (False, (60, 64, 61)),
        (False, (60, 67, 62)),
        (True, (71, 67, 60, 69)),
        (True, (62, 64, 65)),
        (True, (70, 64, 63)),
    ],
)
def test_what_closes_ends_on_the_tonic_and_what_asks_on_the_dominant(
    asks: bool, best_first: tuple[int, ...]
) -> None:
    told = [ends(pitch, Key(0, "major"), asks) for pitch in best_first]

    assert told == sorted(told, reverse=True) and len(set(told)) == len(told)


@pytest.mark.parametrize(("asks", "which"), [(False, 0), (True, 1)])
def test_of_two_answers_alike_but_for_their_last_note_the_call_decides(
    asks: bool, which: int
) -> None:
    some = [audition(0.0, 60, 62, 64, 65, last).strokes for last in (60, 62)]
    worths = [worth(strokes, -9.0, BRIEF, Key(0, "major"), asks) for strokes in some]

    assert worths.index(max(worths)) == which
    assert worth(some[0], -9.0, BRIEF, None, asks) == worth(some[1], -9.0, BRIEF, None, asks)
