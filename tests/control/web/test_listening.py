"""The page of a listening test: who may ask it, and what it is told."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from livegen.control.web import listening_page
from livegen.errors import ConfigError

TOKEN = "0123456789abcdef"
AUTHORISED = {"authorization": f"Bearer {TOKEN}"}


class Noted:
    """A test that notes what it is told."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, int, str, str]] = []

    def state(self, name: str) -> dict[str, Any]:
        if not name:
            raise ConfigError("expected a name")
        return {"judge": name, "trial": None}

    def answer(self, name: str, trial: int, question: str, side: str) -> None:
        self.answers.append((name, trial, question, side))


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
def browser(noted: Noted, tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / listening_page.PAGE).write_text("<!doctype html><title>listen</title>")
    yield TestClient(listening_page.app(noted, TOKEN, tmp_path))


def test_the_page_is_there_and_the_test_only_for_who_knows_the_token(
    browser: TestClient, noted: Noted
) -> None:
    assert browser.get("/listen.html").status_code == 200
    for path in ("/listen", "/listen/answer"):
        body = {"judge": "Ann", "trial": 0, "question": "prefer", "said": "first"}
        assert browser.post(path, json=body).status_code == 401
    assert noted.answers == []


def test_a_state_is_told_and_an_answer_is_kept(browser: TestClient, noted: Noted) -> None:
    told = browser.post("/listen", json={"judge": "Ann"}, headers=AUTHORISED)
    body = {"judge": "Ann", "trial": 3, "question": "prefer", "said": "neither"}
    kept = browser.post("/listen/answer", json=body, headers=AUTHORISED)

    assert told.json() == {"judge": "Ann", "trial": None}
    assert kept.status_code == 200
    assert noted.answers == [("Ann", 3, "prefer", "neither")]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/listen", {"judge": ""}, "expected a name"),
        ("/listen", {"judge": 1}, 'expected {"judge": NAME}'),
        ("/listen", {"judge": "Ann", "more": 1}, 'expected {"judge": NAME}'),
        ("/listen/answer", {"judge": "Ann"}, 'expected {"judge", "trial"'),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line(
    browser: TestClient, path: str, body: dict[str, Any], said: str
) -> None:
    answer = browser.post(path, json=body, headers=AUTHORISED)

    assert answer.status_code == 422
    assert said in answer.json()["error"]


@pytest.mark.parametrize(("host", "own"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "192.0.2.7")])
def test_the_address_that_is_told_opens_the_page_and_other_names_do_not(
    host: str, own: str, noted: Noted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / listening_page.PAGE).write_text("<!doctype html><title>listen</title>")
    monkeypatch.setattr(listening_page, "own_addresses", lambda: ["192.0.2.7"])

    async def statuses() -> list[bytes]:
        told = asyncio.Queue[str]()
        serving = asyncio.create_task(listening_page.served(noted, told.put_nowait, tmp_path, host))
        place = urlsplit(await told.get())
        assert place.hostname == own
        found = []
        for name in (place.netloc, f"stranger:{place.port}"):
            reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
            asked = f"GET {place.path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
            writer.write(asked.encode())
            found.append((await reader.read()).split()[1])  # to the end: a file is open until then
            writer.close()
        # The file is closed after the last byte has left.
        if others := asyncio.all_tasks() - {asyncio.current_task(), serving}:
            await asyncio.wait(others, timeout=0.5)
        serving.cancel()
        await asyncio.wait([serving])
        return found

    assert asyncio.run(statuses()) == [b"200", b"421"]


def test_without_a_built_page_it_says_what_builds_it(noted: Noted, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not built"):
        listening_page.serve(noted, print, tmp_path)
