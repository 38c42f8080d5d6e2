"""A daemon on the embedded port with its page, and a Chromium that looks at it: what browser tests stand on.

Everything is waited for.  Whatever a page asks for is written down, and so is what it complains of.
"""

import json
import re
import socket
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Request, WebSocket, expect
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from livegen import shipped
from livegen.app import engine_settings
from livegen.config import Config
from livegen.config.settings import Daemon as Settings
from livegen.jam.controls.mapping import COMMANDS
from tests.e2e.harness import PATIENCE_S, Daemon, wait_for

TOKEN = "a-token-for-the-tests-only"
PATIENCE_MS = PATIENCE_S * 1000
expect.set_options(timeout=PATIENCE_MS)

NOTE_ON, NOTE_OFF, CONTROL = 0x90, 0x80, 0xB0
PLAYER, MODEL = 0, 1
PHRASE = "adgkgdjhgfds"  # in C major, on the keys of the computer: three seconds
SHORT = "adgkgd"

# A browser with two MIDI inputs, of which one is livegen's own output, and a hand on the other.
MIDI_INPUTS = """
  const input = name => ({ id: name, name, onmidimessage: null });
  const inputs = ["<b>Keys</b>", "Model Out"].map(input);
  const access = { inputs: new Map(inputs.map(one => [one.id, one])), onstatechange: null };
  navigator.requestMIDIAccess = async () => access;
  window.turn = data => inputs[0].onmidimessage?.({ data: Uint8Array.from(data) });
  window.replug = () => {
    inputs[0] = input("<b>Keys</b>");
    access.inputs = new Map(inputs.map(one => [one.id, one]));
    access.onstatechange?.();
  };
"""


# Drawing sixty times a second without a graphics card is most of what these tests cost; ten times show the same.
TEN_FRAMES = """
  window.requestAnimationFrame = draw => setTimeout(() => draw(performance.now()), 100);
  window.cancelAnimationFrame = clearTimeout;
"""


