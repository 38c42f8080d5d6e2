"""The model as the engine asks it: a step that was taken is not taken again, and what fails is."""

import numpy as np
import pytest

from livegen.codec.layout import SOUNDING, Event
from livegen.inference.contract import Sounding, State, Summary
from livegen.jam.hearing.hearing import LATEST, GuardedModel, ModelFault
from livegen.testing import EchoModel

SILENCE = np.zeros(SOUNDING, np.float32)
EVENT = Event(6, 0, 1, 60, 20, 0, 0)


class Counting(EchoModel):
    """A model that counts its steps, and may fail."""

    def __init__(self) -> None:
        super().__init__()
        self.steps, self.is_broken = 0, False

    def advance(
        self, event: Event, style: int, sounding: Sounding, state: State
    ) -> tuple[State, Summary]:
        self.steps += 1
        if self.is_broken:
            raise ValueError
        return super().advance(event, style, sounding, state)


def test_the_same_step_from_the_same_state_is_taken_once_and_any_other_anew() -> None:
    model = Counting()
    guard, state = GuardedModel(model), model.initial_state()
    first = guard.advance(EVENT, 0, SILENCE, state)
    again = guard.advance(EVENT, 0, SILENCE.copy(), state)
    assert all(one is other for one, other in zip(first, again, strict=True)) and model.steps == 1
    guard.advance(EVENT._replace(pitch=61), 0, SILENCE, state)
    guard.advance(EVENT, 1, SILENCE, state)
    guard.advance(EVENT, 0, SILENCE + 1, state)
    guard.advance(EVENT, 0, SILENCE, first[0])
    assert model.steps == 5


def test_only_the_latest_steps_are_remembered_and_none_of_another_model_or_of_one_that_failed() -> (
    None
):
    model = Counting()
    guard, state = GuardedModel(model), model.initial_state()
    for pitch in range(LATEST + 1):
        guard.advance(EVENT._replace(pitch=pitch), 0, SILENCE, state)
    guard.advance(EVENT._replace(pitch=1), 0, SILENCE, state)
    assert model.steps == LATEST + 1
    guard.advance(EVENT._replace(pitch=0), 0, SILENCE, state)
    assert model.steps == LATEST + 2
    guard.use(model)
    model.is_broken = True
    for _ in range(2):
        with pytest.raises(ModelFault):
            guard.advance(EVENT._replace(pitch=0), 0, SILENCE, state)
    assert model.steps == LATEST + 4
