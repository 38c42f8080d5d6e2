"""The phrase model as it is served: the same as the network that learned, and strict about its file."""

import json
from pathlib import Path

import numpy as np
import pytest

from livegen import shipped
from livegen.codec.phrases import CLASSES, LINES, encode, firsts_of, reference_of
from livegen.errors import ModelError
from livegen.inference.phrase_model import FACTS, PhraseFacts, load, save, shapes
from livegen.music.melody.phrase_steps import MOST_BEATS, steps_of
from livegen.music.note import Note

SMALL = PhraseFacts("small", 3, 16, (1, 2), (1,), 0.5, (("tunes", "public domain"),))


def written(path: Path, facts: PhraseFacts = SMALL, seed: int = 1) -> Path:
    rng = np.random.default_rng(seed)
    save(path, facts, {name: rng.normal(0, 0.2, shape) for name, shape in shapes(facts).items()})
    return path


def rewritten(path: Path, **changes: object) -> Path:
    """The same file that says other things of itself."""
    with np.load(path) as kept:
        arrays = {name: kept[name] for name in kept.files}
    said = json.loads(arrays[FACTS].tobytes()) | changes
    arrays[FACTS] = np.frombuffer(json.dumps(said).encode(), np.uint8)
    np.savez(path, **arrays)
    return path


def test_what_is_served_is_what_was_learned(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from livegen.training.phrase_network import PhraseConfig, PhraseNetwork

    torch.manual_seed(1)
    network = PhraseNetwork(PhraseConfig(3, 16, (1, 2), (1,))).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_((parameter + 0.1 * torch.randn_like(parameter)).half().float())
    lying = {
        name: np.zeros(shape)
        for name, shape in shapes(SMALL).items()
        if name in ("middle", "scatter", "axes")
    }
    save(
        tmp_path / "small.npz",
        SMALL,
        {name: it.numpy() for name, it in network.state_dict().items()} | lying,
    )
    model = load(tmp_path / "small.npz")
    rng = np.random.default_rng(1)
    for bar in (3, 4):
        classes, firsts = rng.integers(0, CLASSES, LINES), firsts_of(bar)
        with torch.no_grad():
            mean, _ = network.encode(torch.tensor(classes[None]), torch.tensor(firsts[None]))
            logits = network.decode(mean, torch.tensor(firsts[None]))
        assert np.abs(model.encode(classes, firsts) - mean[0].numpy()).max() < 1e-4
        assert np.abs(model.logits(mean.numpy(), firsts) - logits.numpy()).max() < 1e-3


def test_the_shipped_one_brings_a_simple_tune_back() -> None:
    model = load(shipped.phrase_model())
    tones = [
        Note(beat, beat + 0.95, pitch)
        for beat, pitch in enumerate((60, 62, 64, 65, 67, 67, 67, 72))
    ]
    steps = steps_of(tones, 8, 4).steps
    told = encode(steps, reference_of(steps, 0))
    code = model.encode(told, firsts_of(4))
    assert code.shape == (MOST_BEATS, model.facts.code)
    assert (model.decode(code[None], firsts_of(4))[0] == told).all()


def test_a_file_is_at_most_two_megabytes() -> None:
    assert shipped.phrase_model().stat().st_size <= 2_000_000


def test_a_file_of_another_role_is_refused_by_its_name(tmp_path: Path) -> None:
    path = rewritten(written(tmp_path / "it.npz"), role="critic")
    with pytest.raises(ModelError, match=r"it\.npz is a critic, expected one of the role phrases"):
        load(path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"width": 1 << 20}, "sizes that no phrase model"),
        ({"width": 32}, "expected .* of float16"),
        ({"encoder": [1] * 50}, "sizes that no phrase model"),
        ({"format": 2}, "says other things"),
        ({"more": 1}, "says other things"),
    ],
)
def test_a_file_that_says_what_ours_does_not_say_is_refused(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(ModelError, match=reason):
        load(rewritten(written(tmp_path / "it.npz"), **changes))


def test_damage_is_told_in_one_line_whichever_byte_it_is(tmp_path: Path) -> None:
    path = written(tmp_path / "it.npz")
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(1)
    for cut in (0, 10, len(data) // 2, len(data) - 30):
        path.write_bytes(data[:cut])
        with pytest.raises(ModelError) as refusal:
            load(path)
        assert "\n" not in str(refusal.value)
    for _ in range(60):
        other = bytearray(data)
        other[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        path.write_bytes(other)
        try:
            load(path)
        except ModelError as refusal:
            assert "\n" not in str(refusal)


def test_a_number_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    weights = {name: np.full(shape, np.nan) for name, shape in shapes(SMALL).items()}
    save(tmp_path / "it.npz", SMALL, weights)
    with pytest.raises(ModelError, match="not finite"):
        load(tmp_path / "it.npz")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        load(tmp_path / "none.npz")
