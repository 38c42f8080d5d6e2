"""`livegen panic` and `livegen ports` against real ports."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import rtmidi

from livegen import cli, panic
from tests.e2e.harness import PATIENCE_S, Jack, close, wait_for


@pytest.fixture
def synth(jack: Jack) -> Iterator[Any]:
    port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="synth", queue_size_limit=1 << 13)
    port.open_virtual_port("notes")
    wait_for(lambda: "synth:notes" in jack.ports())
    yield port
    close(port)


def test_panic_reaches_a_port_named_in_part_and_nothing_is_lost(
    synth: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["panic", "synth", "--api", "jack"]) == 0

    received: list[bytes] = []

    def is_all_there() -> bool:  # the last of it may be in the server still
        while (item := synth.get_message()) is not None:
            received.append(bytes(item[0]))
        return len(received) >= len(panic.panic_messages())

    wait_for(is_all_there)
    assert capsys.readouterr().out == "silenced synth:notes\n"
    assert received == panic.panic_messages()


def test_ports_lists_who_receives(synth: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["ports", "--api", "jack"]) == 0
    assert "Ports that receive:\n  synth:notes\n" in capsys.readouterr().out


def test_panic_at_a_port_that_is_not_there_names_those_that_are(
    synth: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["panic", "organ", "--api", "jack"]) == 2
    assert "no port is called 'organ'; there are: synth:notes" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "status"), [("panic", 2), ("ports", 0)])
def test_a_frozen_jack_server_keeps_nobody_waiting(jack: Jack, command: str, status: int) -> None:
    jack.send_signal(signal.SIGSTOP)

    asked = subprocess.run(
        [sys.executable, "-m", "livegen", command, "--api", "jack"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )

    assert asked.returncode == status
    assert "no MIDI system answers (tried jack)" in asked.stdout + asked.stderr
