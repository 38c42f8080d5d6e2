"""The page's server at a real address."""

import asyncio
import errno
import http.client
import json
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from livegen.control.osc.peers import own_addresses
from livegen.control.surfaces import Request
from livegen.control.web import clients, server
from livegen.control.web.server import PORTS_TRIED
from livegen.control.web.surface import PageSurface
from livegen.daemon import page_files
from livegen.daemon.processes.frames import FiguresFrame, SentFrame
from livegen.errors import ConfigError, PortError

TOKEN = "0123456789abcdef"
PATIENCE_S = 30.0
Settings = dict[str, Any]


class Page:
    """A server and what it asked for."""

    def __init__(self, **settings: Any) -> None:
        self.asked: list[Request] = []
        self.said: list[str] = []
        given: Settings = {"host": "127.0.0.1", "port": 0, "token": TOKEN, **settings}
        self.surface = PageSurface(given, {"in": "Model In"}, self.asked.append, self.said.append)
        self.told: Settings = {}
        self.connections: list[ClientConnection] = []

    @property
    def address(self) -> tuple[str, int]:
        return self.told["host"], self.told["port"]

    async def client(self, **options: Any) -> ClientConnection:
        host, port = self.address
        origin = Origin(f"http://{host}:{port}")
        made = await connect(f"ws://{host}:{port}/ws", origin=origin, **options)
        self.connections.append(made)
        await made.send(json.dumps({"token": TOKEN}))
        return made

    def note(self, number: int) -> None:
        self.surface.hear(SentFrame(number, b"\x90\x3c\x50"))


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[Page]:
    page = Page(**settings)
    page.told = await page.surface.open()
    try:
        yield page
    finally:
        for connection in page.connections:
            connection.transport.abort()
        page.surface.close()
        await asyncio.sleep(0.05)  # for the loop to let them go


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that takes nothing is let go after a moment, not after half a minute."""
    monkeypatch.setattr(clients, "STALLED_S", 0.5)


def on_a_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run a test as the control process runs its surfaces."""

    def run() -> None:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(asyncio.wait_for(test(), PATIENCE_S))

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


async def until(holds: Callable[[], object]) -> None:
    while not holds():
        await asyncio.sleep(0.005)


async def message(client: ClientConnection, kind: str) -> dict[str, Any]:
    while (found := json.loads(await client.recv()))["t"] != kind:
        pass
    return dict(found)


async def raw(page: Page, request: bytes) -> bytes:
    """What comes back for bytes as they are."""
    reader, writer = await asyncio.open_connection(*page.address)
    writer.write(request)
    answer = await reader.read(1 << 16)
    writer.close()
    return answer


@on_a_loop
async def test_it_listens_on_loopback_only() -> None:
    async with served() as page:
        servers = page.surface._server.servers  # type: ignore[union-attr]
        listening = [sock.getsockname()[0] for server in servers for sock in server.sockets]
        assert listening == (["127.0.0.1", "::1"] if has_ipv6() else ["127.0.0.1"])
        for address in own_addresses():
            with pytest.raises(OSError):
                await asyncio.open_connection(address, page.address[1])


def has_ipv6() -> bool:
    """Whether this machine knows itself as ::1."""
    with suppress(OSError), closing(socket.socket(socket.AF_INET6, socket.SOCK_STREAM)) as sock:
        sock.bind(("::1", 0))
        return True
    return False


@on_a_loop
async def test_the_page_is_served_at_whichever_address_localhost_means() -> None:
    async with served() as page:
        port = page.address[1]
        for host in ["127.0.0.1", "[::1]"] if has_ipv6() else ["127.0.0.1"]:
            origin = Origin(f"http://{host}:{port}")
            made = await connect(f"ws://{host}:{port}/ws", origin=origin)
            page.connections.append(made)
            await made.send(json.dumps({"token": TOKEN}))
            assert json.loads(await made.recv())["t"] == "hello"


