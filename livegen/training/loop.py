"""The training loop, top to bottom: recipe, corpora, network, steps, validation, checkpoints.

Fabric brings the device, the precision and the mean of the gradients over processes; the steps that
learn stand here.  Of several processes each has its part of the streams, and the leader alone writes.
A run folder holds `checkpoint.pt` (everything, to go on from), `best.pt` (the weights of the best
validation), `metrics.jsonl` (the record) and TensorBoard's files.
"""

import io
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from livegen import whole_files
from livegen.codec.layout import STYLE_UNKNOWN_NAME, codec_hash
from livegen.errors import ConfigError
from livegen.training import shards
from livegen.training.corpora import Corpus, load, usable
from livegen.training.crew import Crew, crew_here
from livegen.training.model_weights import StartingPoint, read_start
from livegen.training.network import Dropout, Network, NetworkConfig
from livegen.training.objective import Objective, tensors
from livegen.training.optimisers import optimisers_for
from livegen.training.recipe import Recipe, read_recipe
from livegen.training.run_report import Report, Silence
from livegen.training.streams import Pool, Streams, joined
from livegen.training.validation import hold, style_class, validate


def train(
    recipe_path: Path, data: Path | str, out: Path, resume: bool = True, base: Path | None = None
) -> Path:
    """Train by a recipe, from nothing or from the weights of the model file `base`; the path of the best weights.

    `data` is a folder of sets, or a place that shards.pack wrote to.
    With `resume` a run folder that holds a checkpoint of the same recipe goes on from it.  Of a run
    that a signal stopped before its first validation it is the path of the checkpoint, for there are
    no best weights yet.  Raises ConfigError and ModelError before the first step for settings, data, a
    model or a folder that do not fit.
    """
    recipe, crew = read_recipe(recipe_path), crew_here()
    start = read_start(base, recipe) if base else None
    fabric = crew.fabric(precision_of(recipe))
    with crew.together(), Report(out) if crew.leads else Silence() as report:
        names = list(recipe.sets) if recipe.sets else None
        machine = (crew.machine, crew.machines)
        if shards.are_at(str(data)):
            corpora = shards.opened(str(data), names)
        else:
            corpora = crew.turn(
                lambda: load(Path(data), names, progress=report.preparing, machine=machine)
            )
        run = Run(recipe, corpora, out, report, start, crew, fabric)
        run.go(resume)
    return out / ("checkpoint.pt" if run.best == math.inf else "best.pt")


def shares(recipe: Recipe, corpora: Mapping[str, Corpus]) -> dict[str, float]:
    """Share of each set, by the recipe or else by the root of its size; 1 in all.

    Raises ConfigError for a set without music to learn from, and when nothing is held back.
    """
    sets = {name: corpus for name, corpus in corpora.items() if usable(corpus, "train")}
    for name in recipe.sets or ():
        if name not in sets:
            raise ConfigError(
                f"the recipe trains on {name}, which holds no readable training pieces"
            )
    found = recipe.sets or {name: math.sqrt(len(corpus.events)) for name, corpus in sets.items()}
    if not found:
        raise ConfigError("no readable training pieces in the data")
    if not any(usable(corpora[name], "valid") for name in found):
        raise ConfigError(
            "no pieces to validate on: give at least one the split `valid`, or add files"
        )
    total = sum(found.values())
    return {name: share / total for name, share in found.items()}


def style_names(corpora: Mapping[str, Corpus]) -> list[str]:
    """Names of the style classes: class 0 is the unknown one."""
    named = {piece.style for corpus in corpora.values() for piece in corpus.pieces if piece.style}
    return [STYLE_UNKNOWN_NAME, *sorted(named)]


def _pool(corpus: Corpus, styles: list[str], share: float) -> Pool:
    pieces = usable(corpus, "train")
    return Pool(corpus.events, pieces, [style_class(piece, styles) for piece in pieces], share)


def precision_of(recipe: Recipe) -> Any:
    """Fabric's word for the recipe's precision; `auto` is bfloat16 where it is fast."""
    if recipe.precision != "auto":
        return {"bf16": "bf16-mixed", "32": "32-true"}[recipe.precision]
    if torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported(False) else "32-true"
    return "bf16-mixed" if is_fast_in_halves() else "32-true"


def is_fast_in_halves() -> bool:
    """True on a processor that multiplies bfloat16."""
    return bool(getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)())


