import subprocess
import sys
from pathlib import Path

import pytest

from livegen.daemon.midi import awaited
from livegen.daemon.midi.awaited import GENTLY_US, PROBE_US, Awaited
from livegen.daemon.midi.jack_probe import FOUND, NOBODY
from tests.e2e.harness import wait_for


def child(code: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-I", "-S", "-c", code])


def test_a_jack_server_is_asked_for_in_a_child_and_seldom() -> None:
    asked: list[subprocess.Popen[bytes]] = []

    def probe() -> "subprocess.Popen[bytes]":
        asked.append(child(f"raise SystemExit({FOUND if asked else NOBODY})"))
        return asked[-1]

    waiting = Awaited(("jack",), GENTLY_US, probe)
    assert waiting.look(0) is None and len(asked) == 1
    wait_for(lambda: asked[0].poll() is not None)
    assert waiting.look(1) is None and waiting.look(GENTLY_US) is None and len(asked) == 1
    assert waiting.look(GENTLY_US + 1) is None and len(asked) == 2
    wait_for(lambda: asked[1].poll() is not None)

    assert waiting.look(GENTLY_US + 2) == "jack"


def test_a_child_that_is_not_answered_is_ended_and_another_asks() -> None:
    hanging = child("import time; time.sleep(600)")
    waiting = Awaited(("jack",), GENTLY_US, lambda: hanging)
    waiting.look(0)

    assert waiting.look(PROBE_US - 1) is None and hanging.poll() is None
    assert waiting.look(PROBE_US) is None and hanging.poll() is not None


def test_alsa_is_there_when_its_device_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    device = tmp_path / "seq"
    monkeypatch.setattr(awaited, "DEVICES", {"alsa": str(device)})
    waiting = Awaited(("alsa",), GENTLY_US)
    assert waiting.look(0) is None

    device.touch()
    assert waiting.look(GENTLY_US) == "alsa"
