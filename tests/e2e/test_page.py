"""The page's server with the whole daemon behind it, over the embedded port, as a page would use it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from docs import page_client
from livegen.music.files.smf import read
from livegen.music.messages import NoteOn
from tests.e2e.harness import PATIENCE_S, Daemon, wait_for

DOCS = Path(__file__).parents[2] / "docs"
PHRASE = (60, 64, 67, 72)
TOKEN = "e2e-token-0123456789"
MODEL, PLAYER = 1, 0
NOTE_ON, NOTE_OFF, ALL_NOTES_OFF = 0x90, 0x80, 123

Holds = Callable[[], object]


class Served(Daemon):
    """`livegen serve` itself, without a MIDI system."""

    def __init__(self, folder: Path, *sets: str) -> None:
        super().__init__({}, {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)})
        command = [self._command[0], "-m", "livegen", "serve", "--api", "none", "--seed", "1"]
        with (
            socket.socket() as free
        ):  # a port of its own: others serve pages on the usual one meanwhile
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        page = (f"page.token={TOKEN}", f"page.port={port}")
        settings = (*page, "osc.enabled=false", "jam.tempo=120", *sets)
        self._command = [*command, *(word for one in settings for word in ("--set", one))]
        self.folder = folder / "livegen" / "recordings"

    def address(self) -> str:
        """Where the page is, as it was printed; without the token."""
        wait_for(lambda: "livegen: page http" in self.errors())
        found = re.search(r"livegen: page (http://127\.0\.0\.1:\d+)/#(\S+)", self.errors())
        assert found is not None and found[2] == TOKEN
        return found[1]

    def http(self, method: str, path: str, value: object = None) -> Any:
        """What the server answers, JSON or bytes."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        body = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(self.address() + quote(path), body, headers, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            data = answer.read()
            return (
                json.loads(data) if answer.headers["Content-Type"] == "application/json" else data
            )


class Page:
    """What a page does: says things, and puts together what it is told."""

    def __init__(self, stack: ExitStack, address: str) -> None:
        where = address.replace("http", "ws")
        made = connect(f"{where}/ws", origin=Origin(address), max_queue=4096)
        self.socket: ClientConnection = stack.enter_context(made)
        self.state: dict[str, Any] = {}
        self.notes: list[list[int]] = []
        self.told: dict[str, list[dict[str, Any]]] = {}
        self.socket.send(json.dumps({"token": TOKEN}))

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def play(self, *data: int) -> None:
        self.say(t="play", data=list(data))

    def listen(self) -> None:
        """Take in what has come."""
        try:
            while True:
                message = json.loads(self.socket.recv(timeout=0.002))
                self.told.setdefault(message["t"], []).append(message)
                self.state |= message.get("state", {})
                if message["t"] == "notes":
                    self.notes += message["notes"]
        except TimeoutError:
            pass

    def until(self, holds: Holds) -> None:
        def is_so() -> object:
            self.listen()
            return holds()

        wait_for(lambda: bool(is_so()))

    def plays_a_phrase(self) -> None:
        for pitch in PHRASE:
            self.play(NOTE_ON, pitch, 80)
            time.sleep(0.2)
            self.play(NOTE_OFF, pitch, 64)
            time.sleep(0.05)

    def heard(self, who: int, kind: int = NOTE_ON) -> list[list[int]]:
        """What one side played so far: [channel, pitch or number, velocity or value]."""
        return [
            [status & 15, *data]
            for side, _, status, *data in self.notes
            if side == who and status & 0xF0 == kind and (kind != NOTE_ON or data[1])
        ]

    def sounding(self) -> set[tuple[int, int]]:
        """What of the model's has begun and not ended."""
        sounding = set[tuple[int, int]]()
        for who, _, status, *data in self.notes:
            key = status & 15, data[0]
            if who == MODEL and status & 0xF0 == NOTE_ON and data[1]:
                sounding.add(key)
            elif who == MODEL and status & 0xF0 in (NOTE_ON, NOTE_OFF):
                sounding.discard(key)
        return sounding

    def figure(self, name: str) -> int:
        """How many were counted for a figure, as told last."""
        figures = self.told.get("figures", [{}])[-1]
        return int(figures.get(name, {}).get("count", 0))

    def silences(self) -> int:
        """How often everything was told to end."""
        return sum(number == ALL_NOTES_OFF for _, number, _ in self.heard(MODEL, 0xB0))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def serve(stack: ExitStack, folder: Path, *sets: str, as_typed: bool = False) -> Served:
    """A daemon that is ready; its processes start as a person starts them where it is `as_typed`, else as copies."""
    served = Served(folder, *sets)
    served.is_warm = served.is_warm and not as_typed
    stack.enter_context(served)
    assert served.ready().startswith("ready api=none model=jam-gru ")
    return served


