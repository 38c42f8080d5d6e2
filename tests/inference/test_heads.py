"""The last layers of a network, fitted to a player: the sums are the network's, and what was played gets likelier."""

from pathlib import Path

import numpy as np
import pytest

from livegen import shipped
from livegen.codec.encoder import Encoder, Stroke
from livegen.codec.layout import FIELDS, SOUNDING
from livegen.errors import LivegenError, ModelError
from livegen.inference import heads, onnx_file
from livegen.inference.contract import Logits, Query
from livegen.inference.lesson import Lesson
from livegen.inference.model import OnnxModel, start
from livegen.inference.onnx_file import ModelFile
from livegen.music.time.metre import COMMON_TIME
from tests.inference.tiny_model import tiny_bytes

SCALE = (60, 62, 64, 65, 67, 65, 64, 62)


def lesson_of(notes: int, is_played: bool = True) -> Lesson:
    """A scale in eighths, over and over."""
    encoder, lesson = Encoder(COMMON_TIME), Lesson()
    for number in range(notes):
        pitch = SCALE[number % len(SCALE)]
        for stroke in (Stroke(12 * number, 0, pitch, 80), Stroke(12 * number + 9, 0, pitch, 0)):
            for event in encoder.feed(stroke):
                lesson = lesson.after(event, 0, is_played)
    return lesson


@pytest.fixture(scope="module")
def file() -> ModelFile:
    return onnx_file.read(shipped.model("default"))


def lost(head: heads.Head, questions: heads.HeadQuestions) -> float:
    logits = heads.logits(head, questions).astype(np.float64)
    logits -= np.log(np.exp(logits).sum(1, keepdims=True))
    return -float(logits[np.arange(len(questions.came)), questions.came].sum())


def test_heads_say_what_the_runtime_says(file: ModelFile) -> None:
    rows = lesson_of(4).rows
    asked, said = heads.asked(file, rows), heads.heads(heads.shipped(file))
    model, sounding = start(file), np.zeros(SOUNDING, np.float32)
    state = model.initial_state()
    events = [heads.event_of(row) for row in rows]
    sounding[events[0].pitch] = 1
    _, summary = model.advance(events[0], 0, sounding, state)

    for field in FIELDS:
        if field == "velocity":
            continue  # the second event ends a note
        expected = model.logits(field, summary, Query.of(events[1]))
        assert np.abs(heads.logits(said[field], asked[field])[0] - expected).max() < 1e-4


def test_a_slope_is_that_of_the_nats(file: ModelFile) -> None:
    asked, said = heads.asked(file, lesson_of(6).rows), heads.heads(heads.shipped(file))
    chance = np.random.default_rng(1)
    for field, head in said.items():
        way = tuple(chance.normal(size=it.shape).astype(np.float32) * 1e-3 for it in head)
        there, back = (
            tuple(it + sign * by for it, by in zip(head, way, strict=True)) for sign in (1, -1)
        )
        rise = (lost(there, asked[field]) - lost(back, asked[field])) / 2
        slopes = heads.slopes(head, asked[field])
        expected = sum(float((it * by).sum()) for it, by in zip(slopes, way, strict=True))
        assert rise == pytest.approx(expected, rel=0.05, abs=1e-3), field


def test_what_a_player_plays_gets_likelier_in_every_field_and_the_hearing_stays(
    file: ModelFile,
) -> None:
    rows = lesson_of(64).rows
    asked, before = heads.asked(file, rows), heads.heads(heads.shipped(file))
    layers = heads.fitted(file, rows)
    after = heads.heads(layers)

    for field in FIELDS:
        assert lost(after[field], asked[field]) < lost(before[field], asked[field]), field


def test_a_model_says_other_things_while_it_plays_and_hears_the_same(file: ModelFile) -> None:
    rows = lesson_of(8).rows
    as_shipped, fitted = start(file), start(file, weights=heads.shipped(file))
    event, silence = heads.event_of(rows[0]), np.zeros(SOUNDING, np.float32)

    def said(model: OnnxModel) -> list[Logits]:
        state, summary = model.advance(event, 0, silence, model.initial_state())
        query = Query.of(heads.event_of(rows[1]))
        return [state, summary, *(model.logits(field, summary, query) for field in FIELDS)]

    before, same = said(as_shipped), said(fitted)
    assert all(np.abs(one - two).max() < 1e-3 for one, two in zip(before, same, strict=True))
    fitted.say(heads.fitted(file, rows))
    other = said(fitted)
    assert [(one == two).all() for one, two in zip(same, other, strict=True)][:2] == [True, True]
    assert all(np.abs(one - two).max() > 1e-3 for one, two in zip(same[2:], other[2:], strict=True))
    fitted.say({})
    assert all((one == two).all() for one, two in zip(same, said(fitted), strict=True))


def test_from_what_the_model_played_nothing_is_learned(file: ModelFile) -> None:
    weights = heads.fitted(file, lesson_of(8, is_played=False).rows)
    shipped_weights = {it.name: it.value.data for it in file.initialisers}

    assert all(weights[name].tobytes() == shipped_weights[name] for name in weights)


@pytest.mark.parametrize("events", [0, 1])
def test_a_lesson_without_a_next_event_teaches_nothing(file: ModelFile, events: int) -> None:
    rows = lesson_of(1).rows[:events]
    assert set(heads.fitted(file, rows)) == {
        f"network.{layer}.{array}"
        for layer in ("interval", *(f"out.{field}" for field in FIELDS))
        for array in ("weight.transposed", "bias")
    }


def test_a_model_with_other_heads_is_refused_by_name() -> None:
    tiny = onnx_file.parse(tiny_bytes())
    with pytest.raises(ModelError, match=r"tiny cannot learn: it has no known.rows"):
        heads.fitted(tiny, lesson_of(1).rows)


def test_another_process_learns_the_same(file: ModelFile) -> None:
    from livegen.daemon.engine.fitting_process import layers_after

    lesson = lesson_of(16)
    there, here = (
        layers_after(shipped.model("default"), lesson.text),
        heads.fitted(file, lesson.rows),
    )
    assert there.keys() == here.keys()
    assert all(np.abs(there[name] - here[name]).max() < 1e-5 for name in here)
    with pytest.raises(LivegenError, match=r"nowhere.onnx: the model cannot be read"):
        layers_after(Path("nowhere.onnx"), lesson.text)
    with pytest.raises(LivegenError, match="expected a lesson, got another text"):
        layers_after(shipped.model("default"), "x")
