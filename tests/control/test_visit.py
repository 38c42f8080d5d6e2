"""The page of a livegen that runs is found; what is stale, or is no livegen, is not."""

import json
import os
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from livegen import cli
from livegen.control.visit import Page, running_page
from livegen.daemon import page_files
from livegen.daemon.page_files import Running

TOKEN, KEY = "0123456789abcdef-token", "a-key-that-is-good-once"


@contextmanager
def answering(status: int = 200, body: bytes = b"", token: str = TOKEN) -> Iterator[int]:
    """A server that gives a key to whoever knows the token; or says something else.  Gives its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            knows = self.headers["Authorization"] == f"Bearer {token}"
            is_asked = (
                knows and self.path == "/keys" and self.headers["Host"].startswith("127.0.0.1:")
            )
            self.send_response(status if is_asked else 401)
            self.end_headers()
            self.wfile.write(body or json.dumps({"key": KEY}).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def address(port: int, end: str = TOKEN) -> str:
    return f"http://127.0.0.1:{port}/#{end}"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which livegens say that they run."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return page_files.folder()


@pytest.fixture
def ended() -> int:
    """The number of a process that there is no more."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_one_that_runs_is_found_with_a_key_in_place_of_the_token(place: Path) -> None:
    with answering() as port:
        page_files.announce(place, Running(os.getpid(), address(port)))

        assert running_page() == Page(address(port), address(port, KEY))


def test_one_that_was_killed_is_not_asked_though_another_program_has_its_port(
    place: Path, ended: int
) -> None:
    with answering() as port:
        page_files.announce(place, Running(ended, address(port)))

        assert running_page() is None


def test_of_several_it_is_the_last_that_answers(place: Path, ended: int) -> None:
    with answering() as old, answering() as new:
        ports = {os.getppid(): old, os.getpid(): new, ended: 9}
        for at, (pid, port) in enumerate(ports.items()):
            page_files.announce(place, Running(pid, address(port)))
            os.utime(place / "running" / f"{pid}.json", (at, at))

        found = running_page()

        assert found is not None and found.url == address(new)


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b""), (200, b"<html>"), (200, b'{"key": "<x>"}'), (200, b"[" * 9000), (302, b"")],
)
def test_who_does_not_answer_as_a_livegen_does_is_none(
    place: Path, status: int, body: bytes
) -> None:
    with answering(status, body) as port:
        page_files.announce(place, Running(os.getpid(), address(port)))

        assert running_page() is None


def test_nobody_answers(place: Path) -> None:
    with answering() as port:
        pass
    page_files.announce(place, Running(os.getpid(), address(port)))

    assert running_page() is None


# --- the command ----------------------------------------------------------------------------------------------


def test_without_a_livegen_it_says_so_in_a_line(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["open"]) == 2
    said = capsys.readouterr()
    assert (
        said.out == "" and said.err.startswith("livegen: no livegen") and said.err.count("\n") == 1
    )


def test_it_prints_the_address_and_opens_nothing(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "get", pytest.fail)
    with answering() as port:
        page_files.announce(place, Running(os.getpid(), address(port)))

        assert cli.run(["open", "--print"]) == 0
    assert capsys.readouterr().out == f"{address(port)}\n"


def test_a_browser_is_given_an_address_without_the_token(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "given"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$@" > {given}\n')
    browser.chmod(0o700)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    monkeypatch.setattr(webbrowser, "_tryorder", None)
    with answering() as port:
        page_files.announce(place, Running(os.getpid(), address(port)))

        assert cli.run(["open"]) == 0
    assert given.read_text() == f"{address(port, KEY)}\n"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("kind", ["none", "in the terminal"])
def test_where_there_is_no_browser_the_address_is_printed(
    place: Path, kind: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def get() -> webbrowser.BaseBrowser:
        if kind == "none":
            raise webbrowser.Error("none")
        return webbrowser.GenericBrowser("lynx")

    monkeypatch.delenv("BROWSER", raising=False)
    monkeypatch.setattr(webbrowser, "get", get)
    with answering() as port:
        page_files.announce(place, Running(os.getpid(), address(port)))

        assert cli.run(["open"]) == 0
    assert capsys.readouterr().out == f"{address(port)}\n"
