"""Trains the network that tells beats and bars: the weights of `livegen/music/beat/beat_network.py`.

    python -m export.beats DATA

DATA holds the sets of `export/beat_material.py`, as archives or folders; excerpts of their train split are learned
from.  For each excerpt the candidates for its beat are found as when somebody plays; the network is to name the right
one, with the right bars and the right first beat, among all.  What is prepared is kept in the folder `--work`, and
training goes on from there; with the same seed, machine and libraries the same weights come out.
"""

import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import click
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from export.beat_material import Excerpt, Groups, draw
from export.beat_samples import keep, prepare, read, resume
from export.command import guarded, put_weights
from livegen.music.beat.beat_candidates import Candidates, candidates
from livegen.music.beat.beat_network import (
    BARS,
    COLUMNS,
    CYCLES,
    WEIGHTS,
    counted,
    facts,
    onsets_of,
    own_features,
    same_features,
)
from livegen.music.files.weights import read_weights

SEED = 1
EXCERPTS, OF_A_FILE = 60_000, 2_500
CANDIDATES = 12  # of each excerpt that are learned from: the right ones and some of the others
SEEN, FACTS, ONSET, HIDDEN = 70, 44, 32, 64  # features, facts, what an onset becomes, units between
STEPS, BATCH, RATE = 14_000, 32, 2e-3
CLOSE, LIKE = 0.2, 0.1  # of a beat, of the logarithm of its period: a candidate is right
# An excerpt counts by how usual its tempo is (beats a minute, by the ticks of a beat), and for less where it begins
# elsewhere than on a downbeat: those who play to a partner mostly begin there.
USUAL_BPM, SPREAD, ANY = {12: 230.0, 24: 112.0, 36: 90.0}, 0.5, 0.2
PICKED_UP = 0.7


class Sample(NamedTuple):
    """Candidates of an excerpt: features that differ (H, N, OWN), and do not (N, SEEN - OWN), beats (H, N), facts
    (H, FACTS), spans in beats (H,).

    `right` (H, COLUMNS) says which is the right one with the right bars, `weight` how much the excerpt counts.
    """

    own: NDArray[np.float16]
    same: NDArray[np.float16]
    beats: NDArray[np.int16]
    facts: NDArray[np.float32]
    spans: NDArray[np.float32]
    right: NDArray[np.bool_]
    weight: float

    @property
    def features(self) -> NDArray[np.float16]:
        """All features of each onset under each candidate (H, N, SEEN)."""
        same = np.broadcast_to(self.same, (*self.beats.shape, self.same.shape[1]))
        return np.concatenate([self.own, same], axis=2)


def sample_of(excerpt: Excerpt, chance: random.Random) -> Sample | None:
    """Give what is learned from an excerpt; None where no candidate is right."""
    notes = excerpt.played()
    onsets = onsets_of(notes)
    if len(onsets.at_s) < 4:
        return None
    found = candidates(onsets.at_s)
    places = np.interp(onsets.at_s + onsets.since_us / 1e6, excerpt.notes[:, 0], excerpt.beats)
    right, shifts = _right(found, places, excerpt.period_s)
    if not right.any():
        return None
    kept = _some(right, chance)
    found = Candidates(*(part[kept] for part in found))
    beats, first = counted(found)
    columns = np.zeros((len(kept), len(COLUMNS)), bool)
    for row in np.flatnonzero(right[kept]):
        downbeat = int(shifts[kept[row]] - first[row, 0]) % excerpt.bars.beats
        columns[row, COLUMNS.index((excerpt.bars, downbeat))] = True
    usual = math.log(60 / excerpt.period_s / USUAL_BPM[excerpt.bars.ticks]) / SPREAD
    place = (places[0] + CLOSE / 2) % excerpt.bars.beats
    weight = (ANY + math.exp(-0.5 * usual**2)) * (1.0 if place < CLOSE else PICKED_UP)
    seen = own_features(onsets, found)
    return Sample(
        seen.astype(np.float16),
        same_features(onsets).astype(np.float16),
        beats.astype(np.int16),
        facts(found, seen),
        (found.beats[:, -1] - found.beats[:, 0]).astype(np.float32),
        columns,
        weight,
    )


