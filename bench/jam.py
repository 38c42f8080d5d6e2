"""The daemon at work over JACK: what a player waits for, and what the machine pays.

    python -m bench.jam [PART]...

With parts (starts, jam, band, immediate, harmonise, clock_out, sequencer) only those are measured, the others kept.
A private JACK server with the dummy driver, the command `livegen serve` with the shipped model, and a partner
that plays.  All times are the daemon's own stamps: from a message's arrival in the port process, so neither
the server's period (128 frames, 2.7 ms) nor the partner's Python is in them.  Load and counts stand beside.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Protocol

import click

from bench.person import Rhythm, melody, perform
from livegen import shipped
from livegen.daemon.lateness import quantiles
from livegen.music.charts import read_chart
from livegen.music.messages import Message, encode
from tests.e2e.harness import Daemon, Partner, private_server, wait_for

HERE = Path(__file__).parent
ROOT = HERE.parent
STARTS = 7
JAM_S = 60.0
SEQUENCER_S = 60.0
QUIET_S = 20.0
IMMEDIATE_TURNS = 300
HARMONISED = 400
CLOCK_OUT_S = 60.0
CLOCK_BPM = 120
BAND_CHART, BAND_BPM, BAND_S, BAND_TURNS = "12-bar-blues", 110.0, 30.0, 2
SETTLES_S = 1.0  # until no process of the start is left
BAND_RHYTHMS: tuple[Rhythm, ...] = (
    ((0, 0.5), (0.5, 0.5), (1, 1), (2, 0.5), (2.5, 1.5)),
    ((0, 1), (1, 0.5), (1.5, 0.5), (2, 2)),
)
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SCALE = (60, 62, 64, 67, 69, 67, 64, 62)


class Served(Daemon):
    """`livegen serve` itself, from this checkout."""

    def __init__(self, *arguments: str) -> None:
        super().__init__({}, {})
        self._command = [sys.executable, "-m", "livegen", "serve", "--api", "jack", *arguments]


class Looking(Protocol):
    """Lets others look on while something is measured, until the context ends."""

    def __call__(self, daemon: Daemon) -> AbstractContextManager[object]: ...


def nobody(daemon: Daemon) -> AbstractContextManager[object]:
    """Nobody looks on."""
    return nullcontext()


@contextmanager
def served(*arguments: str, looking: Looking = nobody) -> Iterator[tuple[Daemon, Partner, float]]:
    """A daemon that is ready, a partner connected to it, and the seconds from the command to `ready`."""
    began = time.monotonic()
    with Served(*arguments) as daemon, ExitStack() as stack:
        daemon.ready()
        ready_s = time.monotonic() - began
        stack.enter_context(looking(daemon))
        partner = Partner()
        try:
            yield daemon, partner, ready_s
        finally:
            partner.close()


def family(pid: int) -> list[int]:
    """A process and its children."""
    ran = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [pid, *map(int, ran.stdout.split())]


def cpu_s(pids: Sequence[int]) -> float:
    """Seconds of processor time that processes have taken."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(f[11]) + int(f[12]) for f in fields) / TICKS_PER_S


def resident_mb(pids: Sequence[int]) -> float:
    """Resident memory of processes; pages that they share are counted in each."""
    lines = [Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1] for pid in pids]
    return sum(int(line.split()[0]) for line in lines) / 1024


def listen_for(partner: Partner, seconds: float) -> int:
    """Take in what the model plays for so long; the number of notes."""
    until, notes = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        notes += sum(data[0] & 0xF0 == 0x90 and data[2] > 0 for data in partner.listen())
        time.sleep(0.005)
    return notes


def play_phrase(partner: Partner, pitches: Sequence[int], ioi_s: float = 0.25) -> None:
    """Play eighths at 120."""
    for pitch in pitches:
        partner.send(0x90, pitch, 80)
        time.sleep(ioi_s * 0.8)
        partner.send(0x80, pitch, 64)
        time.sleep(ioi_s * 0.2)
        partner.listen()


