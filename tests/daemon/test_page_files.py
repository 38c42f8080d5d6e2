"""What the page keeps from one run to the next: files of one's own, believed only where they are."""

import os
import re
import stat
from itertools import count
from pathlib import Path

import pytest

from livegen.daemon import page_files
from livegen.daemon.page_files import Running

TOKEN = "a-token-of-many-letters"
ADDRESS = f"http://127.0.0.1:9701/#{TOKEN}"


class Kept:
    """A folder, chance that can be counted, and what was said."""

    def __init__(self, place: Path) -> None:
        self.place, self.lines = place, list[str]()
        self._made = count()

    @property
    def path(self) -> Path:
        return self.place / "page-token"

    def token(self) -> str:
        return page_files.token(
            self.place, lambda: f"made-token-number-{next(self._made)}", self.lines.append
        )


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "data" / "livegen")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_token_is_made_once_and_is_the_person_s_own(kept: Kept) -> None:
    previous = os.umask(0)
    try:
        tokens = [kept.token() for _ in range(3)]
    finally:
        os.umask(previous)

    assert tokens == ["made-token-number-0"] * 3
    assert kept.lines == []
    assert mode(kept.path) == 0o600
    assert [path.name for path in kept.place.iterdir()] == ["page-token"]


@pytest.mark.parametrize("wide", [0o604, 0o640, 0o620, 0o644, 0o666])
def test_a_token_that_others_may_have_read_is_replaced_with_a_line(kept: Kept, wide: int) -> None:
    kept.token()
    kept.path.chmod(wide)

    assert kept.token() == "made-token-number-1"
    assert mode(kept.path) == 0o600
    assert len(kept.lines) == 1 and f"mode {wide:04o}, expected 0600" in kept.lines[0]
    assert kept.token() == "made-token-number-1"


@pytest.mark.parametrize(
    "rubbish",
    [b"", b"short", b"<script>alert(1)</script>", b"x" * 200_000, b"\xff\xfe\x00token", b"two words of it\n"],
)  # fmt: skip
def test_rubbish_is_replaced_with_a_line(kept: Kept, rubbish: bytes) -> None:
    kept.token()
    kept.path.write_bytes(rubbish)

    assert kept.token() == "made-token-number-1"
    assert len(kept.lines) == 1 and "it is replaced" in kept.lines[0]
    assert "\n" not in kept.lines[0] and str(kept.path) in kept.lines[0]


def test_a_link_is_not_followed_and_what_it_points_to_stays(kept: Kept, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text(TOKEN)
    other.chmod(0o600)
    kept.place.mkdir(parents=True)
    kept.path.symlink_to(other)

    assert kept.token() == "made-token-number-0"
    assert other.read_text() == TOKEN
    assert not kept.path.is_symlink() and mode(kept.path) == 0o600


def test_a_pipe_in_its_place_holds_nobody_up(kept: Kept) -> None:
    kept.place.mkdir(parents=True)
    os.mkfifo(kept.path)

    assert kept.token() == "made-token-number-0"
    assert kept.token() == "made-token-number-0"


def test_where_it_cannot_be_kept_it_holds_for_this_run_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    kept = Kept(tmp_path / "file" / "livegen")

    assert kept.token() == "made-token-number-0"
    assert "for this run only" in kept.lines[-1]


def test_a_folder_in_its_place_is_left_alone(kept: Kept) -> None:
    kept.path.mkdir(parents=True)

    assert kept.token() == "made-token-number-0"
    assert kept.path.is_dir() and "for this run only" in kept.lines[-1]
    assert [path.name for path in kept.place.iterdir()] == ["page-token"]


def test_tokens_that_are_made_are_tokens(tmp_path: Path) -> None:
    import secrets

    made = page_files.token(tmp_path, lambda: secrets.token_urlsafe(16), pytest.fail)

    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", made)
    assert page_files.token(tmp_path, pytest.fail, pytest.fail) == made


def test_the_port_is_remembered(tmp_path: Path) -> None:
    assert page_files.last_port(tmp_path) is None
    page_files.remember_port(tmp_path, 9703)
    assert page_files.last_port(tmp_path) == 9703
    page_files.remember_port(tmp_path, 9704)
    assert page_files.last_port(tmp_path) == 9704


@pytest.mark.parametrize("rubbish", ["", "x", "22", "-1", "99999", "9701.5", "٩٧٠١"])
def test_a_port_that_is_none_is_not_tried(tmp_path: Path, rubbish: str) -> None:
    page_files.remember_port(tmp_path, 9703)
    (tmp_path / "page-port").write_text(rubbish, encoding="utf-8")

    assert page_files.last_port(tmp_path) is None


def test_who_runs_is_known_until_it_ends_the_latest_first(tmp_path: Path) -> None:
    first, second = Running(11, ADDRESS), Running(12, ADDRESS.replace("9701", "9702"))
    for at, one in enumerate((first, second)):
        page_files.announce(tmp_path, one)
        os.utime(tmp_path / "running" / f"{one.pid}.json", (at, at))

    assert page_files.announced(tmp_path) == [second, first]
    assert mode(tmp_path / "running" / "11.json") == 0o600
    page_files.withdraw(tmp_path, 12)
    page_files.withdraw(tmp_path, 12)
    assert page_files.announced(tmp_path) == [first]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"pid":1}', '{"pid":-1,"url":"' + ADDRESS + '"}', '{"pid":1,"url":"file:///etc/passwd"}',
     '{"pid":1,"url":"http://evil.example/?x=' + ADDRESS + '"}',
     '{"pid":1,"url":"http://127.0.0.1:9701/"}', "[" * 3000],
)  # fmt: skip
def test_what_is_no_address_of_a_page_is_nobody(tmp_path: Path, text: str) -> None:
    page_files.announce(tmp_path, Running(1, ADDRESS))
    (tmp_path / "running" / "1.json").write_text(text)

    assert page_files.announced(tmp_path) == []
