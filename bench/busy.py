"""A player's wait from outside, beside an echo: on a quiet machine, with its caches stolen, and with every core taken.

    python -m bench.busy [--keys N] [--only WORDS] [--dry]

A player strikes keys on a private JACK server that runs in real time; `livegen serve` and a program that echoes
(bench/echo.py) hear the same keys and answer the same player.  One port of the player's hears all three, its own keys
too, and python-rtmidi stamps what comes in JACK's own thread: so no Python of the player's is in the figures, and each
key is compared with its own echo.  All figures are multiples of a period, give or take how late that thread ran.

* echo, livegen: from the period in which the key could be heard to that in which the first note of the answer came.
* over the echo: the difference, key by key.
* inside: from the port process's stamp of the key to the first note that it sent.
* late: answers that came more than 10 ms after the key.  Unanswered: keys without one before the next key; dropped:
  notes that livegen itself gave up, for they were more than 30 ms late.

In `respond` those answers count that are due at once; where the model wants a rest first, the wait is its own wish.  A
neighbour streams 64 MB to and fro, on the other core or on the one to which livegen and the echo are held.  Every core
taken: four processes that spin for each core, at ordinary priority.  Not permitted: the same where livegen and the echo
may have neither real-time priority nor be more urgent than others.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

import click
import rtmidi

from bench.echo import CHANNEL, IN_NAME, OUT_NAME
from bench.jam import SCALE, Served, finish
from bench.tables import HERE, keep, table
from tests.e2e.harness import ROOT, close, connect, private_server

KEYS = 200
SEED = 20261130
PLAYER = 15  # the channel of the player's keys; the model's parts have others
HELD_S, APART_S = 0.08, (0.16, 0.22)
LATE_MS = 10.0
AT_ONCE_US = 1_000  # what is due so soon after the release is due at once
SPINS = 4
SPIN = "while True: pass"
STREAM = """import numpy as np
a, b = np.zeros(1 << 23), np.ones(1 << 23)
while True: a[:] = b; b[:] = a"""
HARMONISE = ("--set", "jam.mode=harmonise")
RESPOND = tuple(
    word
    for setting in ("rest=0", "start=now", "tempo=120", "density=4")
    for word in ("--set", f"jam.{setting}")
)
FORBIDDEN = ("setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice")


@dataclass(frozen=True, slots=True)
class Case:
    """A machine and what is played on it.

    `held` keeps livegen and the echo to the first core, `streams` is the core of a neighbour who streams memory, None
    without one; `spins` processes spin on each core.
    """

    says: str
    period: int = 128
    mode: tuple[str, ...] = HARMONISE
    held: bool = False
    streams: int | None = None
    spins: int = 0
    permitted: bool = True


CASES = (
    Case("harmonise, 64 frames", 64),
    Case("harmonise, 128 frames"),
    Case("harmonise, 256 frames", 256),
    Case("respond, 128 frames", mode=RESPOND),
    Case("harmonise, held to a core", held=True),
    Case("a neighbour streams on the other core", held=True, streams=1),
    Case("a neighbour streams on the same core", held=True, streams=0),
    Case("every core taken", spins=SPINS),
    Case("every core taken, respond", mode=RESPOND, spins=SPINS),
    Case("every core taken, not permitted", spins=SPINS, permitted=False),
)


class Heard(NamedTuple):
    """A message at the player's port: seconds, by JACK's clock, and bytes."""

    at: float
    data: bytes


class Player:
    """Strikes keys that livegen, the echo and its own ear hear, and hears what all of them play."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self._out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="player-out")
        self._in = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="player-in", queue_size_limit=1 << 14)
        self._out.open_virtual_port("keys")
        self._in.open_virtual_port("ear")
        keys, ear = self._name("player-out"), self._name("player-in")
        for port in ("livegen-in:Model In", f"echo-in:{IN_NAME}", ear):
            connect(keys, port)
        for port in ("livegen-out:Model Out", f"echo-out:{OUT_NAME}"):
            connect(port, ear)

    @staticmethod
    def _name(client: str) -> str:
        ran = subprocess.run(["jack_lsp", client], capture_output=True, text=True, check=True)
        return ran.stdout.strip()

    def strike(self, pitch: int, held_s: float, apart_s: float) -> None:
        """Press a key for so long, and listen until the next."""
        self._out.send_message((0x90 | PLAYER, pitch, 80))
        time.sleep(held_s)
        self._out.send_message((0x80 | PLAYER, pitch, 64))
        self.listen(apart_s - held_s)

    def listen(self, seconds: float) -> None:
        """Take in what comes for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.02))
            while (came := self._in.get_message()) is not None:
                before = self.heard[-1].at if self.heard else 0.0
                self.heard.append(Heard(before + came[1], bytes(came[0])))

    def close(self) -> None:
        """Close both ports."""
        close(self._in, self._out)


class Wait(NamedTuple):
    """A key: ms to its echo and to the first note of the model's; None where none came before the next key."""

    echo: float | None
    model: float | None


