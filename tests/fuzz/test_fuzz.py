"""A second of fuzzing: every surface takes inputs of chance, the same ones each time.  `make fuzz` tries millions."""

from random import Random

import pytest

from livegen.errors import LivegenError
from tests.fuzz.judge import LONGEST_S, MOST_BYTES, Finding, Judge
from tests.fuzz.targets import TARGETS

INPUTS = 12  # for each target


def spoilt(data: bytes, chance: Random) -> bytes:
    """An input with some bytes changed, or cut, or doubled."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(4):
            case 0:
                changed[at : at + 1] = bytes((chance.randrange(256),))
            case 1:
                del changed[at : at + chance.randrange(8)]
            case 2:
                changed[at:at] = changed[at : at + chance.randrange(16)]
            case _:
                changed[at:at] = chance.randbytes(chance.randrange(1, 8))
    return bytes(changed)


@pytest.mark.parametrize("name", TARGETS)
def test_any_input_is_taken_or_refused_in_a_line(name: str) -> None:
    target, chance = TARGETS[name], Random(name)
    judge = Judge(target.opens(), target.refusals)
    first = list(target.seeds())
    for data in first:
        judge(data)
    for _ in range(INPUTS):
        judge(spoilt(chance.choice(first), chance))

    assert judge.inputs == len(first) + INPUTS


def test_a_fuzzer_begins_with_an_input_that_is_taken_whole() -> None:
    for name in set(TARGETS) - {"setting", "arrays"}:
        target = TARGETS[name]
        judge = Judge(target.opens(), target.refusals)
        judge(next(iter(target.seeds())))
        assert not judge.refused, name


class Grown(list[int]):
    """Times, or sizes, one after the other."""

    def __call__(self) -> int:
        return self.pop(0)


def test_what_takes_too_long_or_too_much_memory_is_found() -> None:
    taken = Judge(lambda data: None, (), Grown([0, 1]), Grown([0, MOST_BYTES]))
    taken(b"")
    assert (taken.slowest, taken.grown) == (LONGEST_S, MOST_BYTES)
    with pytest.raises(Finding, match=r"2\.0 s of the processor"):
        Judge(lambda data: None, (), Grown([0, 2]), Grown([0, 0]))(b"")
    with pytest.raises(Finding, match="51 MB"):
        Judge(lambda data: None, (), Grown([0, 0]), Grown([0, MOST_BYTES + (1 << 20)]))(b"")


def test_an_exception_that_is_no_refusal_is_found_and_a_refusal_must_say_something() -> None:
    def refuses(data: bytes) -> None:
        raise LivegenError(data.decode())

    judge = Judge(refuses, (LivegenError,))
    judge(b"expected a chart")
    with pytest.raises(Finding, match="nobody can read"):
        judge(b"")
    with pytest.raises(UnicodeDecodeError):
        judge(b"\xff")