class Run:
    """A training run: the network, its optimiser, its streams, and where they stand."""

    def __init__(
        self,
        recipe: Recipe,
        corpora: Mapping[str, Corpus],
        out: Path,
        report: Report,
        start: StartingPoint | None = None,
        crew: Crew = Crew(),  # noqa: B008  a value
        fabric: Any = None,
    ) -> None:
        """Build everything; raises ConfigError when recipe and corpora do not fit.

        With `start` its network learns on, and learns the styles that it lacks; else one is drawn.  `fabric` is that
        of a `crew` of several.
        """
        if recipe.batch % crew.size:
            raise ConfigError(
                f"the recipe's batch is {recipe.batch}, which cannot be split evenly among {crew.size} processes"
            )
        self.recipe, self.out, self.report, self.crew = recipe, out, report, crew
        self.styles = style_names(corpora)
        if start:
            new = [style for style in self.styles if style not in start.styles]
            self.styles = [*start.styles, *new]
            start.network.learn_styles(len(self.styles))
        self.begun_from = start.model if start else None
        share = shares(recipe, corpora)
        held = {name: hold(corpora[name], self.styles, share[name]) for name in share}
        self.held = {name: one for name, one in held.items() if one}
        self.fabric = fabric or crew.fabric(precision_of(recipe))
        self.fabric.seed_everything(recipe.seed, verbose=False)
        config = NetworkConfig(styles=len(self.styles), **recipe.network.model_dump())
        self.network = start.network if start else Network(config)
        deal = (crew.rank, crew.size)
        for module in self.network.modules():
            if isinstance(module, Dropout):
                module.deal = deal
        self.objective: Any
        self.optimisers: list[Any]
        self.objective, *self.optimisers = self.fabric.setup(
            Objective(self.network), *optimisers_for(self.network, recipe)
        )
        self.streams = Streams(
            [_pool(corpora[name], self.styles, share[name]) for name in share],
            recipe.batch,
            recipe.segment,
            recipe.transpose,
            recipe.style_unknown,
            recipe.seed,
            deal,
            recipe.shards,
            recipe.detached,
        )
        self.rows = {name: len(corpora[name].events) for name in share}
        order = torch.arange(recipe.batch, device=self.fabric.device)
        self.masked = (order < recipe.masked * recipe.batch)[crew.rank :: crew.size]
        self.state = self.network.initial_state(recipe.batch // crew.size)
        self.step, self.best, self.waited = 0, math.inf, 0
        self.stopping = False
        self.saved = time.monotonic()

    def go(self, resume: bool) -> None:
        """Learn until the events are used up, validation stops improving, or a signal comes."""
        path = self.out / "checkpoint.pt"
        if resume:
            self.restore(path)
        with stopped_by_signals(self._stop):
            self._learn(path)

    def _stop(self, *_: Any) -> None:
        self.stopping = True

    def _learn(self, path: Path) -> None:
        recipe = self.recipe
        self.report.starting(recipe, self.network, self.fabric, self.step)
        self.saved, stop = time.monotonic(), False
        while self.step < recipe.total_steps and self.waited < recipe.patience and not stop:
            learned = self._update()
            self.report.step(self.step, recipe, *learned)
            if self._validation_is_due():
                self._judge()
            stop, save = self._agree()
            if save:
                self.save(path)
        self.stopping = stop
        self.save(path)
        self.report.finished(self.step >= recipe.total_steps, self.stopping, self.best)

    def _update(self) -> tuple[dict[str, float], dict[str, float], tuple[float, float]]:
        """Take a step of learning: nats per event and hits by field, and seconds (data, all)."""
        recipe = self.recipe
        began = time.perf_counter()
        inputs = tensors(self.streams.next(recipe.steps), self.fabric.device)
        ready = time.perf_counter()
        for group in (group for one in self.optimisers for group in one.param_groups):
            group["lr"] = recipe.rate_at(self.step) * group["times"]
        nats, hits, state = self.objective(*inputs, self.state, self.masked)
        # The mean over the streams here; the gradients' mean over processes makes it that of all.
        loss = sum(field.sum() for field in nats.values()) / nats["time"].numel()
        self.objective.zero_grad()
        self.fabric.backward(loss)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip)
        if not math.isfinite(float(norm)):
            raise ConfigError(
                f"the gradient is not finite at step {self.step}; try a smaller learning_rate"
            )
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
        self.state = state.detach()
        means = self._means(nats), self._means(hits)
        return *means, (ready - began, time.perf_counter() - began)

    def _means(self, fields: dict[str, Tensor]) -> dict[str, float]:
        """The mean of each field over the streams of all processes."""
        own = [field.detach().float().mean().item() / self.crew.size for field in fields.values()]
        return dict(zip(fields, self.crew.sums(own), strict=True))

    def _agree(self) -> tuple[bool, bool]:
        """Decide in all processes alike whether to stop and to save, whichever got the signal."""
        is_due = time.monotonic() - self.saved >= self.recipe.checkpoint_seconds
        stop, save = self.crew.sums([self.stopping, is_due and self.crew.leads])
        return stop > 0, save > 0

    def _validation_is_due(self) -> bool:
        events, every = self.recipe.batch * self.recipe.steps, self.recipe.validate_every
        crossed = self.step * events // every > (self.step - 1) * events // every
        return crossed or self.step == self.recipe.total_steps

    def _judge(self) -> None:
        """Validate, and keep the weights when they are the best so far."""
        result = validate(self.objective, self.network, self.held, self.fabric.device, self.crew)
        loss = result["nats_per_note"]
        better = loss < self.best
        self.waited = 0 if better else self.waited + 1
        if better:
            self.best = loss
            if self.crew.leads:
                write_whole(self.out / "best.pt", self._weights())
        (spent,) = self.crew.sums([time.process_time()])
        self.report.validated(self.step, result, better, spent)

    # --- checkpoints ------------------------------------------------------------------------

    def _weights(self) -> dict[str, Any]:
        return {
            "codec": codec_hash(),
            "network": self.network.config.facts(),
            "styles": self.styles,
            "begun_from": self.begun_from,
            "recipe": self.recipe.model_dump(mode="json"),
            "step": self.step,
            "nats_per_note": self.best,
            "weights": self.network.state_dict(),
        }

    def save(self, path: Path) -> None:
        """Write everything the run depends on, whole or not at all.

        It says nothing of how many processes there are: any number goes on from it.
        """
        self.saved = time.monotonic()
        streams, state = joined(self.crew.all(self.streams.state())), self.crew.joined(self.state)
        if not self.crew.leads:
            return
        write_whole(
            path,
            self._weights()
            | {
                "optimisers": [one.state_dict() for one in self.optimisers],
                "streams": streams,
                "state": state,
                "chance": torch.get_rng_state(),
                "chance_cuda": self._cuda_chance(),
                "rows": self.rows,
                "waited": self.waited,
            },
        )

    def _cuda_chance(self) -> Tensor | None:
        """State of the device's own generator, which draws the dropout there."""
        device = self.fabric.device
        return torch.cuda.get_rng_state(device) if device.type == "cuda" else None

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint, if there is one; the leader reads it and tells the others.

        Raises ConfigError for one of another recipe, codec or data.
        """
        data = self.crew.told(lambda: path.read_bytes() if path.exists() else None)
        if data is None:
            return
        kept = self._readable(path, data)
        self.network.load_state_dict(kept["weights"])
        for optimiser, state in zip(self.optimisers, kept["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        self.streams.restore(kept["streams"])
        self.state = self.crew.dealt(kept["state"]).to(self.fabric.device)
        torch.set_rng_state(kept["chance"])
        if self.fabric.device.type == "cuda" and kept.get("chance_cuda") is not None:
            torch.cuda.set_rng_state(kept["chance_cuda"], self.fabric.device)
        self.step, self.best, self.waited = kept["step"], kept["nats_per_note"], kept["waited"]

    def _readable(self, path: Path, data: bytes) -> dict[str, Any]:
        kept = read_checkpoint(path, data)
        if "optimisers" not in kept or not Streams.is_state(kept["streams"]):
            raise ConfigError(
                f"{path} holds weights alone or is an earlier livegen's; a run goes on from a whole checkpoint"
            )
        own = (self.recipe, self.styles, self.begun_from, self.rows)
        its = (recipe_of(kept), kept["styles"], kept["begun_from"], kept["rows"])
        if its != own:
            raise ConfigError(
                f"{path} belongs to another recipe, another model or other data;"
                " choose another --out or remove that folder"
            )
        return kept


@contextmanager
def stopped_by_signals(stop: Callable[..., None]) -> Iterator[None]:
    """Let SIGINT and SIGTERM call `stop` for a while; only the main thread may, so in any other nothing changes."""
    is_main = threading.current_thread() is threading.main_thread()
    signals = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    previous = {number: signal.signal(number, stop) for number in signals}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def recipe_of(kept: Mapping[str, Any]) -> Recipe | None:
    """The recipe of a checkpoint, with defaults for what there was no setting for then; None if it is none now."""
    try:
        return Recipe.model_validate(kept["recipe"])
    except ValidationError:
        return None


def kept_in(path: Path, data: bytes | None = None) -> Any:
    """All that a file of torch holds; tensors and plain values only.  Raises ConfigError for others.

    `data` are its bytes where somebody has read them already.
    """
    try:
        return torch.load(
            path if data is None else io.BytesIO(data), map_location="cpu", weights_only=True
        )
    except Exception as error:  # torch raises whatever its readers meet in a file that is not ours
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise ConfigError(f"{path} is not a livegen checkpoint ({reason:.160})") from None


def read_checkpoint(path: Path, data: bytes | None = None) -> dict[str, Any]:
    """Read a checkpoint of ours; tensors and plain values only; see `kept_in`.  Raises ConfigError for others."""
    kept = kept_in(path, data)
    found = kept.get("codec") if isinstance(kept, dict) else None
    if found != codec_hash():
        raise ConfigError(
            f"{path} was trained for codec {found}, this livegen uses {codec_hash()};"
            " train it again"
        )
    assert isinstance(kept, dict)
    return kept


def load_network(path: Path) -> tuple[Network, dict[str, Any]]:
    """The network of a checkpoint, ready to evaluate, and all else it holds."""
    kept = read_checkpoint(path)
    network = Network(NetworkConfig(**kept["network"]))
    network.load_state_dict(kept["weights"])
    return network.eval(), kept


def write_whole(path: Path, value: dict[str, Any]) -> None:
    """Save with torch so that a kill or a power loss leaves the old file or the new one."""
    whole_files.make_folder(path.parent)
    whole_files.write(path, lambda draft: torch.save(value, draft), replace=True)
