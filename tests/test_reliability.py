"""docs/RELIABILITY.md names, for each promise, tests that there are, or says why livegen does not promise it.

Its figures are those of the code.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from livegen import guarded_yaml
from livegen.control.osc import datagrams, packets
from livegen.control.web import page_messages, stage
from livegen.daemon.clock import SECOND
from livegen.daemon.midi import inlet, loop_marks, outbox
from livegen.daemon.processes import supervisor
from livegen.inference import onnx_file
from livegen.music.files import smf

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "RELIABILITY.md").read_text()
ROWS = {int(found[1]): found[2] for found in re.finditer(r"^\| (\d+) \|[^|]+\|(.+)\|$", TEXT, re.M)}
NAMED = [(int(found[1]), found[2]) for found in re.finditer(r"^(\d+) +(tests/\S+)$", TEXT, re.M)]

MS = SECOND // 1000
LATER = [pause / SECOND for pause in supervisor.PAUSES_US if pause > 1]
# The row, how it says its figures, and what they are.
FIGURES: tuple[tuple[int, str, tuple[float, ...]], ...] = (
    (2, "later ({:g}, {:g}, {:g}, {:g}, {:g} s)", tuple(LATER)),
    (4, "after {} ms without a sign of life", (supervisor.SILENCE_US // MS,)),
    (4, "after {} it is killed", (supervisor.HANG_US // MS,)),
    (8, "more than {} ms late", (outbox.LATE_US // MS,)),
    (10, "up to {} s late", (loop_marks.MARKED_US // SECOND,)),
    (11, "at most {} messages at once and {} a second", (outbox.BURST, outbox.RATE_PER_S)),
    (11, "{:,} wait", (outbox.MAX_PENDING,)),
    (12, "let go after {} s", (inlet.HELD_US // SECOND,)),
    (12, "active sensing after {} ms", (inlet.SENSING_US // MS,)),
    (18, "let go after {} s", (outbox.MAX_NOTE_US // SECOND,)),
    (19, "up to {},", (inlet.MAX_NESTED,)),
    (22, "more than {:,} bytes", (inlet.MAX_SYSEX,)),
    (23, "at most {} at once and {} a second", (inlet.NOTE_BURST, inlet.NOTES_PER_S)),
    (23, "{} and {} of all else", (inlet.OTHER_BURST, inlet.OTHERS_PER_S)),
    (24, "each {} ms", (inlet.COALESCE_US // MS,)),
    (52, "at most {} MB, {:,} nodes", (onnx_file.MAX_BYTES >> 20, onnx_file.MAX_NODES)),
    (52, "{:,} million values and {:,} million products",
     (round(onnx_file.MAX_VALUES / 1e6), round(onnx_file.MAX_MULTIPLICATIONS / 1e6))),
    (55, "{} tracks, {:,} notes and controllers, {} hours",
     (smf.MAX_TRACKS, smf.MAX_EVENTS, smf.MAX_HOURS)),
    (57, "at most {} KB, {} levels, {:,} names and values",
     (guarded_yaml.MAX_BYTES >> 10, guarded_yaml.MAX_NESTING, guarded_yaml.MAX_VALUES)),
    (64, "at most {} KB, {} a second, {} pages",
     (page_messages.MAX_BYTES >> 10, stage.MESSAGES_PER_S, stage.MOST_CLIENTS)),
    (67, "at most {:,} bytes, {} bundles deep, {:,} a second",
     (packets.MAX_BYTES, packets.MAX_DEPTH, datagrams.MAX_PER_SECOND)),
)  # fmt: skip


@cache
def found_in(file: str) -> frozenset[str]:
    """The names of the tests in a file; none of one that is not there."""
    if not (ROOT / file).is_file():
        return frozenset()
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    body = ast.parse((ROOT / file).read_text()).body
    return frozenset(node.name for node in body if isinstance(node, kinds))


def test_promises_are_numbered_from_one_on_and_tests_belong_to_promises() -> None:
    assert list(ROWS) == list(range(1, 76))
    assert {number for number, _ in NAMED} <= ROWS.keys()


def test_each_promise_has_a_test_or_the_reason_why_there_is_none() -> None:
    without = ROWS.keys() - {number for number, _ in NAMED}

    assert [n for n in without if not ROWS[n].startswith(" *Not here*")] == []


def test_each_test_that_is_named_is_there() -> None:
    split = [named.partition("::") for _, named in NAMED]

    assert [
        file + "::" + name
        for file, _, name in split
        if not found_in(file) or (name and name not in found_in(file))
    ] == []


@pytest.mark.parametrize(("number", "said", "figures"), FIGURES)
def test_its_figures_are_those_of_the_code(
    number: int, said: str, figures: tuple[float, ...]
) -> None:
    assert said.format(*figures) in ROWS[number]
