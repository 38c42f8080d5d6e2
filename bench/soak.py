"""A night: hours of playing with all that may happen meanwhile, in real time over JACK, or on virtual time.

    python -m bench.soak [--hours H] [--seed N]                 on virtual time (`make soak`)
    python -m bench.soak --real [--hours H] [--seed N]          in real time, into soak.json, soak.svg and soak.md
    python -m bench.soak --turns N                              short calls, one after the other: is memory bounded?

What is played stands in bench/night.py.  On virtual time it is the engine with its loop, as the engine process has it:
what is looked for are faults, notes that sound on after a stop, notes that are handed out too late, and memory that
grows.  In real time it is `livegen serve` with all its processes, a page that comes and goes, a machine that is
suspended, a MIDI server that ends, and a disk that is full (where a small one may be mounted): each minute the memory,
descriptors and threads of each process, what was late and what hangs are written down.
"""

import gc
import gzip
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from statistics import linear_regression
from typing import Any

import click

from bench.jam import family, resident_mb
from bench.night import MACROS, SILENT_S, Fate, Scene, Told, played, scenes
from bench.page import url_of
from bench.tables import HERE, keep, table
from livegen import shipped
from livegen.app.engines import build_engine, engine_settings
from livegen.config import Config
from livegen.daemon.clock import SECOND
from livegen.daemon.engine.engine_loop import EngineLoop
from livegen.daemon.processes.frames import (
    CommandFrame,
    CutFrame,
    DueFrame,
    FaultFrame,
    Frame,
    HeardFrame,
    LogFrame,
)
from livegen.jam.engine import Engine
from livegen.jam.reports.journal import read as read_journal
from livegen.jam.reports.rows import JournalError
from livegen.jam.timing.agenda import Timed
from livegen.music.messages import Cut, NoteOn, decode
from livegen.testing import UniformModel, Wire
from tests.e2e.harness import ROOT, Jack, Partner, private_server
from tests.e2e.test_control_over_jack import Serve
from tests.sessions.playing import melody

SEED = 20261130
SLEEPS_S = 60.0  # of virtual time, for a machine that is suspended
LATE_US = 20_000  # a message handed out so long after it was due is late
MB = 1 << 20
WATCHED_S = 600.0  # how often memory is looked at, on virtual time
CALLS = 500  # different ones
WRONG = ("faults", "stuck", "late")
ENGINE = "daemon.engine.engine_process"
EVERY_S = 60.0  # how often, in real time
SUSPENDED_S = 3.0
DISK_MB, FILLER = 256, "filler"


# --- on virtual time ----------------------------------------------------------------------------------------------


