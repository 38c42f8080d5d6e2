"""Trains a phrase encoder and decoder by a recipe of `kind: phrases`, top to bottom.

A run folder holds `checkpoint.pt` (all there is, to go on from; `export.phrases` reads it) and `metrics.jsonl`.  The
same recipe, data, libraries and kind of processor give the same weights, stopped on the way or not.
"""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegen.codec.phrases import FIRST_PITCH, firsts_of
from livegen.errors import ConfigError
from livegen.training.loop import is_fast_in_halves, kept_in, write_whole
from livegen.training.phrase_corpus import (
    PhraseSpan,
    PieceMelody,
    classes_of,
    melodies,
    phrases,
    windows,
)
from livegen.training.phrase_network import PhraseConfig, PhraseNetwork, loss_of, transposed
from livegen.training.phrase_recipe import PHRASES, PhraseRecipe
from livegen.training.record import Record

CHECKPOINT = "checkpoint.pt"
JUDGED = 1000  # phrases of the validation split by which progress is told
KEPT = 60_000  # bars as they come of each set that are learned from: more would not fit into memory
SMOOTH = 0.98  # of the running means that are recorded

Find = Callable[[int, PieceMelody], list[PhraseSpan]]  # number of a melody, melody

log = logging.getLogger(__name__)


class Phrases(NamedTuple):
    """Phrases of one kind: classes (N, LINES), beats of a bar (N,), and how often each is drawn (N,), 1 in all."""

    classes: NDArray[np.int8]
    bars: NDArray[np.int64]
    shares: NDArray[np.float64]

    def tensors(self, chosen: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Some of them as the network takes them, by number (B,): classes (B, LINES), firsts (B, MOST_BEATS)."""
        firsts = np.stack([firsts_of(int(bar)) for bar in self.bars[chosen]])
        return torch.tensor(self.classes[chosen].astype(np.int64)), torch.tensor(firsts)


def gathered(
    some: Sequence[PieceMelody], shares: dict[str, float], find: Find, seed: int
) -> Phrases:
    """The phrases that `find` cuts from melodies, of each set at most KEPT, each set drawn as often as `shares` say.

    Raises ConfigError where it finds none.
    """
    rng = np.random.default_rng(seed)
    by_set: dict[str, list[PhraseSpan]] = {name: [] for name in shares}
    for number, melody in enumerate(some):
        by_set[melody.corpus] += find(number, melody)
    classes, bars, drawn = list[NDArray[np.int8]](), list[int](), list[float]()
    for name, found in by_set.items():
        chosen = (
            sorted(rng.choice(len(found), min(KEPT, len(found)), replace=False)) if found else []
        )
        for at in chosen:
            melody = some[found[at].melody]
            classes.append(classes_of(melody, found[at]).astype(np.int8))
            bars.append(melody.bar)
        drawn += [shares[name] / len(chosen)] * len(chosen)
    if not classes:
        raise ConfigError(
            "no phrases in the data: melodies are leads with one metre of whole beats"
        )
    weights = np.array(drawn)
    return Phrases(np.array(classes), np.array(bars), weights / weights.sum())


def train_phrases(recipe: PhraseRecipe, data: Path, out: Path, resume: bool = True) -> Path:
    """Train by a recipe; the path of the checkpoint.  Raises ConfigError for data or a folder that do not fit."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{out} cannot be a run folder ({error.strerror})") from None
    learned = list(melodies(data, "train", list(recipe.sets)))
    held = list(melodies(data, "valid", list(recipe.sets)))
    kinds = [gathered(learned, recipe.sets, find, recipe.seed) for find in (phrases, windows)]
    judged = gathered(held, recipe.sets, phrases, recipe.seed)
    run = PhraseRun(recipe, kinds, judged, out)
    run.go(resume)
    return out / CHECKPOINT


def read_phrase_checkpoint(path: Path) -> dict[str, Any]:
    """All that a run keeps.  Raises ConfigError for a file that no run of a recipe of `kind: phrases` wrote."""
    kept = kept_in(path)
    recipe = kept.get("recipe") if isinstance(kept, dict) else None
    if not isinstance(recipe, dict) or recipe.get("kind") != PHRASES:
        raise ConfigError(
            f"{path} is no checkpoint of a recipe of `kind: {PHRASES}`; choose another file or --out"
        )
    assert isinstance(kept, dict)
    return kept


