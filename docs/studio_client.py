"""A client of a studio in thirty lines: plays a phrase, and prints when each note of the model's is due.

    python docs/studio_client.py 'http://127.0.0.1:9702/?room=blues#TOKEN'

The messages are in studio-protocol.schema.json, beside this file.  Needs the package websockets.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.client import connect
from websockets.typing import Origin

PHRASE, NOTE_US = (60, 62, 64, 65, 67, 65, 64, 60), 250_000


async def jam(address: str) -> AsyncIterator[tuple[int, int, int]]:
    """Play the phrase, and give the notes of the answer: when each is due, pitch, velocity."""
    parts = urlsplit(address)
    room = parse_qs(parts.query).get("room", [""])[0]
    origin = Origin(f"http://{parts.netloc}")
    async with connect(f"ws://{parts.netloc}/ws?room={room}", origin=origin) as studio:
        await studio.send(json.dumps({"token": parts.fragment, "room": room}))
        while (hello := json.loads(await studio.recv()))["t"] != "hello":
            pass
        # How far its clock is before ours; pings tell it more exactly.
        ahead = hello["now"] - time.monotonic_ns() // 1000
        begin = hello["now"]
        for number, pitch in enumerate(PHRASE):
            for status, at in ((144, number * NOTE_US), (128, number * NOTE_US + 200_000)):
                await asyncio.sleep((begin + at - ahead) / 1e6 - time.monotonic())
                await studio.send(
                    json.dumps({"t": "play", "data": [status, pitch, 80], "at": begin + at})
                )
        async for text in studio:
            message = json.loads(text)
            for one in message["music"] if message["t"] == "music" else ():
                if isinstance(one, list) and one[1] & 240 == 144:
                    yield one[0], one[2], one[3]


async def main() -> None:
    """Print them until it is stopped."""
    async for due, pitch, velocity in jam(sys.argv[1]):
        print(f"{due / 1e6:.3f} s  pitch {pitch}  velocity {velocity}")


if __name__ == "__main__":
    asyncio.run(main())