def _right(
    found: Candidates, places: NDArray[np.float64], period_s: float
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Tell which candidates end on the right beats, and the beat of their scale that is beat 0 of those."""
    late = (found.beats - places)[:, len(places) // 2 :]
    shifts = np.round(np.median(late, axis=1))
    is_close = (np.abs(late - shifts[:, None]) < CLOSE).mean(axis=1) >= 0.8
    return is_close & (np.abs(np.log(found.periods_s / period_s)) < LIKE), shifts


def _some(right: NDArray[np.bool_], chance: random.Random) -> NDArray[np.int64]:
    others = np.flatnonzero(~right).tolist()
    wanted = max(1, CANDIDATES - int(right.sum()))
    drawn = chance.sample(others, min(wanted, len(others)))
    return np.array(sorted([*np.flatnonzero(right).tolist(), *drawn]), np.int64)


def drawn(material: Groups, chance: random.Random) -> Sample | None:
    """Draw an excerpt and give what is learned from it; None where it is too short, or no candidate is right."""
    return sample_of(draw(material, chance), chance)


def files(work: Path, count: int) -> dict[Path, str]:
    """The files of so many samples, each with its seed."""
    names = [f"samples-{SEED}-{number}.pkl" for number in range(-(-count // OF_A_FILE))]
    return {work / name: name for name in names}


class Batch(NamedTuple):
    """Samples side by side: R onsets under H candidates of all excerpts."""

    features: Tensor  # (R, SEEN)
    beats: Tensor  # (R,)
    candidate: Tensor  # (R,)
    onsets: Tensor  # (H,)
    facts: Tensor  # (H, FACTS)
    spans: Tensor  # (H,)
    excerpt: Tensor  # (H,)
    right: Tensor  # (H, C)
    weights: Tensor  # (excerpts,)


def batch_of(samples: Sequence[Sample]) -> Batch:
    """Put samples side by side."""
    shapes = [sample.beats.shape for sample in samples]
    onsets = np.concatenate([np.full(h, n) for h, n in shapes])

    def joined(parts: Iterator[NDArray[np.generic]]) -> Tensor:
        return torch.from_numpy(np.concatenate(list(parts)))

    return Batch(
        joined(s.features.reshape(-1, SEEN) for s in samples).float(),
        joined(s.beats.ravel() for s in samples).long(),
        torch.arange(len(onsets)).repeat_interleave(torch.from_numpy(onsets)),
        torch.from_numpy(onsets).float(),
        joined(s.facts for s in samples),
        joined(s.spans for s in samples),
        torch.arange(len(samples)).repeat_interleave(torch.tensor([h for h, _ in shapes])),
        joined(s.right for s in samples),
        torch.tensor([s.weight for s in samples]),
    )


class BeatNetwork(nn.Module):
    """The same as `livegen.music.beat.beat_network.ComparingNetwork`, which says what it does, to be trained."""

    def __init__(self) -> None:
        super().__init__()
        self.onset = nn.Sequential(
            nn.Linear(SEEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, ONSET), nn.ReLU()
        )
        self.bars = nn.ModuleList(
            nn.Sequential(
                nn.Linear((CYCLES[bars.beats] + 1) * ONSET + FACTS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1)
            )
            for bars in BARS
        )  # fmt: skip
        self.dropout = nn.Dropout(0.1)

    def forward(self, batch: Batch) -> Tensor:
        """Scores (H, COLUMNS)."""
        shown = self.onset(batch.features)
        count = len(batch.onsets)
        mean = torch.zeros(count, ONSET).index_add(0, batch.candidate, shown)
        mean = mean / batch.onsets[:, None]
        sums = {}
        for cycle in set(CYCLES.values()):
            place = batch.candidate * cycle + batch.beats % cycle
            total = torch.zeros(count * cycle, ONSET).index_add(0, place, shown)
            sums[cycle] = total.view(count, cycle, ONSET) / (batch.spans / cycle + 1)[:, None, None]
        about = self.dropout(torch.cat([mean, batch.facts], 1))
        columns = []
        for bars, head in zip(BARS, self.bars, strict=True):
            hidden, _, last = cast(tuple[nn.Linear, nn.ReLU, nn.Linear], head)
            cycle = CYCLES[bars.beats]
            of_sums, of_all = hidden.weight.tensor_split([cycle * ONSET], 1)
            given = nn.functional.linear(about, of_all, hidden.bias)
            fallen = self.dropout(sums[cycle])
            turned = [torch.roll(fallen, -first, 1).flatten(1) for first in range(cycle)]
            of_first = last(torch.relu(torch.stack(turned, 1) @ of_sums.T + given[:, None]))[..., 0]
            columns += [of_first[:, first :: bars.beats].mean(1) for first in range(bars.beats)]
        return torch.stack(columns, 1)


def loss_of(scores: Tensor, batch: Batch) -> Tensor:
    """Nats by which what is right falls short of certain (excerpts,); one that is hopeless counts for 20."""

    def total(values: Tensor) -> Tensor:
        count = len(batch.weights)
        most = torch.full((count,), -math.inf)
        most = most.scatter_reduce(0, batch.excerpt, values.detach(), "amax")
        shares = torch.exp(values - most[batch.excerpt])
        return most + torch.log(torch.zeros(count).index_add(0, batch.excerpt, shares))

    right = scores.masked_fill(~batch.right, -1e9)
    return (total(scores.logsumexp(1)) - total(right.logsumexp(1))).clamp(max=20)


def train(
    paths: Sequence[Path],
    work: Path,
    steps: int,
    rate: float = RATE,
    begin_with: Path | None = None,
) -> BeatNetwork:
    """Train on all samples, from the last checkpoint on where there is one, else from weights that there are."""
    samples: list[Sample] = read(paths)
    torch.manual_seed(SEED)
    network, checkpoint = BeatNetwork(), work / "checkpoint.pt"
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-3)
    if begin_with:
        shapes = {name: tuple(part.shape) for name, part in network.state_dict().items()}
        parts = read_weights(
            begin_with, list(shapes), lambda _: list(shapes.values()), "the beat", "beats"
        )
        network.load_state_dict(
            {name: torch.from_numpy(part) for name, part in zip(shapes, parts, strict=True)}
        )
    begin, mean = resume(checkpoint, network, optimiser), 0.0
    for step in range(begin, steps):
        for group in optimiser.param_groups:
            falling = 0.5 * (1 + math.cos(math.pi * step / steps))
            group["lr"] = rate * min(1.0, (step + 1) / 100) * max(0.02, falling)
        torch.manual_seed(SEED * steps + step)
        batch = batch_of(random.Random(f"{SEED} {step}").sample(samples, BATCH))
        losses = loss_of(network(batch), batch)
        loss = (losses * batch.weights).sum() / batch.weights.sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        mean += (0.01 if step > begin else 1.0) * (float(loss.detach()) - mean)
        if (step + 1) % 500 == 0:
            click.echo(f"{step + 1} steps: {mean:.3f} nats")
            keep(checkpoint, network, optimiser, step + 1)
    return network


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--work", type=click.Path(path_type=Path), default=Path("beats-work"), show_default=True
)
@click.option("--excerpts", default=EXCERPTS, show_default=True)
@click.option("--steps", default=STEPS, show_default=True)
@click.option("--rate", default=RATE, show_default=True, help="Of learning, at its highest.")
@click.option(
    "--begin-with",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Weights to go on from, such as those of the package.  [default: none]",
)
@click.option("--out", type=click.Path(path_type=Path), default=WEIGHTS, show_default="the package")
@guarded
def main(
    data: Path,
    work: Path,
    excerpts: int,
    steps: int,
    rate: float,
    begin_with: Path | None,
    out: Path,
) -> None:
    """Learn from the sets in DATA and write the weights into the package."""
    torch.set_num_threads(1)
    paths = prepare(data, files(work, excerpts), OF_A_FILE, drawn)
    network = train(paths, work, steps, rate, begin_with)
    put_weights(out, {name: value.numpy() for name, value in network.state_dict().items()})


if __name__ == "__main__":
    main()
