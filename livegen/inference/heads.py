"""The last layers of a network's heads, fitted to a player: all of it that is learned in the set.

What a head has seen of an event is fixed, so its last layer is a softmax regression, and no gradient goes further back.
It takes a few steps downhill from the weights that were shipped, accelerated as Nesterov has it; more would be of this
lesson alone.  Knows model files and lessons; knows no files and no processes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.codec.layout import ADVANCE, FARTHEST, FIELDS, MAX_BAR_CLASS, NO_GRID, SOUNDING, Event
from livegen.errors import ModelError
from livegen.inference.contract import Layers, Query, sound
from livegen.inference.lesson import PLAYED, STYLE, Rows
from livegen.inference.model import start
from livegen.inference.onnx_file import SUMMARY, ModelFile

STEPS = 10

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

# By field, how many facts of the event its head knows, in the order of a `Query`; and the classes of these facts.
KNOWN = {"time": 0, "part": 3, "on": 4, "pitch": 5, "velocity": 6}
_CLASSES = (
    *(FIELDS["time"], NO_GRID + 1, MAX_BAR_CLASS + 1),
    *(FIELDS["part"], FIELDS["on"], FIELDS["pitch"]),
)
_STARTS = np.cumsum([0, *_CLASSES[:-1]])  # of each in the table of all
_TABLE = "known.rows"
_INTERVALS = 2 * FARTHEST + 1


# The weights (K, classes) and biases (classes,) of a field's last layer, and of pitch those of the interval's as well.
Head = tuple[Floats, ...]


class HeadQuestions(NamedTuple):
    """The questions to a head: what it has seen (N, K), the class that came (N,), and the pitch before it (N,)."""

    seen: Floats
    came: Ints
    before: Ints


def fitted(file: ModelFile, rows: Rows) -> Layers:
    """The last layers of a model after a lesson's rows, by their names in the file.

    Takes a second or so of a core.  Raises ModelError for a model whose heads are not as our exporter makes them.
    """
    found = dict[str, Floats]()
    questions = asked(file, rows)
    for field, head in heads(shipped(file)).items():
        found |= zip(_names(field), downhill(head, questions[field]), strict=True)
    return found


def shipped(file: ModelFile) -> Layers:
    """The last layers as they were shipped, by their names in the file.  Raises ModelError."""
    return {name: _weights(file, name) for field in KNOWN for name in _names(field)}


def heads(layers: Layers) -> dict[str, Head]:
    """The last layers by field."""
    return {field: tuple(layers[name] for name in _names(field)) for field in KNOWN}


def _names(field: str) -> list[str]:
    """The names of a head's arrays, as the exporter has them."""
    layers = [f"network.out.{field}"] + ["network.interval"] * (field == "pitch")
    return [f"{layer}.{array}" for layer in layers for array in ("weight.transposed", "bias")]


def _weights(file: ModelFile, name: str) -> Floats:
    data = next((it.value for it in file.initialisers if it.name == name), None)
    if data is None or data.data is None or len(data.data) != 4 * np.prod(data.shape):
        raise ModelError(f"{file.facts.name} cannot learn: it has no {name}, as jam-gru has it")
    return np.frombuffer(data.data, "<f4").reshape(data.shape)


def asked(file: ModelFile, rows: Rows) -> dict[str, HeadQuestions]:
    """The questions of a lesson to each head, of the events that the player played.  Raises ModelError."""
    table = _weights(file, _TABLE)
    events = [event_of(row) for row in rows]
    summaries = _summaries(file, rows, events)
    coming = events[1:]
    queries = np.array([Query.of(event) for event in coming], np.int64).reshape(
        -1, len(Query._fields)
    )
    is_played = rows[1:, PLAYED] == 1
    is_note = is_played & (rows[1:, 0] != ADVANCE)
    wanted = {"time": is_played, "velocity": is_note & (rows[1:, Event._fields.index("on")] == 1)}
    found = dict[str, HeadQuestions]()
    for number, (field, known) in enumerate(KNOWN.items()):
        some = wanted.get(field, is_note)
        size = summaries.shape[1] // len(KNOWN)
        seen = summaries[some, number * size : (number + 1) * size]
        places = queries[some, :known] + _STARTS[:known]
        seen = np.maximum(seen + table[places].sum(1), 0)
        came = rows[1:, Event._fields.index(field)][some].astype(np.int64)
        found[field] = HeadQuestions(seen, came, queries[some, -1])
    return found


def event_of(row: Rows) -> Event:
    """The event of a lesson's row."""
    return Event(*row[:STYLE].tolist())


def _summaries(file: ModelFile, rows: Rows, events: list[Event]) -> Floats:
    """The summaries after all events but the last (N - 1, 5K)."""
    model = start(file)
    state, sounding = model.initial_state(), np.zeros(SOUNDING, np.float32)
    found = np.zeros((max(0, len(events) - 1), file.shape_of(SUMMARY)[-1]), np.float32)
    for number, event in enumerate(events[:-1]):
        sound(sounding, event)
        state, summary = model.advance(event, int(rows[number, STYLE]), sounding, state)
        found[number] = summary.reshape(-1)
    return found


def logits(head: Head, questions: HeadQuestions) -> Floats:
    """The logits of a head (N, classes)."""
    own: Floats = questions.seen @ head[0] + head[1]
    if len(head) == 2:
        return own
    interval = questions.seen @ head[2] + head[3]
    return own + _shifted(
        interval, np.arange(FIELDS["pitch"]) - questions.before[:, None] + FARTHEST
    )


def _shifted(some: Floats, places: Ints) -> Floats:
    """In each row what stands at these places; nothing where there is no such place."""
    inside = (places >= 0) & (places < some.shape[1])
    return np.where(inside, np.take_along_axis(some, places * inside, 1), 0)


def downhill(head: Head, questions: HeadQuestions, steps: int = STEPS) -> Head:
    """A head after so many steps down the nats of what came.

    A step is as long as the curvature allows everywhere: half of what the inputs add up to (Böhning 1992).
    """
    curvature = (np.linalg.norm(questions.seen, 2) ** 2 + len(questions.came)) * len(head) / 4
    length = np.float32(1 / max(1.0, float(curvature)))
    at = ahead = head
    for step in range(steps):
        down = slopes(ahead, questions)
        new = tuple(one - length * by for one, by in zip(ahead, down, strict=True))
        on = np.float32(step / (step + 3))
        ahead = tuple(one + on * (one - old) for one, old in zip(new, at, strict=True))
        at = new
    return at


def slopes(head: Head, questions: HeadQuestions) -> Head:
    """The gradient of the nats, of each array."""
    seen, came, before = questions
    likely = logits(head, questions)
    likely = np.exp(likely - likely.max(1, keepdims=True))
    likely /= likely.sum(1, keepdims=True)
    likely[np.arange(len(came)), came] -= 1
    found: Head = (seen.T @ likely, likely.sum(0))
    if len(head) == 2:
        return found
    near = _shifted(likely, np.arange(_INTERVALS) + before[:, None] - FARTHEST)
    return *found, seen.T @ near, near.sum(0)
