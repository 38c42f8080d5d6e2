"""Training one network on one set; the weights that count are those that did best on validation."""

import copy
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import nn

from bench.polyphony.batches import Streams
from bench.polyphony.network import Config, Network
from bench.polyphony.rolls import Roll
from bench.polyphony.score import nats_per_frame


@dataclass(frozen=True, slots=True)
class Recipe:
    """The recipe of a network."""

    config: Config = field(default_factory=Config)
    passes: int = 60  # over the train split, on average over its pieces
    minutes: float = 10.0  # of the clock, checks included; the schedule is shortened to fit
    shift: int = 6  # pieces are transposed by up to so many semitones up and down
    streams: int = 16
    steps: int = 64  # frames of each stream in an update; the state is carried to the next
    rate: float = 2e-3  # AdamW's, warmed up and then along a cosine to nothing
    warm_up: int = 50  # updates
    decay: float = 0.02  # of weights; not of biases
    clip: float = 1.0  # of the gradient's norm
    average: float = 0.99  # of the weights that are validated: an exponential mean over updates
    checks: int = 16  # looks at the validation split, evenly over the passes


FAMILIES = {
    "joint": "our event network, joint in the frame",
    "independent": "GRU with sigmoids, our check of the metric",
}
JOINT = Recipe()
JOINT_OF_MUCH = Recipe(Config(dropout=0.2))  # of the larger sets
# The recipe as the published ones: the keys alone go in, and no piece is transposed.
INDEPENDENT = Recipe(
    Config(family="independent", hidden=256, recall=False, relative=False), shift=0, streams=8
)
RECIPES: Mapping[tuple[str, str], Recipe] = {
    ("jsb", "joint"): replace(JOINT, passes=80, minutes=6),
    ("nottingham", "joint"): replace(JOINT_OF_MUCH, passes=16, minutes=14, checks=8),
    ("musedata", "joint"): replace(JOINT_OF_MUCH, passes=12, minutes=10, checks=1),
    ("piano_midi", "joint"): replace(JOINT, passes=30, minutes=8, checks=8),
    ("jsb", "independent"): replace(INDEPENDENT, passes=150, minutes=3),
    ("nottingham", "independent"): replace(INDEPENDENT, passes=80, minutes=14),
    ("musedata", "independent"): replace(INDEPENDENT, passes=80, minutes=14, checks=8),
    ("piano_midi", "independent"): replace(INDEPENDENT, passes=30, minutes=4, checks=8),
}


def recipe_of(name: str, family: str, minutes: float | None = None) -> Recipe:
    """The recipe of a set, with another limit of time if one is given."""
    recipe = RECIPES[name, family]
    return recipe if minutes is None else replace(recipe, minutes=minutes)


def optimiser_of(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW, with decay for matrices only."""
    matrices = [weight for weight in network.parameters() if weight.ndim > 1]
    others = [weight for weight in network.parameters() if weight.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": recipe.decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.99))


def rate(recipe: Recipe, update: int, done: float) -> float:
    """The learning rate of an update, when a share of the training is done."""
    return recipe.rate * min(1.0, update / recipe.warm_up) * (0.5 + 0.5 * math.cos(math.pi * done))


@torch.no_grad()
def follow(mean: nn.Module, network: nn.Module, update: int, average: float) -> None:
    """Move the averaged weights; at first quickly, so that the random beginning is forgotten."""
    share = 1 - min(average, (1 + update) / (10 + update))
    for kept, weight in zip(mean.parameters(), network.parameters(), strict=True):
        kept.lerp_(weight, share)


def train(
    pieces: Mapping[str, Sequence[Roll]], recipe: Recipe, seed: int, say: Callable[[str], None]
) -> tuple[Network, dict[str, Any]]:
    """The network that did best on validation, and the figures of the training.  Never looks at the test split."""
    torch.manual_seed(seed)
    network = Network(recipe.config)
    mean = copy.deepcopy(network).eval()
    optimiser = optimiser_of(network, recipe)
    streams = Streams(pieces["train"], recipe.streams, recipe.steps, recipe.shift, seed)
    frames = sum(len(piece) - 1 for piece in pieces["train"])
    updates = math.ceil(recipe.passes * frames / (recipe.streams * recipe.steps))
    state = network.initial_state(recipe.streams)
    best, best_weights, best_update = math.inf, mean.state_dict(), 0
    began, worked = time.monotonic(), time.process_time()
    update, done, checked = 0, 0.0, 0.0
    while done < 1:
        update += 1
        for group in optimiser.param_groups:
            group["lr"] = rate(recipe, update, done)
        with torch.autocast("cpu", torch.bfloat16):
            nats, state = network(streams.next(), state.detach())
        optimiser.zero_grad()
        nats.mean().backward()
        nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
        optimiser.step()
        follow(mean, network, update, recipe.average)
        done = max(update / updates, (time.monotonic() - began) / 60 / recipe.minutes)
        if done >= 1 or done >= checked + 1 / recipe.checks:
            checked = done
            valid = nats_per_frame(mean, pieces["valid"])
            say(
                f"update {update} of {updates}, {done:.0%}: train {nats.mean():.3f} valid {valid:.4f}"
            )
            if valid < best:
                best, best_update = valid, update
                best_weights = copy.deepcopy(mean.state_dict())
    mean.load_state_dict(best_weights)
    return mean, {
        "recipe": asdict(recipe),
        "parameters": sum(weight.numel() for weight in mean.parameters()),
        "minutes": round((time.monotonic() - began) / 60, 2),
        "processor_minutes": round((time.process_time() - worked) / 60, 2),
        "updates": update,
        "best_update": best_update,
        "passes": streams.passes,
        "valid": round(best, 4),
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 2),
    }
