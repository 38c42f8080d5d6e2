"""A studio as its players meet it: the real command, real sockets, and a way with jitter."""

import asyncio
import json
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from livegen import cli
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.studio.invitations import Invitations, Seat

PHRASE = (60, 62, 64, 65, 67, 65, 64, 60)
NOTE_US = 250_000
PATIENCE_S = 60.0


class Studio:
    """A studio of the learner, which needs no network, at a free port of this machine."""

    def __init__(self, *flags: str, **started: Any) -> None:
        options = {"host": "127.0.0.1", "port": 9790, "model": "learner", "tempo": 120, "rooms": 3}
        given = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "livegen", "studio", *given, *flags],
            stdout=subprocess.PIPE,
            text=True,
            **started,
        )
        assert self.process.stdout is not None
        found = re.fullmatch(
            r"ready: players (?:open \S+#(\S+)|need an invitation)\n",
            self.process.stdout.readline(),
        )
        assert found
        self.token = found[1]
        teacher = re.fullmatch(
            r"teacher: ((http://([^/]+)/)teacher.html#(\S+))\n", self.process.stdout.readline()
        )
        assert teacher
        self.teacher, self.url, self.host, self.teachers_token = teacher.groups()

    def get(self, path: str) -> str:
        with urlopen(Request(self.url + path), timeout=PATIENCE_S) as answer:
            text: str = answer.read().decode()
            return text

    async def page(self, room: str = "", token: str | None = None) -> ClientConnection:
        where = f"ws://{self.host}/ws?{urlencode({'room': room})}"
        page = await connect(where, origin=Origin(f"http://{self.host}"))
        await page.send(json.dumps({"token": self.token if token is None else token, "room": room}))
        return page

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    one = Studio()
    yield one
    one.process.kill()
    one.process.communicate()


def test_the_process_at_the_public_port_loads_neither_engine_nor_network() -> None:
    """Its workers do, and cannot begin before it has loaded what it needs itself."""
    loaded = "import sys, livegen.studio.site; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert not {"numpy", "onnxruntime", "livegen.jam.engine"} & {*ran.stdout.split()}


def names(hello: Mapping[str, Any]) -> list[str]:
    """Who is in the room that greets."""
    return [seat["name"] for seat in hello["players"]]


