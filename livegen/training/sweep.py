"""A sweep: many runs of a recipe, with the values of its grid, by Ray Tune; Optuna chooses what is tried next.

A file of a sweep names a recipe, the settings that vary with the values that each may have, and how many runs there
shall be.  Knows no network and no music.
"""

import json
import os
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from livegen import whole_files
from livegen.errors import ConfigError, LivegenError
from livegen.training.cluster import QUIET
from livegen.training.recipe import Recipe, Strict, checked, read_recipe
from livegen.training.record import METRICS

Value = float | int | str | bool
ASKS = 1000  # for values that were not tried, before a sweep ends for want of any


class Sweep(Strict):
    """The file of a sweep: `grid` has the values by the dotted name of a setting, such as network.hidden."""

    recipe: Path
    grid: Annotated[dict[str, Annotated[list[Value], Field(min_length=1)]], Field(min_length=1)]
    runs: Annotated[int, Field(ge=1, le=10_000)] = 16
    at_once: Annotated[int, Field(ge=1, le=1024)] = 2


def read_sweep(path: Path) -> tuple[Sweep, Recipe]:
    """Read the file of a sweep and the recipe beside it.  Raises ConfigError, also for a setting that there is not."""
    found = checked(path, Sweep)
    recipe = read_recipe(path.parent / found.recipe)
    for name, values in found.grid.items():
        for value in values:
            varied(recipe, {name: value})
    return found, recipe


def varied(recipe: Recipe, values: Mapping[str, Value]) -> Recipe:
    """The recipe with other values by dotted name.  Raises ConfigError for a name or a value that does not fit."""
    settings = recipe.model_dump(mode="json")
    for name, value in values.items():
        *sections, last = name.split(".")
        place: Any = settings
        for section in sections:
            place = place.get(section) if isinstance(place, dict) else None
        if not isinstance(place, dict) or last not in place:
            raise ConfigError(f"the grid names {name}, which is no setting of a recipe")
        place[last] = value
    try:
        return Recipe.model_validate(settings)
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{values} does not fit the recipe ({reason:.200})") from None


def sweep(path: Path, data: Path | str, out: Path) -> list[dict[str, Any]]:
    """Run a sweep, each run in a folder of its own in `out`; its runs, the best first, also in `out`/sweep.json.

    A row has the values of the grid and "nats_per_note", the best validation.  Raises LivegenError.
    """
    found, recipe = read_sweep(path)
    os.environ.update({name: os.environ.get(name, value) for name, value in QUIET.items()})
    import ray
    from ray import tune

    place = data if isinstance(data, str) else str(data.resolve())
    folder = out.resolve()
    folder.mkdir(parents=True, exist_ok=True)

    def trial(values: Mapping[str, Value]) -> None:
        run = folder / _name(values)
        tune.report({"nats_per_note": _trained(varied(recipe, values), place, run)})

    ray.init(
        log_to_driver=False,
        include_dashboard=False,
        logging_level="WARNING",
        ignore_reinit_error=True,
    )
    tuner = tune.Tuner(
        tune.with_resources(trial, {"cpu": 1}),
        param_space={name: tune.choice(values) for name, values in found.grid.items()},
        tune_config=tune.TuneConfig(
            metric="nats_per_note",
            mode="min",
            num_samples=min(found.runs, prod(map(len, found.grid.values()))),
            max_concurrent_trials=found.at_once,
            search_alg=_untried(recipe.seed),
        ),
        run_config=tune.RunConfig(name="sweep", storage_path=str(folder / "ray"), verbose=0),
    )
    try:
        results = tuner.fit()
    finally:
        ray.shutdown()
    rows = [
        {**one.config, "nats_per_note": one.metrics["nats_per_note"]}
        for one in results
        if one.error is None and one.metrics
    ]
    if not rows:
        raise LivegenError(
            f"no run of the sweep came to its end: {results.errors[0] if results.errors else out}"
        )
    rows.sort(key=lambda row: float(row["nats_per_note"]))
    whole_files.write_text(folder / "sweep.json", json.dumps(rows, indent=1) + "\n", replace=True)
    return rows


def _untried(seed: int) -> Any:
    """Optuna as it chooses for Ray Tune, but no values twice: left to itself it proposes again what was good."""
    from ray.tune.search.optuna import OptunaSearch

    tried = set[str]()
    # By the trial: a trial that Optuna was told of cannot be asked for again.
    asked = dict[str, str]()

    class Untried(OptunaSearch):  # type: ignore[misc]
        def suggest(self, trial_id: str) -> Any:
            for ask in range(ASKS):
                asked[trial_id] = f"{trial_id} {ask}"
                values = super().suggest(asked[trial_id])
                if not isinstance(values, dict):
                    return values
                if (name := _name(values)) not in tried:
                    tried.add(name)
                    return values
                super().on_trial_complete(asked[trial_id], error=True)  # it learns nothing of that
            return self.FINISHED

        def on_trial_result(self, trial_id: str, result: Any) -> None:
            super().on_trial_result(asked[trial_id], result)

        def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
            super().on_trial_complete(asked[trial_id], result, error)

    return Untried(seed=seed)


def lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Tell of a sweep: a line for each run, the best first."""
    return [" ".join(f"{name}={value}" for name, value in row.items()) for row in rows]


def _name(values: Mapping[str, Value]) -> str:
    return ",".join(f"{name}={value}" for name, value in sorted(values.items()))


def _trained(recipe: Recipe, data: str, run: Path) -> float:
    """Train in this process; nats a note of the best validation."""
    from livegen.training.loop import train

    run.mkdir(parents=True, exist_ok=True)
    path = run / "recipe.yaml"
    whole_files.write_text(path, json.dumps(recipe.model_dump(mode="json")), replace=True)
    train(path, data, run)
    lines_ = [json.loads(line) for line in (run / METRICS).read_text().splitlines()]
    return min(float(line["nats_per_note"]) for line in lines_ if line["kind"] == "valid")
