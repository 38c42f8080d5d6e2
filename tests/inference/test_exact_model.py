"""The model of the recorded sessions: the same on every processor."""

import numpy as np
import pytest
from onnx import load_model_from_string, numpy_helper

from livegen.codec.layout import FIELDS, SOUNDING, Event
from livegen.inference.contract import Query
from livegen.inference.model import OnnxModel, start
from livegen.inference.onnx_file import parse
from tests.inference.exact_model import exact_bytes

UNIT = 64


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    return start(parse(exact_bytes()))


def test_its_weights_are_few_and_small_multiples_so_that_their_sums_are_exact_in_any_order() -> (
    None
):
    for tensor in load_model_from_string(exact_bytes()).graph.initializer:
        numbers = numpy_helper.to_array(tensor) * UNIT
        assert (numbers == np.round(numbers)).all() and np.abs(numbers).max() < 1 << 12


def test_whatever_it_hears_its_logits_are_multiples_of_the_same(model: OnnxModel) -> None:
    chance, state = np.random.default_rng(0), model.initial_state()
    for _ in range(200):
        time, part, pitch, velocity = (int(chance.integers(FIELDS[f])) for f in FIELDS if f != "on")
        event = Event(time, part, 1, pitch, velocity, int(chance.integers(193)), 8, pitch)
        sounding = (chance.random(SOUNDING) < 0.01).astype(np.float32)
        state, summary = model.advance(event, 0, sounding, state)
        for field in FIELDS:
            numbers = model.logits(field, summary, Query.of(event)) * UNIT
            assert (numbers == np.round(numbers)).all()
