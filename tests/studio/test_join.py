"""Who joins a studio: the real studio, real sockets, and the process that speaks to it."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from docs import studio_client
from livegen.daemon import clock
from livegen.daemon.processes.frames import (
    DueFrame,
    FailedFrame,
    Frame,
    HeardFrame,
    ReadyFrame,
)
from livegen.daemon.processes.link import Link, pair
from livegen.studio.far_jam import FarJam
from livegen.studio.far_process import FarProcess
from tests.studio.test_protocol import validated
from tests.studio.test_site import NOTE_US, PATIENCE_S, PHRASE, Studio


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    one = Studio("--set", "page.token=a-token-of-the-tests")
    yield one
    one.process.kill()
    one.process.communicate()


class Joined:
    """A player who joins with this address; the test is the port process."""

    def __init__(self, address: str) -> None:
        self.link, theirs = pair()
        self.frames: list[Frame] = []
        self.task = asyncio.create_task(_carry(theirs, address))

    async def hears(self, kind: type[Frame]) -> Frame:
        """The next frame of a kind."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self.frames += self.link.receive()
                for frame in self.frames:
                    if type(frame) is kind:
                        self.frames.remove(frame)
                        return frame
                await asyncio.sleep(0.005)

    async def leaves(self) -> int:
        self.link.close()
        return await self.task


async def _carry(link: Link, address: str) -> int:
    return await FarProcess(link, {"address": address, "name": "Ana"}).run()


def in_a_loop(scene: object) -> None:
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(scene)  # type: ignore[arg-type]


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Hold all that is said and heard to the schema; the kinds of messages there were."""
    found: set[str] = set()
    take, send = FarJam.take, FarProcess._send

    def heard(jam: FarJam, text: str, now: int) -> None:
        message = json.loads(text)
        validated("from_studio", message)
        found.add(message["t"])
        take(jam, text, now)

    def said(far: FarProcess, message: dict[str, Any]) -> None:
        validated("from_player", message)
        found.add(message["t"])
        send(far, message)

    monkeypatch.setattr(FarJam, "take", heard)
    monkeypatch.setattr(FarProcess, "_send", said)
    yield found


def test_a_phrase_is_answered_from_the_studio_in_messages_that_keep_to_the_schema(
    studio: Studio, spoken: set[str]
) -> None:
    async def scene() -> None:
        joined = Joined(f"{studio.url}?room=blues#{studio.token}")
        ready = await joined.hears(ReadyFrame)
        assert isinstance(ready, ReadyFrame) and ready.values == {"room": "blues"}
        began = clock.now()
        for number, pitch in enumerate(PHRASE):
            for status, at in ((144, number * NOTE_US), (128, number * NOTE_US + 200_000)):
                await asyncio.sleep(max(0, began + at - clock.now()) / 1e6)
                joined.link.send(HeardFrame(clock.now(), bytes((status, pitch, 80))))
        first = await joined.hears(DueFrame)
        assert first.micros > began + len(PHRASE) * NOTE_US - NOTE_US
        assert await joined.leaves() == 0
        assert {"hello", "you", "state", "notes", "music", "beat", "ping", "pong", "play"} <= spoken

    in_a_loop(scene())


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("{url}#wrong", "does not know this address"),
        ("http://127.0.0.1:1/#x", "no studio answers at http://127.0.0.1:1 (Connection refused)"),
        ("{url}?room=fourth#{token}", "the studio is full"),
    ],
)
def test_who_is_not_let_in_is_told_why_in_one_line(studio: Studio, address: str, line: str) -> None:
    async def scene() -> None:
        others = [await studio.page(f"room {number}") for number in range(3)]
        for other in others:
            await other.recv()
        joined = Joined(address.format(url=studio.url, token=studio.token))
        failed = await joined.hears(FailedFrame)
        assert isinstance(failed, FailedFrame)
        assert line in failed.line and "\n" not in failed.line
        assert await joined.leaves() == 2
        for other in others:
            await other.close()

    in_a_loop(scene())


def test_the_client_of_the_docs_is_answered(studio: Studio) -> None:
    async def scene() -> None:
        began = clock.now()
        notes = studio_client.jam(f"{studio.url}?room=blues#{studio.token}")
        due, pitch, velocity = await anext(notes)
        assert due > began and 0 <= pitch < 128 and 0 < velocity < 128
        await notes.aclose()  # type: ignore[attr-defined]

    asyncio.run(scene())
