"""What a person sees of a run, also in a narrow terminal."""

from pathlib import Path
from typing import Any

import pytest

from livegen.training.recipe import Recipe
from livegen.training.run_report import WIDE, Report, _short

RECIPE = Recipe.model_validate(
    {"name": "x", "events": 32 * 128 * 1_234_567, "batch": 32, "steps": 128}
)


def shown(out: Path, capsys: pytest.CaptureFixture[str], validated: bool) -> str:
    """The line of a long and fast run, as it stands when the terminal is given back."""
    with Report(out) as report:
        total: dict[str, Any] = {"total": RECIPE.total_steps, "completed": 999_998, "note": ""}
        report.tasks["steps"] = report.progress.add_task("training", **total)
        if validated:
            report.valid = "12.345"
        report.progress.start()
        report.step(999_999, RECIPE, {"time": 12.345}, {}, (0.0, 32 * 128 / 987_000))
    return capsys.readouterr().err.strip()


@pytest.mark.parametrize("validated", [False, True])
def test_eighty_columns_show_count_time_left_rate_and_both_losses(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    validated: bool,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    line = shown(tmp_path, capsys, validated)

    valid = "12.345" if validated else "–"
    assert line.splitlines() == [line]
    assert line == (
        "training  999999/1234567 -:--:-- left 987k events/s, loss 12.345, valid " + valid
    )


def test_a_wide_terminal_shows_the_bar_and_the_time_elapsed_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDE))
    line = shown(tmp_path, capsys, validated=True)

    assert "━" in line and "0:00:00" in line and line.endswith("valid 12.345")


@pytest.mark.parametrize(
    ("number", "said"),
    [(7.2, "7"), (999.6, "1k"), (1_234, "1.2k"), (45_678, "46k"), (999_600, "1M"), (2.5e6, "2.5M")],
)
def test_a_rate_has_four_characters_at_most(number: float, said: str) -> None:
    assert _short(number) == said
