"""The findings of an examination as lines or JSON.

Rules of this file.  Whatever a check raises is itself a finding, and the checks after it are made.  Who is told that
something is not well is told what to do about it.  Knows nothing of what is examined.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeVar

from livegen.errors import LivegenError

Examined = TypeVar("Examined")


class Severity(Enum):
    """The weight of a finding: nothing to do, something to know or to improve, something to mend."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding in one line and its remedy in another; the remedy is empty where all is well."""

    level: Severity
    found: str
    remedy: str = ""


class Row(NamedTuple):
    """A finding, and the check that it is of."""

    check: str
    finding: Finding


Check = Callable[[Examined], Iterable[Finding]]


def well(found: str) -> Finding:
    """Nothing to do."""
    return Finding(Severity.OK, found)


def warn(found: str, remedy: str) -> Finding:
    """Something to know or to improve."""
    return Finding(Severity.WARN, found, remedy)


def bad(found: str, remedy: str) -> Finding:
    """Something to mend: livegen will not work, or not as a person expects."""
    return Finding(Severity.BAD, found, remedy)


def examine(checks: Mapping[str, Check[Examined]], examined: Examined) -> Iterator[Row]:
    """Make every check in the order of the table; rows come as they are found."""
    for name, check in checks.items():
        for finding in _found(name, check, examined):
            yield Row(name, finding)


def _found(name: str, check: Check[Examined], examined: Examined) -> list[Finding]:
    findings: list[Finding] = []
    try:
        findings.extend(check(examined))  # what was found before it fails is kept
    except LivegenError as error:
        findings.append(warn(f"{name}: {_line(error)}", "mend this, then ask the doctor again"))
    except Exception as error:  # a check that fails costs this check only
        failed = f"{name}: could not be checked ({type(error).__name__}: {_line(error)})"
        findings.append(warn(failed, "this is a fault in livegen; the other lines hold"))
    return findings


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def lines(finding: Finding) -> str:
    """A finding for people: `ok    what was found`, and what to do, indented, below it."""
    first = f"{finding.level.value:<6}{finding.found}"
    return f"{first}\n      {finding.remedy}" if finding.level is not Severity.OK else first


def as_json(rows: Iterable[Row]) -> str:
    """All rows as one JSON object: {"ok": bool, "findings": [{"check", "level", "found", "remedy"}]}."""
    rows = list(rows)
    findings = [
        {"check": name, "level": of.level.value, "found": of.found, "remedy": of.remedy}
        for name, of in rows
    ]
    return json.dumps({"ok": is_well(rows), "findings": findings}, indent=2, ensure_ascii=False)


def is_well(rows: Iterable[Row]) -> bool:
    """True if nothing is bad."""
    return all(row.finding.level is not Severity.BAD for row in rows)
