"""The cost of plug-ins: one process for all of them, spoken to over its socket as a plug-in does.

    python -m bench.plugin [--dry] [--played]       after `make plugin`

Start: from the command to the line that says ready.  Round trip: from a ping to its answer.  Memory: what each
instance more takes that has not played yet, with a jam of its own.  Opened and closed: one after the other, each with a
jam of its own, until it is greeted.

Played (`--played`: nothing else): a CLAP host of our own plays in real time, 48 kHz, blocks of 256 frames; measured is
from the frame at which a note is struck to that at which what comes back sounds.  The wire: a program answers at once;
400 notes and their ends.  Harmonised: `livegen plugin` in `harmonise`, to its first note, while the transport runs.
Beside it `livegen serve` over JACK with 256 frames, as bench/busy.py measures it.  Wanted is one block, which the host
takes, and 3 ms at p99.
"""

import json
import os
import tempfile
import time
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from bench import busy
from bench.jam import SCALE, resident_mb
from bench.tables import HERE, keep, table
from livegen.daemon import clock
from livegen.daemon.lateness import quantiles
from tests.hosts.host import BLOCK, MODE, RATE, THROUGH, host, melody
from tests.hosts.peer import Peer
from tests.plugin.client import Process

WIRED, HARMONISED, APART = 400, 200, 9601  # notes, and frames from one to the next
WARM = 16  # first notes that are left out: a harmony wants a key to be known
JACK = busy.Case("harmonise, 256 frames", BLOCK)
PINGS, INSTANCES, OPENED = 300, 32, 1000
PAUSE_S = 0.02


def round_trips(process: Process) -> list[int]:
    """Micros from a ping to its answer."""
    plug, found = process.plug(), []
    for _ in range(PINGS):
        sent = clock.now()
        plug.say({"t": "ping", "at": sent})
        plug.until("pong")
        found.append(clock.now() - sent)
        time.sleep(PAUSE_S)
    plug.close()
    return found


def memory_mb(process: Process) -> float:
    """Megabytes that each of some instances takes."""
    before = resident_mb([process.child.pid])
    plugs = [process.plug() for _ in range(INSTANCES)]
    time.sleep(1.0)
    taken = (resident_mb([process.child.pid]) - before) / INSTANCES
    for plug in plugs:
        plug.close()
    return taken


def opened(process: Process) -> tuple[float, float]:
    """Milliseconds an instance that comes and goes, and megabytes more after all of them."""
    before, began = resident_mb([process.child.pid]), time.monotonic()
    for _ in range(OPENED):
        process.plug().close()
    took_ms = (time.monotonic() - began) * 1000 / OPENED
    time.sleep(1.0)
    return took_ms, resident_mb([process.child.pid]) - before


def waited(asked: Sequence[int], played: Sequence[int]) -> list[int]:
    """Micros from each frame to the first of those played before the next; none where none was."""
    found = []
    for at, until in zip(asked, [*asked[1:], 1 << 62], strict=True):
        first = bisect_left(played, at)
        if first < len(played) and played[first] < until:
            found.append((played[first] - at) * 1_000_000 // RATE)
    return found


def over_the_wire(data: Path) -> list[int]:
    """Micros from each note and each end to the frame at which it comes back, where the peer answers at once."""
    peer = Peer(data, delay=0)
    steps = melody(WIRED, 1501, length=700)
    asked = [int(step.split()[0]) for step in steps.splitlines()]
    played, _ = host(data, steps, frames=640_000, urgent=1)
    peer.close()
    return waited(asked, [frame for frame, *_ in played])


def harmonised(data: Path) -> list[int]:
    """Micros from each note to the first of its harmony."""
    process = Process(data)
    begins = [5000 + number * APART for number in range(WARM + HARMONISED)]
    steps = "".join(
        f"{at} midi 144 {(pitch := SCALE[number % len(SCALE)] + 12)} 80\n{at + APART // 2} midi 128 {pitch} 0\n"
        for number, at in enumerate(begins)
    )
    before = f"0 param {THROUGH} 0\n0 param {MODE} 4\n0 play 0\n"
    played, _ = host(data, steps, before=before, frames=begins[-1] + 2 * APART, urgent=1)
    process.end()
    begun = [frame for frame, status, _, velocity in played if status & 0xF0 == 0x90 and velocity]
    return waited(begins, begun)[WARM:]


def played() -> dict[str, Any]:
    """All that is played: micros through the plug-in, and milliseconds through ports."""
    facts: dict[str, Any] = {"load": os.getloadavg()[0]}
    for name, measure in (("wire", over_the_wire), ("harmonised", harmonised)):
        with tempfile.TemporaryDirectory() as data:
            found = measure(Path(data))
            facts[name] = {"count": len(found)} | quantiles(found)
    return facts | {"ports": busy.measure(JACK, HARMONISED)["livegen"]}


def costs() -> dict[str, Any]:
    """What the process takes."""
    with tempfile.TemporaryDirectory() as data:
        began = time.monotonic()
        process = Process(Path(data))
        facts: dict[str, Any] = {"start_s": time.monotonic() - began}
        facts |= {"trips": quantiles(round_trips(process)), "mb": memory_mb(process)}
        facts["opened_ms"], facts["left_mb"] = opened(process)
        process.end()
    return facts | {"load": os.getloadavg()[0]}


def page(facts: dict[str, Any]) -> str:
    """The figures as Markdown."""
    trips, rows = facts["trips"], facts["played"]
    ports = rows["ports"]

    def spread(name: str) -> str:
        return " / ".join(f"{rows[name][key] / 1000:.1f}" for key in ("p50_us", "p99_us", "max_us"))

    cells = [
        ("start to ready", f"{facts['start_s']:.1f} s"),
        (
            f"ping to answer, p50 / p99 (n = {PINGS})",
            f"{trips['p50_us'] / 1000:.2f} / {trips['p99_us'] / 1000:.2f} ms",
        ),
        (f"an instance more, of {INSTANCES}", f"{facts['mb']:.1f} MB"),
        (f"opened and closed, each of {OPENED:,}", f"{facts['opened_ms']:.1f} ms"),
        (f"left after {OPENED:,}", f"{facts['left_mb']:.0f} MB"),
        (
            f"a note and back by the wire, p50 / p99 / most (n = {rows['wire']['count']})",
            f"{spread('wire')} ms",
        ),
        (
            f"a note to its harmony, p50 / p99 / most (n = {rows['harmonised']['count']})",
            f"{spread('harmonised')} ms",
        ),
        (
            f"the same by ports over JACK (n = {ports['count']})",
            f"{ports['p50']:.1f} / {ports['p99']:.1f} / {ports['max']:.1f} ms",
        ),
    ]
    loads = f"Load: {facts['load']:.1f} (played: {rows['load']:.1f}); {os.cpu_count()} cores."
    return f"{table(('', ''), cells)}\n\nWhat is measured stands in bench/plugin.py. {loads}"


@click.command()
@click.option("--dry", is_flag=True, help="Print only.")
@click.option(
    "--played", "only_played", is_flag=True, help="Measure what is played; keep the rest."
)
def main(dry: bool, only_played: bool) -> None:
    """Measure, and write the table."""
    file = HERE / "plugin.json"
    facts = json.loads(file.read_text()) if only_played else costs()
    facts["played"] = played()
    keep("plugin", facts, page(facts), dry)


if __name__ == "__main__":
    main()
