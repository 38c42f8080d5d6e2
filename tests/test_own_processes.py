"""The command of livegen's own processes, installed and frozen."""

import ast
import sys
from pathlib import Path

import pytest

from livegen import own_processes
from livegen.own_processes import RUN, run_told, spawn_command

PACKAGE = Path(own_processes.__file__).parent
ADVICE = {"extras.py"}  # it tells a person what to type


def test_python_runs_a_module_and_a_small_one_by_its_file() -> None:
    assert spawn_command("livegen.notation", ".svg") == [
        *(sys.executable, "-m", "livegen.notation", ".svg")
    ]
    file = str(PACKAGE / "daemon/midi/jack_probe.py")
    assert spawn_command("livegen.daemon.midi.jack_probe", "a", is_small=True) == [
        *(sys.executable, "-I", "-S", file, "a")
    ]


@pytest.mark.parametrize("is_small", [True, False])
def test_frozen_the_program_runs_its_own_modules(
    monkeypatch: pytest.MonkeyPatch, is_small: bool
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)

    told = spawn_command("livegen.daemon.midi.jack_probe", "none", is_small=is_small)

    assert told == [sys.executable, RUN, "livegen.daemon.midi.jack_probe", "none"]
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.delitem(sys.modules, "livegen.daemon.midi.jack_probe", raising=False)
    with pytest.raises(SystemExit) as ended:
        run_told(told)
    assert ended.value.code == 3  # nobody answers by a library that is not there
    assert sys.argv[1:] == ["none"]


def test_the_command_line_is_nobodys_module_and_no_other_is_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert not run_told(["livegen", "serve"])
    assert not run_told(["livegen"])
    for told in (["livegen", RUN, "antigravity"], ["livegen", RUN]):
        with pytest.raises(SystemExit) as ended:
            run_told(told)
        assert ended.value.code == 2
    assert "'antigravity' is no module of livegen's" in capsys.readouterr().err


def test_all_processes_are_started_by_that_command() -> None:
    """A frozen livegen has no Python that could run what `python -m` names."""
    files = (file for file in PACKAGE.rglob("*.py") if file.name != "own_processes.py")
    found = {
        str(file.relative_to(PACKAGE))
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.executable"
    }

    assert found == ADVICE
