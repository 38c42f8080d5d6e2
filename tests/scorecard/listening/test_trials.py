"""Excerpts are alike in all but who plays."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from livegen import shipped
from livegen.music.files.smf import write
from livegen.music.note import Note
from livegen.scorecard.held_out_calls import HeldOut, Pair, followed
from livegen.scorecard.listening import trials
from livegen.scorecard.listening.trials import Trial
from livegen.testing import EchoModel
from tests.scorecard.phrases import phrase, song


@pytest.fixture
def pieces(tmp_path: Path) -> list[HeldOut]:
    for first in range(55, 61):
        write(tmp_path / f"{first}.mid", song(first))
    return [
        HeldOut("made", path.name, path.read_bytes()) for path in sorted(tmp_path.glob("*.mid"))
    ]


def loud(pair: Pair) -> Sequence[Note]:
    """Much louder than the call, and far too long."""
    return phrase([72, 74] * 40, at=pair.call.beats, velocity=120)


def made(pieces: list[HeldOut], count: int = 12) -> list[Trial]:
    sources = {"loud": loud, "people": trials.by_people, "later": loud}
    return trials.trials(sources, pieces, count, 2, 1)


def test_answers_are_as_long_and_as_loud_as_each_other(pieces: list[HeldOut]) -> None:
    for trial in made(pieces):
        assert trial.answer_at == 4.0 and trial.lasts == 8.0  # two bars each, at 120 BPM
        for answer in trial.answers.values():
            assert all(note.onset >= 4.0 and note.end <= 8.0 + 1e-6 for note in answer)
            assert sum(note.velocity for note in answer) / len(answer) == pytest.approx(80, abs=1)


def test_pairs_of_sources_and_sides_are_dealt_evenly(pieces: list[HeldOut]) -> None:
    orders = Counter(trial.order for trial in made(pieces))

    assert len(orders) == 6 and set(orders.values()) == {2}


def test_no_call_comes_twice(pieces: list[HeldOut]) -> None:
    assert len({trial.piece for trial in made(pieces)}) == 12


def test_what_is_written_is_read_again(pieces: list[HeldOut]) -> None:
    for trial in made(pieces, 3):
        assert Trial.from_json(trial.as_json()) == trial


def test_a_model_s_answer_begins_where_people_go_on_however_long_it_waits(
    pieces: list[HeldOut],
) -> None:
    pair = followed(pieces[0], 2)[0]
    answer = trials.by_model(EchoModel(), 1)(pair)

    assert answer
    assert pair.call.beats - 0.05 <= answer[0].onset < pair.call.beats + pair.call.bar


def test_the_shipped_pieces_have_calls_of_four_bars() -> None:
    pieces = trials.shipped_pieces(shipped.model("default"))

    calls = [pair for held in pieces for pair in followed(held, 4)]
    assert len({pair.call.name for pair in calls}) >= 24
