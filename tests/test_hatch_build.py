"""The build's hooks: when the page is built, with which Node, and what is said when it cannot; what an index shows."""

import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

import hatch_build
from hatch_build import BESIDE, BUILT, BUNDLED, CustomBuildHook, PageError, described

PAGE = {
    "package.json": json.dumps({"name": "p", "private": True, "scripts": {"build": "sh build.sh"}}),
    "package-lock.json": json.dumps(
        {"name": "p", "lockfileVersion": 3, "packages": {"": {"name": "p"}}}
    ),
    "build.sh": f"mkdir -p ../{BUILT} && cp page.html ../{BUILT}/index.html\n",
    "page.html": "one",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "page").mkdir()
    for name, text in PAGE.items():
        (tmp_path / "page" / name).write_text(text)
    return tmp_path


class Npm:
    """An npm that notes what it is asked for; `ci` makes node_modules, `run build` the page."""

    def __init__(self, folder: Path, version: str = "v22.1.0") -> None:
        self.log, self.folder = folder / "asked", folder / "bin"
        self.folder.mkdir()
        self.write("node", f"echo {version}")
        self.write(
            "npm",
            f'echo "$@" >> {self.log}; case "$1" in '
            "ci) mkdir -p node_modules && touch node_modules/.package-lock.json;; run) . ./build.sh;; esac",
        )

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Npm:
    one = Npm(tmp_path)
    monkeypatch.setenv("PATH", f"{one.folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return one


def built(root: Path) -> str:
    return (root / BUILT / "index.html").read_text()


def hook(root: Path) -> CustomBuildHook:
    nothing: Any = None
    return CustomBuildHook(str(root), {}, nothing, nothing, str(root), "wheel")


def without_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)


def test_it_is_built_once_and_again_when_a_source_changes(root: Path, npm: Npm) -> None:
    hatch_build.build(root)
    hatch_build.build(root)
    assert built(root) == "one"
    assert npm.asked == ["ci --ignore-scripts --no-audit --no-fund", "run build"]

    (root / "page" / "page.html").write_text("two")
    hatch_build.build(root)
    assert built(root) == "two" and npm.asked[2:] == ["run build"]


def test_a_changed_lock_file_installs_anew(root: Path, npm: Npm) -> None:
    hatch_build.build(root)
    lock = root / "page" / "package-lock.json"
    lock.write_text(lock.read_text() + "\n")
    later = (root / "page" / "node_modules" / ".package-lock.json").stat().st_mtime + 10
    os.utime(lock, (later, later))
    hatch_build.build(root)

    assert [asked.split()[0] for asked in npm.asked] == ["ci", "run", "ci", "run"]


def test_tests_and_mocks_of_the_page_are_no_sources(root: Path, npm: Npm) -> None:
    hatch_build.build(root)
    for name in ("test", "mock", "node_modules"):
        (root / "page" / name).mkdir(exist_ok=True)
        (root / "page" / name / "x.ts").write_text("x")

    assert hatch_build.is_built(root)


def test_what_is_built_and_has_no_sources_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_node(monkeypatch)
    (tmp_path / BUILT).mkdir(parents=True)
    (tmp_path / BUILT / "index.html").write_text("built elsewhere")
    hatch_build.build(tmp_path)

    assert hook(tmp_path).dependencies() == []
    assert built(tmp_path) == "built elsewhere"


def test_a_node_is_asked_for_where_the_machine_has_none(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_node(monkeypatch)

    assert hook(root).dependencies() == [BUNDLED]


@pytest.mark.parametrize(
    ("version", "suits"),
    [("v18.20.1", False), ("v20.18.9", False), ("v20.19.0", True), ("v24.1.0", True)],
)
def test_a_node_that_is_too_old_counts_for_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, suits: bool
) -> None:
    npm = Npm(tmp_path, version)
    monkeypatch.setenv("PATH", str(npm.folder))

    assert (hook(root).dependencies() == []) == suits


def test_for_a_wheel_a_page_that_cannot_be_built_is_an_error(
    root: Path, npm: Npm, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "page" / "build.sh").write_text("echo 'src/main.ts:3: no such thing' >&2; exit 3\n")

    with pytest.raises(SystemExit) as ended:
        hook(root).initialize("standard", {})
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert (
        "the page cannot be built" in said.out + said.err and "src/main.ts:3" in said.out + said.err
    )


def test_an_editable_install_goes_on_without_and_says_so(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_node(monkeypatch)
    monkeypatch.setattr(hatch_build, "bundled_npm", lambda: None)
    hook(root).initialize("editable", {})

    said = capsys.readouterr()
    assert "the page is not built" in said.out + said.err and "Node 20.19" in said.out + said.err


def test_without_sources_and_without_a_built_page_there_is_no_wheel(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="missing"):
        hatch_build.build(tmp_path)


# --- what an index shows ------------------------------------------------------------------------------------------

LINKS = "![Twenty](docs/jam.gif) [`song`](docs/PLAYING.md#kept), [there](#more), [form](https://example.org/a)."


def test_on_an_index_a_link_to_a_file_leads_to_the_source() -> None:
    assert described(LINKS, "https://example.org/livegen/") == (
        "![Twenty](https://example.org/livegen/raw/HEAD/docs/jam.gif)"
        " [`song`](https://example.org/livegen/blob/HEAD/docs/PLAYING.md#kept),"
        " [there](#more), [form](https://example.org/a)."
    )


def test_without_an_address_of_the_source_a_link_to_a_file_stays_as_words() -> None:
    assert described(LINKS, None) == " `song`, [there](#more), [form](https://example.org/a)."


def test_the_readme_has_on_an_index_no_link_to_a_file_and_all_its_words() -> None:
    readme = (Path(hatch_build.__file__).parent / "README.md").read_text()

    assert BESIDE.search(readme)
    for source in (None, "https://example.org/livegen"):
        shown = described(readme, source)
        assert not BESIDE.search(shown)
        assert len(shown.splitlines()) == len(readme.splitlines())