class PhraseRun:
    """A training run: network, optimiser, chance, and how many updates were made."""

    def __init__(
        self, recipe: PhraseRecipe, kinds: Sequence[Phrases], judged: Phrases, out: Path
    ) -> None:
        """Draw the weights; `kinds` are learned from in turn, `judged` tells how well it goes, `out` is there."""
        self.recipe, self.kinds, self.out = recipe, kinds, out
        torch.manual_seed(recipe.seed)
        self.network = PhraseNetwork(PhraseConfig(**recipe.network.model_dump()))
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(),
            recipe.learning_rate,
            (0.9, 0.98),
            weight_decay=recipe.weight_decay,
        )
        self.rng = np.random.default_rng(recipe.seed)
        self.step = 0
        self.record = Record(out)
        chosen = np.random.default_rng(0).permutation(len(judged.classes))[:JUDGED]
        self.judged = judged.tensors(chosen)

    def go(self, resume: bool) -> None:
        """Learn until all phrases of the recipe were seen, from the checkpoint on if there is one."""
        if resume and (self.out / CHECKPOINT).exists():
            self._load()
        self.record.begin(self.step)
        kept, smooth = time.monotonic(), dict[str, float]()
        while self.step < self.recipe.total_steps:
            for name, value in self._update().items():
                smooth[name] = SMOOTH * smooth.get(name, value) + (1 - SMOOTH) * value
            if self.step % self.recipe.validate_every == 0 or self.step == self.recipe.total_steps:
                self._record(smooth | self.judge())
            if time.monotonic() - kept > self.recipe.checkpoint_seconds:
                kept = time.monotonic()
                self._save()
        self._save()

    def _update(self) -> dict[str, float]:
        recipe, progress = self.recipe, self.step / self.recipe.total_steps
        rate = recipe.rate_at(self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        classes, firsts = self._batch()
        beta = max(recipe.beta * min(1.0, progress / recipe.beta_by), 1e-6) if recipe.beta else 0.0
        with torch.autocast("cpu", torch.bfloat16, enabled=is_fast_in_halves()):
            loss = loss_of(self.network, classes, firsts, beta)
        self.optimiser.zero_grad()
        loss.learned.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip)
        self.optimiser.step()
        self.step += 1
        return {"told": loss.told.item(), "coded": loss.coded.item()}

    def _batch(self) -> tuple[Tensor, Tensor]:
        """Phrases as people end them and bars as they come, in turn; some as if their key were another."""
        some, count = self.kinds[self.step % len(self.kinds)], self.recipe.batch
        chosen = np.searchsorted(np.cumsum(some.shares), self.rng.random(count)).clip(
            max=len(some.bars) - 1
        )
        low, high = self.recipe.transpose
        moved = self.rng.random(count) < self.recipe.moved
        shifts = np.where(moved, self.rng.integers(low, high + 1, count), 0)
        classes, firsts = some.tensors(chosen)
        return transposed(classes, torch.tensor(shifts)), firsts

    @torch.no_grad()
    def judge(self) -> dict[str, float]:
        """Judge how well held-out phrases come back: nats a phrase, F1 of notes, share that is exact."""
        classes, firsts = self.judged
        mean, _ = self.network.encode(classes, firsts)
        guessed = self.network.decode(mean, firsts).argmax(-1)
        loss = loss_of(self.network, classes, firsts, self.recipe.beta)
        right = ((guessed == classes) & (classes >= FIRST_PITCH)).sum(1)
        notes = (classes >= FIRST_PITCH).sum(1) + (guessed >= FIRST_PITCH).sum(1)
        return {
            "valid_told": loss.told.item(),
            "valid_coded": loss.coded.item(),
            "valid_f1": (2 * right / notes.clamp(min=1)).mean().item(),
            "valid_exact": (guessed == classes).all(1).float().mean().item(),
        }

    def _record(self, values: dict[str, float]) -> None:
        row = {"step": self.step, **{name: round(value, 4) for name, value in values.items()}}
        self.record.add(row)
        log.info("%s", row)

    def _save(self) -> None:
        state = {
            "recipe": self.recipe.model_dump(mode="json"),
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "rng": self.rng.bit_generator.state,
            "torch": torch.get_rng_state(),
            "step": self.step,
        }
        write_whole(self.out / CHECKPOINT, state)

    def _load(self) -> None:
        """Go on from the checkpoint.  Raises ConfigError for one of another recipe."""
        kept = read_phrase_checkpoint(self.out / CHECKPOINT)
        if kept["recipe"] != self.recipe.model_dump(mode="json"):
            raise ConfigError(f"{self.out} holds a run of another recipe; choose another --out")
        self.network.load_state_dict(kept["network"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.rng.bit_generator.state = kept["rng"]
        torch.set_rng_state(kept["torch"])
        self.step = kept["step"]
