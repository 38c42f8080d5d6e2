"""Optimisers: AdamW, and Muon where a recipe asks for it.

Muon (Jordan et al. 2024) makes each update of a matrix orthogonal, so that all directions of a product are learned
alike; scaled as in Liu et al. 2025 (arXiv 2502.16982) its rate is one for AdamW.  It is for products between hidden
units: embeddings, biases and what ends in a distribution are AdamW's.  What it is worth here: docs/LOG.md.
"""

from typing import Any

from torch import Tensor, nn
from torch.optim import AdamW, Muon

from livegen.training.network import Network
from livegen.training.recipe import Recipe

BETAS = (0.9, 0.98)  # of AdamW
ENDS = ("out.", "interval")  # layers that end in a distribution


def optimisers_for(network: Network, recipe: Recipe) -> list[Any]:
    """The optimisers of a network; `times` of a group says how many times the recipe's rate its own is."""
    inner = inner_weights(network) if recipe.muon else []
    known = {id(weight) for weight in inner}
    others = [weight for weight in network.parameters() if id(weight) not in known]
    rate, decay = recipe.learning_rate, recipe.weight_decay
    found: list[Any] = [AdamW([{"params": others, "times": 1.0}], rate, BETAS, weight_decay=decay)]
    if inner:
        groups = [{"params": inner, "times": recipe.muon}]
        found.append(Muon(groups, rate, decay, adjust_lr_fn="match_rms_adamw"))
    return found


def inner_weights(network: Network) -> list[Tensor]:
    """The matrices of products between hidden units."""
    return [
        layer.weight
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Linear) and not name.startswith(ENDS)
    ]
