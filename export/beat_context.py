"""Trains the network that hears a phrase as a whole: the weights of `livegen/music/beat/beat_context.py`.

`export.beats` calls it.  Most excerpts are as fast as they are written: how fast a kind of music is played is what is
to be learned.
"""

import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from export.beat_material import Excerpt, Groups, draw
from export.beat_samples import keep, prepare, read, resume
from export.command import put_weights
from livegen.music.beat.beat_candidates import FASTEST_S, SLOWEST_S
from livegen.music.beat.beat_context import (
    DILATIONS,
    LAGS,
    PERIODS,
    PLACES,
    SEEN,
    distances,
    places,
    seen,
)
from livegen.music.beat.beat_network import BARS, onsets_of

SEED = 1
EXCERPTS, OF_A_FILE = 100_000, 20_000
MADE_SHARE = 0.3  # so many are made by rule
ONSET, HIDDEN = 56, 64  # what an onset becomes, units between
STEPS, BATCH, RATE = 10_000, 64, 2.5e-3
SORTED = 16  # batches whose excerpts are put together by their length
SPREAD = 0.8  # of the right period, in the network's steps


class Sample(NamedTuple):
    """An excerpt: what is seen of its onsets (N, SEEN) and of all, its bars, seconds of a beat, its places (N,)."""

    seen: NDArray[np.float16]
    distances: NDArray[np.float16]
    bars: int
    period_s: float
    places: NDArray[np.int16]


def sample_of(excerpt: Excerpt) -> Sample | None:
    """Give what is learned from an excerpt; None where it is too short."""
    onsets = onsets_of(excerpt.played())
    if len(onsets.at_s) < 4:
        return None
    beats = np.interp(onsets.at_s + onsets.since_us / 1e6, excerpt.notes[:, 0], excerpt.beats)
    return Sample(
        seen(onsets).astype(np.float16),
        distances(onsets).astype(np.float16),
        BARS.index(excerpt.bars),
        excerpt.period_s,
        places(beats, 0, excerpt.bars.beats).astype(np.int16),
    )


def drawn(material: Groups, chance: random.Random) -> Sample | None:
    """Draw an excerpt and give what is learned from it; None where it is too short."""
    return sample_of(draw(material, chance, MADE_SHARE))


