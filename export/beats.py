"""Trains both networks that tell beats and bars, from nothing.

    python -m export.beats DATA

DATA holds the sets of `export/beat_material.py`, as archives or folders; excerpts of their train split are learned
from.  First the network that hears a phrase as a whole learns (`export/beat_context.py`).  Then, for each excerpt, the
candidates for its beat are found as when somebody plays; the network that compares them
(`livegen/music/beat/beat_network.py`) is to name the right one, with the right bars and the right first beat, beside
what the first network says.  What is prepared is kept in the folder `--work`, and training goes on from there; with the
same seed, machine and libraries the same weights come out.
"""

import math
import random
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple, cast

import click
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from export import beat_context
from export.beat_material import Excerpt, Groups, draw
from export.beat_samples import keep, prepare, read, resume
from export.command import guarded, put_weights
from livegen.music.beat.beat_candidates import Candidates, candidates
from livegen.music.beat.beat_context import WEIGHTS as CONTEXT
from livegen.music.beat.beat_context import ContextNetwork
from livegen.music.beat.beat_context import read as read_context
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
from livegen.music.beat.beats import COMPARED, of_whole

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

    `whole` (H, COLUMNS) has the nats of the phrase as a whole, `right` (H, COLUMNS) says which is the right one with
    the right bars, `weight` how much the excerpt counts.
    """

    own: NDArray[np.float16]
    same: NDArray[np.float16]
    beats: NDArray[np.int16]
    facts: NDArray[np.float32]
    spans: NDArray[np.float32]
    whole: NDArray[np.float16]
    right: NDArray[np.bool_]
    weight: float


def sample_of(excerpt: Excerpt, chance: random.Random, context: Path = CONTEXT) -> Sample | None:
    """Give what is learned from an excerpt; None where no candidate is right.

    `context` is a file of weights of `export.beat_context`.
    """
    notes = excerpt.played()
    onsets = onsets_of(notes)
    if len(onsets.at_s) < 4:
        return None
    found = candidates(onsets.at_s)
    places = np.interp(onsets.at_s + onsets.since_us / 1e6, excerpt.notes[:, 0], excerpt.beats)
    right, shifts = _right(found, places, excerpt.period_s)
    if not right.any():
        return None
    nats = of_whole(heard_by(context)(onsets), found)
    kept = _some(right, nats.max(axis=1), chance)
    found = found.some(kept)
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
        nats[kept].astype(np.float16),
        columns,
        weight,
    )


@cache
def heard_by(context: Path) -> ContextNetwork:
    """The network that hears a phrase as a whole, of a file."""
    return read_context(context)


def _right(
    found: Candidates, places: NDArray[np.float64], period_s: float
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Tell which candidates end on the right beats, and the beat of their scale that is beat 0 of those."""
    late = (found.beats - places)[:, len(places) // 2 :]
    shifts = np.round(np.median(late, axis=1))
    is_close = (np.abs(late - shifts[:, None]) < CLOSE).mean(axis=1) >= 0.8
    return is_close & (np.abs(np.log(found.periods_s / period_s)) < LIKE), shifts


def _some(
    right: NDArray[np.bool_], nats: NDArray[np.floating], chance: random.Random
) -> NDArray[np.int64]:
    """The right candidates, and some of the others that would be compared with them."""
    likeliest = np.argsort(-nats, kind="stable")[:COMPARED]
    others = likeliest[~right[likeliest]].tolist()
    wanted = max(1, CANDIDATES - int(right.sum()))
    drawn = chance.sample(others, min(wanted, len(others)))
    return np.array(sorted([*np.flatnonzero(right).tolist(), *drawn]), np.int64)


def drawn(material: Groups, chance: random.Random, context: Path = CONTEXT) -> Sample | None:
    """Draw an excerpt and give what is learned from it; None where it is too short, or no candidate is right."""
    return sample_of(draw(material, chance), chance, context)


def files(work: Path) -> dict[Path, str]:
    """The files of samples, each with its seed."""
    names = [f"samples-{SEED}-{number}.pkl" for number in range(-(-EXCERPTS // OF_A_FILE))]
    return {work / name: name for name in names}


class Batch(NamedTuple):
    """Samples side by side: R onsets under H candidates of all excerpts."""

    own: Tensor  # (R, OWN)
    same: Tensor  # (onsets of all excerpts, SEEN - OWN)
    onset: Tensor  # (R,): the row of `same`
    beats: Tensor  # (R,)
    candidate: Tensor  # (R,)
    onsets: Tensor  # (H,)
    facts: Tensor  # (H, FACTS)
    spans: Tensor  # (H,)
    excerpt: Tensor  # (H,)
    whole: Tensor  # (H, C)
    right: Tensor  # (H, C)
    weights: Tensor  # (excerpts,)


def batch_of(samples: Sequence[Sample]) -> Batch:
    """Put samples side by side."""
    shapes = [sample.beats.shape for sample in samples]
    onsets = np.concatenate([np.full(h, n) for h, n in shapes])

    def joined(parts: Iterator[NDArray[np.generic]]) -> Tensor:
        return torch.from_numpy(np.concatenate(list(parts)))

    begins = np.cumsum([0, *(n for _, n in shapes)])
    rows = (np.tile(np.arange(n), h) + since for (h, n), since in zip(shapes, begins, strict=False))
    return Batch(
        joined(s.own.reshape(-1, s.own.shape[2]) for s in samples).float(),
        joined(s.same for s in samples).float(),
        joined(rows),
        joined(s.beats.ravel() for s in samples).long(),
        torch.arange(len(onsets)).repeat_interleave(torch.from_numpy(onsets)),
        torch.from_numpy(onsets).float(),
        joined(s.facts for s in samples),
        joined(s.spans for s in samples),
        torch.arange(len(samples)).repeat_interleave(torch.tensor([h for h, _ in shapes])),
        joined(s.whole for s in samples).float(),
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
        into, _, second, _ = cast(tuple[nn.Linear, nn.ReLU, nn.Linear, nn.ReLU], self.onset)
        of_own, of_same = into.weight.tensor_split([batch.own.shape[1]], 1)
        same = nn.functional.linear(batch.same, of_same, into.bias)
        shown = torch.relu(second(torch.relu(batch.own @ of_own.T + same[batch.onset])))
        count = len(batch.onsets)
        mean = torch.zeros(count, ONSET).index_add(0, batch.candidate, shown)
        mean = mean / batch.onsets[:, None]
        turned = {}
        for cycle in set(CYCLES.values()):
            place = batch.candidate * cycle + batch.beats % cycle
            total = torch.zeros(count * cycle, ONSET).index_add(0, place, shown)
            sums = total.view(count, cycle, ONSET) / (batch.spans / cycle + 1)[:, None, None]
            fallen, firsts = self.dropout(sums), torch.arange(cycle)
            turned[cycle] = fallen[:, (firsts[:, None] + firsts) % cycle].flatten(2)
        about = self.dropout(torch.cat([mean, batch.facts], 1))
        columns = []
        for bars, head in zip(BARS, self.bars, strict=True):
            hidden, _, last = cast(tuple[nn.Linear, nn.ReLU, nn.Linear], head)
            of_sums, of_all = hidden.weight.tensor_split([CYCLES[bars.beats] * ONSET], 1)
            given = nn.functional.linear(about, of_all, hidden.bias)
            begun = torch.relu(turned[CYCLES[bars.beats]] @ of_sums.T + given[:, None])
            of_first = last(begun)[..., 0]
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

    scores = scores + batch.whole
    right = scores.masked_fill(~batch.right, -1e9)
    return (total(scores.logsumexp(1)) - total(right.logsumexp(1))).clamp(max=20)


def train(paths: Sequence[Path], work: Path, steps: int) -> BeatNetwork:
    """Train on all samples, from the last checkpoint on where there is one."""
    samples: list[Sample] = read(paths)
    torch.manual_seed(SEED)
    network, checkpoint = BeatNetwork(), work / "checkpoint.pt"
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-3)
    begin, mean = resume(checkpoint, network, optimiser), 0.0
    for step in range(begin, steps):
        for group in optimiser.param_groups:
            falling = 0.5 * (1 + math.cos(math.pi * step / steps))
            group["lr"] = RATE * min(1.0, (step + 1) / 100) * max(0.02, falling)
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
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=WEIGHTS.parent,
    show_default="the package",
    help="The folder of both files.",
)
@guarded
def main(data: Path, work: Path, out: Path) -> None:
    """Learn from the sets in DATA and write the weights of both networks into the package."""
    torch.set_num_threads(1)
    context = out / CONTEXT.name
    beat_context.make(data, work, context)
    paths = prepare(data, files(work), OF_A_FILE, partial(drawn, context=context))
    network = train(paths, work, STEPS)
    put_weights(
        out / WEIGHTS.name, {name: value.numpy() for name, value in network.state_dict().items()}
    )


if __name__ == "__main__":
    main()
