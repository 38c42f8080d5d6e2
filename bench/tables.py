"""Tables of figures, and where they are kept."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

HERE = Path(__file__).parent


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def keep(name: str, facts: object, text: str, dry: bool = False) -> None:
    """Print the page `text`, and keep it as NAME.md, beside all figures as NAME.json; print only if `dry`."""
    if not dry:
        (HERE / f"{name}.json").write_text(json.dumps(facts, indent=1) + "\n")
        (HERE / f"{name}.md").write_text(text + "\n")
    click.echo(text)