def opened(stack: ExitStack, served: Served) -> Page:
    page = Page(stack, served.address())
    page.until(lambda: page.told.get("hello") and page.state.get("engine") == "alive")
    return page


def test_a_phrase_is_played_answered_captured_and_taken_away(
    stack: ExitStack, tmp_path: Path
) -> None:
    served = serve(stack, tmp_path, as_typed=True)
    page = opened(stack, served)

    page.plays_a_phrase()
    page.until(lambda: page.state.get("plan"))
    page.until(lambda: page.heard(MODEL) and page.state.get("turn") == "waiting")
    assert [pitch for _, pitch, _ in page.heard(PLAYER)] == list(PHRASE)
    assert not page.sounding()
    assert len(page.state["surprise"]) == len(PHRASE) - 1
    page.until(lambda: page.figure("in_to_state") >= 2 * len(PHRASE))
    page.until(lambda: page.figure("lateness") >= 2 * len(page.heard(MODEL)))

    page.say(t="set", name="density", value=0.5)
    page.until(lambda: page.state["controls"]["density"] == 0.5)

    page.say(t="do", name="capture", value=None)
    page.until(lambda: [line for line in page.told.get("line", []) if line["kind"] == "saved"])
    name = page.told["line"][-1]["name"]
    ticket = served.http("POST", "/tickets", {"name": name})["url"]
    take = tmp_path / "take.mid"
    with urllib.request.urlopen(served.address() + quote(ticket)) as download:
        take.write_bytes(download.read())
    tracks = {track.name: track for track in read(take).tracks}
    played = [m.pitch for _, m in tracks["Player"].messages if isinstance(m, NoteOn)]
    answered = [m.pitch for _, m in tracks["Model lead"].messages if isinstance(m, NoteOn)]
    assert played == list(PHRASE)
    assert answered == [pitch for _, pitch, _ in page.heard(MODEL)]

    assert served.http("POST", f"/recordings/{name}", {"rename": "mine"}) == {"name": "mine.mid"}
    assert [one["name"] for one in served.http("GET", "/recordings")] == ["mine.mid"]
    assert served.http("DELETE", "/recordings/mine.mid") == {"trashed": "mine.mid"}
    assert served.http("GET", "/recordings") == []
    assert (served.folder / ".trash" / "mine.mid").is_file()


def test_a_session_that_was_looked_at_is_played_again_to_the_note(
    stack: ExitStack, tmp_path: Path
) -> None:
    served = serve(stack, tmp_path, "jam.mode=continue")
    page = opened(stack, served)
    page.plays_a_phrase()
    page.until(lambda: len(page.heard(MODEL)) >= 4 and page.state["surprise"])
    page.say(t="set", name="density", value=2)
    page.until(lambda: page.state["controls"]["density"] == 2)
    page.say(t="do", name="stop")
    page.until(lambda: not page.sounding())
    told = len(page.told["figures"])
    page.until(lambda: len(page.told["figures"]) > told + 1)  # by then the journal holds the stop
    assert served.end()[0] == 0

    journal = next(served.folder.glob("*.jsonl"))
    command = [sys.executable, "-m", "livegen", "replay", str(journal)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[1]) >= 4


def test_panic_works_while_the_engine_is_dead(stack: ExitStack, tmp_path: Path) -> None:
    served = serve(stack, tmp_path, "jam.mode=continue", "jam.density=2")
    page = opened(stack, served)
    page.plays_a_phrase()
    page.until(lambda: len(page.heard(MODEL)) >= 4)

    os.kill(page.state["engine_pid"], signal.SIGKILL)
    page.until(lambda: page.silences())
    assert not page.sounding()
    before = page.silences()
    page.say(t="do", name="panic")
    page.until(lambda: page.silences() > before)
    assert not page.sounding()
    assert page.state["engine"] in ("dead", "starting")

    page.until(lambda: page.state["engine"] == "alive")
    page.until(lambda: "The engine started again, and goes on." in str(page.told["line"]))
    began = len(page.heard(MODEL))
    page.plays_a_phrase()
    page.until(lambda: len(page.heard(MODEL)) > began)


