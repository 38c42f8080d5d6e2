"""The other end of the plug-in's wire for its tests: it keeps what the plug-in says, and answers by a rule.

The rule is exact, so that a test knows the frame of each answer: a note comes back `shift` semitones higher, `delay`
micros after it was played.  docs/PLUGIN.md has the messages.
"""

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

TOKEN = "a token of a test"
Line = dict[str, Any]


def micros() -> int:
    """The peer's clock: another than the plug-in's, by an hour."""
    return time.monotonic_ns() // 1000 + 3_600_000_000


class Peer:
    """One server on loopback, known by `data/livegen/plugin.json`; `said` is what came, over all connections."""

    def __init__(self, data: Path, delay: int = 50_000, name_itself: bool = True) -> None:
        self.delay, self.shift, self.said = delay, 12, list[Line]()
        self.refusal = ""  # of each hello
        self.model = "jam"
        self.late = list[
            list[int]
        ]()  # music of the jam before, which comes when a bounce begins and when it ends
        self.until = 0  # of the block in a bounce
        self.later: list[list[int]] = []  # answers of a bounce that are due after its block
        self.bouncing = self.mute = False
        self.data, self.folder = data, data / "livegen"
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()
        if name_itself:
            self.write_file()

    def write_file(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        port = self.listener.getsockname()[1]
        told = {"protocol": 1, "port": port, "token": TOKEN, "pid": 1, "command": ["false"]}
        (self.folder / "plugin.json").write_text(json.dumps(told))

    def of(self, kind: str) -> list[Line]:
        """What the plug-in said of one kind."""
        return [line for line in self.said if line["t"] == kind]

    def hang_up(self) -> None:
        for connection in self.connections:
            connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.listener.close()
        for connection in self.connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()
            threading.Thread(target=self._beat, args=[connection], daemon=True).start()

    def _beat(self, connection: socket.socket) -> None:
        while not self._send(connection, {"t": "beat", "now": micros()}):
            time.sleep(0.1)

    def _send(self, connection: socket.socket, *lines: Line) -> bool:
        """True where the plug-in has gone."""
        if self.mute:
            return False
        try:
            connection.sendall("".join(json.dumps(line) + "\n" for line in lines).encode())
        except OSError:
            return True
        return False

    def _serve(self, connection: socket.socket) -> None:
        try:
            for line in connection.makefile("rb"):
                told = json.loads(line)
                self.said.append(told)
                self._send(connection, *self._answers(told))
        except OSError:
            pass

    def _answers(self, told: Line) -> list[Line]:
        """What is said to a line."""
        kind = told["t"]
        if kind == "hello" and self.refusal:
            return [{"t": "refused", "line": self.refusal}]
        if kind == "hello":
            self.bouncing, self.later = False, []
            return [
                {
                    "t": "hello",
                    "protocol": 1,
                    "now": micros(),
                    "model": self.model,
                    "page": "http://127.0.0.1:1/",
                }
            ]
        if kind == "ping":
            return [{"t": "pong", "at": told["at"], "now": micros()}]
        if kind == "live":
            self.bouncing, self.later = False, []
            return [{"t": "music", "music": self.late}, {"t": "live"}]
        if kind == "play":
            status, pitch, velocity = told["data"]
            answer = [told["at"] + self.delay, status, pitch + self.shift, velocity]
            if self.bouncing and answer[0] >= self.until:
                self.later.append(answer)
                return []
            return [{"t": "music", "music": [answer]}]
        if kind == "block":
            return self._block(told["until"])
        return []

    def _block(self, until: int) -> list[Line]:
        """All that is due before `until`; what is played in the block itself is due after it, if `delay` is long."""
        begins: list[Line] = (
            [] if self.bouncing else [{"t": "music", "music": self.late}, {"t": "bounce"}]
        )
        self.bouncing, self.until = True, until
        now = [answer for answer in self.later if answer[0] < until]
        self.later = [answer for answer in self.later if answer[0] >= until]
        return [*begins, {"t": "music", "music": now}, {"t": "done", "until": until}]
