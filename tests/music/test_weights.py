"""Files of small networks: what is not of the network is refused in one line."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest

from export.command import put_weights
from livegen.errors import ModelError
from livegen.music.chords import chords_implied
from livegen.music.drums import drum_touch
from livegen.music.files.weights import Shape, read_weights, width
from livegen.music.keys import tone
from livegen.music.melody import critic

NAMES = ("first", "first_bias")
PARTS = {"first": np.arange(6.0).reshape(3, 2), "first_bias": np.array([0.5, 1 / 3])}


def shapes(found: object) -> list[Shape]:
    h = width(found[1])  # type: ignore[index]
    return [(3, h), (h,)]


def read(file: Path) -> list[np.ndarray]:
    return read_weights(file, NAMES, shapes, "a network", "some")


def test_what_was_written_is_read_to_the_half_float(tmp_path: Path) -> None:
    file = tmp_path / "some.npz"
    put_weights(file, PARTS)

    for found, name in zip(read(file), NAMES, strict=True):
        assert found.dtype == np.float32
        assert np.array_equal(found, PARTS[name].astype(np.float16))


@pytest.mark.parametrize(
    "harm", ["gone", "text", "cut", "pickle", "no bias", "another shape", "not finite"]
)
def test_a_file_of_anything_else_is_refused_in_one_line(tmp_path: Path, harm: str) -> None:
    file = tmp_path / "some.npz"
    match harm:
        case "text":
            file.write_text("no weights")
        case "cut":
            put_weights(file, PARTS)
            file.write_bytes(file.read_bytes()[:-40])
        case "pickle":
            np.savez(file, first=np.array([{}], object), first_bias=PARTS["first_bias"])
        case "no bias":
            put_weights(file, {"first": PARTS["first"]})
        case "another shape":
            put_weights(file, PARTS | {"first": PARTS["first"][:-1]})
        case "not finite":
            put_weights(file, PARTS | {"first_bias": np.array([np.nan, 0.0])})

    said = r"some\.npz holds .* a network.*python -m export\.some DATA$"
    with pytest.raises(ModelError, match=said) as error:
        read(file)
    assert "\n" not in str(error.value)


def test_whatever_byte_is_damaged_a_file_is_read_or_refused(tmp_path: Path) -> None:
    file, chance, refused = tmp_path / "some.npz", Random(1), 0
    put_weights(file, PARTS)
    content = file.read_bytes()
    for _ in range(200):
        damaged = bytearray(content)
        damaged[chance.randrange(len(content))] = chance.randrange(256)
        file.write_bytes(damaged)
        try:
            read(file)
        except ModelError as error:
            assert "\n" not in str(error)
            refused += 1

    assert refused > 60


@pytest.mark.parametrize("load", [tone.read, critic.read])
def test_a_network_refuses_the_weights_of_another(load: Callable[[Path], object]) -> None:
    with pytest.raises(ModelError, match="holds no weights of the "):
        load(drum_touch.WEIGHTS)


@pytest.mark.parametrize("network", [tone, critic, chords_implied, drum_touch])
def test_the_weights_of_a_network_are_those_of_its_layers(
    network: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = network.shipped()  # type: ignore[attr-defined]
    parts = {name: part[..., :-1] for name, part in weights._asdict().items()}
    put_weights(tmp_path / "short.npz", parts)
    monkeypatch.setattr(network, "WEIGHTS", tmp_path / "short.npz")

    with pytest.raises(ModelError, match="weights of another network"):
        network.shipped.__wrapped__()  # type: ignore[attr-defined]
