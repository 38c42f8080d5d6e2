"""Ardour without a screen, and livegen beside it: what `bench.daw` leads.

Ardour runs as `ardour7-lua daw.lua` and is told what to do line by line.  Knows how to start, lead and end the
programs; knows nothing of what is measured.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import rtmidi

from livegen.jam.reports.journal import Session, read
from tests.e2e.harness import Daemon, Jack, wait_for

PROGRAM = "ardour7-lua"
SCRIPT = Path(__file__).with_name("daw.lua")
CLOCK_OUT, PLAYER_OUT, MODEL_IN = (
    f"ardour:{port}" for port in ("MIDI Clock out", "Player/midi_out 1", "Model/midi_in 1")
)
KEYBOARD = "key:out"
MODEL_OUT, MODEL_PORT = "livegen-out:Model Out", "livegen-in:Model In"
STARTS = 5  # attempts: see Studio
PERIOD = 256


class ArdourError(Exception):
    """Ardour did not do what it was told."""


class Note(NamedTuple):
    """A recorded note: onset and length in beats, from the session's start."""

    onset: float
    length: float
    pitch: int
    channel: int = 0


@contextlib.contextmanager
def keyboard() -> Iterator[Any]:
    """A JACK client that somebody plays on, by `send_message`."""
    key = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=KEYBOARD.partition(":")[0])
    key.open_virtual_port(KEYBOARD.partition(":")[2])
    try:
        yield key
    finally:
        key.close_port()
        key.delete()


