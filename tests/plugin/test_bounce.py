"""A bounce beside a live take, both on virtual time, with the model that is shipped."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from livegen import config
from livegen.app.plugins import band_builder
from livegen.app.studios import studio_settings
from livegen.plugin.band import Bands, BuildRoom
from livegen.plugin.seat import Seat
from livegen.plugin.words import Greeting
from tests.plugin.client import STEP_US, phrase_of, said_in

BEGIN = 1_000_000_000
PHRASE = phrase_of([60, 64, 67, 65, 64, 62, 60])


@pytest.fixture(scope="module")
def build() -> BuildRoom:
    return band_builder(studio_settings(config.load()))[0]


class Host:
    """A host with one instance, whose turns come late by chance when it is live, by at most so many micros."""

    def __init__(self, build: BuildRoom, mode: str, late_us: int = 0) -> None:
        self.now, self._late_us = BEGIN, late_us
        self._late = random.Random(1)
        bands = Bands(build, {}, now=lambda: self.now)
        hello = Greeting(block_us=STEP_US, seed=9, controls={"mode": mode})
        self.seat: Seat = bands.enter(hello)
        self._room = bands.rooms.room(next(room.name for room in bands.rooms))
        self._until(BEGIN + 1)

    def _until(self, at: int) -> None:
        while (due := self._room.next_at) <= at:
            self.now = max(self.now, due + self._late.randint(0, self._late_us))
            self._room.turn()
        self.now = max(self.now, at)

    def live(self, at: int, origin: int) -> None:
        """Play one block of a song that began at `origin`."""
        self._until(origin + at)
        self._say(said_in(at, PHRASE, begin=origin))

    def bounce(self, at: int, origin: int) -> None:
        """Render one block."""
        self._say([{"t": "block", "at": at, "until": at + STEP_US}, *said_in(at, PHRASE)])

    def take(self) -> list[dict[str, Any]]:
        """What came."""
        return [json.loads(line) for line in self.seat.take(self.now)]

    def _say(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            self.seat.hear(json.dumps(message), self.now)


def played(host: Host, block: Callable[[int, int], None], origin: int) -> list[Any]:
    """The music of nine seconds, by micros since they began."""
    music: list[Any] = []
    for at in range(0, 9_000_000, STEP_US):
        block(at, origin)
        for line in host.take():
            music += line.get("music", [])
    since = origin if block == host.live else 0
    return [[one[0] - since, *one[1:]] for one in music if isinstance(one, list)]


# In accompany turns that come 2 ms late gave 2 of 62 notes another velocity.
@pytest.mark.parametrize(
    ("mode", "late_us"), [("respond", 2000), ("trade", 2000), ("accompany", 300)]
)
def test_a_bounce_has_the_notes_of_a_live_take_from_a_fresh_start(
    build: BuildRoom, mode: str, late_us: int
) -> None:
    live, rendered = Host(build, mode, late_us), Host(build, mode)
    heard = played(live, live.live, BEGIN + 20_000)
    assert [one for one in heard if one[1] & 0xF0 == 0x90]
    assert played(rendered, rendered.bounce, 0) == heard
