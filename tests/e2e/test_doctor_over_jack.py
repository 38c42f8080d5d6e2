"""`livegen doctor` against a JACK server: alone, beside a daemon, beside a clock, and frozen."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import rtmidi

from livegen import cli
from tests.e2e.harness import PATIENCE_S, ROOT, Daemon, Jack, close, connect, wait_for

OUT, IN = "livegen-out:Model Out", "livegen-in:Model In"
Starts = Callable[..., Daemon]
Told = dict[str, list[dict[str, str]]]


@pytest.fixture(autouse=True)
def nobody_s_own_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str]) -> Callable[[int], Told]:
    """Ask the doctor, who must end with this status; what was found, by check."""

    def ask(status: int) -> Told:
        capsys.readouterr()
        found = cli.run(["doctor", "--api", "jack", "--json", "--set", "osc.port=9731"])
        told = json.loads(capsys.readouterr().out)
        assert (found, told["ok"]) == (status, status == 0), told
        by_check: Told = {}
        for finding in told["findings"]:
            by_check.setdefault(finding["check"], []).append(finding)
        return by_check

    return ask


@pytest.fixture
def unhurried(jack: Jack) -> Jack:
    """A server with long periods: short ones come in bunches from a busy machine, up to .3 s apart, or not at all."""
    jack.stop()
    jack.period = 1024
    jack.start()
    return jack


@contextmanager
def clock(tempo_us: int = 20_833) -> Iterator[Any]:
    """A DAW that sends clock out of a port of its own; started before anybody listens."""
    port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="daw")
    port.open_virtual_port("clock")
    ended = threading.Event()

    def beat() -> None:
        at = time.monotonic()
        while not ended.is_set():
            port.send_message([0xF8])
            at += tempo_us / 1e6
            time.sleep(max(0.0, at - time.monotonic()))

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield port
    finally:
        ended.set()
        thread.join()
        close(port)


def test_alone_all_is_well_and_what_was_opened_is_closed(
    jack: Jack, doctor: Callable[[int], Told]
) -> None:
    told = doctor(0)

    assert "no livegen is running" in told["ports"][0]["found"]
    assert "nothing connected" in told["wires"][0]["found"]
    assert "128 frames at 48000 Hz" in told["period"][0]["found"]
    assert not {"loop", "clock"} & set(told)
    wait_for(lambda: not {OUT, IN} & set(jack.ports()))


def test_a_daemon_is_found_with_who_is_connected_to_it_and_its_clock(
    unhurried: Jack, daemon: Starts, doctor: Callable[[int], Told]
) -> None:
    daemon()
    with clock():
        connect("daw:clock", IN)
        told = doctor(0)

    assert told["ports"][0]["found"] == f'a livegen is running: "{IN}" and "{OUT}"'
    assert [finding["found"] for finding in told["wires"]] == [
        f'"{IN}" gets notes from daw:clock',
        f'"{OUT}" sends notes to nothing',
    ]
    [found] = [finding["found"] for finding in told["clock"]]
    assert found.startswith("MIDI clock: ") and 110 < float(found.split()[2]) < 130, found


def test_a_wire_from_out_to_in_is_bad_and_the_command_that_is_told_undoes_it(
    daemon: Starts, doctor: Callable[[int], Told]
) -> None:
    daemon()
    connect(OUT, IN)

    [found] = doctor(1)["loop"]

    assert found["level"] == "bad"
    subprocess.run(found["remedy"].partition(": ")[2], shell=True, check=True)
    assert doctor(0)["loop"][0]["level"] == "ok"


@contextmanager
def track(delay_s: float = 0.02) -> Iterator[None]:
    """A DAW's track with monitoring on: what it hears, it sends, a little later."""
    ears = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="track-in")
    mouth = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="track-out")
    ears.ignore_types(sysex=True, timing=True)
    ears.open_virtual_port("in")
    mouth.open_virtual_port("out")
    ended = threading.Event()

    def pass_on() -> None:
        held: deque[tuple[float, list[int]]] = deque()
        while not ended.wait(0.001):
            while (item := ears.get_message()) is not None:
                held.append((time.monotonic() + delay_s, item[0]))
            while held and held[0][0] <= time.monotonic():
                mouth.send_message(held.popleft()[1])

    thread = threading.Thread(target=pass_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        close(ears, mouth)


def test_a_loop_through_a_track_is_found_while_livegen_runs_and_is_silent(
    unhurried: Jack, daemon: Starts, doctor: Callable[[int], Told]
) -> None:
    daemon()
    with track():
        connect(OUT, "track-in:in")
        assert "no connection leads back" in doctor(0)["loop"][0]["found"]
        connect("track-out:out", IN)
        [found] = doctor(1)["loop"]

        assert found["found"].startswith("MIDI loop: what was sent came back ")
        assert not any("Doctor" in name for name in unhurried.ports())


def frozen_doctor(jack: Jack, when: Callable[[], bool]) -> "subprocess.CompletedProcess[str]":
    """What comes of a doctor whose server freezes when this is so."""
    command = [sys.executable, "-m", "livegen", "doctor", "--api", "jack", "--set", "osc.port=9731"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            wait_for(when, every_s=0.05)
            jack.send_signal(signal.SIGSTOP)
            said, complaints = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
            jack.send_signal(signal.SIGCONT)
    return subprocess.CompletedProcess(command, process.returncode, said, complaints)


def test_a_frozen_server_is_told_and_does_not_hold_the_doctor(jack: Jack) -> None:
    ran = frozen_doctor(jack, lambda: True)

    assert ran.returncode == 1
    assert "a JACK server is there and does not answer" in ran.stdout
    assert ran.stderr == ""


def test_a_server_that_freezes_meanwhile_does_not_hold_the_doctor(jack: Jack) -> None:
    ran = frozen_doctor(jack, lambda: {OUT, IN} <= set(jack.ports()))

    assert ran.returncode == 0
    assert "the MIDI server stopped meanwhile" in ran.stdout
    assert ran.stderr == ""
