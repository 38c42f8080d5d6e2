"""`metrics.jsonl`: the record of a training run, a line of JSON for each step that is told of."""

import json
from pathlib import Path
from typing import Any

from livegen import whole_files

METRICS = "metrics.jsonl"


class Record:
    """The record in a run folder."""

    def __init__(self, out: Path) -> None:
        """Touch nothing yet."""
        self.path = out / METRICS

    def begin(self, step: int) -> None:
        """Go on after a step, 0 for a run that begins anew: forget lines of later steps, which will come again.

        A line that is no record, such as one that a crash cut off, is forgotten too.
        """
        if not self.path.exists():
            return
        lines = self.path.read_text(errors="replace").splitlines()
        kept = [line for line in lines if 0 < _step_of(line) <= step]
        whole_files.write_text(self.path, "".join(f"{line}\n" for line in kept), replace=True)

    def add(self, row: dict[str, Any]) -> None:
        """Append a line; `row` has its "step"."""
        with self.path.open("a") as file:
            file.write(json.dumps(row) + "\n")


def _step_of(line: str) -> int:
    """The step of a line; -1 for what is no record."""
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return -1
