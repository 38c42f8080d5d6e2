"""The address of a studio, as it is printed for players: where its socket is, and what lets in.

    http://192.168.1.20:9702/?room=blues&name=Ana#TOKEN

What is behind the # is the players' token, or an invitation.  Knows no socket.
"""

from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

from livegen.errors import ConfigError

SOCKETS = {"http": "ws", "https": "wss"}
EXAMPLE = "http://192.168.1.20:9702/?room=blues#Ab3…"


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a studio.  `room` and `name` are "" where the address names none."""

    scheme: str
    place: str  # host, and port where there is one
    path: str  # under which a proxy serves it, without the last slash
    token: str
    room: str
    name: str

    @classmethod
    def read(cls, text: str) -> "Address":
        """Read what a studio printed.  Raises ConfigError."""
        try:
            parts = urlsplit(text.strip())
            has_place = parts.hostname is not None and (parts.port is None or parts.port > 0)
        except ValueError:
            raise ConfigError(
                f"{_shown(text)} is no address; expected one such as {EXAMPLE}"
            ) from None
        if parts.scheme not in SOCKETS or not has_place:
            raise ConfigError(
                f"{_shown(text)} is no address of a studio; expected what the studio printed, such as {EXAMPLE}"
            )
        if not parts.fragment:
            raise ConfigError(
                f"{_shown(text)} ends before the #; give the whole address, and put it in quotes: '{EXAMPLE}'"
            )
        said = parse_qs(parts.query)
        room, name = (said.get(key, [""])[0] for key in ("room", "name"))
        path = parts.path.rpartition("/")[0]
        return cls(parts.scheme, parts.netloc, path, parts.fragment, room, name)

    def socket(self, room: str) -> str:
        """The address of the socket; it says the room, for by it a studio leads to the process that has it."""
        where = f"?room={quote(room)}" if room else ""
        return f"{SOCKETS[self.scheme]}://{self.place}{self.path}/ws{where}"

    @property
    def origin(self) -> str:
        """The origin that a page of the studio has, which the socket asks for."""
        return f"{self.scheme}://{self.place}"


def _shown(text: str) -> str:
    """An address as a line can show it: without what lets in."""
    return repr(text.partition("#")[0][:100])
