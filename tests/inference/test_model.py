"""A model file at work: what it gives, that it forgets nothing and keeps nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from livegen.codec.layout import FIELDS, SOUNDING, Event
from livegen.errors import ModelError
from livegen.inference.contract import Model, Query
from livegen.inference.model import OnnxModel, load, start
from livegen.inference.onnx_file import parse
from tests.inference.tiny_model import FACTS, STATE, tiny_bytes, tiny_graph

EVENTS = [
    Event(0, 0, 1, 60, 20, 0, 8),
    Event(12, 0, 0, 60, 0, 12, 8),
    Event(192, 0, 0, 0, 0, 12, 8),
]
SOUNDS = np.zeros(SOUNDING, np.float32)
SOUNDS[60] = 1


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    return start(parse(tiny_bytes()))


def test_a_model_is_what_the_engine_expects(model: OnnxModel) -> None:
    fulfilled: Model = model

    assert fulfilled.facts == FACTS
    assert model.initial_state().shape == STATE
    assert not model.initial_state().any()


def test_it_computes_what_an_independent_runtime_computes(model: OnnxModel) -> None:
    reference = ReferenceEvaluator(onnx.load_model_from_string(tiny_graph().SerializeToString()))
    state = model.initial_state()
    query = Query(time=5, position=17, bar=8)
    for event in EVENTS:
        expected: list[Any] = list(
            reference.run(
                None,
                {
                    "event": np.array([[*event, 1]]),
                    "sounding": SOUNDS[None],
                    "state": state,
                    "given_summary": np.zeros((1, 2), np.float32),
                    "query": np.array([query]),
                },
            )
        )
        state, summary = model.advance(event, 1, SOUNDS, state)
        np.testing.assert_allclose(state, expected[0], atol=1e-6)
        np.testing.assert_allclose(summary, expected[1], atol=1e-6)
        nothing = np.zeros((1, 2), np.float32)
        for field, logits in zip(FIELDS, expected[2:], strict=True):
            np.testing.assert_allclose(model.logits(field, nothing, query), logits[0], atol=1e-6)


def test_every_field_has_a_logit_for_each_of_its_classes(model: OnnxModel) -> None:
    _, summary = model.advance(EVENTS[0], 0, SOUNDS, model.initial_state())

    shapes = {field: model.logits(field, summary, Query()).shape for field in FIELDS}

    assert shapes == {field: (size,) for field, size in FIELDS.items()}


def test_a_result_is_never_written_again(model: OnnxModel) -> None:
    state, summary = model.advance(EVENTS[0], 0, SOUNDS, model.initial_state())
    logits = model.logits("time", summary, Query())
    kept = [array.copy() for array in (state, summary, logits)]

    model.advance(EVENTS[1], 1, SOUNDS * 0, state)
    model.logits("time", summary + 1, Query(time=7))
    model.keep_warm()

    for array, before in zip((state, summary, logits), kept, strict=True):
        np.testing.assert_array_equal(array, before)


def test_nothing_that_is_given_is_written_to(model: OnnxModel) -> None:
    state, sounding = np.ones(STATE, np.float32), SOUNDS.copy()

    _, summary = model.advance(EVENTS[0], 0, sounding, state)
    before = summary.copy()
    model.logits("pitch", summary, Query())

    np.testing.assert_array_equal(state, np.ones(STATE, np.float32))
    np.testing.assert_array_equal(sounding, SOUNDS)
    np.testing.assert_array_equal(summary, before)


def test_a_branch_and_its_return_give_the_same_again(model: OnnxModel) -> None:
    state, _ = model.advance(EVENTS[0], 0, SOUNDS, model.initial_state())

    first = model.advance(EVENTS[1], 0, SOUNDS, state)
    model.advance(EVENTS[2], 1, SOUNDS, first[0])
    model.keep_warm()
    second = model.advance(EVENTS[1], 0, SOUNDS, state)

    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_first_field_is_answered_alike_with_the_hearing_and_later(model: OnnxModel) -> None:
    _, summary = model.advance(EVENTS[0], 0, SOUNDS, model.initial_state())
    first = model.logits("time", summary, Query())

    model.keep_warm()
    after_warming = model.logits("time", summary, Query())
    of_a_copy = model.logits("time", summary.copy(), Query())

    np.testing.assert_array_equal(first, after_warming)
    np.testing.assert_array_equal(first, of_a_copy)


def test_branches_by_turns_do_not_meet(model: OnnxModel) -> None:
    def branch(event: Event) -> list[Any]:
        results: list[Any] = [model.initial_state()]
        for _ in range(4):
            state, summary = model.advance(event, 0, SOUNDS, results[-1])
            results += [summary, model.logits("time", summary, Query()), state]
        return results

    alone = [branch(event) for event in EVENTS]
    states = [model.initial_state() for _ in EVENTS]
    summaries: list[Any] = [None for _ in EVENTS]
    for turn in range(4):
        for number, event in enumerate(EVENTS):
            states[number], summaries[number] = model.advance(event, 0, SOUNDS, states[number])
            if number == turn % 3:
                model.keep_warm()
        for number, results in enumerate(alone):
            logits = model.logits("time", summaries[number], Query())
            for found, expected in zip(
                (summaries[number], logits, states[number]), results[3 * turn + 1 :], strict=False
            ):
                np.testing.assert_array_equal(found, expected)


def test_a_summary_may_come_without_its_first_axis(model: OnnxModel) -> None:
    _, summary = model.advance(EVENTS[0], 0, SOUNDS, model.initial_state())

    whole, flat = (model.logits("on", form, Query()) for form in (summary, summary[0]))

    np.testing.assert_array_equal(whole, flat)


def test_weights_that_are_no_numbers_are_refused_at_load(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_bytes(weight=float("nan")))

    with pytest.raises(ModelError, match=f"^{path} computes numbers that are not finite"):
        load(path)


def test_a_table_that_is_too_short_is_refused_at_load(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_bytes(rows=192))

    with pytest.raises(ModelError, match=f"^{path} cannot be run"):
        load(path)


def test_the_file_may_go_once_it_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_bytes())

    model = load(path)
    path.unlink()

    assert model.advance(EVENTS[0], 0, SOUNDS, model.initial_state())[0].shape == STATE
