"""Access to the page's server, decided before anything is routed.

An address that only this machine can reach is no protection by itself: any page in the same browser can call it, and
a name that suddenly points here (DNS rebinding) makes that page same-origin.  So exactly one Host from a list, an
Origin that matches where there is one, and a token for everything that tells or does something.

Knows ASGI; knows no routes.
"""

import hmac
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from livegen.daemon import clock
from livegen.daemon.bucket import Bucket

LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
REQUESTS_BURST, REQUESTS_PER_S = 200, 50  # one page takes five to load

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

POLICY = "; ".join((
    "default-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
))  # fmt: skip
EVERY_ANSWER = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-cache"),
)


def hosts(names: Iterable[str], port: int) -> frozenset[str]:
    """Give the Host headers that are allowed, for these names of ours and the local ones."""
    return frozenset(f"{name.lower()}:{port}" for name in (*LOCAL_NAMES, *names))


def is_token(given: object, token: str) -> bool:
    """True if this is the token; takes as long for a wrong one as for the right one."""
    return isinstance(given, str) and hmac.compare_digest(
        given.encode("utf-8", "replace"), token.encode()
    )


def bearer(headers: Headers) -> str | None:
    """The token of an Authorization header, where there is exactly one."""
    found = _all(headers, b"authorization")
    kind, _, token = found[0].partition(" ") if len(found) == 1 else ("", "", "")
    return token.strip() if kind.lower() == "bearer" else None


class Guard:
    """Stands before an app.  `allowed` are `hosts`; `token` lets a program without an Origin open a socket.

    `burst` and `per_s` limit the requests of everybody together.  `public` are names under which a proxy with TLS
    passes requests on.
    """

    def __init__(
        self,
        app: App,
        allowed: frozenset[str],
        token: str,
        burst: int = REQUESTS_BURST,
        per_s: int = REQUESTS_PER_S,
        public: Iterable[str] = (),
    ) -> None:
        outside = frozenset(name.lower() for name in public)
        self._app, self._allowed, self._token = app, allowed | outside, token
        origins = (f"http://{host}" for host in allowed)
        self._origins = frozenset((*origins, *(f"https://{name}" for name in outside)))
        self._bucket = Bucket(burst, per_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with the headers that every answer has."""
        if scope["type"] not in ("http", "websocket"):
            return
        status = self.refusal(scope["type"], list(scope["headers"]))
        if status:
            await _answer(_with_headers(send), status, scope)
        else:
            await self._app(scope, receive, _with_headers(send))

    def refusal(self, kind: str, headers: Headers) -> int | None:
        """The HTTP status with which a request is refused, None for one that may go on."""
        named = [host.lower() for host in _all(headers, b"host")]
        if len(named) != 1 or named[0] not in self._allowed:
            return 421  # misdirected: this is not that host
        origins = _all(headers, b"origin")
        if any(origin not in self._origins for origin in origins) or len(origins) > 1:
            return 403
        if _is_embedded_elsewhere(headers):
            return 403
        if kind == "websocket" and not origins and not is_token(bearer(headers), self._token):
            return 403
        return None if self._bucket.take(clock.now()) else 429


def _is_embedded_elsewhere(headers: Headers) -> bool:
    """True if another page has our addresses fetched, as a picture for example, which says no Origin.

    Source: Fetch Metadata Request Headers (W3C), sections 2.2 and 2.3.
    """
    comes_from_others = any(
        site in ("cross-site", "same-site") for site in _all(headers, b"sec-fetch-site")
    )
    return comes_from_others and "navigate" not in _all(headers, b"sec-fetch-mode")


def _all(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key.lower() == name]


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", ()))
            own = {key for key, _ in EVERY_ANSWER} - {b"cache-control"}
            kept = [(key, value) for key, value in given if key.lower() not in own]
            has_caching = any(key.lower() == b"cache-control" for key, _ in kept)
            added = EVERY_ANSWER[:-1] if has_caching else EVERY_ANSWER
            message = {**message, "headers": [*kept, *added]}
        await send(message)

    return sending


async def _answer(send: Send, status: int, scope: Scope) -> None:
    """Refuse a request, and a socket before it is one, where the server can say why."""
    kind = "http.response"
    if scope["type"] == "websocket":
        if f"websocket.{kind}" not in scope.get("extensions", {}):
            return await send({"type": "websocket.close", "code": 1008})
        kind = f"websocket.{kind}"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    return await send({"type": f"{kind}.body", "body": b"refused\n"})
