"""The wheel: what is in it, and that it serves from an empty environment without torch.

`python -m tests.test_package` writes tests/wheel-files.txt anew, to be read as a diff.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pip
import pytest

import livegen
from livegen import shipped
from locks.__main__ import LOCKED, SERVE, rows

ROOT = Path(__file__).resolve().parent.parent
FILES = ROOT / "tests" / "wheel-files.txt"
MOST_BYTES = 25_000_000
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TRAINING_ONLY = ("torch", "lightning_fabric", "onnx", "tensorboard", "matplotlib", "zstandard")


def build_wheel(folder: Path) -> Path:
    """Build with the backend that is installed, so that no network is needed."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def files_of(wheel: Path) -> list[str]:
    """Paths in the wheel, without the version."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted(
            re.sub(r"^livegen-[^/]*\.(dist-info|data)", lambda of: of[1].upper(), n)
            for n in archive.namelist()
        )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of commands of an environment that holds the wheel and what it asks for, nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder)
    inside = next(folder.glob("**/site-packages"))
    (inside / "pip").symlink_to(Path(pip.__file__).parent)  # making one of its own takes long
    commands = folder / ("Scripts" if os.name == "nt" else "bin")
    install = [
        str(commands / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-compile",  # most of it is never run here
    ]
    done = subprocess.run(
        [*install, "-c", str(ROOT / "constraints.txt"), str(wheel)], capture_output=True, text=True
    )
    if done.returncode and any(word in done.stderr for word in ("connection", URLError.__name__)):
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stderr
    yield commands


@pytest.mark.package
def test_the_wheel_holds_exactly_the_files_checked_in(wheel: Path) -> None:
    assert files_of(wheel) == FILES.read_text().split(), (
        "python -m tests.test_package shows it as a diff"
    )


@pytest.mark.package
def test_the_wheel_holds_of_a_model_only_what_is_served_and_what_describes_it(wheel: Path) -> None:
    models = [Path(name) for name in files_of(wheel) if "_shipped/models" in name]
    kinds = {path.name if path.suffix != ".onnx" else ".onnx" for path in models}
    assert kinds <= {
        ".onnx",
        "generator.npz",
        "model.json",
        "phrases.npz",
        "recipe.yaml",
        "CARD.md",
        "reference.npz",
    }


@pytest.mark.package
def test_all_files_of_the_wheel_together_are_within_25_megabytes(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert sum(file.file_size for file in archive.infolist()) <= MOST_BYTES


@pytest.mark.package
def test_the_wheel_holds_neither_tests_nor_export(wheel: Path) -> None:
    assert {name.split("/")[0] for name in files_of(wheel)} == {"livegen", "DIST-INFO", "DATA"}


@pytest.mark.package
def test_the_wheel_holds_the_built_page_and_all_that_it_refers_to(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        page = archive.read("livegen/control/web/built/index.html").decode()
        assert archive.read("livegen/control/web/built/assets/page.js")
    referred = re.findall(r'(?:src|href)="([^"#]+)"', page)

    assert "/assets/page.js" in referred
    assert {f"livegen/control/web/built{path}" for path in referred} <= set(files_of(wheel))


@pytest.mark.package
@pytest.mark.timeout(400)
def test_installed_alone_it_knows_its_models_and_settings_and_has_no_torch(installed: Path) -> None:
    program = (
        "import importlib.util as u, json; from livegen import shipped;"
        f"print(json.dumps([[m for m in {TRAINING_ONLY} if u.find_spec(m)],"
        " sorted(shipped.models()), (shipped.root() / 'config.yaml').is_file(), str(shipped.root())]))"
    )
    done = subprocess.run(
        [installed / "python", "-c", program], cwd="/", capture_output=True, text=True, check=True
    )

    present, models, has_manual, root = json.loads(done.stdout)

    assert (present, models, has_manual) == ([], sorted(shipped.models()), True)
    assert Path(root).is_relative_to(installed.parent)


@pytest.mark.package
@pytest.mark.timeout(400)
def test_installed_alone_the_command_that_adds_what_is_missing_adds_it(installed: Path) -> None:
    def python(program: str) -> subprocess.CompletedProcess[str]:
        command = [str(installed / "python"), "-c", program]
        return subprocess.run(command, cwd="/", capture_output=True, text=True)

    assert python("import aalink").returncode == 1
    told = python("from livegen.extras import to_install; print(to_install('link'))").stdout
    added = subprocess.run(told, shell=True, cwd="/", capture_output=True, text=True)
    assert added.returncode == 0, added.stderr
    assert python("import aalink").returncode == 0


@pytest.mark.package
@pytest.mark.timeout(400)
def test_installed_alone_it_serves_with_its_page_and_ends_with_0(
    installed: Path, tmp_path: Path
) -> None:
    """Without Node, and from a folder that holds nothing of ours."""
    daemon = subprocess.Popen(
        [installed / "livegen", "serve", "--api", "none", "--seed", "1"],
        cwd=tmp_path,
        env=os.environ | {"XDG_CONFIG_HOME": str(tmp_path), "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert daemon.stdout is not None and daemon.stderr is not None
        first = daemon.stdout.readline()
        assert first.startswith("ready api=none model=jam-gru"), first + daemon.stderr.read()
        told = next(line for line in daemon.stderr if "page http" in line)
        with urlopen(told.split("page ")[1].partition("#")[0], timeout=20) as page:
            assert b"/assets/page.js" in page.read()
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(5) == 0
    finally:
        daemon.kill()
        daemon.communicate()


@pytest.mark.package
@pytest.mark.timeout(400)
def test_installed_alone_training_says_what_is_missing(installed: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: mine\n")
    arguments = ["train", str(recipe), "--data", str(tmp_path), "--out", str(tmp_path / "out")]

    done = subprocess.run([installed / "livegen", *arguments], capture_output=True, text=True)

    assert done.returncode == 2
    assert "-m pip install " in done.stderr and " 'torch>=" in done.stderr


# --- versions -----------------------------------------------------------------------------------------------------


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonical(name): version for name, version in pins}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_is_pinned_to_one_public_version() -> None:
    project = PROJECT["project"]
    asked = chain(project["dependencies"], *project["optional-dependencies"].values())
    names = {canonical(re.split(r"[=><~!\[ ]", line)[0]) for line in asked}

    assert sorted(names - set(constraints())) == []
    assert [version for version in constraints().values() if "+" in version] == []


def test_what_is_locked_has_hashes_and_the_versions_that_are_pinned() -> None:
    locks = {path.stem: rows(path.read_text()) for path in (ROOT / "locks").glob("*.txt")}
    pins = constraints()
    versions = {
        name: dict(re.findall(r"^([\w.-]+)==(\S+)", "".join(found), re.M))
        for name, found in locks.items()
    }

    assert sorted(locks) == sorted((SERVE, *LOCKED))
    assert all("--hash=sha256:" in row for found in locks.values() for row in found)
    for of in versions.values():
        assert [
            name for name, version in of.items() if pins.get(canonical(name), version) != version
        ] == []
    asked = {
        SERVE: PROJECT["project"]["dependencies"],
        **PROJECT["project"]["optional-dependencies"],
    }
    for extra in locks:
        there = versions[SERVE] | versions[extra]
        assert {canonical(re.split(r"[=><~!\[ ]", line)[0]) for line in asked[extra]} <= set(there)


def test_the_backend_that_builds_is_the_one_that_is_pinned() -> None:
    assert PROJECT["build-system"]["requires"] == [f"hatchling=={constraints()['hatchling']}"]


def test_the_version_is_a_plain_one() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", livegen.__version__)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as built:
        FILES.write_text("\n".join(files_of(build_wheel(Path(built)))) + "\n")
