"""Reports of a training run: a progress line, `metrics.jsonl`, TensorBoard."""

import math
import time
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from livegen.errors import ConfigError
from livegen.training.recipe import Recipe
from livegen.training.record import Record

SMOOTH = 0.98  # of the running means that are shown and recorded
EVERY = 50  # steps between two records
WIDE = 120  # columns of a terminal that has room for a bar and for the time elapsed


class TimeLeft(TimeRemainingColumn):
    """The time that a task still needs, said to be that."""

    def render(self, task: Task) -> Text:
        """Write it beside its name."""
        return super().render(task).append(" left")


def columns(width: int) -> list[ProgressColumn]:
    """Give the columns of the progress line; within 80 columns all but the bar and the time elapsed."""
    wide = width >= WIDE
    return [
        TextColumn("{task.description}"),
        *([BarColumn()] if wide else []),
        MofNCompleteColumn(),
        *([TimeElapsedColumn()] if wide else []),
        TimeLeft(),
        TextColumn("{task.fields[note]}"),
    ]


class Report:
    """Writes what a run does into its folder and onto the terminal; to be used in a `with`."""

    def __init__(self, out: Path) -> None:
        """Make the run folder.  Raises ConfigError when it cannot be made."""
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{out} cannot be a run folder ({error.strerror})") from None
        self.out = out
        self.console = Console(stderr=True)
        self.progress = Progress(*columns(self.console.width), console=self.console)
        self.tasks: dict[str, Any] = {}
        self.smooth: dict[str, float] = {}
        self.valid = ""
        self.began = time.monotonic()
        self.writer: Any = None
        self.record = Record(out)

    def __enter__(self) -> Self:
        """Nothing yet; the terminal is taken when there is progress to show."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back, however the run ended."""
        if self.progress.live.is_started:  # else it would end a line that nobody began
            self.progress.stop()
        if self.writer:
            self.writer.close()

    def preparing(self, name: str, done: int, total: int) -> None:
        """Show how far the encoding of a set has come."""
        self.progress.start()
        if name not in self.tasks:
            self.tasks[name] = self.progress.add_task(f"reading {name}", total=total, note="files")
        self.progress.update(self.tasks[name], completed=done)

    def starting(self, recipe: Recipe, network: Any, fabric: Any, step: int) -> None:
        """Say what is about to be trained, and where."""
        from torch.utils.tensorboard import SummaryWriter

        self.record.begin(step)
        self.writer = SummaryWriter(str(self.out / "tensorboard"), purge_step=step + 1)
        size = sum(parameter.numel() for parameter in network.parameters())
        since = f"from step {step}" if step else "from the start"
        precision = fabric._precision.precision
        self.console.print(
            f"{recipe.name}: {size / 1e6:.2f} M parameters on {fabric.device}, "
            f"precision {precision}, {since}; loss in nats per event, valid in nats per note",
            soft_wrap=True,
        )
        self.progress.start()
        self.tasks["steps"] = self.progress.add_task(
            "training", total=recipe.total_steps, completed=step, note=""
        )

    def step(
        self,
        step: int,
        recipe: Recipe,
        nats: dict[str, float],
        hits: dict[str, float],
        seconds: tuple[float, float],
    ) -> None:
        """Take note of one update: nats and hits by field, seconds spent on data and in all."""
        events, (data, spent) = recipe.batch * recipe.steps, seconds
        now = {"loss": sum(nats.values()), "events_per_second": events / spent}
        now |= {"data_share": data / spent}
        now |= {f"nats_{name}": value for name, value in nats.items()}
        now |= {f"hits_{name}": value for name, value in hits.items()}
        for name, value in now.items():
            self.smooth[name] = SMOOTH * self.smooth.get(name, value) + (1 - SMOOTH) * value
        rate, loss = self.smooth["events_per_second"], self.smooth["loss"]
        note = f"{_short(rate)} events/s, loss {loss:.3f}, valid {self.valid or '–'}"
        self.progress.update(self.tasks["steps"], completed=step, note=note)
        if step % EVERY == 0:
            rate = recipe.rate_at(step - 1)
            self._record("train", step, {"rate": rate, "events": step * events, **self.smooth})

    def validated(
        self, step: int, result: dict[str, Any], better: bool, core_seconds: float
    ) -> None:
        """Take note of a validation, and of the processor time that all processes have spent since they began."""
        self.valid = f"{result['nats_per_note']:.3f}"
        flat = {"nats_per_note": result["nats_per_note"], "core_seconds": core_seconds}
        flat |= {f"set_{name}": value for name, value in result["sets"].items()}
        for kind in ("nats", "accuracy"):
            flat |= {f"{kind}_{name}": value for name, value in result[kind].items()}
        self._record("valid", step, flat)
        best = " (best so far)" if better else ""
        self.console.print(f"step {step}: valid {self.valid} nats/note{best}")

    def finished(self, complete: bool, stopped: bool, best: float) -> None:
        """Say how the run ended."""
        why = "all events used" if complete else "no more gain"
        if stopped and not complete:
            why = "stopped by a signal; the same command goes on"
        kept = f"best validation {best:.3f} nats/note, weights in {self.out / 'best.pt'}"
        if best == math.inf:
            kept = "not yet validated, so no weights are kept but the checkpoint's"
        self.progress.stop()
        self.console.print(f"{why}; {kept}", soft_wrap=True)

    def _record(self, kind: str, step: int, values: dict[str, float]) -> None:
        line = {"kind": kind, "step": step, "seconds": round(time.monotonic() - self.began, 3)}
        self.record.add(line | {k: round(v, 6) for k, v in values.items()})
        for name, value in values.items():
            self.writer.add_scalar(f"{kind}/{name}", value, step)


class Silence(Report):
    """The reports of processes that do not lead: none."""

    def __init__(self) -> None:
        """Make nothing."""

    def __exit__(self, *_: object) -> None:
        """Nothing was taken."""

    def preparing(self, name: str, done: int, total: int) -> None:
        """Nothing."""

    def starting(self, recipe: Recipe, network: Any, fabric: Any, step: int) -> None:
        """Nothing."""

    def step(self, *_: Any) -> None:
        """Nothing."""

    def validated(self, *_: Any) -> None:
        """Nothing."""

    def finished(self, complete: bool, stopped: bool, best: float) -> None:
        """Nothing."""


def _short(number: float) -> str:
    """A number in at most four characters: 950, 12k, 1.5M."""
    for unit, suffix in ((1e6, "M"), (1e3, "k")):
        if number >= 0.9995 * unit:
            return (
                f"{number / unit:.2g}{suffix}"
                if number < 9.95 * unit
                else f"{number / unit:.0f}{suffix}"
            )
    return f"{number:.0f}"