def files(work: Path) -> dict[Path, str]:
    """The files of samples, each with its seed."""
    names = [f"seq{number}" for number in range(-(-EXCERPTS // OF_A_FILE))]
    return {work / f"{name}.pkl": name for name in names}


class Batch(NamedTuple):
    """Excerpts side by side, B of at most N onsets; `mask` (B, N) is 1 where there is one."""

    seen: Tensor  # (B, N, SEEN)
    mask: Tensor  # (B, N)
    distances: Tensor  # (B, 4 * LAGS)
    bars: Tensor  # (B,)
    periods: Tensor  # (B, PERIODS): shares of the right one and those beside it; none where it is out of reach
    places: Tensor  # (B, N)


def batch_of(samples: Sequence[Sample]) -> Batch:
    """Put samples side by side."""
    count, most = len(samples), max(len(sample.seen) for sample in samples)
    numbers = np.zeros((count, most, SEEN), np.float32)
    mask, where = np.zeros((count, most), np.float32), np.zeros((count, most), np.int64)
    for row, sample in enumerate(samples):
        length = len(sample.seen)
        numbers[row, :length], where[row, :length], mask[row, :length] = (
            sample.seen,
            sample.places,
            1,
        )
    periods = np.log(np.array([sample.period_s for sample in samples]) / FASTEST_S)
    at = periods / math.log(SLOWEST_S / FASTEST_S) * PERIODS - 0.5
    shares = np.exp(-0.5 * (np.subtract.outer(at, np.arange(PERIODS)) / SPREAD) ** 2)
    shares *= (shares.sum(axis=1) > 0.5)[:, None] / np.maximum(shares.sum(axis=1), 1e-6)[:, None]
    return Batch(
        torch.from_numpy(numbers),
        torch.from_numpy(mask),
        torch.from_numpy(np.stack([sample.distances for sample in samples]).astype(np.float32)),
        torch.tensor([sample.bars for sample in samples]),
        torch.from_numpy(shares.astype(np.float32)),
        torch.from_numpy(where),
    )


class ContextNetwork(nn.Module):
    """The same as `livegen.music.beat.beat_context.ContextNetwork`, which says what it does, to be trained."""

    def __init__(self) -> None:
        super().__init__()
        self.onset, self.whole = nn.Linear(SEEN, ONSET), nn.Linear(4 * LAGS, ONSET)
        self.beside = nn.ModuleList(nn.Linear(3 * ONSET, ONSET) for _ in DILATIONS)
        self.places = nn.Linear(ONSET, sum(PLACES))
        self.about, self.periods = (
            nn.Linear(4 * ONSET, HIDDEN),
            nn.Linear(HIDDEN, len(BARS) * PERIODS),
        )
        self.dropout = nn.Dropout(0.1)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Logits of places (B, N, all PLACES) and of periods (B, BARS * PERIODS)."""
        mask, count = batch.mask[:, :, None], batch.mask.shape[1]
        whole = torch.relu(self.whole(batch.distances))
        shown = torch.relu(self.onset(batch.seen) + whole[:, None]) * mask
        for off, layer in zip(DILATIONS, self.beside, strict=True):
            padded = nn.functional.pad(shown, (0, 0, off, off))
            beside = torch.cat([padded[:, :count], shown, padded[:, 2 * off :]], 2)
            shown = (shown + torch.relu(layer(self.dropout(beside)))) * mask
        lengths = batch.mask.sum(1).long()
        last = shown[torch.arange(len(shown)), lengths - 1]
        about = torch.cat([shown.sum(1) / lengths[:, None], shown.amax(1), last, whole], 1)
        return self.places(shown), self.periods(torch.relu(self.about(self.dropout(about))))


def loss_of(outputs: tuple[Tensor, Tensor], batch: Batch) -> tuple[Tensor, Tensor]:
    """Nats by which the right period, and the right places in the right bars, fall short of certain (B,) each."""
    logits, of_periods = outputs
    rows = torch.arange(len(batch.bars))
    periods = torch.log_softmax(of_periods, 1).view(-1, len(BARS), PERIODS)[rows, batch.bars]
    wrong = torch.zeros(len(rows))
    of_all = logits.split(PLACES, 2)  # type: ignore[no-untyped-call]
    for row, some in enumerate(of_all):
        of_bars = (batch.bars == row).nonzero()[:, 0]
        nats = nn.functional.cross_entropy(
            some[of_bars].transpose(1, 2), batch.places[of_bars] % PLACES[row], reduction="none"
        )
        mask = batch.mask[of_bars]
        wrong = wrong.index_add(0, of_bars, (nats * mask).sum(1) / mask.sum(1))
    return -(batch.periods * periods).sum(1), wrong


def batches(samples: Sequence[Sample], step: int) -> list[list[Sample]]:
    """The next SORTED batches, each of excerpts that are about as long."""
    chance = random.Random(f"{SEED} {step}")
    some = chance.sample(samples, min(len(samples), BATCH * SORTED))
    some.sort(key=lambda sample: len(sample.seen))
    found = [some[at : at + BATCH] for at in range(0, len(some), BATCH)]
    chance.shuffle(found)
    return found


def train(paths: Sequence[Path], work: Path, steps: int) -> ContextNetwork:
    """Train on all samples, from the last checkpoint on where there is one."""
    samples: list[Sample] = read(paths)
    torch.manual_seed(SEED)
    network, checkpoint = ContextNetwork(), work / "context.pt"
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-3)
    step, means = resume(checkpoint, network, optimiser), torch.zeros(2)
    while step < steps:
        torch.manual_seed(SEED * steps + step)
        for some in batches(samples, step):
            for group in optimiser.param_groups:
                falling = 0.5 * (1 + math.cos(math.pi * min(1, step / steps)))
                group["lr"] = RATE * min(1.0, (step + 1) / 200) * max(0.01, falling)
            batch = batch_of(some)
            losses = torch.stack([of.mean() for of in loss_of(network(batch), batch)])
            optimiser.zero_grad()
            losses.sum().backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            means += (0.01 if step else 1.0) * (losses.detach() - means)
            step += 1
        if step % 400 < SORTED:
            periods, of_places = means.tolist()
            click.echo(f"{step} steps: {periods:.3f} nats a period, {of_places:.3f} a place")
            keep(checkpoint, network, optimiser, step)
    return network


def make(data: Path, work: Path, out: Path) -> None:
    """Learn from the sets in `data` and write the weights; what is prepared is kept in `work`."""
    network = train(prepare(data, files(work), OF_A_FILE, drawn), work, STEPS)
    put_weights(out, {name: value.numpy() for name, value in network.state_dict().items()})
