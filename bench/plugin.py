"""The cost of plug-ins: one process for all of them, spoken to over its socket as a plug-in does.

    python -m bench.plugin [--dry]

Start: from the command to the line that says ready.  Round trip: from a ping to its answer.  Memory: what each
instance more takes that has not played yet, with a jam of its own.  Opened and closed: one after the other, each with a
jam of its own, until it is greeted.
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from bench.jam import resident_mb
from bench.tables import keep, table
from livegen.daemon import clock
from livegen.daemon.lateness import quantiles
from tests.plugin.client import Process

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


@click.command()
@click.option("--dry", is_flag=True, help="Print only.")
def main(dry: bool) -> None:
    """Measure, and write the table."""
    with tempfile.TemporaryDirectory() as data:
        began = time.monotonic()
        process = Process(Path(data))
        start_s = time.monotonic() - began
        trips = quantiles(round_trips(process))
        each_mb, (each_ms, left_mb) = memory_mb(process), opened(process)
        process.end()
    facts: dict[str, Any] = {"start_s": start_s, "trips": trips, "mb": each_mb}
    facts |= {"opened_ms": each_ms, "left_mb": left_mb}
    load = " / ".join(f"{one:.1f}" for one in os.getloadavg())
    rows = [
        ("start to ready", f"{start_s:.1f} s"),
        (
            f"ping to answer, p50 / p99 (n = {PINGS})",
            f"{trips['p50_us'] / 1000:.2f} / {trips['p99_us'] / 1000:.2f} ms",
        ),
        (f"an instance more, of {INSTANCES}", f"{each_mb:.1f} MB"),
        (f"opened and closed, each of {OPENED:,}", f"{each_ms:.1f} ms"),
        (f"left after {OPENED:,}", f"{left_mb:.0f} MB"),
    ]
    keep("plugin", facts, f"{table(('', ''), rows)}\n\nLoad: {load}; {os.cpu_count()} cores.", dry)


if __name__ == "__main__":
    main()
