"""Validation: the same held-back pieces each time, each from a state of zeros, each set by itself.

Knows the objective; knows no optimiser and no run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from livegen.codec.layout import FIELDS, SOUNDING
from livegen.training.corpora import COLUMNS, Corpus, Piece, usable
from livegen.training.crew import Crew
from livegen.training.network import Network
from livegen.training.objective import scored, tensors
from livegen.training.streams import Batch, given, sounding_steps

PIECES = 16  # of each set, evenly spaced
EVENTS = 512  # of each piece, from its start


@dataclass(frozen=True, slots=True)
class Held:
    """Validation pieces of a set, padded; `valid` bool (T, B), where there is music; its share."""

    batch: Batch
    valid: npt.NDArray[np.bool_]
    share: float


def style_class(piece: Piece, styles: list[str]) -> int:
    """Class of a piece's style, 0 where it has none."""
    return styles.index(piece.style) if piece.style else 0


def hold(corpus: Corpus, styles: list[str], share: float, most: int = PIECES) -> Held | None:
    """Give the validation pieces of a set, at most so many; None when it has none."""
    pieces = usable(corpus, "valid")
    pieces = pieces[:: max(1, len(pieces) // most)][:most]
    if not pieces:
        return None
    rows = [corpus.events[p.start : min(p.end, p.start + EVENTS + 1)] for p in pieces]
    shape = (max(map(len, rows)) - 1, len(rows))
    batch = Batch(
        np.zeros((*shape, COLUMNS), np.uint8),
        np.zeros((*shape, COLUMNS), np.uint8),
        np.zeros(shape, np.int64),
        np.zeros((*shape, SOUNDING), np.bool_),
        np.ones((*shape, 1), np.float32),
    )
    valid = np.zeros(shape, np.bool_)
    for b, (r, piece) in enumerate(zip(rows, pieces, strict=True)):
        n = len(r) - 1
        batch.rows[:n, b], batch.targets[:n, b] = given(r[:-1]), r[1:]
        batch.style[:, b] = style_class(piece, styles)
        batch.sounding[:n, b] = sounding_steps(r[:-1])
        valid[:n, b] = True
    return Held(batch, valid, share)


def own_part(held: Held, first: int, every: int) -> Held:
    """The pieces that one of several processes validates on: every so many, from the first on."""
    batch = Batch(*(getattr(held.batch, name)[:, first::every] for name in Batch.__slots__))
    return Held(batch, held.valid[:, first::every], held.share)


@torch.no_grad()
def validate(
    objective: nn.Module,
    network: Network,
    held: Mapping[str, Held],
    device: torch.device,
    crew: Crew = Crew(),  # noqa: B008  a value
) -> dict[str, Any]:
    """Nats per note of each set and, weighted by share, in all; nats and accuracy by field.

    Of several processes each validates on its part and all learn the whole.
    """
    objective.eval()
    own = {name: own_part(one, crew.rank, crew.size) for name, one in held.items()}
    counts = {name: _count(objective, network, one, device, crew) for name, one in own.items()}
    objective.train()
    sets = {
        name: sum(lost for lost, _, _ in fields.values()) / max(1, fields["velocity"][2])
        for name, fields in counts.items()
    }
    shares = sum(one.share for one in held.values())
    totals = {
        field: [sum(column) for column in zip(*(c[field] for c in counts.values()), strict=True)]
        for field in FIELDS
    }
    return {
        "nats_per_note": sum(sets[name] * one.share for name, one in held.items()) / shares,
        "sets": sets,
        "nats": {field: lost / max(1, number) for field, (lost, _, number) in totals.items()},
        "accuracy": {field: hit / max(1, number) for field, (_, hit, number) in totals.items()},
    }


def _count(
    objective: nn.Module, network: Network, held: Held, device: torch.device, crew: Crew
) -> dict[str, tuple[float, float, float]]:
    """By field: nats lost, hits, and events that were scored (of velocity: the notes)."""
    width = held.batch.rows.shape[1]
    found = [0.0] * (3 * len(FIELDS))
    if width:
        inputs = tensors(held.batch, device)
        everyone = torch.ones(width, dtype=torch.bool, device=device)
        nats, hits, _ = objective(*inputs, network.initial_state(width), everyone)
        valid = torch.from_numpy(held.valid).to(device)
        where = scored(inputs[1])
        found = [
            float(value.double().sum())
            for field in FIELDS
            for value in (nats[field] * valid, hits[field] & valid, where[field] & valid)
        ]
    sums = iter(crew.sums(found))
    return {field: (next(sums), next(sums), next(sums)) for field in FIELDS}
