"""Pages that are open: what each may do, and that none costs another anything."""

import json
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from livegen.control.surfaces import Request
from livegen.control.web.clients import FULL, MISTAKES, POLICY, Client, Clients
from livegen.control.web.door import BAD_TOKEN, KEY_US, Door
from livegen.control.web.ear import Ear
from livegen.control.web.routes import app
from livegen.control.web.stage import MESSAGES_PER_S, MOST_CLIENTS, Stage
from livegen.daemon import clock

TOKEN = "0123456789abcdef"
SECOND = 1_000_000


class Served:
    """The pages of one server, over a transport in memory."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.faults: list[str] = []
        self.stage = Stage({"in": "Model In"}, presets=["Quiet"])
        self.clients = Clients(self.stage, self.asked.append)
        self.door = Door(TOKEN, lambda words: self.clients, self.faults.append)
        self.app = app(self.door, None, TOKEN, built=Path("/nowhere"))
        self.stack = ExitStack()
        self.browser = self.stack.enter_context(TestClient(self.app))

    def connect(self) -> WebSocketTestSession:
        return self.stack.enter_context(self.browser.websocket_connect("/ws"))

    def page(self) -> WebSocketTestSession:
        page = self.connect()
        page.send_json({"token": TOKEN})
        assert page.receive_json()["t"] == "hello"
        return page


@pytest.fixture
def served() -> Iterator[Served]:
    one = Served()
    with one.stack:
        yield one
    assert one.faults == []


def until(page: WebSocketTestSession, kind: str) -> dict[str, Any]:
    """The next message of a kind."""
    while (message := page.receive_json())["t"] != kind:
        pass
    found: dict[str, Any] = message
    return found


def key(served: Served) -> str:
    """What a program that knows the token gets for a browser."""
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    answer = served.browser.post("/keys", content="{}", headers=headers)
    return str(answer.json()["key"])


def test_a_key_lets_one_page_in_once_and_gives_it_the_token(served: Served) -> None:
    given = key(served)
    first, second = served.connect(), served.connect()

    first.send_json({"token": given})
    assert until(first, "token") == {"t": "token", "token": TOKEN}
    second.send_json({"token": given})
    assert second.receive_json()["t"] == "refused"
    with pytest.raises(WebSocketDisconnect) as closed:
        second.receive_json()
    assert closed.value.code == BAD_TOKEN


def test_a_key_is_good_for_a_minute_and_for_nothing_but_a_page(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, now = key(served), clock.now()
    assert len(given) == 22 and given != key(served)
    for path in ("/keys", "/tickets"):
        headers = {"authorization": f"Bearer {given}", "content-type": "application/json"}
        assert served.browser.post(path, content="{}", headers=headers).status_code in (
            401,
            404,
            405,
        )

    monkeypatch.setattr(clock, "now", lambda: now + KEY_US + SECOND)
    late = served.connect()
    late.send_json({"token": given})
    assert late.receive_json()["t"] == "refused"


def test_a_page_with_the_token_is_not_told_it(served: Served) -> None:
    page = served.page()
    page.send_json({"t": "ping", "at": 1})

    while (message := page.receive_json())["t"] != "pong":
        assert TOKEN not in json.dumps(message)


def asked_before_pong(page: WebSocketTestSession, served: Served) -> list[Request]:
    """What was asked for when everything said so far was heard."""
    page.send_json({"t": "ping", "at": 1})
    until(page, "pong")
    return served.asked


@pytest.mark.parametrize(
    "first", ['{"token":"0123456789abcdee"}', "{}", "x", '{"token":null}', '{"token":["a"]}']
)
def test_without_the_token_nothing_is_told_and_nothing_done(served: Served, first: str) -> None:
    page = served.connect()
    page.send_text(first)
    page.send_json({"t": "do", "name": "panic"})

    assert page.receive_json()["t"] == "refused"
    with pytest.raises(WebSocketDisconnect) as closed:
        page.receive_json()
    assert closed.value.code == BAD_TOKEN
    assert served.asked == []


def test_with_the_token_everything_is_told_at_once(served: Served) -> None:
    served.stage.show({"turn": "waiting", "map": {"program 1": "preset Quiet"}})
    page = served.connect()
    page.send_json({"token": TOKEN})

    hello, state = page.receive_json(), until(page, "state")

    assert hello["presets"] == ["Quiet"] and hello["setlist"] == ["Quiet"]
    assert hello["ports"] == {"in": "Model In", "out": "", "api": ""}
    assert [control["name"] for control in hello["controls"]][:2] == ["mode", "sync"]
    assert state["state"]["turn"] == "waiting" and state["state"]["engine"] == "starting"


def test_what_is_asked_for_is_passed_on(served: Served) -> None:
    page = served.page()
    page.send_json({"t": "set", "name": "density", "value": 2})
    page.send_json({"t": "do", "name": "again"})
    page.send_json({"t": "play", "data": [0x90, 60, 80]})

    assert asked_before_pong(page, served) == [
        Request("watch", True),
        Request("density", 2.0),
        Request("again"),
        Request("play", [0x90, 60, 80]),
    ]


def test_the_third_mistake_closes_and_each_is_answered(served: Served) -> None:
    page = served.page()
    for text in ("x", '{"t":"watch"}', '{"t":"do","name":"quit"}'):
        page.send_text(text)

    for _ in range(3):
        assert len(until(page, "refused")["line"]) > 10
    with pytest.raises(WebSocketDisconnect) as closed:
        until(page, "never")
    assert closed.value.code == POLICY


def test_a_value_that_does_not_fit_is_answered_and_costs_nothing(served: Served) -> None:
    page = served.page()
    for _ in range(10):
        page.send_json({"t": "set", "name": "scale", "value": "H major"})

    assert "H major" in until(page, "refused")["line"]
    assert asked_before_pong(page, served) == [Request("watch", True)]


def test_bytes_are_a_mistake(served: Served) -> None:
    page = served.page()
    page.send_bytes(b'{"t":"do","name":"again"}')

    until(page, "refused")
    assert Request("again") not in served.asked


def test_a_page_that_goes_away_releases_what_it_held(served: Served) -> None:
    with served.browser.websocket_connect("/ws") as page:
        page.send_json({"token": TOKEN})
        for data in (
            [0x90, 60, 80],
            [0x91, 64, 80],
            [0xB0, 64, 127],
            [0x90, 62, 80],
            [0x80, 62, 0],
        ):
            page.send_json({"t": "play", "data": data})
        asked_before_pong(page, served)
        del served.asked[:]

    released = [request.value for request in served.asked if request.name == "play"]
    assert released == [[0xB0, 64, 0], [0x81, 64, 64], [0x80, 60, 64]]
    assert served.asked[-1] == Request("watch", False)


def test_watching_begins_with_the_first_page_and_ends_with_the_last(served: Served) -> None:
    with served.browser.websocket_connect("/ws") as first:
        first.send_json({"token": TOKEN})
        until(first, "hello")
        with served.browser.websocket_connect("/ws") as second:
            second.send_json({"token": TOKEN})
            until(second, "hello")
        assert served.asked == [Request("watch", True)]

    assert served.asked == [Request("watch", True), Request("watch", False)]


def test_more_pages_than_there_may_be_are_told_so_and_let_go(served: Served) -> None:
    for _ in range(MOST_CLIENTS):
        served.page()
    late = served.connect()
    late.send_json({"token": TOKEN})

    assert str(MOST_CLIENTS) in late.receive_json()["line"]
    with pytest.raises(WebSocketDisconnect) as closed:
        late.receive_json()
    assert closed.value.code == FULL


def test_notes_reach_every_page(served: Served) -> None:
    pages = [served.page() for _ in range(3)]
    assert served.browser.portal is not None
    served.browser.portal.call(lambda: served.clients.tell(lambda box: box.note("[1,5,144,60,80]")))

    assert [until(page, "notes")["notes"] for page in pages] == [[[1, 5, 144, 60, 80]]] * 3


# --- limits, on virtual time --------------------------------------------------------------------------------------


class Heard:
    """A page of which only what it says matters."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.client = Client(Stage({}), self.asked.append)
        self.now = 10 * SECOND

    def says(self, *data: int) -> None:
        self.client.hear(json.dumps({"t": "play", "data": data}), self.now)

    def does(self, name: str) -> None:
        self.client.hear(json.dumps({"t": "do", "name": name}), self.now)

    def floods(self, name: str = "tap") -> int:
        """Ask for something far too often at once; how often it was passed on."""
        before = len(self.asked)
        for _ in range(5 * MESSAGES_PER_S):
            self.does(name)
        return len(self.asked) - before


