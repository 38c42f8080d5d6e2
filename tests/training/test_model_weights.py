"""Weights out of the file that is served, and back: what a musician has is enough to train on."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from onnx import helper

from export.quantise import int8
from livegen.errors import ModelError
from livegen.inference.model_metadata import METADATA_KEY
from livegen.inference.onnx_file import parse
from livegen.training.model_weights import LEVELS, read_network, written
from livegen.training.network import Network
from tests.export.networks import FACTS, KINDS, exported, network_of


def changed(data: bytes, change: Callable[[dict[str, object]], object]) -> bytes:
    """The file with other metadata."""
    model = onnx.load_model_from_string(data)
    said = json.loads(model.metadata_props[0].value)
    change(said)
    helper.set_model_props(model, {METADATA_KEY: json.dumps(said)})
    result: bytes = model.SerializeToString(deterministic=True)
    return result


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def pair(kind: str) -> tuple[Network, bytes]:
    return exported(kind)


@pytest.fixture
def data() -> bytes:
    return exported("gru")[1]


def test_the_network_of_a_float32_file_is_the_one_that_was_exported(
    pair: tuple[Network, bytes],
) -> None:
    exported, data = pair
    found, facts = read_network(data)
    weights, expected = found.state_dict(), exported.state_dict()

    assert found.config == exported.config and facts.styles == FACTS.styles
    assert weights.keys() == expected.keys()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


@pytest.mark.parametrize("small", [False, True], ids=["float32", "int8"])
def test_reading_and_writing_changes_no_byte(pair: tuple[Network, bytes], small: bool) -> None:
    data = int8(pair[1]) if small else pair[1]

    assert written(data, *read_network(data)) == data


# That each kind is written where it was read from is said above.
@pytest.mark.parametrize("kind", ["gru", "attention"])
@pytest.mark.parametrize("small", [False, True], ids=["float32", "int8"])
def test_other_weights_make_the_file_that_the_exporter_makes_of_them(
    kind: str, small: bool
) -> None:
    (_, data), (other, expected) = exported(kind), exported(kind, seed=4)
    if small:
        data, expected = int8(data), int8(expected)

    assert written(data, other, parse(data).facts) == expected


def test_int8_weights_are_read_to_half_a_level(data: bytes) -> None:
    found = read_network(int8(data, 16))[0].state_dict()
    expected = read_network(data)[0].state_dict()

    assert torch.equal(found["summary.bias"], expected["summary.bias"])
    blocks = expected["summary.weight"].unflatten(1, (2, 16))
    level = blocks.abs().amax(2, keepdim=True) / LEVELS
    apart = (found["summary.weight"].unflatten(1, (2, 16)) - blocks).abs()
    assert 0 < float((apart / level).max()) <= 0.5 + 1e-4


def test_a_column_of_zeros_stays_one(data: bytes) -> None:
    small = int8(data)
    other = network_of("gru", 4)
    with torch.no_grad():
        other.summary.weight[5] = 0
    again = read_network(written(small, other, parse(small).facts))[0]

    assert torch.equal(again.summary.weight[5], torch.zeros(32))
    assert bool(torch.isfinite(again.summary.weight).all())


def test_the_file_says_what_it_is_told(data: bytes) -> None:
    facts = replace(parse(data).facts, name="mine", data=(("mine", "my own"),))

    assert parse(written(data, network_of("gru", 4), facts)).facts == facts


def no_network(said: dict[str, object]) -> None:
    del said["network"]


def huge(said: dict[str, object]) -> None:
    said["network"]["config"]["hidden"] = 10**9  # type: ignore[index]


def strange(said: dict[str, object]) -> None:
    said["network"]["config"]["attention"] = 3  # type: ignore[index]


def other_size(said: dict[str, object]) -> None:
    said["network"]["config"]["hidden"] = 48  # type: ignore[index]


def fewer_styles(said: dict[str, object]) -> None:
    said["styles"] = ["any"]


def renamed(said: dict[str, object]) -> None:
    said["network"]["joined"] = {}  # type: ignore[index]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (no_network, "does not say how its network is built"),
        (huge, "cannot build .hidden: expected at most 4096"),
        (strange, "cannot build .attention: there is no such setting"),
        (other_size, "holds no weights .* of shape"),
        (fewer_styles, "names 1 styles, and its network knows 2"),
        (renamed, "holds no weights embed.time.weight of shape"),
    ],
)
def test_a_file_that_cannot_be_trained_further_is_refused_in_a_line(
    data: bytes, change: Callable[[dict[str, object]], object], line: str
) -> None:
    with pytest.raises(ModelError, match=line) as error:
        read_network(changed(data, change), "some.onnx")
    assert str(error.value).startswith("some.onnx ") and "\n" not in str(error.value)


def test_a_file_without_word_of_its_network_is_served_all_the_same(data: bytes) -> None:
    assert parse(changed(data, no_network)).facts.network == {}


def test_the_model_that_is_shipped_can_be_trained_further() -> None:
    from livegen import shipped

    path = shipped.model("default")
    data = path.read_bytes()
    found, facts = read_network(data, str(path))
    again = written(
        data, found, facts
    )  # names its role, which a file of before November 2026 does not

    assert written(again, *read_network(again, str(path))) == again
    assert parse(again).facts == parse(data).facts
    assert all(bool(torch.isfinite(p).all()) for p in found.parameters())
    assert np.mean([float(p.detach().abs().mean()) for p in found.parameters()]) > 0