def starts() -> dict[str, Any]:
    """Seconds from the command to `ready`."""
    seconds = []
    for _ in range(STARTS):
        with served("--seed", "1") as (daemon, _, ready_s):
            seconds.append(ready_s)
            daemon.end()
    return {
        "n": STARTS,
        "p50_s": round(sorted(seconds)[STARTS // 2], 3),
        "max_s": round(max(seconds), 3),
    }


def jam(looking: Looking = nobody, seconds: float = JAM_S, *more: str) -> dict[str, Any]:
    """Phrases and answers for a minute, then quiet: lateness, stamp to state, processor, memory; `more` options."""
    rest = "daemon.rest_after_s=1"
    arguments = ("--seed", "1", "--stats", "summary", "--set", rest, *more)
    with served(*arguments, looking=looking) as (daemon, partner, _):
        pids = family(daemon.process.pid)
        until, notes, before, began = time.monotonic() + seconds, 0, cpu_s(pids), time.monotonic()
        while time.monotonic() < until:
            play_phrase(partner, SCALE)
            notes += listen_for(partner, 3.5)
        share = (cpu_s(pids) - before) / (time.monotonic() - began)
        stats, memory = daemon.stats(), resident_mb(pids)
        wait_for(lambda: not listen_for(partner, 1.0))
        listen_for(partner, 7.0)  # past rest_after_s in both processes
        before, began = cpu_s(pids), time.monotonic()
        listen_for(partner, QUIET_S)
        idle = (cpu_s(pids) - before) / (time.monotonic() - began)
        daemon.end()
    return {
        "seconds": seconds,
        "notes_answered": notes,
        "stamp_to_state": stats["engine"]["stamp_to_state"],
        "lateness": stats["lateness"],
        "cpu_jamming": round(share, 4),
        "cpu_idle": round(idle, 4),
        "resident_mb": round(memory, 1),
        "processes": len(pids),
    }


def band() -> dict[str, Any]:
    """A blues with both hands, a band of three parts with the chart beside it, and the same with nobody beside.

    The two take turns, so that what else the machine does comes to both.
    """
    chart = read_chart(shipped.chart(BAND_CHART))
    chance = Random(BAND_CHART)
    left = perform(chart.form, BAND_BPM, BAND_S / 60, chance, wanders=False)
    keys = [*left.messages, *melody(chart.form, left, BAND_RHYTHMS, chance)]
    keys.sort(key=lambda row: row[0])
    ways: dict[str, tuple[str, ...]] = {
        "band": (
            "--mode",
            "accompany",
            "--chart",
            BAND_CHART,
            "--set",
            "jam.parts=comp bass drums",
        ),
        "alone": ("--mode", "respond", "--set", "jam.rest=5000"),
    }
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ways}
    for _ in range(BAND_TURNS):
        for name, arguments in ways.items():
            rows[name].append(_beside(arguments, keys))
    return {
        name: {
            "notes": sum(row["notes"] for row in some),
            "cpu": round(statistics.fmean(row["cpu"] for row in some), 4),
            "resident_mb": max(row["resident_mb"] for row in some),
            "stamp_to_state": [row["stamp_to_state"] for row in some],
            "lateness": [row["lateness"] for row in some],
        }
        for name, some in rows.items()
    } | {"seconds": BAND_S * BAND_TURNS}


def _beside(arguments: Sequence[str], keys: Sequence[tuple[int, Message]]) -> dict[str, Any]:
    """Figures of a daemon to which these keys are played, in time."""
    options = ("--seed", "1", "--stats", "summary", "--set", f"jam.tempo={BAND_BPM}", *arguments)
    with served(*options) as (daemon, partner, _):
        time.sleep(SETTLES_S)
        pids = family(daemon.process.pid)
        before, began, notes = cpu_s(pids), time.monotonic(), 0
        for at, message in keys:
            notes += listen_for(partner, at / 1e6 - (time.monotonic() - began))
            partner.send(*encode(message))
        share = (cpu_s(pids) - before) / (time.monotonic() - began)
        stats, memory = daemon.stats(), resident_mb(pids)
        daemon.end()
    return {
        "notes": notes,
        "cpu": share,
        "resident_mb": round(memory, 1),
        "stamp_to_state": stats["engine"]["stamp_to_state"],
        "lateness": stats["lateness"],
    }


def immediate(
    looking: Looking = nobody, turns: int = IMMEDIATE_TURNS, *more: str
) -> dict[str, Any]:
    """A reply that is due at once: from the stamp of the last key's release to the first note that leaves."""
    settings = (
        "--set",
        "jam.rest=0",
        "--set",
        "jam.start=now",
        "--set",
        "jam.tempo=120",
        "--set",
        "jam.density=4",
    )
    arguments = ("--seed", "1", "--stats", "trace", *settings, *more)
    with served(*arguments, looking=looking) as (daemon, partner, _):
        for turn in range(turns):
            pitch = SCALE[turn % len(SCALE)]
            partner.send(0x90, pitch, 80)
            listen_for(partner, 0.12)
            partner.send(0x80, pitch, 64)
            listen_for(partner, 0.15)
        trace = daemon.stats()["trace"]
        finish(daemon)
    releases = [stamp for stamp, data in trace["heard"] if data.startswith("80")]
    presses = [stamp for stamp, data in trace["heard"] if data.startswith("90")]
    onsets = [(due, actual) for due, actual, data in trace["sent"] if data.startswith("9")]
    replies, waits = [], 0
    for stamp in releases:
        following = next((p for p in presses if p > stamp), stamp + 10**7)
        own = [(due, actual) for due, actual in onsets if stamp <= actual < following]
        # Due at once; others begin where the model wants a rest first.
        if own and own[0][0] <= stamp + 1_000:
            replies.append(own[0][1] - stamp)
        else:
            waits += 1
    return {
        "turns": len(releases),
        "due_later": waits,
        "release_to_reply": {"count": len(replies)} | quantiles(replies),
    }


def harmonise() -> dict[str, Any]:
    """From the stamp of a key that was struck to its companions: when the first and the last of them leaves."""
    settings = ("--set", "jam.mode=harmonise")
    with served("--seed", "1", "--stats", "trace", *settings) as (daemon, partner, _):
        for number in range(HARMONISED):
            pitch = SCALE[number % len(SCALE)]
            partner.send(0x90, pitch, 80)
            listen_for(partner, 0.06)
            partner.send(0x80, pitch, 64)
            listen_for(partner, 0.04)
        trace = daemon.stats()["trace"]
        finish(daemon)
    presses = [stamp for stamp, data in trace["heard"] if data.startswith("90")]
    onsets = [actual for _, actual, data in trace["sent"] if data.startswith("9")]
    first, last, alone = [], [], 0
    for stamp, following in pairwise([*presses, presses[-1] + 10**7]):
        own = [actual - stamp for actual in onsets if stamp <= actual < following]
        if own:
            first.append(own[0])
            last.append(own[-1])
        else:
            alone += 1
    return {
        "notes": len(presses),
        "alone": alone,
        "companions": len(onsets),
        "to_first": {"count": len(first)} | quantiles(first),
        "to_last": {"count": len(last)} | quantiles(last),
    }


def clock_out() -> dict[str, Any]:
    """MIDI clock at a tempo, while the model is played to and answers: sent against due, and how even it is."""
    settings = ("jam.sync=internal", f"jam.tempo={CLOCK_BPM}", "jam.clock_out=on")
    options = [option for setting in settings for option in ("--set", setting)]
    with served("--seed", "1", "--stats", "trace", *options) as (daemon, partner, _):
        until = time.monotonic() + CLOCK_OUT_S
        while time.monotonic() < until:
            play_phrase(partner, SCALE)
            listen_for(partner, 3.5)
        trace = daemon.stats()["trace"]
        finish(daemon)
    clocks = [(due, actual) for due, actual, data in trace["sent"] if data == "f8"]
    notes = sum(data.startswith("9") for _, _, data in trace["sent"])
    apart_us = 60e6 / CLOCK_BPM / 24
    uneven = [
        round(abs(later - earlier - apart_us)) for (_, earlier), (_, later) in pairwise(clocks)
    ]
    lateness = [actual - due for due, actual in clocks]
    return {
        "seconds": CLOCK_OUT_S,
        "bpm": CLOCK_BPM,
        "notes_answered": notes,
        "starts": sum(data == "fa" for _, _, data in trace["sent"]),
        "lateness": {"count": len(lateness)} | quantiles(lateness),
        "uneven": {"count": len(uneven)} | quantiles(uneven),
    }


def finish(daemon: Daemon) -> None:
    """End a daemon that was traced: a pipe that nobody reads would keep it from ending."""
    daemon.process.terminate()
    daemon.line()  # the figures once more
    daemon.process.wait(5)


def sequencer(
    looking: Looking = nobody, seconds: float = SEQUENCER_S, **more: Any
) -> dict[str, Any]:
    """Sixteenths at 180 bpm, handed out 30 ms ahead as the engine does: time of sending against time due."""
    options = {"api": "jack", "settings": {"engine": "engines:sequencer"}, "stats": "summary"}
    with Daemon(options | more, {}) as daemon, ExitStack() as stack:
        daemon.ready()
        stack.enter_context(looking(daemon))
        partner = Partner()
        partner.send(0x90, 60, 80)
        listen_for(partner, seconds)
        stats = daemon.stats()
        partner.close()
        daemon.end(signal.SIGTERM)
    return {"seconds": seconds, "lateness": stats["lateness"]}


PARTS = (starts, jam, band, immediate, harmonise, clock_out, sequencer)


def measure(wanted: Sequence[str]) -> dict[str, Any]:
    """Measure these parts, or all, on one private server."""
    with private_server():
        results = {}
        for part in PARTS:
            if not wanted or part.__name__ in wanted:
                results[part.__name__] = part() | {"load": round(os.getloadavg()[0], 2)}
                print(part.__name__, json.dumps(results[part.__name__]), flush=True)
        return results


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice([part.__name__ for part in PARTS]))
def main(parts: Sequence[str]) -> None:
    """Measure, into jam.json."""
    file = HERE / "jam.json"
    kept = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(kept | measure(parts), indent=1) + "\n")


if __name__ == "__main__":
    main()
