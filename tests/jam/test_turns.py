"""Turn-taking: the tables are the whole truth, and modes are rows of values."""

import ast
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

import livegen
from livegen.jam.interplay import turn_taking
from livegen.jam.turns import CALLING, MODES, PLAYING, Action, Happening, Mode, Start, Turn
from tests.jam.stage import rehearsal

SOURCES = Path(livegen.__file__).parent


@pytest.mark.parametrize("start", Start)
def test_stop_and_undo_lead_from_every_state_to_one_in_which_nobody_plays(start: Start) -> None:
    for turn, happening in product(Turn, (Happening.STOP, Happening.UNDO)):
        assert start.turns[turn, happening][1] is Turn.WAITING


@pytest.mark.parametrize("start", Start)
def test_a_key_is_heard_in_every_state_and_over_a_loop_changes_nothing(start: Start) -> None:
    silent = {turn for turn in Turn if (turn, Happening.KEY) not in start.turns}
    assert silent <= {Turn.LOOPING, Turn.TOGETHER}
    assert (Turn.TOGETHER in silent) == (start is not Start.BESIDE)
    after_rest = {turn for turn in CALLING if (turn, Happening.KEY_AFTER_REST) in start.turns}
    assert after_rest == set(CALLING)


@pytest.mark.parametrize("start", Start)
def test_a_response_that_ends_leaves_the_turn_to_nobody(start: Start) -> None:
    assert all(start.turns[turn, Happening.DONE][1] is Turn.WAITING for turn in PLAYING)


def test_every_state_can_be_reached() -> None:
    reached = {Turn.WAITING}
    rows = [row for start in Start for row in start.turns.items()]
    for _ in Turn:
        reached |= {then for (turn, _), (_, then) in rows if turn in reached}
    assert reached == set(Turn)


@pytest.mark.parametrize("mode", MODES)
def test_a_pair_that_is_not_in_the_table_changes_nothing(mode: str) -> None:
    turns = rehearsal(mode=mode).engine._turns
    missing = set(product(Turn, Happening)) - MODES[mode].turns.keys()
    assert len(missing) > 20
    for turn, happening in missing:
        turns.turn = turn
        assert turns._happen(happening) is None
        assert turns.turn is turn


def test_every_action_of_the_tables_is_carried_out_and_no_other_is_known() -> None:
    tree = ast.parse(Path(turn_taking.__file__).read_text())
    handled = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Action"
    }
    planned = {action.name for start in Start for action, _ in start.turns.values()}
    assert planned == handled == set(Action.__members__)


def test_no_mode_is_compared_by_its_name() -> None:
    """What differs between modes is read from their rows."""
    compared = [
        f"{path.relative_to(SOURCES)}:{node.lineno}"
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Compare | ast.MatchValue)
        for constant in ast.walk(node)
        if isinstance(constant, ast.Constant) and constant.value in MODES
    ]
    # A command of the shell and a transport message are called like a mode.
    assert compared == []


NINTH = """
import sys
from livegen.jam import turns
turns.MODES["bass line"] = turns.Mode(
    "answers with a bass", turns.Start.REST, parts=turns.Parts.OTHERS, chords=turns.Chords.CALL
)
from livegen.cli import main
main()
"""


def test_a_new_mode_is_one_row_and_plays_from_the_command_line(tmp_path: Path) -> None:
    call, out = Path("docs/call.mid").resolve(), tmp_path / "answer.mid"
    asked = ["generate", str(call), "--out", str(out), "--mode", "bass line", "--seed", "1"]
    ended = subprocess.run(
        [sys.executable, "-c", NINTH, *asked], capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    assert out.stat().st_size > 100


def test_a_mode_is_told_apart_by_its_values_alone() -> None:
    rows = list(MODES.values())
    assert all(isinstance(mode, Mode) for mode in rows)
    assert len(set(rows)) == len(rows)
