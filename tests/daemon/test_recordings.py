"""The folder of recordings: nothing leads out of it, nothing is written over, nothing is half there."""

import errno
import os
import stat
import sys
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen import whole_files
from livegen.daemon.recording.recordings import (
    MAX_WAITING,
    RETRY_US,
    Log,
    RecordingError,
    checked_name,
    create,
    default_folder,
    fingerprint,
    keep_newest,
    moment,
    place,
    save,
)

NAME = "2026-11-21 063012"


@pytest.mark.parametrize(
    ("platform", "environment", "folder"),
    [
        ("linux", {"XDG_DATA_HOME": "/x"}, Path("/x/livegen/recordings")),
        ("linux", {}, Path.home() / ".local/share/livegen/recordings"),
        ("darwin", {}, Path.home() / "Library/Application Support/livegen/recordings"),
        ("win32", {"LOCALAPPDATA": "/y"}, Path("/y/livegen/recordings")),
    ],
)
def test_recordings_lie_where_each_system_keeps_data(
    platform: str, environment: dict[str, str], folder: Path
) -> None:
    assert default_folder(environment, platform) == folder


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".hidden",
        "..",
        "../x",
        "a/b",
        "a\\b",
        "/etc/passwd",
        "%2e%2e",
        "a\0b",
        "a\nb",
        "CON",
        "con.mid",
        "nul .mid",
        "Lpt1.jsonl",
        "x" * 201,
        "ü" * 101,  # of two bytes each
        "trailing.",
        "trailing ",
        " leading",
        "C:x",
        "𝄞.mid",
        "COM¹.mid",  # which Windows reads as COM1
        "ｃｏｎ.mid",
        "a\u202eb.mid",  # turns the direction of what follows
        "a\u200bb.mid",
        "a\u2028b.mid",
        "\u3164.mid",  # a letter that shows nothing
        "\u0301a.mid",
        "\ud800.mid",
        'a"b.mid',
        "a?b*.mid",
    ],
)
def test_a_name_that_some_system_would_misread_is_refused(name: str) -> None:
    with pytest.raises(RecordingError) as raised:
        checked_name(name)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 200


@pytest.mark.parametrize(
    "name",
    [
        "Für Elise.mid",
        "Fu\u0308r Elise.mid",  # as some file systems take it apart
        "Улица.mid",
        "夜想曲 第2番.mid",
        "שיר.mid",
        "हिन्दी.mid",
        "Don't stop (take 2), slow & low!.mid",
        "x" * 196 + ".mid",
    ],
)
def test_a_name_may_be_of_any_script(name: str) -> None:
    assert checked_name(name) == name


@given(st.text(max_size=80))
def test_any_name_stays_in_the_folder_or_is_refused(name: str) -> None:
    try:
        path = place(Path("/tmp/recordings"), name)
    except RecordingError:
        return
    assert path == Path("/tmp/recordings") / name and path.resolve().parent.name == "recordings"


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "jam.mid").symlink_to(tmp_path / "elsewhere.mid")

    with pytest.raises(RecordingError, match="leads out"):
        place(folder, "jam.mid")
    with pytest.raises(RecordingError, match="leads out"):
        create(folder, "jam", ".mid")
    assert not (tmp_path / "elsewhere.mid").exists()


def test_files_are_called_by_their_time() -> None:
    assert moment(datetime(2026, 11, 21, 6, 30, 12)) == NAME


def test_only_the_person_may_read_what_is_created(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "recordings"
    before = os.umask(0)
    try:
        path, file = create(folder, NAME, ".jsonl")
    finally:
        os.umask(before)
    os.close(file)

    assert path == folder / f"{NAME}.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        path, file = create(tmp_path, NAME, ".jsonl")
        os.close(file)
        names.append(path.name)

    assert names == [f"{NAME}.jsonl", f"{NAME} 2.jsonl", f"{NAME} 3.jsonl"]


def test_saving_replaces_nothing_and_leaves_no_draft(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        path.write_bytes(str(len(list(tmp_path.glob("*.mid")))).encode())

    first, second = (save(tmp_path, NAME, ".mid", write) for _ in range(2))

    assert (first.read_bytes(), second.read_bytes()) == (b"0", b"1")
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {f"{NAME}.mid", f"{NAME} 2.mid"}


def test_a_file_that_could_not_be_finished_is_not_there(tmp_path: Path) -> None:
    def fails(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        save(tmp_path, NAME, ".mid", fails)
    assert list(tmp_path.iterdir()) == []


def test_old_journals_stay_unless_a_number_is_given_and_nothing_else_goes(tmp_path: Path) -> None:
    days = [f"2026-11-{day} 063012.jsonl" for day in range(10, 20)]
    others = ["2026-11-01 063012 8bars.mid", "notes.jsonl", "2026-11-01 063012.mid"]
    for name in days + others:
        (tmp_path / name).touch()

    assert keep_newest(tmp_path, 0) == []
    keep_newest(tmp_path, 3)

    assert {path.name for path in tmp_path.iterdir()} == {*days[-3:], *others}


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"abc")

    assert fingerprint(tmp_path / "model.onnx").startswith("ba7816bf")  # FIPS 180-2, appendix B.1
    assert fingerprint(tmp_path / "none") == ""


# --- the log ------------------------------------------------------------------------------------------------------


def log(path: Path) -> Log:
    return Log(lambda: os.open(path, whole_files.NEW, 0o600), lambda count: f"lost {count}")


def test_lines_are_on_disk_when_they_were_flushed(tmp_path: Path) -> None:
    growing = log(tmp_path / "a")
    growing.put("one")
    growing.flush(0)
    growing.put("two")

    assert (tmp_path / "a").read_text() == "one\n"
    growing.close()
    assert (tmp_path / "a").read_text() == "one\ntwo\n"


def test_a_folder_that_comes_back_gets_what_waited(tmp_path: Path) -> None:
    growing = log(tmp_path / "away" / "a")
    growing.put("one")
    growing.flush(0)
    assert growing.failure and "No such file" in growing.failure

    (tmp_path / "away").mkdir()
    growing.put("two")
    growing.flush(RETRY_US - 1)
    assert not (tmp_path / "away" / "a").exists()
    growing.flush(RETRY_US)

    assert not growing.failure
    assert (tmp_path / "away" / "a").read_text() == "one\ntwo\n"
    growing.close()


def test_what_a_disk_could_not_take_for_too_long_is_counted(tmp_path: Path) -> None:
    growing = log(tmp_path / "away" / "a")
    growing.flush(0)
    long = "x" * 1_000_000
    for _ in range(20):
        growing.put(long)
    (tmp_path / "away").mkdir()
    growing.flush(RETRY_US)
    growing.put("after")
    growing.close()

    lines = (tmp_path / "away" / "a").read_text().splitlines()
    kept = MAX_WAITING // 1_000_001 + 1
    assert lines == [long] * kept + [f"lost {20 - kept}", "after"]


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of a file's size is set as on Linux")
def test_a_disk_that_is_full_leaves_whole_lines_and_later_all_of_them(tmp_path: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    growing = log(tmp_path / "a")
    lines = [f"line {number:04}" for number in range(1000)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
    try:
        for number, line in enumerate(lines):
            growing.put(line)
            growing.flush(number)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert growing.failure and "File too large" in growing.failure
    assert (tmp_path / "a").read_text().splitlines() == lines[: 4_096 // 10]

    growing.flush(2 * RETRY_US)
    growing.close()

    assert not growing.failure
    assert (tmp_path / "a").read_text().splitlines() == lines
