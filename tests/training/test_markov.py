"""The baselines: honest distributions, fitted and interpolated as their sources say."""

import numpy as np
import pytest

from livegen.codec.layout import ADVANCE, FIELDS
from livegen.training.corpora import Rows
from livegen.training.markov import markov, scored, unigram

A = (6, 0, 1, 60, 20, 0, 8)
B = (6, 0, 0, 60, 0, 6, 8)
C = (6, 0, 1, 64, 20, 12, 8)
START = np.array([0])


def rows(*events: tuple[int, ...]) -> Rows:
    return np.array(events, np.uint8).reshape(-1, 7)


def random_rows(count: int, seed: int = 0) -> Rows:
    rng = np.random.default_rng(seed)
    sizes = [4, 2, 2, 6, 3, 12, 8]
    return np.stack([rng.integers(0, size, count) for size in sizes], 1).astype(np.uint8)


def test_a_unigram_counts_each_class_once_more_than_it_was_seen() -> None:
    nats = unigram(rows(A, A, C), rows(A))

    assert nats["pitch"][0] == pytest.approx(-np.log(3 / (3 + 128)))


def test_interpolation_is_absolute_discounting_computed_by_hand() -> None:
    """One context, three continuations of which one repeats; order 0 sees only the event's own earlier fields."""
    nats = markov(rows(A, A, C), START, rows(A), START, order=0, discount=0.5)

    uniform = 1 / 128
    nothing = (2 - 0.5) / 3 + 0.5 * 2 / 3 * uniform  # no context at all
    known = (2 - 0.5) / 3 + 0.5 * 2 / 3 * nothing  # given time, part and on
    assert nats["pitch"][0] == pytest.approx(-np.log(known))


@pytest.mark.parametrize("order", [0, 1, 5])
@pytest.mark.parametrize("field", ["time", "part", "on", "pitch", "velocity"])
def test_the_chances_of_all_classes_add_up_to_one(field: str, order: int) -> None:
    length, values = 20, FIELDS[field]
    # A piece for each value of its last event.
    judged = np.tile(random_rows(length, seed=1), (values, 1))
    last = judged[length - 1 :: length]
    last[:, 2] = 1  # velocity is scored on onsets only
    last[:, list(FIELDS).index(field)] = np.arange(values)
    if field == "time":
        last[ADVANCE, 1:5] = 0
    starts = length * np.arange(values)
    nats = markov(random_rows(400), START, judged, starts, order)[field][length - 1 :: length]

    assert np.exp(-nats).sum() == pytest.approx(1.0)


def test_what_always_follows_is_expected_and_a_piece_start_is_no_context() -> None:
    train = rows(*[A, B, C, B] * 50)

    by_field = markov(train, START, rows(A, B, C, B, A), START)
    nats = np.sum(list(by_field.values()), axis=0)

    assert nats[1:].max() < 0.2
    assert nats[0] > nats[-1]


def test_no_context_reaches_across_pieces() -> None:
    train, judged = random_rows(300), random_rows(40, seed=2)
    together = markov(train, START, judged, np.array([0, 20]))
    alone = markov(train, START, judged[20:], START)

    for field in FIELDS:
        assert together[field][20:] == pytest.approx(alone[field])


def test_an_advance_is_scored_on_its_time_and_an_end_not_on_its_velocity() -> None:
    masks = scored(rows((ADVANCE, 0, 0, 0, 0, 0, 8), A, B))

    assert {name: mask.tolist() for name, mask in masks.items()} == {
        "time": [True, True, True],
        "part": [False, True, True],
        "on": [False, True, True],
        "pitch": [False, True, True],
        "velocity": [False, True, False],
    }


def test_nothing_to_fit_on_gives_the_uniform_distribution() -> None:
    nats = markov(rows(), np.zeros(0, np.int64), rows(A), START)

    assert nats["pitch"][0] == pytest.approx(np.log(128))
