"""A sweep says what does not fit before anything runs, and keeps its runs in order."""

import json
from pathlib import Path
from typing import Any

import pytest

from livegen.errors import ConfigError
from livegen.training.sweep import _untried, read_sweep, sweep
from tests.training.synthetic import write_set
from tests.training.test_crew import RECIPE

pytestmark = pytest.mark.cluster


def written(folder: Path, grid: dict[str, Any]) -> Path:
    (folder / "recipe.yaml").write_text(json.dumps(RECIPE))
    path = folder / "sweep.yaml"
    path.write_text(json.dumps({"recipe": "recipe.yaml", "grid": grid, "runs": 2, "at_once": 2}))
    return path


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ({"network.hiden": [8]}, "network.hiden, which is no setting"),
        ({"name.of": [8]}, "name.of, which is no setting"),
        ({"learning_rate": [3]}, "does not fit the recipe"),
        ({}, "grid"),
    ],
)
def test_a_grid_that_does_not_fit_is_one_line_before_anything_runs(
    tmp_path: Path, grid: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        read_sweep(written(tmp_path, grid))
    assert "\n" not in str(error.value)


def test_what_was_tried_is_not_proposed_again_and_all_of_a_grid_comes() -> None:
    from ray import tune

    search = _untried(seed=1)
    grid: dict[str, list[Any]] = {"one": [1, 2, 3], "other": ["a", "b"]}
    search.set_search_properties(
        "nats_per_note", "min", {name: tune.choice(values) for name, values in grid.items()}
    )
    proposed = []
    for number in range(6):
        values = search.suggest(str(number))
        proposed.append((values["one"], values["other"]))
        search.on_trial_complete(str(number), {"nats_per_note": float(values["one"])})
    assert sorted(proposed) == [(one, other) for one in grid["one"] for other in grid["other"]]
    assert search.suggest("6") == search.FINISHED


@pytest.mark.timeout(400)
def test_a_sweep_keeps_each_run_and_tells_the_best_first(tmp_path: Path) -> None:
    splits = {seed: ("swing", "valid" if seed % 4 == 3 else "train") for seed in range(24)}
    write_set(tmp_path / "data" / "set", range(24), splits)
    rows = sweep(
        written(tmp_path, {"network.hidden": [8, 16]}), tmp_path / "data", tmp_path / "out"
    )

    assert len(rows) == 2 and rows[0]["nats_per_note"] <= rows[1]["nats_per_note"]
    assert json.loads((tmp_path / "out" / "sweep.json").read_text()) == rows
    for row in rows:
        assert (tmp_path / "out" / f"network.hidden={row['network.hidden']}" / "best.pt").exists()
