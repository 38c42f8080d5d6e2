"""Which MIDI system answers, and whose ports are whose."""

import subprocess
import time
from pathlib import Path

import pytest

from livegen.daemon.midi import libjack
from livegen.doctor import system
from livegen.doctor.patchbay import Connection
from livegen.doctor.system import MidiSystem, answer, midi_system, wiring

JACK = MidiSystem(
    "jack",
    ("livegen-out:Model Out", "livegen-out-01:Model Out (2)", "synth:Model Out"),
    ("livegen-in:Model In", "organ:in"),
    (
        Connection("livegen-out:Model Out", "organ:in"),
        Connection("synth:Model Out", "livegen-in:Model In"),
    ),
)


def test_livegens_that_run_are_known_by_their_ports() -> None:
    assert JACK.pairs("Model In", "Model Out") == [
        ("livegen-in:Model In", "livegen-out:Model Out"),
        ("", "livegen-out-01:Model Out (2)"),
    ]
    assert JACK.pairs("Ein", "Aus") == []


def test_ports_of_alsa_and_core_midi_are_known_too() -> None:
    alsa = MidiSystem("alsa", ("livegen-out:Model Out 129:0",), ("livegen-in:Model In 128:0",))
    core = MidiSystem("coremidi", ("Model Out",), ("Model In",))

    assert alsa.pairs("Model In", "Model Out") == [
        ("livegen-in:Model In 128:0", "livegen-out:Model Out 129:0")
    ]
    assert core.pairs("Model In", "Model Out") == [("Model In", "Model Out")]


def test_on_windows_ports_say_nothing_of_who_runs() -> None:
    windows = MidiSystem("winmm", ("Model Out 1",), ("Model In 1",))
    assert windows.pairs("Model In", "Model Out") == []


def test_both_ends_of_a_wire_are_told() -> None:
    assert JACK.sent_to("livegen-in:Model In") == ["synth:Model Out"]
    assert JACK.heard_from("livegen-out:Model Out") == ["organ:in"]
    assert MidiSystem("coremidi", (), ()).sent_to("Model In") == []


def test_the_company_of_a_livegen_is_who_sends_and_who_hears_but_for_itself() -> None:
    there = MidiSystem(
        "jack",
        (),
        (),
        tuple(Connection(*ends) for ends in (("a", "in"), ("out", "in"), ("out", "b"), ("c", "d"))),
    )
    assert there.company([("in", "out")]) == (("a",), ("b",))


def test_the_command_that_takes_a_wire_off_is_that_of_the_system() -> None:
    assert wiring("jack", "a:b", "c:d", is_off=True) == ("jack_disconnect", "a:b", "c:d")
    assert wiring("alsa", "a:b 20:0", "c:d 128:1") == ("aconnect", "20:0", "128:1")


class Probe:
    """A child that asked for a JACK server and `ended` so; None: it never does."""

    def __init__(self, ended: int | None) -> None:
        self.ended, self.was_killed = ended, False

    def wait(self, timeout: float | None = None) -> int:
        if self.ended is None and not self.was_killed:
            raise subprocess.TimeoutExpired("probe", timeout or 0)
        return self.ended or 0

    def kill(self) -> None:
        self.was_killed = True


@pytest.mark.parametrize(
    ("ended", "pipewire", "has_library", "why", "remedy"),
    [
        (None, False, True, "is there and does not answer", "start it anew"),
        (1, False, True, "no JACK server runs", "jackd -d alsa"),
        (1, True, False, "without its JACK library", "install pipewire-jack"),
        (1, True, True, "lets no JACK client in", "restart pipewire"),
    ],
)
def test_a_jack_that_is_not_to_be_had_is_told_with_what_to_do(
    ended: int | None,
    pipewire: bool,
    has_library: bool,
    why: str,
    remedy: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    probe = Probe(ended)
    monkeypatch.setattr(system, "start_probe", lambda: probe)
    monkeypatch.setattr(libjack, "pipewire_runs", lambda: pipewire)
    monkeypatch.setattr(libjack, "of_pipewire", lambda: ["/usr/lib/libjack.so.0"] * has_library)

    found, [refusal] = midi_system("jack")

    assert found is None
    assert why in refusal.why and remedy in refusal.remedy
    assert refusal.is_there == probe.was_killed == (ended is None)


@pytest.mark.parametrize("is_there", [True, False])
def test_an_alsa_without_a_sequencer_is_told_with_what_to_do(
    is_there: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(system, "_SEQUENCER", tmp_path if is_there else tmp_path / "seq")
    monkeypatch.setattr(system, "listed", lambda api: None)

    found, [refusal] = midi_system("alsa")

    assert found is None
    assert ("audio" if is_there else "modprobe snd-seq") in refusal.remedy


def test_no_system_is_looked_for_when_none_is_wanted() -> None:
    assert midi_system("none") == (None, [])


def test_a_system_of_another_platform_is_refused_in_a_line() -> None:
    found, refusals = midi_system("winmm")

    assert found is None
    assert "built without it" in refusals[0].why


def test_a_tool_that_hangs_or_fails_or_is_not_there_answers_nothing() -> None:
    began = time.monotonic()

    assert answer("sleep", "60") is None
    assert answer("false") is None
    assert answer("livegen-no-such-tool") is None
    assert answer("echo", "128") == "128\n"
    assert time.monotonic() - began < 30
