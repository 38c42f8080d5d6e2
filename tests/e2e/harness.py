"""A private JACK server, a daemon, and a partner that plays into it and listens: what end-to-end tests stand on.

Everything is waited for, nothing is slept for (but before ports are closed); limits are far above what a quiet
machine needs.
"""

import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self, TextIO

import rtmidi

from livegen.daemon.midi.ports import opened
from tests.e2e import warm
from tests.e2e.engines import CHORD, HOLDER

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PATIENCE_S = 45.0  # for what has no promise attached to it
GENTLY_S = 1.0  # for a server to end by itself
AT_REST_S = 0.03  # ten periods after the last change, for which nobody can ask
SERVER_NAMES = tuple(
    f"livegen-e2e-{number}" for number in range(1, 5)
)  # JACK knows eight names per machine

Predicate = Callable[[], bool]


def wait_for(what: Predicate, timeout_s: float = PATIENCE_S, every_s: float = 0.005) -> float:
    """Poll until `what` holds and give the seconds it took; fail after `timeout_s`."""
    started = time.monotonic()
    while not what():
        assert time.monotonic() - started < timeout_s, f"waited {timeout_s} s in vain"
        time.sleep(every_s)
    return time.monotonic() - started


class Jack:
    """A JACK server with the dummy driver, synchronous (asynchronous ones lose messages on a busy machine)."""

    def __init__(self, name: str, period: int = 128, note: TextIO | None = None) -> None:
        """`note` is a file for the number of its process, by which the next to take its name finds one left behind."""
        self.name = name
        self.note = note
        self.period = period
        self.is_synchronous = True
        self.is_realtime = False
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            "JACK_DEFAULT_SERVER": self.name,
            "JACK_NO_START_SERVER": "1",
            "JACK_NO_AUDIO_RESERVATION": "1",
            "PIPEWIRE_REMOTE": "nowhere",  # a desktop's would answer in its place
        }

    def start(self) -> None:
        synchronous = "-S " * self.is_synchronous
        urgency = "-R" if self.is_realtime else "-r"
        command = (
            f"jackd -n {self.name} {urgency} {synchronous}--port-max 128 "
            f"-d dummy -r 48000 -p {self.period}".split()
        )
        self.process = subprocess.Popen(
            command,
            env=os.environ | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._note_down(str(self.process.pid))
        wait_for(self.answers, every_s=0.02)

    def answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, "jackd ended"
        return bool(self.ports())

    def ports(self) -> list[str]:
        """All ports of the server; none when it does not answer."""
        ran = subprocess.run(
            ["jack_lsp"],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return ran.stdout.split("\n")[:-1] if ran.returncode == 0 else []

    def send_signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it; gently, where that takes no longer than a second.

        A synchronous server needs up to twelve seconds after a client that just vanished.  What a killed one leaves
        in shared memory the next server of its name takes away.
        """
        if self.process is None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(number)
        try:
            self.process.wait(GENTLY_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        self._note_down("")

    def _note_down(self, process: str) -> None:
        if self.note is not None:
            self.note.truncate(0)
            self.note.write(process)
            self.note.flush()

    def end_left_behind(self) -> None:
        """End the server that was noted down by an owner who was killed before ending it."""
        assert self.note is not None
        self.note.seek(0)
        process = self.note.read() or "0"

        def shown(column: str) -> str:
            asked = ["ps", "-o", f"{column}=", "-p", process]
            return subprocess.run(asked, capture_output=True, text=True, check=False).stdout

        if f"jackd -n {self.name} " in shown("args"):
            os.kill(int(process), signal.SIGKILL)
            wait_for(
                lambda: not shown("pid"), every_s=0.02
            )  # JACK takes one not yet reaped for active
        self._note_down("")


@contextlib.contextmanager
def private_server(period: int = 128, is_realtime: bool = False) -> Iterator[Jack]:
    """A running JACK server with a name of our own, which all who are started meanwhile find."""
    with contextlib.ExitStack() as stack:
        servers = (server for name in SERVER_NAMES if (server := _ours(name, stack)))
        server = next((server for server in servers if not server.ports()), None)
        assert server is not None, "all names of JACK servers for tests are in use"
        server.period, server.is_realtime = period, is_realtime
        before = {key: os.environ.get(key) for key in server.environment}
        os.environ.update(server.environment)  # rtmidi in this process must find it too
        try:
            server.start()
            yield server
        finally:
            server.stop()
            for key, value in before.items():
                os.environ.pop(key) if value is None else os.environ.update({key: value})


def _ours(name: str, stack: contextlib.ExitStack) -> Jack | None:
    """Take the name of a server for ourselves, if nobody else who tests here has it.

    A server that a test run left behind as it was killed is ended.
    """
    note = stack.enter_context((Path(tempfile.gettempdir()) / f"{name}.lock").open("a+"))
    try:
        fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    server = Jack(name, note=note)
    server.end_left_behind()
    return server


class Daemon:
    """A daemon under test; use as a context manager."""

    # True where its processes are copies of one that has loaded livegen.  Tests say so; benches measure what is served.
    is_warm = False

    def __init__(self, options: dict[str, Any], environment: dict[str, str]) -> None:
        self._command = [sys.executable, str(HERE / "daemon_main.py"), json.dumps(options)]
        self._environment = (
            os.environ | environment | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(HERE)))}
        )
        self._read = b""

    def __enter__(self) -> Self:
        (self._out, out), (self._err, err) = os.pipe(), os.pipe()
        self.process: subprocess.Popen[bytes] | warm.Copy
        if self.is_warm:
            self.process = warm.Copy(
                self._command, self._environment, {1: out, 2: err}, warm.address()
            )
        else:
            self.process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=ROOT,
                stdout=out,
                stderr=err,
                process_group=0,  # as a shell does: in an orphaned group, such as of CI's, the system drops SIGTSTP
            )
        for end in (out, err):
            os.close(end)
        os.set_blocking(self._err, False)
        self._stderr = b""
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for end in (self._out, self._err):
            os.close(end)

    def line(self, timeout_s: float = PATIENCE_S) -> str:
        """The next line on standard output."""
        until = time.monotonic() + timeout_s
        while b"\n" not in self._read:
            left = until - time.monotonic()
            assert left > 0, f"no line within {timeout_s} s; standard error: {self.errors()}"
            if select.select([self._out], [], [], left)[0]:
                data = os.read(self._out, 1 << 16)
                assert data, f"ended with {self.process.wait(5)}; standard error: {self.errors()}"
                self._read += data
        line, _, self._read = self._read.partition(b"\n")
        return line.decode()

    def errors(self) -> str:
        """Standard error so far."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._err, 1 << 16):
                self._stderr += data
        return self._stderr.decode(errors="replace")

    def ready(self) -> str:
        line = self.line()
        assert line.startswith("ready "), line
        return line

    def stats(self) -> dict[str, Any]:
        """Its figures, now."""
        self.process.send_signal(signal.SIGUSR1)
        stats: dict[str, Any] = json.loads(self.line())["stats"]
        return stats

    def engine_pid(self) -> int:
        pid = self.stats()["engine_pid"]
        assert isinstance(pid, int)
        return pid

    def end(self, number: int = signal.SIGTERM, timeout_s: float = PATIENCE_S) -> tuple[int, float]:
        """Send a signal; the exit status and the seconds it took."""
        started = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(timeout_s), time.monotonic() - started


def connect(source: str, sink: str) -> None:
    """Connect two ports; one that is listed already may not be connectable yet."""
    wait_for(
        lambda: subprocess.run(["jack_connect", source, sink], check=False).returncode == 0,
        every_s=0.1,
    )


def counts(port: str) -> bool:
    """True once the server shows a partner's connection to this port; one just made may take a period, or many."""

    def is_shown() -> bool:
        ran = subprocess.run(["jack_lsp", "-c", port], capture_output=True, text=True, check=False)
        return "   partner-" in ran.stdout

    try:
        wait_for(is_shown, 2.0, 0.02)
    except AssertionError:
        return False
    return True


def close(*ports: Any) -> None:
    """Close and delete ports of rtmidi, each when the graph is at rest, or libjack could crash (docs/LOG.md)."""
    for port in ports:
        time.sleep(AT_REST_S)
        port.close_port()
        port.delete()


class Partner:
    """Plays into "Model In", hears "Model Out", and keeps a ledger of what sounds."""

    def __init__(self, in_name: str = "Model In", out_name: str = "Model Out") -> None:
        self.heard: list[tuple[float, bytes]] = []
        self.sounding: set[tuple[int, int]] = set()
        self._out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="partner-out")
        self._in = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="partner-in", queue_size_limit=1 << 14)
        self._in.ignore_types(sysex=False, timing=False, active_sense=False)
        self._connect(self._out, in_name)
        self._connect(self._in, out_name)

    @staticmethod
    def _connect(port: Any, name: str) -> None:
        """Connect to the port that ends with the name, and wait until the server passes on what is sent."""

        def is_connected() -> bool:
            port.close_port()
            there = next((it for it in port.get_ports() if it.endswith(f":{name}")), None)
            return there is not None and opened(port, there, "partner") and counts(there)

        wait_for(is_connected, every_s=0.05)

    def close(self) -> None:
        close(self._in, self._out)

    def send(self, *data: int) -> None:
        self._out.send_message(data)

    def listen(self) -> list[bytes]:
        """Take in what has come since the last look."""
        new = []
        while (item := self._in.get_message()) is not None:
            data = bytes(item[0])
            new.append(data)
            self.heard.append((time.monotonic(), data))
            if data[0] & 0xF0 == 0x90 and data[2]:
                self.sounding.add((data[0] & 15, data[1]))
            elif data[0] & 0xE0 == 0x80:
                self.sounding.discard((data[0] & 15, data[1]))
        return new

    def hears(self, *data: int, timeout_s: float = PATIENCE_S) -> float:
        """Wait for this very message; the seconds it took."""
        return wait_for(lambda: bytes(data) in self.listen(), timeout_s)

    def hears_silence(self, timeout_s: float = PATIENCE_S) -> float:
        """Wait until nothing sounds; the seconds it took."""

        def is_silent() -> bool:
            self.listen()
            return not self.sounding

        return wait_for(is_silent, timeout_s)

    def is_answered(self, pitch: int = 60, timeout_s: float = PATIENCE_S) -> float:
        """Strike a key until its octave sounds, then let go; the seconds it took.  Not a key is lost on the way
        in a synchronous server, but the first after connecting may be."""
        started = time.monotonic()

        def strike() -> bool:
            self.send(0x90, pitch, 80)
            self.send(0x80, pitch, 64)
            until = time.monotonic() + 0.2
            while time.monotonic() < until:
                if any(data[:2] == bytes((0x90, pitch + 12)) for data in self.listen()):
                    return True
                time.sleep(0.002)
            return False

        wait_for(strike, timeout_s)
        self.hears_silence()
        return time.monotonic() - started

    def holds_a_chord(self) -> None:
        """Strike the key until its chord sounds, and nothing else: what comes late on a busy machine has an end."""

        def sounds() -> bool:
            self.send(0x90, HOLDER, 80)
            until = time.monotonic() + 1
            while time.monotonic() < until:
                self.listen()
                if self.sounding == {(0, pitch) for pitch in CHORD}:
                    return True
                time.sleep(0.002)
            return False

        wait_for(sounds)

    def starts_the_sequencer(self) -> None:
        """Strike a key until anything is heard."""

        def is_heard() -> bool:
            self.send(0x90, 60, 80)
            return bool(self.listen())

        wait_for(is_heard, every_s=0.1)