# A file is dropped on the page, which keeps the browser from opening it.
DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), sign => sign.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  const init = { dataTransfer: transfer, bubbles: true, cancelable: true };
  const over = new DragEvent("dragover", init), drop = new DragEvent("drop", init);
  document.body.dispatchEvent(over);
  document.body.dispatchEvent(drop);
  return [over.defaultPrevented, drop.defaultPrevented];
}"""


@dataclass
class Jam:
    """A daemon and the address of its page."""

    daemon: Daemon
    url: str
    folder: Path

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def socket(self) -> str:
        return f"ws://{urlsplit(self.url).netloc}/ws"


@contextmanager
def jam(folder: Path, engine: str = "", port: int = 0, **page: Any) -> Iterator[Jam]:
    """Serve the shipped model, or a small `engine`, with a page on any free port; what it saves lies by `folder`."""
    presets: dict[str, object] = {name: {} for name in page.get("presets", ())}
    config = Config(seed=7, daemon=Settings(keep_warm_ms=0))  # nobody measures latency here
    settings = engine_settings(config) | ({"engine": engine} if engine else {})
    settings |= {"presets": presets, "macros": page.pop("macros", {})}
    served = {
        "host": "127.0.0.1",
        "port": port,
        "names": [],
        "token": TOKEN,
        "is_token_chosen": True,
        "recordings": str(folder),
        "models": list(shipped.models()),
        "presets": [],
    }
    control = {
        "page": served | page,
        "osc": None,
        "link": {},
        "set_up": {
            "now": {"controls": settings["controls"], "presets": presets, "bindings": {}},
            "presets": str(folder.parent / "presets"),
            "learned": str(folder.parent / "map.yaml"),
        },
        "commands": COMMANDS,
        "ports": {"in": "Model In", "out": "Model Out"},
        "charts": {"shipped": str(shipped.root() / "charts"), "own": str(folder.parent / "charts")},
    }
    options = {
        "api": "none",
        "settings": settings,
        "control": control,
        "recordings": str(folder),
    }
    with Daemon(options, {}) as daemon:
        daemon.ready()
        found: list[str] = []

        def is_told() -> bool:
            found[:] = re.findall(r"page (http://\S+)", daemon.errors())
            return bool(found)

        wait_for(is_told, every_s=0.02)
        yield Jam(daemon, found[0], folder)


@contextmanager
def client_of(jam: Jam, sock: socket.socket | None = None) -> Iterator[ClientConnection]:
    """A page without a browser, welcomed."""
    origin = Origin(jam.origin)
    with connect(jam.socket, sock=sock, origin=origin, close_timeout=0.2) as client:
        client.send(f'{{"token": "{TOKEN}"}}')
        assert '"hello"' in str(client.recv())
        yield client


# What a test may have changed in a daemon that others look at after it.
CHANGED = ("controls", "map", "preset", "learning", "turn", "held", "plan")
RESET_S = 5.0


class Shared:
    """A daemon that tests share one after the other: each finds it as it was at first, or finds another."""

    def __init__(self, jam: Jam) -> None:
        self.jam = jam
        with client_of(jam) as client:
            known = _known(client)
        self._first: dict[str, Any] = {name: known.get(name) or None for name in CHANGED}

    def is_as_at_first(self) -> bool:
        """Silence it, put its controls back, unbind what was learned; False if it does not come to rest so."""
        if self.jam.daemon.process.poll() is not None:
            return False
        with client_of(self.jam) as client:
            by = time.monotonic() + RESET_S
            client.send('{"t": "do", "name": "learn", "value": ""}')
            for name in ("panic", "stop"):
                client.send(json.dumps({"t": "do", "name": name}))
            known = _known(client)
            for target in known["map"].values():
                client.send(json.dumps({"t": "do", "name": "unlearn", "value": target}))
            for name, value in self._first["controls"].items():
                if known["controls"][name] != value:
                    client.send(json.dumps({"t": "set", "name": name, "value": value}))
            while any((known.get(name) or None) != value for name, value in self._first.items()):
                if time.monotonic() > by:
                    return False
                known = _told(client, known)
        return True


def _known(client: ClientConnection) -> dict[str, Any]:
    """The state that a page is told when it comes."""
    known: dict[str, Any] = {}
    while not known.get("controls"):
        known = _told(client, known)
    return known


def _told(client: ClientConnection, known: dict[str, Any]) -> dict[str, Any]:
    """The state after one more frame, or after a while without one."""
    try:
        frame = json.loads(client.recv(timeout=0.2))
    except TimeoutError:
        return known
    return known | frame["state"] if frame["t"] == "state" else known


@dataclass
class Seen:
    """A page, with what it asked for, what it was sent and what went wrong on it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Write everything down from now on."""
        page = self.page
        page.on("request", self._requested)
        page.on("websocket", self._connected)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text) if message.type == "error" else None
            ),
        )

    def _requested(self, request: Request) -> None:
        self.requests.append(request.url)

    def _connected(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)
        socket.on("framereceived", self._received)

    def _received(self, payload: str | bytes) -> None:
        self.frames.append(json.loads(payload))

    def notes(self, who: int) -> list[list[int]]:
        """All messages of one player that the page was told of: [micros, status, data …]."""
        told = (note for frame in self.frames if frame["t"] == "notes" for note in frame["notes"])
        return [note[1:] for note in told if note[0] == who]

    def state(self) -> Mapping[str, Any]:
        """The engine's state as the page knows it."""
        known: dict[str, Any] = {}
        for frame in self.frames:
            if frame["t"] == "state":
                known |= frame["state"]
        return known

    def until(self, what: Any) -> None:
        """Wait for something that comes over the socket."""

        def holds() -> bool:
            self.page.wait_for_timeout(20)  # the browser's news are only taken in meanwhile
            return bool(what())

        wait_for(holds)

    def connects(self, jam: Jam) -> None:
        """Open the page as a person does who has seen the guide before."""
        self.page.add_init_script("localStorage.setItem('livegen-guide-seen', 'yes')")
        self.page.goto(jam.url)
        expect(self.page.locator("#link")).to_contain_text("connected")
        self.until(lambda: self.state().get("model"))

    def plays(self, keys: str = SHORT, hold_ms: int = 190, gap_ms: int = 60) -> None:
        """Play on the computer's keys."""
        for key in keys:
            self.page.keyboard.down(key)
            self.page.wait_for_timeout(hold_ms)
            self.page.keyboard.up(key)
            self.page.wait_for_timeout(gap_ms)

    def drops(self, name: str, data: bytes) -> None:
        """Drop a file on the page."""
        assert self.page.evaluate(DROP, [name, b64encode(data).decode()]) == [True, True]

    def is_answered(self) -> None:
        """Wait for the model's first note."""
        self.until(lambda: any(note[1] & 0xF0 == NOTE_ON for note in self.notes(MODEL)))


@contextmanager
def seen(browser: Browser, all_frames: bool = False, **options: Any) -> Iterator[Seen]:
    """A page in a context of its own, nothing kept from others.  Nothing may have left the machine at the end.

    It draws ten times a second, and as the browser wants to with `all_frames`.
    """
    context: BrowserContext = browser.new_context(
        viewport={"width": 1440, "height": 900}, accept_downloads=True, **options
    )
    if not all_frames:
        context.add_init_script(TEN_FRAMES)
    try:
        watched = Seen(context.new_page())
        watched.watch()
        yield watched
        strangers = [url for url in watched.requests if urlsplit(url).hostname != "127.0.0.1"]
        assert strangers == []
    finally:
        context.close()