@on_a_loop
async def test_a_port_that_another_program_has_at_the_other_address_is_left_alone() -> None:
    if not has_ipv6():
        return  # then nobody can have it
    with closing(socket.socket(socket.AF_INET6, socket.SOCK_STREAM)) as taken:
        taken.bind(("::1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with served(port=port) as page:
            assert page.address[1] > port
            assert page.said and f"port {port} is in use" in page.said[0]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_an_address_for_others_needs_a_token_that_the_person_chose(host: str) -> None:
    with pytest.raises(ConfigError, match=r"page\.token"):
        asyncio.run(Page(host=host).surface.open())


@pytest.mark.parametrize("settings", [{"host": "stage.local"}, {"token": "short"}])
def test_settings_that_make_no_sense_are_told(settings: Settings) -> None:
    with pytest.raises(ConfigError, match=r"page\."):
        asyncio.run(Page(**settings).surface.open())


@on_a_loop
async def test_a_port_that_is_taken_is_left_alone_and_the_next_one_used() -> None:
    async with served() as first:
        port = first.address[1]
        async with served(port=port) as second:
            assert port < second.address[1] < port + PORTS_TRIED
            assert str(port) in second.said[0] and str(second.address[1]) in second.said[0]
            assert second.told["url"] == f"http://127.0.0.1:{second.address[1]}/#{TOKEN}"


@on_a_loop
async def test_a_port_that_is_taken_sends_it_back_to_where_it_was_last() -> None:
    with TemporaryDirectory() as name:
        kept = Path(name)
        async with served() as other:
            taken = other.address[1]
            async with served(port=taken, kept=name, pid=7) as first:
                last = first.address[1]
            page_files.remember_port(kept, last + 1)
            async with served(port=taken, kept=name, pid=7) as second:
                assert second.address[1] == last + 1
            assert page_files.last_port(kept) == last + 1


@on_a_loop
async def test_a_last_port_that_is_taken_too_is_no_hindrance() -> None:
    with TemporaryDirectory() as name:
        async with served() as one, served() as other:
            page_files.remember_port(Path(name), other.address[1])
            async with served(port=one.address[1], kept=name, pid=7) as page:
                assert page.address[1] not in (one.address[1], other.address[1])


@pytest.mark.parametrize(
    ("host", "near"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("::", "[::1]")],
)
def test_it_says_where_a_browser_of_this_machine_finds_it(
    tmp_path: Path, host: str, near: str
) -> None:
    settings = {"host": host, "is_token_chosen": True, "names": ["stage.local"]}

    @on_a_loop
    async def run() -> None:
        async with served(kept=str(tmp_path), pid=7, **settings) as page:
            address = f"http://{near}:{page.address[1]}/#{TOKEN}"
            assert page_files.announced(tmp_path) == [page_files.Running(7, address)]
            found = await asyncio.to_thread(http_status, near, page.address[1])
            assert found == 200

    if ":" in host and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    run()


def http_status(host: str, port: int) -> int:
    connection = http.client.HTTPConnection(host.strip("[]"), port, timeout=PATIENCE_S)
    with closing(connection):
        connection.request("GET", "/")
        return connection.getresponse().status


@on_a_loop
async def test_a_folder_that_cannot_be_written_costs_a_line_and_no_page() -> None:
    with TemporaryDirectory() as name:
        (Path(name) / "running").write_text("in the way")
        async with served(kept=name, pid=7) as page:
            assert (await page.client()) is not None
            assert any("`livegen open` will not find this page" in line for line in page.said)


def test_when_all_ten_are_taken_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(host: str, port: int) -> socket.socket:
        raise OSError(errno.EADDRINUSE, "in use")

    monkeypatch.setattr(server, "_bound", taken)
    with pytest.raises(PortError, match=r"9701 to 9710 .* --set page\.port="):
        asyncio.run(Page(port=9701).surface.open())


@on_a_loop
async def test_hosts_are_judged_as_they_come_over_the_wire() -> None:
    async with served() as page:
        ours = f"Host: 127.0.0.1:{page.address[1]}\r\n".encode()
        assert (
            await raw(page, b"GET / HTTP/1.1\r\n" + ours + b"Connection: close\r\n\r\n")
        ).startswith(b"HTTP/1.1 200")
        for headers in (b"", ours + ours, b"Host: evil.com\r\n", ours + b"Host: evil.com\r\n"):
            answer = await raw(page, b"GET / HTTP/1.1\r\n" + headers + b"Connection: close\r\n\r\n")
            assert answer.split(b" ", 2)[1] in (b"400", b"421"), (headers, answer)
        assert (await raw(page, b"GET / HTTP/1.0\r\n\r\n")).split(b" ", 2)[1] in (b"400", b"421")


@on_a_loop
async def test_a_message_that_is_too_long_ends_the_connection() -> None:
    async with served() as page:
        client = await page.client()
        await message(client, "hello")
        with pytest.raises(ConnectionClosed) as closed:
            await client.send("x" * 70_000)
            while True:
                await client.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
        await until(lambda: page.asked[-1:] == [Request("watch", False)])


@on_a_loop
async def test_a_page_that_reads_nothing_costs_the_others_nothing_and_is_let_go() -> None:
    async with served() as page:
        stalled = await page.client(max_queue=1)
        await message(stalled, "hello")
        stalled.transport.pause_reading()
        reading = await page.client()
        await message(reading, "hello")
        number = 0
        while len(page.surface._view.clients) == 2:
            for _ in range(200):
                page.note(number := number + 1)
            page.surface.show({"turn": number, "text": "x" * 20_000})
            told = await message(reading, "notes")
            assert told["notes"][-1][1] == number
        assert reading.state.name == "OPEN"


@on_a_loop
async def test_closing_lets_everybody_go_and_the_port_too() -> None:
    async with served() as page:
        client = await page.client()
        await message(client, "hello")
        port = page.address[1]
        page.surface.close()
        with pytest.raises(ConnectionClosed):
            while True:
                await client.recv()
    async with served(port=port) as again:
        assert again.address[1] == port and again.said == []


@on_a_loop
async def test_the_state_and_the_engines_health_reach_a_page() -> None:
    async with served() as page:
        client = await page.client()
        await message(client, "hello")
        page.surface.show({"turn": "listening", "plan": []})
        while (await message(client, "state"))["state"].get("turn") != "listening":
            pass
        page.surface.hear(FiguresFrame(0, b'{"engine":"dead","late":3}'))
        told: dict[str, Any] = {}
        while not told.keys() >= {"state", "late"}:
            told |= json.loads(await client.recv())
        assert told["state"] == {"engine": "dead"} and told["late"] == 3
