"""A transformer is served as a step model: its state grows by an entry at each step and is never copied whole."""

import numpy as np
import onnxruntime as ort
import pytest

from livegen.codec.layout import SOUNDING, Event
from livegen.errors import ModelError
from livegen.inference.contract import Query, is_finite
from livegen.inference.model import OnnxModel, start
from livegen.inference.onnx_file import QUERY_WIDTH, parse
from livegen.jam.controls.controls import settings
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import Engine
from livegen.music.messages import NoteOn
from livegen.testing import SECOND, Rehearsal
from tests.inference.tiny_transformer import FORETOLD, facts, transformer_bytes
from tests.jam.stage import play

LENGTH, WIDTH = 64, 16
SILENCE = np.zeros(SOUNDING, np.float32)


@pytest.fixture
def model() -> OnnxModel:
    return start(parse(transformer_bytes(LENGTH, WIDTH)))


def event(number: int) -> Event:
    return Event(number % 24, 0, 1, 40 + number % 30, 5, number % 24, 0)


def test_the_file_says_what_it_is(model: OnnxModel) -> None:
    assert (model.facts.has_ring, model.facts.state_shape) == (True, (LENGTH, 2, 2, 2, 8))
    assert parse(transformer_bytes()).fields == tuple(FORETOLD)


def test_a_network_that_fails_once_the_ring_is_full_is_refused_when_it_is_loaded() -> None:
    with pytest.raises(ModelError, match="cannot be run"):
        start(parse(transformer_bytes(LENGTH, WIDTH, looks_up=True)))


def test_it_computes_what_a_runtime_computes_that_is_given_the_ring_whole(model: OnnxModel) -> None:
    """Over more events than the ring holds."""
    session = ort.InferenceSession(
        transformer_bytes(LENGTH, WIDTH), providers=["CPUExecutionProvider"]
    )
    ring, state = np.zeros(facts(LENGTH, WIDTH).state_shape, np.float32), model.initial_state()
    for number in range(2 * LENGTH + 9):
        heard = event(number)
        given = {
            "event": np.array([[*heard[:-1], heard.interval, 0]], np.int64),
            "sounding": SILENCE[None],
            "state": ring,
            "position": np.array([number], np.int64),
            "given_summary": np.zeros((1, WIDTH), np.float32),
            "query": np.zeros((1, QUERY_WIDTH), np.int64),
        }
        entry, summary = session.run(["entry", "summary"], given)
        ring[number % LENGTH] = entry
        state, ours = model.advance(heard, 0, SILENCE, state)
        np.testing.assert_allclose(ours, summary, rtol=1e-5, atol=1e-5)


def test_a_branch_and_its_return_give_the_same_again(model: OnnxModel) -> None:
    state = model.initial_state()
    for number in range(LENGTH + 7):
        state, _ = model.advance(event(number), 0, SILENCE, state)
    expected = model.advance(event(99), 0, SILENCE, state)[1]
    branch = state
    for number in range(LENGTH):
        branch, _ = model.advance(event(3 * number), 0, SILENCE, branch)
    again = model.advance(event(99), 0, SILENCE, state)[1]
    assert np.array_equal(again, expected)
    assert is_finite(branch)


def test_of_a_field_that_it_does_not_foretell_everything_is_as_likely(model: OnnxModel) -> None:
    _, summary = model.advance(event(1), 0, SILENCE, model.initial_state())
    assert np.ptp(model.logits("pitch", summary, Query())) > 0
    assert np.ptp(model.logits("velocity", summary, Query())) == 0


def test_it_answers_a_call_and_is_silent_after_a_stop(model: OnnxModel) -> None:
    asked = settings({"tempo": 120, "mode": "continue"})
    jam = Rehearsal(Engine(model, seed=2, settings=asked))
    play(jam)
    jam.play(20 * SECOND, Command("stop"))
    assert sum(isinstance(message, NoteOn) for _, message in jam.sent) > 2
    assert not jam.wire.sounding
    assert jam.engine.snapshot()["faults"] == 0
