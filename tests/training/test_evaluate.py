"""The table of an evaluation; what it holds is tested from training to serving in tests/e2e."""

import pytest

from livegen.training.evaluate import _less


@pytest.mark.parametrize(
    ("nats", "than", "said"),
    [
        (3.0, 4.0, "25%"),
        (4.0, 3.0, "-33%"),
        (0.4, 1e-7, "–"),
        (0.4, 0.0, "–"),
        (0.0, 0.0, "–"),
    ],
)
def test_next_to_nothing_is_not_compared_with(nats: float, than: float, said: str) -> None:
    assert _less(nats, than) == said
