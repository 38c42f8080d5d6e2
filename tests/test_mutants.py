"""What the breaks of `tests/mutants.py` are, and that those explained are still there."""

import ast

import pytest

from tests.mutants import GUARDS, ROOT, _take, changes, explained, explanation_of, mutants

SOURCE = """
LIMIT = 240
def is_late(due: int = 3, now: int = 0) -> bool:
    if now < due and not now:
        log.warning("late by %d", now - due)
        return True
    return False
"""


def test_each_place_is_broken_in_each_way_and_words_are_left_alone() -> None:
    assert [name for name, *_ in changes(ast.parse(SOURCE))] == [
        "module: in LIMIT = 240: 240 → 480",
        "is_late: in due: int=3, now: int=0: 3 → 4",
        "is_late: in due: int=3, now: int=0: 0 → 1",
        "is_late: if now < due and (not now) → denied",
        "is_late: now < due and (not now) → now < due or not now",
        "is_late: now < due → now <= due",
        "is_late: not now → now",
        "is_late: log.warning('late by %d' → nothing",
        "is_late: return True → nothing",
        "is_late: in return True: True → False",
        "is_late: return False → nothing",
        "is_late: in return False: False → True",
    ]


def test_a_mutant_has_its_change_and_no_other() -> None:
    limits = []
    for mutant in mutants(SOURCE):
        names: dict[str, int] = {}
        exec(mutant.code, names)
        limits.append(names["LIMIT"])

    assert limits == [480] + [240] * 11


def test_a_mutant_is_in_its_place_though_it_calls_its_base_no_more() -> None:
    class Child(dict[str, int]):
        def clear(self) -> None:
            super().clear()

    class Broken(dict[str, int]):
        def clear(self) -> None:
            pass

    child = Child(left=1)
    _take({"Child": Child}, {"Child": Broken}, __name__)
    child.clear()

    assert child == {"left": 1}


@pytest.mark.parametrize("file", GUARDS)
def test_what_is_explained_is_there_to_be_broken(file: str) -> None:
    names = {name for name, *_ in changes(ast.parse((ROOT / file).read_text()))}

    for reason in explained(file):
        assert any(explanation_of(name, [reason]) for name in names), reason
