"""Files of samples that networks of the beat are trained on, made by all processors, and where a training stands."""

import pickle
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import click
import torch
from torch import nn

from export.beat_material import Groups, by_style, pieces

S = TypeVar("S")
# A sample of one excerpt, or None where it is too short.  A function of a module: other processes call it by name.
Draw = Callable[[Groups, random.Random], S | None]

_material: Groups = {}


def prepare(data: Path, seeds: Mapping[Path, str], of_a_file: int, drawn: Draw[Any]) -> list[Path]:
    """Make the files of so many samples that are not there yet, each from its own seed; give all of them, in order."""
    missing = [path for path in seeds if not path.exists()]
    for path in missing:
        path.parent.mkdir(parents=True, exist_ok=True)
    if missing:
        material = by_style(pieces(data, "train"))
        with ProcessPoolExecutor(initializer=_begin, initargs=(material,)) as pool:
            jobs = [pool.submit(_prepared, path, seeds[path], of_a_file, drawn) for path in missing]
            for job in jobs:
                click.echo(f"{job.result().name}: {of_a_file} excerpts")
    return list(seeds)


def read(paths: Sequence[Path]) -> list[Any]:
    """All samples of files that `prepare` has made."""
    return [s for path in paths for s in pickle.loads(path.read_bytes())]  # noqa: S301 - written by `_prepared`


def resume(checkpoint: Path, network: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    """Go on from a checkpoint, where there is one; the number of steps that were done."""
    if not checkpoint.exists():
        return 0
    state = torch.load(checkpoint)
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])


def keep(checkpoint: Path, network: nn.Module, optimiser: torch.optim.Optimizer, step: int) -> None:
    """Write a checkpoint after so many steps."""
    state = {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "step": step}
    torch.save(state, checkpoint)


def _begin(material: Groups) -> None:
    _material.update(material)


def _prepared(path: Path, seed: str, of_a_file: int, drawn: Draw[Any]) -> Path:
    chance = random.Random(seed)
    samples: list[Any] = []
    while len(samples) < of_a_file:
        sample = drawn(_material, chance)
        if sample is not None:
            samples.append(sample)
    partial = path.with_suffix(".part")
    partial.write_bytes(pickle.dumps(samples))
    partial.rename(path)
    return path
