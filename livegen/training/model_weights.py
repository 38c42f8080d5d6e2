"""The weights of a model file as a network's parameters, and back into the same file.

A musician has the file that is served and no checkpoint.  All weights lie in it by name: a tensor is called
after its parameter, and what the exporter did to it stands in the name's end (export/lean.py,
export/quantise.py) or, where several parameters were joined into one, in the metadata (export/graph.py).
So a network of any make is read back without a list of its parts, and written back without an exporter:
the graph stays as it is.  Of int8 weights the nearest floats are taken: reading and writing changes nothing.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import ModelProto, helper, numpy_helper
from pydantic import ValidationError

from livegen.errors import ConfigError, ModelError, in_words
from livegen.inference.contract import ModelFacts
from livegen.inference.model_metadata import METADATA_KEY, metadata
from livegen.inference.onnx_file import parse, read_bytes
from livegen.training.network import Network, NetworkConfig
from livegen.training.recipe import NetworkRecipe, Recipe

OWNER = "network."  # before the name of every parameter
TRANSPOSED = ".transposed"
QUANTISED, SCALE = "_quantized", "_scale"
LEVELS = 127  # of int8 on either side of zero

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class WeightPlace:
    """The place of parameters: in a tensor of the file, transposed or not, as int8 with scales (this shape) or without.

    Of several parameters the tensor holds the rows of one after the other.
    """

    tensor: str
    parameters: tuple[str, ...]
    is_transposed: bool = False
    scales: tuple[int, ...] = ()

    @property
    def scale(self) -> str:
        """The tensor of the scales."""
        return self.tensor.removesuffix(QUANTISED) + SCALE


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """A network that learns on, the names of its styles, and the SHA-256 of the model file it is from."""

    network: Network
    styles: list[str]
    model: str

    @classmethod
    def of(cls, data: bytes, network: Network, facts: ModelFacts) -> "StartingPoint":
        """From a file's bytes, and what `read_network` read in them."""
        return cls(network, list(facts.styles), hashlib.sha256(data).hexdigest())


def read_start(path: Path, recipe: Recipe) -> StartingPoint:
    """Give the network with which a run by a recipe begins.  Raises ModelError, or ConfigError for another network."""
    data = read_bytes(path)
    network, facts = read_network(data, str(path))
    wanted = NetworkConfig(styles=len(facts.styles), **recipe.network.model_dump())
    if replace(network.config, dropout=wanted.dropout) != wanted:
        raise ConfigError(f"{path} holds {network.config}, the recipe asks for {wanted}")
    network.drop.share = wanted.dropout
    return StartingPoint.of(data, network, facts)


def read_network(data: bytes, where: str = "the model file") -> tuple[Network, ModelFacts]:
    """The network of a model file, float32, to be trained further, and what the file says of itself.

    Raises ModelError, which begins with `where`, for a file that is refused, for one that does not say how its network
    is built, and for one that lacks weights of it.
    """
    facts = parse(data, where).facts
    network = _built(facts, where)
    tensors = _tensors(onnx.load_model_from_string(data))
    shapes = {name: tuple(p.shape) for name, p in network.named_parameters()}
    found = {
        name: array
        for place in places(tensors, facts)
        for name, array in _taken(tensors, place, shapes).items()
    }
    for name, shape in shapes.items():
        if name not in found or found[name].shape != shape:
            raise ModelError(
                f"{where} holds no weights {name} of shape {shape}; it cannot be trained further"
            )
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(torch.from_numpy(found[name]))
    return network, facts


def written(data: bytes, network: Network, facts: ModelFacts) -> bytes:
    """The file of `read_network` with the weights of `network`, of the same sizes, saying of itself what `facts` say.

    Raises ModelError when the outcome would be refused.
    """
    model = onnx.load_model_from_string(data)
    tensors = _tensors(model)
    values = {name: p.detach().float().cpu().numpy() for name, p in network.named_parameters()}
    changed: dict[str, npt.NDArray[np.generic]] = {}
    for place in places(tensors, facts):
        if all(name in values for name in place.parameters):  # else it is a constant of the graph
            changed |= _given(place, [values[name] for name in place.parameters])
    for tensor in model.graph.initializer:
        if tensor.name in changed:
            array = changed[tensor.name]
            if array.shape != tuple(tensor.dims):
                raise ValueError(f"{tensor.name} is {tuple(tensor.dims)}, not {array.shape}")
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), tensor.name))
    helper.set_model_props(model, {METADATA_KEY: metadata(facts)})
    result: bytes = model.SerializeToString(deterministic=True)
    parse(result)
    return result


