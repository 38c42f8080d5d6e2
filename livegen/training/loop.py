"""The training loop, top to bottom: recipe, corpora, network, steps, validation, checkpoints.

Fabric brings the device, the precision and (later) more than one process; the steps that learn
stand here. A run folder holds `checkpoint.pt` (everything, to go on from), `best.pt` (the weights
of the best validation), `metrics.jsonl` (the record) and TensorBoard's files.
"""

import json
import math
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from livegen.codec.layout import FIELDS, STYLE_UNKNOWN_NAME, codec_hash
from livegen.errors import ConfigError
from livegen.training.corpora import Corpus, load
from livegen.training.network import Network, NetworkConfig
from livegen.training.objective import Objective, scored
from livegen.training.recipe import Recipe, read_recipe
from livegen.training.report import Report
from livegen.training.streams import Batch, Pool, Streams, sounding_steps

VALID_PIECES = 16  # of each set, evenly spaced
VALID_EVENTS = 512  # of each piece, from its start
BETAS = (0.9, 0.98)


def train(recipe_path: Path, data: Path, out: Path, resume: bool = True) -> Path:
    """Train by a recipe and give the path of the best weights.

    With `resume` a run folder that holds a checkpoint of the same recipe goes on from it.  Raises
    ConfigError before the first step for settings, data or a folder that do not fit.
    """
    recipe = read_recipe(recipe_path)
    report = Report(out)
    corpora = load(data, list(recipe.sets) if recipe.sets else None, progress=report.preparing)
    styles = style_names(corpora)
    pools = [_pool(corpora[name], styles, share) for name, share in shares(recipe, corpora).items()]
    run = Run(recipe, styles, pools, out, report)
    run.go(resume)
    return out / "best.pt"


def shares(recipe: Recipe, corpora: dict[str, Corpus]) -> dict[str, float]:
    """Share of each set, by the recipe or else by the root of its size.  Raises ConfigError for a set without music."""
    for name in recipe.sets or ():
        if name not in corpora or not corpora[name].split("train"):
            raise ConfigError(
                f"the recipe trains on {name}, which holds no readable training pieces"
            )
    found = recipe.sets or {
        name: math.sqrt(len(corpus.events))
        for name, corpus in corpora.items()
        if corpus.split("train")
    }
    if not found:
        raise ConfigError("no readable training pieces in the data")
    if not any(corpora[name].split("valid") for name in found):
        raise ConfigError(
            "no pieces to validate on: give at least one the split `valid`, or add files"
        )
    total = sum(found.values())
    return {name: share / total for name, share in found.items()}


def style_names(corpora: dict[str, Corpus]) -> list[str]:
    """Names of the style classes: class 0 is the unknown one."""
    return [
        STYLE_UNKNOWN_NAME,
        *sorted({p.style for c in corpora.values() for p in c.pieces if p.style}),
    ]


@dataclass(frozen=True, slots=True)
class Held:
    """Validation pieces of a set, padded: Batch fields plus `valid` bool (T, B), and the set's share."""

    batch: Batch
    valid: np.ndarray[Any, np.dtype[np.bool_]]
    share: float


