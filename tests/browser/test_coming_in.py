"""How a page is let in, and let in again: addresses, restarts, `livegen open`."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.conftest import Look
from tests.browser.pages import NOTE_ON, PLAYER, Jam, Seen
from tests.e2e.harness import Daemon, wait_for

SEEN_BEFORE = "localStorage.setItem('livegen-guide-seen', 'yes')"


class Served(Daemon):
    """`livegen serve` itself, as a person starts it who sets nothing: no MIDI system, files in a folder of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.environment = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        super().__init__({}, self.environment)
        command = "-m livegen serve --api none --set osc.enabled=false --set page.port"
        self._command = [sys.executable, *command.split()[:-1], f"page.port={port}"]

    def url(self) -> str:
        """The address that was printed."""
        wait_for(lambda: "livegen: page http" in self.errors())
        found = re.search(r"livegen: page (http://127\.0\.0\.1:\d+/#\S+)", self.errors())
        assert found is not None
        return found[1]

    def opened(self, *arguments: str, **more: str) -> str:
        """What `livegen open` prints, with success."""
        done = subprocess.run(
            [sys.executable, "-m", "livegen", "open", *arguments],
            env=os.environ | self.environment | more,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def is_let_in(seen: Seen) -> None:
    """Wait until it is, and until a key reaches livegen."""
    expect(seen.page.locator("#link")).to_contain_text("connected")
    expect(seen.page.locator("#notice")).to_be_hidden()
    assert "#" not in seen.page.url
    before = len(seen.notes(PLAYER))
    seen.plays("a")
    seen.until(lambda: any(one[1] & 0xF0 == NOTE_ON for one in seen.notes(PLAYER)[before:]))


def turned_away(look: Look, jam: Jam, fragment: str) -> Seen:
    seen = look()
    seen.page.add_init_script(SEEN_BEFORE)
    seen.page.goto(f"{jam.origin}/{fragment}")
    expect(seen.page.locator("#link")).to_have_text("no access")
    return seen


@pytest.mark.parametrize("fragment", ["", "#the-token-of-an-earlier-run", "#piano"])
def test_the_printed_address_lets_in_the_tab_that_was_turned_away(
    echoing: Jam, look: Look, fragment: str
) -> None:
    jam = echoing
    seen = turned_away(look, jam, fragment)

    seen.page.goto(jam.url)  # in the same tab: only the fragment is new, and nothing is loaded

    is_let_in(seen)
    seen.page.reload()
    is_let_in(seen)


def test_a_wrong_address_after_the_right_one_is_turned_away_and_the_right_one_let_in_again(
    echoing: Jam, look: Look
) -> None:
    jam = echoing
    seen = look(jam)

    seen.page.goto(f"{jam.origin}/#the-token-of-an-earlier-run")
    expect(seen.page.locator("#notice")).to_contain_text("livegen does not know this page")
    assert "#" not in seen.page.url
    seen.page.goto(jam.url)

    is_let_in(seen)


def test_a_link_within_the_page_is_no_token(echoing: Jam, look: Look) -> None:
    seen = look(echoing)

    seen.page.locator(".skip").focus()
    seen.page.keyboard.press("Enter")

    expect(seen.page.locator("#link")).to_contain_text("connected")
    seen.page.reload()
    expect(seen.page.locator("#link")).to_contain_text("connected")


def test_a_tab_that_is_open_is_let_in_by_itself_after_a_restart(look: Look, tmp_path: Path) -> None:
    port, seen = free_port(), look()
    seen.page.add_init_script(SEEN_BEFORE)
    with Served(tmp_path, port) as first:
        url = first.url()
        seen.page.goto(url)
        is_let_in(seen)
        assert first.end()[0] == 0
    expect(seen.page.locator("#notice")).to_contain_text("connection to livegen is lost")

    with Served(tmp_path, port) as second:
        is_let_in(seen)
        assert second.url() == url
    assert list((tmp_path / "livegen" / "running").iterdir()) == []


def test_a_tab_finds_it_again_where_another_program_has_the_configured_port(
    look: Look, tmp_path: Path
) -> None:
    seen = look()
    seen.page.add_init_script(SEEN_BEFORE)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        (tmp_path / "livegen").mkdir()
        (tmp_path / "livegen" / "page-port").write_text(f"{free_port()}\n")
        (tmp_path / "livegen" / "page-port").chmod(0o600)
        with Served(tmp_path, port) as first:
            url = first.url()
            seen.page.goto(url)
            is_let_in(seen)
        expect(seen.page.locator("#notice")).to_contain_text("connection to livegen is lost")

        with Served(tmp_path, port) as second:
            is_let_in(seen)
            assert second.url() == url and str(port) not in url


def test_livegen_open_opens_the_page_once_with_an_address_that_is_not_the_token(
    look: Look, tmp_path: Path
) -> None:
    given, browser = tmp_path / "given", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$@" > {given}\n')
    browser.chmod(0o700)
    seen, late = look(), look()
    with Served(tmp_path, free_port()) as served:
        url = served.url()
        assert served.opened("--print") == f"{url}\n"
        assert served.opened(BROWSER=f"{browser} %s") == ""
        once = given.read_text().strip()
        assert once.partition("#")[0] == url.partition("#")[0] and once != url

        seen.page.add_init_script(SEEN_BEFORE)
        seen.page.goto(once)
        is_let_in(seen)
        seen.page.reload()  # the key is used up; by now the page has the token
        is_let_in(seen)
        late.page.goto(once)
        expect(late.page.locator("#link")).to_have_text("no access")

        assert url.partition("#")[2] not in str(seen.requests + late.requests)
