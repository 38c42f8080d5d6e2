"""The clock that all times are of, and that no other is asked."""

import ast
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import livegen
from livegen.daemon import clock
from livegen.daemon.midi.wiring import Sink
from livegen.daemon.port_process import PortProcess, ServeOptions

PACKAGE = Path(livegen.__file__).parent
MUSIC = ("music", "codec", "inference", "jam", "daemon")  # the layers that know times
# Asked for the date, for names of files and for the first line of a journal.
DATED = ("daemon/recording/recorder.py",)
OF_THE_WALL = (
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "date.today",
)


def asked(file: Path) -> set[str]:
    """The clocks of the wall that a file asks."""
    calls = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    return {name for call in calls if (name := ast.unparse(call.func)).endswith(OF_THE_WALL)}


def test_the_date_is_read_for_names_of_files_only() -> None:
    files = [file for layer in MUSIC for file in (PACKAGE / layer).rglob("*.py")]

    found = {str(file.relative_to(PACKAGE)) for file in files if asked(file)}

    assert len(files) > 100
    assert found == set(DATED)


STEP_NS = 15_625_000  # between two ticks of Windows


class Windows:
    """The clocks and the waits of a Windows before Python 3.13, of which some know ticks only, in virtual time."""

    def __init__(self) -> None:
        self._at = 40 * STEP_NS

    def perf_counter_ns(self) -> int:
        self._at += 200
        return self._at

    def monotonic_ns(self) -> int:
        return self.perf_counter_ns() // STEP_NS * STEP_NS

    def sleep(self, seconds: float) -> None:
        self._at += round(seconds * 1e9) + 150_000  # as its timer of high resolution is late

    def select(self, readers: object, writers: object, others: object, seconds: float) -> Any:
        if seconds > 0:
            self._at = -(-(self._at + round(seconds * 1e9)) // STEP_NS) * STEP_NS
        self._at += 20_000
        return [], [], []


@dataclass
class Leaving(Sink):
    """How late each message leaves, micros."""

    late: list[int] = field(default_factory=list)

    def heard(self, now: int, data: bytes) -> None:
        """Nothing is heard here."""

    def sent(self, due: int, now: int, data: bytes) -> None:
        self.late.append(now - due)


def test_on_windows_each_note_leaves_in_the_millisecond_in_which_it_is_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    windows, leaving = Windows(), Leaving()
    monkeypatch.setattr(clock, "time", windows)
    monkeypatch.setattr(clock, "select", windows)
    monkeypatch.setattr(clock, "_WAITS_IN_STEPS", True)
    process = PortProcess(ServeOptions(), io.StringIO())
    process._sinks = [leaving]
    begin = clock.now()
    notes = 60
    for place in range(notes):
        velocity = 80 * (place % 2 == 0)
        process._outbox.put(begin + place * 41_337, bytes((0x90, 60, velocity)))

    while len(leaving.late) < notes:
        process._sleep(clock.now())

    assert min(leaving.late) >= 0 and max(leaving.late) < 1_000
