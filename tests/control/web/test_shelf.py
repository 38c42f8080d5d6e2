"""Recordings by name only."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.control.web.shelf import TRASH, NameTaken, NotThere, Shelf
from livegen.daemon.recording.recordings import RecordingError
from livegen.music.files.smf import Score, Track, write
from livegen.music.messages import NoteOff, NoteOn

SONG = Score(480, (Track("Player", ((0, NoteOn(60, 80)), (960, NoteOff(60)))),), ((0, 500_000),))
OUTSIDE = (
    "../secret.mid",
    "..",
    ".mid",
    ".hidden.mid",
    "/etc/passwd",
    "/secret.mid",
    "..\\secret.mid",
    "a/b.mid",
    "a\0.mid",
    "CON.mid",
    "nul.mid",
    "%2e%2e%2fsecret.mid",
    ".trash/a.mid",
    "é.mid",
    "𝅘𝅥𝅮.mid",
    "a" * 197 + ".mid",
    "take.jsonl",
    "take.mid.part",
    " take.mid",
    "",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "recordings"
    inside.mkdir()
    (tmp_path / "secret.mid").write_bytes(b"secret")
    for at, name in enumerate(("one", "two", "three")):
        write(inside / f"{name}.mid", SONG)
        os.utime(inside / f"{name}.mid", (at, at))
    (inside / "2026-11-21 063012.jsonl").write_text("{}")
    return inside


def names(shelf: Shelf) -> list[str]:
    return [one["name"] for one in shelf.listed()]


def test_midi_files_are_listed_newest_first_with_how_long_they_play(folder: Path) -> None:
    listed = Shelf(folder).listed()

    assert [one["name"] for one in listed] == ["three.mid", "two.mid", "one.mid"]
    size = (folder / "one.mid").stat().st_size
    assert listed[-1] == {"name": "one.mid", "bytes": size, "modified": 0.0, "seconds": 1.0}


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert Shelf(tmp_path / "nowhere").listed() == []


def test_a_file_that_is_no_midi_is_listed_without_a_length(folder: Path) -> None:
    (folder / "broken.mid").write_bytes(b"MThd\0\0\0\6\0\1\xff\xff\0\1")

    assert Shelf(folder).listed()[0]["seconds"] is None


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_is_no_name_of_a_recording_is_refused_everywhere(folder: Path, name: str) -> None:
    shelf = Shelf(folder)
    for act in (shelf.read, shelf.throw_away, shelf.take_back):
        with pytest.raises((RecordingError, NotThere)):
            act(name)
    with pytest.raises((RecordingError, NotThere)):
        shelf.rename(name, "new")
    assert names(shelf) == ["three.mid", "two.mid", "one.mid"]


@pytest.mark.parametrize("name", ["../out", "a/b", ".x", "CON", "", "a" * 197, "x\ny", "𝄞"])
def test_nothing_is_renamed_to_what_is_no_name(folder: Path, name: str) -> None:
    with pytest.raises(RecordingError):
        Shelf(folder).rename("one.mid", name)

    assert (folder / "one.mid").is_file()


@given(st.text(max_size=70))
def test_whatever_is_asked_for_nothing_outside_is_given(name: str) -> None:
    with pytest.raises((RecordingError, NotThere)):
        Shelf(Path("/etc")).read(name)


def test_links_are_neither_listed_nor_followed(folder: Path) -> None:
    (folder / "link.mid").symlink_to(folder.parent / "secret.mid")
    shelf = Shelf(folder)

    assert "link.mid" not in names(shelf)
    for act in (shelf.read, shelf.throw_away):
        with pytest.raises(NotThere):
            act("link.mid")
    with pytest.raises(NotThere):
        shelf.rename("link.mid", "mine")


def test_a_folder_called_like_a_recording_is_none(folder: Path) -> None:
    (folder / "folder.mid").mkdir()
    shelf = Shelf(folder)

    assert "folder.mid" not in names(shelf)
    with pytest.raises(NotThere):
        shelf.read("folder.mid")


def test_a_pipe_called_like_a_recording_holds_nobody_up(folder: Path) -> None:
    os.mkfifo(folder / "pipe.mid")

    with pytest.raises(NotThere):
        Shelf(folder).read("pipe.mid")


def test_a_recording_is_renamed_and_nothing_is_written_over(folder: Path) -> None:
    shelf = Shelf(folder)
    before = (folder / "one.mid").read_bytes()

    assert shelf.rename("one.mid", "first try") == "first try.mid"
    assert shelf.read("first try.mid") == before
    assert shelf.rename("first try.mid", "first try.mid") == "first try.mid"
    with pytest.raises(NameTaken):
        shelf.rename("two.mid", "three")
    assert sorted(names(shelf)) == ["first try.mid", "three.mid", "two.mid"]


def test_a_new_name_may_have_accents_which_are_written_in_one_way(folder: Path) -> None:
    shelf = Shelf(folder)

    assert shelf.rename("one.mid", "Fu\u0308r Elise") == "F\u00fcr Elise.mid"
    assert "F\u00fcr Elise.mid" in names(shelf) and shelf.read("F\u00fcr Elise.mid")
    with pytest.raises(NameTaken):
        shelf.rename("two.mid", "F\u00fcr Elise")


def test_a_file_whose_name_has_its_accents_apart_is_there_too(folder: Path) -> None:
    (folder / "two.mid").rename(folder / "Fu\u0308r.mid")
    shelf = Shelf(folder)

    assert "Fu\u0308r.mid" in names(shelf) and shelf.read("Fu\u0308r.mid")


def test_a_name_as_long_as_may_be_is_thrown_away_twice(folder: Path) -> None:
    shelf = Shelf(folder)
    long = "ü" * 98 + ".mid"
    thrown = []
    for name in ("one.mid", "two.mid"):
        shelf.rename(name, long)
        thrown.append(shelf.throw_away(long))

    assert thrown == [long, "ü" * 97 + " 2.mid"]
    assert shelf.take_back(thrown[1]) == thrown[1]


def test_what_is_thrown_away_can_be_taken_back(folder: Path) -> None:
    shelf = Shelf(folder)
    before = shelf.read("one.mid")

    thrown = shelf.throw_away("one.mid")
    assert "one.mid" not in names(shelf) and (folder / TRASH / thrown).is_file()
    assert shelf.take_back(thrown) == "one.mid"
    assert shelf.read("one.mid") == before


def test_two_of_one_name_are_thrown_away_side_by_side(folder: Path) -> None:
    shelf = Shelf(folder)
    first = shelf.throw_away("one.mid")
    shelf.rename("two.mid", "one")
    second = shelf.throw_away("one.mid")

    assert (first, second) == ("one.mid", "one 2.mid")
    assert {path.name for path in (folder / TRASH).iterdir()} == {first, second}


def test_taking_back_writes_nothing_over(folder: Path) -> None:
    shelf = Shelf(folder)
    thrown = shelf.throw_away("one.mid")
    shelf.rename("two.mid", "one")

    with pytest.raises(NameTaken):
        shelf.take_back(thrown)


def test_a_trash_that_leads_elsewhere_is_not_used(folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    (folder / TRASH).symlink_to(elsewhere)

    with pytest.raises(RecordingError):
        Shelf(folder).throw_away("one.mid")
    assert list(elsewhere.iterdir()) == [] and (folder / "one.mid").is_file()
