"""The model that knows only the player: its rules, and its file."""

import json
from pathlib import Path

import numpy as np
import pytest

from livegen import shipped
from livegen.codec.layout import ADVANCE, FIELDS, SOUNDING, Event
from livegen.errors import ModelError
from livegen.inference import model_files
from livegen.inference.contract import Query, is_finite
from livegen.inference.learner import Learner
from livegen.music.parts import COMP, DRUMS, LEAD

FILE = shipped.model("learner")
SILENCE = np.zeros(SOUNDING, np.float32)


@pytest.fixture
def learner() -> Learner:
    model = model_files.load(FILE)
    assert isinstance(model, Learner)
    return model


def heard(learner: Learner, *pitches: int) -> np.ndarray:
    """The summary after notes of the lead, of which the last sounds."""
    state = learner.initial_state()
    for pitch in pitches:
        sounding = SILENCE.copy()
        sounding[pitch] = 1
        state, summary = learner.advance(Event(12, LEAD, 1, pitch, 20, 36, 8), 0, sounding, state)
        assert is_finite(state)
    return summary


def test_it_knows_the_styles_and_the_codec_of_the_shipped_model(learner: Learner) -> None:
    shipped_one = model_files.facts(shipped.model("default"))

    assert (learner.facts.styles, learner.facts.codec) == (shipped_one.styles, shipped_one.codec)
    assert learner.facts.learns and not shipped_one.learns


def test_by_the_rules_a_note_is_in_the_key_and_near_the_last(learner: Learner) -> None:
    summary = heard(learner, 60, 62, 64, 65, 67, 69, 71, 72)
    order = np.argsort(-learner.logits("pitch", summary, Query(12, part=LEAD, on=1, before=72)))

    assert {int(pitch) % 12 for pitch in order[:7]} <= {0, 2, 4, 5, 7, 9, 11}
    assert abs(int(order[0]) - 72) <= 2


def test_by_the_rules_a_note_begins_on_the_next_eighth_and_ends_before_another(
    learner: Learner,
) -> None:
    summary = heard(learner, 60)
    times = learner.logits("time", summary, Query())

    assert int(times.argmax()) == 12 and times[ADVANCE] < times[12]
    on = learner.logits("on", summary, Query(12, part=LEAD))
    assert on[0] <= on[1] and learner.logits("pitch", summary, Query(12, part=LEAD)).argmax() == 60
    assert learner.logits("on", summary, Query(12, part=COMP)).argmax() == 1


def test_all_logits_are_finite_whatever_is_asked(learner: Learner) -> None:
    _, summary = learner.advance(
        Event(ADVANCE, 0, 0, 0, 0, 192, 0), 0, SILENCE, learner.initial_state()
    )
    for name, classes in FIELDS.items():
        for query in (
            Query(),
            Query(ADVANCE, 192, 0, DRUMS, 1, 127),
            Query(1, 0, 8, COMP, 0, 60, 60),
        ):
            logits = learner.logits(name, summary, query)
            assert logits.shape == (classes,) and np.isfinite(logits).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"role": "critic"}, "is a critic, expected a learner"),
        ({"role": "step model"}, "is a step model, expected a learner"),
        ({"role": "phrase encoder"}, "wrong 'role'"),
        ({"codec": "0" * 12}, "was made for codec 000000000000"),
        ({"state_shape": [3]}, "has a state of"),
        ({"more": 1}, "unknown metadata key 'more'"),
    ],
)
def test_a_file_that_is_no_learner_is_refused_with_what_was_found(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(json.loads(FILE.read_text()) | change))

    with pytest.raises(ModelError, match=said):
        model_files.load(path)


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(b"\x00" * 40)

    with pytest.raises(ModelError, match="not JSON"):
        model_files.load(path)
