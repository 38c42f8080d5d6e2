"""Training of the drums' hand: what it learns from, and that serving computes what was trained."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from export import drummer  # noqa: E402
from export.drummer import Network, Take, batch, grooves, keep_weights, keeps_time, take_of, twos  # noqa: E402
from livegen.music.drums import drum_touch  # noqa: E402
from livegen.music.drums.drum_touch import facts, touch  # noqa: E402
from livegen.music.drums.grooves import KIT, STEPS, Rhythm  # noqa: E402

KICK, SNARE, HAT = 36, 38, 42
BEAT = [(0.0, KICK, 90), (1.0, SNARE, 100), (2.0, KICK, 80), (3.0, SNARE, 100)]


def bars(count: int, off: float = 0.5) -> list[tuple[float, int, int]]:
    """A plain beat with hi-hats in eighths, the second of which comes at `off` of the beat."""
    hits = []
    for bar in range(count):
        hits += [(4 * bar + beat, pitch, velocity) for beat, pitch, velocity in BEAT]
        hits += [(4 * bar + beat + by, HAT, 60) for beat in range(4) for by in (0.0, off)]
    return hits


def test_a_take_is_told_on_sixteenths_with_its_swing_taken_out_and_how_late_each_hit_is() -> None:
    late = [(beat + 0.025, pitch, velocity) for beat, pitch, velocity in bars(4)]
    take = take_of("drums_rock", 120.0, late)
    swung = take_of("drums_jazz", 120.0, bars(4, 0.64))

    assert take.swing == 50 and swung.swing == pytest.approx(64)
    assert (take.hits > 0).tolist() == (swung.hits > 0).tolist()
    assert take.lates[take.hits > 0] == pytest.approx(0.1, abs=1e-5)
    assert len(list(twos(take))) == 1 and keeps_time(take.hits[:STEPS])


def test_of_grooves_that_are_nearly_the_same_one_is_kept_and_none_without_a_snare() -> None:
    take = take_of("drums_rock", 120.0, bars(8))
    alone = take_of("drums_rock", 120.0, [hit for hit in bars(8) if hit[1] != SNARE])

    assert len(grooves([take, take, alone])[0]) == 1


def test_what_is_served_computes_what_was_trained(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    network = Network().eval()
    file = tmp_path / "touch.npz"  # type: ignore[operator]
    monkeypatch.setattr(drummer, "WEIGHTS", file)
    monkeypatch.setattr(drum_touch, "WEIGHTS", file)
    keep_weights(network)
    drum_touch.shipped.cache_clear()
    weights = drum_touch.shipped()
    drum_touch.shipped.cache_clear()
    accents = np.linspace(0, 1, STEPS, dtype=np.float32)
    seen = facts(None, Rhythm(accents, accents[::-1]), "drums_funk", 96.0, 50.0)
    with torch.no_grad():
        wanted = network(torch.tensor(seen[None]))[0].numpy()
    said = touch(seen, weights)

    assert np.clip(wanted[:, 0] * 127, 1, 127) == pytest.approx(said.velocities, abs=0.5)
    assert np.clip(wanted[:, 1], -0.5, 0.5) == pytest.approx(said.lates, abs=5e-3)
    assert 1 / (1 + np.exp(-wanted[:, 2])) == pytest.approx(said.likely, abs=5e-3)


def test_of_bars_whose_hits_are_hidden_none_is_shown() -> None:
    some = list(twos(take_of("drums_rock", 120.0, bars(64))))
    seen, velocities, _, hidden = batch(some, np.random.default_rng(0))

    assert 0 < hidden.sum() < len(some)
    assert not seen[hidden][:, :, : len(KIT) + 1].any()
    assert (seen[~hidden][:, :, : len(KIT)] > 0).equal(velocities[~hidden] > 0)


def test_a_take_without_two_bars_before_is_nothing_to_learn_from() -> None:
    empty = np.zeros((STEPS, len(KIT)))
    take = Take("drums_rock", 120.0, 50.0, empty.astype(np.uint8), empty.astype(np.float32))

    assert list(twos(take)) == []
