"""An examination goes through to its end, and tells what to do."""

import json
from collections.abc import Iterator

from livegen.doctor.findings import (
    Check,
    Finding,
    Row,
    as_json,
    bad,
    examine,
    is_well,
    lines,
    warn,
    well,
)
from livegen.errors import PortError


def fine(_: None) -> list[Finding]:
    return [well("fine")]


def broken(_: None) -> Iterator[Finding]:
    yield well("so far")
    raise ZeroDivisionError("in\nthe middle")


def refused(_: None) -> list[Finding]:
    raise PortError("no port")


def test_a_check_that_raises_says_so_and_the_rest_goes_on() -> None:
    checks: dict[str, Check[None]] = {"a": broken, "b": refused, "c": fine}

    rows = list(examine(checks, None))

    assert [(row.check, row.finding.found) for row in rows] == [
        ("a", "so far"),
        ("a", "a: could not be checked (ZeroDivisionError: in the middle)"),
        ("b", "b: no port"),
        ("c", "fine"),
    ]
    assert is_well(rows)


def test_rows_come_as_they_are_found() -> None:
    made = []

    def late(_: None) -> list[Finding]:
        made.append("late")
        return [well("late")]

    rows = examine({"first": fine, "late": late}, None)

    assert next(rows) == Row("first", well("fine"))
    assert made == []


def test_what_is_not_well_is_followed_by_what_to_do() -> None:
    assert lines(well("a")) == "ok    a"
    assert lines(warn("a", "do")) == "warn  a\n      do"
    assert lines(bad("a", "do")) == "bad   a\n      do"


def test_only_what_is_bad_fails_the_visit() -> None:
    assert is_well([Row("a", warn("b", "c"))])
    assert not is_well([Row("a", well("b")), Row("a", bad("b", "c"))])


def test_json_tells_the_same() -> None:
    assert json.loads(as_json([Row("ports", bad("none", "make some"))])) == {
        "ok": False,
        "findings": [
            {"check": "ports", "level": "bad", "found": "none", "remedy": "make some"},
        ],
    }
