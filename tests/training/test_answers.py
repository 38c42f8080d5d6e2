"""Music drawn from a model: legal events, in their bars, the same for the same chance."""

import numpy as np

from livegen.codec.layout import ADVANCE, NO_GRID, SOUNDING, Event
from livegen.inference.contract import Logits, Query, Summary, sound
from livegen.music.parts import DRUMS
from livegen.testing import UniformModel
from livegen.training.answers import answer
from livegen.training.evaluate import legal_classes
from tests.training.synthetic import rows_of, tune

OPENING = rows_of(tune(1))[:20]


def test_only_what_sounds_ends_and_only_what_does_not_starts() -> None:
    played = answer(UniformModel(), OPENING, 300, np.random.default_rng(1))
    sounding = np.zeros(SOUNDING, np.float32)
    for index, row in enumerate(np.concatenate([OPENING, played]).tolist()):
        event = Event(*row)
        if event.time != ADVANCE and index >= len(OPENING):
            legal = legal_classes("pitch", event, sounding)
            assert legal is not None and legal[event.pitch]
            assert event.on or event.part != DRUMS
        sound(sounding, event)


def test_a_model_that_only_begins_notes_ends_them_once_all_sound() -> None:
    """As one does after a few steps of training."""

    class Eager(UniformModel):
        def logits(self, field: str, summary: Summary, query: Query) -> Logits:
            wanted = {"time": 1, "part": 0, "on": 1}.get(field)
            logits = super().logits(field, summary, query)
            return logits if wanted is None else np.where(np.arange(len(logits)) == wanted, 0, -100)

    played = answer(Eager(), OPENING, 200, np.random.default_rng(1))
    assert not played[:, 2].all()


def test_events_lie_in_the_bars_that_were_heard() -> None:
    played = answer(UniformModel(), OPENING, 100, np.random.default_rng(1))
    times = np.where(played[:, 0] == ADVANCE, 192, played[:, 0]).cumsum()

    assert np.array_equal(played[:, 5], (OPENING[-1, 5] + times) % 96)
    assert (played[:, 6] == OPENING[-1, 6]).all()


def test_without_a_grid_there_is_none_in_the_answer() -> None:
    opening = OPENING.copy()
    opening[:, 5], opening[:, 6] = NO_GRID, 0
    played = answer(UniformModel(), opening, 50, np.random.default_rng(1))

    assert (played[:, 5] == NO_GRID).all() and not played[:, 6].any()


def test_the_same_chance_plays_the_same() -> None:
    one, other = (answer(UniformModel(), OPENING, 50, np.random.default_rng(7)) for _ in range(2))

    assert np.array_equal(one, other)
