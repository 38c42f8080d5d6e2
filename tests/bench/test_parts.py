"""`python -m bench` knows every measurement, and how it is called."""

import importlib
from pathlib import Path

import click
import pytest

from bench.__main__ import PARTS, Part

HERE = Path(__file__).parents[2] / "bench"
RUN = 'if __name__ == "__main__":'


def test_every_measurement_that_can_be_run_is_a_part() -> None:
    modules = {path.stem for path in HERE.glob("*.py") if RUN in path.read_text()}
    packages = {path.parent.name for path in HERE.glob("*/__main__.py")}
    there, named = (modules | packages) - {"__main__"}, {part.name for part in PARTS}
    assert there - named == set(), "these want a row of PARTS in bench/__main__.py"
    assert named - there == set(), "these rows of PARTS in bench/__main__.py have no module"
    assert len(named) == len(PARTS)


@pytest.mark.parametrize("part", [it for it in PARTS if it.needs_data], ids=lambda it: it.name)
def test_a_part_that_needs_sets_takes_them_as_they_are_given(part: Part, tmp_path: Path) -> None:
    package = (HERE / part.name).is_dir()
    module = importlib.import_module(f"bench.{part.name}" + ".__main__" * package)
    command = getattr(module, "main", None)
    if not isinstance(command, click.Command):
        pytest.skip("reads its arguments itself")
    given = [*part.option, str(tmp_path), *part.more]
    assert command.make_context(part.name, given).params
