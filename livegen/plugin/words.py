"""The messages of a plug-in that no page says: the greeting, the host's transport, and blocks of a bounce.

Text in; a value, or `RefusedMessage` with one line that says why.  Knows no sockets and no time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from livegen.control.web.page_messages import LARGEST, RefusedMessage, is_player
from livegen.control.web.roles import ROLES
from livegen.errors import ConfigError
from livegen.music.parts import PARTS
from livegen.music.sync.host_clock import HostTransport
from livegen.music.time.metre import told_metre
from livegen.studio.room_names import is_name

PROTOCOL = 1
LONGEST_BLOCK_US = 250_000
SLOWEST_BPM, FASTEST_BPM = 1.0, 1000.0
MOST_BEATS = 1e6
LONGEST_MODEL = 80


@dataclass(frozen=True, slots=True)
class Greeting:
    """The first message of a plug-in.  "" is no band, part, role or model of its own; `seed` None is chance.

    `model` is the name of the one with which the session was saved.
    """

    band: str = ""
    part: str = ""
    role: str = ""
    name: str = ""
    block_us: int = 10_000
    seed: int | None = None
    controls: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""


@dataclass(frozen=True, slots=True)
class Transport:
    """The host's transport, with the metre of its bars, such as 3/4."""

    told: HostTransport
    metre: str


@dataclass(frozen=True, slots=True)
class Block:
    """The next block of a bounce: from `at`, before `until`, micros since the bounce began."""

    at: int
    until: int


@dataclass(frozen=True, slots=True)
class Live:
    """The bounce is over."""


def greeting(given: Mapping[str, Any]) -> Greeting:
    """Read a greeting.  Raises RefusedMessage."""
    if given.get("t") != "hello":
        raise RefusedMessage('expected {"t": "hello", …} first')
    protocol = given.get("protocol")
    if type(protocol) is not int or protocol != PROTOCOL:
        newer = "livegen" if type(protocol) is int and protocol > PROTOCOL else "the plug-in"
        raise RefusedMessage(
            f"protocol: found {json.dumps(protocol)[:20]}, expected {PROTOCOL}: update {newer}"
        )
    hello = Greeting(
        **{name: given[name] for name in Greeting.__dataclass_fields__ if name in given}
    )
    for is_fit, line in (
        (hello.band == "" or is_name(hello.band), "band: expected a name of at most 40 letters"),
        (hello.part in ("", *PARTS), f"part: expected one of {', '.join(PARTS)}, or nothing"),
        (hello.role in ("", *ROLES), f"role: expected one of {', '.join(ROLES)}, or nothing"),
        (is_player(hello.name), "name: expected at most 40 characters"),
        (
            _is_whole(hello.block_us, 1, LONGEST_BLOCK_US),
            f"block_us: expected 1 to {LONGEST_BLOCK_US}",
        ),
        (
            hello.seed is None or _is_whole(hello.seed, 0, 2**32 - 1),
            "seed: expected 0 to 4294967295, or null",
        ),
        (_is_model(hello.model), f"model: expected a name of at most {LONGEST_MODEL} characters"),
        (isinstance(hello.controls, dict), "controls: expected names with their values"),
    ):
        if not is_fit:
            raise RefusedMessage(line)
    return hello


def own(given: Mapping[str, Any]) -> Transport | Block | Live | None:
    """Give what only plug-ins say; None for what a page might say too.  Raises RefusedMessage."""
    match given:
        case {"t": "transport"}:
            return _transport(given)
        case {"t": "block", "at": at, "until": until}:
            is_block = _is_whole(at, 0, LARGEST) and _is_whole(until, at, at + LONGEST_BLOCK_US)
            if not is_block:
                raise RefusedMessage(
                    f"block: expected at and until, micros since the bounce began, at most {LONGEST_BLOCK_US} apart"
                )
            return Block(at, until)
        case {"t": "live"}:
            return Live()
        case _:
            return None


def _transport(given: Mapping[str, Any]) -> Transport:
    said: Mapping[str, Any] = {"at": None, "bpm": None, "beat": None, **given}
    at, bpm, beat = said["at"], said["bpm"], said["beat"]
    is_playing, metre = given.get("playing"), given.get("metre", "4/4")
    if not _is_whole(at, -LARGEST, LARGEST) or not isinstance(is_playing, bool):
        raise RefusedMessage("transport: expected at, whole micros, and playing, true or false")
    if not (
        _is_number(bpm, SLOWEST_BPM, FASTEST_BPM) and _is_number(beat, -MOST_BEATS, MOST_BEATS)
    ):
        raise RefusedMessage(
            f"transport: expected bpm, {SLOWEST_BPM:g} to {FASTEST_BPM:g}, and beat, quarters since the song began"
        )
    try:
        told_metre(str(metre)[:16])
    except ConfigError as mistake:
        raise RefusedMessage(f"transport: {mistake}"[:200]) from None
    return Transport(HostTransport(at, is_playing, float(bpm), float(beat)), str(metre))


def _is_model(given: Any) -> bool:
    return isinstance(given, str) and len(given) <= LONGEST_MODEL and given.isprintable()


def _is_whole(given: Any, least: int, most: int) -> bool:
    return type(given) is int and least <= given <= most


def _is_number(given: Any, least: float, most: float) -> bool:
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    return is_number and isfinite(given) and least <= given <= most
