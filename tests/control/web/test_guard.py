"""Who may speak to the page's server."""

import asyncio
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from livegen.control.web.clients import Clients
from livegen.control.web.door import Door
from livegen.control.web.guard import (
    EVERY_ANSWER,
    Guard,
    Receive,
    Scope,
    Send,
    bearer,
    hosts,
    is_token,
)
from livegen.control.web.routes import app
from livegen.control.web.shelf import Shelf
from livegen.control.web.stage import Stage
from livegen.daemon import clock

TOKEN = "0123456789abcdef"
OURS = {"origin": "http://127.0.0.1:9701"}
HERE, WS = "http://127.0.0.1:9701", "ws://127.0.0.1:9701/ws"
STRANGE_HOSTS = (
    "evil.com",
    "evil.com:9701",
    "localhost.evil.com:9701",
    "127.0.0.1.evil.com:9701",
    "127.attacker.example:9701",
    "localhost.:9701",
    "127.0.0.1.:9701",
    "[::ffff:127.0.0.1]:9701",
    "127.1:9701",
    "0.0.0.0:9701",
    "localhost",
    "localhost:9702",
    "localhost:9701:9701",
    "user@localhost:9701",
    "",
)
STRANGE_ORIGINS = (
    "http://evil.com",
    "https://127.0.0.1:9701",
    "http://127.0.0.1:9702",
    "http://127.0.0.1",
    "http://127.0.0.1:9701.evil.com",
    "http://127.0.0.1:9701/",
    "HTTP://127.0.0.1:9701",
    "null",
    "file://",
    "",
)


async def nothing() -> dict[str, Any]:
    return {}


def guarded(names: tuple[str, ...] = ()) -> Guard:
    door = Door(TOKEN, lambda words: Clients(Stage({}), lambda request: None))
    served = app(door, Shelf(Path("/nowhere")), TOKEN, built=Path("/nowhere"))
    return Guard(served, hosts(names, 9701), TOKEN)


def test_a_page_behind_a_proxy_with_tls_may_speak_by_its_public_name_only_and_encrypted() -> None:
    guard = Guard(guarded()._app, hosts((), 9702), TOKEN, public=("jam.example.org",))

    def refusal(host: str, origin: str) -> int | None:
        return guard.refusal("websocket", [(b"host", host.encode()), (b"origin", origin.encode())])

    assert refusal("jam.example.org", "https://jam.example.org") is None
    assert refusal("jam.example.org", "http://jam.example.org") == 403
    assert refusal("other.example.org", "https://jam.example.org") == 421


def client(headers: Mapping[str, str] | None = None) -> TestClient:
    return TestClient(guarded(), base_url=HERE, headers=dict(headers or {}))


@pytest.mark.parametrize("host", STRANGE_HOSTS)
def test_another_host_is_refused_before_anything_is_routed(host: str) -> None:
    for path in ("/", "/recordings", "/no/such/place"):
        assert client().get(path, headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "host", ["localhost:9701", "127.0.0.1:9701", "[::1]:9701", "LOCALHOST:9701"]
)
def test_our_own_names_are_let_in(host: str) -> None:
    assert client().get("/", headers={"host": host}).status_code == 200


def test_a_configured_name_is_let_in_and_no_part_of_it() -> None:
    guard = guarded(names=("stage.local",))

    assert guard.refusal("http", [(b"host", b"stage.local:9701")]) is None
    assert guard.refusal("http", [(b"host", b"local:9701")]) == 421
    assert guard.refusal("http", [(b"host", b"xstage.local:9701")]) == 421


def test_no_host_and_two_hosts_are_refused() -> None:
    host = (b"host", b"127.0.0.1:9701")

    assert guarded().refusal("http", []) == 421
    assert guarded().refusal("http", [host, host]) == 421
    assert guarded().refusal("http", [host, (b"Host", b"evil.com")]) == 421


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("origin", STRANGE_ORIGINS)
def test_another_origin_is_refused(kind: str, origin: str) -> None:
    headers = [(b"host", b"127.0.0.1:9701"), (b"origin", origin.encode())]

    assert guarded().refusal(kind, headers) == 403


@pytest.mark.parametrize("origin", STRANGE_ORIGINS)
def test_a_page_of_another_origin_cannot_open_the_socket(origin: str) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        client().websocket_connect(WS, headers={"origin": origin}),
    ):
        pass


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_cannot_fetch_ours_as_a_picture_but_may_link_to_it(site: str) -> None:
    fetched = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}

    assert client().get("/", headers=fetched).status_code == 403
    assert client().get("/", headers={**fetched, "sec-fetch-mode": "navigate"}).status_code == 200


def test_our_own_page_can_open_the_socket() -> None:
    with client().websocket_connect(WS, headers=OURS) as socket:
        socket.send_json({"token": TOKEN})
        assert socket.receive_json()["t"] == "hello"


