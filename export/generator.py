"""Makes the generator of phrases beside the phrase encoder that is served: `generator.npz`.

    python -m export.generator DATA [--steps N] [--out FILE]

DATA holds the sets of the phrase encoder, as archives or folders; phrases of their train splits, as people end them,
are learned from, but for each fifth piece: that is left to a judge (`bench.generator`).  What is learned are codes of
the encoder's.  A critic tells people's codes from made ones, by as much as it can while its slope stays near one, and
the generator learns to be told apart by as little (Wasserstein distance with a gradient penalty).  Both are told the
style, the bar and the length.  With the same seed, machine and libraries the same weights come out.
"""

import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from export.command import guarded
from livegen import shipped
from livegen.codec.phrases import encode, firsts_of, reference_of
from livegen.inference import phrase_model as phrase_files
from livegen.inference.generator import (
    ANY,
    SLOPE,
    WIDTH,
    GeneratorFacts,
    asked_for,
    save,
    shapes,
)
from livegen.inference.phrase_model import Floats, PhraseModel
from livegen.music.melody.phrase_steps import LINES_PER_BEAT
from livegen.music.words.style_names import nearest
from livegen.training.phrase_corpus import StyledPhrase, is_for_the_judge, melodies, styled

STYLES = (
    "folk_reel",
    "folk_jig",
    "folk_hornpipe",
    "folk_air",
    "folk_march",
    "folk",
    "jazz",
    "pop",
    "lied",
    "rock",
    "leadsheet",
)
SEED = 1
CRITIC = 160  # width of the critic
BATCH, RATE, CRITICS, PENALTY = 128, 2e-4, 3, 10.0
UNNAMED = 0.1  # share of phrases whose style is not told
AVERAGED = 0.995  # of the weights that are kept, the mean of the latest
SHRUNK = 0.2  # of a style's spread that is that of all styles
_ROUND = 1e-3  # added to variances, so that they have a root
REPORT = 250  # steps


class Coded(NamedTuple):
    """Codes (N, MOST_BEATS * code), what was asked for (N, asked), numbers of the styles (N,)."""

    codes: Floats
    asked: Floats
    styles: NDArray[np.int64]


def coded(model: PhraseModel, some: Sequence[StyledPhrase]) -> Coded:
    """Phrases as the generator is to make them."""
    numbers = {name: at for at, name in enumerate(STYLES, 1)}
    styles = [nearest(it.style, numbers, ANY) for it in some]
    codes, asked = [], []
    for it, style in zip(some, styles, strict=True):
        classes = encode(it.steps, reference_of(it.steps, it.tonic))
        codes.append(model.encode(classes, firsts_of(it.bar)).reshape(-1))
        beats = len(it.steps) // LINES_PER_BEAT
        asked.append(asked_for(len(STYLES), style, it.bar, beats))
    return Coded(np.array(codes), np.array(asked), np.array(styles))


def scattered(some: Coded) -> dict[str, Floats]:
    """The normal distribution: the middle by least squares from what was asked for, the spread of what is left."""
    size = some.asked.shape[1]
    asked = some.asked.astype(np.float64)
    middle = np.linalg.solve(asked.T @ asked + np.eye(size), asked.T @ some.codes)
    left = some.codes - asked @ middle
    of_all = np.cov(left.T)
    roots = []
    for style in range(len(STYLES) + 1):
        own = of_all
        if style != ANY:
            own = SHRUNK * of_all + (1 - SHRUNK) * np.cov(left[some.styles == style].T)
        roots.append(np.linalg.cholesky(own + _ROUND * np.eye(len(own))))
    return {
        "middle": middle.T.astype(np.float32),
        "scatter": np.array(roots, np.float32),
    }


def layers(sizes: Sequence[int]) -> nn.Sequential:
    """Linear layers with what is between them."""
    found: list[nn.Module] = []
    for before, after in pairwise(sizes):
        found += [nn.Linear(before, after), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*found[:-1])


