"""The cost of the page's preview to the browser: ten minutes of accompany in real time, then Stop, then sound off.

    python -m bench.page_sound [SECONDS]

A player of its own plays chords and a melody over the page's socket; Chromium, headless, has the page open with its
sound on.  Measured are the audio nodes that live, the heap after a collection of garbage, the processor time of the
audio thread (which the machine's other work does not change) and of the page's main thread.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from threading import Event, Thread
from typing import Any

from playwright.sync_api import sync_playwright
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from bench.tables import keep
from tests.browser.conftest import FLAGS
from tests.browser.pages import TOKEN, Jam, Seen, jam, seen
from tests.browser.sound import Costs, thread_seconds

TAKEN_AT_S = (5, 100, 260)
LASTS_S = 600
AFTER_S = 50
AUDIO = "AudioOutputDevi"  # names of threads have fifteen letters
Row = dict[str, Any]
WINDOW_S = 10.0
EIGHTH_S = 60 / 112 / 2
CHORDS = ((48, 60, 64, 67), (45, 60, 64, 69), (41, 57, 60, 65), (43, 59, 62, 67))
MELODY = (72, 76, 79, 76, 74, 72, 71, 72)


# --- the player ---------------------------------------------------------------------------------------------------


def says(client: ClientConnection, **message: Any) -> None:
    client.send(json.dumps(message))


def welcomed(stack: ExitStack, jam: Jam) -> ClientConnection:
    """A page without a browser."""
    client = stack.enter_context(connect(jam.socket, origin=Origin(jam.origin), close_timeout=1))
    says(client, token=TOKEN)
    Thread(target=lambda: list(client), daemon=True).start()  # reads, as a page does
    return client


def bars() -> Iterator[list[tuple[int, int]]]:
    """The notes that begin on each eighth, forever: (pitch, eighths)."""
    for chord in cycle(CHORDS):
        for eighth, pitch in enumerate(MELODY):
            yield [(pitch, 1), *((one, 7) for one in chord if eighth == 0)]


def plays(client: ClientConnection, until: Event) -> None:
    """Chords of a bar and a melody of eighths over them."""
    ends: list[tuple[int, int]] = []
    began = time.monotonic()
    for eighth, begun in enumerate(bars()):
        if until.wait(max(0.0, began + eighth * EIGHTH_S - time.monotonic())):
            break
        for end, pitch in [one for one in ends if one[0] <= eighth]:
            ends.remove((end, pitch))
            says(client, t="play", data=[0x80, pitch, 64])
        for pitch, length in begun:
            says(client, t="play", data=[0x90, pitch, 84])
            ends.append((eighth + length, pitch))
    for _, pitch in ends:
        says(client, t="play", data=[0x80, pitch, 64])


# --- measuring ----------------------------------------------------------------------------------------------------


def taken(costs: Costs, when: str) -> dict[str, Any]:
    """All figures; shares of a core are those of the next ten seconds."""
    before, began = thread_seconds(), time.monotonic()
    costs.page.wait_for_timeout(WINDOW_S * 1000)
    spent, took = thread_seconds() - before, time.monotonic() - began
    nodes = costs.nodes
    collected, heap = costs.collected()
    row = {
        "when": when,
        "nodes": nodes,
        "nodes_collected": collected,
        "heap_mb": round(heap, 1),
        "audio": round(spent[AUDIO] / took, 3),
        "is_running": costs.is_running,
        "load": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(row), flush=True)
    return row


def jammed(look: Seen, costs: Costs, client: ClientConnection, seconds: float) -> list[Row]:
    """Accompanied for so many seconds, stopped, and switched off."""
    page = look.page
    says(client, t="set", name="mode", value="accompany")
    page.locator("#sound").click()
    until = Event()
    player = Thread(target=plays, args=(client, until))
    player.start()
    began = time.monotonic()
    rows = []
    for at in (*(one for one in TAKEN_AT_S if one < seconds), seconds):
        page.wait_for_timeout(max(0, began + at - time.monotonic()) * 1000)
        rows.append(taken(costs, f"{at:g} s"))
    until.set()
    player.join()
    says(client, t="do", name="stop")
    page.wait_for_timeout(AFTER_S * 1000)
    rows.append(taken(costs, f"{AFTER_S} s after Stop"))
    page.locator("#sound").click()
    page.wait_for_timeout(2000)
    return [*rows, taken(costs, "sound off")]


def measure(seconds: float) -> list[Row]:
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        served = stack.enter_context(jam(Path(folder)))
        driver = stack.enter_context(sync_playwright())
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = driver.chromium.launch(executable_path=path, args=FLAGS, chromium_sandbox=False)
        stack.callback(browser.close)
        look = stack.enter_context(seen(browser))
        costs = Costs(look.page)
        look.connects(served)
        return jammed(look, costs, welcomed(stack, served), seconds)


def table(rows: list[Row]) -> str:
    """The rows, for people."""
    lines = [
        "| | audio nodes | of these in use | heap | audio thread | load |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        figures = f"{row['nodes']} | {row['nodes_collected']} | {row['heap_mb']} MB"
        lines.append(
            f"| {row['when']} | {figures} | {row['audio']:.1%} of a core | {row['load']} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    found = measure(float(sys.argv[1]) if len(sys.argv) > 1 else LASTS_S)
    keep("page_sound", found, table(found))