async def message(page: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of a kind."""
    while (told := json.loads(await page.recv()))["t"] != kind:
        pass
    found: dict[str, Any] = told
    return found


async def struck(page: ClientConnection, chance: random.Random) -> int:
    """Play the phrase with stamps as even as a machine's, on a way that takes 2 to 30 ms; when it began."""
    began = clock.now()
    for number, pitch in enumerate(PHRASE):
        for status, at in ((144, number * NOTE_US), (128, number * NOTE_US + 200_000)):
            late = chance.randint(2_000, 30_000)
            await asyncio.sleep(max(0, began + at + late - clock.now()) / SECOND)
            await page.send(
                json.dumps({"t": "play", "data": [status, pitch, 80], "at": began + at})
            )
    return began


async def first_note(page: ClientConnection) -> int:
    """When the first note that the model plays is due, micros."""
    while True:
        for one in (await message(page, "music"))["music"]:
            if isinstance(one, list) and one[1] & 0xF0 == 0x90:
                return int(one[0])


def test_a_phrase_is_answered_on_a_bar_line_of_how_it_was_played_and_not_of_how_it_came(
    studio: Studio,
) -> None:
    async def jam() -> None:
        page = await studio.page("blues")
        watching = await studio.page("blues")
        hello = await message(page, "hello")
        assert hello["room"] == "blues" and "capture" not in [
            one["name"] for one in hello["commands"]
        ]
        began = await struck(page, random.Random(1))
        due = await first_note(page)
        assert await first_note(watching) == due
        bars = (due - began) / (8 * NOTE_US)
        assert abs(bars - round(bars)) * 8 * NOTE_US < 1_000
        await page.close()
        await watching.close()

    asyncio.run(asyncio.wait_for(jam(), PATIENCE_S))


def test_who_is_invited_has_his_room_and_name_whatever_else_he_says(studio: Studio) -> None:
    async def come_in() -> None:
        text = Invitations(studio.teachers_token).write(Seat("blues", "Ana"), 1)
        page = await studio.page("another", text)
        assert (await message(page, "room"))["room"] == "blues"  # his page asks for that then
        page = await studio.page("blues", text)
        hello = await message(page, "hello")
        assert hello["room"] == "blues" and names(hello) == ["Ana"]
        await page.send(json.dumps({"t": "name", "name": "the teacher"}))
        await page.send(json.dumps({"t": "ping", "at": 0}))
        await message(page, "pong")
        other = await studio.page("blues")
        assert names(await message(other, "hello")) == ["Ana", "somebody"]
        await page.close()
        await other.close()

    asyncio.run(asyncio.wait_for(come_in(), PATIENCE_S))


def test_who_has_no_token_stays_outside(studio: Studio) -> None:
    async def knock() -> None:
        page = await studio.page(token="x" * 22)
        with pytest.raises(ConnectionClosed):
            while True:
                await page.recv()
        assert page.close_code == 4401

    asyncio.run(asyncio.wait_for(knock(), PATIENCE_S))


def test_a_class_that_opens_its_pages_at_once_comes_in(studio: Studio) -> None:
    async def come() -> None:
        pages = await asyncio.gather(*(come_in(f"{number % 2}") for number in range(16)))
        for page in pages:
            await page.close()

    async def come_in(room: str) -> ClientConnection:
        while True:
            page = await studio.page(room)
            try:
                assert (await message(page, "hello"))["room"] == room
                return page
            except ConnectionClosed:  # turns came late in the last minute: a page tries again, too
                assert page.close_code == 1013
                await asyncio.sleep(0.5)

    asyncio.run(asyncio.wait_for(come(), 2 * PATIENCE_S))


def test_health_and_metrics_tell_how_many_play(studio: Studio) -> None:
    assert json.loads(studio.get("health"))["rooms"] <= 3
    assert re.search(r'^livegen_players\{worker="0"\} \d+$', studio.get("metrics"), re.MULTILINE)


def test_teachers_who_look_at_the_same_time_all_see_every_room_once(studio: Studio) -> None:
    def rooms() -> list[str]:
        asked = Request(studio.url + "teacher/rooms")
        asked.add_header("Authorization", f"Bearer {studio.teachers_token}")
        with urlopen(asked, timeout=PATIENCE_S) as answer:
            return [room["room"] for room in json.load(answer)["rooms"]]

    async def look() -> None:
        page = await studio.page("blues")
        await message(page, "hello")
        seen = await asyncio.gather(*(asyncio.to_thread(rooms) for _ in range(24)))
        assert [told.count("blues") for told in seen] == [1] * 24
        await page.close()

    asyncio.run(asyncio.wait_for(look(), PATIENCE_S))


def test_a_connection_that_came_for_a_room_is_closed_after_one_answer(studio: Studio) -> None:
    host, _, port = studio.host.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as connection:
        connection.sendall(f"GET /ws?room=blues HTTP/1.1\r\nHost: {studio.host}\r\n\r\n".encode())
        answer = b""
        while more := connection.recv(4096):
            answer += more
    head, _, _ = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower().splitlines()


def test_sigterm_ends_a_studio_with_status_0(studio: Studio) -> None:
    assert studio.end() == 0


@pytest.mark.parametrize(
    ("option", "value"), [("--host", "nowhere"), ("--public", "https://jam.example.org")]
)
def test_an_address_that_is_none_is_refused_in_a_line_that_names_its_option(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["studio", "--model", "learner", option, value]) == 2

    said = capsys.readouterr().err
    assert said.startswith(f"livegen: {option}: expected") and said.count("\n") == 1


def test_a_teachers_token_that_players_know_is_refused_in_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    same = [f"--set=page.{whose}={'a' * 16}" for whose in ("token", "teacher")]

    assert cli.run(["studio", "--model", "learner", *same]) == 2

    said = capsys.readouterr().err
    assert said.startswith("livegen: page.teacher: expected another") and said.count("\n") == 1