def test_no_more_is_taken_of_a_page_than_so_many_messages_a_second() -> None:
    page = Heard()

    assert page.floods() == MESSAGES_PER_S
    page.now += SECOND
    assert page.floods() == MESSAGES_PER_S
    assert page.client.mistakes == 0


def test_a_flood_is_complained_of_once_a_second() -> None:
    page = Heard()
    for _ in range(3):
        page.floods()
        page.now += SECOND

    told = [text for text in page.client.mailbox.take(page.now) if "refused" in text]
    assert len(told) == 3


def test_panic_and_the_ends_of_held_notes_get_through_a_flood() -> None:
    page = Heard()
    page.says(0x90, 60, 80)
    page.says(0xB0, 64, 127)
    page.floods()
    del page.asked[:]

    page.does("panic")
    page.says(0x80, 60, 64)
    page.says(0xB0, 64, 0)
    page.says(0x80, 61, 64)
    page.says(0x90, 62, 80)

    assert page.asked == [
        Request("panic"),
        Request("play", [0x80, 60, 64]),
        Request("play", [0xB0, 64, 0]),
    ]


def test_a_flood_of_panics_is_passed_on_a_hundred_times_a_second_at_most() -> None:
    page = Heard()
    page.floods()
    del page.asked[:]
    for _ in range(10_000):
        page.now += 100
        page.does("panic")

    # What the limit itself lets through in that second, and one each 10 ms beside it.
    assert 100 <= len(page.asked) <= MESSAGES_PER_S + 100


@given(st.lists(st.text(max_size=60) | st.binary(max_size=60).map(repr), max_size=20))
def test_whatever_a_page_says_nothing_raises(texts: list[str]) -> None:
    page = Heard()
    for text in texts:
        page.client.hear(text, page.now)
    page.client.leave()

    assert page.asked == []


# --- a microphone -------------------------------------------------------------------------------------------------


def test_a_daemon_that_hears_no_page_says_so_and_lets_go_who_goes_on(served: Served) -> None:
    page = served.page()
    for _ in range(MISTAKES):
        page.send_bytes(bytes(10))
    assert "serve --listen page" in until(page, "refused")["line"]
    with pytest.raises(WebSocketDisconnect):
        until(page, "nothing")
    assert not any(request.name == "audio" for request in served.asked)


def test_audio_counts_as_messages_do_and_more_of_it_is_left_out() -> None:
    page = Heard()
    page.client.ear = Ear(page.asked.append)
    piece = struct.pack("<d", page.now) + bytes(640)
    for _ in range(2 * MESSAGES_PER_S):
        page.client.listen(piece, page.now)
    assert [request.name for request in page.asked] == ["audio"] * MESSAGES_PER_S
    assert page.client.mistakes == 0
