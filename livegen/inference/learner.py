"""The model without a network, which knows only the player: what the memory of the session brings, and plain rules.

What was played is not its own: `livegen/inference/memory.py` has it, whichever model plays, and `ModelFacts.learns`
says that it decides.  Here are the rules for where it has nothing to say: notes on eighths, in the key of what was
heard, near the last one, as loud as usual, each until the next.

The state is how much each pitch class and each part has sounded of late, and the mean velocity class; the summary adds
what sounds and where in the bar it is.  Its file is the metadata of a model alone.  Knows no player.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from livegen.codec.layout import ADVANCE, FIELDS, NO_GRID, NO_PITCH, SOUNDING, Event
from livegen.errors import ModelError
from livegen.inference.contract import Logits, ModelFacts, Query, Sounding, State, Summary, Weights
from livegen.inference.model_metadata import LEARNER, facts_in
from livegen.inference.onnx_file import read_bytes
from livegen.inference.protobuf import RefusedFile, expect
from livegen.music.keys.key import likeliest
from livegen.music.parts import DRUMS, PARTS
from livegen.music.time.metre import TICKS_PER_BEAT

_FADES = 0.97  # what an onset leaves of the weight of those before
_VELOCITY = 12  # the place of the mean velocity in the state
_PART = 13  # the place of the first part
_SIZE = _PART + len(PARTS)
_SELDOM = 0.05  # the weight of a part that was not heard
_SLOWS = 0.1  # how fast the mean velocity follows
_MIDDLE = 64  # the pitch near which a part begins
_NEVER = -20.0  # nats

_TIMES = np.arange(FIELDS["time"])
_PITCHES = np.arange(FIELDS["pitch"])
_EIGHTH = TICKS_PER_BEAT // 2
_KIT = (36, 38, 42)  # kick, snare and hi-hat


class Learner:
    """The rules; see `livegen.inference.contract.Model`."""

    def __init__(self, facts: ModelFacts) -> None:
        self.facts = replace(facts, learns=True)

    def initial_state(self) -> State:
        """Nothing was heard."""
        return np.zeros(_SIZE, np.float32)

    def advance(
        self, event: Event, style: int, sounding: Sounding, state: State
    ) -> tuple[State, Summary]:
        """Hear one event."""
        if event.time != ADVANCE and event.on:
            state = _struck(event, state)
        place = np.array([event.position, event.bar], np.float32)
        return state, np.concatenate([state, sounding, place])

    def looked(self, event: Event, style: int, sounding: Sounding, state: State) -> Weights | None:
        """None: the rules do not look back."""
        return None

    def logits(self, field: str, summary: Summary, query: Query) -> Logits:
        """Logits of one field by the rules."""
        state, sounding = summary[:_SIZE], summary[_SIZE : _SIZE + SOUNDING]
        its_own = (
            np.zeros(FIELDS["pitch"])
            if query.part == DRUMS
            else sounding.reshape(-1, 128)[query.part]
        )
        match field:
            case "time":
                return _times(int(summary[-2]))
            case "on":
                return np.array([0.0, 0.0 if its_own.any() else -_NEVER], np.float32)
            case "pitch" if query.on:
                return _pitches(state, query)
            case "pitch":
                return np.where(its_own > 0, 0.0, _NEVER).astype(np.float32)
            case "velocity":
                off = (np.arange(FIELDS["velocity"]) - state[_VELOCITY]) / 2
                return np.asarray(-(off**2), np.float32)
            case _:
                return np.asarray(np.log(state[_PART:] + _SELDOM), np.float32)

    def keep_warm(self) -> None:
        """There is nothing to be kept."""


def read(path: Path) -> ModelFacts:
    """Read the file of a learner.  Raises ModelError with one line for anything that is not ours."""
    try:
        facts = facts_in(read_bytes(path), LEARNER)
        expect(facts.state_shape == (_SIZE,), f"has a state of {facts.state_shape}, not {(_SIZE,)}")
    except RefusedFile as refused:
        raise ModelError(f"{path} {refused}; take the one that came with livegen") from None
    return facts


def _struck(event: Event, state: State) -> State:
    after = state.copy()
    mean = state[_VELOCITY] or event.velocity
    after[_VELOCITY] = mean + _SLOWS * (event.velocity - mean)
    after[_PART:] *= _FADES
    after[_PART + event.part] += 1
    if event.part != DRUMS:
        after[:12] *= _FADES
        after[event.pitch % 12] += 1
    return after


def _times(position: int) -> Logits:
    """The next lines of the beat, eighths; without a grid, those from the last event on."""
    at = ((0 if position == NO_GRID else position) + _TIMES) % TICKS_PER_BEAT
    welcome = (
        np.where(at == 0, 0.0, np.where(at == _EIGHTH, -0.5, _NEVER)) - _TIMES / TICKS_PER_BEAT
    )
    welcome[0] = _NEVER
    welcome[ADVANCE] = _NEVER / 2
    return welcome.astype(np.float32)


def _pitches(state: State, query: Query) -> Logits:
    if query.part == DRUMS:
        return np.where(np.isin(_PITCHES, _KIT), 0.0, _NEVER).astype(np.float32)
    key = likeliest([float(weight) for weight in state[:12]])
    home = range(12) if key is None else sorted(key.pitch_classes)
    near = np.abs(_PITCHES - (_MIDDLE if query.before == NO_PITCH else query.before))
    welcome = (
        np.where(np.isin(_PITCHES % 12, home), 0.0, _NEVER / 2) - 0.3 * near - 1.0 * (near == 0)
    )
    return np.asarray(welcome, np.float32)
