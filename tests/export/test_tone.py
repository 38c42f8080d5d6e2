"""The tone of what is played: serving computes, beat by beat, what was trained on whole stretches."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from export import tone as trainer  # noqa: E402
from livegen.music.keys.tone import ROWS, Tone, read  # noqa: E402

BEATS = 40


def test_what_is_served_computes_what_was_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    network = trainer.Network().eval()
    monkeypatch.setattr(trainer, "WEIGHTS", tmp_path / "tone.npz")
    trainer.keep(network)
    chance = np.random.default_rng(0)
    beats = chance.exponential(0.5, (BEATS, ROWS, 12)) * (chance.random((BEATS, ROWS, 12)) < 0.3)
    beats = beats.astype(np.float32)
    beats[7] = 0.0  # a beat of silence
    with torch.no_grad():
        wanted = network(torch.from_numpy(beats[None]))[0].log_softmax(-1).numpy()

    tone = Tone(read(tmp_path / "tone.npz"))
    said = np.array([tone.hear(beat) for beat in beats])

    assert np.abs(said - wanted).max() < 5e-3
    assert np.ptp(wanted, axis=0).max() > 0.05  # and it says something else with every beat
