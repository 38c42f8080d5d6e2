"""Answers of a model to an opening, drawn event by event: music to judge it by.

The plain model, without the engine's turns and controls; the same masks as in evaluation.  Knows no torch.
"""

import numpy as np

from livegen.codec.layout import ADVANCE, FIELDS, NO_GRID, NO_PITCH, SOUNDING, Event
from livegen.inference.contract import Model, Query, State, Summary, sound
from livegen.inference.sampling import draw, probabilities
from livegen.music.parts import DRUMS
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.training.corpora import COLUMNS, Rows
from livegen.training.evaluate import legal_classes

EIGHTH = TICKS_PER_BEAT // 2


def answer(
    model: Model, opening: Rows, events: int, rng: np.random.Generator, style: int = 0
) -> Rows:
    """Rows (events, 8) that the model plays after it has heard `opening` (N, 8), which has one event or more.

    `style` is an index into what the model says of its styles.
    """
    sounding = np.zeros(SOUNDING, np.float32)
    state = model.initial_state()
    struck: dict[int, int] = {}  # the pitch of each part's latest onset
    for row in opening.tolist():
        last = Event(*row)
        state, summary = _heard(model, last, style, sounding, state, struck)
    played = np.empty((events, COLUMNS), np.uint8)
    for at in range(events):
        last = _next(model, summary, last, sounding, struck, rng)
        state, summary = _heard(model, last, style, sounding, state, struck)
        played[at] = last
    return played


def _heard(
    model: Model,
    event: Event,
    style: int,
    sounding: np.ndarray,
    state: State,
    struck: dict[int, int],
) -> tuple[State, Summary]:
    sound(sounding, event)
    if event.on and event.time != ADVANCE and event.part != DRUMS:
        struck[event.part] = event.pitch
    return model.advance(event, style, sounding, state)


def _next(
    model: Model,
    summary: Summary,
    last: Event,
    sounding: np.ndarray,
    struck: dict[int, int],
    rng: np.random.Generator,
) -> Event:
    """The next event, its fields drawn one after the other."""
    event = Event(0, 0, 0, 0, 0, last.position, last.bar)
    for field in FIELDS:
        if field == "velocity" and not event.on:
            continue
        logits = model.logits(field, summary, Query.of(event))
        likely = probabilities(logits, legal_classes(field, event, sounding))
        event = event._replace(**{field: draw(likely, rng.random())})
        if field == "time":
            event = event._replace(position=_later(last, event.time))
            if event.time == ADVANCE:
                return event
        elif field == "part":
            event = event._replace(before=struck.get(event.part, NO_PITCH))
    return event


def _later(last: Event, ticks: int) -> int:
    """The place in the bar so many ticks after an event; bars stay as long as they are."""
    if last.position == NO_GRID or not last.bar:
        return last.position
    return (last.position + ticks) % (last.bar * EIGHTH)