def _pool(corpus: Corpus, styles: list[str], share: float) -> tuple[str, Pool, Held | None]:
    train, valid = (
        [piece for piece in corpus.split(name) if piece.end - piece.start > 1]
        for name in ("train", "valid")
    )
    classes = [styles.index(piece.style) if piece.style else 0 for piece in train]
    pool = Pool(corpus.events, train, classes, share)
    picked = valid[:: max(1, len(valid) // VALID_PIECES)][:VALID_PIECES]
    return corpus.name, pool, _held(corpus, picked, styles, share) if picked else None


def _held(corpus: Corpus, pieces: list[Any], styles: list[str], share: float) -> Held:
    rows = [corpus.events[p.start : min(p.end, p.start + VALID_EVENTS + 1)] for p in pieces]
    steps = max(len(r) for r in rows) - 1
    shape = (steps, len(rows))
    batch = Batch(
        np.zeros((*shape, rows[0].shape[1]), np.uint8),
        np.zeros((*shape, rows[0].shape[1]), np.uint8),
        np.zeros(shape, np.int64),
        np.zeros((*shape, sounding_steps(rows[0][:1]).shape[1]), np.bool_),
        np.ones((*shape, 1), np.float32),
    )
    valid = np.zeros(shape, np.bool_)
    for b, (r, piece) in enumerate(zip(rows, pieces, strict=True)):
        n = len(r) - 1
        batch.rows[:n, b], batch.targets[:n, b] = r[:-1], r[1:]
        batch.style[:, b] = styles.index(piece.style) if piece.style else 0
        batch.sounding[:n, b] = sounding_steps(r[:-1])
        valid[:n, b] = True
    return Held(batch, valid, share)


def rate_at(recipe: Recipe, step: int) -> float:
    """Learning rate of an update: linear warm-up, then a cosine down to `final_rate` of the peak."""
    if step < recipe.warmup:
        return recipe.learning_rate * (step + 1) / recipe.warmup
    share = (step - recipe.warmup) / max(1, recipe.total_steps - recipe.warmup)
    cosine = (1 + math.cos(math.pi * min(1.0, share))) / 2
    return recipe.learning_rate * (recipe.final_rate + (1 - recipe.final_rate) * cosine)


def precision_of(recipe: Recipe) -> Any:
    """Fabric's word for the recipe's precision; `auto` takes bfloat16 where the hardware multiplies it."""
    if recipe.precision == "auto":
        fast = torch.cuda.is_available() or bool(
            getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
        )
        return "bf16-mixed" if fast else "32-true"
    return "bf16-mixed" if recipe.precision == "bf16" else "32-true"


class Run:
    """One training run: the network, its optimiser, its streams, and where they stand."""

    def __init__(
        self,
        recipe: Recipe,
        styles: list[str],
        pools: list[tuple[str, Pool, Held | None]],
        out: Path,
        report: Report,
    ) -> None:
        self.recipe, self.styles, self.out, self.report = recipe, styles, out, report
        self.fabric = Fabric(accelerator="auto", devices=1, precision=precision_of(recipe))
        self.fabric.seed_everything(recipe.seed, verbose=False)
        config = NetworkConfig(styles=len(styles), **recipe.network.model_dump())
        self.network = Network(config)
        self.optimiser: Any = torch.optim.AdamW(
            self.network.parameters(),
            lr=recipe.learning_rate,
            betas=BETAS,
            weight_decay=recipe.weight_decay,
        )
        self.objective, self.optimiser = self.fabric.setup(Objective(self.network), self.optimiser)
        self.streams = Streams(
            [pool for _, pool, _ in pools],
            recipe.batch,
            recipe.segment,
            recipe.transpose,
            recipe.style_unknown,
            recipe.seed,
        )
        self.held = {name: held for name, _, held in pools if held}
        self.masked = (
            torch.arange(recipe.batch, device=self.fabric.device) < recipe.masked * recipe.batch
        )
        self.state = self.network.initial_state(recipe.batch)
        self.step, self.best, self.waited = 0, math.inf, 0
        self.stopping = False

    def go(self, resume: bool) -> None:
        """Learn until the events are used up, validation stops improving, or a signal asks to stop."""
        path = self.out / "checkpoint.pt"
        if resume and path.exists():
            self.restore(path)
        previous = {
            number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            self._learn(path)
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _stop(self, *_: Any) -> None:
        self.stopping = True

    def _learn(self, path: Path) -> None:
        recipe = self.recipe
        per_step = recipe.batch * recipe.steps
        saved = time.monotonic()
        self.report.starting(recipe, self.network, self.fabric, self.step)
        while (
            self.step < recipe.total_steps and self.waited < recipe.patience and not self.stopping
        ):
            nats, hits, seconds = self._update()
            self.step += 1
            self.report.step(
                self.step, per_step, nats, hits, rate_at(recipe, self.step - 1), seconds
            )
            done = self.step == recipe.total_steps
            if (
                self.step * per_step // recipe.validate_every
                > (self.step - 1) * per_step // recipe.validate_every
                or done
            ):
                self._judge()
            if time.monotonic() - saved >= recipe.checkpoint_seconds or done:
                self.save(path)
                saved = time.monotonic()
        self.save(path)
        self.report.finished(self.step >= recipe.total_steps, self.stopping, self.best)

    def _update(self) -> tuple[dict[str, float], dict[str, float], tuple[float, float]]:
        """One step of learning: mean nats per event by field, share of hits, and seconds (data, all)."""
        began = time.perf_counter()
        batch = self.streams.next(self.recipe.steps)
        inputs = self._tensors(batch)
        ready = time.perf_counter()
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.recipe, self.step)
        nats, hits, state = self.objective(*inputs, self.state, self.masked)
        loss = sum(field.sum() for field in nats.values()) / (self.recipe.batch * self.recipe.steps)
        self.optimiser.zero_grad()
        self.fabric.backward(loss)
        self.fabric.clip_gradients(self.objective, self.optimiser, max_norm=self.recipe.clip)
        self.optimiser.step()
        self.state = state.detach()
        means = {name: field.detach().mean().item() for name, field in nats.items()}
        if not math.isfinite(sum(means.values())):
            raise ConfigError(
                f"the loss is no number at step {self.step}; try a smaller learning_rate"
            )
        shares = {name: field.float().mean().item() for name, field in hits.items()}
        return means, shares, (ready - began, time.perf_counter() - began)

    def _tensors(self, batch: Batch) -> list[Tensor]:
        arrays = (batch.rows, batch.targets, batch.style, batch.sounding, batch.keep)
        tensors = [torch.from_numpy(array).to(self.fabric.device) for array in arrays]
        return [t.long() if t.dtype == torch.uint8 else t for t in tensors]

    def _judge(self) -> None:
        """Validate, and keep the weights when they are the best so far."""
        result = self.validate()
        loss = result["nats_per_note"]
        better = loss < self.best
        self.waited = 0 if better else self.waited + 1
        if better:
            self.best = loss
            write_whole(self.out / "best.pt", self._weights())
        self.report.validated(self.step, result, better)

    @torch.no_grad()
    def validate(self) -> dict[str, Any]:
        """Nats per note of each set and, weighted by the sets' shares, in all; nats per event and accuracy by field."""
        self.objective.eval()
        sets, fields, shares = {}, {name: [0.0, 0.0, 0.0] for name in FIELDS}, 0.0
        for name, held in self.held.items():
            batch = held.batch
            width = batch.rows.shape[1]
            everyone = torch.ones(width, dtype=torch.bool, device=self.fabric.device)
            inputs = self._tensors(batch)
            nats, hits, _ = self.objective(*inputs, self.network.initial_state(width), everyone)
            valid = torch.from_numpy(held.valid).to(self.fabric.device)
            scores = {field: where & valid for field, where in scored(inputs[1]).items()}
            notes = int(scores["velocity"].sum())
            total = 0.0
            for field in FIELDS:
                lost = float((nats[field] * valid).sum())
                total += lost
                fields[field][0] += lost
                fields[field][1] += float((hits[field] & valid).sum())
                fields[field][2] += float(scores[field].sum())
            sets[name] = total / max(1, notes)
            shares += held.share
        self.objective.train()
        balanced = sum(sets[name] * held.share for name, held in self.held.items()) / shares
        return {
            "nats_per_note": balanced,
            "sets": sets,
            "nats": {name: lost / max(1, scored) for name, (lost, _, scored) in fields.items()},
            "accuracy": {name: hit / max(1, scored) for name, (_, hit, scored) in fields.items()},
        }

    # --- checkpoints
    # ------------------------------------------------------------------------------------------

    def _weights(self) -> dict[str, Any]:
        return {
            "codec": codec_hash(),
            "network": self.network.config.facts(),
            "styles": self.styles,
            "recipe": self.recipe.model_dump(mode="json"),
            "step": self.step,
            "nats_per_note": self.best,
            "weights": self.network.state_dict(),
        }

    def save(self, path: Path) -> None:
        """Write everything the run depends on, whole or not at all."""
        write_whole(
            path,
            self._weights()
            | {
                "optimiser": self.optimiser.state_dict(),
                "streams": self.streams.state(),
                "state": self.state,
                "chance": torch.get_rng_state(),
                "waited": self.waited,
            },
        )

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint.  Raises ConfigError when it belongs to another recipe, codec or set of styles."""
        kept = read_checkpoint(path)
        if kept["recipe"] != self.recipe.model_dump(mode="json") or kept["styles"] != self.styles:
            raise ConfigError(
                f"{path} belongs to another recipe or other data; choose another --out or remove that folder"
            )
        self.network.load_state_dict(kept["weights"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.streams.restore(kept["streams"])
        self.state = kept["state"].to(self.fabric.device)
        torch.set_rng_state(kept["chance"])
        self.step, self.best, self.waited = kept["step"], kept["nats_per_note"], kept["waited"]


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint of ours; tensors and plain values only.  Raises ConfigError for any other file."""
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
    except (
        Exception
    ) as error:  # torch raises whatever its readers meet in a file that is not one of ours
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"{path} is not a livegen checkpoint ({type(error).__name__}: {reason:.120})"
        ) from None
    if not isinstance(kept, dict) or kept.get("codec") != codec_hash():
        found = kept.get("codec") if isinstance(kept, dict) else None
        raise ConfigError(
            f"{path} was trained for codec {found}, this livegen uses {codec_hash()}; train it again"
        )
    return kept


def load_network(path: Path) -> tuple[Network, dict[str, Any]]:
    """The network of a checkpoint, ready to evaluate, and all else it holds."""
    kept = read_checkpoint(path)
    network = Network(NetworkConfig(**kept["network"]))
    network.load_state_dict(kept["weights"])
    return network.eval(), kept


def write_whole(path: Path, value: dict[str, Any]) -> None:
    """Save with torch so that a kill leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    torch.save(value, part)
    part.replace(path)