class Ardour:
    """A session with the tracks Player and Model.  `ardour("roll")` is a command of daw.lua; raises ArdourError."""

    def __init__(self, folder: Path, bpm: float, loop: Sequence[float] = ()) -> None:
        self.bpm = bpm
        shutil.rmtree(folder, ignore_errors=True)
        home = {"HOME": str(folder.parent), "XDG_CONFIG_HOME": str(folder.parent / "config")}
        self.process = subprocess.Popen(
            [PROGRAM, str(SCRIPT), str(folder), folder.name, str(bpm), *map(str, loop)],
            env=os.environ | home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )
        try:
            self._answer()
        except ArdourError:
            self.close()
            raise

    def __call__(self, *words: object) -> list[str]:
        assert self.process.stdin is not None
        self.process.stdin.write("\t".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        lines = self._answer()
        if any(line.startswith("error") or line == "connected -1" for line in lines):
            raise ArdourError(f"{words}: {lines}")
        return lines

    def _answer(self) -> list[str]:
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            if line == "ok\n":
                return lines
            lines.append(line.rstrip())
            if "JACK: Cannot" in line:  # its socket: see Studio
                break
        raise ArdourError(f"Ardour ended: {lines[-3:]}")

    @property
    def beat(self) -> float:
        """The beat at which Ardour is."""
        return float(self("where")[-1].split()[1])

    def record(self) -> None:
        """Roll, and see that it records: what was armed sometimes is not.  Raises ArdourError."""
        self("roll")
        self.reach(1.0)
        if self("recording")[-1] != "true":
            raise ArdourError("it rolls and does not record")

    def reach(self, beat: float) -> None:
        """Wait until it has rolled so far."""
        wait_for(lambda: self.beat >= beat, timeout_s=beat * 60 / self.bpm + 20, every_s=0.01)

    def recorded(self) -> list[Note]:
        """All notes of the model's track, by time; what was just recorded takes a moment to be there."""
        rows: list[list[str]] = []

        def is_there() -> bool:
            rows[:] = [line.split() for line in self("recorded", "Model")]
            return any(row[0] == "region" for row in rows)

        wait_for(is_there, every_s=0.2)
        rows = [row for row in rows if row[0] == "note"]
        return sorted(Note(float(r[1]), float(r[2]), int(r[3]), int(r[5])) for r in rows)

    def write(self, notes: list[Note], path: Path) -> None:
        """Put notes on the player's track: only a recording makes a region, so a key is struck and recorded."""
        with keyboard() as key:
            self("connect", KEYBOARD, "ardour:Player/midi_in 1")
            self("arm", "Player", "on")
            self.record()
            key.send_message((0x90, 60, 64))
            self.reach(1.5)
            key.send_message((0x80, 60, 64))
            self.reach(2.0)
            self("stop")
        self("arm", "Player", "off")
        path.write_text("".join(f"{n.onset} {n.length} {n.pitch} 80\n" for n in notes))
        self("write", "Player", path)
        self("locate", 0)

    def close(self) -> None:
        """End it, and if it does not end, kill it."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            assert self.process.stdin is not None
            self.process.stdin.write("quit\n")
            self.process.stdin.close()
            self.process.wait(10)
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


class Served(Daemon):
    """`livegen serve` from this checkout, told to follow the clock; its journal goes to `folder`."""

    def __init__(self, folder: Path, *settings: str) -> None:
        home = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        super().__init__({}, home)
        self.folder = folder
        fixed = ("osc.enabled=false", f"recording.folder={folder / 'journals'}", "jam.sync=clock")
        told = [word for setting in (*fixed, *settings) for word in ("--set", setting)]
        serve = ["serve", "--api", "jack", "--seed", "1", "--stats", "summary"]
        self._command = [sys.executable, "-m", "livegen", *serve, *told]

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def journal(self) -> Session:
        """The rows that it heard and sent, once it has ended."""
        path = max(
            (self.folder / "journals").glob("*.jsonl"), key=lambda file: file.stat().st_mtime
        )
        with path.open() as lines:
            return read(lines)

    def snapshot(self) -> dict[str, Any]:
        """The snapshot of its engine; a busy one is asked again."""
        shown: dict[str, Any] = {}

        def is_told() -> bool:
            shown.update(self.stats()["engine"].get("snapshot", {}))
            return bool(shown)

        wait_for(is_told, every_s=0.1)
        return shown


class Server(Jack):
    """A JACK server whose clients are real-time, as those of musicians are, where the machine allows it."""

    def start(self) -> None:
        is_allowed = subprocess.run(["chrt", "-f", "50", "true"], capture_output=True, check=False)
        self.is_realtime = is_allowed.returncode == 0
        how = "-R -P 50" if self.is_realtime else "-r"
        command = f"jackd {how} -S -n {self.name} --port-max 128 -d dummy -r 48000 -p {self.period}"
        self.process = subprocess.Popen(
            command.split(),
            env=os.environ | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self.answers, every_s=0.1)


class Studio:
    """A JACK server and Ardour on it.

    Ardour 7.3 sometimes starts without its ports: two of its threads write to the socket of one JACK client, and
    the server reads nonsense from then on.  Both are then ended and started again; `restarts` counts it.
    """

    def __init__(self, server: str, folder: Path, period: int = PERIOD) -> None:
        self.jack = Server(server, period)
        self.folder = folder
        self.restarts = 0
        os.environ.update(self.jack.environment)

    def __enter__(self) -> Self:
        self.jack.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.jack.stop()

    def ardour(self, bpm: float, loop: Sequence[float] = ()) -> Ardour:
        """A new session.  Raises ArdourError when no attempt succeeds."""
        for attempt in range(STARTS):
            with contextlib.suppress(ArdourError):
                ardour = Ardour(self.folder / f"session{attempt}", bpm, loop)
                if {CLOCK_OUT, PLAYER_OUT, MODEL_IN} <= set(self.jack.ports()):
                    return ardour
                ardour.close()
            self.restarts += 1
            self.jack.stop()
            self.jack.start()
        raise ArdourError("Ardour found no JACK")


@contextlib.contextmanager
def band(studio: Studio, ardour: Ardour, *settings: str) -> Iterator[Served]:
    """livegen, connected, and Ardour at its start, sending clock, the model's track armed."""
    folder = Path(tempfile.mkdtemp(dir=studio.folder))
    with Served(folder, *settings) as daemon:
        daemon.ready()
        wait_for(lambda: {MODEL_OUT, MODEL_PORT} <= set(studio.jack.ports()))
        ardour("connect", CLOCK_OUT, MODEL_PORT)
        ardour("connect", PLAYER_OUT, MODEL_PORT)
        ardour("connect", MODEL_OUT, MODEL_IN)
        ardour("clock", "on")
        ardour("locate", 0)
        settle()
        yield daemon


def settle(seconds: float = 0.5) -> None:
    """Let programs that answer nobody do what they were told."""
    time.sleep(seconds)