class Night:
    """An engine in its loop, whose time passes only here, and a wire that plays what it hands out.

    `counts` are what went wrong, and what there was; `lines` the first lines of faults.
    """

    def __init__(self, seed: int, engine: Engine | None = None) -> None:
        """`engine` plays instead of the shipped one, from what is heard on."""
        config = Config(seed=seed, macros=MACROS)
        settings = engine_settings(config) | {"keep_warm_us": 0}
        self.now = SECOND
        self.counts = Counter[str]()
        self.lines: list[str] = []
        self.wire = Wire()
        self.engine = engine or build_engine(settings, self.now)
        self.loop = EngineLoop(self._take, self.engine, settings, now=lambda: self.now)

    def _take(self, frame: Frame) -> None:
        match frame:
            case DueFrame(micros=due, payload=data) if (message := decode(data)) is not None:
                self.counts["late"] += due < self.now - LATE_US
                self.wire.put(Timed(due, message))
            case CutFrame():
                self.wire.put(Timed(self.now, Cut(frame.keys)))
            case FaultFrame():
                self.counts["faults"] += 1
                self.lines.append(frame.line)
            case LogFrame():
                self.counts["lines"] += 1
            case _:
                pass

    def until(self, at: int) -> None:
        """Let time pass."""
        while (left := self.loop.time_left()) + self.now <= at:
            self._pass(self.now + max(0, left))
            self.loop.turn()
        self._pass(at)

    def _pass(self, at: int) -> None:
        self.now = max(self.now, at)
        self.wire.until(self.now)

    def play(self, scene: Scene) -> None:
        """Play a scene; what sounds after its stop is stuck."""
        self.perform(scene)
        self.counts["stuck"] += len(self.wire.sounding)
        if self.wire.sounding:
            self.lines.append(f"after {scene.says}: {sorted(self.wire.sounding)} sound on")

    def perform(self, scene: Scene) -> None:
        """Play a scene, whatever sounds at its end."""
        began = self.now
        for at, step in scene.steps:
            self.until(began + round(at * SECOND))
            self._do(step)
        self.until(began + round(scene.lasts * SECOND))
        self.counts["scenes"] += 1
        self.counts["notes"] += sum(isinstance(message, NoteOn) for _, message in self.wire.sent)
        self.wire.sent.clear()

    def _do(self, step: object) -> None:
        match step:
            case bytes():
                self.loop.turn([HeardFrame(self.now, step)])
            case Told(name, value):
                self.tell(name, _meant(name, value))
            case Fate.PAGE_COMES | Fate.PAGE_GOES:
                self.tell("watch", step is Fate.PAGE_COMES)
            case Fate.SLEEPS:  # nothing is heard, nothing is done, and it is later
                self._pass(self.now + round(SLEEPS_S * SECOND))
                self.loop.turn()
            case _:
                pass

    def tell(self, name: str, value: object) -> None:
        """Tell it; what is made beside the music is waited for, or the same night would not come twice."""
        self.loop.turn([CommandFrame.named(self.now, name, value)])
        self.settle()

    def settle(self) -> None:
        """Wait for what is made beside the music."""
        loop = self.loop
        for one in (loop._fitter, loop._loader, loop._recaller):
            if one._thread is not None:
                one._thread.join()
        while loop._ahead.is_reading:
            time.sleep(0.001)
            loop.turn()


def _meant(name: str, value: object) -> object:
    """The value of a control as the engine is told it: of a chart, its text."""
    return shipped.chart_text(str(value)) if name == "chart" else value


