"""The packages that deploy/ builds: what lies where, and that programs, icons and units are found from there.

A folder whose program is this checkout's livegen stands for the frozen one, which takes minutes to build (`make deb`).
"""

import configparser
import gzip
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs.man_page import page
from livegen import __version__

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a program livegen."""
    program = tmp_path_factory.mktemp("frozen") / "livegen"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m livegen "$@"\n')
    program.chmod(0o755)
    return program.parent


# --- Debian ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unpacked(frozen: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a system on which nothing but the package lies, with its fields in DEBIAN/control."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not here: no Debian")
    base = tmp_path_factory.mktemp("deb")
    build = [ROOT / "deploy" / "deb" / "build", frozen, base / "out"]
    subprocess.run(build, check=True, capture_output=True)
    (made,) = (base / "out").iterdir()
    assert made.name.startswith(f"livegen_{__version__}_")
    subprocess.run(["dpkg-deb", "--raw-extract", made, base / "root"], check=True)
    return base / "root"


def desktop(root: Path) -> configparser.ConfigParser:
    entries = configparser.ConfigParser(interpolation=None)
    entries.read(root / "usr/share/applications/livegen.desktop", encoding="utf-8")
    return entries


def test_the_command_of_the_package_is_livegen(unpacked: Path) -> None:
    said = subprocess.run(
        [unpacked / "usr/bin/livegen", "--version"], capture_output=True, text=True
    )

    assert said.stdout == f"livegen {__version__}\n"


def test_what_the_menu_starts_and_shows_is_in_the_package(unpacked: Path) -> None:
    entry = desktop(unpacked)["Desktop Entry"]

    assert os.access(unpacked / entry["Exec"].lstrip("/"), os.X_OK)
    icon = f"usr/share/icons/hicolor/scalable/apps/{entry['Icon']}.svg"
    assert (unpacked / icon).read_text().startswith("<svg")


def test_the_service_that_the_menu_stops_is_in_the_package_and_starts_its_command(
    unpacked: Path,
) -> None:
    stop = desktop(unpacked)["Desktop Action stop"]["Exec"].split()[-1]
    unit = (unpacked / "usr/lib/systemd/user" / stop).read_text()
    program = unit.partition("ExecStart=")[2].split()[0]

    assert (unpacked / program.lstrip("/")).is_file()


def test_the_package_has_the_manual_page_and_the_completions(unpacked: Path) -> None:
    share = unpacked / "usr/share"

    assert gzip.decompress((share / "man/man1/livegen.1.gz").read_bytes()).decode() == page()
    for file in ("bash-completion/completions/livegen", "zsh/vendor-completions/_livegen"):
        assert "_LIVEGEN_COMPLETE" in (share / file).read_text()


def test_the_packages_fields_say_what_it_needs(unpacked: Path) -> None:
    control = (unpacked / "DEBIAN/control").read_text()
    fields = dict(line.split(": ", 1) for line in control.splitlines() if line[0] != " ")

    assert (fields["Package"], fields["Version"]) == ("livegen", __version__)
    assert fields["Depends"].startswith("libc6")
    assert int(fields["Installed-Size"]) > 0


# --- AppImage, and elsewhere ----------------------------------------------------------------------------------------


def test_the_folder_of_the_appimage_runs_where_it_lies_and_says_how_it_looks(
    frozen: Path, tmp_path: Path
) -> None:
    nothing = os.environ | {"PATH": "/usr/bin:/bin"}
    build = [ROOT / "deploy" / "appimage" / "build", frozen, tmp_path]
    subprocess.run(build, env=nothing, check=True, capture_output=True)
    folder = tmp_path / "livegen.AppDir"
    said = subprocess.run(
        [folder / "AppRun", "--version"], cwd="/", env=nothing, capture_output=True, text=True
    )
    entries = configparser.ConfigParser(interpolation=None)
    entries.read(folder / "livegen.desktop", encoding="utf-8")

    assert said.stdout == f"livegen {__version__}\n"
    assert entries.sections() == ["Desktop Entry"]
    assert (folder / f"{entries['Desktop Entry']['Icon']}.svg").is_file()


def test_the_workflow_names_files_and_verbs_that_there_are() -> None:
    text = (ROOT / ".github" / "workflows" / "packages.yml").read_text()
    makefile = (ROOT / "Makefile").read_text()

    assert [
        path for path in re.findall(r"deploy/[\w./]+\w", text) if not (ROOT / path).exists()
    ] == []
    for verb in " ".join(re.findall(r"- run: make (.+)", text)).split():
        assert f"\n{verb}: " in makefile