class Adversaries:
    """Generator and critic, which learn from each other; codes are made of those that `scatter` has drawn."""

    def __init__(self, some: Coded, scatter: dict[str, Floats], seed: int) -> None:
        torch.manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        self.middle, self.spread = some.codes.mean(0), some.codes.std(0) + 1e-3
        self.codes = torch.tensor((some.codes - self.middle) / self.spread)
        self.asked, self.styles = torch.tensor(some.asked), torch.tensor(some.styles)
        spread = self.spread[:, None]
        self.of_asked = torch.tensor(scatter["middle"] / spread)
        self.of_asked[:, 0] -= torch.tensor(self.middle / self.spread)
        self.roots = torch.tensor(scatter["scatter"] / spread)
        counts = np.bincount(some.styles, minlength=len(STYLES) + 1)
        # Seldom styles are drawn more often than they come.
        shares = 1 / np.sqrt(counts[some.styles])
        self.drawn_by = np.cumsum(shares / shares.sum())
        size, asked = some.codes.shape[1], some.asked.shape[1]
        self.generator = layers((size + asked, WIDTH, WIDTH, size))
        with torch.no_grad():  # it begins by correcting nothing
            for value in self.generator[-1].parameters():
                value.zero_()
        self.critic = layers((size + asked, CRITIC, CRITIC, 1))
        self.kept = [value.detach().clone() for value in self.generator.parameters()]
        self.optimisers = [
            torch.optim.Adam(network.parameters(), RATE, (0.0, 0.9))
            for network in (self.generator, self.critic)
        ]

    def step(self) -> float:
        """The critic learns some times and the generator once; how far apart the critic tells both."""
        apart = 0.0
        for _ in range(CRITICS):
            codes, asked, styles = self._batch()
            made = self._made(asked, styles).detach()
            share = torch.rand(len(codes), 1)
            between = (share * codes + (1 - share) * made).requires_grad_()
            (slope,) = torch.autograd.grad(
                self._told(between, asked).sum(), between, create_graph=True
            )
            gap = (self._told(codes, asked) - self._told(made, asked)).mean()
            steep = ((slope.norm(dim=1) - 1) ** 2).mean()
            self._learn(1, PENALTY * steep - gap)
            apart = gap.item()
        _, asked, styles = self._batch()
        self._learn(0, -self._told(self._made(asked, styles), asked).mean())
        for kept, value in zip(self.kept, self.generator.parameters(), strict=True):
            kept.lerp_(value.detach(), 1 - AVERAGED)
        return apart

    def weights(self) -> dict[str, Floats]:
        """The generator's weights as a file has them, for codes as they are."""
        names = [name for name in shapes(GeneratorFacts(STYLES, 1, "")) if "." in name]
        found = {name: value.numpy() for name, value in zip(names, self.kept, strict=True)}
        size = len(self.spread)
        hidden = found["hidden.weight"].copy()
        hidden[:, :size] /= self.spread
        found["hidden.bias"] = found["hidden.bias"] - hidden[:, :size] @ self.middle
        found["hidden.weight"] = hidden
        found["made.weight"] = found["made.weight"] * self.spread[:, None]
        found["made.bias"] = found["made.bias"] * self.spread
        return found

    def _batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Codes, what was asked for, and numbers of the styles, each (BATCH, …)."""
        chosen = np.searchsorted(self.drawn_by, self.rng.random(BATCH)).clip(
            max=len(self.codes) - 1
        )
        asked = self.asked[chosen].clone()
        unnamed = torch.tensor(self.rng.random(BATCH) < UNNAMED)
        asked[unnamed, 1 : 1 + len(STYLES)] = 0
        return self.codes[chosen], asked, torch.where(unnamed, ANY, self.styles[chosen])

    def _made(self, asked: Tensor, styles: Tensor) -> Tensor:
        chance, drawn = torch.randn(len(asked), len(self.spread)), asked @ self.of_asked.T
        for style in sorted(set(styles.tolist())):
            own = styles == style
            drawn[own] += chance[own] @ self.roots[style].T
        made: Tensor = drawn + self.generator(torch.cat([drawn, asked], dim=1))
        return made

    def _told(self, codes: Tensor, asked: Tensor) -> Tensor:
        told: Tensor = self.critic(torch.cat([codes, asked], dim=1))
        return told

    def _learn(self, which: int, loss: Tensor) -> None:
        self.optimisers[which].zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimisers[which].step()


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--steps", default=4000, show_default=True, help="Updates of the generator.")
@click.option("--seed", default=SEED, show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@guarded
def main(data: Path, steps: int, seed: int, out: Path | None) -> None:
    """Learn from DATA, and write the file beside the phrase encoder, or --out."""
    torch.set_num_threads(1)
    model = phrase_files.load(shipped.phrase_model())
    sets = [name for name, _ in model.facts.data]
    learned = [it for it in melodies(data, "train", sets) if not is_for_the_judge(it)]
    some = coded(model, list(styled(learned)))
    scatter = scattered(some)
    both, since = Adversaries(some, scatter, seed), time.monotonic()
    for at in range(1, steps + 1):
        apart = both.step()
        if at % REPORT == 0:
            click.echo(f"{at} of {steps}, {apart:.3f} apart, {time.monotonic() - since:.0f} s")
    facts, path = (
        GeneratorFacts(STYLES, model.facts.code, model.fingerprint),
        out or shipped.generator(),
    )
    save(path, facts, scatter | both.weights())
    click.echo(f"{path}: {path.stat().st_size} bytes, of {len(some.codes)} phrases")


if __name__ == "__main__":
    main()
