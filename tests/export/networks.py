"""Small networks of each kind, and their model files: each is exported once for all tests of a process."""

from functools import cache

import torch

from export.graph import to_bytes
from livegen.codec.layout import codec_hash
from livegen.inference.contract import ModelFacts
from livegen.music.parts import PARTS
from livegen.training.network import Network, NetworkConfig

FACTS = ModelFacts("tiny", codec_hash(), tuple(PARTS), ("any", "waltz"), (1,), commit="0123")
# Kind, layers, how many events it looks back over, width.
KINDS = {
    "gru": ("gru", 1, 0, 32),
    "lstm": ("lstm", 2, 0, 32),
    "gru, two layers": ("gru", 2, 0, 32),
    "gru, looking back": ("gru", 1, 40, 32),
    "delta": ("delta", 2, 0, 64),
    "attention": ("attention", 2, 64, 128),
}


def network_of(kind: str, seed: int = 3) -> Network:
    """A network of a kind of `KINDS`, with weights by chance."""
    torch.manual_seed(seed)
    name, layers, window, width = KINDS[kind]
    config = NetworkConfig(
        styles=2,
        kind=name,
        hidden=width,
        layers=layers,
        embed=16 if width == 32 else width,
        head=16,
        window=window,
    )
    network = Network(config).eval()
    if network.recall:
        torch.nn.init.normal_(network.recall.near)
    for module in network.modules():
        if isinstance(module, torch.nn.LayerNorm):  # as learned: the exporter joins what is equal
            torch.nn.init.normal_(module.weight)
            torch.nn.init.normal_(module.bias)
    return network


@cache
def exported(kind: str, seed: int = 3) -> tuple[Network, bytes]:
    """A network of a kind, which nobody may change, and its file in float32."""
    network = network_of(kind, seed)
    return network, to_bytes(network, FACTS)