def waits(heard: Sequence[Heard], asks: int) -> list[Wait]:
    """The wait of each message of the player's with the status `asks` (its high four bits)."""
    asked = [one.at for one in heard if one.data[0] == asks | PLAYER]
    begun = [(at, data[0] & 15) for at, data in heard if data[0] & 0xF0 == 0x90 and data[2]]
    ended = [at for at, data in heard if data[0] == asks | CHANNEL]
    found = []
    for at, until in pairwise([*asked, float("inf")]):
        model = (one for one, channel in begun if channel not in (PLAYER, CHANNEL))
        first = [next((one for one in of if at <= one < until), None) for of in (ended, model)]
        found.append(Wait(*(None if one is None else (one - at) * 1000 for one in first)))
    return found


class Inside(NamedTuple):
    """A key by the port process's stamps: micros to the first note that was sent, None without one before the next
    key, and whether that was due at once.
    """

    micros: int | None
    is_due_at_once: bool


def inside(trace: Mapping[str, Any], asks: int) -> list[Inside]:
    """The wait of each message of the player's with the status `asks` by the trace of the port process, in micros.

    One without a note of the model's before the next counts as due at once.
    """
    asked = [stamp for stamp, data in trace["heard"] if int(data[:2], 16) == asks | PLAYER]
    begun = [(due, sent) for due, sent, data in trace["sent"] if data[0] == "9"]
    found = []
    for stamp, until in pairwise([*asked, 1 << 62]):
        first = next((one for one in begun if stamp <= one[1] < until), None)
        if first is None:
            found.append(Inside(None, True))
        else:
            found.append(Inside(first[1] - stamp, first[0] <= stamp + AT_ONCE_US))
    return found


@contextmanager
def beside(case: Case) -> Iterator[None]:
    """What else the machine does in a case, until the context ends."""
    with ExitStack() as stack:
        programs = [[sys.executable, "-c", SPIN]] * (case.spins * (os.cpu_count() or 1))
        if case.streams is not None:
            programs.append(["taskset", "-c", str(case.streams), sys.executable, "-c", STREAM])
        for program in programs:
            running = subprocess.Popen(program)
            stack.callback(running.wait)
            stack.callback(running.kill)
        if programs:
            time.sleep(1.0)  # until they are under way
        yield


@contextmanager
def echoing(before: Sequence[str]) -> Iterator[None]:
    """The echo, until the context ends."""
    command = [*before, sys.executable, "-c", "from bench.echo import main; main()"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe) as echo:
        assert echo.stdout is not None and echo.stdout.readline() == b"ready\n"
        yield
        assert echo.stdin is not None
        echo.stdin.close()


