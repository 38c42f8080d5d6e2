"""Tables of figures, how an estimate is written, and where both are kept."""

import json
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from livegen.scorecard.estimates import Estimate

HERE = Path(__file__).parent


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def told(estimate: Estimate | None, digits: int = 2) -> str:
    """A figure with its interval; nothing of what could not be measured."""
    if estimate is None:
        return ""
    value, low, high = (
        f"{one:.{digits}f}" for one in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} ({low} to {high})"


def kept(estimate: Estimate | None) -> dict[str, float] | None:
    """The same as it is kept as JSON."""
    if estimate is None:
        return None
    return {name: round(value, 4) for name, value in asdict(estimate).items()}


def means(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each figure over the rows that have it, to three digits."""
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for name, value in row.items():
            found[name].append(value)
    return {name: round(statistics.fmean(values), 3) for name, values in found.items()}


def keep(name: str, facts: object, text: str, dry: bool = False) -> None:
    """Print the page `text`, and keep it as NAME.md, beside all figures as NAME.json; print only if `dry`."""
    if not dry:
        (HERE / f"{name}.json").write_text(json.dumps(facts, indent=1) + "\n")
        (HERE / f"{name}.md").write_text(text + "\n")
    click.echo(text)
