"""The offset in the person's configuration: one line is added, or the file is left as it is."""

from pathlib import Path

import pytest

from livegen import config
from livegen.config.saved_offset import save_offset, with_offset
from livegen.errors import ConfigError

MINE = "# on stage\nseed: 1\njam:   # the jam\n    # quietly\n    energy: 0.3\nosc: {port: 9800}\n"


def test_a_file_that_is_not_there_is_made(tmp_path: Path) -> None:
    path = tmp_path / "livegen" / "config.yaml"

    assert save_offset(path, -4)
    assert path.read_text() == "jam:\n  offset: -4\n"
    assert config.load(path).controls["offset"] == -4


def test_only_one_line_is_added_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(MINE)
    path.chmod(0o640)

    assert save_offset(path, -4)

    assert path.read_text() == MINE.replace("# the jam\n", "# the jam\n    offset: -4\n")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["config.yaml"]


def test_without_a_section_jam_one_is_added() -> None:
    assert with_offset("seed: 1", -4) == "seed: 1\njam:\n  offset: -4\n"
    assert with_offset("seed: 1\r\n", -4) == "seed: 1\r\njam:\r\n  offset: -4\r\n"
    assert with_offset("", -4) == "jam:\n  offset: -4\n"


def test_an_empty_section_and_a_file_without_a_last_newline_are_kept_whole() -> None:
    assert with_offset("jam:", -4) == "jam:\n  offset: -4\n"


@pytest.mark.parametrize(
    "text",
    [
        "jam:\n  offset: 0\n",
        "jam: {energy: 0.3}\n",
        "jam: {}\n",
        "'jam':\n  energy: 0.3\n",
        "presets:\n  A: {offset: 3}\n",
        "jam: !!map\n  energy: 0.3\n",
        "{jam: {energy: 0.3}}\n",
        "jam:\n  scale: |-\n      D dorian\nseed: 1\n...\n",
        "--- \n",
    ],
)
def test_a_file_that_is_not_plainly_without_an_offset_is_left_as_it_is(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    before = path.read_bytes()

    saved = save_offset(path, -4)

    if saved:  # then it says what it said, and the offset
        assert config.load(path).controls["offset"] == -4
        path.write_text(text)
        wanted = config.load(path, (), [(("jam", "offset"), -4, "")])
        save_offset(path, -4)
        assert config.load(path) == wanted
    else:
        assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["config.yaml"]


def test_a_link_into_a_folder_of_dotfiles_stays_one(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    there = tmp_path / "dotfiles" / "livegen.yaml"
    there.write_text(MINE)
    link = tmp_path / "config.yaml"
    link.symlink_to(there)

    assert save_offset(link, -4)
    assert link.is_symlink() and "offset: -4" in there.read_text()


def test_what_is_not_text_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"\xff\xfe\x00")

    assert not save_offset(path, -4)
    assert path.read_bytes() == b"\xff\xfe\x00"


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "livegen").write_text("in the way")

    with pytest.raises(ConfigError, match="cannot be written"):
        save_offset(tmp_path / "livegen" / "config.yaml", -4)