def measure(case: Case, keys: int) -> dict[str, Any]:
    """The figures of a case."""
    before = [*(["taskset", "-c", "0"] * case.held), *(FORBIDDEN * (not case.permitted))]
    arguments = ("--seed", "1", "--stats", "trace", *case.mode)
    chance = Random(SEED)
    with private_server(case.period, is_realtime=True), echoing(before):
        daemon = Served(*arguments)
        daemon._command = [*before, *daemon._command]
        with daemon:
            daemon.ready()
            player = Player()
            # The first keys may find a connection that does not count yet, and a harmony wants a key to be known.
            for pitch in SCALE * 2:
                player.strike(pitch, HELD_S, APART_S[1])
            player.listen(1.0)
            load = os.getloadavg()[0]
            with beside(case):
                del player.heard[:]
                struck_from = time.monotonic_ns() // 1000
                for number in range(keys):
                    player.strike(SCALE[number % len(SCALE)], HELD_S, chance.uniform(*APART_S))
                player.listen(1.0)
            stats = daemon.stats()
            player.close()
            finish(daemon)
    trace = stats["trace"]
    trace["heard"] = [one for one in trace["heard"] if one[0] >= struck_from]
    asks = 0x90 if case.mode is HARMONISE else 0x80
    row = figures(waits(player.heard, asks), inside(trace, asks))
    urgency = {"ports": stats["urgency"], "engine": stats["engine"].get("urgency", "")}
    return row | {
        "keys": keys,
        "dropped": stats["dropped"],
        "restarts": stats["restarts"],
        "urgency": urgency,
        "load": round(load, 2),
    }


def figures(found: Sequence[Wait], within: Sequence[Inside]) -> dict[str, Any]:
    """The figures of a case, of the keys that were to be answered at once."""
    if len(found) == len(within):
        pairs = [pair for pair in zip(found, within, strict=True) if pair[1].is_due_at_once]
        found, within = [wait for wait, _ in pairs], [one for _, one in pairs]
    model = [wait.model for wait in found if wait.model is not None]
    return {
        "asked": len(found),
        "echo": summed([wait.echo for wait in found if wait.echo is not None]),
        "livegen": summed(model),
        "over": summed(
            [model - echo for echo, model in found if echo is not None and model is not None]
        ),
        "inside": summed([one.micros / 1000 for one in within if one.micros is not None]),
        "late": sum(one > LATE_MS for one in model),
        "unanswered": len(found) - len(model),
        "unechoed": sum(wait.echo is None for wait in found),
    }


def summed(values: Sequence[float]) -> dict[str, float]:
    """Count, p50, p95, p99 and maximum (nearest rank); only the count of none."""
    ranked, last = sorted(values), len(values) - 1
    shares = {"p50": 50, "p95": 95, "p99": 99, "max": 100} if values else {}
    of = {name: round(ranked[last * share // 100], 2) for name, share in shares.items()}
    return {"count": len(values)} | of


# --- the page -----------------------------------------------------------------------------------------------------


def page(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """The figures as Markdown."""
    head = [
        "ms: p50 / p95 / p99 / max", "echo", "livegen", "over the echo", "inside", "late",
        "unanswered / unechoed / notes dropped", "load before",
    ]  # fmt: skip
    cells = [
        [
            says,
            *(shown(row[name]) for name in ("echo", "livegen", "over", "inside")),
            f"{row['late']} of {row['asked']}",
            f"{row['unanswered']} / {row['unechoed']} / {row['dropped']}",
            str(row["load"]),
        ]
        for says, row in rows.items()
    ]
    return f"What the words mean stands in bench/busy.py.\n\n{table(head, cells)}"


def shown(of: Mapping[str, float]) -> str:
    """A spread for people."""
    if "p50" not in of:
        return "none"
    return " / ".join(f"{of[name]:.1f}" for name in ("p50", "p95", "p99", "max"))


@click.command()
@click.option("--keys", default=KEYS, show_default=True, help="Keys in each case.")
@click.option("--only", default="", help="Cases whose words hold this; the others are kept.")
@click.option("--dry", is_flag=True, help="Print, write nothing.")
def main(keys: int, only: str, dry: bool) -> None:
    """Measure all cases, and write busy.json and busy.md."""
    file = HERE / "busy.json"
    before = json.loads(file.read_text()) if file.exists() else {}
    rows = {}
    for case in CASES:
        if only in case.says:
            rows[case.says] = measure(case, keys)
            click.echo(f"{case.says}: {json.dumps(rows[case.says])}", err=True)
        elif case.says in before:
            rows[case.says] = before[case.says]
    keep("busy", rows, page(rows), dry)


if __name__ == "__main__":
    main()
