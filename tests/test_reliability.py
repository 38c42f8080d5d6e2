"""docs/RELIABILITY.md names, for each promise, tests that there are, or says why livegen does not promise it."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "RELIABILITY.md").read_text()
ROWS = {int(found[1]): found[2] for found in re.finditer(r"^\| (\d+) \|[^|]+\|(.+)\|$", TEXT, re.M)}
NAMED = [(int(found[1]), found[2]) for found in re.finditer(r"^(\d+) +(tests/\S+)$", TEXT, re.M)]


@cache
def found_in(file: str) -> frozenset[str]:
    """The names of the tests in a file."""
    tree = ast.parse((ROOT / file).read_text())
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(node.name for node in tree.body if isinstance(node, kinds))


def test_promises_are_numbered_from_one_on() -> None:
    assert list(ROWS) == list(range(1, 76))


@pytest.mark.parametrize("number", ROWS)
def test_a_promise_has_a_test_or_the_reason_why_there_is_none(number: int) -> None:
    assert any(number == one for one, _ in NAMED) or ROWS[number].startswith(" *Not here*")


@pytest.mark.parametrize("number,named", NAMED)
def test_a_test_that_is_named_is_there(number: int, named: str) -> None:
    file, _, name = named.partition("::")

    assert number in ROWS
    assert not name or name in found_in(file)
    assert (ROOT / file).is_file()
