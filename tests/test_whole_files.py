"""Files that are written whole: nothing is written over unasked, and what fails leaves all as it was."""

import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest

from livegen import whole_files


def no_links(*_: object, **__: object) -> NoReturn:
    raise OSError(errno.EPERM, "Operation not permitted")


@pytest.fixture(params=["links", "no links"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of a file system with and without hard links."""
    if request.param == "no links":
        monkeypatch.setattr(os, "link", no_links)
    return tmp_path


def test_what_has_the_name_already_stays(disk: Path) -> None:
    (disk / "a").write_text("old")

    with pytest.raises(FileExistsError):
        whole_files.write_text(disk / "a", "new")

    assert [(path.name, path.read_text()) for path in disk.iterdir()] == [("a", "old")]


def test_a_link_that_leads_nowhere_has_the_name_too(disk: Path) -> None:
    (disk / "a").symlink_to(disk / "nowhere")

    with pytest.raises(FileExistsError):
        whole_files.write_text(disk / "a", "new")

    assert [path.name for path in disk.iterdir()] == ["a"]


def test_a_new_file_and_one_in_place_of_another_are_there_alone(disk: Path) -> None:
    for text, replace in (("old", False), ("new", True)):
        whole_files.write_text(disk / "a", text, replace, 0o600)
        assert [(path.name, path.read_text()) for path in disk.iterdir()] == [("a", text)]
        assert (disk / "a").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_written_leaves_all_as_it_was(disk: Path) -> None:
    def fails(draft: Path) -> NoReturn:
        draft.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    (disk / "a").write_text("old")
    with pytest.raises(OSError, match="No space"):
        whole_files.write(disk / "a", fails, replace=True)

    assert [(path.name, path.read_text()) for path in disk.iterdir()] == [("a", "old")]


def test_a_file_that_is_moved_writes_over_none_and_follows_no_link(disk: Path) -> None:
    for name in ("a", "b"):
        (disk / name).write_text(name)
    with pytest.raises(FileExistsError):
        whole_files.move(disk / "a", disk / "b")
    whole_files.move(disk / "a", disk / "c")

    assert {path.name: path.read_text() for path in disk.iterdir()} == {"b": "b", "c": "a"}


def test_a_name_that_is_as_long_as_a_name_may_be_is_written(disk: Path) -> None:
    name = "a." + "b" * 253
    whole_files.write_text(disk / name, "new")

    assert [path.name for path in disk.iterdir()] == [name]
