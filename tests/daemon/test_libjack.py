"""The library by which a JACK server is reached: which are asked by, and that a process keeps to one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from livegen.daemon.midi import jack_probe, libjack
from livegen.daemon.midi.ports import answered

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a choice")


@pytest.fixture(autouse=True)
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What this process has taken: nothing yet."""
    nothing: list[str] = []
    monkeypatch.setattr(libjack, "_taken", nothing)
    monkeypatch.setattr(libjack, "of_pipewire", lambda: ["/opt/pipewire-0.3/jack/libjack.so.0"])
    monkeypatch.setattr(libjack, "of_rtmidi", lambda: ["/opt/python_rtmidi.libs/libjack-1.so"])
    yield nothing


def test_the_systems_library_is_asked_by_first_then_pipewires_then_the_wheels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(jack_probe, "answers", lambda library: asked.append(library))

    assert jack_probe.main(*libjack.libraries()) == jack_probe.NOBODY

    assert [Path(library).parent.name for library in asked] == ["", "jack", "python_rtmidi.libs"]


def test_a_process_keeps_to_the_library_by_which_it_was_answered(taken: list[str]) -> None:
    assert not answered(None) and not answered(jack_probe.NOBODY) and not answered(1)
    assert taken == []

    assert answered(jack_probe.FOUND + 1)

    assert taken == libjack.libraries() == ["/opt/pipewire-0.3/jack/libjack.so.0"]
    assert answered(jack_probe.FOUND) and not answered(jack_probe.FOUND + 1)


def test_jacks_programs_are_told_of_pipewires_library_and_of_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/before")
    assert libjack.environment() == {}

    libjack.take("/opt/pipewire-0.3/jack/libjack.so.0")

    assert libjack.environment() == {"LD_LIBRARY_PATH": "/opt/pipewire-0.3/jack:/before"}


def test_a_library_that_is_not_there_or_is_none_of_jacks_does_not_answer(tmp_path: Path) -> None:
    text = tmp_path / "libjack.so.0"
    text.write_text("no library")

    assert not jack_probe.answers(str(text)) and not jack_probe.answers(str(tmp_path / "none"))
