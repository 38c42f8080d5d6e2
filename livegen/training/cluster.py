"""A training run on the machines of a Ray cluster, by Ray Train: who takes part, and who is started again.

Ray Train sets the variables that torchrun sets, so each of its processes is a member of a crew (crew.py) and runs the
loop as it is.  Which machines there are Ray knows: RAY_ADDRESS names its cluster, and without it one is started on this
machine.  Knows no network and no music.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from livegen.errors import LivegenError

RESTARTS = 3  # of all processes, from the last checkpoint, when one has died
QUIET = {
    "RAY_TRAIN_V2_ENABLED": "1",
    "RAY_TRAIN_ENABLE_STATE_TRACKING": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is told to anybody
}
_MISTAKE = re.compile(r"livegen\.errors\.(?:\w*Error): (.+)")


def train_on_cluster(
    processes: int,
    recipe: Path,
    data: Path | str,
    out: Path,
    resume: bool = True,
    base: Path | None = None,
) -> Path:
    """Train by a recipe in so many processes of a cluster, as `loop.train` does in one; the path of the best weights.

    `recipe`, `data` (unless it is an address of shards), `out` and `base` must lie at the same place on every machine.
    A process that dies has all started again from the last checkpoint, three times at most; only that of the first try
    is begun anew without `resume`.  Raises LivegenError for what the processes say, or when they died too often.
    """
    os.environ.update({name: os.environ.get(name, value) for name, value in QUIET.items()})
    import ray
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer
    from ray.train.v2.api.exceptions import TrainingFailedError

    out = out.resolve()
    if not resume:
        forget(out)
    given = {
        "recipe": str(recipe.resolve()),
        "data": data if isinstance(data, str) else str(data.resolve()),
        "out": str(out),
        "base": None if base is None else str(base.resolve()),
    }
    with_gpus = _gpus(ray)
    trainer = TorchTrainer(
        _member,
        train_loop_config=given,
        scaling_config=ScalingConfig(num_workers=processes, use_gpu=with_gpus),
        run_config=RunConfig(
            name=f"livegen-{os.getpid()}",
            storage_path=str(out / "ray"),
            failure_config=FailureConfig(max_failures=RESTARTS),
        ),
    )
    try:
        trainer.fit()
    except TrainingFailedError as error:
        raise LivegenError(said(str(error))) from None
    finally:
        ray.shutdown()
    best = out / "best.pt"
    return best if best.exists() else out / "checkpoint.pt"


def forget(out: Path) -> None:
    """Remove the checkpoint of an earlier run, so that the first try begins anew and a later one goes on."""
    (out / "checkpoint.pt").unlink(missing_ok=True)


def said(text: str) -> str:
    """Of all that Ray tells of a failed run the line of livegen's, or the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    mistakes = _MISTAKE.findall(text)
    return mistakes[-1].strip() if mistakes else f"the cluster: {lines[-1] if lines else text}"


def _gpus(ray: Any) -> bool:
    """Join the cluster, or start one here; True if its machines have GPUs."""
    ray.init(log_to_driver=True, include_dashboard=False, logging_level="WARNING")
    return bool(ray.cluster_resources().get("GPU"))


def _member(given: Mapping[str, Any]) -> None:
    """Run the loop in one process of the cluster."""
    from livegen.training.loop import train

    base = given["base"]
    data = given["data"] if "://" in given["data"] else Path(given["data"])
    train(Path(given["recipe"]), data, Path(given["out"]), True, Path(base) if base else None)