def virtual(hours: float, seed: int) -> dict[str, Any]:
    """Play so many hours on virtual time; the figures."""
    night, chance = Night(seed), Random(seed)
    began, cpu, memory = night.now, time.process_time(), list[tuple[float, float]]()
    for scene in scenes(chance):
        hour = (night.now - began) / SECOND / 3600
        if not memory or hour - memory[-1][0] >= WATCHED_S / 3600:
            gc.collect()
            memory.append((round(hour, 3), round(resident_mb([os.getpid()]), 1)))
            click.echo(f"{hour:.2f} h: {memory[-1][1]} MB, {dict(night.counts)}", err=True)
        if hour >= hours:
            break
        night.play(scene)
    return {
        "hours": round(hour, 2),
        "seed": seed,
        "counts": dict(night.counts),
        "turns": night.engine.snapshot()["turns"],
        "memory": memory,
        "mb_per_hour": slope(memory[len(memory) // 4 :]),
        "processor_s": round(time.process_time() - cpu),
        "lines": night.lines[:10],
    }


def short_turns(turns: int, seed: int) -> dict[str, Any]:
    """Play short calls one after the other, so many, to an engine whose model knows nothing; the figures."""
    night = Night(seed, Engine(UniformModel(ticks=24), seed=seed))
    chance, memory, cpu = Random(seed), list[tuple[float, float]](), time.process_time()
    for name, value in (("tempo", 300), ("length", 1), ("strained", True)):
        night.tell(name, value)
    calls = [Scene("a call", 2.0, tuple(played(melody(chance, 0.0, 2, 300)))) for _ in range(CALLS)]
    for number in range(turns):
        if number % (turns // 40 or 1) == 0:
            gc.collect()
            memory.append((number / 1000, round(resident_mb([os.getpid()]), 1)))
            click.echo(f"{number} turns: {memory[-1][1]} MB, {dict(night.counts)}", err=True)
        night.perform(calls[number % CALLS])
    night.play(Scene("all calls", SILENT_S, ((0.0, Told("stop", is_command=True)),)))
    return {
        "calls": turns,
        "turns": night.engine.snapshot()["turns"],
        "counts": dict(night.counts),
        "memory": memory,
        "mb_per_1000_turns": slope(memory[len(memory) // 4 :]),
        "processor_s": round(time.process_time() - cpu),
        "lines": night.lines[:10],
    }


def slope(points: list[tuple[float, float]]) -> float | None:
    """The slope of the line of least squares through points; None of fewer than three."""
    if len(points) < 3:
        return None
    return round(linear_regression(*zip(*points, strict=True)).slope, 3)


# --- in real time -------------------------------------------------------------------------------------------------


class Evening:
    """`livegen serve` with a player at its ports, a touch surface and, at times, a page; and what happens to them.

    `rows` are what was seen each minute.
    """

    def __init__(self, server: Jack, served: Serve, home: Path, may_fill: bool) -> None:
        self.rows: list[dict[str, Any]] = []
        self.counts = Counter[str]()
        self._server, self._served, self._home, self._may_fill = server, served, home, may_fill
        self._partner = Partner()
        self._page: subprocess.Popen[str] | None = None
        self._began = self._sampled = time.monotonic()

    def play(self, scene: Scene) -> None:
        """Play a scene; what sounds after its stop is stuck."""
        began = time.monotonic()
        for at, step in scene.steps:
            self._until(began + at)
            self._do(step)
        self._until(began + scene.lasts)
        self.counts["scenes"] += 1
        self.counts["stuck"] += len(self._partner.sounding)
        if self._partner.sounding:
            click.echo(f"after {scene.says}: {self._partner.sounding} sound on", err=True)
            self._partner.sounding.clear()

    def _until(self, at: float) -> None:
        """Listen until a time, and look at everything once a minute."""
        while (left := at - time.monotonic()) > 0:
            heard = self._partner.listen()
            self.counts["notes"] += sum(data[0] & 0xF0 == 0x90 and data[2] > 0 for data in heard)
            self._partner.heard.clear()
            if time.monotonic() - self._sampled >= EVERY_S:
                self.look()
            time.sleep(min(left, 0.01))

    def _do(self, step: object) -> None:
        match step:
            case bytes():
                self._partner.send(*step)
            case Told(name, value, is_command):
                path = f"do/{name}" if is_command else name
                self._served.tablet.send(path, *([] if value is None else [value]))
            case Fate():
                self._befall(step)

    def _befall(self, fate: Fate) -> None:
        self.counts[fate.value] += 1
        match fate:
            case Fate.PAGE_COMES if self._page is None:
                url = url_of(self._served)
                command = [sys.executable, "-m", "bench.switched_on", url]
                self._page = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
            case Fate.PAGE_GOES:
                self.close_page()
            case Fate.SLEEPS:
                assert self._server.process is not None
                processes = [*family(self._served.process.pid), self._server.process.pid]
                for number in (signal.SIGSTOP, signal.SIGCONT):
                    for pid in processes:
                        os.kill(pid, number)
                    time.sleep(SUSPENDED_S)
            case Fate.KILLED:
                os.kill(self._served.engine_pid(), signal.SIGKILL)
            case Fate.PORTS_LOST:
                self._partner.close()
                self._server.stop(signal.SIGKILL)
                self._server.start()
                self._partner = Partner()
            case Fate.DISK_FULL if self._may_fill:
                with suppress(OSError), (self._home / FILLER).open("wb") as file:
                    while True:
                        file.write(bytes(MB))
                        file.flush()
            case Fate.DISK_FREE:
                (self._home / FILLER).unlink(missing_ok=True)
            case _:
                pass

    def close_page(self) -> None:
        """Close the page, if one is open."""
        if self._page is not None:
            self._page.kill()
            self._page.communicate()
            self._page = None

    def look(self) -> None:
        """Write down what all processes hold, and what was late."""
        self._sampled = time.monotonic()
        stats = self._served.stats()
        self.rows.append(
            {
                "minute": round((self._sampled - self._began) / 60, 2),
                "processes": held(self._served.process.pid),
                "lateness": stats["lateness"],
                "restarts": stats["restarts"],
                "dropped": stats["dropped"],
                "sounding": len(self._partner.sounding),
                "load": round(os.getloadavg()[0], 2),
            }
        )
        click.echo(json.dumps(self.rows[-1] | {"counts": self.counts}), err=True)

    def close(self) -> None:
        """The player leaves."""
        self.close_page()
        self._partner.close()


def held(pid: int) -> dict[str, dict[str, float]]:
    """Memory, descriptors and threads of a process and its children, by the names of their modules."""
    found = {}
    for one in family(pid):
        with suppress(OSError, IndexError):  # it has just ended
            words = Path(f"/proc/{one}/cmdline").read_text().split("\0")
            name = (
                words[words.index("-m") + 1].removeprefix("livegen.") if "-m" in words else words[0]
            )
            found[name] = {
                "mb": round(resident_mb([one]), 2),
                "descriptors": sum(1 for _ in Path(f"/proc/{one}/fd").iterdir()),
                "threads": sum(1 for _ in Path(f"/proc/{one}/task").iterdir()),
            }
    return found


@contextmanager
def small_disk() -> Iterator[tuple[Path, bool]]:
    """A folder on a disk of its own that can be filled, and whether it is one: that takes the right to mount it."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "soak", folder]
        mounted = not subprocess.run(mount, capture_output=True, check=False).returncode
        try:
            yield Path(folder), mounted
        finally:
            if mounted:
                subprocess.run(["umount", folder], check=True)


def real(hours: float, seed: int) -> dict[str, Any]:
    """Play so many hours in real time; the figures."""
    with small_disk() as (home, may_fill), private_server(is_realtime=True) as server:
        macros = f"macros: {json.dumps(MACROS)}\n"
        (home / "livegen").mkdir()
        (home / "livegen" / "config.yaml").write_text(macros)
        with Serve(home, "--api", "jack", "--set", "recording.journals=0") as served:
            evening = Evening(server, served, home, may_fill)
            until, began = time.monotonic() + hours * 3600, time.monotonic()
            evening.look()
            for scene in scenes(Random(seed)):
                if time.monotonic() >= until:
                    break
                evening.play(scene)
            evening.look()
            evening.close()
            status, ends_s = served.end()
            said = served.errors().splitlines()
        journals = sorted((home / "livegen" / "recordings").rglob("*.jsonl*"))
        return {
            "hours": round((time.monotonic() - began) / 3600, 2),
            "seed": seed,
            "counts": dict(evening.counts),
            "rows": evening.rows,
            "ended": {"status": status, "s": round(ends_s, 2)},
            "files": [len(journals), *whole(journals)],
            "disk": may_fill,
            "faults": [line for line in said if "fault" in line or "Traceback" in line][:10],
        }


def whole(journals: Sequence[Path]) -> tuple[int, int]:
    """How many journals can be read, and how many lines of them say that something was lost."""
    read, lost = 0, 0
    for path in journals:
        data = path.read_bytes()
        text = gzip.decompress(data) if path.suffix == ".gz" else data
        with suppress(JournalError):
            session = read_journal(text.decode().splitlines())
            read, lost = read + 1, lost + session.lost
    return read, lost


# --- the page -----------------------------------------------------------------------------------------------------


def page(row: Mapping[str, Any]) -> str:
    """The figures of a night in real time as Markdown."""
    rows = row["rows"]
    names = sorted({name for one in rows for name in one["processes"]})
    cells = []
    for name in names:
        of = [one for one in rows if name in one["processes"]]
        if name == ENGINE:  # the one that lived last
            of = [one for one in of if one["restarts"] == rows[-1]["restarts"]]
        seen = [(one["minute"] / 60, one["processes"][name]) for one in of]
        steady = seen[len(seen) // 4 :]
        by = slope([(at, it["mb"]) for at, it in steady])
        cells.append(
            [
                name,
                f"{60 * (seen[-1][0] - seen[0][0]):.0f}",
                f"{seen[0][1]['mb']:.0f} → {seen[-1][1]['mb']:.0f}",
                "" if by is None else f"{by:+.1f}",
                *(_range([it[what] for _, it in steady]) for what in ("descriptors", "threads")),
            ]
        )
    counts, late, ended = row["counts"], rows[-1]["lateness"], row["ended"]
    p99, most = (late.get(f"{which}_us", 0) / 1000 for which in ("p99", "max"))
    fates = ", ".join(f"{fate.value} {counts.get(fate.value, 0)}" for fate in Fate)
    files, read, lost = row["files"]
    head = ["process", "minutes", "MB", "MB an hour past a quarter of it", "descriptors", "threads"]
    return f"""{row["hours"]} hours in real time, seed {row["seed"]}, load {_range([one["load"] for one in rows])}.
{counts["scenes"]} scenes, {counts["notes"]} notes of the model's.
What happened: {fates}.{"" if row["disk"] else "  No disk could be mounted, so none was filled."}

* Stuck after a stop: {counts["stuck"]}.
* Late at the port, of {late["count"]}: p99 {p99:.2f} ms, most {most:.1f} ms, with suspensions of {SUSPENDED_S:g} s.
* Engine started again: {rows[-1]["restarts"]} times. Faults: {len(row["faults"])}.
* It ended with status {ended["status"]} in {ended["s"]} s.
* Journals: {read} of {files} can be read whole; {lost} messages were not kept.

{table(head, cells)}

![Memory of each process](soak.svg)"""


def _range(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def draw(row: Mapping[str, Any], path: Path) -> None:
    """Draw the memory of each process over the night."""
    from matplotlib.figure import Figure

    figure = Figure((8, 3.5), layout="constrained")
    axes = figure.subplots()
    rows = row["rows"]
    for name in sorted({name for one in rows for name in one["processes"]}):
        points = [
            (one["minute"], one["processes"][name]["mb"])
            for one in rows
            if name in one["processes"]
        ]
        axes.plot(*zip(*points, strict=True), label=name)
    axes.set(xlabel="minutes", ylabel="resident memory, MB", ylim=(0, None))
    axes.legend(fontsize="small", ncols=3, frameon=False)
    figure.savefig(path)


@click.command()
@click.option("--hours", default=8.0, show_default=True)
@click.option("--seed", default=SEED, show_default=True)
@click.option("--real", "is_real", is_flag=True, help="In real time, over a private JACK server.")
@click.option("--turns", default=0, help="Short calls on virtual time instead, so many.")
@click.option("--dry", is_flag=True, help="Print, write nothing.")
def main(hours: float, seed: int, is_real: bool, turns: int, dry: bool) -> None:
    """Play a night.  On virtual time it fails where anything went wrong."""
    if is_real:
        row = real(hours, seed)
        if not dry:
            draw(row, HERE / "soak.svg")
        keep("soak", row, page(row), dry)
        return
    row = short_turns(turns, seed) if turns else virtual(hours, seed)
    click.echo(json.dumps(row, indent=1))
    wrong = {name: row["counts"].get(name, 0) for name in WRONG}
    if any(wrong.values()):
        raise click.ClickException(f"the night went wrong: {wrong}")


if __name__ == "__main__":
    main()
