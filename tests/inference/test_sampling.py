"""Whatever a model returns, a legal choice comes out, and as likely as it should."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from livegen.inference.sampling import draw, hasten, nucleus, probabilities

LOGITS = hnp.arrays(np.float32, st.integers(2, 40), elements=st.floats(width=32))
CHANCES = st.floats(0, 1, exclude_max=True)


@given(LOGITS, st.data(), CHANCES, st.sampled_from([0.1, 1.0, 2.0]), st.floats(0.05, 1))
def test_only_what_is_allowed_is_drawn(
    logits: np.ndarray, data: st.DataObject, chance: float, temperature: float, share: float
) -> None:
    size = len(logits)
    allowed = data.draw(hnp.arrays(np.bool_, size).filter(lambda mask: bool(mask.any())))
    likely = probabilities(logits, allowed, temperature)
    assert np.isclose(likely.sum(), 1)
    assert allowed[draw(nucleus(likely, share), chance)]


def test_what_is_not_a_number_is_never_chosen_where_something_is() -> None:
    logits = np.array([np.nan, 1.0, -np.inf, 1.0], np.float32)
    assert probabilities(logits).tolist() == [0, 0.5, 0, 0.5]


@pytest.mark.parametrize("nonsense", [np.nan, -np.inf])
def test_logits_without_meaning_make_all_that_is_allowed_equally_likely(nonsense: float) -> None:
    logits = np.full(4, nonsense, np.float32)
    assert probabilities(logits).tolist() == [0.25] * 4
    assert probabilities(logits, np.array([False, True, True, False])).tolist() == [0, 0.5, 0.5, 0]


def test_temperature_sharpens_and_flattens() -> None:
    logits = np.log(np.array([0.2, 0.8], np.float32))
    assert np.allclose(probabilities(logits, None, 0.5), [1 / 17, 16 / 17])
    assert np.allclose(probabilities(logits, None, 2.0), [1 / 3, 2 / 3])


def test_the_nucleus_is_the_smallest_set_that_reaches_the_share() -> None:
    likely = np.array([0.1, 0.5, 0.15, 0.25])
    assert np.allclose(nucleus(likely, 0.74), [0, 2 / 3, 0, 1 / 3])
    assert np.allclose(nucleus(likely, 0.76), [0, 0.5 / 0.9, 0.15 / 0.9, 0.25 / 0.9])
    assert nucleus(likely, 1.0) is likely
    assert np.allclose(nucleus(likely, 0.05), [0, 1, 0, 0])


def test_draws_are_as_frequent_as_they_are_likely() -> None:
    likely = np.array([0.2, 0.0, 0.5, 0.3])
    drawn = [draw(likely, (at + 0.5) / 1000) for at in range(1000)]
    assert [drawn.count(choice) for choice in range(4)] == [200, 0, 500, 300]


def test_what_cannot_be_is_not_drawn_at_the_edges() -> None:
    likely = np.array([0.0, 0.4, 0.6, 0.0])
    assert draw(likely, 0.0) == 1
    assert draw(likely, float(np.nextafter(1.0, 0.0))) == 2


@given(hnp.arrays(np.float64, 20, elements=st.floats(0.001, 1)), st.floats(0.25, 4))
def test_hastening_raises_survival_to_a_power(weights: np.ndarray, rate: float) -> None:
    waiting = weights / weights.sum()
    survival = waiting[::-1].cumsum()[::-1]
    hastened = hasten(waiting, rate)
    assert np.allclose(hastened[::-1].cumsum()[::-1], survival**rate)


def test_twice_the_rate_halves_the_mean_wait_of_a_memoryless_process() -> None:
    waiting = np.exp(-0.02 * np.arange(2000, dtype=np.float64))
    waiting /= waiting.sum()
    mean = float((waiting * np.arange(2000)).sum())
    halved = float((hasten(waiting, 2.0) * np.arange(2000)).sum())
    assert abs(halved / mean - 0.5) < 0.02


def test_what_takes_too_long_or_cannot_be_stays_so() -> None:
    waiting = np.array([0.0, 0.5, 0.0, 0.5, 0.0])
    assert (hasten(waiting, 3.0) == 0).tolist() == [True, False, True, False, True]
