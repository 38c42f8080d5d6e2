"""The command that installs what is missing can be run as it is printed."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from livegen import extras

REQUIREMENTS = [
    "click>=8.1",
    "numpy>=1.26",
    "aalink>=0.2.3; extra == 'link'",
    'torch>=2.10; extra == "train"',
    "onnx>=1.21 ; extra == 'train'",
]


def test_each_extra_has_its_packages_and_none_has_those_that_are_always_needed() -> None:
    assert extras.packages(REQUIREMENTS) == ["click>=8.1", "numpy>=1.26"]
    assert extras.packages(REQUIREMENTS, "link") == ["aalink>=0.2.3"]
    assert extras.packages(REQUIREMENTS, "train") == ["torch>=2.10", "onnx>=1.21"]


def test_in_a_checkout_make_installs_from_any_folder() -> None:
    folder = shlex.quote(str(extras.CHECKOUT))
    assert extras.to_install() == f"make -C {folder} install"
    assert extras.to_install("train") == f"make -C {folder} install WITH=train"


def test_installed_from_a_wheel_pip_installs_what_the_extra_requires(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "CHECKOUT", tmp_path)
    command = shlex.split(extras.to_install("link"))
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    assert [package.split(">=")[0] for package in command[4:]] == ["aalink"]


def test_installed_by_pipx_pipx_adds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / extras.OF_PIPX).touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))

    assert extras.adding("aalink>=0.2.3") == "pipx inject --force livegen 'aalink>=0.2.3'"


def test_in_an_environment_without_pip_uv_adds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", {}.get)
    command = shlex.split(extras.adding("aalink>=0.2.3"))

    assert command == ["uv", "pip", "install", "--python", sys.executable, "aalink>=0.2.3"]


def test_a_frozen_livegen_says_that_nothing_can_be_added_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)

    assert extras.missing("link", "no_such_module") == (
        "no_such_module is not installed: "
        "this program takes no packages; for those, install livegen with Python"
    )


def test_a_tool_whose_extra_is_missing_ends_with_one_line_and_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        extras.need("train", "sys", "no_such_module")

    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        f"livegen: no_such_module is not installed: {extras.to_install('train')}\n"
    )


def test_the_export_tools_say_what_is_missing_without_a_traceback() -> None:
    program = (
        "import sys; sys.modules['torch'] = None; import runpy; runpy.run_module('export.to_onnx')"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"livegen: torch is not installed: {extras.to_install('train')}\n"
