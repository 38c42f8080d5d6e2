"""A client of the page's socket in thirty lines: turns a knob, plays a phrase, and prints the model's notes.

    python docs/page_client.py "$(livegen open --print)"

The messages are in PROTOCOL.md, beside this file.  Needs the package websockets.
"""

import json
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from websockets.sync.client import connect
from websockets.typing import Origin

PHRASE, MODEL = (60, 62, 64, 65, 67, 65, 64, 60), 1


def jam(address: str) -> Iterator[tuple[int, int, int]]:
    """Play the phrase, and give the notes of the answer: when each was sent, micros, its pitch, its velocity."""
    parts = urlsplit(address)
    with connect(f"ws://{parts.netloc}/ws", origin=Origin(f"http://{parts.netloc}")) as page:
        page.send(json.dumps({"token": parts.fragment}))
        while json.loads(page.recv())["t"] != "hello":
            pass
        page.send(json.dumps({"t": "set", "name": "density", "value": 0.8}))
        for pitch in PHRASE:
            page.send(json.dumps({"t": "play", "data": [0x90, pitch, 80]}))
            time.sleep(0.2)
            page.send(json.dumps({"t": "play", "data": [0x80, pitch, 64]}))
        for text in page:
            message = json.loads(text)
            for who, at, status, *data in message["notes"] if message["t"] == "notes" else ():
                if who == MODEL and status & 0xF0 == 0x90:
                    yield at, data[0], data[1]


if __name__ == "__main__":
    for at, pitch, velocity in jam(sys.argv[1]):
        print(f"{at / 1e6:.3f} s  pitch {pitch}  velocity {velocity}")
