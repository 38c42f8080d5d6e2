"""A plug-in in Python, for tests and the bench: it speaks to a process by its socket, as docs/PLUGIN.md says."""

import json
import os
import subprocess
import sys
from pathlib import Path
from socket import create_connection
from typing import Any

from livegen.plugin import whereabouts

STARTS_S = 60.0
STEP_US = 10_000  # of a block


class Process:
    """A `livegen plugin` with a data folder of its own."""

    def __init__(self, data: Path) -> None:
        self.place = data / "livegen"
        self._environment = os.environ | {"XDG_DATA_HOME": str(data), "XDG_CONFIG_HOME": str(data)}
        self.plugs: list[Plug] = []
        self.child = self.start()

    def start(self) -> "subprocess.Popen[str]":
        """Start it, and wait until it says that it is ready, or ends."""
        self.child = subprocess.Popen(
            [sys.executable, "-m", "livegen", "plugin"],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.child.stdout is not None
        with self.child.stdout as lines:
            self.ready = lines.readline()
        return self.child

    def plug(self, **greeting: Any) -> "Plug":
        """One more instance; it goes when the process is ended, or sooner."""
        self.plugs.append(Plug(self.told, **greeting))
        return self.plugs[-1]

    @property
    def told(self) -> dict[str, Any]:
        """What plugin.json says."""
        return whereabouts.told(self.place)

    def end(self) -> None:
        """End it, and all its instances."""
        for plug in self.plugs:
            plug.close()
        self.child.terminate()
        self.child.wait(STARTS_S)


class Plug:
    """An instance.  `hello` is the answer to its greeting."""

    def __init__(self, told: dict[str, Any], **greeting: Any) -> None:
        self._socket = create_connection(("127.0.0.1", told["port"]), timeout=20)
        self._lines = self._socket.makefile("rb")
        self.heard: list[dict[str, Any]] = []
        self.say({"t": "hello", "protocol": 1, "token": told["token"]} | greeting)
        self.hello = self.hear()

    def say(self, *messages: object) -> None:
        """Send lines."""
        self.say_bytes("".join(f"{json.dumps(one)}\n" for one in messages).encode())

    def say_bytes(self, data: bytes) -> None:
        """Send whatever it is."""
        self._socket.sendall(data)

    def hear(self) -> dict[str, Any]:
        """The next line; empty where the connection has ended."""
        try:
            line = self._lines.readline()
        except ConnectionError:
            line = b""
        if not line:
            return {}
        self.heard.append(json.loads(line))
        return self.heard[-1]

    def until(self, *kinds: str) -> list[dict[str, Any]]:
        """All lines up to the first of these kinds, or to the end of the connection."""
        came = [self.hear()]
        while came[-1] and came[-1]["t"] not in kinds:
            came.append(self.hear())
        return came

    def rest(self) -> list[dict[str, Any]]:
        """All lines until the connection ends."""
        return [one for one in self.until("none") if one]

    def close(self) -> None:
        """Go."""
        self._lines.close()
        self._socket.close()

    # --- a bounce -------------------------------------------------------------------------------------------------

    def block(self, at: int, until: int, *played: dict[str, Any]) -> list[Any]:
        """Render a block in which this is played; the music that came for it."""
        self.say({"t": "block", "at": at, "until": until}, *played)
        lines = self.until("done")
        return [one for line in lines if line.get("t") == "music" for one in line["music"]]


def bounced(
    plug: Plug, phrase: dict[int, list[int]], seconds: float, bpm: float = 120.0
) -> list[Any]:
    """The music of a bounce from the start of a song in which the track plays a phrase: bytes by micros."""
    music: list[Any] = []
    for at in range(0, round(seconds * 1_000_000), STEP_US):
        music += plug.block(at, at + STEP_US, *said_in(at, phrase, bpm))
    return music


def said_in(
    at: int, phrase: dict[int, list[int]], bpm: float = 120.0, begin: int = 0
) -> list[dict[str, Any]]:
    """All that a plug-in says of one block, `at` micros since the song began at `begin`."""
    told = {"t": "transport", "at": begin + at, "playing": True, "bpm": bpm}
    transport = told | {"beat": at / 60_000_000 * bpm}
    played = [
        {"t": "play", "data": data, "at": begin + when}
        for when, data in phrase.items()
        if at <= when < at + STEP_US
    ]
    return [*([transport] if at % 100_000 == 0 else []), *played]


def phrase_of(pitches: list[int], note_us: int = 250_000) -> dict[int, list[int]]:
    """A phrase, a note each so many micros, from the start: bytes by micros."""
    found = {}
    for number, pitch in enumerate(pitches):
        found[number * note_us + 1_000] = [144, pitch, 80]
        found[number * note_us + note_us - 20_000] = [128, pitch, 0]
    return found
