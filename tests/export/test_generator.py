"""The generator of phrases as it learns: it begins as the scatter, and its file makes what it made."""

from pathlib import Path

import numpy as np
import pytest
import torch

from export import generator as learning
from export.generator import STYLES, Adversaries, Coded, scattered
from livegen.inference.generator import GeneratorFacts, asked_for, load, save
from livegen.music.melody.phrase_steps import MOST_BEATS
from tests.inference.tiny_phrases import tiny_encoder

CODE = 1
ENCODER = tiny_encoder(CODE)


def some_codes(count: int = 400) -> Coded:
    """Codes that rise with the number of their style, half of them far from the other half."""
    rng = np.random.default_rng(1)
    styles = rng.integers(1, len(STYLES) + 1, count)
    asked = np.array([asked_for(len(STYLES), style, 4, 16) for style in styles])
    sides = np.where(rng.random(count) < 0.5, -3.0, 3.0)[:, None]
    codes = styles[:, None] + sides + 0.1 * rng.standard_normal((count, MOST_BEATS * CODE))
    return Coded(codes.astype(np.float32), asked, styles)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "BATCH", 32)


def written(path: Path, both: Adversaries, scatter: dict[str, np.ndarray]) -> Path:
    save(path, GeneratorFacts(STYLES, CODE, ENCODER.fingerprint), scatter | both.weights())
    return path


def test_it_begins_by_correcting_nothing_and_learns_to_correct(small: None, tmp_path: Path) -> None:
    some = some_codes()
    scatter = scattered(some)
    both = Adversaries(some, scatter, 1)

    def apart() -> float:
        served = load(written(tmp_path / "it.npz", both, scatter), ENCODER)
        drawn = [
            served.drawn(way, 3, 4, 16, 8, np.random.default_rng(1)) for way in ("scatter", "gan")
        ]
        return float(np.abs(drawn[0] - drawn[1]).max())

    assert apart() < 1e-2
    for _ in range(3):
        both.step()
    assert apart() > 1e-5


def test_the_file_makes_of_a_code_what_the_network_made(small: None, tmp_path: Path) -> None:
    some = some_codes()
    scatter = scattered(some)
    both = Adversaries(some, scatter, 1)
    torch.manual_seed(1)
    with torch.no_grad():
        for kept, value in zip(both.kept, both.generator.parameters(), strict=True):
            value.copy_(torch.randn_like(value) / 4)
            kept.copy_(value)
    served = load(written(tmp_path / "it.npz", both, scatter), ENCODER)
    start = served.drawn("scatter", 3, 4, 16, 5, np.random.default_rng(1))
    made = served.drawn("gan", 3, 4, 16, 5, np.random.default_rng(1)).reshape(5, -1)
    plain = (start.reshape(5, -1) - both.middle) / both.spread
    asked = np.tile(asked_for(len(STYLES), 3, 4, 16), (5, 1))
    with torch.no_grad():
        told = both.generator(torch.tensor(np.hstack([plain, asked]).astype(np.float32))).numpy()
    expected = (plain + told) * both.spread + both.middle
    assert np.abs(expected - made).max() < 0.01 * np.abs(expected).max()


def test_the_scatter_lies_where_the_codes_of_a_style_do(tmp_path: Path) -> None:
    some = some_codes(2000)
    both = scattered(some)
    asked = asked_for(len(STYLES), 7, 4, 16)
    assert np.abs(both["middle"] @ asked - 7).max() < 1
    spread = np.sqrt((both["scatter"][7] ** 2).sum(1))
    assert np.abs(spread - 3).max() < 0.6
