"""How unexpected the player's notes are; and that looking on changes nothing."""

from math import log

import pytest

from livegen.jam.controls.controls import settings
from livegen.jam.engine import Engine
from livegen.jam.hearing.surprise import KEPT
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.testing import EchoModel, FaultyModel, Rehearsal, UniformModel

SECOND = 1_000_000


def play(
    rehearsal: Rehearsal, pitches: list[int], ioi_us: int = 250_000, start: int = SECOND
) -> None:
    """A phrase, and time to look at each note."""
    for at, pitch in enumerate(pitches):
        rehearsal.play(start + at * ioi_us, NoteOn(pitch, 80))
        rehearsal.play(start + at * ioi_us + ioi_us // 2, NoteOff(pitch))
        while rehearsal.engine.ponder():
            pass


def surprise(engine: Engine) -> list[tuple[int, float]]:
    found = engine.outlook()["surprise"]
    assert isinstance(found, list)
    return found


def watched(model: UniformModel) -> Rehearsal:
    rehearsal = Rehearsal(Engine(model, seed=1))
    rehearsal.engine.watch(True)
    return rehearsal


def test_where_everything_is_as_likely_each_note_is_worth_the_log_of_all_pitches() -> None:
    rehearsal = watched(UniformModel(48))
    play(rehearsal, [60, 64, 67])

    # Before the first note nothing was heard, so nothing was expected.
    assert [at for at, _ in surprise(rehearsal.engine)] == [SECOND + 250_000, SECOND + 500_000]
    assert [nats for _, nats in surprise(rehearsal.engine)] == [
        pytest.approx(log(128), abs=1e-3)
    ] * 2


def test_what_the_model_expects_surprises_less_than_what_it_does_not() -> None:
    rehearsal = watched(EchoModel())
    play(rehearsal, [60, 60, 61])

    (_, expected), (_, unexpected) = surprise(rehearsal.engine)
    assert expected < 0.01 and unexpected > 20


def test_only_the_latest_notes_are_kept() -> None:
    rehearsal = watched(UniformModel())
    play(rehearsal, [60 + at % 12 for at in range(2 * KEPT)], ioi_us=100_000)

    found = surprise(rehearsal.engine)
    assert len(found) == KEPT
    assert found[-1][0] == SECOND + (2 * KEPT - 1) * 100_000


def test_a_flood_leaves_a_bounded_amount_of_work() -> None:
    engine = Engine(UniformModel(), seed=1)
    engine.watch(True)
    for at in range(1000):
        engine.feed(NoteOn(at % 128, 80), at)
    steps = 1
    while engine.ponder():
        steps += 1

    assert steps <= KEPT


def test_nothing_is_looked_at_while_nobody_watches() -> None:
    rehearsal = Rehearsal(Engine(UniformModel(), seed=1))
    play(rehearsal, [60, 62, 64])

    assert surprise(rehearsal.engine) == [] and not rehearsal.engine.ponder()


def test_a_model_that_fails_at_it_costs_nothing_else() -> None:
    engine = Engine(FaultyModel(UniformModel(), every=1), seed=1)
    engine.watch(True)
    play(Rehearsal(engine), [60, 62, 64])

    assert surprise(engine) == []


class Onlooking(Rehearsal):
    """One whose engine is looked at whenever it was fed."""

    def _feed(self, event: object, now: int) -> None:
        super()._feed(event, now)  # type: ignore[arg-type]
        self.engine.ponder()
        self.engine.outlook()
        self.engine.snapshot()


@pytest.mark.parametrize("mode", ["respond", "continue", "accompany", "harmonise"])
def test_who_looks_on_changes_no_note(mode: str) -> None:
    sent: list[list[tuple[int, Message]]] = []
    for kind in (Rehearsal, Onlooking):
        rehearsal = kind(Engine(UniformModel(6), seed=7, settings=settings({"mode": mode})))
        rehearsal.engine.watch(isinstance(rehearsal, Onlooking))
        play(rehearsal, [60, 64, 67, 72])
        rehearsal.until(20 * SECOND)
        sent.append(rehearsal.sent)

    assert sent[0] == sent[1] and len(sent[0]) > 1


# --- what is to come ----------------------------------------------------------------------------------------------


def test_what_is_planned_is_what_is_then_played() -> None:
    rehearsal = Rehearsal(Engine(UniformModel(6), seed=1, settings=settings({"mode": "continue"})))
    play(rehearsal, [60, 64, 67, 72])
    foreseen: dict[tuple[int, int, int], int] = {}
    for now in range(2 * SECOND, 8 * SECOND, 20_000):
        rehearsal.until(now)
        plan = rehearsal.engine.outlook()["plan"]
        assert isinstance(plan, list)
        assert [note.due for note in plan] == sorted(note.due for note in plan) and len(plan) <= 64
        for note in plan:
            assert note.due >= now - 1
            assert note.until is None or note.until > note.due
            foreseen[note.due, note.channel, note.pitch] = note.velocity

    played = {
        (at, message.channel, message.pitch): message.velocity
        for at, message in rehearsal.sent
        if isinstance(message, NoteOn)
    }
    assert len(played) > 3
    assert played.items() <= foreseen.items()