def places(
    tensors: Mapping[str, npt.NDArray[np.generic]], facts: ModelFacts
) -> Iterator[WeightPlace]:
    """Give the places of the file's parameters, by tensors and what `facts.network` joined; others are constants."""
    joined: Mapping[str, Sequence[str]] = facts.network["joined"]
    for tensor in tensors:
        name = tensor.removesuffix(QUANTISED)
        is_int8 = name != tensor and name + SCALE in tensors
        scales = tensors[name + SCALE].shape if is_int8 else ()
        plain = name.removesuffix(TRANSPOSED)
        is_transposed = plain != name
        if plain in joined:
            yield WeightPlace(tensor, tuple(joined[plain]), is_transposed, scales)
        elif plain.startswith(OWNER) and (is_int8 or not _is_scale(name, tensors)):
            yield WeightPlace(tensor, (plain.removeprefix(OWNER),), is_transposed, scales)


def _is_scale(tensor: str, tensors: Mapping[str, object]) -> bool:
    """Tell the scales of an int8 tensor from a parameter."""
    return tensor.endswith(SCALE) and tensor.removesuffix(SCALE) + QUANTISED in tensors


def _built(facts: ModelFacts, where: str) -> Network:
    config = dict(facts.network.get("config", {}))
    if not config:
        raise ModelError(
            f"{where} does not say how its network is built, so it cannot be trained further;"
            " export it again with this livegen, or start from the default model"
        )
    styles = config.pop("styles", None)
    try:
        sizes = NetworkRecipe.model_validate(config)  # a file's word is not taken for a size
    except ValidationError as error:
        what = "; ".join(
            f"{'.'.join(map(str, mistake['loc']))}: {in_words(mistake)}"
            for mistake in error.errors()
        )
        raise ModelError(
            f"{where} holds a network that this livegen cannot build ({what})"
        ) from None
    if styles != len(facts.styles):
        raise ModelError(
            f"{where} names {len(facts.styles)} styles, and its network knows {styles}"
        )
    return Network(NetworkConfig(styles=styles, **sizes.model_dump()))


def _tensors(model: ModelProto) -> dict[str, npt.NDArray[np.generic]]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def _taken(
    tensors: Mapping[str, npt.NDArray[np.generic]],
    place: WeightPlace,
    shapes: Mapping[str, tuple[int, ...]],
) -> dict[str, Array]:
    """The parameters of a place, as float32."""
    array = tensors[place.tensor].astype(np.float32)
    if place.scales:
        scale = tensors[place.scale].astype(np.float32)
        array = array * scale.repeat(len(array) // len(scale), 0)
    if place.is_transposed:
        array = array.T
    if len(place.parameters) == 1:
        return {place.parameters[0]: np.ascontiguousarray(array)}
    ends = np.cumsum([shapes.get(name, (0,))[0] for name in place.parameters])
    rows = np.split(array, ends)
    return {name: part for name, part in zip(place.parameters, rows, strict=False) if len(part)}


def _given(place: WeightPlace, values: Sequence[Array]) -> dict[str, npt.NDArray[np.generic]]:
    """The tensors of a place."""
    array = np.concatenate(values) if len(values) > 1 else values[0]
    if place.is_transposed:
        array = array.T
    if not place.scales:
        return {place.tensor: array}
    whole, scale = in_blocks(array, len(array) // place.scales[0])
    return {place.tensor: whole, place.scale: scale}


def in_blocks(weights: Array, block: int) -> tuple[npt.NDArray[np.int8], Array]:
    """Weights (K, N) as whole numbers (K, N) with a scale for each `block` numbers of a column, (K / block, N)."""
    blocks = weights.reshape(-1, block, weights.shape[1])
    largest = np.abs(blocks).max(1)
    scale = np.where(largest > 0, largest / np.float32(LEVELS), np.float32(1)).astype(np.float32)
    whole = np.rint(blocks / scale[:, None]).clip(-LEVELS, LEVELS)
    return whole.astype(np.int8).reshape(weights.shape), scale