def test_two_origins_are_refused_although_both_are_ours() -> None:
    origin = (b"origin", HERE.encode())

    assert guarded().refusal("http", [(b"host", b"127.0.0.1:9701"), origin, origin]) == 403


def test_a_program_without_an_origin_opens_the_socket_with_the_token_only() -> None:
    with pytest.raises(WebSocketDisconnect), client().websocket_connect(WS):
        pass
    wrong = {"authorization": "Bearer 0123456789abcdee"}
    with pytest.raises(WebSocketDisconnect), client().websocket_connect(WS, headers=wrong):
        pass
    with client().websocket_connect(WS, headers={"authorization": f"Bearer {TOKEN}"}) as socket:
        socket.send_json({"token": TOKEN})
        assert socket.receive_json()["t"] == "hello"


@pytest.mark.parametrize("path", ["/", "/ws", "/recordings", "/nothing", "/take/x/y.mid"])
def test_every_answer_forbids_scripts_of_others_frames_and_guessing_types(path: str) -> None:
    headers = client().get(path).headers

    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers and "server" not in headers


def test_a_refusal_has_the_same_headers() -> None:
    assert "content-security-policy" in client().get("/", headers={"host": "evil.com"}).headers


def test_nobody_is_told_what_another_page_may_do() -> None:
    asked = {"origin": "http://evil.com", "access-control-request-method": "POST"}

    assert client().options("/recordings", headers=asked).status_code == 403


def test_a_flood_of_requests_is_refused_and_then_let_in_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [10**9]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    guard = guarded()
    headers = [(b"host", b"127.0.0.1:9701")]

    answers = [guard.refusal("http", headers) for _ in range(1000)]
    now[0] += 1_000_000
    later = guard.refusal("http", headers)

    assert answers[0] is None and answers[-1] == 429 and later is None


@given(st.text(max_size=40))
def test_only_the_token_is_the_token(text: str) -> None:
    assert is_token(text, TOKEN) == (text == TOKEN)


@given(
    st.lists(
        st.tuples(st.sampled_from([b"authorization", b"x"]), st.binary(max_size=40)), max_size=3
    )
)
def test_any_headers_are_read_without_harm(headers: list[tuple[bytes, bytes]]) -> None:
    found = bearer(headers)

    assert found is None or isinstance(found, str)
    assert guarded().refusal("websocket", [(b"host", b"localhost:9701"), *headers]) in (None, 403)


def test_a_token_that_is_said_twice_is_none() -> None:
    header = (b"authorization", f"Bearer {TOKEN}".encode())

    assert bearer([header]) == TOKEN
    assert bearer([header, header]) is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"host": "elsewhere:9701"}, 421), ({"origin": "http://elsewhere.example"}, 403)],
)
def test_a_socket_is_refused_with_the_reason(headers: dict[str, str], status: int) -> None:
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client().websocket_connect(WS, headers=OURS | headers),
    ):
        pass
    assert refused.value.status_code == status


def test_two_hundred_requests_are_let_in_at_once_and_then_fifty_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 10**12
    monkeypatch.setattr(clock, "now", lambda: now)
    guard = guarded()
    headers = [(b"host", b"localhost:9701")]

    at_once = [guard.refusal("http", headers) for _ in range(201)]
    now += clock.SECOND
    later = [guard.refusal("http", headers) for _ in range(51)]

    assert at_once == [None] * 200 + [429]
    assert later == [None] * 50 + [429]


def test_what_is_neither_a_request_nor_a_socket_reaches_nobody() -> None:
    reached: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope["type"])

    async def send(message: MutableMapping[str, Any]) -> None:
        reached.append(str(message))

    scope = {"type": "lifespan", "headers": []}
    asyncio.run(Guard(app, hosts((), 9701), TOKEN)(scope, nothing, send))

    assert reached == []


@pytest.mark.parametrize("caching", [None, (b"Cache-Control", b"max-age=60")])
def test_an_answer_keeps_its_own_headers_but_none_that_would_weaken_ours(
    caching: tuple[bytes, bytes] | None,
) -> None:
    sent: list[dict[str, Any]] = []
    given = [(b"content-type", b"text/plain"), (b"X-Frame-Options", b"ALLOWALL")]
    given += [caching] if caching else []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": given})

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(dict(message))

    scope = {"type": "http", "headers": [(b"host", b"localhost:9701")]}
    asyncio.run(Guard(app, hosts((), 9701), TOKEN)(scope, nothing, send))

    ours = EVERY_ANSWER[:-1] if caching else EVERY_ANSWER
    assert sorted(sent[0]["headers"]) == sorted([given[0], *given[2:], *ours])


def test_a_server_that_cannot_say_why_closes_a_socket_that_is_refused_as_against_the_rules() -> (
    None
):
    sent: list[dict[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(dict(message))

    scope = {"type": "websocket", "headers": [(b"host", b"evil.com")]}
    asyncio.run(guarded()(scope, nothing, send))

    assert sent == [{"type": "websocket.close", "code": 1008}]