def test_the_client_of_the_docs_is_answered_and_all_that_it_is_told_is_as_the_schema_says(
    stack: ExitStack, tmp_path: Path
) -> None:
    served = serve(stack, tmp_path)
    looking_on = opened(stack, served)

    at, pitch, velocity = next(page_client.jam(f"{served.address()}/#{TOKEN}"))

    assert at > 0 and 0 <= pitch < 128 and 0 < velocity < 128
    looking_on.until(lambda: looking_on.state["controls"]["density"] == 0.8)
    schema = json.loads((DOCS / "studio-protocol.schema.json").read_text())
    said = Draft202012Validator({**schema, "$ref": "#/$defs/from_studio"})
    assert {"hello", "state", "notes"} <= looking_on.told.keys()
    for messages in looking_on.told.values():
        said.validate(messages[-1])


def test_eight_pages_of_which_one_reads_nothing(stack: ExitStack, tmp_path: Path) -> None:
    served = serve(stack, tmp_path)
    stalled = stalled_page(stack, served.address())
    pages = [opened(stack, served) for _ in range(7)]
    late = Page(stack, served.address())
    late.until(lambda: late.told.get("refused"))

    pages[0].plays_a_phrase()
    for page in pages:
        page.until(lambda page=page: len(page.heard(MODEL)) >= 1)  # type: ignore[misc]
        assert "gap" not in page.told
    pages[6].say(t="do", name="stop")
    for page in pages:
        page.until(lambda page=page: not page.sounding())  # type: ignore[misc]
    assert stalled.fileno() >= 0


def stalled_page(stack: ExitStack, address: str) -> socket.socket:
    """One that says the token, and never reads a byte."""
    host, port = address.removeprefix("http://").split(":")
    one = stack.enter_context(socket.create_connection((host, int(port))))
    one.sendall(
        f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode()
    )
    assert one.recv(4096).startswith(b"HTTP/1.1 101 ")
    token = json.dumps({"token": TOKEN}).encode()
    one.sendall(bytes((0x81, 0x80 | len(token), 0, 0, 0, 0)) + token)  # a text, masked by zeros
    return one


def test_notes_of_a_page_that_goes_away_end(stack: ExitStack, tmp_path: Path) -> None:
    served = serve(stack, tmp_path, "jam.mode=listen")
    watching, leaving = opened(stack, served), opened(stack, served)
    leaving.play(NOTE_ON, 60, 80)
    watching.until(lambda: watching.heard(PLAYER) == [[0, 60, 80]])

    leaving.socket.close()
    watching.until(lambda: watching.heard(PLAYER, NOTE_OFF) == [[0, 60, 64]])


def test_the_page_comes_back_after_the_control_process_died(
    stack: ExitStack, tmp_path: Path
) -> None:
    served = serve(stack, tmp_path, as_typed=True)  # a process is found by its command
    page = opened(stack, served)
    page.play(NOTE_ON, 60, 80)
    page.until(lambda: page.heard(PLAYER))
    control = child(served.process.pid, "livegen.control.process")

    os.kill(control, signal.SIGKILL)
    wait_for(lambda: child(served.process.pid, "livegen.control.process", control) != 0)
    again = None
    while again is None:
        try:
            again = opened(stack, served)  # with the same token, at the same address
        except OSError:
            time.sleep(0.05)
    again.until(lambda: again.state.get("held") == 0)


def child(pid: int, module: str, other_than: int = 0) -> int:
    """The process id of a child that runs this module; 0 where there is none."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_text().split("\0")
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if module in words and parent == pid and int(path.name) != other_than:
            return int(path.name)
    return 0


def test_without_the_page_no_port_is_opened(stack: ExitStack, tmp_path: Path) -> None:
    served = serve(stack, tmp_path, "page.enabled=false", as_typed=True)
    wait_for(lambda: child(served.process.pid, "livegen.control.process") != 0)
    assert served.end()[0] == 0
    assert "page http" not in served.errors()


def test_a_wrong_token_is_told_nothing(stack: ExitStack, tmp_path: Path) -> None:
    served = serve(stack, tmp_path)
    request = urllib.request.Request(
        f"{served.address()}/recordings", headers={"Authorization": "Bearer x"}
    )

    with pytest.raises(HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 401
    refused.value.close()
